"""Judges: sessions by hand in the shape that the Web Audio Evaluation Tool stores; real ones read slowly by pattern."""

import re

import pytest

from mixeval.errors import AnalysisError
from mixeval.xml_tree import LARGEST_BYTES
from mixeval_analysis.load import load
from mixeval_analysis.selection import select
from mixeval_analysis.sources.foreign.waet import read_waet


def _mix(page, name, value, kind="normal", number=1):
    rating = "" if value is None else f"<value>{value}</value>"
    return (
        f'<audioelement ref="{page}-{number}" type="{kind}" url="{name}.flac" presentedId="{number}"><metric>'
        '<metricresult name="enableElementTimer">2.5</metricresult>'
        f'<metricresult name="elementFlagMoved">true</metricresult></metric>{rating}'
        "<comment><response>I am ann@example.org</response></comment></audioelement>"
    )


def _page(name, values, place=1, state="complete"):
    kinds = {"orig": "reference", "target": "outside-reference"}
    mixes = "".join(
        _mix(name, mix, value, kinds.get(mix, "normal"), number)
        for number, (mix, value) in enumerate(values.items(), start=1)
    )
    return f'<page ref="{name}" presentedId="{place}" state="{state}">{mixes}</page>'


def _session(key, *pages, state="complete", interface="vertical"):
    return (
        f'<?xml version="1.0"?><waetresult key="{key}" state="{state}"><waet><setup interface="{interface}"/></waet>'
        '<survey><surveyresult ref="mail"><response>ann@example.org</response></surveyresult></survey>'
        f"{''.join(pages)}</waetresult>"
    ).encode()


LOOP1 = _page("loop1", {"orig": 0.9, "net": 0.25, "target": None}, place=2)
LOOP2 = _page("loop2", {"net": 0.5, "orig": 1}, place=1)
WHOLE = _session("kB", LOOP1, LOOP2)
SPECIFICATION = b'<?xml version="1.0" encoding="ISO-8859-1"?><waet><setup interface="vertical"/></waet>'


def test_values_are_ratings_of_files_and_the_open_reference_has_none():
    read = read_waet({"a.xml": WHOLE}, source="a.xml")
    assert read.rows[["item", "condition", "rating", "position", "listened_seconds"]].to_numpy().tolist() == [
        ["loop2", "net", 0.5, 0, 2.5],
        ["loop2", "orig", 1.0, 0, 2.5],
        ["loop1", "orig", 0.9, 1, 2.5],
        ["loop1", "net", 0.25, 1, 2.5],
    ]
    assert read.scale == (0.0, 1.0)
    assert read.settings == {"reference": "orig"}


def test_nothing_that_says_who_it_was_is_read():
    read = read_waet({"ann.xml": WHOLE}, source="ann")
    everything = read.rows.to_csv() + " ".join(read.remarks)
    for secret in ("ann", "@", "kB"):
        assert secret not in everything


