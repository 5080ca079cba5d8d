"""Look at what the random-forest baseline's effects do to a dry mix: spectrograms, gain reduction, figures.

    python benchmarks/effects_figures.py DRY.wav OUT_FOLDER

writes OUT_FOLDER/effects.png and OUT_FOLDER/reduction.png and prints a Markdown table of the dry mix, the compressed
one, and the wet mixes of both styles, each at the dry mix's loudness.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from scipy.signal import stft

from mixeval.audio import Audio, read_audio
from mixeval_stimuli.loudness import integrated_loudness, true_peak, with_gain
from mixeval_stimuli.methods.random_forest.dynamics import Compressor, compress
from mixeval_stimuli.methods.random_forest.effects import add_effects
from mixeval_stimuli.methods.random_forest.transients import crest_db

mpl.use("Agg")
from matplotlib import pyplot as plt

QUIET_DB = 90.0


def main(source: Path, out: Path) -> None:
    dry = read_audio(source).as_stereo()
    tuned, published = (add_effects(dry, style=style) for style in ("tuned", "as_published"))
    for name, values in tuned.parameters.items():
        print(f"{name}: {values}")
    found = tuned.parameters["compressor"]
    held = {"makeup_db", "largest_reduction_db"}
    compressor = Compressor(**{name: value for name, value in found.items() if name not in held})
    compressed = compress(dry.samples.astype(np.float64), dry.sample_rate, compressor)
    squeezed = Audio(compressed.samples.astype(np.float32), dry.sample_rate)
    mixes = {
        "dry": dry,
        "compressed": with_gain(squeezed, found["makeup_db"]),
        "tuned": tuned.audio,
        "as_published": published.audio,
    }
    print_table(mixes)
    out.mkdir(parents=True, exist_ok=True)
    draw_spectrograms(mixes, out / "effects.png")
    draw_reduction(mixes, compressed.reduction_db, out / "reduction.png")


def print_table(mixes: dict[str, Audio]) -> None:
    dry = mixes["dry"]
    print(
        "\n| mix | LUFS | true peak dBTP | crest dB | L/R correlation | dry over rest L, R dB | gap level dB |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, mix in mixes.items():
        left, right = (dry_over_rest_db(mix.samples[side], dry.samples[side]) for side in (0, 1))
        print(
            f"| {name} | {integrated_loudness(mix):.2f} | {true_peak(mix):.2f} "
            f"| {crest_db(mix.samples.astype(np.float64), mix.sample_rate):.1f} "
            f"| {np.corrcoef(mix.samples)[0, 1]:.3f} | {left:.1f}, {right:.1f} | {gap_level_db(mix):.1f} |"
        )


def dry_over_rest_db(mix: np.ndarray, dry: np.ndarray) -> float:
    """Compare the energy of what is the dry sound at one gain with that of everything else."""
    dry, mix = dry.astype(np.float64), mix.astype(np.float64)
    same = np.dot(mix, dry) / np.dot(dry, dry) * dry
    rest = float(np.sum(np.square(mix - same)))
    return np.inf if rest == 0.0 else 10.0 * np.log10(np.sum(np.square(same)) / rest)


def gap_level_db(mix: Audio) -> float:
    """Measure how far the quietest tenth of 50 ms frames lies below the mean: how much space is left."""
    length = mix.sample_rate // 20
    power = np.square(mix.samples.astype(np.float64)).mean(axis=0)
    frames = power[: power.size // length * length].reshape(-1, length).mean(axis=1)
    return float(10.0 * np.log10(np.quantile(frames, 0.1) / frames.mean()))


def draw_spectrograms(mixes: dict[str, Audio], path: Path) -> None:
    figure, axes = plt.subplots(
        len(mixes), 1, figsize=(16, 4 * len(mixes)), sharex=True, layout="constrained"
    )
    for axis, (name, mix) in zip(axes, mixes.items(), strict=True):
        hertz, seconds, values = stft(mix.samples.mean(axis=0), mix.sample_rate, nperseg=2048, noverlap=1536)
        level = 20.0 * np.log10(np.abs(values) + 1e-12)
        drawn = axis.pcolormesh(
            seconds,
            hertz[1:],
            level[1:],
            vmin=level.max() - QUIET_DB,
            vmax=level.max(),
            cmap="magma",
            rasterized=True,
        )
        axis.set(title=name, ylabel="Hz", yscale="log", ylim=(40, 20_000))
        figure.colorbar(drawn, ax=axis, label="dB")
    axes[-1].set_xlabel("s")
    figure.savefig(path, dpi=80)
    plt.close(figure)


def draw_reduction(mixes: dict[str, Audio], reduction_db: np.ndarray, path: Path) -> None:
    figure, axes = plt.subplots(
        len(mixes) + 1, 1, figsize=(16, 3 * len(mixes)), sharex=True, layout="constrained"
    )
    for axis, (name, mix) in zip(axes, mixes.items(), strict=False):
        seconds = np.arange(mix.frames) / mix.sample_rate
        axis.plot(seconds, mix.samples[0], linewidth=0.4)
        limit = 1.05 * max(float(np.abs(other.samples).max()) for other in mixes.values())
        axis.set(title=name, ylim=(-limit, limit))
    axes[-1].plot(seconds, -reduction_db, linewidth=0.8)
    axes[-1].set(title="gain reduction", ylabel="dB", xlabel="s")
    figure.savefig(path, dpi=80)
    plt.close(figure)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
