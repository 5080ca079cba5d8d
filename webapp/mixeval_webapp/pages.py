"""What a participant sees: consent, rating pages, thanks; and the audio. The server knows which one is next."""

from collections.abc import Collection
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response as AnyResponse

from mixeval.models import Page, PageStimulus, ParticipantSession, now
from mixeval.versions import Version
from mixeval_webapp.cookies import derive_secret, secret_of_request, set_secret, visitor_of_request
from mixeval_webapp.page_state import Addresses, PageState, open_current_page, page_data, was_screened_out
from mixeval_webapp.page_types.registry import PAGE_TYPES, RATING_PAGES
from mixeval_webapp.participants import Visitor, browser_family, enrol, find_visitor, new_token
from mixeval_webapp.problems import NotYoursError
from mixeval_webapp.seats import StudyFullError, is_full
from mixeval_webapp.session_plan import count_rating_pages
from mixeval_webapp.sheet import read_sheet
from mixeval_webapp.site import site
from mixeval_webapp.speech import messages, speak_for
from mixeval_webapp.study_words import in_its_language

AUDIO_MAX_AGE_SECONDS = 24 * 60 * 60
WORDS_MAX_AGE_SECONDS = 365 * 24 * 60 * 60

pages = Blueprint("pages", __name__)


@pages.get("/")
def consent() -> str:
    return _consent_page()


def _consent_page(ticked: Collection[int] = (), *, unticked: bool = False) -> str:
    """Show the first page; `unticked` says that a box was left out which must be ticked."""
    visitor = visitor_of_request()
    version = site().version
    test = version.study.test
    presentations = RATING_PAGES[test.page].presentations(
        test, [condition.id for condition in version.study.conditions]
    )
    speak_for(version.study)
    continuing = visitor is not None and visitor.completion_code is None
    with site().database.read() as db:
        full = is_full(db, version.study.participants, now())
    if full:
        return render_template("full.html", study_title=version.study.study.title, continuing=continuing)
    return render_template(
        "consent.html",
        study_title=version.study.study.title,
        paragraphs=_paragraphs(in_its_language(version.study).participants.consent),
        page_count=count_rating_pages(version),
        mix_count=max(len(presentation.rated) for presentation in presentations),
        continuing=continuing,
        start_id=new_token(),
        boxes=version.study.participants.consent_boxes,
        ticked=ticked,
        unticked=unticked,
    )


@pages.get("/declined")
def declined() -> str:
    version = site().version
    speak_for(version.study)
    return render_template("declined.html", study_title=version.study.study.title)


@pages.post("/start")
def start() -> AnyResponse:
    boxes = site().version.study.participants.consent_boxes
    ticked = {number for number in range(len(boxes)) if request.form.get(f"box_{number}") == "1"}
    if any(box.required and number not in ticked for number, box in enumerate(boxes)):
        return make_response(_consent_page(ticked, unticked=True), HTTPStatus.UNPROCESSABLE_ENTITY)
    secret = derive_secret(
        str(current_app.secret_key), str(session["csrf_token"]), request.form.get("start_id") or new_token()
    )
    try:
        visitor = enrol(
            site().database,
            site().version,
            secret=secret,
            browser=browser_family(request.user_agent.string),
            simulated=request.form.get("simulated") == "1",
            consent_boxes=[box.text for number, box in enumerate(boxes) if number in ticked],
        )
    except StudyFullError:
        # The last place went while the form lay open; the first page says so.
        return redirect(url_for("pages.consent"), 303)
    current_app.logger.info("started participant=%s", visitor.participant)
    return set_secret(_to_test(), secret)


@pages.get("/test")
def test() -> str | AnyResponse:
    visitor = visitor_of_request()
    if visitor is None:
        return redirect(url_for("pages.consent"), 303)
    study = site().versions.of(visitor.version_id).study
    speak_for(study)
    if was_screened_out(site().database, visitor.session_id):
        return render_template("screened.html", study_title=study.study.title)
    state = open_current_page(site().database, visitor)
    if state is not None:
        return render_template(
            PAGE_TYPES[state.sheet.kind].template,
            study_title=study.study.title,
            page_data=_page_data(visitor, state),
        )
    code = _completion_code(visitor)
    return render_template(
        "thanks.html",
        study_title=study.study.title,
        paragraphs=_paragraphs(in_its_language(study).participants.thanks),
        completion_code=code,
        leave_to=study.participants.redirect_for(code=code, participant=visitor.participant),
        leave_host=study.participants.redirect_host,
        words=messages().for_browser(),
    )


