"""How the study stands, at a glance, and as it changes."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mixeval.models import Tally
from mixeval_webapp.admin.activity import read_activity
from mixeval_webapp.admin.blueprint import admin
from mixeval_webapp.admin.funnel import funnel
from mixeval_webapp.admin.reasons import Reason
from mixeval_webapp.admin.seat_balance import seat_balance
from mixeval_webapp.admin.sittings import DEVICES, Sitting
from mixeval_webapp.admin.watch import watch
from mixeval_webapp.session_plan import rated_items
from mixeval_webapp.site import site

LATEST = 8
MOST_RULES = 3


@dataclass(frozen=True)
class Durations:
    """Of complete sessions, from consent to the last page."""

    median: timedelta
    longest: timedelta


@admin.get("")
def overview() -> str:
    found = watch()
    device = request.args.get("device", "all")
    device = device if device in DEVICES else "all"
    sittings = found.sittings.of_device(device)
    latest = found.sittings.entries[:LATEST]
    with site().database.read() as db:
        activity = read_activity(db, [entry.session_id for entry in latest])
        opened = 0 if found.sittings.simulated else _tally(db, "opened", device)
    version = site().version
    return render_template(
        "admin/overview.html",
        header=found.header,
        watch=found,
        places=version.study.participants.places,
        durations=durations(found.sittings.complete),
        rules=most_frequent(found.reasons[entry.session_id] for entry in found.to_look_at),
        balance=seat_balance(found.sittings.entries, version.id, rated_items(version)),
        steps=funnel(sittings.entries, found.page_seconds),
        opened=opened,
        device=device,
        devices=("all", *DEVICES),
        latest=latest,
        activity=activity,
        live_url=url_for("admin.overview", device=device),
    )


def durations(complete: Sequence[Sitting]) -> Durations | None:
    """Return the median and the longest duration; None before the first session is complete."""
    lengths = [length for entry in complete if (length := entry.duration) is not None]
    if not lengths:
        return None
    median = statistics.median(length.total_seconds() for length in lengths)
    return Durations(timedelta(seconds=median), max(lengths))


def most_frequent(reasons: Iterable[Sequence[Reason]]) -> tuple[str, ...]:
    """Name the reasons that most sessions have."""
    counted = Counter(reason.words for of_session in reasons for reason in of_session)
    return tuple(words for words, _ in counted.most_common(MOST_RULES))


def _tally(db: Session, name: str, device: str) -> int:
    query = select(func.coalesce(func.sum(Tally.count), 0)).where(Tally.name == name)
    if device != "all":
        query = query.where(Tally.device == device)
    return int(db.scalar(query) or 0)
