"""What the researcher decided about sessions by hand: as rules of screening, and as a table with the reasons."""

from collections.abc import Iterable

import pandas as pd

from mixeval.tables import frame_of
from mixeval_analysis.answers import Answers, count_of
from mixeval_analysis.findings import Rule
from mixeval_analysis.tables import Table

EXCLUDED = "excluded_by_researcher"
FLAGGED = "flagged_by_researcher"
BY_HAND = "the researcher"

_RULES = {
    "exclude": Rule(
        EXCLUDED, "sessions that were excluded by hand, for reasons in the table decisions", BY_HAND
    ),
    "flag": Rule(FLAGGED, "sessions that were flagged by hand, for reasons in the table decisions", BY_HAND),
}


def decided_rules(answers: Answers) -> Iterable[tuple[Rule, "pd.Series[float]"]]:
    """Count the sessions of each participant that were excluded, and flagged; a kind that was not used is no rule."""
    if answers.decisions is None or "session" not in answers.rows.columns:
        return
    who = dict(zip(answers.rows["session"], answers.rows["participant"], strict=True))
    nobody = pd.Series(0.0, index=sorted(set(who.values())))
    for kind, rule in _RULES.items():
        sessions = answers.decisions.loc[answers.decisions["kind"] == kind, "session"].drop_duplicates()
        own = sessions[sessions.isin(who)].map(who)
        if len(own):
            yield rule, nobody.add(own.value_counts(), fill_value=0.0)


def decisions(answers: Answers) -> Table | None:
    """List what was decided about sessions of these versions and not taken back; None where nothing was."""
    if answers.decisions is None:
        return None
    known = answers.decisions["version"].isin([entry.id for entry in answers.versions])
    rows = answers.decisions.loc[known & ~answers.decisions["preview"]]
    if rows.empty:
        return None
    excluded = rows.loc[rows["kind"] == "exclude", "participant"].nunique()
    return Table(
        name="decisions",
        title="Decisions of the researcher",
        frame=frame_of(
            [
                {
                    "participant": participant,
                    "kind": kind,
                    # On one line, as the cell of a table.
                    "reason": " ".join(reason.split()),
                    "made_at": made_at.isoformat(timespec="seconds"),
                }
                for participant, kind, reason, made_at in zip(
                    rows["participant"], rows["kind"], rows["reason"], rows["made_at"], strict=True
                )
            ]
        ),
        method="Made by hand, each with its reason; exclude leaves out of the main tables, flag does not.",
        level=f"{count_of(len(rows), 'decision')}; {count_of(int(excluded), 'participant')} excluded.",
        labels=answers.labels,
        simulated=answers.simulated,
    )
