"""Which rows enter the tables, and which sessions may stand in one table together.

By default: complete sessions of real participants, no previews. Simulated listeners enter only where there is
nobody else, and are then marked as such everywhere.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from mixeval.errors import AnalysisError
from mixeval_analysis.answers import Answers, LeftOut, RatedVersion, count_of, count_sessions, in_order
from mixeval_analysis.listeners.decided import EXCLUDED
from mixeval_analysis.listeners.screening import screen
from mixeval_analysis.ratings import SCALES, Ratings
from mixeval_analysis.results.difference_grades import partners

Rows = pd.DataFrame


@dataclass(frozen=True)
class Selection:
    """Groups of answers that each make a complete set of tables, in the order in which they were begun.

    There is more than one where sessions heard different stimuli and were not to be pooled. `elsewhere` are
    rows of versions that have no group, because nothing in them counts.
    """

    groups: tuple[Answers, ...]
    elsewhere: tuple[LeftOut, ...] = ()
    pooled: bool = False


def select(answers: Answers, *, pool_versions: bool = False, attribute: str | None = None) -> Selection:
    """Leave out what no table counts, and part sessions whose stimuli differ unless `pool_versions`.

    `attribute` is the question whose answers are taken; left out, that of the newest version. Raises
    AnalysisError when no answer is left, or when ratings of different questions stand side by side.
    """
    if attribute is not None and attribute not in set(answers.rows["attribute"]):
        asked = ", ".join(str(name) for name in dict.fromkeys(answers.rows["attribute"]) if name)
        raise AnalysisError(
            f'{answers.source} holds no {answers.NOUN} of "{attribute}"',
            remedy=f"choose from {asked}" if asked else "leave --attribute out",
        )
    stimuli_of = {version.id: version.stimuli_id for version in answers.versions}
    named = answers.rows["version"].unique()
    heard = answers.rows["version"].map({version: stimuli_of.get(version, version) for version in named})
    apart = list(heard.unique())
    real_only = bool((_candidates(answers.rows) & ~answers.rows["simulated"]).any())
    keys = [apart] if pool_versions else [[key] for key in apart]
    groups: list[Answers] = []
    elsewhere: list[LeftOut] = []
    for together in keys:
        group = _select_rows(
            replace(answers, rows=answers.rows.loc[heard.isin(together)]),
            real_only=real_only,
            attribute=attribute,
        )
        if len(group.rows):
            groups.append(group)
        else:
            elsewhere.extend(group.left_out)
    if not groups:
        raise _nothing_left(answers, elsewhere)
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


@dataclass(frozen=True)
class _Asked:
    """What is asked of a set of rows: the page type and question that are analysed, and who counts."""

    page: str
    attribute: str
    real_only: bool


def _select_rows(answers: Answers, *, real_only: bool, attribute: str | None) -> Answers:
    rows = answers.rows
    page = _page(answers, real_only=real_only)
    of_page = replace(answers, rows=rows.loc[rows["page_type"] == page])
    attribute = attribute or _attribute(of_page, real_only=real_only)
    asked = _Asked(page, attribute or "", real_only)
    left_out, repeats = [], None
    for reason, applies in _REASONS.items():
        dropped = applies(rows, asked)
        if dropped.any():
            gone = rows.loc[dropped]
            people = int(gone["participant"].nunique())
            left_out.append(LeftOut(reason, len(gone), people, count_sessions(gone)))
            rows = rows.loc[~dropped]
            repeats = gone if reason == _REPEAT else repeats
    if isinstance(answers, Ratings) and page in SCALES:
        answers = replace(answers, scale=SCALES[page])
    # In one order, whatever order they came in: a sum of fractions depends on it in its last digit.
    rows = rows.sort_values(["participant", "item", *answers.NAMING], ignore_index=True, kind="stable")
    answers = replace(answers, rows=rows, attribute=attribute, page=page, repeats=repeats)
    if len(rows):
        answers = _screened(answers)
        left_out += _screened_out(answers)
        rows = answers.rows
    present = {condition for name in answers.NAMING for condition in rows[name].unique()}
    labels = {condition: label for condition, label in answers.labels.items() if condition in present}
    if present:
        in_order(list(labels))
    absent = [
        f"{label} is not in the tables: no {answers.NOUN} of it counts."
        for condition, label in answers.labels.items()
        if condition not in present
    ]
    return replace(
        answers,
        labels=labels,
        left_out=(*answers.left_out, *left_out),
        remarks=(*answers.remarks, *absent),
        versions=_versions_of(rows, answers),
    )


def _screened(answers: Answers) -> Answers:
    """Ask the rules of screening, and leave out whom the study's own exclusions name."""
    if answers.panel is not None and "session" in answers.rows.columns:
        answers = replace(answers, panel=answers.panel.of(answers.rows["session"]))
    screening = screen(answers)
    answers = replace(answers, screening=screening)
    if not screening.left_out:
        return answers
    rows = answers.rows.loc[~answers.rows["participant"].isin(screening.left_out)].reset_index(drop=True)
    if rows.empty:
        rules = ", ".join(dict.fromkeys(rule for met in screening.left_out.values() for rule in met))
        raise AnalysisError(
            f"leaving out who meets {rules} leaves nobody",
            remedy="exclude fewer rules, or take decisions about sessions back",
        )
    panel = answers.panel.of(rows["session"]) if answers.panel is not None else None
    return replace(answers, rows=rows, panel=panel)


