"""Commands: what they get, what they may do wrong, and that nothing of them is left."""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from mixeval.audio import read_audio
from mixeval.errors import AudioError, DatasetError, RenderError
from mixeval_stimuli.cache import keep_mix
from mixeval_stimuli.executors import WorkerPool
from mixeval_stimuli.methods.guests.command import Command
from mixeval_stimuli.methods.guests.guarded import Guarded
from mixeval_stimuli.recordings import Recording

pytestmark = pytest.mark.skipif(os.name != "posix", reason="commands are run on Linux and macOS")

RATE = 44_100

MIXER = """
import sys, pathlib, soundfile
stems, output = map(pathlib.Path, sys.argv[1:3])
rates = {soundfile.info(path).samplerate for path in stems.glob("*.wav")}
soundfile.write(output, sum(soundfile.read(path)[0] for path in sorted(stems.glob("*.wav"))), rates.pop(), "FLOAT")
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Give the folder for temporary files, which must be empty again after every test."""
    folder = tmp_path / "temporary files"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    _until(lambda: not list(folder.iterdir()))


@pytest.fixture
def shell(multitrack, temporary):
    """Make a command of a shell script in the study's folder."""
    assert temporary.is_dir()

    def made(script, **options):
        path = multitrack.folder / "mix.sh"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return Command(run="./mix.sh {stems} {output}", **options).beside(multitrack.folder)

    return made


@pytest.fixture
def python(multitrack, temporary):
    """Make a command of a Python script in the study's folder."""
    assert temporary.is_dir()

    def made(script=MIXER, arguments="{stems} {output}", **options):
        (multitrack.folder / "mix.py").write_text(script, encoding="utf-8")
        return Command(run=f"'{sys.executable}' mix.py {arguments}", **options).beside(multitrack.folder)

    return made


@pytest.fixture
def begun(monkeypatch, tmp_path):
    """Give a file; a command's time begins when it has written there, however long a busy machine takes till then."""
    file, answer = tmp_path / "begun", Guarded._answer

    def answer_once_begun(place, *, until):
        if until is not None:
            left = until - time.monotonic()
            _until(lambda: file.exists() and file.stat().st_size)
            until = time.monotonic() + left
        return answer(place, until=until)

    monkeypatch.setattr(Guarded, "_answer", answer_once_begun)
    return file


def refusal(command, recording):
    with pytest.raises(RenderError) as told:
        command.mix(recording)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_a_command_gets_each_stem_as_a_float_file_and_its_mix_comes_back(python, recording):
    mix = python().mix(recording)

    expected = sum(read_audio(recording.stems[name]).samples[0] for name in sorted(recording.stems))
    np.testing.assert_allclose(mix.audio.samples[0], expected, atol=1e-6)
    assert mix.parameters == {"stems_given": list(recording.stems)}
    assert mix.notes == ()


def test_the_files_are_named_by_stems_and_hold_32_bit_floats_of_the_rate_asked_for(shell, recording):
    seen = shell('ls "$1" | tr "\\n" " "; file=$1/kick.wav; od -A n -t u2 -j 20 -N 2 "$file"; exit 3')

    told = refusal(seen, recording)

    assert "kick.wav overhead_L.wav overhead_R.wav snare.wav" in told
    assert "exit code 3" in told


def test_a_rate_is_told_where_the_line_asks_for_it(python, recording):
    command = python(
        f"import sys; print('rate', sys.argv.pop())\n{MIXER}",
        "{stems} {output} {sample_rate}",
        sample_rate=48_000,
    )

    mix = command.mix(recording)

    assert (mix.audio.sample_rate, mix.audio.frames, mix.notes) == (RATE, RATE, ())


def test_a_mix_at_another_rate_than_the_stems_is_brought_to_theirs(python, recording):
    script = MIXER.replace("rates.pop()", "22050").replace(
        "soundfile.read(path)[0]", "soundfile.read(path)[0][::2]"
    )

    mix = python(script).mix(recording)

    assert (mix.audio.sample_rate, mix.audio.frames) == (RATE, RATE)


