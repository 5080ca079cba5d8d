"""The door: no page behind it answers anybody who has not given the password, and none is there without one."""

from http import HTTPStatus

from flask import (
    Blueprint,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from mixeval.errors import MixevalError, ParticipantError
from mixeval_webapp.admin.admin_sessions import PATH, admin_secret_of_request, is_open
from mixeval_webapp.admin.desk import desk
from mixeval_webapp.limits import TooManyAttemptsError
from mixeval_webapp.site import site

OPEN_TO_ALL = frozenset({"admin.login", "admin.give_password"})
NOT_KEPT = frozenset({"csrf_token", "password"})
"""Fields that a form which comes back does not hold."""
SHOWN_FIELD_CHARACTERS = 4000

admin = Blueprint("admin", __name__, url_prefix=PATH)


class UnknownPageError(MixevalError):
    """What the address names is not there, such as a participant who was erased."""


@admin.before_request
def _ask_for_password() -> AnyResponse | None:
    hashed = desk().password_hash
    if hashed is None:
        abort(HTTPStatus.NOT_FOUND)
    g.password_hash = hashed
    g.is_researcher = is_open(site().database, admin_secret_of_request(), password_hash=hashed)
    if g.is_researcher or request.endpoint in OPEN_TO_ALL:
        return None
    # Only a page that can be shown again is come back to.
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("admin.login", back=back), HTTPStatus.SEE_OTHER)


@admin.context_processor
def _every_page() -> dict[str, object]:
    return {"study_title": site().version.study.study.title}


@admin.errorhandler(UnknownPageError)
def _unknown(error: UnknownPageError) -> AnyResponse:
    return _problem(HTTPStatus.NOT_FOUND, "Not here", error)


@admin.errorhandler(ParticipantError)
def _not_done(error: ParticipantError) -> AnyResponse:
    return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Not done", error)


@admin.errorhandler(TooManyAttemptsError)
def _wait(error: TooManyAttemptsError) -> AnyResponse:
    answer = _problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many attempts", error)
    answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


@admin.errorhandler(CSRFError)
def _stale_form(_error: CSRFError) -> AnyResponse:
    """Show a form again that was sent with an old token, with all that was written in it."""
    hashed = desk().password_hash
    if hashed is None:
        return make_response(current_app.handle_user_exception(NotFound()))
    researcher = is_open(site().database, admin_secret_of_request(), password_hash=hashed)
    if not researcher:
        if request.endpoint != "admin.give_password":
            return redirect(url_for("admin.login"), HTTPStatus.SEE_OTHER)
        page = render_template("admin/login.html", problem="The page was old. Give the password again.")
        return make_response(page, HTTPStatus.BAD_REQUEST)
    g.is_researcher = True
    fields = [
        (name, value[:SHOWN_FIELD_CHARACTERS])
        for name, value in request.form.items(multi=True)
        if name not in NOT_KEPT
    ]
    page = render_template("admin/stale.html", action=f"{request.script_root}{request.path}", fields=fields)
    return make_response(page, HTTPStatus.BAD_REQUEST)


def _problem(status: HTTPStatus, title: str, error: MixevalError) -> AnyResponse:
    page = render_template("admin/problem.html", title=title, problem=error.problem, remedy=error.remedy)
    return make_response(page, status)
