"""Features: what the random forest knows of a recording, a row of numbers for its stems.

The paper's baseline predicts gains from "features" of the tracks and names none; these are the usual ones of music
information retrieval (G. Peeters, "A large set of audio features for sound description", IRCAM, 2004).

All stems of a recording first get one gain, so that their plain sum has COMMON_LUFS: features, and the gains that
are learnt and predicted from them, then say the same of a recording however loud it came. Mean and standard deviation
of the framewise features go over the frames in which the stem sounds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.fft import dct, rfft

from mixeval.audio import Audio, Samples
from mixeval.errors import AudioError
from mixeval_stimuli.datasets.enst import STEMS
from mixeval_stimuli.gains import SILENT_DBFS
from mixeval_stimuli.loudness import gain_to_loudness, integrated_loudness
from mixeval_stimuli.methods.random_forest.strokes import find_strokes
from mixeval_stimuli.resampling import resample
from mixeval_stimuli.stems import plain_sum

SAMPLE_RATE = 44_100
"""Stems of another rate are resampled to it, for their features only."""

COMMON_LUFS = -23.0
"""Loudness of the plain sum of a recording's stems, and of the mixes that gains are learnt from."""

FRAME = 2048
HOP = 1024
ACTIVE_DBFS = -60.0
ACTIVE_RANGE_DB = 50.0
"""A frame sounds when its RMS is above ACTIVE_DBFS and within this range of the stem's loudest frame."""

MELS = 40
CEPSTRUM = 13
OCTAVES_HZ = (31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)

FRAMEWISE = (
    "rms_db",
    "crest_db",
    "centroid_hz",
    "spread_hz",
    "skewness",
    "kurtosis",
    "rolloff_85_hz",
    "rolloff_95_hz",
    "flatness",
    "flux",
    "zero_crossings_hz",
    *(f"mfcc_{index}" for index in range(1, CEPSTRUM + 1)),
    *(f"octave_{centre:g}_hz_db" for centre in OCTAVES_HZ),
)
SCALAR = (
    "loudness_lufs",
    "peak_dbfs",
    "rms_p95_db",
    "rms_range_db",
    "active_fraction",
    "onsets_hz",
    "rise_seconds",
    "decay_seconds",
    "loudness_below_loudest_lu",
    "loudness_below_sum_lu",
    "correlation_with_sum",
)
STEM_FEATURES = (
    *(f"{name}_{statistic}" for name in FRAMEWISE for statistic in ("mean", "sd")),
    *SCALAR,
)
COLUMNS = tuple(f"{stem}.{name}" for stem in STEMS for name in STEM_FEATURES)
"""Names of a row's columns."""

VERSION = 1
"""Changes whenever the same stems would give another row: a forest is used only with the features it was trained on."""

Row = npt.NDArray[np.float32]
_Matrix = npt.NDArray[np.float64]

_POWER_FLOOR = 1e-12
"""-120 dBFS: below it a spectrum is the rounding of its samples."""


@dataclass(frozen=True, eq=False)
class Description:
    """What is known of a recording: `row` has the columns COLUMNS, NaN for stems that are not there or silent.

    `gain` is the linear gain that brought the stems to the common level; `heard` are the stems that sound.
    """

    row: Row
    gain: float
    heard: tuple[str, ...]


