"""Snippets: what a network sees of the recordings, at random for training and in order for validation.

The batch of a step follows from the seed and the number of the step alone. So a run that was killed goes on with
the very snippets that it would have had, several processes share a batch without talking, and batches can be read
ahead in any order.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
from mixeval_stimuli.training.options import Options

SAMPLE_RATE = 44_100


@dataclass(frozen=True)
class Track:
    """A recording and its reference mix as training takes them: files, length, and the gains that they get."""

    item: str
    frames: int
    stems: tuple[Path | None, ...] = field(repr=False)
    """A file for each input; none is silence."""
    mix: Path = field(repr=False)
    stem_gain_db: float
    mix_gain_db: float


@dataclass(frozen=True)
class Batch:
    """Stems (batch, inputs, input_frames) and the mixes (batch, 2, output_frames) that belong to their middles."""

    stems: Samples
    mixes: Samples


def open_tracks(
    recordings: Sequence[Recording], options: Options, *, progress: Callable[[], None] = lambda: None
) -> list[Track]:
    """Read each recording once, to check it and to find its gains; `progress` is told of each.

    Raises DatasetError when stems and mix differ in length or rate, when the rate is not 44.1 kHz, or when a
    reference mix is silent or not stereo, and AudioError when a file cannot be read.
    """
    tracks = []
    for recording in recordings:
        tracks.append(_open(recording, options))
        progress()
    return _with_gain_of_setup(tracks) if options.target_level == "setup" else tracks


def _open(recording: Recording, options: Options) -> Track:
    names = tuple(name for name in options.architecture.inputs if name in recording.stems)
    if not names:
        raise DatasetError(
            f'recording "{recording.item}" has none of the stems {", ".join(options.architecture.inputs)}',
            remedy="leave it out or rename its stems",
        )
    stems = read_stems(recording, names)
    mix_path = mix_file(recording, options.variant)
    mix = read_audio(mix_path)
    _check(recording, next(iter(stems.values())), mix)
    sum_of_stems = plain_sum(stems.values())
    stem_gain_db = 0.0
    if options.input_lufs is not None:
        stem_gain_db = common_gain_db(stems.values(), options.input_lufs)
    if options.target_level == "peak":
        mix_gain_db = -20.0 * math.log10(float(np.max(np.abs(mix.samples))))
    else:
        mix_gain_db = gain_to_loudness(mix, integrated_loudness(sum_of_stems) + stem_gain_db)
    return Track(
        item=recording.item,
        frames=mix.frames,
        stems=tuple(recording.stems.get(name) for name in options.architecture.inputs),
        mix=mix_path,
        stem_gain_db=stem_gain_db,
        mix_gain_db=mix_gain_db,
    )


def _with_gain_of_setup(tracks: Sequence[Track]) -> list[Track]:
    beside_stems: dict[Path, list[float]] = defaultdict(list)
    for track in tracks:
        beside_stems[track.mix.parent].append(track.mix_gain_db - track.stem_gain_db)
    return [
        replace(track, mix_gain_db=track.stem_gain_db + float(np.mean(beside_stems[track.mix.parent])))
        for track in tracks
    ]


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
        stems[np.newaxis] * _linear(track.stem_gain_db), mix[np.newaxis] * _linear(track.mix_gain_db)
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


def _linear(gain_db: float) -> np.float32:
    return np.float32(10.0 ** (gain_db / 20.0))
