"""The way back into a session: by its code, typed, or by its link."""

from http import HTTPStatus

from flask import Response, make_response, redirect, render_template, request, url_for

from mixeval_webapp.cookies import set_secret
from mixeval_webapp.limits import RESUME_LIMIT, count_attempt, origin_of_request
from mixeval_webapp.participants import find_visitor
from mixeval_webapp.problems import NotYoursError
from mixeval_webapp.resume_codes import as_typed
from mixeval_webapp.site import site

LONGEST_ENTRY = 200
"""Characters of a typed code that are shown again, to be compared with what was written down."""
RESUME_PATH = "/resume/"
"""So that a whole link, too, may be put where the code is asked for."""


def ask_for_code() -> Response:
    """Ask for the code that opens a session again."""
    return resume_page()


def resume_by_code() -> Response:
    """Open the session of a typed code, or say that there is none, whatever the reason."""
    typed = request.form.get("code", "").strip()
    opened = _open(typed.rsplit(RESUME_PATH, maxsplit=1)[-1])
    if opened is not None:
        return opened
    _count_failed_resume()
    page = resume_page(wrong=True, typed=typed[:LONGEST_ENTRY])
    page.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    return page


def resume_by_link(secret: str) -> Response:
    """Open the session of a resume link. Raises NotYoursError for a link that opens none."""
    opened = _open(secret)
    if opened is not None:
        return opened
    _count_failed_resume()
    raise NotYoursError("this link opens no session", remedy="copy the whole link, or start again")


def resume_page(*, wrong: bool = False, known: bool = False, typed: str = "") -> Response:
    """Ask for a code; `wrong` says that the one `typed` opens nothing, `known` that this person has begun before."""
    title = site().version.study.study.title
    return make_response(
        render_template("resume.html", study_title=title, wrong=wrong, known=known, typed=typed)
    )


def to_test() -> Response:
    """Lead to the page that the session is on."""
    return make_response(redirect(url_for("pages.test"), HTTPStatus.SEE_OTHER))


def _open(text: str) -> Response | None:
    """Give the browser the session that `text` opens, in whichever clothes the secret came."""
    for secret in (as_typed(text), text):
        if secret and find_visitor(site().database, secret) is not None:
            return set_secret(to_test(), secret)
    return None


def _count_failed_resume() -> None:
    count_attempt(site().database, kind="resume", origin=origin_of_request(), limit=RESUME_LIMIT)
