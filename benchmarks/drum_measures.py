"""What can be measured of a drum multitrack: levels, spectra, bleed, decays, delays, and how its dry mix is made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyloudnorm
import scipy.signal

from mixeval.audio import Samples
from mixeval_stimuli.datasets.synthetic.drums import OCTAVES_HZ, SAMPLE_RATE
from mixeval_stimuli.datasets.synthetic.session import Multitrack


@dataclass(frozen=True)
class Measures:
    """What a multitrack measures: each a number or a row of numbers for each stem."""

    loudness_lufs: Mapping[str, float]
    octaves_dbfs: Mapping[str, Sequence[float]]
    crest_db: Mapping[str, float]
    floor_dbfs: Mapping[str, float]
    kick_bleed_db: Mapping[str, float]
    snare_bleed_db: Mapping[str, float]
    snare_delay_samples: Mapping[str, float]
    decay_t60_seconds: Mapping[str, float]
    dry_r2: tuple[float, float]
    dry_lufs: float
    wet_lufs: float


def measure(multitrack: Multitrack) -> Measures:
    stems = multitrack.stems
    kicks = onsets(stems["kick"], (40.0, 150.0))
    snares = [
        onset
        for onset in onsets(stems["snare"], (300.0, 4000.0))
        if min((abs(onset - kick) for kick in kicks), default=SAMPLE_RATE) > 0.1 * SAMPLE_RATE
    ]
    meter = pyloudnorm.Meter(SAMPLE_RATE, filter_class="DeMan")
    tail = {name: stem[-int(1.75 * SAMPLE_RATE) :] for name, stem in stems.items()}
    return Measures(
        loudness_lufs={name: meter.integrated_loudness(stem.astype(float)) for name, stem in stems.items()},
        octaves_dbfs={name: octave_levels(stem) for name, stem in stems.items()},
        crest_db={name: 20 * np.log10(np.abs(stem).max()) - power_db(stem) for name, stem in stems.items()},
        floor_dbfs={
            name: min(power_db(block) for block in blocks(stem, 0.1)) for name, stem in stems.items()
        },
        kick_bleed_db=bleed(stems, "kick", kicks),
        snare_bleed_db=bleed(stems, "snare", snares),
        snare_delay_samples=delays(stems, "snare", snares),
        decay_t60_seconds={
            "kick": median_decay(stems["kick"], kicks),
            "snare": median_decay(stems["snare"], snares),
            "overhead_L, last accent": decay(tail["overhead_L"]),
            "overhead_R, last accent": decay(tail["overhead_R"]),
            "hi-hat, last accent": decay(tail["hi-hat"]),
        },
        dry_r2=gain_r2(stems, multitrack.mixes["dry"]),
        dry_lufs=meter.integrated_loudness(multitrack.mixes["dry"].T.astype(float)),
        wet_lufs=meter.integrated_loudness(multitrack.mixes["wet"].T.astype(float)),
    )


def power_db(signal: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(signal, dtype=np.float64)) + 1e-14))


def blocks(signal: Samples, seconds: float) -> Iterator[Samples]:
    length = int(seconds * SAMPLE_RATE)
    return (signal[start : start + length] for start in range(0, len(signal) - length, length))


def octave_bands(signal: Samples) -> list[Samples]:
    return [
        scipy.signal.sosfilt(
            scipy.signal.butter(
                4,
                (center / np.sqrt(2), min(center * np.sqrt(2), 0.499 * SAMPLE_RATE)),
                "bandpass",
                fs=SAMPLE_RATE,
                output="sos",
            ),
            signal,
        )
        for center in OCTAVES_HZ
    ]


def octave_levels(signal: Samples) -> list[float]:
    return [power_db(band) for band in octave_bands(signal)]


def onsets(signal: Samples, band_hz: tuple[float, float]) -> list[int]:
    """Find strong strokes of a drum in its own microphone, in samples."""
    sos = scipy.signal.butter(2, band_hz, "bandpass", fs=SAMPLE_RATE, output="sos")
    hop = SAMPLE_RATE // 200
    band = scipy.signal.sosfilt(sos, signal)
    level = np.array([power_db(block) for block in blocks(band, hop / SAMPLE_RATE)])
    rise = level[3:] - level[:-3]
    peaks, _ = scipy.signal.find_peaks(rise, height=9.0, distance=30)
    loudest = max((level[peak : peak + 12].max() for peak in peaks), default=0.0)
    strong = [peak for peak in peaks if level[peak : peak + 12].max() > loudest - 9.0]
    return [int((peak + 1) * hop) for peak in strong]


def bleed(stems: Mapping[str, Samples], own: str, hits: Sequence[int]) -> Mapping[str, float]:
    """Energy of the first 100 ms of a stroke in each microphone relative to the drum's own, median in dB."""
    length = SAMPLE_RATE // 10
    return {
        name: float(
            np.median(
                [
                    power_db(stem[hit : hit + length]) - power_db(stems[own][hit : hit + length])
                    for hit in hits
                ]
            )
        )
        for name, stem in stems.items()
        if name != own
    }


