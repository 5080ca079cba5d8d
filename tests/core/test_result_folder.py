"""Judge: the files on disk before and after."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

import mixeval.result_folder
from mixeval.errors import ResultError

replace_files = partial(mixeval.result_folder.replace_files, listing="report.json")


def test_what_an_earlier_run_wrote_and_this_one_did_not_is_removed(tmp_path):
    replace_files(
        tmp_path / "out", {"old/a.csv": b"1", "b.csv": b"2", "report.json": _list("old/a.csv", "b.csv")}
    )
    replace_files(tmp_path / "out", {"b.csv": b"3", "report.json": _list("b.csv")})
    assert _names(tmp_path / "out") == ["b.csv", "report.json"]
    assert not (tmp_path / "out" / "old").exists()


def test_what_somebody_removed_by_hand_is_not_missed(tmp_path):
    out = tmp_path / "out"
    replace_files(out, {"old/a.csv": b"1", "report.json": _list("old/a.csv")})
    (out / "old" / "a.csv").unlink()
    (out / "old").rmdir()
    replace_files(out, {"report.json": _list()})
    assert _names(out) == ["report.json"]


def test_a_list_that_points_outside_the_folder_is_not_believed(tmp_path):
    outside = tmp_path / "precious.csv"
    outside.write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_bytes(_list("../precious.csv", str(outside)))
    replace_files(tmp_path / "out", {"report.json": _list()})
    assert outside.read_text() == "mine"


def test_a_list_of_another_program_is_not_believed(tmp_path):
    (tmp_path / "mine.csv").write_text("mine")
    (tmp_path / "report.json").write_text('{"files": ["mine.csv", "report.json"]}')
    with pytest.raises(ResultError, match=r"report\.json is there already and was not written by mixeval"):
        replace_files(tmp_path, {"report.json": _list()})
    (tmp_path / "report.json").write_text('{"generator": {"mixeval": "1"}, "files": 3}')
    with pytest.raises(ResultError, match="was not written by mixeval"):
        replace_files(tmp_path, {"report.json": _list()})
    assert _names(tmp_path) == ["mine.csv", "report.json"]


@pytest.mark.parametrize(("moves", "again"), [(1, False), (2, True)], ids=["first run", "second run"])
def test_a_run_that_was_killed_is_taken_up_by_the_next(tmp_path, moves, again):
    out = tmp_path / "out"
    if again:
        replace_files(out, {"old.csv": b"0", "report.json": _list("old.csv")})
    files = {"a.csv": b"1", "b/c.csv": b"2", "report.json": _list("a.csv", "b/c.csv")}
    _killed_after(moves, out, files)
    replace_files(out, {"a.csv": b"3", "report.json": _list("a.csv")})
    assert sorted(path.name for path in out.iterdir()) == ["a.csv", "report.json"]
    assert (out / "a.csv").read_bytes() == b"3"


def test_two_runs_at_once_leave_the_files_of_one(tmp_path):
    names = [f"{number}.csv" for number in range(40)]

    def write(content):
        replace_files(tmp_path / "out", {**dict.fromkeys(names, content), "report.json": _list(*names)})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, [b"1", b"2", b"3", b"4"] * 5))
    assert len({(tmp_path / "out" / name).read_bytes() for name in names}) == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*names, "report.json"])


def test_a_run_that_fails_leaves_the_last_report_whole(tmp_path, monkeypatch):
    out = tmp_path / "out"
    replace_files(out, {"a.csv": b"old", "report.json": _list("a.csv")})

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ResultError, match="No space left on device"):
        replace_files(out, {"a.csv": b"new", "report.json": _list("a.csv")})
    assert _names(out) == ["a.csv", "report.json"]
    assert (out / "a.csv").read_text() == "old"


def test_two_kinds_of_results_share_a_folder_and_leave_each_other_alone(tmp_path):
    out = tmp_path / "out"
    replace_files(out, {"a.csv": b"1", "report.json": _list("a.csv")})
    other = {"b.csv": b"2", "other.json": _list("b.csv").replace(b"report.json", b"other.json")}
    mixeval.result_folder.replace_files(out, other, listing="other.json")
    replace_files(out, {"c.csv": b"3", "report.json": _list("c.csv")})
    assert _names(out) == ["b.csv", "c.csv", "other.json", "report.json"]
    with pytest.raises(ResultError, match=r"b\.csv is there already"):
        replace_files(out, {"b.csv": b"4", "report.json": _list("b.csv")})


def _killed_after(moves, folder, files):
    """Run replace_files in a process of its own that ends, as if killed, after so many files are in place."""
    code = f"""
import os, pathlib
from mixeval.result_folder import replace_files

move, done = pathlib.Path.replace, []

def replace(draft, place):
    if len(done) == {moves}:
        os._exit(9)
    done.append(move(draft, place))

pathlib.Path.replace = replace
replace_files(pathlib.Path({str(folder)!r}), {files!r}, listing='report.json')
os._exit(0)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment)
    assert done.returncode == (0 if moves == len(files) else 9)


def _names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _list(*names):
    return json.dumps({"generator": {"mixeval": "1"}, "files": [*names, "report.json"]}).encode()
