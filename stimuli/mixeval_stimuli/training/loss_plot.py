"""The plot of a training run's losses, drawn anew after each epoch."""

import io
from collections.abc import Sequence
from itertools import pairwise

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mixeval_stimuli.training.schedule import Epoch

# Okabe and Ito's palette, which readers with any colour vision tell apart.
_TRAINING, _VALIDATION, _BEST, _INK = "#56B4E9", "#0072B2", "#D55E00", "#1b2126"

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.linewidth": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "mixeval",  # ids are random without it
}


def losses_as_svg(history: Sequence[Epoch], *, title: str) -> bytes:
    """Draw training and validation loss over steps, on a logarithmic axis, with the best epoch and the rounds."""
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]  # its stubs list every key as a literal
        figure = draw_losses(history, title=title)
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": "mixeval"})
    return written.getvalue()


def draw_losses(history: Sequence[Epoch], *, title: str) -> Figure:
    """Draw the figure itself."""
    figure = Figure(figsize=(7.2, 3.6))
    FigureCanvasAgg(figure)
    # Fixed margins: to have them computed would draw all twice.
    axes = figure.add_axes((0.1, 0.13, 0.88, 0.77))
    steps = [line.step for line in history]
    # A single epoch has no line to show, so each has its dot while there are few.
    marker = "." if len(history) <= 40 else ""
    axes.plot(steps, [line.training_loss for line in history], marker=marker, color=_TRAINING, lw=1)
    axes.plot(steps, [line.validation_loss for line in history], marker=marker, color=_VALIDATION, lw=1.4)
    best = [line for line in history if line.best][-1]
    axes.plot([best.step], [best.validation_loss], "o", color=_BEST, ms=5)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: f"{loss:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("steps")
    axes.set_ylabel("loss")
    axes.set_xlim(0, None)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", which="both", color="#dcd9d0", lw=0.4)
    for before, after in pairwise(history):
        if after.round > before.round:
            axes.axvline(before.step, color=_INK, lw=0.6, ls=":")
            axes.annotate(
                f" learning rate {after.learning_rate:g}",
                (before.step, 0.02),
                xycoords=("data", "axes fraction"),
            )
    axes.legend(
        ["training", "validation", f"best: {best.validation_loss:.4g} after {best.step} steps"],
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=3,
    )
    axes.set_title(title, loc="left", fontsize=8, color=_INK)
    return figure