def test_the_program_words_that_are_files_and_declared_files_decide_the_mix(python, multitrack):
    (multitrack.folder / "weights.bin").write_bytes(b"weights")
    (multitrack.folder / "preset.json").write_bytes(b"{}")
    (multitrack.folder / "mix.sh").write_bytes(b"")
    recording = multitrack.recording

    command = python(arguments="{stems} {output} preset.json --loud", files=("weights.bin",))
    by_path = Command(run="./mix.sh {stems} {output}").beside(multitrack.folder)

    named = {path.name for path in command.inputs(recording)} - {
        path.name for path in recording.stems.values()
    }
    assert named == {"mix.py", "preset.json", "weights.bin"}
    assert by_path.inputs(recording)[-1].name == "mix.sh"


def test_how_long_a_command_may_take_does_not_decide_its_mix():
    assert "timeout_seconds" not in Command(run="mix {stems} {output}", timeout_seconds=3.0).model_dump()


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        ("mix '{stems} {output}", "No closing quotation"),
        ("mix {output}", "must hold {stems}"),
        ("mix {stems}", "must hold {output}"),
        ("", "must hold {stems}"),
        ("{stems} {output}", "must hold {stems} behind"),
        ("mix {stems} {output} \0", "NUL"),
    ],
)
def test_a_line_that_is_no_command_is_refused(run, problem):
    with pytest.raises(ValidationError, match=problem):
        Command(run=run)


def test_no_shell_sees_the_line_and_other_braces_stay(python, recording):
    command = python(
        "import sys; print(sys.argv[2:]); sys.exit(1)",
        "x{stems} '$(id)' '; id' {output} '{print $1}' {item} '*'",
    )

    told = refusal(command, recording)

    assert "'$(id)', '; id', '" in told
    assert "mix.wav', '{print $1}', '{item}', '*']" in told


@pytest.mark.parametrize(
    "name", ["-rf", "kick; touch injected", "$(touch injected)", "sn are", "Größe", "{output}"]
)
def test_no_name_of_a_stem_or_an_item_comes_into_the_line(python, multitrack, name):
    kick = multitrack.recording.stems["kick"]

    mix = python().mix(Recording(name, stems={name: kick}))

    np.testing.assert_array_equal(mix.audio.samples, read_audio(kick).samples)
    assert not list(multitrack.folder.rglob("injected"))


@pytest.mark.parametrize("name", ["../escaped", "a/b", "..", ".hidden", "x" * 300])
def test_a_stem_that_is_no_file_name_is_refused(python, multitrack, name):
    recording = Recording("take", stems={name: multitrack.recording.stems["kick"]})

    told = refusal(python(), recording)

    assert "cannot be given to a command, its name is none for a file" in told or "File name too long" in told


def test_a_study_whose_folder_begins_with_a_dash_works(multitrack, monkeypatch, temporary):
    folder = multitrack.folder.with_name("-study")
    multitrack.folder.rename(folder)
    monkeypatch.chdir(folder.parent)
    (folder / "mix.sh").write_text('#!/bin/sh\ncp "$1/kick.wav" "$2"\n', encoding="utf-8")
    (folder / "mix.sh").chmod(0o755)
    kick = Recording("take 1", stems={"kick": Path("-study/takes/take 1/kick.wav")})

    mix = Command(run="./mix.sh {stems} {output}").beside(Path("-study")).mix(kick)

    assert temporary.is_dir()
    np.testing.assert_array_equal(mix.audio.samples, read_audio(folder / "takes/take 1/kick.wav").samples)


