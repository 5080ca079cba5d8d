"""Who took part, in numbers: the paragraph on participants that a paper begins its results with."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mixeval.questions import DECLINED, is_answered
from mixeval.tables import frame_of
from mixeval_analysis.answers import Answers, count_of
from mixeval_analysis.panel import Panel
from mixeval_analysis.tables import Table

_COUNTED_TYPES = ("choice", "choices", "scale")
_COUNTED_TEXTS = ("gender",)
"""Free answers that are few enough to be counted by what they say; capitals do not matter."""


def participants(answers: Answers) -> Table | None:
    """Describe the panel whose answers count: questionnaire, duration, volume (after the paper's section 3.1).

    None where the source knows only answers. A participant of several sessions counts once, by the first of them;
    durations are those of sessions. The sd has n - 1.
    """
    panel = answers.panel
    if panel is None or panel.sessions.empty:
        return None
    people = panel.sessions.drop_duplicates("participant")
    n = len(people)
    rows = [{"fact": "participants", "n": n}]
    for name, kind in panel.questions.items():
        rows += _of_question(name, kind, people[name], n)
    rows.append(_numbers("session, minutes", panel.sessions["minutes"]))
    rows += _of_volume(panel, n)
    rows += _counts("browser", (str(name) for name in people["browser"] if name), n)
    frame = frame_of([{**_EMPTY, **row} for row in rows])
    return Table(
        name="participants",
        title="Who took part",
        frame=frame,
        method=(
            "Answers are counted, numbers described (SD with n - 1, from two on), and the other cells are empty. Shares are "
            "of all participants; questions have the names that the study gives them."
        ),
        level=_level(panel),
        labels=answers.labels,
        notes=tuple(_notes(panel, people)),
        simulated=answers.simulated,
    )


_EMPTY: Mapping[str, object] = dict.fromkeys(
    ("fact", "answer", "n", "share", "mean", "sd", "median", "min", "max")
)


def _of_question(name: str, kind: str, given: "pd.Series[Any]", n: int) -> list[dict[str, Any]]:
    fact = name.replace("_", " ")
    answered = [value for value in given if is_answered(value)]
    said = [value for value in answered if value != DECLINED]
    declined = len(answered) - len(said)
    if kind == "number":
        rows = [_numbers(fact, pd.Series(said, dtype="float64"))]
    elif kind in _COUNTED_TYPES:
        several = (one for value in said for one in (value if isinstance(value, list) else [value]))
        rows = _counts(fact, (str(one).replace("_", " ") for one in several), n)
    elif name in _COUNTED_TEXTS:
        rows = _counts(fact, (str(value).strip().casefold() for value in said), n)
    else:
        rows = [{"fact": fact, "answer": "answered", "n": len(said), "share": len(said) / n}]
    if declined:
        rows.append({"fact": fact, "answer": "prefer not to say", "n": declined, "share": declined / n})
    return rows


def _of_volume(panel: Panel, n: int) -> list[dict[str, Any]]:
    pages = panel.pages.loc[panel.pages["switches"].notna() | (panel.pages["volume_changes"] > 0)]
    if pages.empty:
        return []
    changes = pages.groupby("participant")["volume_changes"].sum()
    changed = int((changes > 0).sum())
    return [
        {"fact": "changed the volume while rating", "n": changed, "share": changed / n},
        _numbers("volume changes while rating", changes),
    ]


def _counts(fact: str, values: Iterable[str], n: int) -> list[dict[str, Any]]:
    counted = sorted(Counter(values).items(), key=lambda entry: (-entry[1], entry[0]))
    return [{"fact": fact, "answer": value, "n": count, "share": count / n} for value, count in counted]


def _numbers(fact: str, values: "pd.Series[Any]") -> dict[str, Any]:
    known = np.asarray(values.dropna(), dtype=np.float64)
    described: dict[str, Any] = {"fact": fact, "n": len(known)}
    if len(known):
        described |= {
            "mean": float(known.mean()),
            "median": float(np.median(known)),
            "min": float(known.min()),
            "max": float(known.max()),
        }
    if len(known) > 1:
        described["sd"] = float(known.std(ddof=1))
    return described


def _level(panel: Panel) -> str:
    sessions = count_of(len(panel.sessions), "session")
    return f"{count_of(panel.sessions['participant'].nunique(), 'participant')} in {sessions}."


def _notes(panel: Panel, people: pd.DataFrame) -> Iterable[str]:
    if len(panel.sessions) > len(people):
        yield "Some took part more than once: their answers to questions are those of the first session."
    silent = [
        name.replace("_", " ")
        for name in panel.questions
        if not any(is_answered(value) for value in people[name])
    ]
    if silent:
        yield f"Nobody answered: {', '.join(silent)}."
    if not panel.questions:
        yield "The study asked its participants nothing about themselves."
