"""Pictures: the mixes of an item side by side, as in the paper's Figures 4 and 5.

Each mix has its waveform, left channel above right, and under it its spectrogram. All panels of a figure share
their axes and colours, or a difference in scale would pass for one in sound.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch

from mixeval.figures import (
    FULL_WIDTH_MM,
    INK,
    QUIET_INK,
    ROLE_COLOURS,
    new_figure,
    printed_style,
    saved,
    wrapped,
)
from mixeval_stimuli.comparison.spectrogram import mel
from mixeval_stimuli.comparison.views import Span, View

MOST_PANELS = 12
"""More mixes than fill a page become several figures."""

_MOST_COLUMNS = 4
_RANGE_DB = 80.0
"""Below the loudest point of all panels, about what a recording's noise leaves."""
_COLOURS = "magma"  # even in lightness, so that it prints in grey and reads with any colour vision
_TICKS_HZ = (100, 500, 1000, 2000, 5000, 10_000, 20_000)
_WAVE_MM, _SPECTROGRAM_MM, _AROUND_MM, _LINE_MM = 18.0, 31.0, 9.0, 3.4
_REFERENCE_COLOUR = "#8fd0bb"  # a reference's green, paler


def picture(views: Sequence[View], span: Span) -> list[dict[str, bytes]]:
    """Draw the mixes of one item over a span: one figure, or several of at most 12 panels, as PDF, SVG and PNG."""
    peak = (
        max(max(float(-view.lowest.min()), float(view.highest.max())) for view in views) or 1.0
    )  # silence, around a moment
    loudest = max(float(view.spectrogram.level_db.max()) for view in views)
    with printed_style():
        return [saved(_figure(page, span, peak, loudest)) for page in _pages(views)]


def _pages(views: Sequence[View]) -> Iterator[Sequence[View]]:
    count = math.ceil(len(views) / MOST_PANELS)
    each = math.ceil(len(views) / count)
    for first in range(0, len(views), each):
        yield views[first : first + each]


def _figure(views: Sequence[View], span: Span, peak: float, loudest: float) -> Figure:
    rows = math.ceil(len(views) / _MOST_COLUMNS)
    columns = math.ceil(len(views) / rows)
    titles = [wrapped(view.label, int((FULL_WIDTH_MM - 30) / columns / 1.55), 3) for view in views]
    lines = max(title.count("\n") + 1 for title in titles)
    height = rows * (_WAVE_MM + _SPECTROGRAM_MM + _AROUND_MM + lines * _LINE_MM) + 6
    figure = new_figure(height, hspace=0.0)
    grid = figure.subplots(
        2 * rows,
        columns,
        sharex=True,
        squeeze=False,
        gridspec_kw={"height_ratios": [_WAVE_MM, _SPECTROGRAM_MM] * rows},
    )
    images = []
    for place, (view, title) in enumerate(zip(views, titles, strict=True)):
        row, column = divmod(place, columns)
        wave, spectrum = grid[2 * row, column], grid[2 * row + 1, column]
        _draw_waveform(wave, view, span, peak)
        images.append(_draw_spectrogram(spectrum, view, span, loudest))
        wave.set_title(title, fontsize=7.5, parse_math=False)
        _dress(wave, spectrum, span, peak, leftmost=column == 0, lowest=place + columns >= len(views))
    for place in range(len(views), rows * columns):
        row, column = divmod(place, columns)
        grid[2 * row, column].remove()
        grid[2 * row + 1, column].remove()
    _draw_key(figure, images[0], list(grid[1::2].flat)[: len(views)])
    if any(view.reference is not None for view in views):
        patch = Patch(
            facecolor=_REFERENCE_COLOUR, label="behind each waveform, the mix that it is compared to"
        )
        figure.legend(
            handles=[patch], loc="outside lower left", frameon=False, fontsize=6.5, handlelength=1.2
        )
    # Laid out once: each of the three kinds of file would otherwise do it again, and differently.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure


