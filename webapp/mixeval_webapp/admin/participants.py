"""Everybody who takes part: sorted and chosen by state, with what they do and why to look at them."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, request

from mixeval_webapp.admin.activity import Activity, read_activity
from mixeval_webapp.admin.blueprint import admin
from mixeval_webapp.admin.sittings import Sitting
from mixeval_webapp.admin.watch import Watch, watch
from mixeval_webapp.site import site

PER_PAGE = 100
STATES = (
    "all",
    "complete",
    "in progress",
    "left early",
    "screened out",
    "withdrawn",
    "to look at",
    "decided",
)

Entry = tuple[Sitting, Activity]
_SORTS: Mapping[str, Callable[[Entry], Any]] = {
    "begun": lambda entry: entry[0].started_at,
    "participant": lambda entry: entry[0].participant,
    "state": lambda entry: entry[0].state,
    "page": lambda entry: entry[0].rated_done,
    "listened": lambda entry: entry[1].listened_seconds,
    "switches": lambda entry: entry[1].switches,
    "volume": lambda entry: entry[1].volume_db,
    "set-up": lambda entry: entry[1].set_up,
    "last save": lambda entry: entry[1].last_save or entry[0].started_at,
}
_BY_TEXT = frozenset({"participant", "state", "set-up"})
"""Sorted from A on; numbers from the highest on."""


@admin.get("/participants")
def participants() -> str:
    found = watch()
    state = request.args.get("state", "all")
    sort = request.args.get("sort", "begun")
    sort = sort if sort in _SORTS else "begun"
    order = request.args.get("order", "")
    is_rising = order == "up" or (order != "down" and sort in _BY_TEXT)
    chosen = _chosen(found, state)
    number = max(1, request.args.get("page", 1, type=int))
    pages = max(1, -(-len(chosen) // PER_PAGE))
    with site().database.read() as db:
        activity = read_activity(db, [entry.session_id for entry in chosen])
    entries = [(entry, activity[entry.session_id]) for entry in chosen]
    entries.sort(key=_SORTS[sort], reverse=not is_rising)
    number = min(number, pages)
    return render_template(
        "admin/participants.html",
        header=found.header,
        watch=found,
        entries=entries[(number - 1) * PER_PAGE : number * PER_PAGE],
        count=len(entries),
        counts={name: len(_chosen(found, name)) for name in STATES},
        state=state if state in STATES else "all",
        sort=sort,
        sorts=tuple(_SORTS),
        is_rising=is_rising,
        page=number,
        pages=pages,
    )


def _chosen(found: Watch, state: str) -> tuple[Sitting, ...]:
    match state:
        case "to look at":
            return found.to_look_at
        case "decided":
            return tuple(entry for entry in found.sittings.entries if entry.session_id in found.decisions)
        case name if name in STATES[1:]:
            return found.sittings.in_state(name)
        case _:
            return found.sittings.entries
