"""Two engines that render and play: Chromium, and Firefox over WebDriver BiDi by puppeteer-core."""

import base64
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
RENDER = (HERE / "render.js").read_text(encoding="utf-8")
RATE = 44100
QUANTUM = 128
LEAD_SECONDS = 0.01


def skip_aloud(reason):
    """Skip with the reason; in continuous integration nothing may be absent."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def absent():
    return skip_aloud


class Firefox:
    """A Firefox that does what it is told, one order after the other."""

    def __init__(self, path, environment):
        self._process = subprocess.Popen(
            ["node", HERE / "drive_firefox.mjs", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=environment,
        )

    def act(self, act, **given):
        self._process.stdin.write(json.dumps({"act": act, **given}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("Firefox's driver has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{act}: {answer['error']}")
        return answer["value"]

    def goto(self, url):
        self.act("goto", url=url)

    def evaluate(self, script, argument=None):
        return self.act("evaluate", script=script, argument=argument)

    def wait(self, script, argument=None):
        self.act("wait", script=script, argument=argument)

    def wait_for_timeout(self, milliseconds):
        time.sleep(milliseconds / 1000)

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@dataclass(frozen=True)
class SoundServer:
    """A process that takes sound in real time, and what programs need to know to find it."""

    process: subprocess.Popen
    environment: dict

    def stall(self, seconds):
        """Take no sound for a while, as a device whose driver hangs."""
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="session")
def sound_server(tmp_path_factory):
    """Start a PulseAudio of our own with a device that swallows what it gets, in real time.

    Firefox's live context never starts where there is no device at all.
    """
    path = shutil.which("pulseaudio")
    if path is None:
        yield None
        return
    home = tmp_path_factory.mktemp("pulse")
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    socket = home / "native"
    process = subprocess.Popen(
        [
            path,
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
            "--load=module-null-sink rate=44100",
            f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1",
        ],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    # A browser that comes first finds no device, and looks no second time.
    for _ in range(300):
        if socket.exists():
            break
        time.sleep(0.1)
    else:
        process.kill()
        pytest.fail("pulseaudio did not start")
    yield SoundServer(process, {**environment, "PULSE_SERVER": f"unix:{socket}"})
    process.terminate()
    process.wait()


@pytest.fixture(scope="session")
def firefox_browser(sound_server):
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        skip_aloud("no firefox-esr on the PATH")
    if shutil.which("node") is None or not (REPOSITORY / "node_modules" / "puppeteer-core").exists():
        skip_aloud("no puppeteer-core: it comes with Node 20 or later and `npm ci`")
    browser = Firefox(path, sound_server.environment if sound_server else dict(os.environ))
    yield browser
    browser.close()


@pytest.fixture
def firefox(firefox_browser):
    """A fresh tab of Firefox; the test fails when a page throws or breaks the content security policy."""
    firefox_browser.act("fresh")
    yield firefox_browser
    assert firefox_browser.act("problems") == []


@dataclass(frozen=True)
class Rendering:
    """What came out, and what the player says of it."""

    samples: np.ndarray
    heard: dict
    told: dict


class Renderer:
    """Renders what the page's own player does, given what is done to it at which render quantum."""

    def __init__(self, engine, *, ahead):
        self._engine = engine
        self._ahead = ahead
        script = "() => document.querySelector('link[rel=stylesheet]').getAttribute('href')"
        self._module = f"{engine.evaluate(script).rsplit('/', 1)[0]}/js/player.js"

    def __call__(self, mixes, steps, frames, *, rate=RATE, options=None):
        told = self._run(mixes, steps, frames, rate=rate, options=options, tap=False, events=False)
        samples = np.frombuffer(base64.b64decode(told["samples"]), "<f4").astype(float)
        return Rendering(samples, told["heard"], told)

    def events(self, mixes, steps, frames, *, rate=RATE, tap=False):
        """Return the frames that are not silent, and their values; with `tap` of all sources, heard or not."""
        told = self._run(mixes, steps, frames, rate=rate, options=None, tap=tap, events=True)
        found = np.array(told["events"]).reshape(-1, 2)
        return found[:, 0].astype(int), found[:, 1], told

    def _run(self, mixes, steps, frames, **given):
        coded = {
            token: base64.b64encode(mix.astype("<f4").tobytes()).decode() for token, mix in mixes.items()
        }
        script = [{"quantum": quantum, "does": does} for quantum, does in steps]
        return self._engine.evaluate(
            RENDER,
            {
                "module": self._module,
                "mixes": coded,
                "frames": frames,
                "steps": script,
                "ahead": self._ahead,
                **given,
            },
        )


@pytest.fixture(params=["chromium", pytest.param("firefox", marks=pytest.mark.slow)])
def render(request, served):
    """Render in each of the two engines."""
    engine = request.getfixturevalue("tab" if request.param == "chromium" else "firefox")
    engine.goto(served.url)
    return Renderer(engine, ahead=request.param == "firefox")
