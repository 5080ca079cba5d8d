"""Judge: what was written into the database, page by page."""

import pytest

from mixeval_analysis.ratings import Ratings
from mixeval_analysis.selection import select
from mixeval_analysis.sources.collected import answers_in_study
from mixeval_analysis.trials import COLUMNS, Trials

AB = '\n[test]\npage = "ab"\nno_preference = true\n'
ABX = '\n[test]\npage = "abx"\n'


@pytest.fixture
def asked(collected):
    """Make the study one of choices between two, and give its version."""

    def make(section):
        path = collected.folder / "study.toml"
        text = path.read_text() + section
        path.write_text(text, encoding="utf-8")
        return collected.version(text=text)

    return make


def test_a_choice_arrives_with_everything_that_is_known_of_it(collected, asked):
    version = asked(AB)
    collected.choices(version, [("loop1", "net", "ref", None, "net")], code="p-7F3K")
    trials = answers_in_study(collected.folder)
    assert isinstance(trials, Trials)
    assert set(COLUMNS) <= set(trials.rows.columns)
    (row,) = trials.rows.to_dict(orient="records")
    # The study's order is anchor, ref, net; what was shown first is kept beside it.
    assert (row["a"], row["b"], row["x"], row["chosen"], row["correct"]) == ("ref", "net", "", "net", "")
    assert (row["shown_first"], row["listened_seconds_a"], row["listened_seconds_b"]) == ("net", 2.5, 1.5)
    assert (row["participant"], row["item"], row["session"], row["version"]) == (
        "p-7F3K",
        "loop1",
        "s1",
        version,
    )
    assert (row["simulated"], row["preview"], row["complete"], row["purpose"]) == (
        False,
        False,
        True,
        "rating",
    )
    assert row["drummer"] == "d1"
    assert row["rated_at"].tzinfo is not None
    assert trials.page == ""
    (group,) = select(trials).groups
    assert (group.page, group.attribute) == ("ab", "preference")
    assert group.question == "Which mix do you prefer?"


def test_no_preference_is_empty_and_an_unanswered_page_makes_no_row(collected, asked):
    version = asked(AB)
    pages = [("loop1", "ref", "net", None, ""), ("loop2", "ref", "net", None, None)]
    collected.choices(version, pages)
    trials = answers_in_study(collected.folder)
    assert trials.rows[["item", "chosen"]].to_numpy().tolist() == [["loop1", ""]]


def test_abx_knows_x_and_whether_it_was_told(collected, asked):
    version = asked(ABX)
    pages = [
        ("loop1", "ref", "net", "net", "net"),
        ("loop1", "net", "ref", "net", "ref"),
        ("loop1", "net", "ref", "ref", "ref"),
    ]
    collected.choices(version, pages, kind="abx")
    (group,) = select(answers_in_study(collected.folder)).groups
    assert group.page == "abx"
    found = group.rows.sort_values("position")[["x", "chosen", "correct"]].to_numpy().tolist()
    assert found == [["net", "net", "true"], ["net", "ref", "false"], ["ref", "ref", "true"]]
    assert group.rows["listened_seconds_x"].isna().all()


def test_each_trial_of_a_pair_counts_and_neither_repeats_nor_checks_of_attention_do(collected, asked):
    version = asked(AB)
    collected.choices(version, [("loop1", "ref", "net", None, "net")] * 3)
    collected.choices(version, [("loop1", "ref", "net", None, "net")] * 2, purpose="repeat")
    collected.choices(version, [("loop1", "ref", "net", None, "net")], purpose="attention")
    collected.choices(version, [("loop1", "ref", "net", None, "net")], complete=False)
    collected.choices(version, [("loop1", "ref", "net", None, "net")], preview=True)
    (group,) = select(answers_in_study(collected.folder)).groups
    assert len(group.rows) == 3
    assert {entry.reason: entry.answers for entry in group.left_out} == {
        "a preview by the experimenter": 1,
        "the session was not completed": 1,
        "practice, or a check of attention": 1,
        "a repeat, and only the first presentation counts": 2,
    }


def test_after_a_change_of_page_type_the_newest_that_counts_is_analysed(collected, asked):
    sliders = collected.version()
    collected.session(sliders)
    choices = asked(AB)
    collected.choices(choices, [("loop1", "ref", "net", None, "net")], preview=True)
    (before,) = select(answers_in_study(collected.folder)).groups
    assert isinstance(before, Ratings)
    collected.choices(choices, [("loop1", "ref", "net", None, "net")])
    (after,) = select(answers_in_study(collected.folder)).groups
    assert isinstance(after, Trials)
    assert next((entry.reason, entry.answers) for entry in after.left_out) == (
        "asked on another type of page than the one analysed",
        6,
    )
