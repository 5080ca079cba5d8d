"""Many simulated listeners, one after the other, in a study's own folder or at any address."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from mixeval.models import Page, PageStimulus
from mixeval.settings import read_settings
from mixeval.study import read_study
from mixeval_webapp.app import create_app, site_of
from mixeval_webapp.recruitment.arrivals import SIMULATION_PARAMETER
from mixeval_webapp.recruitment.previews import simulation_address
from mixeval_webapp.server import Server
from mixeval_webapp.simulate.browser import Browser
from mixeval_webapp.simulate.hearing import Ears
from mixeval_webapp.simulate.listeners import Opinion, condition_means
from mixeval_webapp.simulate.visit import Judge, take_test
from mixeval_webapp.site import Site

NO_OPINION = 50.0
"""Of a sound that is no mix."""


def simulate_study(
    folder: Path, *, listeners: int, seed: int, done: Callable[[], None] = lambda: None
) -> int:
    """Let `listeners` take the study in `folder`, which is served to them on a free port of this machine.

    Their opinions follow from what each mix really is, looked up in the database. `done` is called after each
    listener. Returns the number of pages rated.
    """
    # What is missing is told before a secret key is made in a folder that holds no study.
    read_study(folder)
    app = create_app(folder, settings=read_settings(folder).without_proxy())
    site = site_of(app)
    means = condition_means(site.version.study.conditions, seed)

    def judge(browser: Browser, data: Mapping[str, Any]) -> Mapping[str, Opinion]:
        # One file for each page, so that serving audio is part of what is tried.
        browser.get(data["stimuli"][0]["url"])
        return _look_up(site, data["page"], means)

    try:
        with serving(Server(app)) as url:
            address = simulation_address(url, secret_key=str(app.secret_key))
            return _visits(address, judge, listeners=listeners, seed=seed, done=done)
    finally:
        site.database.close()


def simulate_url(url: str, *, listeners: int, seed: int, done: Callable[[], None] = lambda: None) -> int:
    """Let `listeners` take the test at `url`, with no knowledge but the audio that they receive."""
    ears = Ears()

    def judge(browser: Browser, data: Mapping[str, Any]) -> Mapping[str, Opinion]:
        return ears.judge({stimulus["token"]: browser.get(stimulus["url"]) for stimulus in data["stimuli"]})

    # So that they are not counted among those who came, either.
    address = url if "?" in url else f"{url}?{SIMULATION_PARAMETER}=1"
    return _visits(address, judge, listeners=listeners, seed=seed, done=done)


def _visits(url: str, judge: Judge, *, listeners: int, seed: int, done: Callable[[], None]) -> int:
    rated = 0
    for listener in range(listeners):
        rated += take_test(url, judge, listener=listener, seed=seed)
        done()
    return rated


def _look_up(site: Site, page_id: str, means: Mapping[str, float]) -> dict[str, Opinion]:
    query = (
        select(PageStimulus.token, Page.item, PageStimulus.condition)
        .join(Page)
        .where(PageStimulus.page_id == page_id)
    )
    with site.database.read() as db:
        return {
            token: Opinion(item=item or "", mix=condition, mean=means.get(condition, NO_OPINION))
            for token, item, condition in db.execute(query).all()
        }


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """Run `server` in a thread and yield its address."""
    thread = threading.Thread(target=server.run, name="simulated-study")
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join()
