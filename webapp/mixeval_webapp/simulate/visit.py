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
    """Take the whole test at `url` and return the number of pages on which mixes were rated.

    Raises SimulationError when the server answers as it should answer no listener.
    """
    browser = Browser(url)
    try:
        return take_test_in(browser, judge, listener=listener, seed=seed)
    finally:
        browser.close()


def take_test_in(browser: Browser, judge: Judge, *, listener: int, seed: int) -> int:
    """Take the whole test in `browser`, as :func:`take_test` does, and leave the browser open."""
    _consent(browser)
    test = urllib.parse.urljoin(browser.home, "test")
    rated = 0
    for _ in range(MOST_PAGES):
        data = read_page(browser.get(test)).data
        if data is None:
            return rated
        # Only pages with axes play mixes to have an opinion of.
        opinions = judge(browser, data) if data.get("axes") else {}
        rated += _answer_page(browser, data, opinions, listener=listener, seed=seed)
    raise SimulationError(f"the test has more than {MOST_PAGES} pages", remedy="check the study")


def _consent(browser: Browser) -> None:
    page = read_page(browser.get(browser.home))
    if page.action is None:
        raise SimulationError("the first page has no form to agree with", remedy="check the address")
    browser.submit(urllib.parse.urljoin(browser.home, page.action), page.fields | {"simulated": "1"})


def _answer_page(
    browser: Browser, data: Mapping[str, Any], opinions: Mapping[str, Opinion], *, listener: int, seed: int
) -> bool:
    """Fill in one page and hand it in; tell whether anything was rated there."""
    random = generator(seed, "behaviour", listener, data["number"])
    addresses = {stimulus["token"]: stimulus["url"] for stimulus in data["stimuli"]}
    heard = list(addresses)
    seconds = random.gamma(4.0, 2.5, len(heard)) + 1.0 + data.get("minimum_seconds", 0.0)
    response = PAGE_TYPES[data["type"]].simulate(
        data,
        SimulatedListener(
            random,
            rate=lambda token: rate(opinions[token], listener=listener, seed=seed),
            hear=lambda token: browser.get(addresses[token]),
        ),
    )
    sequence = int(data["next_sequence"])
    ratings = _ratings(data, response, dict(zip(heard, seconds, strict=True)), sequence)
    answers = [
        {"subject": subject, "name": name, "value": value, "sequence": sequence}
        for (subject, name), value in {
            **{("", name): value for name, value in response.answers.items()},
            **response.answers_about,
        }.items()
    ]
    if heard:
        events = _events(data, response, ratings, seconds, random)
        browser.send("POST", data["events_url"], {"events": events})
    if ratings:
        # As a browser does, some ratings are saved on the way and all of them with Next.
        browser.send("PUT", data["ratings_url"], {"ratings": ratings[: len(ratings) // 2 + 1]})
    browser.send(
        "POST",
        data["complete_url"],
        {"ratings": ratings, "answers": answers, "sequence": sequence + len(ratings) + 1},
    )
    return bool(response.values)


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
    data: Mapping[str, Any],
    response: Response,
    ratings: list[dict[str, Any]],
    seconds: Any,
    random: np.random.Generator,
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
    if response.volume_db is not None:
        note("volume", clock, None, {"db": response.volume_db})
    elif data["number"] == 1:
        note("volume", clock, None, {"db": round(float(random.uniform(-18.0, 0.0)))})
    for place, (stimulus, listened) in enumerate(zip(data["stimuli"], seconds, strict=True)):
        note("switch" if place else "play", clock, stimulus["token"], {})
        clock += float(listened)
        for rating in ratings:
            if rating["stimulus"] == stimulus["token"] and rating["moved"]:
                note("move", clock, stimulus["token"], {"value": rating["value"]})
    note("stop", clock, None, {})
    return events