def test_a_servers_secrets_are_not_handed_on(shell, recording, monkeypatch):
    monkeypatch.setenv("MIXEVAL_SECRET_KEY", "very secret")

    assert "very" not in refusal(shell('echo "key: $MIXEVAL_SECRET_KEY"; exit 1'), recording)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo no luck; echo really >&2; exit 7", 'ended with exit code 7, it printed "no luck | really"'),
        ("exit 7", "ended with exit code 7 without a word; see that it runs by hand, in the study's folder."),
        ("kill -SEGV $$", "was ended by SIGSEGV without a word; see that memory suffices"),
        ("echo all well", 'succeeded but wrote no mix, it printed "all well"; see that it writes to the file'),
        (': > "$2"', "cannot be used (it holds no audio, the file is empty)"),
        ('echo hello > "$2"', "cannot be used (it cannot be read as audio"),
        ('head -c 1000 "$1/kick.wav" > "$2"', "cannot be used (it is cut short, its header promises"),
        ('ln -s "$1/kick.wav" "$2"', "left something else than a file"),
        ('ln "$1/kick.wav" "$2"', "left something else than a file"),
        ('ln -s /dev/zero "$2"', "left something else than a file"),
        ('mkdir "$2"', "left something else than a file"),
        ('mkfifo "$2"', "left something else than a file"),
        ('d=$(dirname "$2"); mv "$d" "$d.x"; mkdir t; cp "$d.x/stems/kick.wav" t/mix.wav; ln -s "$PWD/t" "$d"; rm -r "$d.x"',
         "left something else than a file"),
    ],
)  # fmt: skip
def test_what_a_command_does_wrong_is_one_sentence(shell, recording, script, problem):
    assert problem in refusal(shell(script), recording)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("{begun}; sleep 600", " without a word; see what it waits for, or allow it more"),
        ("echo thinking; {begun}; sleep 600", ', it printed "thinking"'),
        ("sleep 600 & {begun}; sleep 600", " without a word"),
    ],
)
def test_that_a_command_takes_too_long_is_one_sentence(shell, recording, begun, script, problem):
    told = refusal(shell(script.format(begun=f"echo > '{begun}'"), timeout_seconds=0.5), recording)

    assert f"did not end within 0.5 seconds{problem}" in told


def test_a_link_that_a_command_put_in_place_of_its_folder_is_not_followed_when_clearing_up(
    shell, multitrack, recording
):
    precious = multitrack.folder / "precious"
    precious.mkdir()
    (precious / "mix.wav").write_bytes(b"precious")

    refusal(shell(f'd=$(dirname "$2"); rm -r "$d"; ln -s \'{precious}\' "$d"'), recording)

    assert (precious / "mix.wav").read_bytes() == b"precious"


def test_control_characters_are_taken_out_of_what_was_printed_and_there_is_an_end_to_it(shell, recording):
    told = refusal(shell("printf 'a\\033[2Jb\\007\\r'; yes long | head -c 1000000; exit 1"), recording)

    assert told.isprintable()
    assert len(told) < 600
    assert "…" in told


@pytest.mark.parametrize(
    ("run", "problem", "remedy"),
    [
        (
            "no-such-program {stems} {output}",
            "No such file",
            "write a program in the study's folder as ./NAME",
        ),
        ("./plain.txt {stems} {output}", "Permission denied", "chmod +x"),
        ("./nothing {stems} {output}", "Exec format error", "#!/bin/sh"),
    ],
)
@pytest.mark.usefixtures("temporary")
def test_a_command_that_cannot_be_started_is_told_with_a_remedy(multitrack, recording, run, problem, remedy):
    (multitrack.folder / "plain.txt").write_text("text", encoding="utf-8")
    (multitrack.folder / "nothing").write_bytes(b"\1\2\3\4")
    (multitrack.folder / "nothing").chmod(0o755)

    told = refusal(Command(run=run).beside(multitrack.folder), recording)

    assert f"its command cannot be started ({problem}" in told
    assert remedy in told


def test_a_program_that_is_missing_is_told_before_anything_runs(multitrack):
    from mixeval_stimuli.cache import InputHashes

    command = Command(run="./mix.sh {stems} {output}").beside(multitrack.folder)
    hashes = InputHashes(multitrack.folder)

    with pytest.raises(DatasetError, match=r"mix\.sh is missing; put the file there"):
        [hashes.sha256(path) for path in command.inputs(multitrack.recording)]


@pytest.mark.parametrize(
    ("samples", "problem"),
    [
        ("numpy.full(44100, numpy.nan)", "holds nan at sample 0"),
        ("numpy.full((44100, 6), 0.1)", "has 6 channels where mono or stereo"),
        ("numpy.full(200000, 0.1)", "the mix has 200000 samples and its stems have 44100"),
    ],
)
def test_a_mix_that_is_none_is_refused(python, recording, samples, problem):
    script = f"import sys, numpy, soundfile\nsoundfile.write(sys.argv[2], {samples}, 44100, 'FLOAT')"

    with pytest.raises((RenderError, AudioError), match=problem):
        python(script).mix(recording)


