"""Judge: the rules of which rows count, told by small tables."""

from dataclasses import replace

import pandas as pd
import pytest

from mixeval.errors import AnalysisError
from mixeval_analysis.answers import RatedVersion
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.selection import differing_stimuli, folder_of, select


def test_previews_unfinished_sessions_and_repeats_do_not_count():
    ratings = _ratings(
        [
            _session("P1"),
            _session("P2", preview=True),
            _session("P3", complete=False),
            _session("P1", repeat=1),
        ]
    )
    (group,) = select(ratings).groups
    assert group.rows["participant"].tolist() == ["P1", "P1"]
    assert {entry.reason: (entry.answers, entry.participants) for entry in group.left_out} == {
        "a preview by the experimenter": (2, 1),
        "the session was not completed": (2, 1),
        "a repeat, and only the first presentation counts": (2, 1),
    }


def test_simulated_listeners_give_way_to_a_single_real_one():
    (group,) = select(_ratings([_session("S1", simulated=True), _session("P1")])).groups
    assert not group.simulated
    assert group.participants == 1
    assert group.left_out[0].reason == "a simulated listener, and there are real ones"


def test_simulated_listeners_count_where_there_is_nobody_else():
    unfinished = _session("P1", complete=False)
    (group,) = select(_ratings([_session("S1", simulated=True), unfinished])).groups
    assert group.simulated
    assert group.participants == 1


def test_no_finished_session_is_an_error():
    with pytest.raises(AnalysisError, match="no completed session"):
        select(_ratings([_session("P1", complete=False)]))


def test_where_nothing_counts_the_reasons_are_said():
    with pytest.raises(
        AnalysisError, match=r"no rating that counts \(2 ratings: a repeat, and only the first"
    ):
        select(_ratings([_session("P1", repeat=1)]))
    with pytest.raises(AnalysisError, match="holds no ratings yet, only previews"):
        select(_ratings([_session("P1", preview=True)]))


def test_the_order_of_rows_changes_no_digit():
    people = [_session(f"P{n}").assign(rating=[0.1 * n, n / 7]) for n in range(30)]
    forwards, backwards = (select(_ratings(rows)).groups[0] for rows in (people, people[::-1]))
    assert forwards.rows.equals(backwards.rows)
    assert forwards.of("a").sum() == backwards.of("a").sum()


def test_a_mix_that_was_never_placed_is_left_out():
    rows = _session("P1").assign(rating=[3.0, None])
    with pytest.raises(AnalysisError, match="only one condition"):
        select(_ratings([rows]))


def test_versions_with_other_stimuli_make_groups_of_their_own():
    ratings = _two_versions()
    selection = select(ratings)
    assert [group.participants for group in selection.groups] == [2, 1]
    assert [[v.id for v in group.versions] for group in selection.groups] == [["v1", "v2"], ["v3"]]
    assert differing_stimuli(ratings.versions) == {"b": ["i"]}
    assert [folder_of(group.versions[0]) for group in selection.groups] == [
        "version-aaaaaaaa",
        "version-bbbbbbbb",
    ]


def test_versions_are_pooled_only_when_asked():
    selection = select(_two_versions(), pool_versions=True)
    assert selection.pooled
    assert [group.participants for group in selection.groups] == [3]


def test_pooling_counts_a_participant_once():
    ratings = _two_versions()
    rows = ratings.rows.assign(participant=ratings.rows["participant"].replace("P3", "P1"))
    (group,) = select(replace(ratings, rows=rows), pool_versions=True).groups
    assert len(group.rows) == 4
    assert group.left_out[0].reason == "rated before by the same participant, in another session"


def test_a_version_in_which_nothing_counts_is_left_out_and_named():
    ratings = _two_versions()
    rows = ratings.rows.assign(complete=ratings.rows["version"] != "v3")
    (group,) = select(replace(ratings, rows=rows)).groups
    assert [version.id for version in group.versions] == ["v1", "v2"]
    assert [entry.answers for entry in group.left_out] == [2]


def test_a_version_named_like_a_path_stays_inside_the_folder():
    assert folder_of(RatedVersion("x", "../../etc")).startswith("version-")
    assert "/" not in folder_of(RatedVersion("x", "../../etc"))


def test_names_of_versions_that_begin_alike_have_folders_of_their_own():
    morning, noon = (RatedVersion(name, name) for name in ("202601010900", "202601011200"))
    assert folder_of(morning) != folder_of(noon)


def test_a_question_that_nobody_has_answered_yet_does_not_push_out_one_that_was():
    ratings = _ratings(
        [
            _session("P1", version="v1", attribute="clarity"),
            _session("P2", version="v2", attribute="preference", complete=False),
        ],
        versions=(
            RatedVersion("v1", "a" * 64, attribute="clarity"),
            RatedVersion("v2", "a" * 64, attribute="preference"),
        ),
    )
    (group,) = select(ratings).groups
    assert group.attribute == "clarity"
    assert group.rows["participant"].tolist() == ["P1", "P1"]


def test_two_questions_are_not_mixed():
    rows = [_session("P1").assign(attribute="clarity"), _session("P1").assign(attribute="preference")]
    with pytest.raises(AnalysisError, match=r"2 attributes \(clarity, preference\)"):
        select(_ratings(rows))
    asked = RatedVersion("", "", attribute="preference")
    (group,) = select(replace(_ratings(rows), versions=(asked,))).groups
    assert group.attribute == "preference"
    assert set(group.rows["attribute"]) == {"preference"}


def _session(participant, **columns):
    return with_defaults(
        pd.DataFrame(
            {
                "participant": participant,
                "item": "i",
                "condition": ["a", "b"],
                "rating": [1.0, 2.0],
                **columns,
            }
        )
    )


def _ratings(sessions, **details):
    rows = pd.concat(sessions, ignore_index=True)
    return Ratings(rows, {"a": "A", "b": "B"}, "t", "s", **details)


def _two_versions():
    stimuli = {("i", "a"): "1", ("i", "b"): "2"}
    return _ratings(
        [_session("P1", version="v1"), _session("P2", version="v2"), _session("P3", version="v3")],
        versions=(
            RatedVersion("v1", "a" * 64, stimuli=stimuli),
            RatedVersion("v2", "a" * 64, stimuli=stimuli),
            RatedVersion("v3", "b" * 64, stimuli={**stimuli, ("i", "b"): "3"}),
        ),
    )
