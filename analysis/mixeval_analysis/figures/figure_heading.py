"""What stands above every figure: how many took part and, where nobody did, that listeners were simulated."""

from matplotlib.axes import Axes

from mixeval.figures import QUIET_INK
from mixeval.tables import SIMULATED
from mixeval_analysis.answers import Answers

_WARNING = "#b3261e"


def draw_heading(axes: Axes, answers: Answers) -> None:
    """Write `20 participants x 6 items` above `axes`, and SIMULATED where it is due."""
    shape = {"fontsize": 7.5, "color": QUIET_INK}
    if answers.simulated:
        word = {"fontsize": 9, "fontweight": "bold", "color": _WARNING}
        axes.set_title(f"{SIMULATED} listeners", fontdict=word, loc="left")
    axes.set_title(answers.shape_in_words(), fontdict=shape, loc="right" if answers.simulated else "left")