def delays(stems: Mapping[str, Samples], own: str, hits: Sequence[int]) -> Mapping[str, float]:
    """By how many samples a stroke arrives later than in its own microphone, median of the envelopes' correlation."""
    sos = scipy.signal.butter(2, (400.0, 2500.0), "bandpass", fs=SAMPLE_RATE, output="sos")
    found: dict[str, float] = {}
    reach = 400
    for name in ("overhead_L", "overhead_R", "hi-hat", "tom_1"):
        lags = []
        for hit in hits:
            near, far = (
                scipy.signal.sosfilt(sos, stems[stem])[hit - 200 : hit + 1500] for stem in (own, name)
            )
            correlation = np.abs(scipy.signal.correlate(far, near, "full"))[len(near) - 1 :][:reach]
            lags.append(int(np.argmax(correlation)))
        found[name] = float(np.median(lags))
    return found


def decay(signal: Samples, *, seconds: float = 10.0) -> float:
    """Extrapolate the fall from -5 to -25 dB after the loudest 10 ms to the seconds that 60 dB take."""
    step = 0.01
    level = np.array([power_db(block) for block in blocks(signal[: int(seconds * SAMPLE_RATE)], step)])
    level = level[int(np.argmax(level)) :]
    level -= level[0]
    # A smoothed level falls monotonically enough to be fitted.
    smooth = np.convolve(level, np.ones(3) / 3, "same")
    first, last = int(np.argmax(smooth < -5.0)), int(np.argmax(smooth < -25.0))
    if last <= first + 1:
        last = len(smooth) - 2
    slope = np.polyfit(np.arange(first, last) * step, level[first:last], 1)[0]
    return float(-60.0 / slope)


def median_decay(signal: Samples, hits: Sequence[int]) -> float:
    """Give the median decay of strokes, each followed until 20 ms before the next."""
    ends = [*hits[1:], len(signal)]
    return float(
        np.median(
            [
                decay(signal[hit:end], seconds=min((end - hit) / SAMPLE_RATE - 0.02, 0.65))
                for hit, end in zip(hits, ends, strict=True)
                if end - hit > 0.4 * SAMPLE_RATE
            ]
        )
    )


def gain_r2(stems: Mapping[str, Samples], mix: Samples) -> tuple[float, float]:
    """Say how much of each side of a mix one gain for each stem explains, by least squares."""
    matrix = np.stack([stem.astype(np.float64) for stem in stems.values()], axis=1)
    sides = mix.astype(np.float64)
    gains, *_ = np.linalg.lstsq(matrix, sides.T, rcond=None)
    residual = sides.T - matrix @ gains
    left, right = 1.0 - np.sum(residual**2, axis=0) / np.sum(sides**2, axis=1)
    return float(left), float(right)


def octave_energies(signal: Samples) -> list[float]:
    return [float(10 * np.log10(np.sum(np.square(band)) + 1e-14)) for band in octave_bands(signal)]


def schroeder_t60(signal: Samples) -> float:
    """Extrapolate the backward-integrated decay from -5 to -25 dB to 60 dB (ISO 3382-1, T20), in seconds."""
    remaining = np.cumsum(np.square(signal[::-1], dtype=np.float64))[::-1]
    level = 10 * np.log10(remaining / remaining[0] + 1e-14)
    first, last = int(np.argmax(level < -5.0)), int(np.argmax(level < -25.0))
    return 3.0 * (last - first) / SAMPLE_RATE
