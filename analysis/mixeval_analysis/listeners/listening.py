"""How the mixes were listened to: for how long, how often, and which came first."""

from typing import Any

import numpy as np
import pandas as pd

from mixeval.tables import frame_of
from mixeval_analysis.answers import Answers
from mixeval_analysis.tables import Table

_COLUMNS = (
    "seconds_mean",
    "seconds_median",
    "seconds_q1",
    "seconds_q3",
    "plays_mean",
    "first_share",
    "unplayed_share",
    "unmoved_share",
)


_WORDS = {
    "listened_seconds": "for how long mixes were audible",
    "plays": "how often they were started and which came first",
    "played": "which were played",
    "moved": "which ratings were given by hand",
}


def listening(answers: Answers) -> Table | None:
    """Describe how each condition was listened to; None where the source knows nothing of it.

    Seconds are those for which a mix was audible on its page. Plays are how often it was started or switched to;
    `first_share` is the share of pages on which it was the first rated mix that was heard. By chance that is one
    over the number of mixes.
    """
    rows = answers.rows
    if "condition" not in rows.columns or not ({"listened_seconds", "played", "moved"} & set(rows.columns)):
        return None
    heard = _with_plays(rows, answers)
    described = [
        {"condition": condition, **_described(heard.loc[heard["condition"] == condition])}
        for condition in answers.labels
    ]
    if not any(row[name] is not None for row in described for name in _COLUMNS):
        return None
    return Table(
        name="listening",
        title="How each condition was listened to",
        frame=frame_of(described),
        method=(
            "Seconds for which a mix was audible, per answer; plays are how often it was started or switched to on "
            "its page; first is the share of pages on which it was heard before all other rated mixes."
        ),
        level=f"{answers.shape_in_words()}, pooled.",
        labels=answers.labels,
        notes=_notes(answers, heard),
        simulated=answers.simulated,
    )


def _with_plays(rows: pd.DataFrame, answers: Answers) -> pd.DataFrame:
    if answers.panel is None or "page" not in rows.columns:
        return rows
    mixes = answers.panel.mixes[["page", "condition", "plays", "first"]]
    return rows.merge(mixes, on=["page", "condition"], how="left", suffixes=("_of_file", ""))


def _described(heard: pd.DataFrame) -> dict[str, Any]:
    found: dict[str, Any] = {"n": len(heard), **dict.fromkeys(_COLUMNS)}
    seconds = _known(heard, "listened_seconds")
    if len(seconds):
        q1, median, q3 = (float(q) for q in np.quantile(seconds, [0.25, 0.5, 0.75]))
        found |= {"seconds_mean": float(seconds.mean()), "seconds_median": median}
        found |= {"seconds_q1": q1, "seconds_q3": q3}
    for column, name in (("plays", "plays_mean"), ("first", "first_share")):
        values = _known(heard, column)
        if len(values):
            found[name] = float(values.mean())
    for column, name in (("played", "unplayed_share"), ("moved", "unmoved_share")):
        values = _known(heard, column)
        if len(values):
            found[name] = float((values == 0).mean())
    return found


def _known(heard: pd.DataFrame, column: str) -> Any:
    if column not in heard.columns:
        return np.empty(0)
    return np.asarray(heard[column].dropna(), dtype=np.float64)


def _notes(answers: Answers, heard: pd.DataFrame) -> tuple[str, ...]:
    unknown = [words for column, words in _WORDS.items() if not len(_known(heard, column))]
    notes = [f"The source does not say {', nor '.join(unknown)}."] if unknown else []
    silent = int(heard["plays"].isna().sum()) if "plays" in heard.columns else 0
    if 0 < silent < len(heard) and answers.panel is not None:
        notes.append(f"Of {silent} of {len(heard)} answers no event says how often the mix was played.")
    return tuple(notes)
