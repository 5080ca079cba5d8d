"""What `mixeval check` looks at: one function per line of its list, in the order of the list.

Each returns what it found, and raises a MixevalError where something is wrong; the error's remedy is what to do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from mixeval.cli.checks import server, study
from mixeval.cli.checks.place import Advice, Place
from mixeval.errors import MixevalError


@dataclass(frozen=True)
class Line:
    """One line of the list."""

    name: str
    state: Literal["ok", "advice", "problem"]
    found: str
    remedy: str = ""


CHECKS: dict[str, Callable[[Place], str]] = {
    "study": study.study,
    "rights": study.rights,
    "save": study.save,
    "disk": study.disk,
    "clock": study.clock,
    "audio": study.audio,
    "recruitment": study.recruitment,
    "rehearsal": server.rehearsal,
    "export": study.export,
    "backup": study.backup,
    "retention": study.retention,
    "password": study.password,
}
CHECKS_AT_URL: dict[str, Callable[[Place], str]] = {
    "served": server.ready,
    "its clock": server.clock,
    "its connection": server.connection,
}


def check_study(place: Place) -> Iterator[Line]:
    """Make the checks one after another; those that need a served study only where there is one."""
    try:
        for name, check in CHECKS.items():
            yield _line(name, check, place)
        if place.url is not None:
            for name, check in CHECKS_AT_URL.items():
                yield _line(name, check, place)
    finally:
        place.close()


def _line(name: str, check: Callable[[Place], str], place: Place) -> Line:
    try:
        return Line(name, "ok", check(place))
    except Advice as advice:
        return Line(name, "advice", advice.problem, advice.remedy)
    except MixevalError as error:
        return Line(name, "problem", error.problem, error.remedy)
    except Exception as error:  # noqa: BLE001 - one check that breaks must not hide what the others find
        return Line(name, "problem", f"the check itself failed ({error!r})", "report this as a bug")
