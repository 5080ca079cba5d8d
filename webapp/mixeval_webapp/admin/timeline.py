"""One page of a session as it was worked on: what was played when, every move of a rating, and what came between.

A pure function of what is stored. Time is the browser's own clock; a reload begins a new stretch, and stretches
are put one after the other by when the server heard of them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

LATE_SECONDS = 5.0
"""What came later than this after it happened was waiting for a connection."""
LOADED = "page_ready"
"""The event with which a page begins, and begins anew after a reload."""


@dataclass(frozen=True)
class LoggedEvent:
    """An event as it is stored; `client_ms` counts from when the page was loaded."""

    kind: str
    token: str | None
    client_ms: float
    detail: Mapping[str, Any]
    received_at: datetime


@dataclass(frozen=True)
class Mix:
    token: str
    shown_as: str
    condition: str
    """The label that researchers read."""


@dataclass(frozen=True)
class Span:
    """A stretch of time in seconds from when the page was first loaded."""

    start: float
    end: float


@dataclass(frozen=True)
class Move:
    """A rating that was moved; `before` is None where it was the first."""

    at: float
    attribute: str
    before: float | None
    after: float


@dataclass(frozen=True)
class Lane:
    mix: Mix
    played: tuple[Span, ...]
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Mark:
    """Something that happened to the page and not to a mix; `kind` is that of the event."""

    at: float
    kind: str
    words: str


@dataclass(frozen=True)
class Row:
    """A line of the list of all events."""

    at: float
    kind: str
    mix: Mix | None
    words: str
    late_seconds: float
    """How much later than usual the server heard of it; 0 where it did not."""


@dataclass(frozen=True)
class Timeline:
    """`seconds` is how long it lasts; `loads` are the moments at which the page was loaded."""

    seconds: float
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    hidden: tuple[Span, ...]
    offline: tuple[Span, ...]
    loads: tuple[float, ...]
    rows: tuple[Row, ...]
    volumes: tuple[tuple[float, float], ...]
    """The levels in dB that were set, each with its moment."""


def timeline(
    mixes: Sequence[Mix], events: Sequence[LoggedEvent], opened_at: datetime | None = None
) -> Timeline | None:
    """Put the events of a page, in the order in which they were stored, on one line; None where there are none.

    `opened_at` is when the server first sent the page: nothing on it happened before.
    """
    timed = _timed(events, opened_at)
    if not timed:
        return None
    end = max(entry.at for entry in timed)
    drawn = _Drawn(end, {mix.token: mix for mix in mixes})
    for entry in timed:
        drawn.take(entry)
    drawn.close()
    return Timeline(
        seconds=end,
        lanes=tuple(
            Lane(mix, tuple(drawn.played.get(mix.token, ())), tuple(drawn.moves.get(mix.token, ())))
            for mix in mixes
        ),
        marks=tuple(drawn.marks),
        hidden=tuple(drawn.hidden),
        # No event says that the connection was gone: what happened meanwhile came late.
        offline=_joined(
            Span(entry.at, min(end, entry.at + entry.late)) for entry in timed if entry.late > LATE_SECONDS
        ),
        loads=tuple(entry.at for entry in timed if entry.event.kind == LOADED),
        rows=tuple(
            Row(
                entry.at,
                entry.event.kind,
                drawn.mixes.get(entry.event.token or ""),
                words_of(entry.event, drawn.mixes),
                entry.late if entry.late > LATE_SECONDS else 0.0,
            )
            for entry in timed
        ),
        volumes=tuple(drawn.volumes),
    )


@dataclass(frozen=True)
class _Timed:
    event: LoggedEvent
    at: float
    late: float


def _timed(events: Sequence[LoggedEvent], opened_at: datetime | None) -> list[_Timed]:
    """Say of each event at which second it happened and how long it was on its way."""
    stretches: list[list[LoggedEvent]] = []
    for event in events:
        if not stretches or (event.kind == LOADED and any(entry.kind == LOADED for entry in stretches[-1])):
            stretches.append([])
        stretches[-1].append(event)
    # The fastest message says when a stretch began by the server's clock.
    opened = -math.inf if opened_at is None else opened_at.timestamp()
    began = [
        max(opened, min(event.received_at.timestamp() - event.client_ms / 1000 for event in stretch))
        for stretch in stretches
    ]
    timed: list[_Timed] = []
    end = 0.0
    for stretch, beginning in zip(stretches, began, strict=True):
        offset = max(end, beginning - began[0])
        for event in sorted(stretch, key=lambda event: event.client_ms):
            arrived = event.received_at.timestamp() - beginning
            timed.append(
                _Timed(event, offset + event.client_ms / 1000, max(0.0, arrived - event.client_ms / 1000))
            )
        end = timed[-1].at
    return timed


@dataclass
class _Drawn:
    end: float
    mixes: Mapping[str, Mix]
    playing: tuple[str, float] | None = None
    hidden_since: float | None = None
    played: dict[str, list[Span]] = field(default_factory=dict)
    moves: dict[str, list[Move]] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    hidden: list[Span] = field(default_factory=list)
    volumes: list[tuple[float, float]] = field(default_factory=list)

    def take(self, entry: _Timed) -> None:
        event, at = entry.event, entry.at
        match event.kind:
            case "play" | "switch":
                self._silence(at)
                self.playing = None if event.token is None else (event.token, at)
            case "stop":
                self._silence(at)
            case "page_ready":
                # What played when the page was left has no stop of its own.
                self._silence(at)
                self._show(at)
            case "move":
                self._move(event, at)
            case "volume":
                level = _number(event.detail.get("db"))
                if level is not None:
                    self.volumes.append((at, level))
                    self.marks.append(Mark(at, event.kind, words_of(event, self.mixes)))
            case "visibility":
                self._show(at)
                if event.detail.get("hidden") is True:
                    self.hidden_since = at
            case "next_refused" | "drop_out" | "unplayable" | "load_failed":
                self.marks.append(Mark(at, event.kind, words_of(event, self.mixes)))

    def close(self) -> None:
        self._silence(self.end)
        self._show(self.end)

    def _silence(self, at: float) -> None:
        if self.playing is not None:
            token, since = self.playing
            self.played.setdefault(token, []).append(Span(since, at))
        self.playing = None

    def _show(self, at: float) -> None:
        if self.hidden_since is not None:
            self.hidden.append(Span(self.hidden_since, at))
        self.hidden_since = None

    def _move(self, event: LoggedEvent, at: float) -> None:
        after = _number(event.detail.get("to"))
        if event.token is None or after is None:
            return
        attribute = str(event.detail.get("attribute", ""))
        move = Move(at, attribute, _number(event.detail.get("from")), after)
        self.moves.setdefault(event.token, []).append(move)


def words_of(event: LoggedEvent, mixes: Mapping[str, Mix]) -> str:
    """Say in words what an event tells; browsers send what they like, so nothing in it is taken for granted."""
    detail = event.detail
    match event.kind:
        case "play":
            return f"plays from {_seconds(detail.get('position'))}"
        case "switch":
            left = mixes.get(str(detail.get("from")))
            return f"switched to, from {left.shown_as}" if left else "switched to"
        case "stop":
            return f"stops at {_seconds(detail.get('position'))} ({detail.get('how', 'stop')})"
        case "move":
            before, after = _number(detail.get("from")), _number(detail.get("to"))
            if after is None:
                return "moved"
            return f"rated {after:g}" if before is None else f"moved from {before:g} to {after:g}"
        case "volume":
            level = _number(detail.get("db"))
            return "volume changed" if level is None else f"volume {level:+g} dB"
        case "next_refused":
            missing = [
                f"{task}: {', '.join(map(str, names))}" if names else str(task)
                for task, names in detail.items()
                if isinstance(names, list | tuple)
            ]
            return f"Next was refused, still to {'; '.join(missing)}" if missing else "Next was refused"
        case "visibility":
            return "tab hidden" if detail.get("hidden") is True else "tab shown again"
        case "page_ready":
            return "page loaded"
        case _:
            told = ", ".join(f"{name}: {value}" for name, value in detail.items() if value is not None)
            return f"{event.kind.replace('_', ' ')}{f' ({told[:160]})' if told else ''}"


def _seconds(value: object) -> str:
    found = _number(value)
    return "the beginning" if found is None else f"{found:.1f} s"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)
