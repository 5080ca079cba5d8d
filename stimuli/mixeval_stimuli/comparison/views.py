"""Views: what a picture shows of the mixes of one item, over all of it or around a transient."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mixeval.audio import Audio
from mixeval.conditions import Role
from mixeval.errors import StudyError
from mixeval_stimuli.comparison.rendered import Rendered
from mixeval_stimuli.comparison.spectrogram import Spectrogram, spectrogram
from mixeval_stimuli.comparison.transient import AFTER_SECONDS, BEFORE_SECONDS, strongest_onset

COLUMNS = 480
"""Of a waveform or spectrogram: more than a printed panel resolves at 300 dpi."""

_WHOLE_FFT = 2048
_ZOOM_FFT = 512


@dataclass(frozen=True)
class Span:
    """A stretch of time in seconds, and the moment that its axis counts from."""

    start: float
    stop: float
    origin: float = 0.0


@dataclass(frozen=True, eq=False)
class View:
    """One mix over a span.

    `lowest` and `highest` are the envelope of the samples, of shape (channels, columns). `reference` is what it is
    compared to, where that is to be drawn behind it.
    """

    label: str
    role: Role
    lowest: npt.NDArray[np.float64]
    highest: npt.NDArray[np.float64]
    spectrogram: Spectrogram
    reference: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None


def whole_views(rendered: Rendered, item: str) -> tuple[list[View], Span]:
    """View all mixes of an item from start to end. Raises ManifestError and AudioError as reading them does."""
    first = rendered.manifest.of_item(item)[0]
    span = Span(0.0, first.frames / first.sample_rate)
    return _views(rendered, item, span, fft_size=_WHOLE_FFT, with_references=False), span


def transient_views(rendered: Rendered, item: str, *, at: float | None = None) -> tuple[list[View], Span]:
    """View all mixes of an item around a transient: the one at `at` seconds, or the reference's clearest.

    Raises StudyError when `at` lies outside the item, and ManifestError and AudioError as reading the mixes does.
    """
    if at is None:
        at = strongest_onset(rendered.audio(item, _reference(rendered)))
    else:
        check_moment(rendered, item, at)
    span = Span(at - BEFORE_SECONDS, at + AFTER_SECONDS, origin=at)
    return _views(rendered, item, span, fft_size=_ZOOM_FFT, with_references=True), span


def check_moment(rendered: Rendered, item: str, at: float) -> None:
    """Refuse a moment in seconds that lies outside the item: raises StudyError."""
    first = rendered.manifest.of_item(item)[0]
    seconds = first.frames / first.sample_rate
    if not 0.0 <= at < seconds:
        raise StudyError(
            f'"{item}" lasts {seconds:.2f} s, there is nothing at {at:g} s',
            remedy="give --at a time within it",
        )


def _reference(rendered: Rendered) -> str:
    """Choose the mix in which a transient is looked for: the first reference, else what others are compared to."""
    conditions = rendered.study.conditions
    named = [name for name in rendered.counterparts.values() if name is not None]
    return next((c.id for c in conditions if c.role == "reference"), [*named, conditions[0].id][0])


def _views(rendered: Rendered, item: str, span: Span, *, fft_size: int, with_references: bool) -> list[View]:
    views = []
    references: dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = {}
    for condition in rendered.study.conditions:
        audio = rendered.audio(item, condition.id)
        start, stop = (round(moment * audio.sample_rate) for moment in (span.start, span.stop))
        other = rendered.counterparts[condition.id] if with_references else None
        if other is not None and other not in references:
            references[other] = envelope(rendered.audio(item, other), start, stop)
        lowest, highest = envelope(audio, start, stop)
        views.append(
            View(
                condition.label,
                condition.role,
                lowest,
                highest,
                spectrogram(audio, start=start, stop=stop, fft_size=fft_size, columns=COLUMNS),
                None if other is None else references[other],
            )
        )
    return views


def envelope(
    audio: Audio, start: int, stop: int, *, columns: int = COLUMNS
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give the lowest and highest sample of each channel in columns of equal time, each (channels, columns).

    A column reaches to the first sample of the next, so that the line is unbroken; beyond its ends audio is
    silent.
    """
    before, after = max(0, -start), max(0, stop + 1 - audio.frames)
    padded = np.pad(audio.samples, ((0, 0), (before, after))).astype(np.float64)
    within = padded[:, start + before : stop + before + 1]
    edges = np.linspace(0, stop - start, columns + 1).round().astype(np.int64)
    lowest, highest = (np.empty((audio.channels, columns)) for _ in range(2))
    for column, (first, last) in enumerate(pairwise(edges)):
        part = within[:, first : max(last, first) + 1]
        lowest[:, column], highest[:, column] = part.min(axis=1), part.max(axis=1)
    return lowest, highest
