"""What a participant sees: consent, rating pages, thanks; and the audio. The server knows which one is next."""

from http import HTTPStatus

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response as AnyResponse

from mixeval.models import Page, PageStimulus, ParticipantSession
from mixeval.recruitment import Outcome, WayOut
from mixeval.study import Study
from mixeval.versions import Version
from mixeval_webapp import entrance, resuming
from mixeval_webapp.audit import tell_of_foreign_names
from mixeval_webapp.cookies import secret_of_request, visitor_of_request
from mixeval_webapp.page_state import Addresses, PageState, open_current_page, page_data, was_screened_out
from mixeval_webapp.page_types.registry import PAGE_TYPES
from mixeval_webapp.participants import Visitor, find_visitor
from mixeval_webapp.recruitment.ways_out import way_out_of
from mixeval_webapp.resume_codes import in_groups
from mixeval_webapp.sheet import Sheet, Sound, read_sheet
from mixeval_webapp.site import site
from mixeval_webapp.speech import messages, speak_for
from mixeval_webapp.study_words import in_its_language, paragraphs

AUDIO_MAX_AGE_SECONDS = 24 * 60 * 60
WORDS_MAX_AGE_SECONDS = 365 * 24 * 60 * 60

pages = Blueprint("pages", __name__)


@pages.get("/")
def consent() -> AnyResponse:
    return entrance.first_page()


@pages.get("/declined")
def declined() -> AnyResponse:
    return entrance.not_agreed()


@pages.post("/start")
def start() -> AnyResponse:
    return entrance.begin()


@pages.get("/resume")
def resume_form() -> AnyResponse:
    return resuming.ask_for_code()


@pages.post("/resume")
def resume_by_code() -> AnyResponse:
    return resuming.resume_by_code()


@pages.get("/resume/<secret>")
def resume(secret: str) -> AnyResponse:
    return resuming.resume_by_link(secret)


@pages.get("/test")
def test() -> str | AnyResponse:
    visitor = visitor_of_request()
    if visitor is None:
        return redirect(url_for("pages.consent"), 303)
    study = site().versions.of(visitor.version_id).study
    speak_for(study)
    if was_screened_out(site().database, visitor.session_id):
        return render_template(
            "screened.html",
            study_title=study.study.title,
            way_out=_way_out(visitor, study, "screened_out"),
            words=messages().for_browser(),
        )
    state = open_current_page(site().database, visitor, study.participants)
    if state is not None:
        return render_template(
            PAGE_TYPES[state.sheet.kind].template,
            study_title=study.study.title,
            page_data=_page_data(visitor, state),
            resume_code=in_groups(secret_of_request()),
            resume_address=url_for("pages.resume_form", _external=True),
        )
    return render_template(
        "thanks.html",
        study_title=study.study.title,
        paragraphs=paragraphs(in_its_language(study).participants.thanks),
        way_out=_way_out(visitor, study, "complete", code=_completion_code(visitor)),
        words=messages().for_browser(),
    )


@pages.get("/audio/<token:token>")
def audio(token: str) -> Response:
    visitor = visitor_of_request()
    found = None if visitor is None else _own_sound(visitor, token)
    if found is None:
        tell_of_foreign_names()
        abort(404)
    version, sheet, sound = found
    served, handed_over = site().served_audio, None
    if served is not None and sheet.item is not None:
        handed_over = served.address(version, sheet.item, sound.condition)
    data = b"" if handed_over else _sound_bytes(version, sheet, sound)
    response = make_response(data)
    response.content_type = "audio/flac"
    # Tokens are each participant's own, so neither cache nor comparison joins two listeners' files.
    response.set_etag(token)
    response.cache_control.private = True
    response.cache_control.max_age = AUDIO_MAX_AGE_SECONDS
    response.cache_control.immutable = True
    if handed_over:
        # The web server in front sends the file, and answers for ranges; whether it is sent at all is said here.
        response.make_conditional(request)
        if response.status_code == HTTPStatus.OK:
            response.headers["X-Accel-Redirect"] = handed_over
        return response
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


def _way_out(visitor: Visitor, study: Study, outcome: Outcome, *, code: str = "") -> WayOut:
    current = site().version.study
    return way_out_of(site().database, visitor, own=study, current=current, outcome=outcome, code=code)


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


def _own_sound(visitor: Visitor, token: str) -> tuple[Version, Sheet, Sound] | None:
    """Return a sound on a page that this visitor has been shown, or will be next."""
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
    sound = next(sound for sound in sheet.sounds if sound.token == token)
    return site().versions.of(visitor.version_id), sheet, sound


def _sound_bytes(version: Version, sheet: Sheet, sound: Sound) -> bytes:
    if sheet.item is not None:
        return site().files.read(version, sheet.item, sound.condition)
    return PAGE_TYPES[sheet.kind].sound(version.study, sheet, sound)
