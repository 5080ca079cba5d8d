"""Checks of the listening set-up: a few sounds, and of each the listener says where something is.

What is right the page's sounds say (`page_stimuli.condition`), which only the server knows.
"""

import io
from abc import abstractmethod
from collections.abc import Mapping
from functools import lru_cache
from itertools import permutations
from typing import Any, ClassVar

import numpy as np
import soundfile

from mixeval.audio import Samples
from mixeval.participant_steps import Checks
from mixeval.seeds import derive_seed
from mixeval.study import Study
from mixeval_webapp import flac
from mixeval_webapp.listening_checks import (
    HIGHEST_RMS_DBFS,
    INTERVALS,
    SAMPLE_RATE,
    antiphase,
    huggins,
    intervals_of,
    one_side,
)
from mixeval_webapp.page_types.page_type import (
    Missing,
    PageType,
    RaisedFlag,
    Response,
    SimulatedListener,
    unplayable_flag,
)
from mixeval_webapp.sheet import Sheet, Sound

ANSWER = "answer"
"""The name of the answer about each sound."""
UNPLAYABLE = "unplayable"
"""The answer about a sound that the listener's browser could not get; no right one."""
SCREENED_OUT = "screened_out"
"""The flag of a session that a failed check has ended."""
SIMULATED_FAILING = 0.1
"""Of simulated listeners, the part that guesses a check."""


class CheckPageType(PageType):
    """A few trials, each a sound with a hidden answer."""

    template = "check.html"
    flag: ClassVar[str]
    choices: ClassVar[tuple[str, ...]]
    """What can be answered, as the browser sends it."""
    trials: ClassVar[tuple[str, ...]]
    """What each sound is, in no order; the first word after the kind is the right answer."""

    @abstractmethod
    def samples(self, condition: str, *, seed: int, rms_dbfs: float) -> Samples:
        """Make the sound of one trial, float32 (2, samples) at 44.1 kHz."""

    @abstractmethod
    def pass_mark(self, checks: Checks) -> int:
        """Say how many trials must be right."""

    @abstractmethod
    def heard(self, samples: Samples) -> str:
        """Answer as somebody does whose set-up is right; simulated listeners have no other ears."""

    def replay(self, checks: Checks) -> bool:
        """Tell whether a sound may be played more than once."""
        return checks.replay

    def right_answer(self, condition: str) -> str:
        return condition.split(" ")[1]

    def data(self, study: Study, sheet: Sheet) -> dict[str, Any]:
        first = self.trials[0]
        return {
            "sample_rate": SAMPLE_RATE,
            "frames": self.samples(first, seed=0, rms_dbfs=HIGHEST_RMS_DBFS).shape[1],
            "bytes": self.sound_bytes(study),
            "choices": list(self.choices),
            "replay": self.replay(study.participants.checks),
            "check": sheet.kind,
        }

    def missing(self, study: Study, sheet: Sheet) -> Missing:  # noqa: ARG002 - the same for every study
        open_trials = [sound.shown_as for sound in sheet.sounds if self._answer(sheet, sound) is None]
        return {"answer": tuple(open_trials)} if open_trials else {}

    def refusal(self, study: Study, sheet: Sheet, *, subject: str, name: str, value: Any) -> str | None:  # noqa: ARG002 - as above
        if name != ANSWER or subject not in {sound.token for sound in sheet.sounds}:
            return "is not asked for on this page"
        # A list, unlike a set, can be asked for what cannot be hashed, which a body may hold.
        return None if value in [*self.choices, UNPLAYABLE] else f"must be one of {', '.join(self.choices)}"

    def flags(self, study: Study, sheet: Sheet) -> tuple[RaisedFlag, ...]:
        checks = study.participants.checks
        score, needed = self._score(sheet), self.pass_mark(checks)
        unplayable = unplayable_flag(
            sheet, [sound for sound in sheet.sounds if self._answer(sheet, sound) == UNPLAYABLE]
        )
        if score >= needed:
            return unplayable
        detail = {"check": sheet.kind, "score": score, "trials": len(sheet.sounds), "pass_mark": needed}
        raised = RaisedFlag(self.flag, detail)
        ended = (RaisedFlag(SCREENED_OUT, detail),) if checks.drop_failing else ()
        return (*unplayable, raised, *ended)

    def results(self, study: Study, sheet: Sheet) -> Mapping[str, Any]:
        return {
            "score": self._score(sheet),
            "trials": len(sheet.sounds),
            "pass_mark": self.pass_mark(study.participants.checks),
        }

    def sound_bytes(self, study: Study) -> int:
        return _largest(self, _level(study))

    def sound(self, study: Study, sheet: Sheet, sound: Sound) -> bytes:
        seed = derive_seed(sheet.seed, sheet.kind, sheet.sounds.index(sound))
        samples = self.samples(sound.condition, seed=seed, rms_dbfs=_level(study))
        return flac.blind(flac.parse(_encoded(samples)), self.sound_bytes(study))

    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:
        guessing = listener.random.random() < SIMULATED_FAILING
        answers = {}
        for stimulus in data["stimuli"]:
            if guessing:
                chosen = self.choices[int(listener.random.integers(len(self.choices)))]
            else:
                file = io.BytesIO(listener.hear(stimulus["token"]))
                samples, _ = soundfile.read(file, dtype="float32", always_2d=True)
                chosen = self.heard(samples.T)
            answers[stimulus["token"], ANSWER] = chosen
        return Response(answers_about=answers)

    def _answer(self, sheet: Sheet, sound: Sound) -> str | None:
        row = sheet.answers.get((sound.token, ANSWER))
        return None if row is None else row.value

    def _score(self, sheet: Sheet) -> int:
        return sum(self._answer(sheet, sound) == self.right_answer(sound.condition) for sound in sheet.sounds)


