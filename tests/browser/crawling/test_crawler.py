"""Judge: a search through every byte that crossed the wire to a real browser, and all that the browser keeps.

What gives a mix away: ids and labels of conditions, methods, names of files and items, SHA-256 of files in hex and
base64, sizes, lengths and headers that differ. A leak that was planted is found.
"""

import base64
import html
import io
import json
import re
import threading
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
import soundfile

import mixeval_webapp
from mixeval.audio import Audio, write_flac
from mixeval.manifest import FOLDER, Item, Manifest, Stimulus, file_sha256, write_manifest
from mixeval.settings import Settings
from mixeval_webapp.app import create_app, site_of
from mixeval_webapp.server import Server
from mixeval_webapp.simulate.listeners import Opinion
from mixeval_webapp.simulate.visit import _answer_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STATIC = Path(mixeval_webapp.__file__).parent / "static"
RATE = 44100
ITEMS = ("wombat_shuffle", "numbat_reggae", "bilby_bossa")
CONDITIONS = {
    "quokka_dry": ("Human Quokka", "reference", "reference"),
    "platypus_wet": ("Wave-U-Net Platypus", "wave_u_net", "system"),
    "axolotl_low": ("Anchor Axolotl 3.5 kHz", "random_forest", "anchor"),
}
STEPS = """
[participants]
consent_boxes = ["I am 18 or older."]
questionnaire = ["age", "gender", "experience", "headphones", "environment"]
final_comments = true
familiarisation = { minimum_seconds = 0 }
level = {}
practice_items = ["bilby_bossa"]
[participants.checks]
left_right = true
headphones = "both"
[[participants.questions]]
id = "sure"
ask = "How sure are you?"
type = "scale"
at = "after_page"
items = ["wombat_shuffle"]
"""
PAGES = {
    "sliders": 'reference = "quokka_dry"\ncomments = "both"\nwaveform = true\nrepeats = 1\nbreak_after_pages = 1\n'
    'attention = { better = "quokka_dry", worse = "axolotl_low" }\n' + STEPS,
    "single_axis": 'comments = "mixes"\n',
    "ab": "no_preference = true\n",
    "abx": "trials_per_pair = 1\n",
    "acr": "",
    "ranking": "",
    "bs1116": 'reference = "quokka_dry"\n',
}


