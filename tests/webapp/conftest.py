"""A small rendered study, written without the part that renders, and browsers that talk to it."""

import contextlib
import json
import re
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from mixeval.audio import Audio, write_flac
from mixeval.manifest import FOLDER, Item, Manifest, Stimulus, file_sha256, write_manifest
from mixeval.models import now
from mixeval.settings import Settings
from mixeval_webapp import limits
from mixeval_webapp.app import create_app, site_of
from mixeval_webapp.cookies import session_cookie_name
from mixeval_webapp.server import Server

SAMPLE_RATE = 44100
ITEMS = ("shuffle", "reggae")
CONDITIONS = ("reference_dry", "wave_u_net_wet", "random_forest_wet", "low_anchor")
API_HEADERS = {"X-Mixeval": "1"}

STUDY_TOML = """
[study]
title = "Drums <in a> room"
seed = 7

[stimuli]
dataset = { kind = "synthetic" }

[[stimuli.conditions]]
id = "reference_dry"
label = "Reference Dry"
method = "reference"
options = { process = "dry" }
role = "reference"

[[stimuli.conditions]]
id = "wave_u_net_wet"
label = "Wave-U-Net Wet"
method = "wave_u_net"

[[stimuli.conditions]]
id = "random_forest_wet"
label = "Random Forest Wet"
method = "random_forest"

[[stimuli.conditions]]
id = "low_anchor"
label = "Anchor 3.5 kHz"
method = "anchor"
role = "anchor"

[test]
question = "How much do you like each mix?"
"""


def write_small_study(folder: Path, *, items=ITEMS, seconds=0.5, seed=1) -> Path:
    """Write study.toml, FLAC files and manifest; the lower a condition stands, the duller it sounds."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(STUDY_TOML, encoding="utf-8")
    (folder / FOLDER).mkdir(exist_ok=True)
    stimuli = [
        _stimulus(folder, item, condition, width=1 + 8 * rank, seconds=seconds, seed=[seed, index, rank])
        for index, item in enumerate(items)
        for rank, condition in enumerate(CONDITIONS)
    ]
    manifest = Manifest(
        target_lufs=-28.0,
        sample_rate=SAMPLE_RATE,
        tools={"mixeval": "test"},
        items=tuple(Item(item=item, facts={"drummer": "1"}) for item in items),
        stimuli=tuple(stimuli),
    )
    write_manifest(folder, manifest)
    return folder


def _stimulus(folder, item, condition, *, width, seconds, seed):
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal((2, int(seconds * SAMPLE_RATE) + width))
    smooth = np.stack([np.convolve(channel, np.ones(width) / width, "valid")[1:] for channel in noise])
    draft = folder / FOLDER / "draft.flac"
    write_flac(draft, Audio((0.1 * smooth / np.abs(smooth).max()).astype(np.float32), SAMPLE_RATE))
    sha256 = file_sha256(draft)
    draft.rename(folder / FOLDER / f"{sha256[:16]}.flac")
    return Stimulus(
        item=item,
        condition=condition,
        file=f"{sha256[:16]}.flac",
        sha256=sha256,
        frames=smooth.shape[1],
        channels=2,
        sample_rate=SAMPLE_RATE,
        loudness_lufs=-28.0,
        target_lufs=-28.0,
        true_peak_dbtp=-10.0,
        gain_db=0.0,
        method="test",
        method_version="1",
        inputs=(),
        parameters={},
    )


@dataclass
class Listener:
    """A browser in the hands of the test: Flask's own client, and the forms and page data that it meets."""

    client: object
    received: list = field(default_factory=list)

    @property
    def cookie(self):
        """The name of the cookie that opens the session."""
        return session_cookie_name(site_of(self.client.application).label)

    @property
    def secret(self):
        return self.client.get_cookie(self.cookie).value

    def forget(self):
        """Lose the cookie, as another browser has none."""
        self.client.delete_cookie(self.cookie)

    def get(self, url, **options):
        response = self.client.get(url, buffered=True, **options)
        self.received.append(response)
        return response

    def start(self, **fields):
        fields = self.form() | fields
        response = self.client.post("/start", data=fields)
        self.received.append(response)
        return response

    def form(self):
        text = self.get("/").get_data(as_text=True)
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))

    def page(self):
        text = self.get("/test").get_data(as_text=True)
        found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', text, re.DOTALL)
        return None if found is None else json.loads(found.group(1))

    def put(self, page, ratings):
        return self.send("PUT", page["ratings_url"], {"ratings": ratings})

    def complete(self, page, ratings, sequence=1):
        return self.send("POST", page["complete_url"], {"ratings": ratings, "sequence": sequence})

    def events(self, events):
        return self.send("POST", "/api/events", {"events": events})

    def send(self, method, url, body):
        response = self.client.open(url, method=method, json=body, headers=API_HEADERS)
        self.received.append(response)
        return response

    @staticmethod
    def rating(page, index=0, **changes):
        return {
            "stimulus": page["stimuli"][index]["token"],
            "attribute": "preference",
            "value": 50,
            "moved": True,
            "played": True,
            "listened_seconds": 2.5,
            "sequence": 1,
        } | changes

    def ratings(self, page, **changes):
        """Rate every mix of a page: 0, 10, 20 and so on from the left."""
        return [
            self.rating(page, index, **{"value": 10 * index} | changes)
            for index, _ in enumerate(page["stimuli"])
        ]

    def finish(self):
        while (page := self.page()) is not None:
            assert self.complete(page, self.ratings(page)).status_code == 200
        return self.get("/test")


@pytest.fixture
def write_study():
    return write_small_study


@pytest.fixture(scope="session")
def study_template(tmp_path_factory):
    return write_small_study(tmp_path_factory.mktemp("template") / "study")


@pytest.fixture
def study_folder(study_template, tmp_path):
    return Path(shutil.copytree(study_template, tmp_path / "study"))


@pytest.fixture
def sqlite_url(tmp_path):
    """Where `study_folder` keeps its answers when nothing else is said."""
    return f"sqlite:///{tmp_path / 'study' / 'study.sqlite3'}"


@pytest.fixture
def open_app(database_url):
    """Make applications that are closed when the test ends."""
    opened = []

    def open_one(study_folder, **changes):
        values = {
            "database_url": f"sqlite:///{study_folder / 'study.sqlite3'}"
            if database_url.startswith("sqlite")
            else database_url,
            "secret_key": "k" * 64,
        } | changes
        app = create_app(study_folder, settings=Settings(**values))
        opened.append(app)
        return app

    yield open_one
    for app in opened:
        site_of(app).database.close()


@pytest.fixture
def app(open_app, study_folder):
    return open_app(study_folder)


@pytest.fixture
def database(app):
    return site_of(app).database


@pytest.fixture
def listener_on():
    return lambda app: Listener(app.test_client())


@pytest.fixture
def new_listener(app, listener_on):
    return lambda: listener_on(app)


@pytest.fixture
def listener(new_listener):
    return new_listener()


@pytest.fixture
def same_window(monkeypatch):
    """Let no window of attempts end while a test uses one up."""
    moment = now()
    monkeypatch.setattr(limits, "now", lambda: moment)


@pytest.fixture
def serve():
    """Serve an application with waitress on a free port, in a thread."""

    @contextlib.contextmanager
    def serving(app, **options):
        server = Server(app, **options)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server.url
        finally:
            server.stop()
            thread.join()

    return serving
