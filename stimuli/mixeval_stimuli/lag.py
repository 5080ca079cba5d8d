"""Lag: how many samples later a mix is than its reference, as plain correlation sees it.

A decoder's delay of some hundred samples is heard by nobody and leaves nothing of an SDR, so it is looked for and
told. What counts here is what an SDR sees; how far mixes of different sound run apart is the question of
:mod:`mixeval_stimuli.delay`, whose phase transform looks past tone and balance.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import correlate

from mixeval.audio import Audio
from mixeval.errors import AudioError

LONGEST_SECONDS = 0.1
"""As far as is looked, in both directions: coders delay by 25 to 50 ms."""

SURE = 0.7
"""The correlation coefficient from which the best lag is believed. A mix and its reference through different
coders reach 0.99; of unlike mixes, such as an anchor and a reference, the best lag says which drum is loudest."""

_BLOCK = 2**19

Signal = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lag:
    """The lag at which two signals are most alike, and how much (-1 to 1, negative with polarity inverted)."""

    lag_samples: int
    correlation: float

    @property
    def sure(self) -> bool:
        """Whether the signals are alike enough for the lag to be one."""
        return abs(self.correlation) >= SURE


def find_lag(mix: Audio, reference: Audio) -> Lag:
    """Find the lag of a mix behind its reference in samples, positive where the mix is late.

    It is where the cross-correlation of their channels' sums, divided by both norms, is largest in magnitude
    within 100 ms.

    Raises AudioError when they differ in sample rate.
    """
    if mix.sample_rate != reference.sample_rate:
        raise AudioError(
            f"the mix and its reference differ in their sample rate ({mix.sample_rate} and {reference.sample_rate})",
            remedy="bring both to one rate",
        )
    x, r = (audio.samples.sum(axis=0, dtype=np.float64) for audio in (mix, reference))
    norm = float(np.sqrt(np.sum(x**2) * np.sum(r**2)))
    if norm == 0.0:
        return Lag(0, 0.0)
    longest = int(LONGEST_SECONDS * mix.sample_rate)
    correlation = _near_correlation(x, r, longest)
    best = int(np.argmax(np.abs(correlation)))
    return Lag(best - longest, float(correlation[best]) / norm)


def _near_correlation(x: Signal, r: Signal, longest: int) -> Signal:
    """Correlate at the lags from minus to plus `longest`, block by block: memory does not grow with the mixes."""
    around = np.pad(x, (longest, longest + max(0, r.size - x.size)))
    total = np.zeros(2 * longest + 1)
    for start in range(0, r.size, _BLOCK):
        block = r[start : start + _BLOCK]
        part = around[start : start + block.size + 2 * longest]
        total += correlate(part, block, mode="valid", method="fft")
    return total


def lag_note(found: Lag, sample_rate: int) -> str | None:
    """Say in words what of a delay a reader of distances must know, or None where all is well."""
    if not found.sure:
        return None
    inverted = ", with its polarity inverted" if found.correlation < 0 else ""
    if found.lag_samples == 0 and not inverted:
        return None
    if found.lag_samples == 0:
        return "it has its polarity inverted, which L1 and SDR take for distance"
    direction = "later" if found.lag_samples > 0 else "earlier"
    milliseconds = abs(found.lag_samples) / sample_rate * 1000
    return (
        f"it is most like its reference when taken {abs(found.lag_samples)} samples ({milliseconds:.1f} ms) "
        f"{direction}{inverted}; L1 and SDR take delay for distance"
    )
