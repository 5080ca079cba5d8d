"""One participant: facts, pages, answers, the session replayed, and what is decided about it."""

from http import HTTPStatus

from flask import current_app, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from mixeval.decisions import REASON_CHARACTERS, decide, withdraw
from mixeval.erasure import erase
from mixeval.errors import ParticipantError
from mixeval.models import Decision, Participant, ParticipantSession, now
from mixeval_webapp.admin.activity import read_activity
from mixeval_webapp.admin.blueprint import UnknownPageError, admin
from mixeval_webapp.admin.desk import desk
from mixeval_webapp.admin.dossier import read_dossier
from mixeval_webapp.admin.reasons import read_flags, reasons_by_session
from mixeval_webapp.admin.sittings import read_sittings
from mixeval_webapp.admin.timeline_drawing import clock
from mixeval_webapp.admin.watch import read_header, read_standing, timeout_minutes
from mixeval_webapp.site import site


@admin.get("/participants/<token:code>")
def participant(code: str) -> str:
    return _page(code)


@admin.post("/participants/<token:code>/decisions")
def make_decision(code: str) -> AnyResponse:
    session_id, reason = request.form.get("session", ""), request.form.get("reason", "")
    kind = request.form.get("kind", "")
    try:
        with site().database.write() as db:
            _check_own(db, code, session_id)
            decide(db, session_id=session_id, kind=kind, reason=reason)  # type: ignore[arg-type]  # refused if it is none
    except ParticipantError as error:
        page = _page(
            code, written={"session": session_id, "reason": reason, "kind": kind}, refused=str(error)
        )
        return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    current_app.logger.info("researcher decided %s participant=%s", kind[:8], code)
    return _back_to(code)


@admin.post("/participants/<token:code>/decisions/<int:decision_id>/withdraw")
def withdraw_decision(code: str, decision_id: int) -> AnyResponse:
    with site().database.write() as db:
        session_id = db.scalar(select(Decision.session_id).where(Decision.id == decision_id))
        _check_own(db, code, session_id or "")
        withdraw(db, decision_id)
    current_app.logger.info("researcher withdrew a decision participant=%s", code)
    return _back_to(code)


@admin.post("/participants/<token:code>/erase")
def erase_participant(code: str) -> AnyResponse:
    typed = request.form.get("code", "").strip()
    if typed != code:
        refused = f'Nothing was erased: type the pseudonym {code} to confirm, not "{typed[:64]}".'
        return make_response(_page(code, not_erased=refused), HTTPStatus.UNPROCESSABLE_ENTITY)
    erased = erase(site().database, code, folder=desk().folder)
    # Figures and lists that were made before may still show them.
    desk().background.forget()
    current_app.logger.info("researcher erased participant=%s", code)
    return make_response(render_template("admin/erased.html", code=code, erased=erased))


def _page(
    code: str, *, written: dict[str, str] | None = None, refused: str = "", not_erased: str = ""
) -> str:
    with site().database.read() as db:
        ids = db.scalars(
            select(ParticipantSession.id)
            .join(Participant)
            .where(Participant.code == code, Participant.preview.is_(False))
            .order_by(ParticipantSession.started_at, ParticipantSession.id)
        ).all()
        if not ids:
            raise UnknownPageError(
                f"there is no participant {code}", remedy="go back to the list; they may have been erased"
            )
        header = read_header(db)
        sittings = [
            read_sittings(db, moment=now(), timeout_minutes=timeout_minutes(), session_id=session_id).entries[
                0
            ]
            for session_id in ids
        ]
        decisions = db.scalars(
            select(Decision).where(Decision.session_id.in_(ids)).order_by(Decision.id)
        ).all()
        flags = read_flags(db, ids)
        activity = read_activity(db, ids)
        dossiers = {
            entry.session_id: read_dossier(db, entry, _labels(entry.version_id)) for entry in sittings
        }
        simulated = db.scalar(select(Participant.simulated).where(Participant.code == code))
    standing = read_standing()
    suspicions = standing.made.results.suspicions if standing.made else ()
    return render_template(
        "admin/participant.html",
        header=header,
        code=code,
        simulated=simulated,
        sittings=sittings,
        activity=activity,
        flags=flags,
        reasons=reasons_by_session(sittings, suspicions, flags),
        decisions=decisions,
        dossiers=dossiers,
        written=written or {},
        refused=refused,
        not_erased=not_erased,
        reason_characters=REASON_CHARACTERS,
        clock=clock,
    )


def _labels(version_id: str) -> dict[str, str]:
    study = site().versions.of(version_id).study
    return {condition.id: condition.label for condition in study.conditions}


def _check_own(db: Session, code: str, session_id: str) -> None:
    # PostgreSQL cannot even be asked about a text that holds NUL.
    owner = session_id.isprintable() and db.scalar(
        select(Participant.code)
        .join(ParticipantSession, ParticipantSession.participant_id == Participant.id)
        .where(ParticipantSession.id == session_id)
    )
    if owner != code:
        raise UnknownPageError(
            f"participant {code} has no such session or decision", remedy="reload the page of the participant"
        )


def _back_to(code: str) -> AnyResponse:
    return redirect(url_for("admin.participant", code=code, _anchor="decisions"), HTTPStatus.SEE_OTHER)
