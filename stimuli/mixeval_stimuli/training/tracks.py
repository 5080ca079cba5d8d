"""Tracks: recordings and their reference mixes as training takes them, checked, and with the gains that they get."""

import hashlib
import json
import math
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mixeval.audio import Audio, read_audio
from mixeval.errors import AudioError, DatasetError
from mixeval_stimuli.loudness import gain_to_loudness, integrated_loudness
from mixeval_stimuli.methods.inputs import mix_file
from mixeval_stimuli.recordings import Recording, read_stems
from mixeval_stimuli.stems import common_gain_db, plain_sum
from mixeval_stimuli.training.options import Options

SAMPLE_RATE = 44_100

_READERS = 4
"""Recordings in memory at once, while tracks are opened: each thread has one."""


@dataclass(frozen=True)
class Track:
    """A recording and its reference mix: files, length, and the gains that they get."""

    item: str
    frames: int
    stems: tuple[Path | None, ...] = field(repr=False)
    """A file for each input; none is silence."""
    mix: Path = field(repr=False)
    stem_gain_db: float
    mix_gain_db: float


def open_tracks(
    recordings: Sequence[Recording], options: Options, *, progress: Callable[[], None] = lambda: None
) -> list[Track]:
    """Read each recording once, to check it and to find its gains; `progress` is told of each.

    Raises DatasetError when stems and mix differ in length or rate, when the rate is not 44.1 kHz, or when a
    reference mix is silent or not stereo, and AudioError when a file cannot be read.
    """
    tracks = []
    with ThreadPoolExecutor(min(_READERS, os.cpu_count() or 1)) as readers:
        opening = [readers.submit(_open, recording, options) for recording in recordings]
        try:
            for opened in opening:
                tracks.append(opened.result())
                progress()
        except BaseException:
            # What is wrong is told now, not when all the others have been read.
            readers.shutdown(wait=False, cancel_futures=True)
            raise
    return _with_gain_of_setup(tracks) if options.target_level == "setup" else tracks


def fingerprint(*subsets: Sequence[Track]) -> str:
    """Hash what tells one choice of recordings from another: items, lengths and gains, in their order."""
    listed = [
        [
            [track.item, track.frames, round(track.stem_gain_db, 6), round(track.mix_gain_db, 6)]
            for track in subset
        ]
        for subset in subsets
    ]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


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
    stem_gain_db = 0.0
    if options.input_lufs is not None:
        stem_gain_db = common_gain_db(stems.values(), options.input_lufs)
    return Track(
        item=recording.item,
        frames=mix.frames,
        stems=tuple(recording.stems.get(name) for name in options.architecture.inputs),
        mix=mix_path,
        stem_gain_db=stem_gain_db,
        mix_gain_db=_mix_gain_db(recording, plain_sum(stems.values()), mix, stem_gain_db, options),
    )


def _mix_gain_db(
    recording: Recording, sum_of_stems: Audio, mix: Audio, stem_gain_db: float, options: Options
) -> float:
    if options.target_level == "peak":
        return -20.0 * math.log10(float(np.max(np.abs(mix.samples))))
    try:
        return gain_to_loudness(mix, integrated_loudness(sum_of_stems) + stem_gain_db)
    except AudioError as error:
        raise DatasetError(
            f'the mix and the stems of "{recording.item}" cannot be brought to one loudness: {error.problem}',
            remedy='leave the recording out, or choose target_level = "peak"',
        ) from error


def _with_gain_of_setup(tracks: Sequence[Track]) -> list[Track]:
    beside_stems: dict[Path, list[float]] = defaultdict(list)
    for track in tracks:
        beside_stems[track.mix.parent].append(track.mix_gain_db - track.stem_gain_db)
    return [
        replace(track, mix_gain_db=track.stem_gain_db + float(np.mean(beside_stems[track.mix.parent])))
        for track in tracks
    ]


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
