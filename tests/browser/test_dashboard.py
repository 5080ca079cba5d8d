"""The researcher's pages in Chromium: login, live numbers, one session replayed, and nothing that a listener wrote runs."""

import contextlib
import json
import os
import shutil
import threading
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from mixeval.admin_password import keep_password_hash
from mixeval.cli.researcher import analyse_so_far
from mixeval.models import Event, Page, Participant
from mixeval.settings import Settings
from mixeval_webapp.admin.desk import EXTENSION
from mixeval_webapp.admin.researcher import Researcher
from mixeval_webapp.app import create_app, site_of
from mixeval_webapp.server import Server

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
HOSTILE = "<script>document.title = 'stolen'</script><img src=x onerror=\"document.title = 'stolen'\">"
PAGES = ("", "/participants", "/results", "/stimuli", "/study", "/export")
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 780}
RUN = """async (tags) => {
  const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  return violations.map(({ id, impact, nodes }) => [id, impact, nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`)]);
}"""

# Keys pressed one after the other are one movement, also where a slow machine has more than 0.6 s between them.
LONGER_RESTS = """const wait = setTimeout;
globalThis.setTimeout = (act, ms) => wait(act, ms === 600 ? 10 * ms : ms);"""
# Whether the server has confirmed everything of the pages before this one.
ARRIVED = """() => new Promise((done) => {
  const { page } = JSON.parse(document.querySelector("#page-data").textContent);
  indexedDB.open("mixeval-outbox").onsuccess = ({ target: { result } }) => {
    const reading = result.transaction("entries").objectStore("entries").getAll();
    reading.onsuccess = () => {
      result.close();
      done(reading.result.every((entry) => entry.page === page));
    };
  };
})"""


class Dashboard:
    """A served study with a password, and a tab of the researcher's."""

    def __init__(self, app, url, tab):
        self.app, self.url, self.tab = app, url, tab
        self.database = site_of(app).database

    def log_in(self):
        self.tab.goto(f"{self.url}admin")
        self.tab.get_by_label("Password").fill(PASSWORD)
        self.tab.get_by_role("button", name="Log in").click()
        self.tab.get_by_role("link", name="Overview").wait_for()

    def show(self, path=""):
        self.tab.goto(f"{self.url}admin{path}")

    def code(self):
        with self.database.read() as db:
            return db.scalars(select(Participant.code)).all()[-1]


@pytest.fixture
def dashboard(study_folder, tmp_path, tab):
    folder = Path(shutil.copytree(study_folder, tmp_path / "study"))
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[test]\ncomments = "both"\n')
    keep_password_hash(folder, PasswordHasher(time_cost=2, memory_cost=19 * 1024).hash(PASSWORD))
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'answers.sqlite3'}", secret_key="k" * 64)
    app = create_app(folder, settings=settings, researcher=Researcher(analyse=analyse_so_far))
    server = Server(app)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Dashboard(app, server.url, tab)
    finally:
        app.extensions[EXTENSION].background.stop()
        server.stop()
        thread.join()
        site_of(app).database.close()


@contextlib.contextmanager
def another_browser(chromium, url):
    """Open the test in a browser of a listener's own, on its first page of mixes."""
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(30_000)
    try:
        page = context.new_page()
        page.add_init_script(LONGER_RESTS)
        page.goto(url)
        page.get_by_role("button", name="I agree, start").click()
        page.locator("#page-data").wait_for(state="attached")
        page.locator(".strip .play").first.wait_for()
        page.wait_for_function("() => !document.querySelector('.loading')")
        yield page
    finally:
        context.close()


def rate_all(page):
    """Play every mix and rate it with the keyboard, then go on."""
    for number in range(page.locator(".strip").count()):
        strip = page.locator(".strip").nth(number)
        strip.locator(".play").click()
        strip.get_by_role("slider").focus()
        for _ in range(number + 1):
            page.keyboard.press("ArrowUp")
        page.wait_for_function(
            "(n) => document.querySelectorAll('.strip')[n].classList.contains('heard')", arg=number
        )


def test_only_the_password_shows_the_overview(dashboard, tab):
    dashboard.show()
    tab.get_by_label("Password").fill("not the password")
    tab.get_by_role("button", name="Log in").click()
    assert tab.get_by_role("alert").inner_text() == "This is not the password."
    tab.get_by_label("Password").fill(PASSWORD)
    tab.keyboard.press("Enter")
    tab.get_by_role("heading", name="Where people stop").wait_for()
    tab.get_by_role("button", name="Log out").click()
    tab.get_by_label("Password").wait_for()
    dashboard.show("/participants")
    assert "login" in tab.url


