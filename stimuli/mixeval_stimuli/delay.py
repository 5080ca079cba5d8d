"""Delay: by how many seconds one mix of a performance runs behind another.

Encoders, look-ahead and linear-phase filters delay what they process. Beside mixes that were not delayed,
switching then jumps in time, and listeners hear the jump instead of the mix.
"""

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

from mixeval.audio import Audio

NOTED_SECONDS = 0.001
"""What is off by less is common: effects and a decoder's filters turn the phase that far."""

SEARCHED_SECONDS = 0.2
"""Farthest delay that is looked for: beyond it the next stroke of a drum would answer."""

_ANALYSED_SECONDS = 10.0

_CLEAR = 8.0
"""Height over the correlation's root mean square. Unrelated noise reaches 5; mixes of one performance, of which
one may be low-passed or in a reverb, were measured between 50 and 126."""

_RIVALS = 0.5
"""A peak near zero that is this high beside the highest says that nothing is delayed but some of the bleed."""


def delay_seconds(audio: Audio, reference: Audio) -> float | None:
    """Find how much later `audio` runs than `reference`, both of one sample rate; nothing where that is unclear.

    By cross-correlation with the phase transform, whose peak is narrow whatever the mixes' balance, tone and
    polarity (Knapp and Carter 1976, doi:10.1109/TASSP.1976.1162830). Delays up to 0.2 s are found.
    """
    correlation = _phase_correlation(_mono(audio), _mono(reference), audio.sample_rate)
    if correlation is None:
        return None
    zero = correlation.size // 2
    best = int(np.argmax(correlation))
    if correlation[best] < _CLEAR * np.sqrt(np.mean(correlation**2)):
        return None
    reach = round(NOTED_SECONDS * audio.sample_rate)
    near = zero - reach + int(np.argmax(correlation[zero - reach : zero + reach + 1]))
    if correlation[near] >= _RIVALS * correlation[best]:
        best = near
    return (best - zero) / audio.sample_rate


def in_words(seconds: float) -> str:
    """Say a delay as "25.1 ms later" or "3.0 ms earlier"."""
    return f"{abs(seconds) * 1000:.1f} ms {'later' if seconds > 0 else 'earlier'}"


def _mono(audio: Audio) -> npt.NDArray[np.float32]:
    return np.asarray(audio.samples.mean(axis=0))


def _phase_correlation(
    signal: npt.NDArray[np.float32], reference: npt.NDArray[np.float32], sample_rate: int
) -> npt.NDArray[np.float32] | None:
    """Correlate at lags from minus to plus SEARCHED_SECONDS; nothing where one signal is silent."""
    start, end = _busiest(reference[: signal.size], sample_rate)
    signal, reference = signal[start:end], reference[start:end]
    lags = round(SEARCHED_SECONDS * sample_rate)
    size = next_fast_len(signal.size + lags, real=True)
    cross = rfft(signal, size) * np.conj(rfft(reference, size))
    magnitude = np.abs(cross)
    if not np.any(magnitude):
        return None
    # Bins at the level of rounding have no phase worth a vote.
    correlation = np.abs(irfft(cross / np.maximum(magnitude, 1e-9 * float(magnitude.max())), size))
    return np.concatenate([correlation[-lags:], correlation[: lags + 1]])


def _busiest(reference: npt.NDArray[np.float32], sample_rate: int) -> tuple[int, int]:
    """Choose the stretch around the loudest sample: long mixes tell no more than 10 s of them."""
    length = round(_ANALYSED_SECONDS * sample_rate)
    if reference.size <= length:
        return 0, reference.size
    start = int(np.clip(np.argmax(np.abs(reference)) - length // 2, 0, reference.size - length))
    return start, start + length
