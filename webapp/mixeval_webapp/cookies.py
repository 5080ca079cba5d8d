"""The cookie that holds a session's secret, and how a request's owner is known by it."""

import base64
import hashlib
import hmac
from datetime import timedelta

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from mixeval_webapp.participants import Visitor, find_visitor
from mixeval_webapp.problems import API_PREFIX
from mixeval_webapp.site import site

COOKIE = "mixeval_session"
FORM_COOKIE = "mixeval_form"
LIFETIME = timedelta(days=30)
SECRET_BYTES = 16


class FormSessions(SecureCookieSessionInterface):
    """Keep the consent form's CSRF nonce in a cookie that is Secure wherever the request was."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Open none where no form is: the busiest requests need not check its signature."""
        return None if request.path.startswith(API_PREFIX) else super().open_session(app, request)

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask's signature
        return request.is_secure


def derive_secret(secret_key: str, *nonces: str) -> str:
    """Derive a session's 128-bit secret from the nonces of the form that starts it.

    The same form sent twice gives the same secret and so one session; without the server's key nobody can
    work it out.
    """
    text = "\x1f".join(["session", *nonces]).encode("utf-8", "replace")
    digest = hmac.digest(secret_key.encode(), text, hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:SECRET_BYTES]).rstrip(b"=").decode()


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
    return visitor
