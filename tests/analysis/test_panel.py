"""Judge: what was written into a database by hand: sessions, answers, events, each in a known number."""

from datetime import timedelta

import numpy as np
import pytest

from mixeval.models import Answer, Event, Flag, Page, PageStimulus, ParticipantSession, Rating
from mixeval_analysis.listeners.listening import listening
from mixeval_analysis.listeners.participants import participants
from mixeval_analysis.listeners.screening_tables import repeats, screening_of
from mixeval_analysis.listeners.timing import timing
from mixeval_analysis.load import load
from mixeval_analysis.reporting.report_folder import write_report
from mixeval_analysis.selection import Selection, select
from mixeval_analysis.sources.collected import answers_in_study

QUESTIONS = """
[participants]
questionnaire = ["age", "gender", "headphones"]
level = {{ lock_volume = {locked} }}

[[participants.questions]]
id = "instruments"
ask = "What do you play?"
type = "choices"
options = ["Drums", "Guitar"]
"""


class Listened:
    """Writes what sessions of `collected` did beside rating."""

    def __init__(self, collected):
        self.collected = collected
        self.count = 0

    def answer(self, number, **answers):
        with self.collected.database.write() as db:
            taken = db.get_one(ParticipantSession, f"s{number}")
            page = Page(id=f"q{number}", session=taken, position=-1, kind="questions_start", purpose="step")
            db.add(page)
            db.flush()
            db.add_all(
                Answer(page_id=page.id, name=name, value=value, sequence=1, answered_at=taken.started_at)
                for name, value in answers.items()
            )

    def open(self, number, *seconds):
        """Say for how long each rating page of a session was open."""
        with self.collected.database.write() as db:
            pages = (
                db.query(Page).filter_by(session_id=f"s{number}", purpose="rating").order_by(Page.position)
            )
            for page, open_seconds in zip(pages, seconds, strict=True):
                page.opened_at = self.collected.moment
                page.completed_at = page.opened_at + timedelta(seconds=open_seconds)

    def happen(self, number, item, *events):
        """Store events (kind, condition or None, detail) of one page, a second apart."""
        with self.collected.database.write() as db:
            for kind, condition, detail in events:
                self.count += 1
                db.add(
                    Event(
                        session_id=f"s{number}",
                        page_id=f"s{number}-{item}",
                        event_id=f"e{self.count}",
                        kind=kind,
                        stimulus_token=None if condition is None else f"t{number}-{item}-{condition}",
                        client_ms=1000.0 * self.count,
                        detail=detail,
                    )
                )
                db.flush()


@pytest.fixture
def written(collected):
    return Listened(collected)


def panel_of(collected):
    (group,) = select(answers_in_study(collected.folder)).groups
    return group


def asking(collected, *, locked="false"):
    """Store a version of the study that asks QUESTIONS."""
    text = (collected.folder / "study.toml").read_text(encoding="utf-8")
    return collected.version(text=text + QUESTIONS.format(locked=locked))


def facts_of(answers):
    rows = participants(answers).frame.to_dict(orient="records")
    return {(row["fact"], row["answer"]): row for row in rows}


def test_the_panel_is_described_as_a_paper_describes_it(collected, written):
    version = asking(collected)
    for _ in range(4):
        collected.session(version)
    written.answer(1, age=20, gender="Female", headphones="studio", instruments=["Drums", "Guitar"])
    written.answer(2, age=30, gender="female ", headphones="in_ear", instruments=["Drums"])
    written.answer(3, age=40, gender="male", headphones="studio")
    written.answer(4, age="prefer_not_to_say")
    facts = facts_of(panel_of(collected))
    assert facts["participants", None]["n"] == 4
    age = facts["age", None]
    assert (age["n"], age["mean"], age["sd"], age["min"], age["max"]) == (3, 30.0, 10.0, 20.0, 40.0)
    assert facts["age", "prefer not to say"]["n"] == 1
    assert (facts["gender", "female"]["n"], facts["gender", "female"]["share"]) == (2, 0.5)
    assert facts["headphones", "in ear"]["n"] == 1
    assert facts["instruments", "Drums"]["n"] == 2
    # started_at and completed_at lie a second apart.
    assert facts["session, minutes", None]["mean"] == pytest.approx(1 / 60)


def test_who_does_not_count_is_not_described(collected, written):
    version = asking(collected)
    for number in range(1, 4):
        collected.session(version, complete=number != 2, preview=number == 3)
        written.answer(number, age=20 + number)
    facts = facts_of(panel_of(collected))
    assert facts["participants", None]["n"] == 1
    assert facts["age", None]["mean"] == 21.0
    assert facts["age", None]["sd"] is None


