"""Who is complete here against who is paid there: the list before anybody is paid, or thanked for nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from mixeval.models import ExternalId, Participant, ParticipantSession
from mixeval_webapp.recruitment.platform_exports import Submission

State = Literal["complete", "screened_out", "withdrawn", "unfinished"]
Finding = Literal["agreed", "not_paid", "not_complete", "unknown", "open"]

FINDINGS: Mapping[Finding, str] = {
    "not_paid": "Complete here, not paid there",
    "not_complete": "Paid there, not complete here",
    "unknown": "There only: no session here has this id",
    "agreed": "Complete here and paid there",
    "open": "Neither complete here nor paid there",
}
"""Every finding in the order in which it matters, with its heading."""


@dataclass(frozen=True)
class Recruit:
    """A session with the id that a platform gave its participant."""

    value: str
    submission: str
    participant: str
    """The pseudonym."""
    state: State
    code: str
    """The session's own completion code, or nothing."""


@dataclass(frozen=True)
class Match:
    """One line of the list: an id, how it stands on either side, and what follows."""

    finding: Finding
    value: str
    participant: str
    here: str
    there: str
    code_here: str
    code_there: str
    submission: str


def recruits_of(db: Session, platform: str) -> Sequence[Recruit]:
    """Return every session that `platform` sent, real ones only."""
    rows = db.execute(
        select(
            ExternalId.value,
            ExternalId.submission,
            Participant.code,
            ParticipantSession.completed_at,
            ParticipantSession.ended_as,
            ParticipantSession.completion_code,
        )
        .join(ParticipantSession, ParticipantSession.id == ExternalId.session_id)
        .join(Participant, Participant.id == ParticipantSession.participant_id)
        .where(
            ExternalId.platform == platform,
            Participant.preview.is_(False),
            Participant.simulated.is_(False),
        )
        .order_by(ExternalId.id)
    )
    return [
        Recruit(value, submission, code, _state(completed_at is not None, ended_as), completion_code or "")
        for value, submission, code, completed_at, ended_as, completion_code in rows
    ]


def reconcile(here: Iterable[Recruit], there: Iterable[Submission]) -> Sequence[Match]:
    """Match sessions with submissions by the participant's id; both may hold one more than once.

    Of several submissions of one id the one that was paid counts, then the last: a participant may have returned
    the first and come again.
    """
    submissions: dict[str, Submission] = {}
    for each in there:
        before = submissions.get(each.value)
        if before is None or each.paid or not before.paid:
            submissions[each.value] = each
    recruits = {recruit.value: recruit for recruit in here}
    ids = [*recruits, *(value for value in submissions if value not in recruits)]
    matches = [_match(value, recruits.get(value), submissions.get(value)) for value in ids]
    order = list(FINDINGS)
    return sorted(matches, key=lambda match: order.index(match.finding))


def _match(value: str, recruit: Recruit | None, submission: Submission | None) -> Match:
    return Match(
        finding=_finding(recruit, submission),
        value=value,
        participant=recruit.participant if recruit else "",
        here=recruit.state if recruit else "no session",
        there=submission.state if submission else "not in the file",
        code_here=recruit.code if recruit else "",
        code_there=submission.code if submission else "",
        submission=submission.submission if submission else recruit.submission if recruit else "",
    )


def _finding(recruit: Recruit | None, submission: Submission | None) -> Finding:
    paid = submission is not None and submission.paid
    if recruit is None:
        return "unknown"
    # A platform pays some screened-out participants a part, and says so by a state of its own.
    screened_out = recruit.state == "screened_out"
    paid_as_screened_out = submission is not None and "screened" in submission.state.lower()
    if paid and screened_out and paid_as_screened_out:
        return "agreed"
    if recruit.state == "complete":
        return "agreed" if paid and not paid_as_screened_out else "not_paid"
    return "not_complete" if paid else "open"


def _state(complete: bool, ended_as: str | None) -> State:
    if complete:
        return "complete"
    return "screened_out" if ended_as == "screened_out" else "withdrawn" if ended_as else "unfinished"
