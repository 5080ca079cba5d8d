"""The cookie that holds a session's secret, and how a request's owner is known by it.

Browsers send a host's cookies to every port of it, so each study's are named after its database: two studies on one
host do not take each other's listeners away.
"""

from datetime import timedelta

from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from mixeval_webapp.participants import Visitor, find_visitor
from mixeval_webapp.problems import API_PREFIX
from mixeval_webapp.site import site

UNNAMED_COOKIE = "mixeval_session"
"""Of a session that was begun before cookies were named after the study; it is still opened by it."""
LIFETIME = timedelta(days=30)


class FormSessions(SecureCookieSessionInterface):
    """Keep the consent form's CSRF nonce in a cookie that is Secure wherever the request was."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Open none where no form is: the busiest requests need not check its signature."""
        return None if request.path.startswith(API_PREFIX) else super().open_session(app, request)

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask's signature
        return request.is_secure


def session_cookie_name(label: str) -> str:
    """Name the cookie of a listener's session in the study with this `label`."""
    return f"{UNNAMED_COOKIE}_{label}"


def form_cookie_name(label: str) -> str:
    """Name the cookie of the consent form's CSRF nonce in the study with this `label`."""
    return f"mixeval_form_{label}"


def set_secret(response: Response, secret: str) -> Response:
    """Give the browser its session's secret."""
    response.set_cookie(
        session_cookie_name(site().label),
        secret,
        max_age=LIFETIME,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
        path=current_app.config["SESSION_COOKIE_PATH"],
    )
    return response


def secret_of_request() -> str:
    return request.cookies.get(session_cookie_name(site().label)) or request.cookies.get(UNNAMED_COOKIE, "")


def visitor_of_request() -> Visitor | None:
    """Return the owner of the session that the request's cookie opens, and name them in the log."""
    secret = secret_of_request()
    visitor = find_visitor(site().database, secret) if secret else None
    if visitor is not None:
        g.participant = visitor.participant
        g.preview = visitor.preview
    return visitor