def test_somebody_who_took_part_twice_counts_once(collected, written):
    version, other = asking(collected), asking(collected, locked="true")
    collected.session(version, code="P1")
    collected.session(other, code="P1", attribute="preference")
    collected.session(version, code="P2")
    written.answer(1, age=20)
    written.answer(2, age=90)
    written.answer(3, age=40)
    assert facts_of(panel_of(collected))["age", None]["mean"] == 30.0


def test_free_words_are_counted_and_never_printed(collected, written):
    version = collected.version(
        text=(collected.folder / "study.toml").read_text(encoding="utf-8")
        + '[participants]\nquestionnaire = ["headphone_model"]\nfinal_comments = true\n'
    )
    collected.session(version)
    written.answer(1, headphone_model="the pair of J. Doe")
    table = participants(panel_of(collected))
    assert "Doe" not in table.frame.to_csv()
    assert facts_of(panel_of(collected))["headphone model", "answered"]["n"] == 1
    assert any("final comments" in note for note in table.notes)


def test_how_often_and_in_which_order_mixes_were_heard(collected, written):
    version = collected.version()
    for _ in range(2):
        collected.session(version)
    written.happen(1, "loop1", ("play", "ref", {}), ("switch", "net", {}), ("switch", "ref", {}))
    written.happen(1, "loop2", ("play", "net", {}), ("switch", "anchor", {}))
    written.happen(2, "loop1", ("play", "ref", {}), ("switch", "net", {}), ("switch", "anchor", {}))
    table = listening(panel_of(collected)).frame.set_index("condition")
    # The page without events is unknown, not unheard: three pages say how often.
    assert table["plays_mean"].to_dict() == pytest.approx({"anchor": 2 / 3, "ref": 1.0, "net": 1.0})
    assert table["first_share"].to_dict() == pytest.approx({"anchor": 0.0, "ref": 2 / 3, "net": 1 / 3})
    assert table["seconds_mean"].to_list() == [2.5, 2.5, 2.5]
    assert table["unplayed_share"].to_list() == [0.0, 0.0, 0.0]


def test_pages_last_by_the_servers_clock_or_to_the_browsers_last_event(collected, written):
    version = collected.version()
    for _ in range(3):
        collected.session(version)
    written.open(1, 10, 20)
    written.open(2, 30, 20)
    written.open(3, 50, 0)
    written.count = 59
    written.happen(3, "loop2", ("play", "ref", {}))
    table = timing(panel_of(collected))
    assert table.frame[["page", "n", "median", "min", "max"]].to_numpy().tolist() == [
        [1, 3, 30.0, 10.0, 50.0],
        [2, 3, 20.0, 20.0, 60.0],
    ]
    assert table.notes == (
        "In 1 of 3 sessions the later half of the pages took less time than the earlier one.",
    )


def test_volume_is_flagged_at_its_lowest_and_where_it_was_locked(collected, written):
    version = asking(collected, locked="true")
    for _ in range(3):
        collected.session(version)
    written.happen(1, "loop1", ("volume", None, {"db": -12.0}))
    written.happen(2, "loop1", ("play", "ref", {}))
    assert screening_of(panel_of(collected)).flagged["volume"] == ["P01"]
    free = asking(collected)
    for _ in range(2):
        collected.session(free)
    written.happen(4, "loop1", ("volume", None, {"db": -12.0}))
    written.happen(5, "loop1", ("volume", None, {"db": -40.0}))
    found = screening_of(panel_of(collected)).found.set_index(["rule", "participant"])["value"]["volume"]
    # The next page begins at the volume that the one before it ended with.
    assert found.to_dict() == {"P01": 1.0, "P02": 0.0, "P03": 0.0, "P04": 0.0, "P05": 2.0}


def test_pages_that_were_left_before_the_recording_could_end_are_too_fast(collected, written):
    version = collected.version()
    for _ in range(3):
        collected.session(version)
    written.open(1, 30, 0.5)
    written.open(2, 30, 30)
    with collected.database.write() as db:
        db.query(Rating).filter(Rating.stimulus_token.startswith("t3-loop1")).update(
            {"listened_seconds": 0.3}
        )
    screening = screening_of(panel_of(collected))
    assert screening.flagged["too_fast"] == ["P01", "P03"]


def test_who_never_switched_is_flagged_and_a_session_without_events_is_not(collected, written):
    version = collected.version()
    for _ in range(3):
        collected.session(version)
    for item in ("loop1", "loop2"):
        written.happen(1, item, *(("play", name, {}) for name in ("ref", "net", "anchor")))
        written.happen(2, item, ("play", "ref", {}), ("switch", "net", {}), ("switch", "anchor", {}))
    screening = screening_of(panel_of(collected))
    assert screening.flagged["never_switched"] == ["P01"]
    known = screening.found.loc[screening.found["rule"] == "never_switched"].set_index("participant")
    assert known["value"].isna().to_dict() == {"P01": False, "P02": False, "P03": True}


