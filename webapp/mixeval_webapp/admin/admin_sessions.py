"""Who has given the password: sessions in the database, each known by the hash of a secret in a cookie.

A session ends after twelve hours, with a logout, and with a change of the password, since its hash is part of
what the secret is stored as.
"""

import hashlib
import secrets
from datetime import timedelta

from flask import Response, current_app, request
from sqlalchemy import delete, select

from mixeval.database import Database
from mixeval.models import AdminSession, now
from mixeval_webapp.site import site

PATH = "/admin"
LIFETIME = timedelta(hours=12)


def open_admin_session(database: Database, *, password_hash: str) -> str:
    """Store a new session and return its secret; those that are past are deleted."""
    secret = secrets.token_urlsafe(32)
    moment = now()
    with database.write() as db:
        db.execute(delete(AdminSession).where(AdminSession.expires_at <= moment))
        db.add(
            AdminSession(
                secret_sha256=_stored(secret, password_hash),
                created_at=moment,
                expires_at=moment + LIFETIME,
            )
        )
    return secret


def is_open(database: Database, secret: str, *, password_hash: str) -> bool:
    """Tell whether `secret` opens a session that has not ended."""
    if not secret:
        return False
    with database.read() as db:
        found = db.scalar(
            select(AdminSession.expires_at).where(
                AdminSession.secret_sha256 == _stored(secret, password_hash),
                AdminSession.expires_at > now(),
            )
        )
    return found is not None


def close_admin_session(database: Database, secret: str, *, password_hash: str) -> None:
    """Delete the session, so that its cookie opens nothing wherever it was copied to."""
    with database.write() as db:
        db.execute(delete(AdminSession).where(AdminSession.secret_sha256 == _stored(secret, password_hash)))


def set_admin_secret(response: Response, secret: str) -> None:
    """Give the browser the secret, for these pages only and for no request that another site begins."""
    response.set_cookie(
        _cookie_name(),
        secret,
        max_age=LIFETIME,
        path=_cookie_path(),
        httponly=True,
        samesite="Strict",
        secure=request.is_secure,
    )


def forget_admin_secret(response: Response) -> None:
    response.delete_cookie(
        _cookie_name(), path=_cookie_path(), httponly=True, samesite="Strict", secure=request.is_secure
    )


def admin_secret_of_request() -> str:
    return request.cookies.get(_cookie_name(), "")


def _cookie_name() -> str:
    # As of listeners' cookies: two studies on one host are two logins.
    return f"mixeval_admin_{site().label}"


def _cookie_path() -> str:
    return f"{current_app.config['SESSION_COOKIE_PATH'].rstrip('/')}{PATH}"


def _stored(secret: str, password_hash: str) -> str:
    text = f"{secret}\x1f{password_hash}".encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()
