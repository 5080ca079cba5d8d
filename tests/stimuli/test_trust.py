"""Nobody's code is run before somebody said so."""

import os
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.errors import StudyError
from mixeval_stimuli.render import render_recordings

MARK = '\n[[stimuli.conditions]]\nid = "marked"\nmethod = "command"\noptions = { run = "touch ran {stems} {output}" }\n'


@pytest.fixture
def marked(small_study):
    """A study whose command leaves a file that says it was run."""
    path = small_study.folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + MARK, encoding="utf-8")
    return small_study.folder


def render(folder, *options, answer=None):
    return CliRunner().invoke(main, ["render", str(folder), "--workers", "1", *options], input=answer)


def test_a_study_that_runs_code_is_refused_where_nobody_can_be_asked(marked):
    result = render(marked, answer="y\n")

    assert result.exit_code == 1
    assert "  marked: the command line 'touch ran {stems} {output}'" in result.stderr
    assert (
        "runs code that is not part of mixeval and nobody is there to be asked; read what it runs"
        in result.stderr
    )
    assert not (marked / "stimuli").exists()
    assert not (marked / "ran").exists()


def test_trust_is_said_for_one_render_and_not_remembered(marked):
    trusted = render(marked, "--trust")

    # These recordings have no stems, so all is planned and the command never comes to run.
    assert "has no stems to mix" in trusted.stderr
    assert "nobody is there to be asked" in render(marked).stderr


def test_a_study_that_runs_no_code_says_and_asks_nothing(small_study):
    result = render(small_study.folder)

    assert result.exit_code == 0
    assert "runs code" not in result.output


def test_what_is_told_cannot_move_the_cursor(marked):
    path = marked / "study.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("touch ran", r"touch \u001b[2K\u202e\r ran"),
        encoding="utf-8",
    )

    told = render(marked).stderr

    assert "\x1b" not in told
    assert "\u202e" not in told
    assert r"touch \x1b[2K\u202e\r ran" in told


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor(1)])
def test_the_library_runs_no_code_either_unless_it_is_trusted(small_study, executor):
    study = small_study.with_text(lambda text: text + MARK).study

    with pytest.raises(StudyError, match=r'condition "marked" runs the command line .* with --trust'):
        render_recordings(study, small_study.recordings, small_study.folder, executor=executor, workers=1)

    assert not (small_study.folder / "stimuli").exists()


@pytest.mark.skipif(os.name != "posix", reason="asks in a terminal of POSIX")
@pytest.mark.parametrize(
    ("answer", "sentence"),
    [("n", "was not rendered; take out the conditions that you do not trust"), ("y", "has no stems to mix")],
)
def test_in_a_terminal_one_question_is_asked(marked, answer, sentence):
    import pty

    ours, theirs = pty.openpty()
    asking = subprocess.Popen(
        [sys.executable, "-m", "mixeval", "render", str(marked), "--workers", "1", "--json"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    seen, answered = b"", False
    while asking.poll() is None or select.select([ours], [], [], 0)[0]:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                read = os.read(ours, 4096)
            except OSError:  # the terminal is gone with the program
                break
            seen += read
            # The question may come in two pieces.
            if b"[y/N]:" in seen and not answered:
                os.write(ours, answer.encode() + b"\n")
                answered = True
    written, _ = asking.communicate()
    os.close(ours)

    assert seen.count(b"Run it with your rights?") == 1
    assert sentence in seen.decode()
    assert written == b""
    assert asking.returncode == 1