def test_each_flag_of_the_study_is_a_rule(collected):
    version = collected.version()
    for _ in range(3):
        collected.session(version)
    with collected.database.write() as db:
        db.add(Flag(session_id="s2", name="noisy_environment", detail={}))
    assert screening_of(panel_of(collected)).flagged["flag_noisy_environment"] == ["P02"]
    study = collected.folder / "study.toml"
    study.write_text(
        study.read_text(encoding="utf-8").replace("[analysis]", '[analysis]\nexclude = ["flag"]'),
        encoding="utf-8",
    )
    group = panel_of(collected)
    assert sorted(set(group.rows["participant"])) == ["P01", "P03"]
    assert group.panel.sessions["participant"].to_list() == ["P01", "P03"]


def test_pages_that_came_again_say_how_consistent_somebody_is(collected):
    version = collected.version()
    for _ in range(2):
        collected.session(version)
    with collected.database.write() as db:
        for number in (1, 2):
            page = Page(
                id=f"s{number}-again",
                session_id=f"s{number}",
                position=2,
                kind="sliders",
                purpose="repeat",
                item="loop1",
            )
            for place, (condition, again) in enumerate({"ref": 90, "net": 60, "anchor": 12}.items()):
                first = db.query(Rating).filter_by(stimulus_token=f"t{number}-loop1-{condition}").one()
                first.value = (
                    {"ref": 90.0, "net": 50.0, "anchor": 10.0}[condition] if number == 1 else 50.0 + place
                )
                mix = PageStimulus(
                    token=f"a{number}-{condition}",
                    condition=condition,
                    position=place,
                    shown_as="ABC"[place],
                    page=page,
                )
                mix.ratings.append(
                    Rating(
                        attribute="preference",
                        value=float(again),
                        sequence=1,
                        played=True,
                        moved=True,
                        listened_seconds=2.5,
                        rated_at=collected.moment,
                    )
                )
            db.add(page)
    group = panel_of(collected)
    table = repeats(group).frame.set_index("participant")
    first, again = [90, 50, 10], [90, 60, 12]
    assert table.loc["P01", "mean_abs_diff"] == pytest.approx(4.0)
    assert table.loc["P01", "by_chance"] == pytest.approx(sum(abs(x - y) for x in first for y in again) / 9)
    assert table.loc["P01", "r"] == pytest.approx(np.corrcoef(first, again)[0, 1])
    assert screening_of(group).flagged["repeats"] == ["P02"]


def test_a_file_of_ratings_says_what_its_columns_say(tmp_path):
    file = tmp_path / "heard.csv"
    file.write_text(
        "participant,item,condition,rating,listened_seconds,played,session,page,rated_at\n"
        "A,i,x,10,4,true,s1,p1,2026-01-01T10:00:00+00:00\n"
        "A,i,y,20,6,true,s1,p1,2026-01-01T10:00:30+00:00\n"
        "A,j,x,30,2,true,s1,p2,2026-01-01T10:01:00+00:00\n"
        "A,j,y,40,8,false,s1,p2,2026-01-01T10:01:30+00:00\n"
    )
    (group,) = select(load(str(file))).groups
    assert participants(group) is None
    table = listening(group).frame.set_index("condition")
    assert table["seconds_mean"].to_dict() == {"x": 3.0, "y": 7.0}
    assert table["unplayed_share"].to_dict() == {"x": 0.0, "y": 0.5}
    assert table["plays_mean"].to_list() == [None, None]
    assert timing(group).frame[["page", "n", "median"]].to_numpy().tolist() == [[2, 1, 60.0]]


def test_a_bare_file_has_none_of_these_tables(ratings_of):
    ratings = ratings_of({"x": [1, 2], "y": [3, 4]})
    assert participants(ratings) is None
    assert listening(ratings) is None
    assert timing(ratings) is None
    assert repeats(ratings) is None


def test_choices_between_two_have_a_panel_and_rules_too(collected, written, tmp_path):
    version = collected.version()
    for number in (1, 2, 3):
        collected.choices(version, [("loop1", "ref", "net", "", "ref"), ("loop2", "net", "ref", "", "net")])
        written.open(number, 5, 0.5 if number == 2 else 6)
    group = panel_of(collected)
    assert timing(group).frame["n"].to_list() == [3, 3]
    assert screening_of(group).flagged["too_fast"] == ["P02"]
    folder = write_report(Selection((group,)), tmp_path / "out").folder
    assert {path.name for path in (folder / "tables").glob("*.csv")} >= {"participants.csv", "screening.csv"}
    assert "2" in (folder / "tables" / "without_flagged" / "binomial.csv").read_text(encoding="utf-8")
