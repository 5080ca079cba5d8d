"""Screening: rules that ask of each participant whether the answers can be relied on.

Rules report; nobody is left out unless [analysis] exclude names the rule, or the researcher has excluded the
session by hand. Rules that are no standard's say so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mixeval.errors import AnalysisError
from mixeval_analysis.answers import Answers
from mixeval_analysis.findings import FOUND, Rule, Screening
from mixeval_analysis.listeners.decided import EXCLUDED, decided_rules
from mixeval_analysis.listeners.repeated_pages import consistency
from mixeval_analysis.panel import LOWEST_DB
from mixeval_analysis.ratings import Ratings

Found = "pd.Series[Any]"
"""A value for each participant that a rule has something to go by; NaN where it has not."""

TOLERATED = 0.15
"""Share of the items heard on which ITU-R BS.1534-3 (4.1.2) forgives an assessor."""
NEAR_THE_TOP = 0.9
"""Where a score of 90 lies on a scale from 0 to 100."""
ANCHOR_IS_GOOD = 0.25
"""Share of assessors above which a mid anchor that they rate above 90 was not degraded enough (the same clause)."""
SLIPS = 0.25
"""Share of pages that our own rules forgive: one of six is a slip, two are not."""

BS1534 = "ITU-R BS.1534-3, 4.1.2"
OWN = "mixeval; no standard says so"
_ON_A_SCALE = ("", "single_axis", "sliders")

RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "post_screening",
            "share of the items heard whose hidden reference was rated below 90 % of the scale",
            BS1534,
        ),
        Rule(
            "post_screening_anchor",
            "share of the items heard whose mid anchor was rated above 90 % of the scale",
            BS1534,
        ),
        Rule(
            "low_anchor",
            "share of the items on which the low anchor was rated as high as the median of the other mixes, or higher",
            OWN,
        ),
        Rule(
            "repeats",
            "mean difference between two ratings of the same mix, in points; the threshold is that of any two mixes "
            "of the same pages",
            OWN,
        ),
        Rule("all_equal", "share of the items on which all mixes were rated the same", OWN),
        Rule("unplayed", "share of the answers about a mix that was never played", OWN),
        Rule(
            "too_fast",
            "share of the pages that were open, or heard, for less than the recording lasts",
            OWN,
        ),
        Rule(
            "never_switched", "share of the pages on which no mix was compared with another by switching", OWN
        ),
        Rule(
            "volume",
            "pages rated at the lowest volume, or on which a volume was changed that had been locked",
            OWN,
        ),
    )
}
"""Rules by name. `flag_NAME` are more: one for each flag that the study raised."""
FLAG = "flag"


def check_rules(names: Iterable[str]) -> None:
    """Refuse what is neither a rule nor the beginning of one. Raises AnalysisError."""
    for name in names:
        if name not in RULES and name != FLAG and not name.startswith(f"{FLAG}_"):
            raise AnalysisError(
                f'exclude names "{name}", which is no rule of screening',
                remedy=f"choose from {', '.join(RULES)}, {FLAG}, {FLAG}_NAME",
            )


def screen(answers: Answers) -> Screening:
    """Ask every rule that applies about every participant whose answers count.

    Who meets a rule that [analysis] exclude names is left out, as is whom the researcher excluded; the name of a group of rules (`post_screening`,
    `flag`) stands for all of them.
    """
    people = sorted(answers.rows["participant"].unique())
    asked, undefined = _asked(answers)
    rules, frames = [], []
    for rule, value, threshold in asked:
        rules.append(rule)
        frames.append(_frame(rule, value.reindex(people), threshold, people))
    found = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(FOUND))
    found = found.astype({"flagged": bool})
    unmet = [
        f"exclude names {name}, which does not apply here: nobody is left out for it."
        for name in answers.settings.exclude
        if not any(_is_of(rule.name, name) for rule in rules)
    ]
    screening = Screening(
        rules=tuple(rules),
        found=found,
        left_out=_left_out(found, (*answers.settings.exclude, EXCLUDED)),
        undefined=(*undefined, *unmet),
    )
    return replace(screening, beside=_beside(answers, screening))


def _frame(rule: Rule, value: Any, threshold: Any, people: list[str]) -> pd.DataFrame:
    values = np.asarray(value, dtype=np.float64)
    limit = threshold.reindex(people) if isinstance(threshold, pd.Series) else threshold
    limits = np.broadcast_to(np.asarray(limit, dtype=np.float64), values.shape)
    return pd.DataFrame(
        {
            "participant": list(people),
            "rule": rule.name,
            "value": values,
            "threshold": limits,
            "flagged": values > limits,  # of NaN: no
        }
    )


def _is_of(rule: str, name: str) -> bool:
    return rule == name or rule.startswith(f"{name}_")


def _left_out(found: pd.DataFrame, exclude: Sequence[str]) -> dict[str, tuple[str, ...]]:
    met: dict[str, list[str]] = {}
    flagged = found.loc[found["flagged"]]
    for participant, rule in zip(flagged["participant"], flagged["rule"], strict=True):
        if any(_is_of(rule, name) for name in exclude):
            met.setdefault(str(participant), []).append(str(rule))
    return {participant: tuple(rules) for participant, rules in met.items()}


def _beside(answers: Answers, screening: Screening) -> pd.DataFrame | None:
    if screening.left_out:
        return answers.rows
    rest = answers.rows.loc[~answers.rows["participant"].isin(screening.anybody)]
    if not screening.anybody or rest.empty:
        return None
    still = {condition for name in answers.NAMING for condition in rest[name].unique()}
    return rest if len(still) > 1 else None


def _asked(answers: Answers) -> tuple[list[tuple[Rule, Any, Any]], list[str]]:
    asked: list[tuple[Rule, Any, Any]] = []
    undefined: list[str] = []
    if isinstance(answers, Ratings) and answers.page in _ON_A_SCALE:
        _ask_of_ratings(answers, asked, undefined)
    _ask_of_listening(answers, asked, undefined)
    for name, flagged in _flags(answers):
        asked.append((Rule(f"{FLAG}_{name}", f"sessions with the flag {name}", "the study"), flagged, 0.0))
    asked.extend((rule, count, 0.0) for rule, count in decided_rules(answers))
    return asked, undefined


def _ask_of_ratings(ratings: Ratings, asked: list[tuple[Rule, Any, Any]], undefined: list[str]) -> None:
    reference, low_anchor = ratings.settings.reference, _low_anchor(ratings)
    if reference is None:
        undefined.append(
            "post_screening does not apply: ITU-R BS.1534-3 screens by a hidden reference that is to be rated at the "
            "top, and this test names none."
        )
        if low_anchor is None:
            undefined.append("low_anchor does not apply: no condition is named as the low anchor.")
        else:
            asked.append((RULES["low_anchor"], _low_anchor_on_top(ratings, low_anchor), SLIPS))
    else:
        _ask_post_screening(ratings, reference, asked, undefined)
    again = consistency(ratings)
    if again is None:
        undefined.append("repeats and eGauge (ITU-R BS.2300-0) are undefined: no page was rated twice.")
    else:
        asked.append((RULES["repeats"], again["mean_abs_diff"], again["by_chance"]))
    asked.append((RULES["all_equal"], _all_equal(ratings), SLIPS))


def _ask_post_screening(
    ratings: Ratings, reference: str, asked: list[tuple[Rule, Any, Any]], undefined: list[str]
) -> None:
    top = near_the_top(ratings)
    if top is None:
        undefined.append(
            "post_screening is undefined: the ends of the scale are not known, and the ratings are neither within 0 to 1 "
            "nor within 0 to 100."
        )
        return
    heard = ratings.rows.loc[ratings.rows["condition"] == reference]
    asked.append((RULES["post_screening"], _share(heard["rating"] < top, heard), TOLERATED))
    mid_anchor = ratings.settings.mid_anchor
    if mid_anchor is None:
        undefined.append("post_screening_anchor does not apply: no condition is named as the mid anchor.")
        return
    heard = ratings.rows.loc[ratings.rows["condition"] == mid_anchor]
    above = heard["rating"] > top
    degraded = above.groupby(heard["item"]).transform("mean") <= ANCHOR_IS_GOOD
    asked.append((RULES["post_screening_anchor"], _share(above[degraded], heard.loc[degraded]), TOLERATED))


def near_the_top(ratings: Ratings) -> float | None:
    """Return what a score of 90 of 100 is on this scale; None where nobody knows where the scale ends.

    Where its ends are not known, ratings within 0 to 1 are on that scale, and others within 0 to 100 on that one.
    """
    if ratings.scale is not None:
        low, high = ratings.scale
        return low + NEAR_THE_TOP * (high - low)
    lowest, highest = float(ratings.rows["rating"].min()), float(ratings.rows["rating"].max())
    if lowest < 0 or not (highest <= 1 or 10 < highest <= 100):
        return None
    return NEAR_THE_TOP if highest <= 1 else 100 * NEAR_THE_TOP


def _low_anchor(ratings: Ratings) -> str | None:
    if ratings.settings.low_anchor is not None:
        return ratings.settings.low_anchor
    anchors = [name for name, role in ratings.roles.items() if role == "anchor"]
    return anchors[0] if len(anchors) == 1 else None


def _low_anchor_on_top(ratings: Ratings, anchor: str) -> Any:
    rows = ratings.rows
    of_anchor = rows["condition"] == anchor
    others = rows.loc[~of_anchor].groupby(["participant", "item"])["rating"].median()
    own = rows.loc[of_anchor].set_index(["participant", "item"])["rating"]
    pages = pd.concat([own.rename("anchor"), others.rename("others")], axis=1, join="inner")
    return (pages["anchor"] >= pages["others"]).groupby(level="participant").mean()


def _all_equal(ratings: Ratings) -> Any:
    pages = ratings.rows.groupby(["participant", "item"])["rating"].agg(["min", "max", "size"])
    pages = pages.loc[pages["size"] > 1]
    return (pages["min"] == pages["max"]).groupby(level="participant").mean()


def _ask_of_listening(answers: Answers, asked: list[tuple[Rule, Any, Any]], undefined: list[str]) -> None:
    if "played" in answers.rows.columns:
        asked.append((RULES["unplayed"], _share(answers.rows["played"] == False, answers.rows), 0.0))  # noqa: E712 - of a column that may hold nothing too
    if answers.panel is None:
        undefined.append("too_fast, never_switched and volume do not apply: the source knows of no sessions.")
        return
    pages = answers.panel.pages
    pages = pages.loc[pages["page"].isin(answers.rows["page"])]
    asked.append((RULES["too_fast"], _too_fast(answers, pages), SLIPS))
    if answers.page != "acr":  # which plays one mix at a time
        noted = pages.loc[pages["switches"].notna()]
        asked.append((RULES["never_switched"], _share(noted["switches"] == 0, noted), SLIPS))
    locked = pages["session"].map(answers.panel.sessions.set_index("session")["volume_locked"]).astype(bool)
    odd = (locked & (pages["volume_changes"] > 0)) | (pages["last_db"] <= LOWEST_DB)
    asked.append((RULES["volume"], odd.groupby(pages["participant"]).sum().astype("float64"), 0.0))


def _too_fast(answers: Answers, pages: pd.DataFrame) -> Any:
    heard_columns = [name for name in answers.rows.columns if name.startswith("listened_seconds")]
    heard = (
        answers.rows[heard_columns].sum(axis=1, min_count=1).groupby(answers.rows["page"]).sum(min_count=1)
    )
    shortest = pd.concat([pages["seconds"], pages["page"].map(heard)], axis=1).min(axis=1)
    known = shortest.notna() & pages["audio_seconds"].notna()
    return _share((shortest < pages["audio_seconds"])[known], pages.loc[known])


def _flags(answers: Answers) -> list[tuple[str, Any]]:
    if answers.flags is None or "session" not in answers.rows.columns:
        return []
    who = dict(zip(answers.rows["session"], answers.rows["participant"], strict=True))
    flags = answers.flags.loc[answers.flags["session"].isin(who)]
    nobody = pd.Series(0.0, index=sorted(set(who.values())))
    return [
        (str(name), nobody.add(of_flag.map(who).value_counts(), fill_value=0.0))
        for name, of_flag in flags["session"].groupby(flags["flag"], sort=True)
    ]


def _share(bad: Any, rows: pd.DataFrame) -> Any:
    return bad.astype("float64").groupby(rows["participant"]).mean()
