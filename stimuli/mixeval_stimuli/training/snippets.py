"""Snippets: what a network sees of the recordings, at random for training and in order for validation.

The batch of a step follows from the seed and the number of the step alone. So a run that was killed goes on with
the very snippets that it would have had, several processes share a batch without talking, and batches can be read
ahead in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from mixeval.audio import Audio, Samples, read_audio
from mixeval.errors import DatasetError
from mixeval.seeds import generator
from mixeval_stimuli.loudness import gain_to_loudness, integrated_loudness
from mixeval_stimuli.methods.inputs import mix_file
from mixeval_stimuli.methods.wave_u_net.architecture import Shapes
from mixeval_stimuli.recordings import Recording, read_stems
from mixeval_stimuli.stems import common_gain_db, plain_sum
from mixeval_stimuli.training.options import Options, TargetLevel

SAMPLE_RATE = 44_100


@dataclass(frozen=True)
class Track:
    """A recording and its reference mix as training takes them: files, length, and the gains that they get."""

    item: str
    frames: int
    stems: tuple[Path | None, ...] = field(repr=False)
    """A file for each input; none is silence."""
    mix: Path = field(repr=False)
    stem_gain: float
    mix_gain: float


@dataclass(frozen=True)
class Batch:
    """Stems (batch, inputs, input_frames) and the mixes (batch, 2, output_frames) that belong to their middles."""

    stems: Samples
    mixes: Samples


def open_track(recording: Recording, options: Options) -> Track:
    """Read a recording once, to check it and to find its gains.

    Raises DatasetError when stems and mix differ in length or rate, when the rate is not 44.1 kHz, or when the
    reference mix is silent or not stereo, and AudioError when a file cannot be read.
    """
    names = tuple(name for name in options.architecture.inputs if name in recording.stems)
    if not names:
        raise DatasetError(
            f'recording "{recording.item}" has none of the stems {", ".join(options.architecture.inputs)}',
            remedy="leave it out or rename its stems",
        )
    stems = read_stems(recording, names)
    mix_path = mix_file(recording, options.variant)
    mix = read_audio(mix_path)
    first = next(iter(stems.values()))
    _check(recording, first, mix)
    stem_gain_db = 0.0
    if options.input_lufs is not None:
        stem_gain_db = common_gain_db(stems.values(), options.input_lufs)
    return Track(
        item=recording.item,
        frames=mix.frames,
        stems=tuple(recording.stems.get(name) for name in options.architecture.inputs),
        mix=mix_path,
        stem_gain=_linear(stem_gain_db),
        mix_gain=_mix_gain(mix, plain_sum(stems.values()), stem_gain_db, options.target_level),
    )


class TrainingSnippets:
    """Random snippets: each recording equally often, whatever its length, at uniformly random places."""

    def __init__(self, tracks: Sequence[Track], lengths: Shapes, *, seed: int) -> None:
        if not tracks:
            raise DatasetError(
                "there is no recording to train on", remedy="name a data set with a train subset"
            )
        self.tracks = tuple(tracks)
        self._lengths = lengths
        self._seed = seed

    def batch(self, step: int, size: int, *, rank: int = 0, ranks: int = 1) -> Batch:
        """Read the part of process `rank` of `ranks` of the batch of `size` snippets that belongs to `step`."""
        return _stack([self._snippet(step * size + index) for index in range(rank, size, ranks)])

    def _snippet(self, index: int) -> Batch:
        # Pass after pass over all recordings, each in a new order. The authors draw 100 places per recording and
        # pass, and shuffle a buffer of 1000: the same shares, with recordings less mixed.
        turn, place = divmod(index, len(self.tracks))
        order = generator(self._seed, "order", turn).permutation(len(self.tracks))
        track = self.tracks[order[place]]
        padded = track.frames + 2 * self._lengths.context
        last = max(1, padded - self._lengths.input_frames)
        start = int(generator(self._seed, "place", index).integers(last)) - self._lengths.context
        return read_snippet(track, start, self._lengths)


def read_snippet(track: Track, start: int, lengths: Shapes) -> Batch:
    """Read the snippet whose input begins at sample `start` of a track (before 0: in the silence ahead of it)."""
    stems = np.zeros((len(track.stems), lengths.input_frames), dtype=np.float32)
    for row, path in zip(stems, track.stems, strict=True):
        if path is not None:
            row[:] = _read(path, start, lengths.input_frames)[0]
    mix = _read(track.mix, start + lengths.context, lengths.output_frames)
    return Batch(
        stems[np.newaxis] * np.float32(track.stem_gain), mix[np.newaxis] * np.float32(track.mix_gain)
    )


def validation_places(tracks: Sequence[Track], lengths: Shapes) -> list[tuple[Track, int]]:
    """List track and input start of frames that follow each other without a gap; the tail is dropped, as coded."""
    return [
        (track, start - lengths.context)
        for track in tracks
        for start in range(
            0,
            max(1, track.frames + 2 * lengths.context - lengths.input_frames),
            lengths.output_frames,
        )
    ]


def _read(path: Path, start: int, frames: int) -> Samples:
    """Read (channels, frames) from sample `start` on, silence where the file has none."""
    with soundfile.SoundFile(path) as file:
        first = min(max(start, 0), file.frames)
        file.seek(first)
        found = file.read(max(0, min(start + frames, file.frames) - first), dtype="float32", always_2d=True)
    before = min(max(-start, 0), frames)
    return np.pad(found.T, ((0, 0), (before, frames - before - len(found))))


def _stack(snippets: Sequence[Batch]) -> Batch:
    return Batch(
        np.concatenate([snippet.stems for snippet in snippets]),
        np.concatenate([snippet.mixes for snippet in snippets]),
    )


def _check(recording: Recording, stem: Audio, mix: Audio) -> None:
    if stem.sample_rate != SAMPLE_RATE:
        raise DatasetError(
            f'recording "{recording.item}" has {stem.sample_rate} samples a second where training takes {SAMPLE_RATE}',
            remedy="resample the data set first",
        )
    if (mix.frames, mix.sample_rate, mix.channels) != (stem.frames, stem.sample_rate, 2):
        raise DatasetError(
            f'the reference mix of "{recording.item}" has {mix.channels} x {mix.frames} samples at {mix.sample_rate} Hz '
            f"where its stems have {stem.frames} at {stem.sample_rate} Hz and the mix two channels",
            remedy="export stems and mix together, with one start, end and rate",
        )
    if not mix.samples.any():
        raise DatasetError(
            f'the reference mix of "{recording.item}" is silent', remedy="leave the recording out"
        )


def _mix_gain(mix: Audio, sum_of_stems: Audio, stem_gain_db: float, level: TargetLevel) -> float:
    match level:
        case "peak":
            return float(1.0 / np.max(np.abs(mix.samples)))
        case "as_recorded":
            return _linear(stem_gain_db)
        case "loudness":
            return _linear(gain_to_loudness(mix, integrated_loudness(sum_of_stems) + stem_gain_db))


def _linear(gain_db: float) -> float:
    return float(10.0 ** (gain_db / 20.0))