@pages.get("/resume/<secret>")
def resume(secret: str) -> AnyResponse:
    if find_visitor(site().database, secret) is None:
        raise NotYoursError("this link opens no session", remedy="copy the whole link, or start again")
    return set_secret(_to_test(), secret)


@pages.get("/audio/<token:token>")
def audio(token: str) -> Response:
    visitor = visitor_of_request()
    data = None if visitor is None else _own_sound(visitor, token)
    if data is None:
        abort(404)
    response = make_response(data)
    response.content_type = "audio/flac"
    # Tokens are each participant's own, so neither cache nor comparison joins two listeners' files.
    response.set_etag(token)
    response.cache_control.private = True
    response.cache_control.max_age = AUDIO_MAX_AGE_SECONDS
    response.cache_control.immutable = True
    # Units and lists of ranges that are not understood may be ignored (RFC 9110, section 14.2).
    single = request.range is not None and request.range.units == "bytes" and len(request.range.ranges) == 1
    response.make_conditional(request, accept_ranges=single, complete_length=len(data))
    response.accept_ranges = "bytes"
    return response


@pages.get("/words.json")
def words() -> Response:
    """Say what scripts say, in the language of the visitor's session; the address holds the content's hash."""
    visitor = visitor_of_request()
    if visitor is None:
        abort(404)
    speak_for(site().versions.of(visitor.version_id).study)
    response = make_response(messages().for_browser_json())
    response.content_type = "application/json"
    response.cache_control.private = True
    response.cache_control.max_age = WORDS_MAX_AGE_SECONDS
    response.cache_control.immutable = True
    return response


def _to_test() -> Response:
    return make_response(redirect(url_for("pages.test"), 303))


def _page_data(visitor: Visitor, state: PageState) -> dict[str, object]:
    version = site().versions.of(visitor.version_id)
    page_id = state.sheet.page_id
    return page_data(
        state,
        version,
        messages=messages(),
        file_bytes=_page_bytes(version, state.sheet.kind, state.sheet.item),
        next_file_bytes=_page_bytes(version, state.next_kind, state.next_item),
        addresses=Addresses(
            audio=url_for("pages.audio", token=""),
            ratings=url_for("api.ratings", page_id=page_id),
            answers=url_for("api.answers", page_id=page_id),
            complete=url_for("api.complete", page_id=page_id),
            events=url_for("api.events"),
            hold=url_for("api.hold_session"),
            next=url_for("pages.test"),
            words=url_for("pages.words", v=messages().for_browser_digest()),
            resume=url_for("pages.resume", secret=secret_of_request(), _external=True),
        ),
    )


def _page_bytes(version: Version, kind: str | None, item: str | None) -> int:
    if item is not None:
        return site().files.page_bytes(version, item)
    return 0 if kind is None else PAGE_TYPES[kind].sound_bytes(version.study)


def _completion_code(visitor: Visitor) -> str:
    if visitor.completion_code is not None:
        return visitor.completion_code
    # The last page was finished, perhaps from another tab, since this request's visitor was looked up.
    now_complete = find_visitor(site().database, secret_of_request())
    return (now_complete.completion_code or "") if now_complete else ""


def _own_sound(visitor: Visitor, token: str) -> bytes | None:
    """Return the file of a sound on a page that this visitor has been shown, or will be next."""
    before = aliased(Page)
    query = (
        select(Page, ParticipantSession.seed)
        .join(PageStimulus)
        .join(ParticipantSession, Page.session_id == ParticipantSession.id)
        .outerjoin(before, (before.session_id == Page.session_id) & (before.position == Page.position - 1))
        .where(
            PageStimulus.token == token,
            Page.session_id == visitor.session_id,
            # The page before may fetch ahead.
            or_(Page.opened_at.is_not(None), before.opened_at.is_not(None)),
        )
    )
    with site().database.read() as db:
        row = db.execute(query).one_or_none()
        sheet = None if row is None else read_sheet(db, row[0], seed=row[1])
    if sheet is None:
        return None
    version = site().versions.of(visitor.version_id)
    sound = next(sound for sound in sheet.sounds if sound.token == token)
    if sheet.item is not None:
        return site().files.read(version, sheet.item, sound.condition)
    return PAGE_TYPES[sheet.kind].sound(version.study, sheet, sound)


def _paragraphs(text: str) -> list[str]:
    return [paragraph.strip() for paragraph in text.split("\n\n") if paragraph.strip()]