def describe(stems: Mapping[str, Audio]) -> Description:
    """Measure the features of a recording's mono stems; stems that have none of the names STEMS are passed over.

    The row does not change when all stems get the same gain.

    Raises AudioError when the stems' sum is silent or shorter than 400 ms, or no stem has a known name.
    """
    known = {name: resample(stems[name], SAMPLE_RATE) for name in STEMS if name in stems}
    if not known:
        raise AudioError("no stem has a name that is known", remedy=f"name stems {', '.join(STEMS)}")
    gain = 10.0 ** (gain_to_loudness(plain_sum(known.values()), COMMON_LUFS) / 20.0)
    levelled = {name: (stem.samples[0] * gain).astype(np.float32) for name, stem in known.items()}
    total = np.stack(list(levelled.values())).sum(axis=0, dtype=np.float64)
    loudness = {name: _loudness(samples) for name, samples in levelled.items()}
    heard = tuple(name for name, samples in levelled.items() if _rms_db(samples) >= SILENT_DBFS)
    columns = dict.fromkeys(COLUMNS, np.nan)
    loudest = _largest(loudness[name] for name in heard)
    for name in heard:
        measured = {
            **measure_stem(levelled[name]),
            "loudness_lufs": loudness[name],
            "loudness_below_loudest_lu": loudest - loudness[name],
            "loudness_below_sum_lu": COMMON_LUFS - loudness[name],
            "correlation_with_sum": _correlation(levelled[name], total),
        }
        columns.update({f"{name}.{feature}": value for feature, value in measured.items()})
    return Description(np.array([columns[name] for name in COLUMNS], dtype=np.float32), gain, heard)


def measure_stem(samples: Samples) -> dict[str, float]:
    """Measure what a stem (samples,) at SAMPLE_RATE says by itself: STEM_FEATURES without its loudness and its mates.

    A feature is NaN where there is nothing to measure it on, such as the decay of a stem without a stroke.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), FRAME)[::HOP]
    with np.errstate(divide="ignore"):
        level_db = 10.0 * np.log10(np.mean(np.square(frames), axis=1))
    active = level_db > max(ACTIVE_DBFS, level_db.max(initial=-np.inf) - ACTIVE_RANGE_DB)
    features = dict.fromkeys(STEM_FEATURES, np.nan)
    if active.any():
        levels = level_db[active]
        for name, values in _framewise(frames, active, level_db).items():
            features[f"{name}_mean"] = float(values.mean())
            features[f"{name}_sd"] = float(values.std())
        low, high = np.percentile(levels, (10, 95))
        features |= {"rms_p95_db": float(high), "rms_range_db": float(high - low)}
    strokes = find_strokes(samples, SAMPLE_RATE)
    features |= {
        "peak_dbfs": _db(float(np.max(np.abs(samples), initial=0.0))),
        "active_fraction": float(active.mean()) if active.size else 0.0,
        "onsets_hz": len(strokes.onset) * SAMPLE_RATE / len(samples),
        "rise_seconds": _median(strokes.rise),
        "decay_seconds": _median(strokes.decay),
    }
    return features


def _framewise(frames: _Matrix, active: npt.NDArray[np.bool_], level_db: _Matrix) -> dict[str, _Matrix]:
    """Measure active frames: each feature of shape (active frames,)."""
    # Where the frame before was not active, its spectrum still decides the flux.
    power = _power(frames)
    flux = _flux(power)[active]
    frames, power, levels = frames[active], power[active], level_db[active]
    peaks = np.abs(frames).max(axis=1)
    return {
        "rms_db": levels,
        "crest_db": 20.0 * np.log10(peaks) - levels,
        **_shape(power),
        "flatness": _flatness(power),
        "flux": flux,
        "zero_crossings_hz": _zero_crossings(frames),
        **dict(zip(_names("mfcc_"), _mfcc(power).T, strict=True)),
        **dict(zip(_names("octave_"), _octaves(power).T, strict=True)),
    }


def _power(frames: _Matrix) -> _Matrix:
    """Give the power in each bin (frames, bins), such that a frame's bins sum to its mean square."""
    window = _window()
    power = np.square(np.abs(rfft(frames * window, axis=1)))
    power[:, 1:-1] *= 2.0
    return np.asarray(power / (FRAME * np.sum(np.square(window))))


def _flux(power: _Matrix) -> _Matrix:
    """How much each spectrum, as a magnitude of unit length, grew over the one before: 0 for what stays, at most 1."""
    magnitude = np.sqrt(power)
    length = np.linalg.norm(magnitude, axis=1, keepdims=True)
    unit = np.divide(magnitude, length, out=np.zeros_like(magnitude), where=length > 0)
    grown = np.maximum(np.diff(unit, axis=0, prepend=unit[:1]), 0.0)
    return np.asarray(np.linalg.norm(grown, axis=1))


