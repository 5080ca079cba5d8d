"""What screening finds: who meets which rule, by what number, and who is left out for it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

FOUND = ("participant", "rule", "value", "threshold", "flagged")


@dataclass(frozen=True)
class Rule:
    """A rule of screening; a participant is flagged whose value is above the threshold."""

    name: str
    meaning: str
    """What the value is."""
    source: str


@dataclass(frozen=True, eq=False)
class Screening:
    """What the rules found about everybody whose answers count.

    `found` has the columns FOUND, a row for each participant and rule; value and threshold are NaN where the rule has
    nothing to go by. `left_out` maps participants to the rules of [analysis] exclude that they met. `beside` are the
    rows of the other set of tables: without all who are flagged, or, where the main tables leave somebody out, with
    them; None where there is no other set.
    """

    rules: tuple[Rule, ...]
    found: pd.DataFrame
    left_out: Mapping[str, tuple[str, ...]]
    undefined: tuple[str, ...] = ()
    """Sentences about rules that do not apply here, and why."""
    beside: pd.DataFrame | None = None

    @property
    def flagged(self) -> dict[str, list[str]]:
        """Return who is flagged, by rule."""
        met = self.found.loc[self.found["flagged"]]
        return {
            rule.name: [str(name) for name in met.loc[met["rule"] == rule.name, "participant"]]
            for rule in self.rules
        }

    @property
    def anybody(self) -> frozenset[str]:
        """Return everybody who is flagged by any rule."""
        return frozenset(str(name) for name in self.found.loc[self.found["flagged"], "participant"])

    @property
    def folder(self) -> str:
        """Name the folder of the other set of tables."""
        return "with_excluded" if self.left_out else "without_flagged"
