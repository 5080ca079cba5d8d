"""The table `robustness`: one row for each mix of perturbed stems."""

from collections.abc import Sequence
from typing import ClassVar

from mixeval.tables import Table, frame_of
from mixeval_stimuli.comparison import measure_tables
from mixeval_stimuli.comparison.measure_tables import Cell
from mixeval_stimuli.comparison.robustness import Outcome

METHOD = "Each mix brought to the loudness of the mix that it is compared to."


class RobustnessTable(Table):
    """A table of robustness, with its columns' headings."""

    HEADINGS: ClassVar = {
        **measure_tables.HEADINGS,
        "change": "Change",
        "stem": "Stem",
        "other_stem": "Other stem",
        "gain_db": "Gain (dB)",
        "loudness_before_lufs": "LUFS before",
    }


def robustness_table(outcomes: Sequence[Outcome], labels: dict[str, str]) -> RobustnessTable:
    """Make the table; a mix that could not be made has empty cells, and a note says why."""
    problems = [
        f"{outcome.item}, {outcome.condition}, {words(outcome)}: {outcome.problem}."
        for outcome in outcomes
        if outcome.problem
    ]
    return RobustnessTable(
        name="robustness",
        title="Distance as stems are raised, lowered, missing or swapped",
        frame=frame_of([_row(outcome) for outcome in outcomes]),
        method=METHOD,
        level="",
        labels=labels,
        notes=tuple(problems),
        naming=("condition", "compare_to"),
    )


def words(outcome: Outcome) -> str:
    """Say what was done to the stems."""
    perturbation = outcome.perturbation
    match perturbation.change:
        case "gain":
            return f"{perturbation.stem} at {perturbation.gain_db:+g} dB"
        case "missing":
            return f"{perturbation.stem} missing"
        case "swap":
            return f"{perturbation.stem} and {perturbation.other_stem} swapped"
        case "none":
            return "as it is"


def _row(outcome: Outcome) -> dict[str, Cell]:
    perturbation, apart, alone = outcome.perturbation, outcome.distance, outcome.character
    return {
        "item": outcome.item,
        "condition": outcome.condition,
        "compare_to": outcome.compare_to,
        "change": perturbation.change,
        "stem": perturbation.stem or None,
        "other_stem": perturbation.other_stem or None,
        "gain_db": perturbation.gain_db if perturbation.change == "gain" else None,
        "l1": apart.l1 if apart else None,
        "sdr_db": apart.sdr_db if apart else None,
        "mrstft": apart.mrstft if apart else None,
        "lag_samples": outcome.lag.lag_samples if outcome.lag and outcome.lag.sure else None,
        "loudness_before_lufs": outcome.loudness_before_lufs,
        "true_peak_dbtp": alone.true_peak_dbtp if alone else None,
        "crest_db": alone.crest_db if alone else None,
        "stereo_correlation": alone.stereo_correlation if alone else None,
    }
