"""Checks of the test as it is served: by this machine for a moment, or where a web server stands already."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime

from mixeval.cli.checks.clocks import compare_clocks
from mixeval.cli.checks.place import Advice, Place
from mixeval.errors import SimulationError, StudyError

TIMEOUT_SECONDS = 30


def rehearsal(place: Place) -> str:
    from mixeval_webapp.recruitment.previews import simulation_address  # noqa: PLC0415 - loads when needed
    from mixeval_webapp.simulate.rehearsal import rehearse  # noqa: PLC0415 - loads when needed

    secret_key = place.settings.secret_key
    if place.url is not None:
        found = rehearse(simulation_address(place.url, secret_key=secret_key), place.site.database)
        if found.ratings is None:
            raise Advice(
                f"a simulated listener took {found.pages} pages at {place.url}, and their answers are in another "
                f"database, marked as simulated",
                remedy="run the check with the same MIXEVAL_DATABASE_URL to see them arrive and go",
            )
    else:
        with _served(place) as url:
            found = rehearse(simulation_address(url, secret_key=secret_key), place.site.database)
    if not found.is_complete:
        raise SimulationError(
            "a simulated listener's session did not end as complete",
            remedy="see which check screened them out, with `mixeval simulate` on a copy",
        )
    return f"a simulated listener rated {found.pages} pages over HTTP, {found.ratings} ratings arrived and were deleted"


@contextmanager
def _served(place: Place) -> Iterator[str]:
    from mixeval_webapp.server import Server  # noqa: PLC0415 - loads when needed
    from mixeval_webapp.simulate.crowd import serving  # noqa: PLC0415 - loads when needed

    with serving(Server(place.app)) as url:
        yield url


def ready(place: Place) -> str:
    status, _, body = _fetch(place, "readyz")
    if status != 200:
        raise SimulationError(f"{place.url} answers {status}: {body[:300]}", remedy="see the server's log")
    return f"{place.url} is ready"


def clock(place: Place) -> str:
    def ask() -> datetime:
        _, headers, _ = _fetch(place, "healthz")
        return parsedate_to_datetime(headers.get("date", ""))

    return compare_clocks(ask, whose="the server's")


def connection(place: Place) -> str:
    _, headers, _ = _fetch(place, "")
    if not (place.url or "").startswith("https:"):
        raise Advice(
            f"{place.url} is not HTTPS: links and cookies can be read on the way",
            remedy="put a certificate on the web server in front (docs/deploy.md)",
        )
    if "secure" not in headers.get("set-cookie", "").lower():
        raise StudyError(
            "cookies are not marked Secure",
            remedy="set MIXEVAL_TRUSTED_PROXIES to the number of proxies in front",
        )
    return "HTTPS, with Secure cookies"


def _fetch(place: Place, path: str) -> tuple[int, dict[str, str], str]:
    address = f"{(place.url or '').rstrip('/')}/{path}"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - http(s), see the command
            return answer.status, _lower(answer.headers.items()), answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, _lower(error.headers.items()), error.read().decode("utf-8", "replace")
    except OSError as error:
        raise SimulationError(f"{address} does not answer ({error})", remedy="start the server") from error


def _lower(headers: object) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers}  # type: ignore[attr-defined]  # pairs
