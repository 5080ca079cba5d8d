"""Gains: how loud, where and with which polarity each stem stands in a mix, found from stems and mix alone.

D. Barchiesi and J. Reiss, "Reverse Engineering of a Mix", J. Audio Eng. Soc. 58(7/8), 2010, find a mix's settings by
least squares. ENST-Drums' dry mixes are gains, panning and a static EQ on the cymbals' microphones, and the EQ
draws the gains of one fit over the whole band off by up to 5 dB. So :func:`estimate_gains` fits each third of an
octave by itself and takes the median: most of a stem's bands lie where the EQ is flat.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import next_fast_len, rfft

from mixeval.audio import Audio
from mixeval.errors import AudioError

BANDS_HZ = tuple(1000.0 * 2.0 ** (third / 3.0) for third in range(-12, 12))
"""Centres of third-octave bands (IEC 61260-1, base 2), 63 Hz to 12.7 kHz: the last one ends at 14.3 kHz."""

ORDER = 3
"""Of the Butterworth low-pass that each band-pass is made from."""

RIDGE = 1e-8
"""Added to the diagonal where each stem has unit energy in the band: decides between stems that are the same."""

SILENT_DBFS = -80.0
"""A stem whose RMS is lower holds only its channel's noise, and has no gain."""

INAUDIBLE_DB = -45.0
"""A gain this far below the mix's largest is what the fit left over, and becomes 0."""

