"""The anchor: a mix that everybody should rate low, so that the scale has a bottom.

The paper's (section 4.2) is the two overheads, panned hard, behind a low-pass of 3.5 kHz. ITU-R BS.1534-3
section 5.1 says what such a low-pass is: ripple within 0.1 dB up to 3.5 kHz, at least 25 dB down at 4 kHz and
50 dB at 4.5 kHz. For its mid anchor at 7 kHz it gives no mask; the same one, scaled, is used here.

The anchors published with the paper miss that mask: they are 6 dB down at 3.5 kHz and 14 dB at 7 kHz, which
is two first-order Butterworth low-passes in a row. `filter = "as_published"` makes those.
"""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, JsonValue
from scipy.signal import butter, firwin, kaiser_beta, oaconvolve, sosfilt

from mixeval.audio import Audio, Samples, read_audio
from mixeval.errors import AudioError
from mixeval_stimuli.methods.inputs import mix_file, stem_files
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.recordings import Recording, read_stems

Filter = Literal["bs1534", "as_published"]

OVERHEADS = ("overhead_L", "overhead_R")
"""Left and right. The paper says only that they are hard-panned, and its published anchors have overhead_L on
the left; the data set's own reference mixes have it on the right, so that the anchor is their mirror image."""

_HALF_TAPS = {3500: 160, 7000: 80}
"""Taps on each side of the centre, enough for 60 dB at the mask's first corner at rates up to 48 kHz."""


class Anchor(MixMethod):
    """Overheads hard left and hard right, low-passed; or, with `of`, a finished mix low-passed.

    BS.1534 makes its anchors from the reference: `of = "dry"` (or a source of a `files` data set) does that.
    """

    version: ClassVar[str] = "1"

    cutoff_hz: Literal[3500, 7000] = 3500
    filter: Filter = "bs1534"
    of: Annotated[str, Field(min_length=1)] | None = None

    def sources(self) -> tuple[str, ...]:
        return () if self.of is None else (self.of,)

    def inputs(self, recording: Recording) -> tuple[Path, ...]:
        if self.of is not None:
            return (mix_file(recording, self.of),)
        return stem_files(recording, OVERHEADS)

    def mix(self, recording: Recording) -> Mix:
        parameters: dict[str, JsonValue] = {}
        if self.of is not None:
            audio = read_audio(mix_file(recording, self.of))
        else:
            stems = read_stems(recording, OVERHEADS)
            left, right = (stems[name] for name in OVERHEADS)
            audio = Audio(np.concatenate([left.samples, right.samples]), left.sample_rate)
            parameters = {"left": OVERHEADS[0], "right": OVERHEADS[1]}
        return Mix(low_pass(audio, cutoff_hz=self.cutoff_hz, design=self.filter), parameters)


def low_pass(audio: Audio, *, cutoff_hz: Literal[3500, 7000], design: Filter = "bs1534") -> Audio:
    """Filter each channel of audio (channels, samples) by itself, keeping its length.

    "bs1534" is a linear-phase FIR whose delay is taken out: what was simultaneous stays so. "as_published" is
    two first-order Butterworth low-passes, which delay low frequencies by about 4 samples as the published
    anchors do.

    Raises AudioError when the sample rate is too low to hold the mask's stop band.
    """
    if audio.sample_rate * 7 < 2 * 9 * cutoff_hz:
        raise AudioError(
            f"a rate of {audio.sample_rate} Hz holds nothing to take away above {cutoff_hz} Hz",
            remedy="use a recording of 44.1 or 48 kHz",
        )
    filtered = (
        _linear_phase(audio.samples, audio.sample_rate, cutoff_hz)
        if design == "bs1534"
        else _two_first_orders(audio.samples, audio.sample_rate, cutoff_hz)
    )
    return Audio(filtered.astype(np.float32), audio.sample_rate)


def _linear_phase(samples: Samples, sample_rate: int, cutoff_hz: int) -> npt.NDArray[np.float64]:
    # The transition band has a fixed width in hertz, so its taps cover a fixed time.
    half = round(_HALF_TAPS[cutoff_hz] * max(1.0, sample_rate / 48_000))
    # -6 dB in the middle between the pass band's end and the mask's first stop-band corner (8/7 of it).
    middle_hz = cutoff_hz * 15 / 14
    taps = firwin(2 * half + 1, middle_hz, window=("kaiser", kaiser_beta(60.0)), fs=sample_rate)
    whole = oaconvolve(samples.astype(np.float64), taps[np.newaxis, :], mode="full", axes=1)
    return np.asarray(whole[:, half : half + samples.shape[1]], dtype=np.float64)


def _two_first_orders(samples: Samples, sample_rate: int, cutoff_hz: int) -> npt.NDArray[np.float64]:
    once = butter(1, cutoff_hz, output="sos", fs=sample_rate)
    return np.asarray(
        sosfilt(np.concatenate([once, once]), samples.astype(np.float64), axis=1), dtype=np.float64
    )
