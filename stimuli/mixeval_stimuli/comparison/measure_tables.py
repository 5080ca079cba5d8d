"""The tables of measures: each mix of each item, and the means of each condition."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from mixeval.tables import Table, frame_of
from mixeval_stimuli.comparison.measures import Measured
from mixeval_stimuli.lag import lag_note

METHOD = (
    "L1, SDR and multi-resolution STFT distance (MR-STFT) to the mix it is compared to, as rendered: all mixes "
    "of an item have the same loudness."
)

Cell = float | int | str | None

MEASURES: Mapping[str, Callable[[Measured], Cell]] = {
    "l1": lambda row: row.distance.l1 if row.distance else None,
    "sdr_db": lambda row: row.distance.sdr_db if row.distance else None,
    "mrstft": lambda row: row.distance.mrstft if row.distance else None,
    "lag_samples": lambda row: row.lag.lag_samples if row.lag and row.lag.sure else None,
    "loudness_lufs": lambda row: row.character.loudness_lufs,
    "true_peak_dbtp": lambda row: row.character.true_peak_dbtp,
    "crest_db": lambda row: row.character.crest_db,
    "stereo_correlation": lambda row: row.character.stereo_correlation,
}
"""Every column that is measured, in its order: a new measure is a line here, in HEADINGS and in the documents."""

HEADINGS: Mapping[str, str] = {
    "item": "Item",
    "condition": "Condition",
    "compare_to": "Compared to",
    "items": "Items",
    "l1": "L1",
    "sdr_db": "SDR dB",
    "mrstft": "MR-STFT",
    "lag_samples": "Lag",
    "loudness_lufs": "LUFS",
    "true_peak_dbtp": "dBTP",
    "crest_db": "Crest dB",
    "stereo_correlation": "L/R",
}


DECIMALS: Mapping[str, int] = {
    "l1": 5,
    "sdr_db": 2,
    "mrstft": 3,
    "loudness_lufs": 2,
    "true_peak_dbtp": 2,
    "crest_db": 2,
    "stereo_correlation": 3,
}
"""L1 of aligned mixes is a few thousandths of full scale."""


class MeasureTable(Table):
    """A table of measures, with its columns' headings."""

    HEADINGS: ClassVar[Mapping[str, str]] = HEADINGS
    DECIMALS: ClassVar[Mapping[str, int]] = DECIMALS


def measures_table(rows: Sequence[Measured], labels: Mapping[str, str]) -> MeasureTable:
    """Make the table `measures`: one row for each item and condition."""
    return MeasureTable(
        name="measures",
        title="Measures of each mix",
        frame=frame_of(
            [
                {"item": row.item, "condition": row.condition, "compare_to": row.compare_to}
                | {name: measure(row) for name, measure in MEASURES.items()}
                for row in rows
            ]
        ),
        method=METHOD,
        level="",
        labels=labels,
        notes=lag_notes(rows),
        naming=("condition", "compare_to"),
    )


def means_table(rows: Sequence[Measured], labels: Mapping[str, str]) -> MeasureTable:
    """Make the table `measures_by_condition`: the means over items. A lag has no mean that would help anybody."""
    by_condition: dict[str, list[Measured]] = {}
    for row in rows:
        by_condition.setdefault(row.condition, []).append(row)
    return MeasureTable(
        name="measures_by_condition",
        title="Measures of each condition",
        frame=frame_of(
            [
                {"condition": condition, "compare_to": of_condition[0].compare_to, "items": len(of_condition)}
                | {
                    name: _mean([measure(row) for row in of_condition])
                    for name, measure in MEASURES.items()
                    if name != "lag_samples"
                }
                for condition, of_condition in by_condition.items()
            ]
        ),
        method=METHOD,
        level="Means over items.",
        labels=labels,
        naming=("condition", "compare_to"),
    )


def lag_notes(rows: Sequence[Measured]) -> tuple[str, ...]:
    """Say which mixes are later or earlier than what they are compared to."""
    found = []
    for row in rows:
        note = lag_note(row.lag, row.sample_rate) if row.lag else None
        if note:
            found.append(f"{row.item}, {row.condition}: {note}.")
    return tuple(found)


def _mean(cells: Sequence[Cell]) -> float | None:
    # Decibels are averaged as they stand, as the literature does; one infinite SDR makes the mean infinite.
    values = [float(cell) for cell in cells if cell is not None and not isinstance(cell, str)]
    return math.fsum(values) / len(values) if values else None
