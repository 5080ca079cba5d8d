"""Judges: files by hand in the shapes that webMUSHRA's server writes; counts and sums read slowly from a real one."""

import csv

import pytest

from mixeval.errors import AnalysisError
from mixeval_analysis.load import load
from mixeval_analysis.selection import select
from mixeval_analysis.sources.foreign.webmushra import read_webmushra

HEADER = "session_test_id,email,age,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment\n"
OLD_HEADER = HEADER.replace("session_uuid,", "")
PAIRED = "session_test_id,email,trial_id,choice_reference,choice_non_reference,choice_answer,choice_time,choice_comment\n"
GRADES = (
    "session_test_id,email,trial_id,rating_reference,rating_non_reference,rating_reference_score,"
    "rating_non_reference_score,rating_time,choice_comment\n"
)


def _page(uuid, trial, scores, email="ann@example.org"):
    return "".join(
        f"drums,{email},31,{uuid},{trial},{name},{score},5000,\n" for name, score in scores.items()
    )


TWO = (
    HEADER
    + "\n"
    + _page("u1", "loop1", {"reference": 100, "net": 60.5})
    + _page("u2", "loop1", {"reference": 90, "net": 0})
)


def test_a_row_is_a_rating_and_listeners_are_numbered():
    read = read_webmushra(TWO, source="x.csv")
    columns = ["participant", "item", "condition", "rating"]
    assert read.rows[columns].to_numpy().tolist() == [
        ["P01", "loop1", "reference", 100.0],
        ["P01", "loop1", "net", 60.5],
        ["P02", "loop1", "reference", 90.0],
        ["P02", "loop1", "net", 0.0],
    ]
    assert read.settings == {"reference": "reference"}
    assert "webMUSHRA" in read.remarks[0]


def test_pages_stand_in_the_order_in_which_they_were_shown():
    text = HEADER + _page("u1", "b", {"x": 1, "y": 2}) + _page("u1", "a", {"x": 1, "y": 2})
    assert read_webmushra(text, source="x.csv").rows["position"].tolist() == [0, 0, 1, 1]


def test_no_answer_to_the_questionnaire_is_read():
    read = read_webmushra(TWO, source="x.csv")
    everything = read.rows.to_csv() + " ".join(read.remarks)
    assert "ann" not in everything
    assert "@" not in everything
    assert "u1" not in everything
    assert not (read.rows == 31).any(axis=None)


def test_rows_longer_than_the_header_are_read_from_their_end():
    # The questionnaire got a question after the header was written.
    longer = TWO + "drums,bob@example.org,40,female,u3,loop1,reference,80,10,\n"
    row = read_webmushra(longer, source="x.csv").rows.iloc[-1]
    assert (row["participant"], row["item"], row["condition"], row["rating"]) == (
        "P03",
        "loop1",
        "reference",
        80.0,
    )


def test_without_a_uuid_a_sitting_ends_where_answers_change_or_a_trial_returns():
    line = "drums,{},31,loop1,{},50,10,\n"
    text = OLD_HEADER + "".join(
        line.format(email, mix)
        for email, mix in [("a@x.y", "m"), ("a@x.y", "n"), ("a@x.y", "m"), ("b@x.y", "n")]
    )
    assert read_webmushra(text, source="x.csv").rows["participant"].tolist() == ["P01", "P01", "P02", "P03"]


def test_a_session_that_was_sent_twice_counts_once(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text(TWO + TWO.split("\n", 2)[2], encoding="utf-8")
    group = select(load(str(path))).groups[0]
    assert len(group.rows) == 4
    assert group.left_out[0].answers == 4


def test_paired_comparisons_are_trials_whose_x_is_the_reference(tmp_path):
    path = tmp_path / "any.csv"
    path.write_text(
        PAIRED
        + "t,a@x.y,loop1,reference,net,correct,9,\n"
        + "t,b@x.y,loop1,reference,net,incorrect,9,\n"
        + "t,c@x.y,loop1,reference,net,undecided,9,\n",
        encoding="utf-8",
    )
    answers = load(str(path))
    assert answers.NOUN == "trial"
    assert answers.rows["correct"].tolist() == ["true", "false"]
    assert "without a decision are left out (1)" in answers.remarks[0]


def test_bs1116_pages_are_grades_beside_the_reference(tmp_path):
    path = tmp_path / "any.csv"
    path.write_text(
        GRADES + "t,a@x.y,loop1,reference,net,5,3.2,9,\n" + "t,a@x.y,loop1,reference,lp35,4.9,1,9,\n",
        encoding="utf-8",
    )
    answers = load(str(path))
    assert set(answers.rows["page_type"]) == {"bs1116"}
    assert answers.roles["reference"] == "reference"
    assert answers.rows["repeat"].tolist() == [0, 0, 0, 0]
    assert len(select(answers).groups[0].rows) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEADER, "holds no answers yet"),
        (
            TWO.replace("60.5", '"60,5"'),
            'row 4: the rating "60,5" has a decimal comma; write a decimal point',
        ),
        (TWO.replace("60.5", "loud"), 'row 4: the rating "loud" is no finite number'),
        (TWO.replace("60.5", "1e999"), "is no finite number"),
        (TWO + "drums,u1\n", "row 7: there are only 2 cells, and the answer takes 7"),
        (TWO + 'drums,"u1', "is not a regular table"),
        (
            TWO.replace("drums,ann@example.org,31,u2", "bass,ann@example.org,31,u2"),
            "holds 2 tests of webMUSHRA",
        ),
        (TWO.replace(",u2,", ",,"), "session_uuid is empty"),
        (TWO.replace(",net,", ",,"), "condition is empty"),
        (
            "session_test_id,email,trial_id,stimuli_rating,stimuli,rating_time\nt,a,loop1, good ,x,9\n",
            "webMUSHRA pages of Likert scales, which are not read",
        ),
        ("session_test_id,trial_id,name,azimuth\nt,a,b,3\n", "of another kind, which are not read"),
        (PAIRED + "t,a@x.y,loop1,reference,net,maybe,9,\n", 'choice_answer "maybe"'),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(text, words):
    with pytest.raises(AnalysisError) as refused:
        read_webmushra(text, source="x.csv")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_real_file_has_the_counts_and_sums_of_a_slow_reading(dev_data):
    file = dev_data / "platform-results" / "webmushra_difftransfer.csv"
    with file.open(encoding="utf-8", newline="") as opened:
        lines = [line for line in csv.DictReader(opened) if any(line.values())]
    answers = load(str(file))
    assert len(answers.rows) == len(lines) == 408
    assert answers.participants == len({line["session_uuid"] for line in lines}) == 17
    for condition in ("C1", "C2", "C3", "C4"):
        scores = [float(line["rating_score"]) for line in lines if line["rating_stimulus"] == condition]
        found = answers.rows.loc[answers.rows["condition"] == condition, "rating"]
        assert (len(found), found.sum()) == (len(scores), sum(scores))
