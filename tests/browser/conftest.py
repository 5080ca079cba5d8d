"""A served study of seven mixes and a real Chromium that takes it."""

import contextlib
import functools
import json
import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import select

from mixeval.audio import Audio, write_flac
from mixeval.database import Database
from mixeval.manifest import FOLDER, Item, Manifest, Stimulus, file_sha256, write_manifest
from mixeval.models import Answer, Event, ParticipantSession, Rating
from mixeval.settings import Settings
from mixeval_webapp.app import create_app, site_of
from mixeval_webapp.server import Server

SAMPLE_RATE = 44100
FRAMES = 44100
ITEMS = ("shuffle", "reggae")
MIXES = 7
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

# No --autoplay-policy: that sound starts at all proves that it was started inside a gesture.
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        reason = "no chromium on the PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe():
    if not AXE.exists():
        reason = "axe-core is not installed; `npm ci` brings it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return AXE.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Served:
    """A study that is being served, and what it has stored."""

    url: str
    database: Database

    def ratings(self):
        with self.database.read() as db:
            return {row.stimulus_token: row for row in db.scalars(select(Rating))}

    def ratings_of(self, attribute):
        with self.database.read() as db:
            found = db.scalars(select(Rating).where(Rating.attribute == attribute))
            return {row.stimulus_token: row for row in found}

    def comments(self):
        """What was written about each mix, by its token, and about the page, by the empty one."""
        with self.database.read() as db:
            return {row.subject: row.value for row in db.scalars(select(Answer)) if row.name == "comment"}

    def events(self, kind):
        with self.database.read() as db:
            return list(db.scalars(select(Event).where(Event.kind == kind).order_by(Event.id)))

    def wait_for_events(self, page, kind, count=1):
        """Return the events of a kind once the server has `count` of them: they come a second after what they tell.

        The page is asked for its patience, because Playwright serves routes only while it waits itself.
        """
        for _ in range(300):
            found = self.events(kind)
            if len(found) >= count:
                return found
            page.wait_for_timeout(100)
        raise AssertionError(f"after 30 s the server has {len(found)} of {count} events {kind}")

    def sessions(self):
        with self.database.read() as db:
            return list(db.scalars(select(ParticipantSession)))


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("browser") / "study")


@pytest.fixture
def served(study_folder, tmp_path):
    with serving(study_folder, tmp_path) as one:
        yield one


@pytest.fixture
def serve(tmp_path):
    """Serve a study whose [test] section is given, with other mixes or letters where that is asked for."""
    with contextlib.ExitStack() as opened:

        def serve_one(test, **options):
            folder = write_study(tmp_path / "study", test=test, **options)
            return opened.enter_context(serving(folder, tmp_path))

        yield serve_one


@contextlib.contextmanager
def serving(study_folder, tmp_path):
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'answers.sqlite3'}", secret_key="k" * 64)
    app = create_app(study_folder, settings=settings)
    server = Server(app)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Served(server.url, site_of(app).database)
    finally:
        server.stop()
        thread.join()
        site_of(app).database.close()


@pytest.fixture
def serve_test(study_folder, tmp_path):
    """Serve the same mixes with a [test] section of the caller's, in a language that may be new; all is closed when
    the test ends.
    """
    closing = []

    def serve(section, *, reference=None, language="en", messages=None):
        folder = shutil.copytree(study_folder, tmp_path / f"study-{len(closing)}")
        study = (folder / "study.toml").read_text(encoding="utf-8")
        study = study.replace(f'id = "{reference}"', f'id = "{reference}"\nrole = "reference"')
        study = study.replace("[study]\n", f'[study]\nlanguage = "{language}"\n')
        (folder / "study.toml").write_text(f"{study}\n[test]\n{section}\n", encoding="utf-8")
        if messages is not None:
            (folder / "messages").mkdir()
            (folder / "messages" / f"{language}.toml").write_text(messages, encoding="utf-8")
        settings = Settings(database_url=f"sqlite:///{folder / 'answers.sqlite3'}", secret_key="k" * 64)
        app = create_app(folder, settings=settings)
        server = Server(app)
        thread = threading.Thread(target=server.run)
        thread.start()
        closing.append((app, server, thread))
        return Served(server.url, site_of(app).database)

    yield serve
    for app, server, thread in closing:
        server.stop()
        thread.join()
        site_of(app).database.close()


