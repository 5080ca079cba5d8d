"""What packages offer as mixing methods: functions and classes, their options, and their faults."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from mixeval.audio import read_audio
from mixeval.conditions import Condition
from mixeval.errors import MixevalError, RenderError, StudyError
from mixeval_stimuli.cache import mix_key
from mixeval_stimuli.methods.guests import plugin
from mixeval_stimuli.methods.guests.plugin import find_offer, offers
from mixeval_stimuli.methods.registry import foreign_code, make_method

LOUDER = """
import numpy as np

def mix(stems, sample_rate, gain=2.0):
    return gain * np.sum(list(stems.values()), axis=0)
"""


def method(folder, **options):
    return make_method(Condition(id="c1", method="louder", options=options), folder=folder, trusted=True)


def total(recording):
    return np.sum([read_audio(path).samples[0] for path in recording.stems.values()], axis=0)


def test_a_function_of_a_package_mixes(package, multitrack, recording):
    package(LOUDER)

    mix = method(multitrack.folder, gain=3.0).mix(recording)

    np.testing.assert_allclose(mix.audio.samples[0], 3.0 * total(recording), rtol=1e-5, atol=1e-7)
    assert method(multitrack.folder).mix(recording).audio.samples[0].max() == pytest.approx(
        2.0 * total(recording).max(), rel=1e-5
    )


def test_nothing_of_a_package_is_imported_to_know_what_it_offers(package, multitrack):
    package("raise SystemExit('imported')")

    assert [str(offer) for offer in offers() if offer.name == "louder"] == [
        "the package drum-mixer 1.2 (drum_mixer:mix)"
    ]
    assert foreign_code(Condition(id="c1", method="louder")) == "the package drum-mixer 1.2 (drum_mixer:mix)"
    with pytest.raises(StudyError, match=r'condition "c1" runs the package drum-mixer 1\.2 .*with --trust'):
        make_method(Condition(id="c1", method="louder"), folder=multitrack.folder)
    assert "drum_mixer" not in sys.modules


def test_a_name_of_mixevals_own_is_never_looked_for_in_packages(package, multitrack):
    package("raise SystemExit('imported')", name="sum")

    assert foreign_code(Condition(id="c1", method="sum")) is None
    assert make_method(Condition(id="c1", method="sum"), folder=multitrack.folder).version == "1"


def test_two_packages_with_one_name_are_refused_with_both(package):
    package(LOUDER)
    package(LOUDER, module="other_mixer", distribution="other-mixer")

    with pytest.raises(
        StudyError, match=r'"louder" is offered by the package .* and by the package .*; uninstall one'
    ):
        find_offer("louder")


def test_a_name_that_nobody_offers_is_refused_with_those_of_packages_too(package):
    package(LOUDER)

    with pytest.raises(StudyError) as refusal:
        make_method(Condition(id="c1", method="luoder"))

    assert refusal.value.remedy.startswith('did you mean "louder"? the methods are anchor, command,')


OPTIONS = """
from __future__ import annotations
from pathlib import Path
from typing import TYPE_CHECKING, Literal
import json

if TYPE_CHECKING:
    from elsewhere import Stems

def mix(stems: Stems, sample_rate: int = 48_000, *, copy: bool, names: tuple[str, ...] = (), style: Literal["dry", "wet"] = "dry",
        depth=3, table: Path | None = None, anything=None):
    if table is not None:
        table = [table.is_absolute(), table.read_text()]
    raise RuntimeError(json.dumps([sample_rate, copy, names, style, depth, table, anything]))
