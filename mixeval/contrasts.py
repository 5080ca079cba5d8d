"""Comparisons asked for by name: `A vs B`, or `A vs B within C and D`, of levels of a factor or of conditions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mixeval.errors import AnalysisError
from mixeval.validation import closest

FORM = '"A vs B" or "A vs B within C and D"'
_FORM = re.compile(r"\s*(?P<a>.+?)\s+vs\.?\s+(?P<b>.+?)(?:\s+within\s+(?P<within>.+?))?\s*")
CONDITION = "condition"

Factors = Mapping[str, Mapping[str, str]]
"""Levels by factor, by condition."""


@dataclass(frozen=True)
class Contrast:
    """A comparison as it was asked for.

    `pairs` are the conditions that are compared, a and b each, alike in all factors but the one compared; where there are
    several, the comparison is about their mean. `unmatched` are conditions of a or b that have no counterpart.
    """

    text: str
    a: str
    b: str
    within: tuple[str, ...]
    pairs: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    unmatched: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Name:
    """What a name in a contrast may be: a condition, or a level of one or more factors."""

    text: str
    condition: str | None
    levels: Mapping[str, str]
    """The level by factor."""


def parse_contrast(text: str, conditions: Sequence[str], factors: Factors) -> Contrast:
    """Parse a comparison of two levels of one factor, or of two conditions by id.

    `FACTOR=LEVEL` and `condition=ID` say what a name is where it could be several things. Raises AnalysisError when
    the text has another form, names what is not there, or compares what cannot be compared.

    >>> factors = {"net_dry": {"method": "net", "process": "dry"}, "sum_dry": {"method": "sum", "process": "dry"}}
    >>> parse_contrast("net vs sum within dry", list(factors), factors).pairs
    ((('net_dry',), ('sum_dry',)),)
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise AnalysisError(f'the contrast "{text}" is no comparison of two', remedy=f"write {FORM}")
    a, b = (_named(text, form[side], conditions, factors) for side in ("a", "b"))
    if a.text == b.text:
        raise AnalysisError(f'the contrast "{text}" compares "{a.text}" with itself', remedy="name two")
    within = [_named(text, name, conditions, factors) for name in _listed(form["within"])]
    shared = [name for name in a.levels if name in b.levels]
    both_conditions = a.condition is not None and b.condition is not None
    if both_conditions and not within and not (shared and _differ(a, b, shared[0], factors)):
        return Contrast(text, a.text, b.text, (), (((str(a.condition),), (str(b.condition),)),))
    if both_conditions and not within:
        raise AnalysisError(
            f'the contrast "{text}" may be about levels of {shared[0]} or about two conditions',
            remedy=f"write {shared[0]}=LEVEL or {CONDITION}=ID",
        )
    if not shared:
        raise _incomparable(text, a, b, within=bool(within))
    if len(shared) > 1:
        raise AnalysisError(
            f'the contrast "{text}" may be about {" or ".join(shared)}, which both have such levels',
            remedy=f"write {shared[0]}=LEVEL vs {shared[0]}=LEVEL",
        )
    fixed = _fixed(text, within, shared[0])
    return _matched(text, (shared[0], a.levels[shared[0]], b.levels[shared[0]]), fixed, factors)


