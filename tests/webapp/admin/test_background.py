"""Results so far: made beside the server, when somebody looks and answers have changed, by one process at a time."""

import os
import time
from datetime import timedelta

import pytest

from mixeval.errors import AnalysisError
from mixeval.models import now
from mixeval.results_so_far import (
    FILE_NAME,
    ResultSet,
    ResultsSoFar,
    ShownFigure,
    ShownTable,
    Suspicion,
    parse_results,
)
from mixeval.tombstones import add_tombstones
from mixeval_webapp.admin import background
from mixeval_webapp.admin.background import Background

PATIENCE_SECONDS = 60
CALLS = "calls.txt"
MAY_END = "may-end"


def note_and_say(folder):
    """Stand in for an analysis: note the call, and say which process it was."""
    with (folder / CALLS).open("a") as calls:
        calls.write(f"{os.getpid()}\n")
    time.sleep(0.3)
    return ResultsSoFar(problem=f"made by {os.getpid()}", page_seconds={"p1": 2.5})


def note_and_say_when_told(folder):
    """Stand in for an analysis that takes until the test has done what it does meanwhile."""
    while not (folder / MAY_END).exists():
        time.sleep(0.05)
    return note_and_say(folder)


def erase_meanwhile(folder):
    """Stand in for an analysis during which somebody who is in it withdraws, by the command line."""
    add_tombstones(folder, {"P23456789": now()})
    return ResultsSoFar(problem="P23456789 is in here")


def fail(_folder):
    raise AnalysisError("there is one participant, and it takes two", remedy="wait")


def break_down(_folder):
    raise ZeroDivisionError("secret/path")


def until(ready):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := ready():
            return found
        time.sleep(0.05)
    raise TimeoutError("it was not made")


def made_by(one, state):
    return until(lambda: (found := one.look(state)).made is not None and not found.making and found.made)


@pytest.fixture
def keeper(tmp_path):
    opened = []

    def keep(analyse):
        opened.append(Background(tmp_path, analyse))
        return opened[-1]

    yield keep
    for one in opened:
        one.stop()


def test_another_process_makes_them_and_nobody_waits(keeper):
    one = keeper(note_and_say)
    first = one.look("a")
    assert (first.made, first.making) == (None, True)
    made = made_by(one, "a")
    assert made.results.page_seconds == {"p1": 2.5}
    assert made.results.problem != f"made by {os.getpid()}"


def test_they_are_made_once_for_answers_that_have_not_changed(keeper, tmp_path, monkeypatch):
    monkeypatch.setattr(background, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(background, "SHARE", 0.0)
    one = keeper(note_and_say)
    made = made_by(one, "a")
    for _ in range(5):
        assert one.look("a").making is False
    # Another server of the same study finds what this one has made.
    assert keeper(note_and_say).look("a").made == made
    assert len((tmp_path / CALLS).read_text().split()) == 1
    assert one.look("b").making is True
    until(lambda: one.look("b").made.state == "b")
    assert len((tmp_path / CALLS).read_text().split()) == 2


@pytest.mark.slow
def test_several_servers_make_one_at_a_time(keeper, tmp_path):
    servers = [keeper(note_and_say_when_told) for _ in range(3)]
    for server in servers:
        assert server.look("a").making
    (tmp_path / MAY_END).touch()
    made_by(servers[0], "a")
    for server in servers:
        until(lambda server=server: not server._process.is_alive())
    pids = (tmp_path / CALLS).read_text().split()
    assert 1 <= len(pids) <= 3
    assert not list(tmp_path.glob(f"{FILE_NAME}.*"))


@pytest.mark.slow
def test_while_answers_keep_coming_there_are_pauses(keeper):
    one = keeper(note_and_say)
    made_by(one, "a")
    assert one.look("b").making is False
    assert one.look("b").made.state == "a"


def test_why_there_are_none_is_said(keeper):
    assert "it takes two" in made_by(keeper(fail), "a").results.problem


def test_an_analysis_that_breaks_down_says_no_more_than_that(keeper):
    problem = made_by(keeper(break_down), "a").results.problem
    assert "failed" in problem
    assert "secret/path" not in problem


@pytest.mark.slow
def test_a_broken_file_is_made_again(keeper, tmp_path):
    (tmp_path / FILE_NAME).write_text('{"state": "a"')
    one = keeper(note_and_say)
    assert one.look("a").making
    assert made_by(one, "a").state == "a"


def test_what_is_forgotten_is_gone_from_the_disk(keeper, tmp_path):
    one = keeper(note_and_say)
    made_by(one, "a")
    one.forget()
    assert not (tmp_path / FILE_NAME).exists()
    assert one.look("a").made is None


def test_results_that_may_name_who_was_erased_meanwhile_are_not_kept(tmp_path):
    background.make(erase_meanwhile, tmp_path, tmp_path, "one")
    assert not (tmp_path / FILE_NAME).exists()
    # The next look has them made without that person.
    background.make(note_and_say, tmp_path, tmp_path, "one")
    assert (tmp_path / FILE_NAME).exists()


def test_without_an_analysis_there_is_nothing_to_wait_for(keeper):
    found = keeper(None).look("a")
    assert (found.offered, found.making) == (False, False)


def test_results_travel_as_json_unchanged():
    table = ShownTable(
        "summary", "Summary", "How", ("Condition", "n"), (True, False), (("<b>", "3"),), ("note",)
    )
    figure = ShownFigure("violin", "Violin", "Caption", "<svg/>")
    results = ResultsSoFar(
        sets=(
            ResultSet(
                "T", "2 participants", simulated=True, figures=(figure,), tables=(table,), remarks=("r",)
            ),
        ),
        suspicions=(Suspicion("P1", "all_equal", "share", 1.0, 0.25),),
        page_seconds={"x": 1.5},
    )
    assert parse_results(results.to_json()) == results


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"schema": 99}', '{"schema": 1}', '{"schema": 1, "sets": 3}', "nonsense"]
)
def test_what_is_no_result_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_results(text)


@pytest.mark.slow
def test_a_moment_has_its_time_zone(keeper):
    assert made_by(keeper(note_and_say), "a").moment.utcoffset() == timedelta(0)