@pytest.fixture
def context(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    # Long enough for a machine that does much else; only what fails waits for it.
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def tab(context):
    """A browser tab that fails the test when its page throws or breaks the content security policy."""
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield page
    assert problems == []


def write_study(folder: Path, *, test: str = "", mixes: int = MIXES) -> Path:
    """Write study.toml with `test` as its [test] section, FLAC mixes of each of two recordings, and their manifest."""
    (folder / FOLDER).mkdir(parents=True)
    conditions = "\n".join(
        f'[[stimuli.conditions]]\nid = "mix_{rank}"\nmethod = "sum"' for rank in range(mixes)
    )
    (folder / "study.toml").write_text(
        '[study]\ntitle = "Drum mixes"\nseed = 5\n[stimuli]\ndataset = { kind = "synthetic" }\n'
        f"{conditions}\n{test}",
        encoding="utf-8",
    )
    stimuli = []
    for index, item in enumerate(ITEMS):
        for rank, mix in enumerate(mixes_of_one_recording(seed=index, mixes=mixes)):
            draft = folder / FOLDER / "draft.flac"
            write_flac(draft, Audio(mix, SAMPLE_RATE))
            stimuli.append(_stimulus(draft, item, f"mix_{rank}"))
    manifest = Manifest(
        target_lufs=-28.0,
        sample_rate=SAMPLE_RATE,
        tools={"mixeval": "test"},
        items=tuple(Item(item=item, facts={}) for item in ITEMS),
        stimuli=tuple(stimuli),
    )
    write_manifest(folder, manifest)
    return folder


def mixes_of_one_recording(*, seed, mixes=MIXES):
    """Yield (2, FRAMES) mixes of a kick, a snare and a hi-hat that differ in their balance only."""
    generator = np.random.default_rng(seed)
    seconds = np.arange(FRAMES) / SAMPLE_RATE
    beat, half = seconds % 0.5, (seconds + 0.25) % 0.5
    kick = np.sin(2 * np.pi * 55 * beat) * np.exp(-beat * 14)
    snare = generator.standard_normal(FRAMES) * np.exp(-half * 25)
    hat = np.diff(generator.standard_normal(FRAMES + 1)) * np.exp(-(seconds % 0.125) * 60)
    for _ in range(mixes):
        balance = generator.uniform(0.5, 1.5, size=(2, 3))
        mix = balance @ np.stack([kick, 0.4 * snare, 0.15 * hat])
        yield (0.2 * mix / np.abs(mix).max()).astype(np.float32)


def _stimulus(draft, item, condition):
    sha256 = file_sha256(draft)
    draft.rename(draft.with_name(f"{sha256[:16]}.flac"))
    return Stimulus(
        item=item,
        condition=condition,
        file=f"{sha256[:16]}.flac",
        sha256=sha256,
        frames=FRAMES,
        channels=2,
        sample_rate=SAMPLE_RATE,
        loudness_lufs=-28.0,
        target_lufs=-28.0,
        true_peak_dbtp=-10.0,
        gain_db=0.0,
        method="sum",
        method_version="1",
        inputs=(),
        parameters={},
    )


class RatingTab:
    """A rating page in the hands of a listener."""

    def __init__(self, page):
        self.page = page

    def start(self, url):
        self.page.goto(url)
        self.page.get_by_role("button", name="I agree, start").click()
        return self.ready()

    def ready(self):
        self.page.wait_for_function(
            "() => document.querySelector('#board')?.inert === false && !document.querySelector('.loading')"
        )
        return self

    def held(self, *, asked=1):
        """Wait until the server has said whether the test goes on in this tab, which a page asks beside its sound."""
        self.page.wait_for_function(
            """asked => performance.getEntriesByType("resource")
              .filter(({ name }) => name.endsWith("/api/hold")).length >= asked""",
            arg=asked,
        )
        return self

    def data(self):
        return json.loads(self.page.locator("#page-data").text_content())

    def slider(self, letter):
        return self.page.get_by_role("slider", name=f"Mix {letter}", exact=True)

    def letter(self, letter):
        return self.page.locator(".strip .play", has_text=letter)

    def value(self, letter):
        return self.slider(letter).get_attribute("aria-valuenow")

    def drag(self, letter, value):
        """Take the slider by its thumb and let it go at `value`, like a hand with a mouse."""
        thumb = self.slider(letter).bounding_box()
        rail = self.page.locator(".strip", has=self.slider(letter)).locator(".rail").bounding_box()
        x = thumb["x"] + thumb["width"] / 2
        mouse = self.page.mouse
        mouse.move(x, thumb["y"] + thumb["height"] / 2)
        mouse.down()
        mouse.move(x, rail["y"] + rail["height"] * (1 - value / 100), steps=8)
        mouse.up()

    def hear(self, letter):
        """Play a mix until the page counts it as played."""
        self._press(self.letter(letter), self.page.locator(".strip.heard", has=self.slider(letter)))

    def _press(self, letter, heard):
        """Press a letter, and once more where the page asks for that: a loaded machine's sound can wake up late."""
        letter.click()
        once_more = self.page.get_by_text("Please press the letter once more.")
        heard.or_(once_more).first.wait_for()
        if once_more.is_visible():
            letter.click()
            heard.wait_for()

    def rate_all(self, values):
        for letter, value in values.items():
            self.hear(letter)
            self.drag(letter, value)

    def answer_by_request(self, address):
        """Answer every mix of the page without touching it, to get to a later one sooner."""
        data = self.data()
        ratings = [
            {
                "stimulus": row["token"],
                "attribute": data["axes"][0]["attribute"],
                "value": 40,
                "moved": True,
                "played": True,
                "listened_seconds": 1,
                "sequence": data["next_sequence"],
            }
            for row in data["stimuli"]
        ]
        body = {"ratings": ratings} | ({"sequence": 1} if address == "complete_url" else {})
        status = self.page.evaluate(
            """async ([url, method, body]) => (await fetch(url, { method, body: JSON.stringify(body),
              headers: { "Content-Type": "application/json", "X-Mixeval": "1" } })).status""",
            [data[address], "POST" if address == "complete_url" else "PUT", body],
        )
        assert status == 200

    def next(self):
        # Playwright waits for what says aria-disabled; a listener's finger does not.
        self.page.locator("#next").click(force=True)

    def wait_for_page(self, number):
        self.page.wait_for_function(
            "n => document.readyState !== 'loading'"
            " && JSON.parse(document.querySelector('#page-data')?.textContent ?? '{}').number === n",
            arg=number,
        )
        return self.ready()

    def kept_by_the_browser(self):
        """The values of the answers in the browser's own store."""
        return self.page.evaluate(
            """() => new Promise((done) => {
              indexedDB.open("mixeval-outbox").onsuccess = ({ target: { result } }) => {
                result.transaction("entries").objectStore("entries").getAll().onsuccess = (event) =>
                  done(event.target.result.filter(({ kind }) => kind === "rating").map(({ body }) => body.value));
              };
            })"""
        )

    def wait_until(self, saved):
        self.page.wait_for_function(
            "words => document.querySelector('#saved').textContent === words", arg=saved
        )


@pytest.fixture
def lose_last_words():
    """Let a page's last attempt, made while it closes, fail as without a connection.

    Chromium feigns a lost connection for a tab only as long as there is that tab: what it sends last can get through.
    """

    def lose(page):
        page.context.add_init_script(
            """{
              const real = globalThis.fetch;
              globalThis.fetch = (url, options) =>
                options?.keepalive ? Promise.reject(new TypeError("no connection")) : real(url, options);
            }"""
        )
        page.reload()

    return lose


@pytest.fixture
def wait_until_kept():
    """Wait until all of these lie in the browser's own store, which outlives the page: names, kinds or values."""

    def wait(page, *wanted):
        page.wait_for_function(
            """wanted => new Promise((done) => {
              indexedDB.open("mixeval-outbox").onsuccess = ({ target: { result } }) => {
                result.transaction("entries").objectStore("entries").getAll().onsuccess = (event) => {
                  result.close();
                  const kept = event.target.result.flatMap(({ body }) => [body.name ?? body.kind, body.value]);
                  done(wanted.every((one) => kept.includes(one)));
                };
              };
            })""",
            arg=list(wanted),
        )

    return wait


@pytest.fixture
def rating(tab, served):
    return RatingTab(tab).start(served.url)


class AxisTab(RatingTab):
    """A page with one axis in the hands of a listener."""

    def bar(self, letter, axis=0):
        return self.page.locator(".bar", has=self.page.locator(f'b:text-matches("^{letter}")')).nth(axis)

    def handle(self, letter, axis=0):
        return self.bar(letter, axis).locator(".flag")

    def point(self, value, axis=0):
        """Where on the screen a value is, half way up the axis."""
        box = self.page.locator(".field").nth(axis).bounding_box()
        part = value / 100 if self.page.evaluate("document.dir !== 'rtl'") else 1 - value / 100
        return box["x"] + part * box["width"], box["y"] + box["height"] / 2

    def middle(self, letter, axis=0):
        box = self.handle(letter, axis).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, letter, value, axis=0):
        mouse = self.page.mouse
        mouse.move(*self.middle(letter, axis))
        mouse.down()
        mouse.move(*self.point(value, axis), steps=8)
        mouse.up()

    def hear(self, letter):
        heard = self.page.locator(".bar.playing.heard", has_text=letter).first
        if "playing" in self.bar(letter).get_attribute("class").split():
            heard.wait_for()
        else:
            self._press(self.handle(letter), heard)

    def place_by_keys(self, letter, value):
        self.bar(letter).focus()
        keys = ["Home"] + ["PageUp"] * (value // 10) + ["ArrowRight"] * (value % 10)
        for key in keys:
            self.page.keyboard.press(key)

    def values(self, axis=0):
        """What each bar says of itself, by letter."""
        letters = [row["label"] for row in self.data()["stimuli"]]
        return {letter: self.bar(letter, axis).get_attribute("aria-valuetext") for letter in letters}

    def numbers(self, axis=0):
        return {
            letter: None if words == "not rated yet" else int(words.split(",")[0])
            for letter, words in self.values(axis).items()
        }


@pytest.fixture
def open_page(chromium, serve):
    """Serve a study with this kind of page and open it in a window of its own; `test` adds to its [test] section."""
    contexts, problems = [], []

    def open_one(kind, test="", *, mixes=MIXES, **options):
        served = serve(f'[test]\npage = "{kind}"\n{test}', mixes=mixes)
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        tab = AxisTab(page) if kind == "single_axis" else RatingTab(page)
        return tab.start(served.url), served

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def open_axis(open_page):
    return functools.partial(open_page, "single_axis")


@pytest.fixture
def open_sliders(open_page):
    return functools.partial(open_page, "sliders")
