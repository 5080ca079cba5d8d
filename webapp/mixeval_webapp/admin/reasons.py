"""Why a session is to be looked at: rules of screening that it meets so far, and flags that the study raised."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mixeval.models import Flag
from mixeval.results_so_far import Suspicion
from mixeval_webapp.admin.sittings import ENDED, Sitting
from mixeval_webapp.page_types.check_page import SCREENED_OUT

_WORDS: Mapping[str, str] = {
    "all_equal": "all equal",
    "never_switched": "never switched",
    "too_fast": "too fast",
    "volume": "volume at zero",
    "unplayed": "not played",
    "low_anchor": "anchor on top",
    "repeats": "repeats differ",
    "post_screening": "reference rated low",
    "post_screening_anchor": "mid anchor rated high",
}


@dataclass(frozen=True)
class Reason:
    name: str
    words: str
    detail: str
    """What was found, and how much of it the rule forgives."""


@dataclass(frozen=True)
class RaisedFlag:
    name: str
    detail: Mapping[str, Any]


def read_flags(db: Session, session_ids: Sequence[str] | None = None) -> dict[str, list[RaisedFlag]]:
    """Read the flags of some sessions, or of all, by session."""
    query = select(Flag.session_id, Flag.name, Flag.detail).order_by(Flag.id)
    if session_ids is not None:
        query = query.where(Flag.session_id.in_(session_ids))
    found: dict[str, list[RaisedFlag]] = {}
    for session_id, name, detail in db.execute(query):
        found.setdefault(session_id, []).append(RaisedFlag(name, detail))
    return found


def reasons_by_session(
    sittings: Iterable[Sitting],
    suspicions: Iterable[Suspicion],
    flags: Mapping[str, Sequence[RaisedFlag]],
) -> dict[str, tuple[Reason, ...]]:
    """Give each session that has any its reasons: rules first, then flags."""
    of_participant: dict[str, list[Reason]] = {}
    for entry in suspicions:
        of_participant.setdefault(entry.participant, []).append(_of_rule(entry))
    found = {
        sitting.session_id: _once(
            *of_participant.get(sitting.participant, ()),
            *(_of_flag(flag) for flag in flags.get(sitting.session_id, ()) if flag.name != SCREENED_OUT),
        )
        for sitting in sittings
        if sitting.state not in ENDED.values()
    }
    return {session_id: reasons for session_id, reasons in found.items() if reasons}


def _once(*reasons: Reason) -> tuple[Reason, ...]:
    """Keep the first of those that say the same: a rule of screening, and the flag of the study like it."""
    return tuple({reason.words: reason for reason in reversed(reasons)}.values())[::-1]


def _of_rule(entry: Suspicion) -> Reason:
    words = _WORDS.get(entry.rule, entry.rule.replace("_", " "))
    found = f"{entry.meaning}: {entry.value:.3g}, more than {entry.threshold:.3g}"
    return Reason(entry.rule, words, found)


def _of_flag(flag: RaisedFlag) -> Reason:
    told = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in flag.detail.items())
    return Reason(f"flag_{flag.name}", flag.name.replace("_", " "), told or "raised by the study")