def _screened_out(answers: Answers) -> list[LeftOut]:
    screening = answers.screening
    if screening is None or screening.beside is None or not screening.left_out:
        return []
    by_hand = {who for who, rules in screening.left_out.items() if EXCLUDED in rules}
    met = {who: rules for who, rules in screening.left_out.items() if who not in by_hand}
    rules = ", ".join(dict.fromkeys(rule for names in met.values() for rule in names))
    left_out = []
    for reason, people in (
        ("excluded by the researcher", by_hand),
        (f"screened out by {rules}", set(met)),
    ):
        gone = screening.beside.loc[screening.beside["participant"].isin(people)]
        if people:
            left_out.append(LeftOut(reason, len(gone), len(people), count_sessions(gone)))
    return left_out


_REPEAT = "a repeat, and only the first presentation counts"
_REASONS: Mapping[str, Callable[[Rows, _Asked], "pd.Series[bool]"]] = {
    "a preview by the experimenter": lambda rows, _: rows["preview"],
    "the session was not completed": lambda rows, _: ~rows["complete"],
    "a simulated listener, and there are real ones": lambda rows, asked: rows["simulated"] & asked.real_only,
    "practice, or a check of attention": lambda rows, _: ~_for_the_tables(rows),
    "the participant's browser could not play it, and it was not rated": lambda rows, _: _unplayable(rows),
    "never answered": lambda rows, _: ~_answered(rows),
    "asked on another type of page than the one analysed": lambda rows, asked: (
        rows["page_type"] != asked.page
    ),
    "an answer to another question than the one analysed": lambda rows, asked: (
        rows["attribute"] != asked.attribute
    ),
    _REPEAT: lambda rows, _: _repeated(rows),
    "rated before by the same participant, in another session": lambda rows, _: _rated_before(rows),
}
"""Why a row does not count, in the order in which the reasons are asked."""


def _for_the_tables(rows: Rows) -> "pd.Series[bool]":
    return rows["purpose"].isin(["rating", "repeat"])


def _unplayable(rows: Rows) -> "pd.Series[bool]":
    if "unplayable" not in rows.columns:
        return _none(rows)
    return (rows["unplayable"] == True) & ~_answered(rows)  # noqa: E712 - of a column that may hold nothing too


def _answered(rows: Rows) -> "pd.Series[bool]":
    # A trial without an answer makes no row.
    return rows["rating"].notna() if "rating" in rows.columns else ~_none(rows)


def _repeated(rows: Rows) -> "pd.Series[bool]":
    # Of trials those of `trials_per_pair` count; pages that came again say so by their purpose.
    return rows["repeat"] != 0 if "repeat" in rows.columns else rows["purpose"] == "repeat"


def _rated_before(rows: Rows) -> "pd.Series[bool]":
    if "condition" not in rows.columns:
        return _none(rows)
    return rows.assign(partner=partners(rows)).duplicated(["participant", "item", "condition", "partner"])


def _none(rows: Rows) -> "pd.Series[bool]":
    return pd.Series(data=False, index=rows.index)


def _candidates(rows: Rows) -> "pd.Series[bool]":
    return rows["complete"] & ~rows["preview"] & _for_the_tables(rows) & _answered(rows)


def _counted(answers: Answers, *, real_only: bool) -> Rows:
    """Return the rows that may count; where there are none, all."""
    rows = answers.rows
    counted = rows.loc[_candidates(rows) & ~(rows["simulated"] & real_only)]
    return counted if len(counted) else rows


def _page(answers: Answers, *, real_only: bool) -> str:
    found = [str(name) for name in _counted(answers, real_only=real_only)["page_type"].unique()]
    asked = [version.page for version in answers.versions if version.page in found]
    return asked[-1] if asked else found[-1]  # the newest version's


def _attribute(answers: Answers, *, real_only: bool) -> str | None:
    # A question that nobody has answered yet must not push out one that was.
    counted = _counted(answers, real_only=real_only)
    found = [str(name) for name in counted["attribute"].unique()]
    if len(found) <= 1:
        return found[0] if found and found[0] else None
    asked = [version.attribute for version in answers.versions if version.attribute in found]
    if asked:
        return asked[-1]  # the newest version's question
    raise AnalysisError(
        f"{answers.source} holds {answers.NOUN}s of {len(found)} attributes ({', '.join(found)})",
        remedy="choose one with --attribute",
    )


def _versions_of(rows: Rows, answers: Answers) -> tuple[RatedVersion, ...]:
    present = set(rows["version"].unique())
    return tuple(version for version in answers.versions if version.id in present)


def _nothing_left(answers: Answers, left_out: Iterable[LeftOut]) -> AnalysisError:
    rows = answers.rows.loc[~answers.rows["preview"]]
    noun = answers.NOUN
    if rows.empty:
        previews = ", only previews" if len(answers.rows) else ""
        return AnalysisError(f"{answers.source} holds no {noun}s yet{previews}", remedy="collect some first")
    if not rows["complete"].any():
        sessions = count_sessions(rows)
        begun = "" if sessions is None else f" ({sessions} begun)"
        return AnalysisError(
            f"{answers.source} holds no completed session yet{begun}",
            remedy="analyze it again when a participant has finished",
        )
    reasons = "; ".join(f"{count_of(entry.answers, noun)}: {entry.reason}" for entry in left_out)
    return AnalysisError(
        f"{answers.source} holds no {noun} that counts ({reasons})",
        remedy="correct the columns that say so or add ones that count",
    )
