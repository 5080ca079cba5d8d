"""One simulated listener's visit: consent, then on each page listening, answering and Next, until the thanks."""

import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mixeval.errors import SimulationError
from mixeval.seeds import generator
from mixeval_webapp.page_types.page_type import Response, SimulatedListener
from mixeval_webapp.page_types.registry import PAGE_TYPES
from mixeval_webapp.simulate.browser import Browser, read_page
from mixeval_webapp.simulate.listeners import Opinion, rate

Judge = Callable[[Browser, Mapping[str, Any]], Mapping[str, Opinion]]
"""From page data to an opinion of each mix by its token; it may fetch what it needs."""

MOST_PAGES = 1000


def take_test(url: str, judge: Judge, *, listener: int, seed: int) -> int:
    """Take the whole test at `url` and return the number of pages answered.

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
            opinions = judge(browser, data) if data["stimuli"] else {}
            _answer_page(browser, data, opinions, listener=listener, seed=seed)
    finally:
        browser.close()
    raise SimulationError(f"{url} has more than {MOST_PAGES} pages", remedy="check the study")


def _consent(browser: Browser) -> None:
    page = read_page(browser.get(browser.home))
    if page.action is None:
        raise SimulationError("the first page has no form to agree with", remedy="check the address")
    browser.submit(urllib.parse.urljoin(browser.home, page.action), page.fields | {"simulated": "1"})


def _answer_page(
    browser: Browser, data: Mapping[str, Any], opinions: Mapping[str, Opinion], *, listener: int, seed: int
) -> None:
    random = generator(seed, "behaviour", listener, data["number"])
    heard = [stimulus["token"] for stimulus in data["stimuli"]]
    seconds = random.gamma(4.0, 2.5, len(heard)) + 1.0 + data.get("minimum_seconds", 0.0)
    response = PAGE_TYPES[data["type"]].simulate(
        data, SimulatedListener(random, lambda token: rate(opinions[token], listener=listener, seed=seed))
    )
    sequence = int(data["next_sequence"])
    ratings = _ratings(data, response, dict(zip(heard, seconds, strict=True)), sequence)
    answers = [
        {"subject": "", "name": name, "value": value, "sequence": sequence}
        for name, value in response.answers.items()
    ]
    if heard:
        browser.send("POST", data["events_url"], {"events": _events(data, ratings, seconds, random)})
    if ratings:
        # As a browser does, some ratings are saved on the way and all of them with Next.
        browser.send("PUT", data["ratings_url"], {"ratings": ratings[: len(ratings) // 2 + 1]})
    browser.send(
        "POST",
        data["complete_url"],
        {"ratings": ratings, "answers": answers, "sequence": sequence + len(ratings) + 1},
    )


def _ratings(
    data: Mapping[str, Any], response: Response, seconds: Mapping[str, float], sequence: int
) -> list[dict[str, Any]]:
    """Write down what was heard of each sound, with its value for each attribute where it is rated."""
    return [
        {
            "stimulus": stimulus["token"],
            "attribute": axis["attribute"],
            "value": response.values.get((stimulus["token"], axis["attribute"])),
            "moved": (stimulus["token"], axis["attribute"]) in response.values,
            "played": True,
            "listened_seconds": round(float(seconds[stimulus["token"]]), 3),
            "sequence": sequence + place,
        }
        for place, (stimulus, axis) in enumerate(
            (stimulus, axis) for stimulus in data["stimuli"] for axis in data.get("axes", ())
        )
    ]


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
    for place, (stimulus, listened) in enumerate(zip(data["stimuli"], seconds, strict=True)):
        note("switch" if place else "play", clock, stimulus["token"], {})
        clock += float(listened)
        for rating in ratings:
            if rating["stimulus"] == stimulus["token"] and rating["moved"]:
                note("move", clock, stimulus["token"], {"value": rating["value"]})
    note("stop", clock, None, {})
    return events