def _shape(power: _Matrix) -> dict[str, _Matrix]:
    """Measure the distribution of power over frequency: its moments, and below which frequency most of it lies."""
    hz = _bins_hz()
    share = power / power.sum(axis=1, keepdims=True)
    centroid = share @ hz
    away = hz - centroid[:, np.newaxis]
    square = np.square(away)
    variance = np.maximum(np.sum(share * square, axis=1), 1e-12)
    below = np.cumsum(share, axis=1)
    return {
        "centroid_hz": centroid,
        "spread_hz": np.sqrt(variance),
        "skewness": np.sum(share * square * away, axis=1) / variance**1.5,
        "kurtosis": np.sum(share * square * square, axis=1) / variance**2,
        "rolloff_85_hz": hz[np.argmax(below >= 0.85, axis=1)],
        "rolloff_95_hz": hz[np.argmax(below >= 0.95, axis=1)],
    }


def _flatness(power: _Matrix) -> _Matrix:
    """Divide the geometric by the arithmetic mean of power, without DC: 1 for an even spectrum, 0 for a tone."""
    floored = power[:, 1:-1] + _POWER_FLOOR / FRAME
    return np.asarray(np.exp(np.mean(np.log(floored), axis=1)) / np.mean(floored, axis=1))


def _zero_crossings(frames: _Matrix) -> _Matrix:
    negative = np.signbit(frames)
    crossings = np.count_nonzero(negative[:, 1:] != negative[:, :-1], axis=1)
    return np.asarray(crossings * (SAMPLE_RATE / (FRAME - 1)))


def _mfcc(power: _Matrix) -> _Matrix:
    """Give the cepstrum of the mel spectrum in dB, without its first value, which is the level."""
    mel_db = 10.0 * np.log10(power @ mel_filters().T + _POWER_FLOOR)
    return np.asarray(dct(mel_db, type=2, norm="ortho", axis=1)[:, 1 : CEPSTRUM + 1])


def _octaves(power: _Matrix) -> _Matrix:
    edges = np.searchsorted(_bins_hz(), [centre * 2.0**half for centre in OCTAVES_HZ for half in (-0.5, 0.5)])
    sums = [power[:, low:high].sum(axis=1) for low, high in edges.reshape(-1, 2)]
    return np.asarray(10.0 * np.log10(np.stack(sums, axis=1) + _POWER_FLOOR))


@cache
def mel_filters() -> _Matrix:
    """Make MELS triangles (mels, bins) of height 1, evenly spaced from 20 Hz to 20 kHz on O'Shaughnessy's mel scale."""
    low, high = (2595.0 * np.log10(1.0 + hz / 700.0) for hz in (20.0, 20_000.0))
    corners = 700.0 * (10.0 ** (np.linspace(low, high, MELS + 2) / 2595.0) - 1.0)
    left, centre, right = corners[:-2, np.newaxis], corners[1:-1, np.newaxis], corners[2:, np.newaxis]
    hz = _bins_hz()
    return np.asarray(
        np.maximum(0.0, np.minimum((hz - left) / (centre - left), (right - hz) / (right - centre)))
    )


@cache
def _window() -> _Matrix:
    # Periodic Hann.
    return np.asarray(0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FRAME) / FRAME))


@cache
def _bins_hz() -> _Matrix:
    return np.asarray(np.arange(FRAME // 2 + 1) * (SAMPLE_RATE / FRAME))


def _names(prefix: str) -> list[str]:
    return [name for name in FRAMEWISE if name.startswith(prefix)]


def _loudness(samples: Samples) -> float:
    try:
        return integrated_loudness(Audio(samples[np.newaxis], SAMPLE_RATE))
    except AudioError:  # nothing of it reaches the gate
        return np.nan


def _correlation(samples: Samples, total: _Matrix) -> float:
    return float(np.corrcoef(samples, total)[0, 1])


def _rms_db(samples: Samples) -> float:
    return _db(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))


def _db(magnitude: float) -> float:
    return float(20.0 * np.log10(max(magnitude, 1e-30)))


def _median(values: _Matrix) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else np.nan


def _largest(values: Iterable[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return max(known, default=np.nan)
