"""The way into a session: the first page, consent, invites and platforms' ids."""

from collections.abc import Collection
from functools import partial
from http import HTTPStatus

from flask import (
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)

from mixeval.models import now
from mixeval.study import Study
from mixeval_webapp.cookies import set_secret, visitor_of_request
from mixeval_webapp.limits import INVITE_LIMIT, count_attempt, origin_of_request
from mixeval_webapp.page_types.registry import RATING_PAGES
from mixeval_webapp.participants import Visitor, browser_family, enrol, new_token
from mixeval_webapp.recruitment.arrivals import Arrival, arrival_of, sealed, unsealed
from mixeval_webapp.recruitment.external_ids import KnownIdError, session_of_id
from mixeval_webapp.recruitment.invites import NotInvitedError, opens, session_of_invite
from mixeval_webapp.recruitment.returners import traces_of_request
from mixeval_webapp.recruitment.tallies import Name, count_one
from mixeval_webapp.recruitment.ways_out import way_out_without_consent
from mixeval_webapp.resume_codes import derive_code
from mixeval_webapp.resuming import resume_page, to_test
from mixeval_webapp.seats import StudyFullError, is_full
from mixeval_webapp.session_plan import count_rating_pages
from mixeval_webapp.site import site
from mixeval_webapp.speech import speak_for
from mixeval_webapp.study_words import in_its_language, paragraphs


def first_page() -> Response:
    """Answer who opens the test's address, by what they bring and by what their browser has."""
    study = _current()
    arrival = arrival_of(request.args, study.recruitment, secret_key=_secret_key())
    visitor = visitor_of_request()
    g.preview = arrival.kind == "preview"
    begun = _session_begun_with(arrival)
    if visitor is not None and visitor.session_id == begun:
        return to_test()
    if begun is not None and arrival.kind == "platform":
        return resume_page(known=True)
    continuing = _continuing(arrival, visitor)
    if arrival.kind == "nothing":
        return _not_invited(continuing=continuing)
    if arrival.kind == "invite" and not _opens(arrival):
        return _guessed_invite(continuing=continuing)
    if arrival.counted and _is_full():
        return _full_page(continuing=continuing)
    page = _consent_page(arrival, continuing=continuing)
    # Who loads the page again is not somebody else.
    if arrival.counted and not session.get("opened"):
        session["opened"] = True
        _count(page, "opened")
    return page


def begin() -> Response:
    """Start the session of who has agreed, and use up what they brought."""
    study = _current()
    arrival = _arrival_of_form(study, request.form.get("arrival", ""))
    g.preview = arrival.kind == "preview"
    if arrival.kind in {"nothing", "platform_preview"}:
        return _not_invited(continuing=False)
    boxes = study.participants.consent_boxes
    ticked = {number for number in range(len(boxes)) if request.form.get(f"box_{number}") == "1"}
    if any(box.required and number not in ticked for number, box in enumerate(boxes)):
        page = _consent_page(arrival, continuing=False, ticked=ticked, unticked=True)
        page.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return page
    secret = derive_code(
        _secret_key(), str(session["csrf_token"]), request.form.get("start_id") or new_token()
    )
    simulated = arrival.kind == "simulation" or request.form.get("simulated") == "1"
    returning = arrival.kind == "open" and not simulated and not study.recruitment.shared_computers
    try:
        visitor = enrol(
            site().database,
            site().version,
            secret=secret,
            browser=browser_family(request.user_agent.string),
            simulated=simulated,
            consent_boxes=[box.text for number, box in enumerate(boxes) if number in ticked],
            preview=arrival.kind == "preview",
            recruited_by=arrival.recruited_by,
            claim=traces_of_request().claim if returning else arrival.claim,
        )
    except StudyFullError:
        # The last place went while the form lay open; the first page says so.
        return (
            make_response(redirect(url_for("pages.consent"), 303)) if arrival.kind == "open" else _full_page()
        )
    except (KnownIdError, NotInvitedError) as refused:
        return _begun_before(arrival, refused)
    current_app.logger.info("started participant=%s", visitor.participant)
    return set_secret(to_test(), secret)