def test_the_overview_follows_a_listener_without_a_reload(dashboard, chromium, tab):
    dashboard.log_in()
    tab.evaluate("() => { globalThis.notReloaded = true; }")
    assert tab.locator("#complete .big").inner_text() == "0"
    with another_browser(chromium, dashboard.url) as listener:
        tab.wait_for_function("() => document.querySelector('#complete').innerText.includes('1 in progress')")
        code = dashboard.code()
        tab.wait_for_function(
            "(code) => document.querySelector('#latest').innerText.includes(`${code}\\ton page 1`)", arg=code
        )
        rate_all(listener)
        listener.get_by_label("Anything to say").last.fill(HOSTILE)
        listener.get_by_role("button", name="Next").click()
        tab.wait_for_function(
            "(code) => document.querySelector('#latest').innerText.includes(`${code}\\ton page 2`)", arg=code
        )
        # The picture before may have been taken between the two.
        tab.wait_for_function(
            """() => [...document.querySelectorAll("#funnel tbody td:nth-of-type(2)")]
              .map((cell) => cell.innerText).join() === "1,1,0" """
        )
    assert tab.evaluate("() => globalThis.notReloaded")
    # What the listener wrote is shown, and is nothing but text (fault 27); `tab` sees to the security policy.
    dashboard.show(f"/participants/{code}")
    assert tab.locator(".answers dd", has_text="<script>").first.inner_text() == HOSTILE
    assert tab.title() != "stolen"
    for path in PAGES:
        dashboard.show(path)
        assert tab.title() != "stolen"
        assert tab.locator("img[src=x], [onerror]").count() == 0


def test_the_timeline_shows_the_moves_that_were_made(dashboard, chromium, tab):
    with another_browser(chromium, dashboard.url) as listener:
        # Marked as disabled and pressed all the same: it is refused in words.
        listener.get_by_role("button", name="Next").click(force=True)
        rate_all(listener)
        listener.keyboard.press("Escape")
        listener.get_by_role("button", name="Next").click()
        listener.wait_for_function(
            "() => document.querySelector('#page-data')?.textContent.includes('\"number\":2')"
        )
        # A browser that is closed sends nothing more.
        listener.wait_for_function(ARRIVED, polling=200)
    with dashboard.database.read() as db:
        page = db.scalars(select(Page).where(Page.position == 0)).one()
        sent = db.scalars(select(Event).where(Event.page_id == page.id).order_by(Event.client_ms)).all()
        letters = {stimulus.token: stimulus.shown_as for stimulus in page.stimuli}
    moves = [(letters[event.stimulus_token], event.detail["to"]) for event in sent if event.kind == "move"]
    assert len(moves) == 7
    dashboard.log_in()
    dashboard.show(f"/participants/{dashboard.code()}")
    replay = tab.locator(".replay").first
    data = json.loads(replay.locator(".data").text_content())
    drawn = [(lane["letter"], move[1], move[0]) for lane in data["lanes"] for move in lane["moves"]]
    assert sorted((letter, to) for letter, to, _ in drawn) == sorted(moves)
    assert replay.locator("path.moved").count() == len(moves)
    # Each where its own clock says.
    for event in sent:
        if event.kind == "move":
            assert any(abs(at - event.client_ms / 1000) < 1e-6 for _, _, at in drawn)
    heard = {lane["letter"] for lane in data["lanes"] if lane["played"]}
    assert heard == set(letters.values())
    told = replay.locator("tr[data-kind]").evaluate_all("rows => rows.map((row) => row.dataset.kind)")
    assert sorted(told) == sorted(event.kind for event in sent)
    assert "next_refused" in told
    # With the keyboard, event by event to the last one.
    slider = replay.get_by_role("slider")
    slider.focus()
    tab.keyboard.press("End")
    words = replay.locator(".told").inner_text()
    for letter, to in moves:
        assert f"{letter} {to:g}" in words
    back = replay.get_by_role("button", name="Event before")
    back.focus()
    before = float(slider.input_value())
    tab.keyboard.press("Enter")
    assert float(slider.input_value()) < before
    # With the pointer, to the middle.
    box = replay.locator("svg").bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    assert float(slider.input_value()) == pytest.approx(data["seconds"] / 2, abs=0.2)


@pytest.fixture(scope="session")
def axe_core():
    if not AXE.exists():
        reason = "axe-core is not installed; `npm ci` brings it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return AXE.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_all_fits_wide_and_on_a_phone(scheme, dashboard, chromium, tab, axe_core):
    with another_browser(chromium, dashboard.url) as listener:
        rate_all(listener)
        listener.get_by_role("button", name="Next").click()
        listener.wait_for_function(
            "() => document.querySelector('#page-data')?.textContent.includes('\"number\":2')"
        )
        listener.wait_for_function("() => !document.querySelector('.loading')")
        rate_all(listener)
        listener.locator("#next").click()
        listener.get_by_text("Thank you").wait_for()
    tab.emulate_media(color_scheme=scheme)
    found = {}
    dashboard.show()
    looks = [("login", None)]
    dashboard_pages = [*PAGES, f"/participants/{dashboard.code()}", "/participants/PNOBODY"]
    for name, path in [*looks, *((path or "overview", path) for path in dashboard_pages)]:
        if path is not None:
            if tab.get_by_label("Password").count():
                dashboard.log_in()
            dashboard.show(path)
            tab.evaluate(
                "() => { for (const part of document.querySelectorAll('details')) part.open = true; }"
            )
        for size in (WIDE, PHONE):
            tab.set_viewport_size(size)
            tab.evaluate(axe_core)
            violations = tab.evaluate(RUN, TAGS)
            wide = tab.evaluate("() => document.documentElement.scrollWidth")
            if violations or wide > size["width"]:
                found[name, size["width"]] = (violations, wide)
    assert found == {}
