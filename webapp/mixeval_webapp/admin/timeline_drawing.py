"""Where everything of a timeline stands in its picture, in units of the picture; the template only writes it down."""

from dataclasses import dataclass

from mixeval_webapp.admin.timeline import Lane, Mix, Move, Span, Timeline

WIDTH = 1000.0
LANE_HEIGHT = 34.0
TOP = 8.0
FOOT = 46.0
"""Below the lanes: marks of the page, and the axis of time."""
TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
MOST_TICKS = 8
NARROWEST = 1.5
"""What is shorter than a pixel or two would not be seen."""


@dataclass(frozen=True)
class Bar:
    x: float
    width: float


@dataclass(frozen=True)
class Dot:
    """A move; `y` follows its value, high up for much."""

    x: float
    y: float
    move: Move


@dataclass(frozen=True)
class DrawnLane:
    mix: Mix
    y: float
    bars: tuple[Bar, ...]
    dots: tuple[Dot, ...]
    steps: str
    """The path of the rating over time, of the first attribute."""


@dataclass(frozen=True)
class DrawnMark:
    x: float
    kind: str
    words: str


@dataclass(frozen=True)
class Tick:
    x: float
    words: str


@dataclass(frozen=True)
class Drawing:
    width: float
    height: float
    lanes_height: float
    lanes: tuple[DrawnLane, ...]
    marks: tuple[DrawnMark, ...]
    hidden: tuple[Bar, ...]
    offline: tuple[Bar, ...]
    loads: tuple[float, ...]
    ticks: tuple[Tick, ...]


def draw_timeline(timeline: Timeline) -> Drawing:
    """Lay a timeline out over WIDTH units, a lane for each mix."""
    scale = WIDTH / max(timeline.seconds, 1.0)
    values = [move.after for lane in timeline.lanes for move in lane.moves]
    lanes_height = TOP + LANE_HEIGHT * len(timeline.lanes)
    low, high = min([0.0, *values]), max([1.0, *values])
    return Drawing(
        width=WIDTH,
        height=lanes_height + FOOT,
        lanes_height=lanes_height,
        lanes=tuple(
            _lane(
                lane,
                TOP + LANE_HEIGHT * index,
                scale=scale,
                low=low,
                high=high,
                seconds=timeline.seconds,
            )
            for index, lane in enumerate(timeline.lanes)
        ),
        marks=tuple(DrawnMark(_round(mark.at * scale), mark.kind, mark.words) for mark in timeline.marks),
        hidden=tuple(_bar(span, scale) for span in timeline.hidden),
        offline=tuple(_bar(span, scale) for span in timeline.offline),
        # The first is where the line begins.
        loads=tuple(_round(at * scale) for at in timeline.loads[1:]),
        ticks=_ticks(timeline.seconds, scale),
    )


def told_of(timeline: Timeline) -> dict[str, object]:
    """Write a timeline down for static/js/admin-replay.js, which steps through it."""
    return {
        "seconds": timeline.seconds,
        "lanes": [
            {
                "letter": lane.mix.shown_as,
                "played": [[span.start, span.end] for span in lane.played],
                "moves": [[move.at, move.after, move.attribute] for move in lane.moves],
            }
            for lane in timeline.lanes
        ],
        "events": [
            {"at": row.at, "words": row.words, **({"mix": row.mix.shown_as} if row.mix else {})}
            for row in timeline.rows
        ],
        "volumes": [[at, level] for at, level in timeline.volumes],
    }


def clock(seconds: float) -> str:
    """Write a moment of a page.

    >>> clock(75.25)
    '1:15.2'
    """
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{int(rest * 10) / 10:04.1f}"


def _lane(lane: Lane, y: float, *, scale: float, low: float, high: float, seconds: float) -> DrawnLane:
    first = lane.moves[0].attribute if lane.moves else ""
    room = LANE_HEIGHT - 10

    def place(value: float) -> float:
        return _round(y + LANE_HEIGHT - 5 - room * (value - low) / (high - low))

    path, own = [], [move for move in lane.moves if move.attribute == first]
    for index, move in enumerate(own):
        x = _round(move.at * scale)
        path.append(f"M{x} {place(move.after)}" if index == 0 else f"H{x}V{place(move.after)}")
    if own:
        path.append(f"H{_round(seconds * scale)}")
    return DrawnLane(
        mix=lane.mix,
        y=y,
        bars=tuple(_bar(span, scale) for span in lane.played),
        dots=tuple(Dot(_round(move.at * scale), place(move.after), move) for move in lane.moves),
        steps="".join(path),
    )


def _bar(span: Span, scale: float) -> Bar:
    return Bar(_round(span.start * scale), _round(max(NARROWEST, (span.end - span.start) * scale)))


def _ticks(seconds: float, scale: float) -> tuple[Tick, ...]:
    step = next((step for step in TICKS if seconds / step <= MOST_TICKS), TICKS[-1])
    return tuple(
        Tick(_round(number * step * scale), f"{number * step // 60}:{number * step % 60:02d}")
        for number in range(int(seconds // step) + 1)
    )


def _round(value: float) -> float:
    return round(value, 1)