def not_agreed() -> Response:
    """Thank who did not agree, and tell them where to go."""
    study = _current()
    arrival = unsealed(request.args.get("arrival", ""), secret_key=_secret_key())
    g.preview = arrival is not None and arrival.kind == "preview"
    page = make_response(
        render_template(
            "declined.html",
            study_title=study.study.title,
            way_out=way_out_without_consent(arrival, study),
            sent=arrival is not None and arrival.kind == "platform",
        )
    )
    if arrival is not None and arrival.counted:
        _count(page, "declined")
    return page


def _consent_page(
    arrival: Arrival, *, continuing: bool, ticked: Collection[int] = (), unticked: bool = False
) -> Response:
    """Show the first page; `unticked` says that a box was left out which must be ticked."""
    study = _current()
    presentations = RATING_PAGES[study.test.page].presentations(
        study.test, [condition.id for condition in study.conditions]
    )
    return make_response(
        render_template(
            "consent.html",
            study_title=study.study.title,
            paragraphs=paragraphs(in_its_language(study).participants.consent),
            page_count=count_rating_pages(site().version),
            mix_count=max(len(presentation.rated) for presentation in presentations),
            continuing=continuing,
            start_id=new_token(),
            arrival=sealed(arrival, secret_key=_secret_key()),
            can_start=arrival.kind != "platform_preview",
            boxes=study.participants.consent_boxes,
            ticked=ticked,
            unticked=unticked,
        )
    )


def _full_page(*, continuing: bool = False) -> Response:
    page = make_response(
        render_template("full.html", study_title=_current().study.title, continuing=continuing)
    )
    _count(page, "full")
    return page


def _not_invited(*, continuing: bool) -> Response:
    """Say that this link does not open the test: the same for an invite that is used, past its date or made up."""
    page = make_response(
        render_template("not_invited.html", study_title=_current().study.title, continuing=continuing),
        HTTPStatus.FORBIDDEN,
    )
    _count(page, "not_invited")
    return page


def _guessed_invite(*, continuing: bool) -> Response:
    count_attempt(site().database, kind="invite", origin=origin_of_request(), limit=INVITE_LIMIT)
    return _not_invited(continuing=continuing)


def _begun_before(arrival: Arrival, refused: KnownIdError | NotInvitedError) -> Response:
    """Answer a form whose invite or id had a session already when it came in."""
    visitor = visitor_of_request()
    if visitor is not None and visitor.session_id == _session_begun_with(arrival):
        return to_test()
    if isinstance(refused, KnownIdError):
        return resume_page(known=True)
    return _guessed_invite(continuing=False)


def _current() -> Study:
    study = site().version.study
    speak_for(study)
    return study


def _secret_key() -> str:
    return str(current_app.secret_key)


def _arrival_of_form(study: Study, text: str) -> Arrival:
    arrival = unsealed(text, secret_key=_secret_key())
    if arrival is None or arrival.kind == "open":
        # It may have been closed while the form lay open.
        return Arrival("open" if study.recruitment.is_open else "nothing")
    return arrival


def _session_begun_with(arrival: Arrival) -> str | None:
    if arrival.kind not in {"invite", "platform"}:
        return None
    with site().database.read() as db:
        if arrival.kind == "invite":
            return session_of_invite(db, arrival.invite)
        return session_of_id(db, arrival.platform, arrival.value)


def _opens(arrival: Arrival) -> bool:
    with site().database.read() as db:
        return opens(db, arrival.invite)


def _is_full() -> bool:
    with site().database.read() as db:
        return is_full(db, _current().participants, now())


def _continuing(arrival: Arrival, visitor: Visitor | None) -> bool:
    """Tell whether to offer the session that this browser has; an invite or an id of their own is another one."""
    return (
        visitor is not None
        and visitor.completion_code is None
        and visitor.preview == (arrival.kind == "preview")
        and arrival.kind not in {"invite", "platform", "platform_preview"}
    )


def _count(page: Response, name: Name) -> None:
    """Count once the page is on its way, so that nobody waits for it."""
    _, _, device = browser_family(request.user_agent.string).rpartition(" on ")
    page.call_on_close(partial(count_one, site().database, name, device=device))
