"""Judge: the words in which each fault is refused, and the rows that survive."""

import os
from pathlib import Path

import pytest

from mixeval.errors import AnalysisError, MixevalError
from mixeval_analysis.sources.tidy_csv import parse_tidy_csv, read_tidy_csv

GOOD = "participant,item,condition,rating\nP1,i,b,10\nP1,i,a,20.5\n"


def test_conditions_keep_the_order_in_which_they_appear(tmp_path):
    ratings = read_tidy_csv(_file(tmp_path, GOOD))
    assert ratings.conditions == ("b", "a")
    assert ratings.rows["rating"].tolist() == [10.0, 20.5]
    assert ratings.title == "panel"
    assert ratings.scale is None


def test_settings_beside_the_file_give_the_order(tmp_path):
    path = _file(tmp_path, GOOD)
    (tmp_path / "panel.analysis.toml").write_text('order = ["a"]', encoding="utf-8")
    assert read_tidy_csv(path).conditions == ("a", "b")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('order = ["c"]', 'the order names "c", which is no condition here; choose from b, a.'),
        ('order = ["a", "a"]', 'the order names "a" twice'),
        ("oder = 1", "oder is not a key"),
        ("order = ", "cannot be read"),
        ("order = [1]", "order[0] is 1; it should be a string"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path, settings, words):
    path = _file(tmp_path, GOOD)
    (tmp_path / "panel.analysis.toml").write_text(settings, encoding="utf-8")
    with pytest.raises(MixevalError, match=_literally(words)):
        read_tidy_csv(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "x.csv is empty"),
        (
            "participant,item,rating\nP1,i,3\n",
            'no column "condition", its columns are participant, item, rating',
        ),
        ("participant,item,condition,rating\n", "holds no ratings"),
        (GOOD + "P2,i,a,loud\n", 'x.csv, row 4: rating "loud" is no finite number; correct it'),
        (GOOD + "P2,i,a,NaN\n", 'row 4: rating "NaN" is no finite number'),
        (GOOD + "P2,i,a,inf\n", 'row 4: rating "inf" is no finite number'),
        (GOOD + "P2,i,a,1_0\n", 'row 4: rating "1_0" is no finite number'),
        (GOOD + "\n\nP2,i,a,\nP3,i,a,\n", "row 6: rating is empty, and 1 more; give the rating"),
        (GOOD + "P2,i,a,1e101\n", 'row 4: rating "1e101" is larger than any scale'),
        (GOOD + 'P2,i,a,"20,5"\n', 'row 4: rating "20,5" has a decimal comma; write a decimal point'),
        (GOOD.replace(",", ";").replace(".", ","), 'row 3: rating "20,5" has a decimal comma'),
        (GOOD + 'P2,i,"a\nb",4\n', r'row 4: condition "a\nb" holds a line break'),
        (GOOD + "P2,i\x1b[31m,a,4\n", r'row 4: item "i\x1b[31m" holds a line break or another character'),
        (GOOD + "P2,i,\u202ea,4\n", r'row 4: condition "\u202ea" holds'),
        (GOOD + f"P2,i,{'a' * 201},4\n", "is longer than 200 characters; shorten it"),
        ('{"a": "' + "x" * 200_000 + '"}', "x.csv is not a CSV file, its header cannot be read"),
        (GOOD + "P2,,a,4\n", "row 4: item is empty"),
        (GOOD + "P2,i,a\n", "row 4: rating is empty"),
        (GOOD + "P1,i,b,11\n", "rows 2 and 4: P1, i, b is rated twice"),
        (GOOD + "P2,i,a,1,2\n", "is not a regular table (Expected 4 fields in line 4, saw 5)"),
        (GOOD.replace("P1,i,b,10", "P1,i,b,10,3"), "is not a regular table"),
        (GOOD + 'P2,i,"a,1\n', "is not a regular table"),
        ("participant,item,condition,rating,rating\nP1,i,b,1,2\n", 'two columns "rating"'),
        (
            GOOD.replace("rating\n", "rating,simulated\n").replace("0\n", "0,maybe\n"),
            'simulated "maybe" is neither',
        ),
        (
            GOOD.replace("rating\n", "rating,repeat\n").replace("0\n", "0,-1\n"),
            'repeat "-1" is no whole number',
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(text, words):
    with pytest.raises(AnalysisError, match=_literally(words)):
        parse_tidy_csv(text.encode(), source="x.csv")


def test_one_condition_is_not_a_comparison(tmp_path):
    with pytest.raises(AnalysisError, match='only one condition, "b"'):
        read_tidy_csv(_file(tmp_path, GOOD.replace(",a,", ",b,").replace("P1,i,b,20.5", "P2,i,b,20.5")))


def test_another_encoding_is_refused_with_its_row(tmp_path):
    path = tmp_path / "panel.csv"
    path.write_bytes(GOOD.encode() + "P2,Höhe,a,3\n".encode("latin-1"))
    with pytest.raises(AnalysisError, match=_literally("not UTF-8 text (byte 0xf6 in row 4)")):
        read_tidy_csv(path)
    path.write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(AnalysisError, match="not UTF-8"):
        read_tidy_csv(path)
    path.write_bytes(GOOD.encode() + b"\0")
    with pytest.raises(AnalysisError, match="zero bytes"):
        read_tidy_csv(path)


def test_a_file_that_is_not_there_is_an_error_in_words(tmp_path):
    with pytest.raises(AnalysisError, match="cannot be read"):
        read_tidy_csv(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace("P1", " P1 ").encode(),
        GOOD.replace("\n", "\n\n").encode(),
    ],
    ids=["byte order mark", "windows", "old mac", "semicolons", "tabs", "spaces", "blank lines"],
)
def test_what_spreadsheets_write_is_read(content):
    rows = parse_tidy_csv(content, source="x.csv")
    assert rows["participant"].tolist() == ["P1", "P1"]
    assert rows["rating"].tolist() == [10.0, 20.5]