"""


def test_options_follow_the_signature_and_its_annotations(package, multitrack, recording):
    package(OPTIONS)
    (multitrack.folder / "table.txt").write_text("gains", encoding="utf-8")
    options = {
        "copy": True,
        "names": ["a", "b"],
        "style": "wet",
        "table": "table.txt",
        "anything": {"a": [1]},
    }

    made = method(multitrack.folder, **options)

    with pytest.raises(RenderError) as told:
        made.mix(recording)
    seen = json.loads(told.value.problem.partition("RuntimeError: ")[2].rpartition(", drum_mixer.py line")[0])
    assert seen == [48_000, True, ["a", "b"], "wet", 3, [True, "gains"], {"a": [1]}]
    # A path among the options is a file that decides the mix.
    assert made.inputs(recording) == (*recording.stems.values(), (multitrack.folder / "table.txt").absolute())
    assert made.model_dump(mode="json") == options


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "options.copy is missing; add it"),
        ({"copy": "yes"}, 'options.copy is "yes"; it should be a boolean'),
        (
            {"copy": True, "stile": "wet"},
            'options.stile is not a key that mixeval knows; did you mean "style"?',
        ),
        ({"copy": True, "style": "damp"}, "options.style is \"damp\"; write 'dry' or 'wet'"),
        ({"copy": True, "depth": "deep"}, 'options.depth is "deep"; it should be an integer'),
        ({"copy": True, "missing": "silence"}, "name them in stems"),
    ],
)
def test_options_that_the_signature_does_not_hold_are_refused_as_any_methods(package, options, problem):
    package(OPTIONS)

    with pytest.raises(StudyError) as refusal:
        make_method(Condition(id="c1", method="louder", options=options), trusted=True)

    assert problem in str(refusal.value)
    assert str(refusal.value).startswith('study.toml: condition "c1", method "louder": ')


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import no_such_library", "cannot be imported (ModuleNotFoundError: No module named 'no_such_library', drum_mixer.py line 1)"),
        ("raise SystemExit(3)", "cannot be imported (SystemExit: 3, drum_mixer.py line 1)"),
        ("def mix(:", "cannot be imported (SyntaxError"),
        ("def mixx(stems, sample_rate): ...", "cannot be imported (AttributeError"),
        ("mix = 3", "is int, which mixes nothing"),
        ("class mix: ...", "is type, which mixes nothing"),
        ("def mix(stems): ...", "does not take stems and a sample rate"),
        ("def mix(stems, sample_rate, gain, /): ...", "does not take stems and a sample rate"),
        ("def mix(*, stems, sample_rate): ...", "does not take stems and a sample rate"),
        ("def mix(stems, sample_rate, missing=3): ...", 'has an option "missing", which is one of mixeval\'s own'),
        ("def mix(stems, sample_rate='high'): ...", "has 'high' as its sample rate"),
        ("import threading\ndef mix(stems, sample_rate, lock: threading.Thread): ...", "has an option that study.toml cannot hold"),
        ("def mix(stems, sample_rate, x: 'Nowhere'): ...", "has an option with an annotation that cannot be read"),
    ],
)  # fmt: skip
def test_a_package_that_cannot_be_used_is_one_sentence(package, source, problem):
    package(source)

    with pytest.raises(StudyError) as refusal:
        make_method(Condition(id="c1", method="louder"), trusted=True)

    assert f"the package drum-mixer 1.2 (drum_mixer:mix) {problem}" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("return stems['ride']", "failed (KeyError: 'ride', drum_mixer.py line 3)"),
        ("raise SystemExit(1)", "failed (SystemExit: 1, drum_mixer.py line 3)"),
        (
            "raise ValueError('two\\nlines \\x1b[2J')",
            "failed (ValueError: two lines [2J, drum_mixer.py line 3)",
        ),
        ("return None", "returned object of shape () for a mix"),
        ("return (stems['kick'] * 1000).astype('int16')", "returned int16 of shape (44100,)"),
        ("return np.zeros((44100, 2))", "returned float64 of shape (44100, 2)"),
        ("return np.zeros((1, 2, 44100))", "returned float64 of shape (1, 2, 44100)"),
        ("return np.full(44100, np.nan)", "the mix holds nan at sample 0 of channel 1"),
        ("return np.full(44100, 1e300)", "the mix holds inf at sample 0 of channel 1"),
        ("return np.zeros(0)", "the mix holds no samples"),
        ("return np.zeros(200_000)", "the mix has 200000 samples and its stems have 44100"),
    ],
)
def test_what_a_function_does_wrong_is_one_sentence(package, multitrack, recording, body, problem):
    package(f"import numpy as np\ndef mix(stems, sample_rate):\n    {body}\n")

    with pytest.raises(MixevalError) as told:
        method(multitrack.folder).mix(recording)

    assert problem in str(told.value)
    assert "\n" not in str(told.value)


def test_a_function_may_change_its_stems_in_place(package, multitrack, recording):
    package(
        "def mix(stems, sample_rate):\n    for stem in stems.values():\n        stem *= 0.0\n    return stem + 0.5\n"
    )

    assert method(multitrack.folder).mix(recording).notes == ()


SUBCLASS = """
import numpy as np
from mixeval.audio import Audio
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.methods.inputs import stem_files
from mixeval_stimuli.recordings import read_stems