class LeftRightPageType(CheckPageType):
    """Asks on which side a sound is."""

    flag = "left_right"
    choices = ("left", "right")
    trials = ("side left", "side left", "side right", "side right")

    def samples(self, condition: str, *, seed: int, rms_dbfs: float) -> Samples:  # noqa: ARG002 - not random
        return one_side(self.right_answer(condition), rms_dbfs=rms_dbfs)

    def pass_mark(self, checks: Checks) -> int:  # noqa: ARG002 - who hears the right side hears it each time
        return len(self.trials)

    def replay(self, checks: Checks) -> bool:  # noqa: ARG002 - hearing it again helps nobody to the other side
        return True

    def heard(self, samples: Samples) -> str:
        left, right = np.sqrt(np.mean(samples**2, axis=1))
        return "left" if left > right else "right"


class HugginsPageType(CheckPageType):
    """Asks which of three noises hides a tone."""

    flag = "headphones"
    choices = ("1", "2", "3")
    trials = tuple(f"huggins {target}" for target in ("1", "2", "3") * 2)

    def samples(self, condition: str, *, seed: int, rms_dbfs: float) -> Samples:
        return huggins(int(self.right_answer(condition)), seed=seed, rms_dbfs=rms_dbfs)

    def pass_mark(self, checks: Checks) -> int:
        return checks.huggins_pass

    def sound_bytes(self, study: Study) -> int:  # noqa: ARG002 - whatever its level
        # Three seconds of 16-bit noise in one channel, a quarter more for what differs in the other, and frames.
        # Files that are all different cannot be measured beforehand; what would not fit is refused, not cut.
        return INTERVALS * SAMPLE_RATE * 2 * 5 // 4

    def heard(self, samples: Samples) -> str:
        differences = [float(np.sum((left - right) ** 2)) for left, right in intervals_of(samples)]
        return str(1 + int(np.argmax(differences)))


class AntiphasePageType(CheckPageType):
    """Asks which of three tones is the quietest."""

    flag = "headphones"
    choices = ("1", "2", "3")
    trials = tuple(f"antiphase {quiet} {opposed}" for quiet, opposed in permutations("123", 2))

    def samples(self, condition: str, *, seed: int, rms_dbfs: float) -> Samples:  # noqa: ARG002 - not random
        _, quiet, opposed = condition.split(" ")
        return antiphase(int(quiet), int(opposed), rms_dbfs=rms_dbfs)

    def pass_mark(self, checks: Checks) -> int:
        return checks.antiphase_pass

    def heard(self, samples: Samples) -> str:
        return str(1 + int(np.argmin([float(np.sum(interval**2)) for interval in intervals_of(samples)])))


CHECKS: Mapping[str, CheckPageType] = {
    "left_right": LeftRightPageType(),
    "huggins": HugginsPageType(),
    "antiphase": AntiphasePageType(),
}
"""By the kind that pages carry."""

HEADPHONE_CHECKS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "huggins": ("huggins",),
    "antiphase": ("antiphase",),
    "both": ("huggins", "antiphase"),
}
"""What `[participants.checks] headphones` may say, and the pages that it makes."""


def _level(study: Study) -> float:
    """As loud as the study's own sounds, as far as that does not clip."""
    return min(study.stimuli.target_lufs, HIGHEST_RMS_DBFS)


@lru_cache(maxsize=64)
def _largest(check: CheckPageType, rms_dbfs: float) -> int:
    sounds = {trial: check.samples(trial, seed=0, rms_dbfs=rms_dbfs) for trial in check.trials}
    return flac.blinded_size([flac.parse(_encoded(samples)) for samples in sounds.values()])


def _encoded(samples: Samples) -> bytes:
    encoded = io.BytesIO()
    soundfile.write(encoded, samples.T, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return encoded.getvalue()
