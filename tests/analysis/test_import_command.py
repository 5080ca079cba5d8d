"""Judges: the analysis of the platform's own file, Python's csv module, the operating system."""

import csv
import json
import os
import re

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.errors import AnalysisError, ResultError
from mixeval.result_folder import table_files
from mixeval_analysis.importing import import_results
from mixeval_analysis.load import load
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.selection import select

MUSHRA = (
    "session_test_id,email,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment\n"
)
PAIRED = "session_test_id,email,trial_id,choice_reference,choice_non_reference,choice_answer,choice_time,choice_comment\n"
GRADES = (
    "session_test_id,email,trial_id,rating_reference,rating_non_reference,rating_reference_score,"
    "rating_non_reference_score,rating_time,choice_comment\n"
)
MIXES = ("reference", "net", "forest", "anchor35")


def _mushra(people=range(8), items=("loop1", "loop2")):
    return MUSHRA + "".join(
        f"drums,ann{person}@example.org,u{person},{item},{mix},{90 - 17 * rank + (7 * person + 3 * rank * place) % 11},"
        f"{5000 + person},\n"
        for person in people
        for place, item in enumerate(items)
        for rank, mix in enumerate(MIXES)
    )


def _paired():
    rows = [
        f"t,p{person}@x.y,loop1,reference,{mix},{'correct' if (person + rank) % 3 else 'incorrect'},{person}9,\n"
        for person in range(6)
        for rank, mix in enumerate(("net", "forest"))
    ]
    return PAIRED + "".join(rows) + "t,q@x.y,loop1,reference,net,undecided,9,\n"


def _grades():
    return GRADES + "".join(
        f"t,p{person}@x.y,loop1,reference,{mix},5,{4.5 - rank - person / 10},9{person},\n"
        for person in range(6)
        for rank, mix in enumerate(("net", "forest"))
    )


def _golisten():
    people = "".join(
        f'"","2023-09-06 01:50:4{person}","me{person}@example.org",{60 + person},{80 - person},{50 + 2 * person},{90 - person}\n'
        for person in range(7)
    )
    return f'"","files","",a-net.wav,a-ref.wav,b-net.wav,b-ref.wav\n{people}'


def _waet(person, state="complete"):
    pages = "".join(
        f'<page ref="{item}" presentedId="{place}" state="complete">'
        + "".join(
            f'<audioelement ref="{item}-{rank}" type="{kind}" url="{mix}.wav" presentedId="{rank}"><metric>'
            f'<metricresult name="enableElementTimer">{2.5 + rank}</metricresult></metric>'
            f"<value>{0.9 - 0.2 * rank + 0.01 * (person * (rank + place + 1) % 7)}</value></audioelement>"
            for rank, (mix, kind) in enumerate((("orig", "reference"), ("net", "normal"), ("low", "anchor")))
        )
        + "</page>"
        for place, item in enumerate(("loop1", "loop2"))
    )
    return (
        f'<?xml version="1.0"?><waetresult key="k{person}" state="{state}"><waet><setup interface="vertical"/></waet>'
        f"<survey><surveyresult><response>ann@example.org</response></surveyresult></survey>{pages}</waetresult>"
    )


SOURCES = {
    "mushra.csv": _mushra(),
    "paired.csv": _paired(),
    "bs1116.csv": _grades(),
    "golisten.csv": _golisten(),
}


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["import", *map(str, arguments)])


