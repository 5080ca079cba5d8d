"""The tables of an analysis: what every statistic gives."""

from collections.abc import Mapping
from typing import ClassVar

import mixeval.tables

_HEADINGS: Mapping[str, str] = {
    "condition": "Condition",
    "mean": "Mean",
    "sd": "SD",
    "median": "Median",
    "q1": "Q1",
    "q3": "Q3",
    "min": "Min",
    "max": "Max",
    "ci95_lo": "95 % CI from",
    "ci95_hi": "to",
    "epsilon2": "epsilon squared",
    "n_a": "n of a",
    "n_b": "n of b",
    "U_a": "U of a",
    "p_bonferroni": "p (Bonferroni)",
    "symbol": "Symbol",
    "cliffs_delta": "Cliff's delta",
    "vda_A": "Vargha-Delaney A",
}


class Table(mixeval.tables.Table):
    """A statistic's table, with the test's variant and its level of analysis."""

    HEADINGS: ClassVar[Mapping[str, str]] = _HEADINGS
