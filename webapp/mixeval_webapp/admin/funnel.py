"""Where people stop: how many have finished each step, in the order in which listeners come to them."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mixeval_webapp.admin.sittings import SeenPage, Sitting
from mixeval_webapp.admin.steps import step_words

MOST_PAGES = 12
"""Rows for rated pages; of a longer test several pages share a row."""
BETWEEN = frozenset({"questions_before", "questions_after", "break"})
"""Pages around the rated ones: who stops there has not finished the next page."""
CONSENT = "Consent"


@dataclass(frozen=True)
class Quartiles:
    """Of seconds, R's type 7."""

    q1: float
    median: float
    q3: float
    n: int


@dataclass(frozen=True)
class Step:
    name: str
    finished: int
    share: float
    """Of those who agreed to take part."""
    seconds: Quartiles | None
    """For how long its page was open; of a row of several pages, each of them."""


def funnel(sittings: Sequence[Sitting], page_seconds: Mapping[str, float]) -> tuple[Step, ...]:
    """Count who has finished each step; `page_seconds` are the seconds that a page was open, by its id.

    Consent comes first; rated pages are counted by their place in the session, whatever their item.
    """
    names = _names(sittings)
    finished = dict.fromkeys(names, 0)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    pages = max((len(entry.rated) for entry in sittings), default=0)
    for entry in sittings:
        last: dict[str, bool] = {}
        for page in _steps(entry):
            name = _name(page, pages)
            # A row of several pages is finished with the last of them.
            last[name] = page.completed_at is not None
            if page.id in page_seconds:
                seconds[name].append(page_seconds[page.id])
        for name, done in last.items():
            finished[name] += done
    total = len(sittings)
    return (
        Step(CONSENT, total, 1.0 if total else 0.0, None),
        *(Step(name, finished[name], finished[name] / total, quartiles(seconds[name])) for name in names),
    )


def quartiles(values: Iterable[float]) -> Quartiles | None:
    """Return the quartiles of `values`, None where there is none.

    >>> quartiles([1, 2, 3, 4])
    Quartiles(q1=1.75, median=2.5, q3=3.25, n=4)
    """
    found = sorted(values)
    if not found:
        return None
    if len(found) == 1:
        return Quartiles(found[0], found[0], found[0], 1)
    q1, median, q3 = statistics.quantiles(found, n=4, method="inclusive")
    return Quartiles(q1, median, q3, len(found))


def _steps(entry: Sitting) -> Iterable[SeenPage]:
    return (page for page in entry.pages if page.kind not in BETWEEN)


def _names(sittings: Sequence[Sitting]) -> list[str]:
    """List the steps in their order; those of the longest session lead, since versions may differ."""
    pages = max((len(entry.rated) for entry in sittings), default=0)
    names: list[str] = []
    for entry in sorted(sittings, key=lambda entry: -len(entry.pages)):
        place = 0
        for name in dict.fromkeys(_name(page, pages) for page in _steps(entry)):
            if name in names:
                place = names.index(name) + 1
            else:
                names.insert(place, name)
                place += 1
    return names


def _name(page: SeenPage, pages: int) -> str:
    if not page.place:
        return step_words(page.kind, page.purpose)
    width = -(-pages // MOST_PAGES)
    if width <= 1:
        return f"Page {page.place}"
    first = (page.place - 1) // width * width + 1
    return f"Pages {first} to {min(first + width - 1, pages)}"