def _draw_waveform(axes: Axes, view: View, span: Span, peak: float) -> None:
    times = _column_times(view, span)
    channels = view.lowest.shape[0]
    for channel in range(channels):
        lane = 2.0 * (channels - 1 - channel)  # left above right
        axes.axhline(lane, color=QUIET_INK, linewidth=0.3, zorder=0)
        if view.reference is not None:
            low, high = (bound[channel] / peak + lane for bound in view.reference)
            axes.fill_between(times, low, high, color=_REFERENCE_COLOUR, linewidth=0.3, zorder=1)
        low, high = (bound[channel] / peak + lane for bound in (view.lowest, view.highest))
        colour = ROLE_COLOURS[view.role]
        alpha = 0.75 if view.reference is not None else 1.0
        axes.fill_between(times, low, high, color=colour, linewidth=0.3, alpha=alpha, zorder=2)
    axes.set_ylim(-1.08, 2.0 * (channels - 1) + 1.08)
    axes.set_yticks([2.0 * (channels - 1 - c) for c in range(channels)], ["L", "R"][:channels])


def _draw_spectrogram(axes: Axes, view: View, span: Span, loudest: float) -> AxesImage:
    image = axes.imshow(
        view.spectrogram.level_db - loudest,
        origin="lower",
        aspect="auto",
        extent=(
            span.start - span.origin,
            span.stop - span.origin,
            0.0,
            float(mel(view.spectrogram.top_hz)),
        ),
        vmin=-_RANGE_DB,
        vmax=0.0,
        cmap=_COLOURS,
        interpolation="nearest",
    )
    ticks = [frequency for frequency in _TICKS_HZ if frequency <= view.spectrogram.top_hz]
    axes.set_yticks([float(mel(f)) for f in ticks], [f"{f / 1000:g}" for f in ticks])
    return image


def _dress(wave: Axes, spectrum: Axes, span: Span, peak: float, *, leftmost: bool, lowest: bool) -> None:
    zoomed = span.origin != 0.0
    spectrum.set_xlim(span.start - span.origin, span.stop - span.origin)
    for axes in (wave, spectrum):
        axes.tick_params(axis="x", labelbottom=False)
        axes.tick_params(axis="y", labelleft=leftmost, length=2, labelsize=6.5)
    wave.tick_params(length=0)
    wave.spines[["top", "right", "bottom", "left"]].set_visible(False)
    spectrum.tick_params(axis="x", labelbottom=lowest, length=2)
    if zoomed:
        first = math.ceil((span.start - span.origin) / 0.05 - 1e-9) * 0.05
        ticks = np.arange(first, span.stop - span.origin + 1e-9, 0.05)
        spectrum.set_xticks(ticks, [f"{round(tick * 1000)}" for tick in ticks])
    if lowest:
        spectrum.set_xlabel(f"ms after {span.origin:.3f} s" if zoomed else "s")
    if leftmost:
        spectrum.set_ylabel("kHz")
        wave.set_ylabel(f"\N{PLUS-MINUS SIGN}{peak:.2f}")


def _draw_key(figure: Figure, image: AxesImage, axes: Sequence[Axes]) -> None:
    key = figure.colorbar(image, ax=list(axes), location="right", aspect=40, pad=0.01, fraction=0.02)
    key.set_label("dB re. the loudest point", fontsize=7)
    key.set_ticks([-_RANGE_DB + step for step in range(0, int(_RANGE_DB) + 1, 20)])
    key.ax.tick_params(length=2, labelsize=7, color=INK)
    key.outline.set_linewidth(0.4)


def _column_times(view: View, span: Span) -> npt.NDArray[np.float64]:
    columns = view.lowest.shape[1]
    width = (span.stop - span.start) / columns
    return np.asarray(span.start - span.origin + (np.arange(columns) + 0.5) * width)
