"""Which rows enter the tables, and which sessions may stand in one table together.

By default: complete sessions of real participants, no previews. Simulated listeners enter only where there is
nobody else, and are then marked as such everywhere.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from mixeval.errors import AnalysisError
from mixeval_analysis.ratings import LeftOut, RatedVersion, Ratings, count_sessions, in_order

Rows = pd.DataFrame


@dataclass(frozen=True)
class Selection:
    """Groups of ratings that each make a complete set of tables, in the order in which they were begun.

    There is more than one where sessions heard different stimuli and were not to be pooled. `elsewhere` are
    rows of versions that have no group, because nothing in them counts.
    """

    groups: tuple[Ratings, ...]
    elsewhere: tuple[LeftOut, ...] = ()
    pooled: bool = False


def select(ratings: Ratings, *, pool_versions: bool = False) -> Selection:
    """Leave out what no table counts, and part sessions whose stimuli differ unless `pool_versions`.

    Raises AnalysisError when no rating is left, or when ratings of different questions stand side by side.
    """
    stimuli_of = {version.id: version.stimuli_id for version in ratings.versions}
    heard = ratings.rows["version"].map(lambda version: stimuli_of.get(version, version))
    apart = list(dict.fromkeys(heard))
    real_only = bool((_candidates(ratings.rows) & ~ratings.rows["simulated"]).any())
    keys = [apart] if pool_versions else [[key] for key in apart]
    groups: list[Ratings] = []
    elsewhere: list[LeftOut] = []
    for together in keys:
        group = _select_rows(
            replace(ratings, rows=ratings.rows.loc[heard.isin(together)]), real_only=real_only
        )
        if len(group.rows):
            groups.append(group)
        else:
            elsewhere.extend(group.left_out)
    if not groups:
        raise _nothing_left(ratings, elsewhere)
    if len(groups) == 1:
        groups = [replace(groups[0], left_out=(*groups[0].left_out, *elsewhere))]
    return Selection(tuple(groups), tuple(elsewhere), pooled=pool_versions and len(apart) > 1)


def folder_of(version: RatedVersion) -> str:
    """Name the folder of a version's own report by the first 8 digits of its stimuli."""
    stimuli = version.stimuli_id
    if not re.fullmatch(
        r"[0-9a-f]{64}", stimuli
    ):  # a name of the user's own, whose beginning others may share
        stimuli = hashlib.sha256(stimuli.encode()).hexdigest()
    return f"version-{stimuli[:8]}"


def differing_stimuli(versions: Iterable[RatedVersion]) -> dict[str, list[str]] | None:
    """Map each condition whose audio differs between versions to the items in which it does.

    None where some version's stimuli are unknown, as in a CSV file.
    """
    heard = [version.stimuli for version in versions]
    known = [stimuli for stimuli in heard if stimuli is not None]
    if len(known) < len(heard):
        return None
    differing: dict[str, list[str]] = {}
    for cell in dict.fromkeys(cell for stimuli in known for cell in stimuli):
        if len({stimuli.get(cell) for stimuli in known}) > 1:
            differing.setdefault(cell[1], []).append(cell[0])
    return differing


def _select_rows(ratings: Ratings, *, real_only: bool) -> Ratings:
    rows = ratings.rows
    attribute = _attribute(ratings, real_only=real_only)
    left_out = []
    for reason, applies in _REASONS:
        dropped = applies(rows, attribute, real_only)
        if dropped.any():
            gone = rows.loc[dropped]
            people = int(gone["participant"].nunique())
            left_out.append(LeftOut(reason, len(gone), people, count_sessions(gone)))
            rows = rows.loc[~dropped]
    present = set(rows["condition"])
    labels = {condition: label for condition, label in ratings.labels.items() if condition in present}
    if present:
        in_order(list(labels))
    unrated = [
        f"{label} is not in the tables: no rating of it counts."
        for condition, label in ratings.labels.items()
        if condition not in present
    ]
    return replace(
        ratings,
        # In one order, whatever order they came in: a sum of fractions depends on it in its last digit.
        rows=rows.sort_values(["participant", "item", "condition"], ignore_index=True),
        labels=labels,
        attribute=attribute,
        left_out=(*ratings.left_out, *left_out),
        remarks=(*ratings.remarks, *unrated),
        versions=_versions_of(rows, ratings),
    )


_REASONS: tuple[tuple[str, Callable[[Rows, str | None, bool], "pd.Series[bool]"]], ...] = (
    ("a preview by the experimenter", lambda rows, _attribute, _real: rows["preview"]),
    ("the session was not completed", lambda rows, _attribute, _real: ~rows["complete"]),
    (
        "a simulated listener, and there are real ones",
        lambda rows, _attribute, real_only: rows["simulated"] & real_only,
    ),
    ("never placed on the scale", lambda rows, _attribute, _real: rows["rating"].isna()),
    (
        "an answer to another question than the one analysed",
        lambda rows, attribute, _real: rows["attribute"] != (attribute or ""),
    ),
    ("a repeat, and only the first presentation counts", lambda rows, _attribute, _real: rows["repeat"] != 0),
    (
        "rated before by the same participant, in another session",
        lambda rows, _attribute, _real: rows.duplicated(["participant", "item", "condition"]),
    ),
)
"""Why a row does not count, in the order in which the reasons are asked."""


def _candidates(rows: Rows) -> "pd.Series[bool]":
    return rows["complete"] & ~rows["preview"] & rows["rating"].notna()


def _attribute(ratings: Ratings, *, real_only: bool) -> str | None:
    rows = ratings.rows
    # A question that nobody has answered yet must not push out one that was.
    counted = rows.loc[_candidates(rows) & ~(rows["simulated"] & real_only)]
    found = [str(name) for name in dict.fromkeys((counted if len(counted) else rows)["attribute"])]
    if len(found) <= 1:
        return found[0] if found and found[0] else None
    asked = [version.attribute for version in ratings.versions if version.attribute in found]
    if asked:
        return asked[-1]  # the newest version's question
    raise AnalysisError(
        f"{ratings.source} holds ratings of {len(found)} attributes ({', '.join(found)})",
        remedy="give each a file of its own",
    )


def _versions_of(rows: Rows, ratings: Ratings) -> tuple[RatedVersion, ...]:
    present = set(rows["version"])
    return tuple(version for version in ratings.versions if version.id in present)


def _nothing_left(ratings: Ratings, left_out: Iterable[LeftOut]) -> AnalysisError:
    rows = ratings.rows.loc[~ratings.rows["preview"]]
    if rows.empty:
        previews = ", only previews" if len(ratings.rows) else ""
        return AnalysisError(f"{ratings.source} holds no ratings yet{previews}", remedy="collect some first")
    if not rows["complete"].any():
        sessions = count_sessions(rows)
        begun = "" if sessions is None else f" ({sessions} begun)"
        return AnalysisError(
            f"{ratings.source} holds no completed session yet{begun}",
            remedy="analyze it again when a participant has finished",
        )
    reasons = "; ".join(f"{entry.ratings} ratings: {entry.reason}" for entry in left_out)
    return AnalysisError(
        f"{ratings.source} holds no rating that counts ({reasons})",
        remedy="correct the columns that say so or add ratings that count",
    )
