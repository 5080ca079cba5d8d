"""Compare the synthetic drums with real ones: levels, spectra, bleed, decays, delays, and the dry mix.

    python benchmarks/compare_synthetic_drums.py ENST_EXCERPT [--hits MULDJORDKIT] [--figure FILE] [--table FILE]

ENST_EXCERPT is a folder with stems/{hihat,kick,overheadL,overheadR,snare,tom1,tom2}.wav and reference/{dry,wet}.wav (the
example of the Mix-Wave-U-Net repository); it is compared with the synthetic take of the same drummer, style, tempo
and sticks. MULDJORDKIT holds Samples/<instrument>/<n>-<instrument>-<microphone>.flac; single hits of the second synthetic
kit are compared with it. What is printed are derived numbers, no audio.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyloudnorm
import scipy.signal

from mixeval.audio import Samples, read_audio
from mixeval_stimuli.datasets.synthetic.drums import OCTAVES_HZ, SAMPLE_RATE
from mixeval_stimuli.datasets.synthetic.kits import KITS
from mixeval_stimuli.datasets.synthetic.session import Multitrack, hits_of, hold
from mixeval_stimuli.datasets.synthetic.tree import takes_of

SEED = 1

REAL_FILES = {
    "hi-hat": "stems/hihat.wav",
    "kick": "stems/kick.wav",
    "overhead_L": "stems/overheadL.wav",
    "overhead_R": "stems/overheadR.wav",
    "snare": "stems/snare.wav",
    "tom_1": "stems/tom1.wav",
    "tom_2": "stems/tom2.wav",
}

HITS = {
    # stroke: (instrument and own microphone of the MuldjordKit, source's spectrum is heard there)
    "kick": ("KdrumL", "KdrumL"),
    "snare": ("Snare", "Snare_top"),
    "tom_1": ("Tom2", "Tom2"),
    "tom_2": ("Tom4", "Tom4"),
    "hat_closed": ("HihatClosed", "Hihat"),
    "hat_open": ("HihatOpen", "Hihat"),
    "ride": ("RideR", "OHR"),
    "crash": ("CrashL", "OHL"),
}


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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("excerpt", type=Path, metavar="ENST_EXCERPT")
    parser.add_argument("--hits", type=Path, metavar="MULDJORDKIT")
    parser.add_argument("--figure", type=Path, metavar="FILE")
    arguments = parser.parse_args()

    real = measure(read_real(arguments.excerpt))
    kit, take = KITS[0], takes_of(0, 1)[0]
    hits = hits_of(kit, take.sticks, seed=SEED)
    synthetic = measure(hold(kit, hits, take, seed=SEED, seconds=13.8))
    for line in table(real, synthetic):
        print(line)
    if arguments.hits:
        for line in hits_table(arguments.hits):
            print(line)
    if arguments.figure:
        draw(real, synthetic, arguments.figure)


def read_real(folder: Path) -> Multitrack:
    return Multitrack(
        {name: read_audio(folder / file).samples[0] for name, file in REAL_FILES.items()},
        {mix: read_audio(folder / "reference" / f"{mix}.wav").samples for mix in ("dry", "wet")},
    )


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


def table(real: Measures, synthetic: Measures) -> Iterator[str]:
    """Give Markdown lines, each with the real value, the synthetic one and the difference."""
    yield "| measure | real | synthetic | difference |"
    yield "| --- | ---: | ---: | ---: |"
    for label, name, digits in (
        ("loudness (LUFS)", "loudness_lufs", 1),
        ("crest (dB)", "crest_db", 1),
        ("quietest 100 ms (dBFS)", "floor_dbfs", 1),
        ("kick into (dB)", "kick_bleed_db", 1),
        ("snare into (dB)", "snare_bleed_db", 1),
        ("snare later in (samples)", "snare_delay_samples", 0),
        ("T60 from T20 (s)", "decay_t60_seconds", 2),
    ):
        ours = getattr(synthetic, name)
        for key, value in getattr(real, name).items():
            yield (
                f"| {label} {key} | {value:.{digits}f} | {ours[key]:.{digits}f} | {ours[key] - value:+.{digits}f} |"
            )
    yield f"| dry mix (LUFS) | {real.dry_lufs:.1f} | {synthetic.dry_lufs:.1f} | {synthetic.dry_lufs - real.dry_lufs:+.1f} |"
    yield f"| wet mix (LUFS) | {real.wet_lufs:.1f} | {synthetic.wet_lufs:.1f} | {synthetic.wet_lufs - real.wet_lufs:+.1f} |"
    for side, index in (("left", 0), ("right", 1)):
        a, b = real.dry_r2[index], synthetic.dry_r2[index]
        yield f"| dry mix explained by gains, {side} (R2) | {a:.4f} | {b:.4f} | {b - a:+.4f} |"
    yield ""
    yield "| octave (Hz), synthetic - real (dB) | " + " | ".join(f"{hertz:g}" for hertz in OCTAVES_HZ) + " |"
    yield "| --- |" + " ---: |" * len(OCTAVES_HZ)
    for name, levels in real.octaves_dbfs.items():
        differences = np.subtract(synthetic.octaves_dbfs[name], levels)
        yield f"| {name} | " + " | ".join(f"{difference:+.1f}" for difference in differences) + " |"


def hits_table(kit_folder: Path) -> Iterator[str]:
    """Compare strokes of the second synthetic kit with the MuldjordKit's: spectrum around its mean, and decays."""
    hits = hits_of(KITS[1], "sticks", seed=SEED)
    header = " | ".join(f"{hertz:g}" for hertz in OCTAVES_HZ[1:])
    yield ""
    yield f"| hit: octave levels, synthetic - real (dB, means aligned) | {header} | T20 real | T20 synthetic |"
    yield "| --- |" + " ---: |" * (len(OCTAVES_HZ) + 1)
    for stroke, (instrument, microphone) in HITS.items():
        files = sorted(
            (kit_folder / "Samples" / instrument).glob(f"*-{instrument}-{microphone}.flac"),
            key=lambda file: int(file.name.split("-")[0]),
        )
        real = [
            audio.samples[0] for audio in map(read_audio, files[-len(files) // 3 :]) if audio.seconds > 0.3
        ]
        ours = [hit.at(0.9) for hit in hits[stroke]]
        spectra = [
            np.median([_energies(signal) for signal in signals], axis=0)[1:] for signals in (real, ours)
        ]
        difference = spectra[1] - spectra[0]
        difference -= np.median(difference)
        t60 = [float(np.median([_schroeder(signal) for signal in signals])) for signals in (real, ours)]
        yield (
            f"| {stroke} | "
            + " | ".join(f"{value:+.0f}" for value in difference)
            + f" | {t60[0]:.2f} | {t60[1]:.2f} |"
        )


def _energies(signal: Samples) -> list[float]:
    return [float(10 * np.log10(np.sum(np.square(band)) + 1e-14)) for band in octave_bands(signal)]


def _schroeder(signal: Samples) -> float:
    """Extrapolate the backward-integrated decay from -5 to -25 dB to 60 dB (ISO 3382-1, T20), in seconds."""
    remaining = np.cumsum(np.square(signal[::-1], dtype=np.float64))[::-1]
    level = 10 * np.log10(remaining / remaining[0] + 1e-14)
    first, last = int(np.argmax(level < -5.0)), int(np.argmax(level < -25.0))
    return 3.0 * (last - first) / SAMPLE_RATE


def draw(real: Measures, synthetic: Measures, path: Path) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - only the figure needs it
    from matplotlib import pyplot as plt  # noqa: PLC0415

    mpl.use("Agg")
    figure, axes = plt.subplots(2, 4, figsize=(11, 5.2), constrained_layout=True)
    for axis, (name, levels) in zip(axes.flat, real.octaves_dbfs.items(), strict=False):
        axis.semilogx(OCTAVES_HZ, levels, "k-o", markersize=3, label="real")
        axis.semilogx(OCTAVES_HZ, synthetic.octaves_dbfs[name], "C0--s", markersize=3, label="synthetic")
        axis.set_title(name, fontsize=9)
        axis.set_ylim(-105, -25)
        axis.set_xticks([63, 250, 1000, 4000, 16000], ["63", "250", "1k", "4k", "16k"])
        axis.minorticks_off()
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
    axes[0, 0].legend(fontsize=7)
    axes[0, 0].set_ylabel("octave level (dBFS)", fontsize=8)
    axes[1, 0].set_ylabel("octave level (dBFS)", fontsize=8)
    last = axes.flat[7]
    names = [f"kick → {name}" for name in real.kick_bleed_db] + [
        f"snare → {name}" for name in real.snare_bleed_db
    ]
    for values, style, label in (
        ([*real.kick_bleed_db.values(), *real.snare_bleed_db.values()], "ko", "real"),
        ([*synthetic.kick_bleed_db.values(), *synthetic.snare_bleed_db.values()], "C0s", "synthetic"),
    ):
        last.plot(values, range(len(names)), style, markersize=4, label=label)
    last.set_yticks(range(len(names)), names, fontsize=6)
    last.set_title("bleed, dB re own microphone", fontsize=9)
    last.tick_params(axis="x", labelsize=7)
    last.grid(alpha=0.3)
    figure.savefig(path, dpi=90, metadata={"Software": None})


if __name__ == "__main__":
    main()
