"""Compare the synthetic drums with real ones: levels, spectra, bleed, decays, delays, and the dry mix.

    python benchmarks/compare_synthetic_drums.py ENST_EXCERPT [--hits MULDJORDKIT] [--mixes STIMULI] [--figure FILE]

ENST_EXCERPT is a folder with stems/{hihat,kick,overheadL,overheadR,snare,tom1,tom2}.wav and reference/{dry,wet}.wav (the
example of the Mix-Wave-U-Net repository); it is compared with the synthetic take of the same drummer, style, tempo
and sticks. MULDJORDKIT holds Samples/<instrument>/<n>-<instrument>-<microphone>.flac; single hits of the second synthetic
kit are compared with it. STIMULI holds the paper's published listening-test clips; the dry reference mixes of two that the
kits were not tuned to are compared with synthetic takes of the same drummer and style. What is printed are derived numbers, no audio.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
from drum_measures import Measures, measure, octave_energies, octave_levels, schroeder_t60
from matplotlib import pyplot as plt

from mixeval.audio import read_audio
from mixeval_stimuli.datasets.synthetic.drums import OCTAVES_HZ
from mixeval_stimuli.datasets.synthetic.kits import KITS
from mixeval_stimuli.datasets.synthetic.session import Multitrack, Take, hits_of, hold
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
    # stroke: instrument and microphone of the MuldjordKit
    "kick": ("KdrumL", "KdrumL"),
    "snare": ("Snare", "Snare_top"),
    "tom_1": ("Tom2", "Tom2"),
    "tom_2": ("Tom4", "Tom4"),
    "hat_closed": ("HihatClosed", "Hihat"),
    "hat_open": ("HihatOpen", "Hihat"),
    "ride": ("RideR", "OHR"),
    "crash": ("CrashL", "OHL"),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("excerpt", type=Path, metavar="ENST_EXCERPT")
    parser.add_argument("--hits", type=Path, metavar="MULDJORDKIT")
    parser.add_argument("--mixes", type=Path, metavar="STIMULI")
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
    if arguments.mixes:
        for line in mixes_table(arguments.mixes):
            print(line)
    if arguments.figure:
        draw(real, synthetic, arguments.figure)


def read_real(folder: Path) -> Multitrack:
    return Multitrack(
        {name: read_audio(folder / file).samples[0] for name, file in REAL_FILES.items()},
        {mix: read_audio(folder / "reference" / f"{mix}.wav").samples for mix in ("dry", "wet")},
    )


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
            np.median([octave_energies(signal) for signal in signals], axis=0)[1:] for signals in (real, ours)
        ]
        difference = spectra[1] - spectra[0]
        difference -= np.median(difference)
        t60 = [float(np.median([schroeder_t60(signal) for signal in signals])) for signals in (real, ours)]
        yield (
            f"| {stroke} | "
            + " | ".join(f"{value:+.0f}" for value in difference)
            + f" | {t60[0]:.2f} | {t60[1]:.2f} |"
        )


def mixes_table(folder: Path) -> Iterator[str]:
    """Compare dry reference mixes: octave levels around their median, which is free of the mix's level."""
    yield ""
    yield (
        "| dry mix: octave levels, synthetic - real (dB, medians aligned) | "
        + " | ".join(f"{hertz:g}" for hertz in OCTAVES_HZ)
        + " |"
    )
    yield "| --- |" + " ---: |" * len(OCTAVES_HZ)
    for kit, take, clip in (
        (KITS[0], Take(1, "reggae", "simple", "slow", "sticks"), "078_phrase_reggae_simple_slow_sticks"),
        (KITS[1], Take(1, "afro", "simple", "slow", "sticks"), "050_phrase_afro_simple_slow_sticks"),
    ):
        real = read_audio(folder / f"{clip}_target_dry.mp3").samples.mean(axis=0)
        mixes = hold(kit, hits_of(kit, take.sticks, seed=SEED), take, seed=SEED, seconds=13.8).mixes
        difference = np.subtract(octave_levels(mixes["dry"].mean(axis=0)), octave_levels(real))
        difference -= np.median(difference)
        yield (
            f"| drummer {kit.drummer}, {clip} | " + " | ".join(f"{value:+.0f}" for value in difference) + " |"
        )


def draw(real: Measures, synthetic: Measures, path: Path) -> None:
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
