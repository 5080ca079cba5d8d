"""Figures: one look for all that is printed, drawn so that it can be edited and made again byte for byte."""

import io
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine

FULL_WIDTH_MM = 183
"""Two columns of a journal page."""
COLUMN_WIDTH_MM = 89
"""One column of a journal page."""
MM_PER_INCH = 25.4
_DPI = 300

# Okabe and Ito's palette, which readers with any colour vision tell apart.
ROLE_COLOURS: Mapping[str, str] = {"system": "#0072B2", "reference": "#009E73", "anchor": "#595959"}
DIFFERENCE_COLOURS = ("#5a97d0", "#b3d0ec", "#f7f6f3", "#f5c795", "#e08b2d")
"""From far below through none to far above: blue to orange, both as dark as each other, for one scale of differences."""
INK = "#1b2126"
QUIET_INK = "#566069"
GRID = "#dcd9d0"
BAND = "#f6e7c8"
"""Behind what counts as no difference; every dot and line stands out from it."""

_STYLE: Mapping[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
    "font.size": 7.5,
    "axes.labelsize": 7.5,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 3,
    "ytick.major.width": 0.6,
    "pdf.fonttype": 42,  # TrueType: text stays text
    "svg.fonttype": "none",
    "svg.hashsalt": "mixeval",  # ids are random without it
}
_CANVASES = {"pdf": FigureCanvasPdf, "svg": FigureCanvasSVG, "png": FigureCanvasAgg}
# Without these, a file carries the moment it was made.
_METADATA: Mapping[str, dict[str, str | None]] = {
    "pdf": {"CreationDate": None, "Creator": "mixeval"},
    "svg": {"Date": None, "Creator": "mixeval"},
    "png": {"Software": "mixeval"},
}
_kinds: ContextVar[tuple[str, ...]] = ContextVar("kinds", default=tuple(_METADATA))


@contextmanager
def printed_style() -> Iterator[None]:
    """Draw in this style while a block runs."""
    with mpl.rc_context(dict(_STYLE)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # letters_missing() tells
        yield


def new_figure(height_mm: float, *, hspace: float | None = None, width_mm: float = FULL_WIDTH_MM) -> Figure:
    """Make an empty figure, left alone as wide as a page's two columns; `hspace` is matplotlib's, between its rows."""
    # Other programs set the text in other fonts: room at the edges keeps it whole.
    room = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08)
    if hspace is not None:
        room.set(hspace=hspace, h_pad=0.05)
    figure = Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), layout=room)
    FigureCanvasAgg(figure)
    return figure


@contextmanager
def only_svg() -> Iterator[None]:
    """Have :func:`saved` write SVG alone within the block: PDF and PNG take most of the time."""
    token = _kinds.set(("svg",))
    try:
        yield
    finally:
        _kinds.reset(token)


def saved(figure: Figure) -> dict[str, bytes]:
    """Write a figure as PDF, SVG and PNG (300 dpi), by kind; the same figure gives the same bytes."""
    # Places are found once: `savefig` would find the same for each kind, which takes longer than writing it.
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    return {kind: _save(figure, kind) for kind in _kinds.get()}


def letters_missing(text: str) -> str | None:
    """Say which letters of `text` the figures' font lacks, or None where it has all of them.

    PDF and PNG show boxes in their place; SVG holds text, which its reader sets in a font that has them.
    """
    known = get_font(findfont(_STYLE["font.family"])).get_charmap()
    missing = [letter for letter in dict.fromkeys(text) if letter.isprintable() and ord(letter) not in known]
    if not missing:
        return None
    some = "".join(missing[:10]) + (" and others" if len(missing) > 10 else "")
    return f"The font of the PDF and PNG figures lacks {some}: take the SVG, or give labels in other letters."


def wrapped(label: str, width: int, lines: int | None = None) -> str:
    """Break a label into lines of `width` characters; beyond `lines` it ends in an ellipsis."""
    # What stands in brackets stays together; a line breaks at spaces that are not of this kind.
    together = re.sub(r"\(.*?\)", lambda bracket: bracket[0].replace(" ", "\N{NO-BREAK SPACE}"), label)
    broken = textwrap.wrap(
        together, width, break_on_hyphens=False, max_lines=lines, placeholder="\N{HORIZONTAL ELLIPSIS}"
    )
    return "\n".join(broken)


def _save(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    figure.dpi = _DPI
    canvas = _CANVASES[kind](figure)
    getattr(canvas, f"print_{kind}")(buffer, metadata=_METADATA[kind])
    return buffer.getvalue()
