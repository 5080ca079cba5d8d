"""Judges: files by hand in the shapes that GoListen's server writes; sums read slowly from a real one."""

import csv

import pytest

from mixeval.errors import AnalysisError
from mixeval_analysis.load import load
from mixeval_analysis.selection import select
from mixeval_analysis.sources.foreign.golisten import is_golisten, read_golisten
from mixeval_analysis.sources.foreign.imported import split_lines
from mixeval_analysis.sources.foreign.results import read_results

FILES = "a-net.wav,a-ref.wav,b-net.wav,b-ref.wav"
CUT = f'"","files","",{FILES}\n"My test","2023-09-06 01:50:43","me@example.org",10,20,30,40\n'
WHOLE = (
    "Tags,,,loud,,quiet,\n"
    'Name,Date,"Your e-mail?","Song one rating",,"Song two rating",\n'
    ",,,net.wav,ref.wav,net.wav,ref.wav\n"
    "Ann,2023-09-06 01:50:43,me@example.org,10,20,30,40\n"
    "Bob,2023-09-06 02:50:43,him@example.org,,21,31,41\n"
)


def test_names_of_files_are_cut_into_item_and_mix():
    rows = read_golisten(CUT, source="x.csv").rows
    assert rows[["item", "condition", "rating"]].to_numpy().tolist() == [
        ["a", "net", 10.0],
        ["a", "ref", 20.0],
        ["b", "net", 30.0],
        ["b", "ref", 40.0],
    ]


def test_titles_of_examples_are_items():
    rows = read_golisten(WHOLE, source="x.csv").rows
    assert rows["item"].unique().tolist() == ["Song one", "Song two"]
    assert rows["condition"].unique().tolist() == ["net", "ref"]


def test_a_slider_without_a_value_is_never_answered(tmp_path):
    path = tmp_path / "any.txt"
    path.write_text(WHOLE, encoding="utf-8")
    group = select(load(str(path))).groups[0]
    assert len(group.rows) == 7
    assert [(entry.reason, entry.answers) for entry in group.left_out] == [("never answered", 1)]


def test_no_name_and_no_answer_to_a_question_is_read():
    read = read_golisten(WHOLE, source="x.csv")
    everything = read.rows.to_csv() + " ".join(read.remarks)
    for secret in ("Ann", "Bob", "@", "2023"):
        assert secret not in everything
    assert set(read.rows["participant"]) == {"P01", "P02"}


@pytest.mark.parametrize(
    ("files", "cells"),
    [
        ("net_1.wav,ref_1.wav,net_2.wav,ref_2.wav", [("1", "net"), ("1", "ref"), ("2", "net"), ("2", "ref")]),
        (
            "x a net.wav,x a ref.wav,x b net.wav,x b ref.wav",
            [("x a", "net"), ("x a", "ref"), ("x b", "net"), ("x b", "ref")],
        ),
        ("日/網.wav,日/原.wav,月/網.wav,月/原.wav", [("日", "網"), ("日", "原"), ("月", "網"), ("月", "原")]),
    ],
)
def test_items_are_before_or_behind_and_in_any_script(files, cells):
    rows = read_golisten(CUT.replace(FILES, files), source="x.csv").rows
    assert list(zip(rows["item"], rows["condition"], strict=True)) == cells


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            CUT.replace(FILES, "kick.wav,snare.wav,hat.wav,tom.wav"),
            "do not say which mix of which item each is; name",
        ),
        (
            CUT.replace(FILES, "a-x-p.wav,a-x-q.wav,a-y-p.wav,a-y-q.wav")
            .replace("40\n", "40,1,2,3,4\n")
            .replace("a-y-q.wav", "a-y-q.wav,b-x-p.wav,b-x-q.wav,b-y-p.wav,b-y-q.wav"),
            "can be split into item and mix in several ways",
        ),
        (CUT.replace(",10,", ",loud,"), 'row 2, a-net: the rating "loud" is no finite number'),
        (CUT.replace(",10,", ',"1,5",'), "has a decimal comma"),
        (CUT.replace(",40\n", "\n"), "row 2: there are 6 cells under 7 columns"),
        (WHOLE.replace(".wav", ""), "without audio files in its header"),
        (WHOLE + 'Eve,"2023', "is not a regular table"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(text, words):
    assert is_golisten(split_lines(CUT, "x.csv"))
    with pytest.raises(AnalysisError) as refused:
        read_golisten(text, source="x.csv")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_tidy_csv_of_wave_files_is_none_of_golisten():
    text = "participant,item,condition,rating\nP1,a.wav,b.wav,3\nP1,2023-01-01 00:00:00,c.wav,4\n"
    assert read_results(text.encode(), source="x.csv") is None


def test_a_real_file_has_the_counts_and_sums_of_a_slow_reading(dev_data):
    file = dev_data / "platform-results" / "golisten_s4drc_mushra.csv"
    with file.open(encoding="utf-8", newline="") as opened:
        header, *people = csv.reader(opened)
    answers = load(str(file))
    assert answers.participants == len(people) == 19
    assert len(answers.rows) == 19 * 44
    for index, name in enumerate(header):
        if name.endswith(".wav"):
            item, condition = name.removesuffix(".wav").split("-", 1)
            own = answers.rows.loc[(answers.rows["item"] == item) & (answers.rows["condition"] == condition)]
            assert own["rating"].tolist() == [float(line[index]) for line in people]