class Late(MixMethod):
    version = "7"
    samples: int = 441

    def inputs(self, recording):
        return stem_files(recording, ("kick",))

    def mix(self, recording):
        (kick,) = read_stems(recording, ("kick",)).values()
        return Mix(Audio(np.roll(kick.samples, self.samples, axis=1), kick.sample_rate), {"found": 1})
"""


def test_a_package_may_offer_a_method_as_mixevals_own_are(package, multitrack, recording):
    package(SUBCLASS, target="Late")

    made = method(multitrack.folder, samples=882)
    mix = made.mix(recording)

    assert made.inputs(recording) == (recording.stems["kick"],)
    assert mix.parameters == {"found": 1}
    assert mix.notes == ("it runs 20.0 ms later than its stems, correct that where the mixer is",)
    with pytest.raises(StudyError, match=r'options\.sample is not a key.*did you mean "samples"'):
        method(multitrack.folder, sample=3)


def key(folder, recording, **options):
    made = method(folder, **options)
    return mix_key("louder", made, recording, [(path, "0" * 64) for path in made.inputs(recording)])


def test_the_key_follows_the_packages_version_its_source_and_the_options(package, multitrack, recording):
    module = package(LOUDER)
    first = key(multitrack.folder, recording)
    assert key(multitrack.folder, recording) == first
    assert key(multitrack.folder, recording, gain=4.0) != first

    # A new process imports what is there now.
    del sys.modules["drum_mixer"]
    plugin._digest.cache_clear()
    module.write_text(LOUDER.replace("2.0", "2.5"), encoding="utf-8")
    second = key(multitrack.folder, recording)
    assert second != first

    info = module.parent / "drum_mixer-1.2.dist-info" / "METADATA"
    info.write_text(info.read_text().replace("Version: 1.2", "Version: 1.3"))
    assert method(multitrack.folder).version.startswith("1.3 sha256:")
    assert key(multitrack.folder, recording) not in {first, second}


def test_every_file_of_a_package_counts_and_nothing_that_python_puts_there(package):
    module = package("", module="placeholder", target="mix")
    folder = module.parent / "deep_mixer"
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "mixer.py").write_text(LOUDER)
    (folder / "models" / "weights.npz").write_bytes(b"1")

    def digest():
        plugin._digest.cache_clear()
        return plugin._digest("deep_mixer.mixer")

    first = digest()
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "mixer.pyc").write_bytes(b"compiled")
    (folder / ".git").write_bytes(b"")
    assert digest() == first
    (folder / "models" / "weights.npz").write_bytes(b"2")
    second = digest()
    (folder / "models" / "weights.npz").rename(folder / "models" / "others.npz")
    assert len({first, second, digest()}) == 3
    sys.modules.pop("deep_mixer", None)


def test_a_worker_that_has_another_version_of_the_package_refuses_to_mix(package, multitrack, recording):
    import pickle

    module = package(LOUDER)
    travelling = pickle.dumps((method(multitrack.folder), recording))
    module.write_text(LOUDER.replace("2.0", "2.5"), encoding="utf-8")
    code = (
        "import pickle, sys\n"
        "method, recording = pickle.load(sys.stdin.buffer)\n"
        "try:\n    method.mix(recording)\n"
        "except Exception as error:\n    print(error)\n"
    )

    worker = subprocess.run(
        [sys.executable, "-c", code],
        input=travelling,
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert (
        b"is not the same here as where the render began; install one version of it everywhere"
        in worker.stdout
    )
