"""The whole browser is killed with answers that no server has: the same profile, opened again, brings them."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

import pytest
from playwright.sync_api import Error

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def open_browser(chromium, tmp_path):
    """Open a browser of its own on a profile that stays."""
    profile = tmp_path / "profile"
    opened = []

    def open_one():
        browser = chromium.browser_type.launch_persistent_context(
            profile,
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            viewport={"width": 1280, "height": 800},
        )
        browser.set_default_timeout(60_000)
        opened.append(browser)
        return browser

    def alive():
        found = subprocess.run(
            ["pgrep", "-f", f"user-data-dir={profile}"], capture_output=True, text=True, check=False
        )
        return [int(process) for process in found.stdout.split()]

    def kill():
        assert alive()
        limit = time.monotonic() + 30
        while processes := alive():
            assert time.monotonic() < limit, f"they do not die: {processes}"
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.1)
        # It would keep a second browser from this profile, as its owner is gone.
        for lock in profile.glob("Singleton*"):
            lock.unlink()

    yield open_one, kill
    for browser in opened:
        with contextlib.suppress(Error):
            browser.close()


def is_asked(page, replies):
    """Tell whether a page asks if the listener goes on in it: `replies` are what it hears about who has the session."""
    for _ in range(300):
        if page.locator("dialog").count() == 1:
            return True
        if any(reply.json()["held"] for reply in replies):
            return False
        page.wait_for_timeout(100)
    raise AssertionError("after 30 s the page neither goes on nor asks")


def test_answers_outlive_a_browser_that_was_killed_offline(open_browser, served, rating):
    open_one, kill = open_browser
    first = open_one()
    here = type(rating)(first.new_page()).start(served.url)
    here.wait_until("All saved")
    tokens = [row["token"] for row in here.data()["stimuli"]]
    link = here.data()["resume_url"]
    first.set_offline(True)
    here.drag("A", 71)
    here.drag("B", 12)
    here.wait_until("Offline, 2 waiting")
    assert sorted(here.kept_by_the_browser()) == [12, 71]
    kill()
    assert served.ratings() == {}
    again = type(rating)(open_one().new_page())
    replies = []
    again.page.on("response", lambda reply: replies.append(reply) if reply.url.endswith("/hold") else None)
    # By the link: this browser writes a new cookie to its disk within half a minute only.
    again.page.goto(link)
    # What this browser had not written yet may include its own name: then it is asked as another device would be.
    if is_asked(again.page, replies):
        with again.page.expect_navigation():
            again.page.get_by_role("button", name="Continue here").click()
    again.ready()
    # The same page in the same order.
    assert [row["token"] for row in again.data()["stimuli"]] == tokens
    assert [again.value(letter) for letter in "AB"] == ["71", "12"]
    again.wait_until("All saved")
    stored = served.ratings()
    assert [stored[token].value for token in tokens[:2]] == [71, 12]