_SKIRT = 16.0
"""How far beyond its edges a band's response is followed: four octaves, where it is 100 dB down and more."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GainFit:
    """A mix as gains of its stems.

    `gains` has shape (stems, channels): linear, 0 for a silent stem, negative where the polarity is inverted.
    `r2` has shape (channels,): the share of each channel's energy that the gains explain, 1 for all of it.
    """

    stems: tuple[str, ...]
    gains: Matrix
    r2: Matrix


def estimate_gains(stems: Mapping[str, Audio], mix: Audio) -> GainFit:
    """Find the gains of mono stems in a mix that may also hold a static EQ.

    Raises AudioError when there is no stem, when lengths or sample rates differ, or when the mix is silent.
    """
    signals, target = _matrices(stems, mix)
    heard = _heard(signals)
    by_band = _gains_by_band(signals[heard], target, mix.sample_rate)
    gains = np.zeros((len(signals), len(target)))
    gains[heard] = np.nanmedian(by_band, axis=0)
    gains[np.abs(gains) < 10.0 ** (INAUDIBLE_DB / 20.0) * np.abs(gains).max()] = 0.0
    return GainFit(tuple(stems), gains, _r2(signals, target, gains))


def oracle_gains(stems: Mapping[str, Audio], mix: Audio) -> GainFit:
    """Find the gains that come closest to a mix in squared error over the whole band.

    No mix that gains alone can make is closer, so this is the ceiling of every method that predicts gains.

    Raises AudioError when there is no stem, when lengths or sample rates differ, or when the mix is silent.
    """
    signals, target = _matrices(stems, mix)
    gains = np.asarray(np.linalg.lstsq(signals.T, target.T)[0], dtype=np.float64)
    return GainFit(tuple(stems), gains, _r2(signals, target, gains))


def mix_of(stems: Mapping[str, Audio], gains: npt.NDArray[np.floating]) -> Audio:
    """Mix mono stems with linear gains of shape (stems, channels), in the order of `stems`."""
    first = next(iter(stems.values()))
    total = np.zeros((gains.shape[1], first.frames))
    for stem, of_stem in zip(stems.values(), gains, strict=True):
        total += of_stem[:, np.newaxis] * stem.samples[0].astype(np.float64)
    return Audio(total.astype(np.float32), first.sample_rate)


def _matrices(stems: Mapping[str, Audio], mix: Audio) -> tuple[Matrix, Matrix]:
    if not stems:
        raise AudioError("there are no stems to find the gains of", remedy="use a multitrack recording")
    for name, stem in stems.items():
        if (stem.channels, stem.frames, stem.sample_rate) != (1, mix.frames, mix.sample_rate):
            raise AudioError(
                f'stem "{name}" has {stem.channels} x {stem.frames} samples at {stem.sample_rate} Hz where the mix '
                f"has {mix.frames} at {mix.sample_rate} Hz and a stem is mono",
                remedy="export stems and mix together, with one start, end and rate",
            )
    if not mix.samples.any():
        raise AudioError("the mix is silent, it has no gains", remedy="check that it holds the mix")
    signals = np.concatenate([stem.samples for stem in stems.values()]).astype(np.float64)
    return signals, mix.samples.astype(np.float64)


def _heard(signals: Matrix) -> npt.NDArray[np.bool_]:
    heard = np.sqrt(np.mean(np.square(signals), axis=1)) >= 10.0 ** (SILENT_DBFS / 20.0)
    if not heard.any():
        raise AudioError(
            f"every stem is below {SILENT_DBFS:.0f} dBFS", remedy="check that they hold the recording"
        )
    return np.asarray(heard)


def _gains_by_band(signals: Matrix, target: Matrix, sample_rate: int) -> Matrix:
    """Fit each band by itself: (bands, stems, channels), NaN where a stem has nothing in a band."""
    # Half a second of silence keeps a filter's ringing from coming round to the start.
    length = next_fast_len(signals.shape[1] + sample_rate // 2, real=True)
    spectra = rfft(np.concatenate([signals, target]), length, axis=1)
    warped_bins = _warped(np.arange(1, spectra.shape[1]) / (length / 2))
    # Real and imaginary parts side by side: the products below are sums over both.
    parts = np.ascontiguousarray(spectra[:, 1:]).view(np.float64)
    count = len(signals)
    fits = []
    for centre_hz in BANDS_HZ:
        low, high = (2.0 * centre_hz * 2.0 ** (half / 6) / sample_rate for half in (-1, 1))
        if high > 0.95:
            break
        first, last = np.searchsorted(
            warped_bins, (_warped(low / _SKIRT), _warped(min(high * _SKIRT, 0.999)))
        )
        weights = np.repeat(_power_response(warped_bins[first:last], _warped(low), _warped(high)), 2)
        part = parts[:, 2 * first : 2 * last]
        # By Parseval, products of spectra weighted with the filter's power response sum to what products of
        # the filtered signals would.
        products = (part * weights) @ part.T
        fits.append(_solve(products[:count, :count], products[:count, count:]))
    return np.stack(fits)


def _warped(frequency: npt.ArrayLike) -> Matrix:
    """Give the bilinear transform's frequency axis; `frequency` is 1 at half the sample rate."""
    return np.asarray(np.tan(0.5 * np.pi * np.minimum(frequency, 1.0 - 1e-9)))


def _power_response(at: Matrix, low: Matrix, high: Matrix) -> Matrix:
    """Give the power response of a digital Butterworth band-pass, -3 dB at `low` and `high`; all are warped."""
    distance = (at * at - low * high) / (at * (high - low))
    return 1.0 / (1.0 + (distance * distance) ** ORDER)


def _solve(products: Matrix, with_target: Matrix) -> Matrix:
    energy = np.diag(products)
    present = energy > 1e-20 * energy.max()
    scale = np.sqrt(energy[present])
    correlations = products[np.ix_(present, present)] / np.outer(scale, scale)
    correlations[np.diag_indices_from(correlations)] += RIDGE
    solved = np.linalg.solve(correlations, with_target[present] / scale[:, np.newaxis])
    gains = np.full(with_target.shape, np.nan)
    gains[present] = solved / scale[:, np.newaxis]
    return gains


def _r2(signals: Matrix, target: Matrix, gains: Matrix) -> Matrix:
    energy = np.sum(np.square(target), axis=1)
    left_over = np.sum(np.square(target - gains.T @ signals), axis=1)
    # A silent side that the gains leave silent is explained whole.
    return np.asarray(
        1.0 - np.divide(left_over, energy, out=(left_over > 0).astype(np.float64), where=energy > 0)
    )