@pytest.fixture(scope="session")
def secret_study(tmp_path_factory):
    """A study whose every name is telling, and whose mixes are files of sizes that differ."""
    folder = tmp_path_factory.mktemp("crawled") / "study"
    (folder / FOLDER).mkdir(parents=True)
    stimuli = []
    for index, item in enumerate(ITEMS):
        noise = np.random.default_rng(index).standard_normal((2, RATE // 2 + 64))
        for rank, (condition, (_, method, _role)) in enumerate(CONDITIONS.items()):
            width = 1 + 12 * rank
            smooth = np.stack([np.convolve(channel, np.ones(width) / width, "same") for channel in noise])
            draft = folder / FOLDER / "draft.flac"
            write_flac(draft, Audio((0.1 * smooth / np.abs(smooth).max()).astype(np.float32), RATE))
            sha256 = file_sha256(draft)
            draft.rename(draft.with_name(f"{sha256[:16]}.flac"))
            facts = {"target_lufs": -28.0, "loudness_lufs": -28.0, "true_peak_dbtp": -10.0, "gain_db": 0.0}
            stimuli.append(
                Stimulus(
                    item=item,
                    condition=condition,
                    file=f"{sha256[:16]}.flac",
                    sha256=sha256,
                    frames=smooth.shape[1],
                    channels=2,
                    sample_rate=RATE,
                    method=method,
                    method_version="1",
                    inputs=(),
                    parameters={},
                    **facts,
                )
            )
    write_manifest(
        folder,
        Manifest(
            target_lufs=-28.0,
            sample_rate=RATE,
            tools={"mixeval": "test"},
            items=tuple(Item(item=item, facts={}) for item in ITEMS),
            stimuli=tuple(stimuli),
        ),
    )
    assert len({(folder / FOLDER / stimulus.file).stat().st_size for stimulus in stimuli}) == len(stimuli)
    return folder, stimuli


class Crawl:
    """A real browser that takes a whole study behind a recording wire, and looks wherever else it could."""

    def __init__(self, context, wire, seed=3):
        self.wire, self.seed = wire, seed
        self.home = f"http://127.0.0.1:{wire.port}/"
        self.context, self.tab = context, context.new_page()
        self.kept = []
        self.types, self.audio_by_page = [], []

    def take(self):
        self.tab.goto(self.home)
        for box in self.tab.locator("main input[type=checkbox]:not([hidden])").all():
            if box.is_visible():
                box.check()
        self.look()
        self.tab.get_by_role("button", name="I agree, start").click()
        # Before it, all that is waited for below is true of the consent.
        self.tab.locator("#page-data").wait_for(state="attached")
        for _ in range(60):
            self.tab.wait_for_function("() => document.readyState === 'complete'")
            text = self.tab.locator("#page-data")
            if not text.count():
                break
            data = json.loads(text.text_content())
            self.types.append(data["type"])
            if data["stimuli"]:
                self.audio_by_page.append([stimulus["url"] for stimulus in data["stimuli"]])
                # Pages of checks load a sound when its turn comes.
                if data["type"] in {*PAGES, "familiarisation"}:
                    self.tab.wait_for_function("() => !document.querySelector('main [inert], .loading')")
                for url in self.audio_by_page[-1]:
                    self.get(url)
            opinions = {mix["token"]: Opinion("one", mix["token"], 50.0) for mix in data["stimuli"]}
            _answer_page(self, data, opinions, listener=1, seed=self.seed)
            self.look()
            self.tab.goto(f"{self.home}test")
        self.look()

    def get(self, path):
        """Fetch as a script of the page would; simulated ears listen to sounds of checks."""
        found = self.tab.evaluate(
            """async (path) => {
              const bytes = new Uint8Array(await (await fetch(path)).arrayBuffer());
              let text = "";
              for (const byte of bytes) text += String.fromCharCode(byte);
              return btoa(text);
            }""",
            path,
        )
        return base64.b64decode(found)

    def send(self, method, path, document, status=200):
        found = self.tab.evaluate(
            """async ([method, path, body]) => {
              const answer = await fetch(path, { method, body,
                headers: { "Content-Type": "application/json", "X-Mixeval": "1" } });
              return [answer.status, await answer.text()];
            }""",
            [method, path, json.dumps(document)],
        )
        assert found[0] == status, found
        return json.loads(found[1])

    def look(self):
        """Keep what a curious person finds in the developer tools."""
        self.kept.append(
            self.tab.evaluate(
                """async () => {
                  const databases = [];
                  for (const { name, version } of await indexedDB.databases()) {
                    const opened = await new Promise((done, no) => {
                      const asked = indexedDB.open(name, version);
                      asked.onsuccess = () => done(asked.result);
                      asked.onerror = no;
                    });
                    for (const store of opened.objectStoreNames) {
                      const all = opened.transaction(store).objectStore(store).getAll();
                      databases.push([name, store, await new Promise((done) => { all.onsuccess = () => done(all.result); })]);
                    }
                    opened.close();
                  }
                  return JSON.stringify({ page: document.documentElement.outerHTML, title: document.title,
                    local: { ...localStorage }, session: { ...sessionStorage }, databases,
                    caches: "caches" in globalThis ? await caches.keys() : [],
                    workers: (await navigator.serviceWorker?.getRegistrations() ?? []).length,
                    fetched: performance.getEntries().map((entry) => entry.name) });
                }"""
            )
        )
        self.kept.append(json.dumps(self.context.cookies()))

    def probe(self, app):
        """Ask for what no page asks for: every address without arguments, errors, files of the study, all static files."""
        rules = [
            rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments
        ]
        guesses = (
            "/nowhere",
            "/audio/nothing",
            "/api/nothing",
            "/study.toml",
            "/stimuli/manifest.json",
            "/.git/config",
        )
        files = [path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()]
        token = self.audio_by_page[0][0]
        for path in (*rules, *guesses, *(f"{app.static_url_path}/{name}" for name in files), f"{token}x"):
            self.get(path)
        for rule in {
            rule.rule for rule in app.url_map.iter_rules() if "POST" in rule.methods and not rule.arguments
        }:
            self.tab.evaluate(
                "path => fetch(path, { method: 'POST', body: 'x=1' }).then((a) => a.text())", rule
            )
        self.tab.evaluate(
            "async (url) => { for (const range of ['bytes=0-99', 'bytes=-9', 'bytes=999999999-']) "
            "await (await fetch(url, { cache: 'no-store', headers: { Range: range } })).arrayBuffer(); }",
            token,
        )


def needles(stimuli):
    """Every word that gives a mix away, by what it is."""
    words = {}
    for condition, (label, method, _) in CONDITIONS.items():
        words |= {condition: "an id", label: "a label"}
        if method != "reference":
            words[method] = "a method"
    for item in ITEMS:
        words[item] = "the name of an item, and of its files"
    for stimulus in stimuli:
        digest = bytes.fromhex(stimulus.sha256)
        words[stimulus.sha256[:12]] = "a hash"
        words[stimulus.file] = "the name of a file"
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            words[encode(digest).decode()[:12]] = "a hash in base64"
            words[encode(stimulus.sha256.encode()).decode()[:16]] = "a hash in hex in base64"
    return words


def told(words, text):
    """Say which of `words` stand in `text`, spelt in any of the ways that the web has."""
    spelt = {
        text,
        html.unescape(text),
        urllib.parse.unquote(text),
        re.sub(r"\\(?:u|x)([0-9a-fA-F]{4}|[0-9a-fA-F]{2})", lambda code: chr(int(code[1], 16)), text),
    }
    spelt = {one.lower() for one in spelt} | {text}
    return {
        f"{what} ({word})"
        for word, what in words.items()
        for one in spelt
        if word in one or word.lower() in one
    }


def findings(crawl, words):
    """Say all that the crawl gives away, and where."""
    found = []
    for one in crawl.wire.exchanges():
        audio = one.headers.get("Content-Type", "").startswith("audio/")
        for text in (one.raw.decode("latin-1"), one.body.decode("latin-1" if audio else "utf-8", "replace")):
            found += [f"{one.method} {one.url} tells {what}" for what in told(words, text)]
    for kept in crawl.kept:
        found += [f"the browser keeps {what}" for what in told(words, kept)]
    return found + _differences(crawl)


def _differences(crawl):
    """Say where the files of a page differ in anything but their sound."""
    whole = {
        one.url: one
        for one in crawl.wire.exchanges()
        if one.status == 200 and "/audio/" in one.url and one.method == "GET"
    }
    found = []
    for urls in crawl.audio_by_page:
        files = [whole[urllib.parse.urlsplit(url).path] for url in urls]
        own = {"etag", "date", "x-request-id"}
        same = {
            "size": {len(file.body) for file in files},
            "header of the audio": {file.body[:42] for file in files},
            "metadata blocks": {tuple(kind for kind, _ in _blocks(file.body)) for file in files},
            "decoded length": {soundfile.info(io.BytesIO(file.body)).frames for file in files},
            "HTTP headers": {
                frozenset((k, v) for k, v in file.headers.items() if k.lower() not in own) for file in files
            },
        }
        found += [
            f"{what} differs on a page: {values}"[:900] for what, values in same.items() if len(values) > 1
        ]
        found += [
            f"metadata of {file.url}"
            for file in files
            for kind, content in _blocks(file.body)
            # STREAMINFO with its checksum zeroed, and padding of nothing.
            if not ((kind == 0 and not any(content[18:])) or (kind == 1 and not any(content)))
        ]
    return found


def _blocks(flac):
    """Give the type and content of each metadata block."""
    place, last = 4, False
    while not last and flac[:4] == b"fLaC":
        last, kind = flac[place] >> 7, flac[place] & 0x7F
        size = int.from_bytes(flac[place + 1 : place + 4], "big")
        yield kind, flac[place + 4 : place + 4 + size]
        place += 4 + size


@pytest.fixture
def crawl_of(chromium, secret_study, tmp_path, wire_to):
    """Take a study with this kind of page; `plant` may change the application first."""
    closing = []

    def crawl(page, *, plant=None):
        conditions = "".join(
            f'[[stimuli.conditions]]\nid = "{name}"\nlabel = "{label}"\nmethod = "{method}"\nrole = "{role}"\n'
            for name, (label, method, role) in CONDITIONS.items()
        )
        folder, stimuli = secret_study
        (folder / "study.toml").write_text(
            f'[study]\ntitle = "Drums"\nseed = 5\n[stimuli]\ndataset = {{ kind = "synthetic" }}\n{conditions}'
            f'[test]\npage = "{page}"\n{PAGES[page]}',
            encoding="utf-8",
        )
        app = create_app(
            folder,
            settings=Settings(database_url=f"sqlite:///{tmp_path / f'{page}.sqlite3'}", secret_key="k" * 64),
        )
        if plant is not None:
            plant(app, stimuli)
        server = Server(app)
        thread = threading.Thread(target=server.run)
        thread.start()
        wire = wire_to(urllib.parse.urlsplit(server.url).port)
        context = chromium.new_context()
        context.set_default_timeout(30_000)
        closing.append((context, server, thread, app))
        taken = Crawl(context, wire)
        taken.take()
        taken.probe(app)
        return taken, needles(stimuli)

    yield crawl
    for context, server, thread, app in closing:
        context.close()
        server.stop()
        thread.join()
        site_of(app).database.close()


RATED = {"sliders": 5, "single_axis": 3, "ab": 9, "abx": 9, "acr": 9, "ranking": 3, "bs1116": 6}
"""Rating pages that a session has, counted by hand; of sliders with one for attention, one again, one for practice."""
AUDIO = {"sliders": 4, "single_axis": 3, "ab": 2, "abx": 3, "acr": 1, "ranking": 3, "bs1116": 3}
"""Files on a rating page."""


@pytest.mark.parametrize("page", PAGES)
def test_nothing_that_a_browser_receives_or_keeps_tells_mixes_apart(crawl_of, tmp_path, page):
    crawl, words = crawl_of(page)
    exchanges = crawl.wire.exchanges()
    listed = sorted({f"{one.status} {one.method} {one.url} {len(one.body)} bytes" for one in exchanges})
    (tmp_path / "crawled.txt").write_text("\n".join(listed) + "\n", encoding="utf-8")
    assert findings(crawl, words) == [], findings(crawl, words)[0]

    # And it has seen what there is to be seen.
    assert crawl.types.count(page) == RATED[page]
    whole = [
        one for one in exchanges if one.status == 200 and one.headers.get("Content-Type") == "audio/flac"
    ]
    assert {len(urls) for urls in crawl.audio_by_page[-1:]} == {AUDIO[page]}
    asked = {urllib.parse.urlsplit(url).path for urls in crawl.audio_by_page for url in urls}
    assert asked <= {one.url for one in whole}
    assert {one.status for one in exchanges} >= {200, 206, 303, 400, 403, 404, 416}
    kinds = {one.headers.get("Content-Type", "").split(";")[0] for one in exchanges}
    assert kinds >= {
        "text/html",
        "text/css",
        "text/javascript",
        "application/json",
        "application/problem+json",
        "audio/flac",
    }
    assert any('"name":"mixeval' in kept or "mixeval" in kept for kept in crawl.kept)
    if page == "sliders":
        steps = {"questions_start", "level", "left_right", "huggins", "antiphase", "familiarisation", "break"}
        assert set(crawl.types) >= steps | {"questions_after", "questions_end"}


def test_a_leak_that_is_planted_is_found(crawl_of):
    def plant(app, stimuli):
        @app.after_request
        def leak(response):
            sha256 = stimuli[0].sha256
            if response.mimetype == "audio/flac" and response.status_code == 200 and "audio/" in _path():
                response.headers["X-Made-By"] = "platypus_wet"
                if _path().endswith(tuple("abcdefghijklmABCDEFGHIJKLM")):
                    response.direct_passthrough = False
                    response.set_data(response.get_data() + b"\0")
            if response.mimetype == "text/html":
                encoded = base64.b64encode(bytes.fromhex(sha256)).decode()
                response.set_data(
                    response.get_data().replace(b"</body>", f"<!-- {encoded} --></body>".encode())
                )
            if response.mimetype == "application/json" and "complete" in _path():
                response.set_data(json.dumps({**json.loads(response.get_data()), "x": "Human \u0051uokka"}))
            if _path() == "/test":
                response.set_cookie("debug", "wave_u_net")
            if "static" in _path():
                response.headers["X-Version"] = sha256[:14]
            return response

    def _path():
        from flask import request

        return request.path

    crawl, words = crawl_of("single_axis", plant=plant)
    found = findings(crawl, words)
    for said in (
        r"GET /audio/\S+ tells an id \(platypus_wet\)",
        r"GET /test tells a hash in base64",
        r"POST /api/\S+ tells a label \(Human Quokka\)",
        r"GET /test tells a method \(wave_u_net\)",
        r"the browser keeps a method \(wave_u_net\)",
        r"the browser keeps a hash in base64",
        r"GET /static/\S+ tells a hash \(",
        r"size differs on a page",
    ):
        assert any(re.search(said, one) for one in found), said
