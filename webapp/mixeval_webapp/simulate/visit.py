"""One simulated listener's visit: consent, then on each page listening, placing and Next, until the thanks."""

import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mixeval.errors import SimulationError
from mixeval.seeds import generator
from mixeval_webapp.simulate.browser import Browser, read_page
from mixeval_webapp.simulate.listeners import Opinion, rate

Judge = Callable[[Browser, Mapping[str, Any]], Mapping[str, Opinion]]
"""From page data to an opinion of each mix by its token; it may fetch what it needs."""

MOST_PAGES = 1000


def take_test(url: str, judge: Judge, *, listener: int, seed: int) -> int:
    """Take the whole test at `url` and return the number of pages rated.

    Raises SimulationError when the server answers as it should answer no listener.
    """
    browser = Browser(url)
    try:
        _consent(browser)
        test = urllib.parse.urljoin(browser.home, "test")
        for rated in range(MOST_PAGES):
            data = read_page(browser.get(test)).data
            if data is None:
                return rated
            _rate_page(browser, data, judge(browser, data), listener=listener, seed=seed)
    finally:
        browser.close()
    raise SimulationError(f"{url} has more than {MOST_PAGES} pages", remedy="check the study")


def _consent(browser: Browser) -> None:
    page = read_page(browser.get(browser.home))
    if page.action is None:
        raise SimulationError("the first page has no form to agree with", remedy="check the address")
    browser.submit(urllib.parse.urljoin(browser.home, page.action), page.fields | {"simulated": "1"})


def _rate_page(
    browser: Browser, data: Mapping[str, Any], opinions: Mapping[str, Opinion], *, listener: int, seed: int
) -> None:
    random = generator(seed, "behaviour", listener, data["number"])
    tokens = [stimulus["token"] for stimulus in data["stimuli"]]
    seconds = random.gamma(4.0, 2.5, len(tokens)) + 1.0
    sequence = int(data["next_sequence"])
    ratings = [
        {
            "stimulus": token,
            "attribute": data["attribute"],
            "value": rate(opinions[token], listener=listener, seed=seed),
            "moved": True,
            "played": True,
            "listened_seconds": round(float(listened), 3),
            "sequence": sequence + place,
        }
        for place, (token, listened) in enumerate(zip(tokens, seconds, strict=True))
    ]
    browser.send("POST", data["events_url"], {"events": _events(data, ratings, seconds, random)})
    # As a browser does, some ratings are saved on the way and all of them with Next.
    browser.send("PUT", data["ratings_url"], {"ratings": ratings[: len(ratings) // 2 + 1]})
    browser.send("POST", data["complete_url"], {"ratings": ratings, "sequence": sequence + len(ratings)})


def _events(
    data: Mapping[str, Any], ratings: list[dict[str, Any]], seconds: Any, random: np.random.Generator
) -> list[dict[str, Any]]:
    """Play the first mix, then switch through the others, placing each after it was heard."""
    events: list[dict[str, Any]] = []

    def note(kind: str, at_seconds: float, stimulus: str | None, detail: dict[str, object]) -> None:
        events.append(
            {
                "id": f"{data['page']}-{len(events)}",
                "page": data["page"],
                "kind": kind,
                "stimulus": stimulus,
                "client_ms": round(1000 * at_seconds),
                "detail": detail,
            }
        )

    clock = float(random.uniform(1.0, 4.0))
    if data["number"] == 1:
        note("volume", clock, None, {"db": round(float(random.uniform(-18.0, 0.0)))})
    for place, (rating, listened) in enumerate(zip(ratings, seconds, strict=True)):
        note("switch" if place else "play", clock, rating["stimulus"], {})
        clock += float(listened)
        note("move", clock, rating["stimulus"], {"value": rating["value"]})
    note("stop", clock, None, {})
    return events