def _matched(
    text: str, compared: tuple[str, str, str], fixed: Mapping[str, str], factors: Factors
) -> Contrast:
    """Pair the conditions of both levels that are alike in every other factor."""
    factor, a, b = compared
    sides: dict[str, dict[frozenset[tuple[str, str]], list[str]]] = {a: {}, b: {}}
    for condition, own in factors.items():
        if own.get(factor) in sides and all(own.get(name) == level for name, level in fixed.items()):
            rest = frozenset((name, level) for name, level in own.items() if name != factor)
            sides[own[factor]].setdefault(rest, []).append(condition)
    pairs = tuple((tuple(own), tuple(sides[b][rest])) for rest, own in sides[a].items() if rest in sides[b])
    inside = f" within {' and '.join(fixed.values())}" if fixed else ""
    for level in (a, b):
        if not sides[level]:
            raise AnalysisError(
                f'the contrast "{text}" has nothing to compare: no condition has {factor} = "{level}"{inside}',
                remedy="name levels that conditions have together",
            )
    if not pairs:
        raise AnalysisError(
            f'the contrast "{text}" has nothing to compare: no two conditions{inside} differ only in {factor}',
            remedy="name two conditions",
        )
    used = {name for pair in pairs for side in pair for name in side}
    unmatched = tuple(
        name for side in sides.values() for own in side.values() for name in own if name not in used
    )
    return Contrast(text, a, b, tuple(fixed.values()), pairs, unmatched)


def _named(text: str, name: str, conditions: Sequence[str], factors: Factors) -> _Name:
    """Find what a name is. Raises AnalysisError where it is nothing."""
    levels = {(factor, level): None for own in factors.values() for factor, level in own.items()}
    before, equals, after = (part.strip() for part in name.partition("="))
    if equals and (before, after) in levels:
        return _Name(after, None, {before: after})
    if equals and before == CONDITION and after in conditions:
        return _Name(after, after, {})
    condition = name if name in conditions else None
    own = {factor: level for factor, level in levels if level == name}
    if condition is None and not own:
        known = [*conditions, *dict.fromkeys(level for _, level in levels)]
        meant = closest(name, known)
        raise AnalysisError(
            f'the contrast "{text}" names "{name}", which is no condition and no level of a factor',
            remedy=f'did you mean "{meant}"?'.rstrip("?") if meant else f"choose from {', '.join(known)}",
        )
    return _Name(name, condition, own)


def _fixed(text: str, within: Sequence[_Name], compared: str) -> dict[str, str]:
    """Return the levels, by factor, in which the comparison is made."""
    fixed: dict[str, str] = {}
    for name in within:
        if not name.levels:
            raise AnalysisError(
                f'the contrast "{text}" is within "{name.text}", which is a condition, not a level of a factor',
                remedy="name a level after within",
            )
        others = [factor for factor in name.levels if factor != compared]
        if not others:
            raise AnalysisError(
                f'the contrast "{text}" is within "{name.text}", a level of {compared}, whose levels it compares',
                remedy="name a level of another factor after within",
            )
        if len(others) > 1:
            raise AnalysisError(
                f'the contrast "{text}" is within "{name.text}", which is a level of {" and of ".join(others)}',
                remedy=f"write {others[0]}={name.text}",
            )
        if others[0] in fixed:
            raise AnalysisError(
                f'the contrast "{text}" is within two levels of {others[0]}, which no condition has at once',
                remedy="name one of them, or leave them out for both",
            )
        fixed[others[0]] = name.text
    return fixed


def _differ(a: _Name, b: _Name, factor: str, factors: Factors) -> bool:
    """Tell whether two names mean other conditions as levels than as conditions."""
    return any(
        [condition for condition, own in factors.items() if own.get(factor) == name.levels[factor]]
        != [name.condition]
        for name in (a, b)
    )


def _incomparable(text: str, a: _Name, b: _Name, *, within: bool) -> AnalysisError:
    if within and a.condition is not None and b.condition is not None:
        return AnalysisError(
            f'the contrast "{text}" compares two conditions, which are what they are within any level',
            remedy="leave out what follows within, or name levels",
        )
    what = [
        f'"{name.text}" is a level of {" and of ".join(name.levels)}'
        if name.levels
        else f'"{name.text}" is a condition'
        for name in (a, b)
    ]
    return AnalysisError(
        f'the contrast "{text}" compares what cannot be compared: {what[0]}, {what[1]}',
        remedy="name two levels of one factor, or two conditions",
    )


def _listed(names: str | None) -> list[str]:
    return [] if names is None else [name.strip() for name in re.split(r"\s+and\s+|\s*,\s*", names.strip())]
