"""How long listeners took: seconds per rating page, from the first to the last."""

from typing import Any

import numpy as np
import pandas as pd

from mixeval.tables import frame_of
from mixeval_analysis.answers import Answers, count_of
from mixeval_analysis.panel import Panel
from mixeval_analysis.tables import Table


def page_seconds(answers: Answers) -> pd.DataFrame | None:
    """Return participant, session, place (from 1) and seconds of each rating page; None where nothing says so.

    A table without events may still say when each mix was rated: then a page lasts from the last rating of the
    page before it to its own last one, and the first page of a session has no duration.
    """
    pages = _from_moments(answers.rows) if answers.panel is None else _from_panel(answers.panel, answers.rows)
    if pages is None or pages.empty:
        return None
    pages = pages.sort_values(["session", "position"], kind="stable", ignore_index=True)
    places = pages.groupby("session", sort=False).cumcount() + 1
    timed = pages[["participant", "session", "seconds"]].assign(place=places)
    timed = timed.loc[timed["seconds"].notna()].reset_index(drop=True)
    return timed if len(timed) else None


def timing(answers: Answers) -> Table | None:
    """Describe the seconds that rating pages took by their place in the session, whatever their item.

    `relative` is the median, over sessions, of a page's seconds divided by the median page of the same session: below
    1 pages went faster there than the same people's pages usually did.
    """
    timed = page_seconds(answers)
    if timed is None:
        return None
    usual = timed.groupby("session")["seconds"].transform("median")
    timed = timed.assign(relative=(timed["seconds"] / usual).where(usual > 0))
    return Table(
        name="timing",
        title="Seconds per rating page, by its place in the session",
        frame=frame_of(
            [
                _described(int(place), timed.loc[timed["place"] == place])
                for place in np.unique(timed["place"])
            ]
        ),
        method=(
            "Quartiles of R's type 7. The last column is the median of a page's seconds over those of the median "
            "page of the same session."
        ),
        level=f"{count_of(len(timed), 'page')} of {count_of(timed['session'].nunique(), 'session')}.",
        labels=answers.labels,
        notes=(*_trend(timed), *_without_usual(timed)),
        simulated=answers.simulated,
    )


def _described(place: int, pages: pd.DataFrame) -> dict[str, Any]:
    seconds = np.asarray(pages["seconds"], dtype=np.float64)
    q1, median, q3 = (float(q) for q in np.quantile(seconds, [0.25, 0.5, 0.75]))
    relative = pages["relative"].dropna()
    return {
        "page": place,
        "n": len(seconds),
        "mean": float(seconds.mean()),
        "median": median,
        "q1": q1,
        "q3": q3,
        "min": float(seconds.min()),
        "max": float(seconds.max()),
        "relative": float(relative.median()) if len(relative) else None,
    }


def _trend(timed: pd.DataFrame) -> tuple[str, ...]:
    """Say in how many sessions the later half of the pages went faster than the earlier one."""
    last = timed.groupby("session")["place"].transform("max")
    half = timed.assign(late=timed["place"] > last / 2)
    medians = half.groupby(["session", "late"])["seconds"].median().unstack("late").dropna()
    if medians.shape[1] < 2 or medians.empty:
        return ()
    faster = int((medians[True] < medians[False]).sum())
    return (
        f"In {faster} of {count_of(len(medians), 'session')} the later half of the pages took less time than the earlier one.",
    )


def _without_usual(timed: pd.DataFrame) -> tuple[str, ...]:
    without = timed["relative"].isna().groupby(timed["place"]).all()
    return ("Pages of sessions whose median page took no time have no last column.",) if without.any() else ()


def _from_panel(panel: Panel, rows: pd.DataFrame) -> pd.DataFrame:
    return panel.pages.loc[panel.pages["page"].isin(rows["page"])]


def _from_moments(rows: pd.DataFrame) -> pd.DataFrame | None:
    if not {"session", "page", "rated_at"} <= set(rows.columns):
        return None
    moments = pd.to_datetime(rows["rated_at"], utc=True, errors="coerce", format="ISO8601")
    named = rows.assign(moment=moments).loc[moments.notna() & (rows["page"] != "")]
    last = named.groupby(["participant", "session", "page"])["moment"].max().reset_index()
    last = last.sort_values(by=["session", "moment", "page"], kind="stable")
    seconds = last.groupby("session")["moment"].diff().dt.total_seconds()
    return last.assign(seconds=seconds, position=last.groupby("session").cumcount())