def test_what_a_file_leaves_out_is_real_complete_and_presented_once():
    row = parse_tidy_csv(GOOD.encode(), source="x.csv").iloc[0]
    assert (row["simulated"], row["preview"], row["complete"], row["repeat"]) == (False, False, True, 0)


def test_repeats_tell_rows_apart():
    text = GOOD.replace("rating\n", "rating,repeat\n").replace("10\n", "10,0\n").replace("20.5\n", "20.5,\n")
    rows = parse_tidy_csv((text + "P1,i,b,12,1\n").encode(), source="x.csv")
    assert rows["repeat"].tolist() == [0, 0, 1]


def test_names_in_any_script_are_kept():
    names = ["مرجع", "日本語", "👩\N{ZERO WIDTH JOINER}🔬", "नमस्ते", "x" * 200]
    text = "participant,item,condition,rating\n" + "".join(f"P1,i,{name},1\n" for name in names)
    assert parse_tidy_csv(text.encode(), source="x.csv")["condition"].tolist() == names


def test_minus_zero_is_zero():
    rows = parse_tidy_csv(GOOD.replace("20.5", "-0").encode(), source="x.csv")
    assert str(rows["rating"].iloc[1]) == "0.0"


def test_a_file_name_that_is_not_utf8_is_still_a_title(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv"))
    try:
        path.write_text(GOOD, encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert (read_tidy_csv(path).title, read_tidy_csv(path).source) == ("?", "?.csv")


def test_ratings_keep_every_digit():
    rows = parse_tidy_csv(GOOD.replace("20.5", "0.1234567890123456789").encode(), source="x.csv")
    assert rows["rating"].iloc[1] == 0.1234567890123456789


def _file(folder, text):
    path = folder / "panel.csv"
    path.write_text(text, encoding="utf-8")
    return path


def _literally(words):
    import re

    return re.escape(words)