def test_a_folder_is_a_panel_with_begun_and_unfinished_sessions_apart(tmp_path):
    files = {
        "1": WHOLE,
        "2": _session("kA", LOOP2, state="complete"),
        "3": _session("kC", LOOP2, _page("loop1", {}, state="empty"), state="update"),
        "4": b'<?xml version="1.0"?>\n<waetresult key="kD"/>',
        "5": SPECIFICATION,
        "notes": b"none of this is XML",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    answers = load(str(tmp_path))
    assert "Begun without one finished page: 1 session." in answers.remarks[0]
    assert "Not read: 1 specification of the test." in answers.remarks[0]
    group = select(answers).groups[0]
    assert sorted(set(group.rows["participant"])) == ["P01", "P02"]
    assert [(entry.reason, entry.answers) for entry in group.left_out] == [
        ("the session was not completed", 2)
    ]


def test_the_same_session_in_two_files_counts_once_where_it_came_further():
    files = {"a.xml": _session("k", LOOP2, state="update"), "b.xml": _session("k", LOOP1, LOOP2)}
    read = read_waet(files, source="saves")
    assert len(read.rows) == 4
    assert read.rows["complete"].all()
    assert "1 file left out" in read.remarks[0]


def test_ids_without_their_page_name_mixes_whose_files_differ():
    pages = [
        f'<page ref="p{n}" state="complete"><audioelement ref="p{n}-net" url="{n}a.wav"><value>0.1</value></audioelement>'
        f'<audioelement ref="p{n}-sum" url="{n}b.wav"><value>0.2</value></audioelement></page>'
        for n in (1, 2)
    ]
    read = read_waet({"a.xml": _session("k", *pages)}, source="a.xml")
    assert read.rows["condition"].tolist() == ["net", "sum", "net", "sum"]


def test_a_page_that_shares_no_mix_with_the_others_is_practice():
    practice = _page("training", {"one": 0.3, "two": 0.4}, place=0)
    read = read_waet({"a.xml": _session("k", practice, LOOP1, LOOP2)}, source="a.xml")
    assert read.rows.groupby("item")["purpose"].first().to_dict() == {
        "loop1": "rating",
        "loop2": "rating",
        "training": "practice",
    }
    assert "Taken as practice" in read.remarks[0]


def test_axes_are_attributes():
    page = LOOP2.replace("<value>0.5</value>", '<value interface-name="depth">0.5</value>')
    assert read_waet({"a": _session("k", page)}, source="a").rows["attribute"].tolist() == ["depth", ""]


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><waetresult>&b;</waetresult>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><waetresult key="k">&f;</waetresult>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SPECIFICATION, "is the specification of a test of the Web Audio Evaluation Tool, and no result"),
        (b'<waetresult key="k"/>', "only 1 session in which no page was finished"),
        (BOMB, "declares a document type"),
        (OUTSIDE, "declares a document type"),
        (WHOLE[:-40], "is no complete XML"),
        (b"<" + bytes(range(256)), "is no complete XML"),
        (b'<?xml version="1.0" encoding="none"?><a/>', "is no complete XML"),
        (b"<a>" * 5000, "is nested more than 100 deep"),
        (b"<html></html>", "is XML of another kind, its root is <html>"),
        (b"<" + b" " * LARGEST_BYTES, "has 32 MB"),
        (WHOLE.replace(b"0.25", b"0,25"), 'page "loop1", net: the rating "0,25" has a decimal comma'),
        (WHOLE.replace(b"0.25", b"nan"), "is no finite number"),
        (
            _session("k", LOOP1, interface="ABX"),
            "ABX pages of the Web Audio Evaluation Tool, which are not read",
        ),
        (_session("k", LOOP2.replace("loop2", "")), "item is empty"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(tmp_path, content, words):
    path = tmp_path / "any.name"
    path.write_bytes(content)
    with pytest.raises(AnalysisError) as refused:
        load(str(path))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_real_folder_has_the_counts_and_sums_of_a_slow_reading(dev_data):
    folder = dev_data / "platform-results" / "waet"
    group = select(load(str(folder))).groups[0]
    sums = {}
    for file in folder.glob("save-*.xml"):
        text = file.read_text(encoding="utf-8")
        if 'state="complete"><waet ' in text:
            found = re.findall(
                r'<audioelement ref="(?!training)[^>]* url="(\w+)\.flac".*?</audioelement>', text, re.DOTALL
            )
            values = re.findall(
                r'<audioelement ref="(?!training)(?:(?!</audioelement>).)*?<value>([^<]*)</value>',
                text,
                re.DOTALL,
            )
            rated = [name for name in found if name != "target"]
            for name, value in zip(rated, values, strict=True):
                sums.setdefault(name, []).append(float(value))
    assert len(sums) == 4
    for condition, values in sums.items():
        own = group.rows.loc[group.rows["condition"] == condition, "rating"]
        assert (len(own), own.sum()) == (len(values), pytest.approx(sum(values), abs=1e-9))
    assert group.participants == 2
