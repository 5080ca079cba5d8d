"""The cookie that holds a session's secret, and how a request's owner is known by it."""

from datetime import timedelta

from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface

from mixeval_webapp.participants import Visitor, find_visitor
from mixeval_webapp.site import site

COOKIE = "mixeval_session"
FORM_COOKIE = "mixeval_form"
LIFETIME = timedelta(days=30)


class FormSessions(SecureCookieSessionInterface):
    """Keep the consent form's CSRF nonce in a cookie that is Secure wherever the request was."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask's signature
        return request.is_secure


def set_secret(response: Response, secret: str) -> Response:
    """Give the browser its session's secret."""
    response.set_cookie(
        COOKIE, secret, max_age=LIFETIME, httponly=True, samesite="Lax", secure=request.is_secure
    )
    return response


def secret_of_request() -> str:
    return request.cookies.get(COOKIE, "")


def visitor_of_request() -> Visitor | None:
    """Return the owner of the session that the request's cookie opens, and name them in the log."""
    secret = secret_of_request()
    visitor = find_visitor(site().database, secret) if secret else None
    if visitor is not None:
        g.participant = visitor.participant
        g.preview = visitor.preview
    return visitor