@pytest.fixture
def source(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def _rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _tables(path):
    (group,) = select(load(str(path))).groups
    return table_files(analyze_answers(group).tables.values())


@pytest.mark.parametrize("name", SOURCES)
def test_the_tidy_csv_gives_the_tables_of_the_file_itself(source, tmp_path, name):
    direct = source(name, SOURCES[name])
    import_results([direct], tmp_path / "out.csv")
    assert len(_tables(direct)) > 5
    assert _tables(tmp_path / "out.csv") == _tables(direct)


def test_the_tidy_csv_of_a_folder_gives_the_tables_of_the_folder(source, tmp_path):
    for person in range(6):
        source(f"saves/save-{person}.xml", _waet(person, "complete" if person else "update"))
    source("saves/notes.txt", "not of the tool")
    written = import_results([tmp_path / "saves"], tmp_path / "out.csv")
    assert written.uncounted == {"the session was not completed": 6}
    assert _tables(tmp_path / "out.csv") == _tables(tmp_path / "saves")


def test_a_file_for_each_participant_becomes_one_table(run, source, tmp_path):
    files = [source(f"save-{person}.xml", _waet(person)) for person in range(3)]
    begun = source("begun.xml", '<waetresult key="kD"/>')
    same = source("copy.xml", _waet(1))
    result = run(*files, begun, same, "--out", "all.csv")
    assert result.exit_code == 0, result.output
    assert "18 ratings of 3 participants, 2 items, 3 conditions (orig, net, low)." in result.output
    assert "Begun without one finished page: 1 session." in result.output
    assert "Left out, as the very same file stands there under another name: copy.xml." in result.output
    assert "Ratings: all.csv" in result.output
    rows = _rows(tmp_path / "all.csv")
    assert {row["participant"] for row in rows} == {"P01", "P02", "P03"}
    assert (tmp_path / "all.analysis.toml").read_text().endswith('reference = "orig"\n')


def test_files_of_two_servers_are_other_people(source, tmp_path):
    one, two = source("one.csv", _mushra(range(3))), source("two.csv", _mushra(range(3, 5)))
    written = import_results([one, two], tmp_path / "out.csv")
    assert (written.participants, written.rows) == (5, 40)
    assert "listeners of different files are taken as different people" in written.remarks[-1]


def test_json_says_all_that_the_words_say(run, source):
    result = run(source("m.csv", _mushra() + "drums,x,u0,loop1,net,5,1,\n"), "--out", "out.csv", "--json")
    said = json.loads(result.output)
    assert said["platform"] == "webMUSHRA"
    assert (said["ratings"], said["participants"], said["items"]) == (65, 8, 2)
    assert said["conditions"] == list(MIXES)
    assert said["in_no_table"] == {"the same answer came again": 1}
    assert (said["file"], said["settings"]) == ("out.csv", "out.analysis.toml")
    assert any("numbered" in remark for remark in said["remarks"])


def test_nothing_that_says_who_somebody_is_is_in_what_was_written(source, tmp_path):
    for number, content in enumerate((*SOURCES.values(), _waet(0))):
        import_results([source(f"in{number}", content)], tmp_path / f"out{number}.csv")
        written = (tmp_path / f"out{number}.csv").read_text()
        assert not re.search(r"@|example|uuid|u\d|2023", written)


def test_no_name_is_a_formula_in_what_was_written(source, tmp_path):
    names = ("=HYPERLINK(A1)", "+1", "-2", "@SUM(A1)")
    text = MUSHRA + "".join(f"t,,u1,{name},{mix},-3,1,\n" for name in names for mix in ("a", "=b"))
    import_results([source("m.csv", text)], tmp_path / "out.csv")
    rows = _rows(tmp_path / "out.csv")
    assert {row["item"] for row in rows} == {f"'{name}" for name in names}
    assert {row["condition"] for row in rows} == {"a", "'=b"}
    assert {row["rating"] for row in rows} == {"-3.0"}
    # And they are the names again that they were.
    assert set(load(str(tmp_path / "out.csv")).rows["item"]) == set(names)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"participant,item,condition,rating\np,i,a,1\n", "a table of your own needs no import"),
        (b"\xff\xfe\x00a", "it holds zero bytes"),
        (b"\x80\x81abc", "it is not UTF-8 text"),
        (b"=cmd|' /C calc'!A0\n", 'its first line is "=cmd'),
        (_mushra().replace(",", "|").encode(), 'its first line is "session_test_id|email'),
        (_mushra().encode() + b"\0", "it holds zero bytes"),
        (_mushra().replace(",90,", ",1e308,", 1).encode(), 'the rating "1e308" is no finite number'),
        (_mushra().replace(",90,", ",NaN,", 1).encode(), 'the rating "NaN" is no finite number'),
        (_mushra().replace(",90,", ",-inf,", 1).encode(), 'the rating "-inf" is no finite number'),
        (_waet(0).replace("<waet>", "<!DOCTYPE x><waet>").encode(), "no complete XML"),
        (b'<!DOCTYPE r [<!ENTITY e "x">]><waetresult>&e;</waetresult>', "declares a document type"),
        (b"<waetresult>" + b"<page>" * 10_000, "nested more than 100 deep"),
        (b"<waet><setup/></waet>", "is the specification of a test"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence_and_nothing_is_written(
    run, source, tmp_path, content, words
):
    before = source("any.name", content)
    result = run(before, "--out", "out.csv")
    assert result.exit_code == 1
    assert words in result.output
    assert result.output.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["any.name"]


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace("\n", "\n\n").encode(),
    ],
    ids=["byte order mark", "Windows", "old Mac", "semicolons", "tabs", "no last line end", "blank lines"],
)
def test_how_a_spreadsheet_saved_it_changes_nothing(source, tmp_path, changed):
    import_results([source("plain.csv", _mushra())], tmp_path / "plain-out.csv")
    import_results([source("saved.csv", changed(_mushra()))], tmp_path / "saved-out.csv")
    assert (tmp_path / "saved-out.csv").read_bytes() == (tmp_path / "plain-out.csv").read_bytes()


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"g.csv": _golisten()}, "they hold results of webMUSHRA and GoListen"),
        ({"p.csv": _paired()}, "they hold answers that are ratings and choices"),
        ({"older.csv": _mushra(range(5))}, "one is a copy of the other, or of a part of it"),
        ({"s.xml": _waet(1)}, "they hold results of Web Audio Evaluation Tool and webMUSHRA"),
    ],
)
def test_what_cannot_stand_in_one_table_is_refused(source, tmp_path, others, words):
    files = [source("m.csv", _mushra()), *(source(name, content) for name, content in others.items())]
    with pytest.raises(AnalysisError, match=re.escape(words)):
        import_results(files, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_what_is_there_already_is_never_overwritten(source, tmp_path):
    read = source("m.csv", _mushra())
    for out, blocked in ((read, read), (tmp_path / "out.csv", tmp_path / "out.analysis.toml")):
        source(blocked.name, content := blocked.read_bytes() if blocked.exists() else b"mine")
        with pytest.raises(ResultError, match="is there already"):
            import_results([read], out)
        assert blocked.read_bytes() == content


def test_a_disk_that_is_full_leaves_nothing_behind(source, tmp_path, monkeypatch):
    source("m.csv", _mushra())
    out = tmp_path / "results"
    out.mkdir()

    def full(_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResultError, match=r"No space left on device.*; make room"):
        import_results([tmp_path / "m.csv"], out / "out.csv")
    assert list(out.iterdir()) == []


def test_a_pipe_a_missing_file_and_an_empty_folder_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    for name, words in (
        ("pipe", "is no file"),
        ("gone.csv", "No such file"),
        ("empty", "holds no XML files"),
    ):
        with pytest.raises(AnalysisError, match=words):
            import_results([tmp_path / name], tmp_path / "out.csv")


@pytest.mark.parametrize("name", ["webmushra_difftransfer.csv", "golisten_s4drc_mushra.csv", "waet"])
def test_the_tidy_csv_of_real_results_gives_their_own_tables(dev_data, tmp_path, name):
    direct = dev_data / "platform-results" / name
    import_results([direct], tmp_path / "out.csv")
    assert _tables(tmp_path / "out.csv") == _tables(direct)
