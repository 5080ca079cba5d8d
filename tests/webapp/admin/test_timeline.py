"""The timeline of a page, judged by events written by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from mixeval_webapp.admin.timeline import LoggedEvent, Mix, Move, Span, timeline
from mixeval_webapp.admin.timeline_drawing import WIDTH, clock, draw_timeline

OPENED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
A, B = Mix("a", "A", "Reference"), Mix("b", "B", "Anchor")


def event(kind, seconds, token=None, *, late=0.1, begun=0.0, **detail):
    """Make an event `seconds` after its page was loaded, which was `begun` seconds after it was first opened."""
    received = OPENED + timedelta(seconds=begun + seconds + late)
    return LoggedEvent(kind, token, 1000.0 * seconds, detail, received)


def test_a_mix_is_heard_from_its_start_to_the_next_one_or_the_stop():
    told = timeline(
        [A, B],
        [
            event("page_ready", 0),
            event("play", 1, "a", position=0),
            event("switch", 3, "b", position=2, **{"from": "a"}),
            event("switch", 4.5, "a", position=3.5, **{"from": "b"}),
            event("stop", 6, "a", position=5, how="pause"),
            event("play", 8, "b", position=5),
        ],
        OPENED,
    )
    assert told.lanes[0].played == (Span(1, 3), Span(4.5, 6))
    # What still plays when the record ends is drawn to its end.
    assert told.lanes[1].played == (Span(3, 4.5), Span(8, 8))
    assert [row.words for row in told.rows][2] == "switched to, from A"


def test_every_move_stands_in_its_lane():
    told = timeline(
        [A, B],
        [
            event("move", 1, "a", attribute="width", to=70, **{"from": None}),
            event("move", 2, "b", attribute="width", to=20, **{"from": None}),
            event("move", 5, "a", attribute="width", to=65.5, **{"from": 70}),
        ],
        OPENED,
    )
    assert told.lanes[0].moves == (Move(1, "width", None, 70), Move(5, "width", 70, 65.5))
    assert told.lanes[1].moves == (Move(2, "width", None, 20),)
    assert told.rows[2].words == "moved from 70 to 65.5"


def test_volume_refused_nexts_and_a_hidden_tab_are_told():
    told = timeline(
        [A],
        [
            event("volume", 1, db=-12),
            event("visibility", 2, hidden=True),
            event("visibility", 9, hidden=False),
            event("next_refused", 10, play=["A"], rate=["A", "B"]),
        ],
        OPENED,
    )
    assert told.volumes == ((1, -12),)
    assert told.hidden == (Span(2, 9),)
    assert [mark.words for mark in told.marks] == [
        "volume -12 dB",
        "Next was refused, still to play: A; rate: A, B",
    ]


def test_what_came_late_was_offline():
    told = timeline(
        [A],
        [
            event("play", 1, "a"),
            event("stop", 20, "a", late=40),
            event("play", 30, "a", late=30),
            event("stop", 61, "a"),
        ],
        OPENED,
    )
    assert told.offline == (Span(20, pytest.approx(59.9)),)
    assert [round(row.late_seconds) for row in told.rows] == [0, 40, 30, 0]


def test_a_reload_begins_a_new_stretch_and_ends_what_played():
    told = timeline(
        [A],
        [
            event("page_ready", 0),
            event("play", 1, "a"),
            event("move", 4, "a", attribute="x", to=1, **{"from": None}),
            event("page_ready", 0.2, begun=60),
            event("play", 2, "a", begun=60),
            event("stop", 5, "a", begun=60),
        ],
        OPENED,
    )
    assert told.loads == (0, pytest.approx(60.2))
    assert told.lanes[0].played == (Span(1, pytest.approx(60.2)), Span(pytest.approx(62), pytest.approx(65)))


def test_a_clock_that_runs_ahead_is_not_taken_for_a_lost_connection():
    """Simulated listeners hear a minute in an instant: their events come before they could have happened."""
    events = [LoggedEvent("play", "a", 1000.0 * n, {}, OPENED + timedelta(seconds=1)) for n in range(60)]
    assert timeline([A], events, OPENED).offline == ()


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {"to": "high", "from": None},
        {"to": None},
        {"to": True},
        {"db": "loud"},
        {"from": ["a"]},
        {"play": 7},
    ],
)
@pytest.mark.parametrize(
    "kind", ["move", "volume", "next_refused", "switch", "stop", "visibility", "mystery"]
)
def test_whatever_a_browser_sends_has_a_timeline(kind, detail):
    told = timeline([A], [LoggedEvent(kind, "unknown", 5.0, detail, OPENED)], OPENED)
    assert len(told.rows) == 1
    assert draw_timeline(told).lanes[0].mix == A


def test_nothing_has_no_timeline():
    assert timeline([A], [], OPENED) is None


def test_the_drawing_is_to_scale():
    told = timeline(
        [A, B],
        [
            event("play", 5, "a"),
            event("stop", 10, "a"),
            event("move", 10, "b", attribute="x", to=100, **{"from": None}),
            event("move", 20, "b", attribute="x", to=0, **{"from": 100}),
        ],
        OPENED,
    )
    drawn = draw_timeline(told)
    assert (drawn.lanes[0].bars[0].x, drawn.lanes[0].bars[0].width) == (WIDTH / 4, WIDTH / 4)
    high, low = drawn.lanes[1].dots
    assert (high.x, low.x) == (WIDTH / 2, WIDTH)
    assert drawn.lanes[1].y < high.y < low.y < drawn.lanes_height
    assert [tick.words for tick in drawn.ticks][-1] == "0:20"


def test_a_moment_is_never_rounded_up_to_a_sixtieth_second():
    assert clock(59.98) == "0:59.9"
    assert clock(3725.04) == "62:05.0"