def test_a_silent_mix_is_refused_and_nothing_is_kept(python, recording, tmp_path):
    script = "import sys, numpy, soundfile\nsoundfile.write(sys.argv[2], numpy.zeros(44100), 44100, 'FLOAT')"

    with pytest.raises(AudioError, match="the audio is silent"):
        keep_mix(tmp_path / "cache", "key", python(script).mix(recording))

    assert not (tmp_path / "cache").exists()


def test_what_a_command_leaves_running_ends_with_it(shell, recording, tmp_path):
    marker = tmp_path / "pid"

    shell(f'sleep 600 & echo $! > \'{marker}\'; cp "$1/kick.wav" "$2"').mix(recording)

    _until(lambda: not _runs(int(marker.read_text(encoding="ascii"))))


def test_a_timeout_ends_every_process_of_the_command(shell, recording, begun):
    told = refusal(shell(f"sleep 600 & echo $! > '{begun}'; wait", timeout_seconds=0.5), recording)

    assert "did not end within 0.5 seconds" in told

    _until(lambda: not _runs(int(begun.read_text(encoding="ascii"))))


def test_a_render_that_is_killed_ends_its_commands_and_leaves_no_folder(
    shell, recording, tmp_path, temporary
):
    marker = tmp_path / "pid"
    command = shell(f"echo $$ > '{marker}'; exec sleep 600")
    pool = WorkerPool(1)
    job = pool.submit(command.mix, recording)
    _until(lambda: marker.exists() and marker.read_text(encoding="ascii").strip())
    assert list(temporary.iterdir())

    pool.shutdown(cancel_futures=True)

    assert job.done()
    _until(lambda: not _runs(int(marker.read_text(encoding="ascii"))))
    _until(lambda: not list(temporary.iterdir()))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_of_the_render_ends_its_command(shell, recording, tmp_path, temporary, number):
    # As Ctrl-C in a terminal, which the guard gets as well and the command, in a group of its own, does not.
    marker = tmp_path / "pid"
    command = shell(f"echo $$ > '{marker}'; exec sleep 600")
    with ThreadPoolExecutor(1) as executor:
        job = executor.submit(command.mix, recording)
        _until(lambda: marker.exists() and marker.read_text(encoding="ascii").strip())
        _signal_parent(int(marker.read_text(encoding="ascii")), number)

        with pytest.raises(RenderError, match="was ended by SIGKILL"):
            job.result()

    assert not list(temporary.iterdir())


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root needs no permission")
def test_a_folder_without_permissions_is_removed_all_the_same(shell, recording):
    shell('cp "$1/kick.wav" "$2"; mkdir -p "$1/deep/deeper"; chmod 0 "$1/deep"').mix(recording)


def test_a_full_disk_for_temporary_files_is_one_sentence(python, recording, small_files):
    with small_files(1000):
        told = refusal(python(), recording)

    assert "the stems cannot be written to" in told
    assert "(File too large)" in told


def test_a_stem_of_silence_is_written_as_one(multitrack, temporary):
    silent = multitrack.folder / "takes" / "take 1" / "snare.wav"
    soundfile.write(silent, np.zeros(RATE), RATE)
    command = Command(run="cp {stems}/tom.wav {output}", stems=("kick", "tom"), missing="silence")

    mix = command.beside(multitrack.folder).mix(multitrack.recording)

    assert temporary.is_dir()
    assert not mix.audio.samples.any()


def _signal_parent(pid, number):
    status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    os.kill(int(status.rpartition(")")[2].split()[1]), number)


def _runs(pid):
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        # It has just ended, or this system has no /proc.
        return not Path("/proc").is_dir()
    # One that ended and that nobody waited for runs no more.
    return ") Z " not in status


def _until(happened):
    # A deadline that ends a test which would hang; nothing is measured.
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    pytest.fail("waited half a minute in vain")
