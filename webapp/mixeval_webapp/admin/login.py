"""Giving the password, and leaving."""

from http import HTTPStatus

from flask import current_app, g, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from mixeval.admin_password import is_password
from mixeval_webapp.admin.admin_sessions import (
    PATH,
    admin_secret_of_request,
    close_admin_session,
    forget_admin_secret,
    open_admin_session,
    set_admin_secret,
)
from mixeval_webapp.admin.blueprint import admin
from mixeval_webapp.limits import LOGIN_LIMIT, check_attempts, count_attempt, origin_of_request
from mixeval_webapp.site import site


@admin.get("/login")
def login() -> str | AnyResponse:
    if g.is_researcher:
        return redirect(url_for("admin.overview"), HTTPStatus.SEE_OTHER)
    return render_template("admin/login.html", back=own_address(request.args.get("back", "")))


@admin.post("/login")
def give_password() -> AnyResponse:
    database, origin = site().database, origin_of_request()
    check_attempts(database, kind="login", origin=origin, limit=LOGIN_LIMIT)
    back = own_address(request.form.get("back", ""))
    if not is_password(g.password_hash, request.form.get("password", "")):
        count_attempt(database, kind="login", origin=origin, limit=LOGIN_LIMIT)
        current_app.logger.warning("researcher's login refused")
        page = render_template("admin/login.html", back=back, problem="This is not the password.")
        return make_response(page, HTTPStatus.UNAUTHORIZED)
    # Whoever held this browser's cookies before holds nothing now: all of them are made anew.
    old = admin_secret_of_request()
    if old:
        close_admin_session(database, old, password_hash=g.password_hash)
    session.pop("csrf_token", None)
    answer = make_response(
        redirect(f"{request.script_root}{back}" if back else url_for("admin.overview"), HTTPStatus.SEE_OTHER)
    )
    set_admin_secret(answer, open_admin_session(database, password_hash=g.password_hash))
    current_app.logger.info("researcher logged in")
    return answer


@admin.post("/logout")
def logout() -> AnyResponse:
    close_admin_session(site().database, admin_secret_of_request(), password_hash=g.password_hash)
    session.pop("csrf_token", None)
    answer = make_response(redirect(url_for("admin.login"), HTTPStatus.SEE_OTHER))
    forget_admin_secret(answer)
    return answer


def own_address(address: str) -> str:
    """Return where to go after the login: a page of ours, whatever the address was made to say."""
    inside = address == PATH or address.startswith(f"{PATH}/")
    plain = all(" " < letter <= "~" and letter != "\\" for letter in address)
    return address if inside and plain and not address.startswith(f"{PATH}/login") else ""
