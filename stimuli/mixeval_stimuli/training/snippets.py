"""Snippets: what a network sees of the recordings, at random for training and in order for validation.

The batch of a step follows from the seed and the number of the step alone. So a run that was killed goes on with
the very snippets that it would have had, several processes share a batch without talking, and batches can be read
ahead in any order.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile

from mixeval.audio import Samples
from mixeval.errors import AudioError, DatasetError
from mixeval.seeds import generator
from mixeval_stimuli.methods.wave_u_net.architecture import Shapes
from mixeval_stimuli.training.augmentation import augmented
from mixeval_stimuli.training.tracks import Track


@dataclass(frozen=True)
class Batch:
    """Stems (batch, inputs, input_frames) and the mixes (batch, 2, output_frames) that belong to their middles."""

    stems: Samples
    mixes: Samples


class TrainingSnippets:
    """Random snippets: each recording equally often, whatever its length, at uniformly random places.

    `gain_range_db` and `stem_dropout` are those of :func:`~mixeval_stimuli.training.augmentation.augmented`.
    """

    def __init__(
        self,
        tracks: Sequence[Track],
        lengths: Shapes,
        *,
        seed: int,
        gain_range_db: float = 0.0,
        stem_dropout: float = 0.0,
    ) -> None:
        if not tracks:
            raise DatasetError(
                "there is no recording to train on", remedy="name a data set with a train subset"
            )
        self.tracks = tuple(tracks)
        self._lengths = lengths
        self._seed = seed
        self._gain_range_db = gain_range_db
        self._stem_dropout = stem_dropout

    def batch(self, step: int, size: int, *, rank: int = 0, ranks: int = 1) -> Batch:
        """Read the part of process `rank` of `ranks` of the batch of `size` snippets that belongs to `step`."""
        return stack([self.snippet(index) for index in share(step, size, rank=rank, ranks=ranks)])

    def snippet(self, index: int) -> Batch:
        """Read snippet 0, 1, ... of the run."""
        # Pass after pass over all recordings, each in a new order. The authors draw 100 places per recording and
        # pass, and shuffle a buffer of 1000: the same shares, with recordings less mixed.
        turn, place = divmod(index, len(self.tracks))
        order = generator(self._seed, "order", turn).permutation(len(self.tracks))
        track = self.tracks[order[place]]
        padded = track.frames + 2 * self._lengths.context
        last = max(1, padded - self._lengths.input_frames)
        start = int(generator(self._seed, "place", index).integers(last)) - self._lengths.context
        return self._augmented(read_snippet(track, start, self._lengths), index)

    def _augmented(self, snippet: Batch, index: int) -> Batch:
        if not self._gain_range_db and not self._stem_dropout:
            return snippet
        random = generator(self._seed, "augmentation", index)
        stems = augmented(
            snippet.stems[0], random, gain_range_db=self._gain_range_db, dropout=self._stem_dropout
        )
        return Batch(stems[np.newaxis], snippet.mixes)


def share(step: int, size: int, *, rank: int = 0, ranks: int = 1) -> range:
    """List the snippets of process `rank` of `ranks` in the batch of `size` that belongs to `step`."""
    return range(step * size + rank, (step + 1) * size, ranks)


def stack(snippets: Sequence[Batch]) -> Batch:
    """Make one batch of several."""
    return Batch(
        np.concatenate([snippet.stems for snippet in snippets]),
        np.concatenate([snippet.mixes for snippet in snippets]),
    )


def read_snippet(track: Track, start: int, lengths: Shapes) -> Batch:
    """Read the snippet whose input begins at sample `start` of a track (before 0: in the silence ahead of it).

    Raises AudioError that names a file that can no longer be read, or is no longer as long as it was.
    """
    stems = np.zeros((len(track.stems), lengths.input_frames), dtype=np.float32)
    for row, path in zip(stems, track.stems, strict=True):
        if path is not None:
            row[:] = _read(path, track.frames, start, lengths.input_frames)[0]
    mix = _read(track.mix, track.frames, start + lengths.context, lengths.output_frames)
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


def read_ahead(readers: Executor, jobs: Iterable[Callable[[], Batch]], *, ahead: int) -> Iterator[Batch]:
    """Do jobs in their order, `ahead` of them before they are asked for; memory holds no more than those."""
    pending = iter(jobs)
    waiting: deque[Future[Batch]] = deque(readers.submit(job) for job in islice(pending, ahead))
    while waiting:
        batch = waiting.popleft().result()
        waiting.extend(readers.submit(job) for job in islice(pending, 1))
        yield batch


def _read(path: Path, total: int, start: int, frames: int) -> Samples:
    """Read (channels, frames) from sample `start` on of a file of `total`, silence where it has none."""
    first = min(max(start, 0), total)
    wanted = max(0, min(start + frames, total) - first)
    try:
        with soundfile.SoundFile(path) as file:
            length = file.frames
            file.seek(min(first, length))
            found = file.read(wanted, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise AudioError(
            f"{path} can no longer be read ({error})", remedy="put it back and go on with the training"
        ) from error
    if length != total or len(found) != wanted:
        raise AudioError(
            f"{path} had {total} samples when the training began and now has {length}",
            remedy="put it back and go on with the training",
        )
    before = min(max(-start, 0), frames)
    return np.pad(found.T, ((0, 0), (before, frames - before - wanted)))


def _linear(gain_db: float) -> np.float32:
    return np.float32(10.0 ** (gain_db / 20.0))
