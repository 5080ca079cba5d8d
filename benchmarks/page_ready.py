"""How soon a rating page can be played: seven mixes of 20 s each, from a cold cache, over loopback.

    python benchmarks/page_ready.py [--seconds 20] [--runs 5] [--chromium PATH]

Writes a study of seven 24-bit stereo mixes at 44.1 kHz to a temporary folder, serves it by `mixeval serve` in a process
of its own and opens its first page in a fresh Chromium context for each run, whose cache is empty. Measured in the page:
from the navigation's start to the first answer, to the last byte of audio, and until all mixes are decoded and their
letters can be pressed. The page before, consent, is not counted.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from mixeval.audio import Audio, write_flac
from mixeval.manifest import FOLDER, Item, Manifest, Stimulus, file_sha256, write_manifest

RATE = 44_100
MIXES = 7
START = "main form button"
READY = "() => document.querySelector('#board')?.inert === false && !document.querySelector('.loading')"
TIMES = """() => {
  const audio = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/audio/"));
  const [page] = performance.getEntriesByType("navigation");
  return [page.responseStart, Math.max(...audio.map(({ responseEnd }) => responseEnd)), performance.now()];
}"""
ROWS = ("first byte of the page", "last byte of audio", "ready to play")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        megabytes = write_study(Path(folder), given.seconds) / 1e6
        with served(Path(folder)) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=given.chromium, args=["--no-sandbox"])
            runs = [measure(browser, url) for _ in range(given.runs)]
            browser.close()
    cores = os.cpu_count()
    print(f"{MIXES} mixes of {given.seconds:g} s, {megabytes:.1f} MB, {given.runs} runs, {cores} cores")
    for name, times in zip(ROWS, zip(*runs, strict=True), strict=True):
        middle, slowest = statistics.median(times) / 1000, max(times) / 1000
        print(f"{name:24} median {middle:6.2f} s   slowest {slowest:6.2f} s")


def measure(browser: Browser, url: str) -> list[float]:
    """Open the first page with an empty cache and return its milliseconds, as in ROWS."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    page.click(START)
    page.wait_for_function(READY)
    times: list[float] = page.evaluate(TIMES)
    context.close()
    return times


def write_study(folder: Path, seconds: float) -> int:
    """Write seven loud mixes of noise bursts, which FLAC can hardly make smaller; return their bytes."""
    (folder / FOLDER).mkdir()
    conditions = "".join(
        f'[[stimuli.conditions]]\nid = "mix_{rank}"\nmethod = "sum"\n' for rank in range(MIXES)
    )
    (folder / "study.toml").write_text(
        '[study]\ntitle = "Ready"\n[stimuli]\ndataset = { kind = "synthetic" }\n'
        f'{conditions}[test]\npage = "sliders"\n',
        encoding="utf-8",
    )
    generator = np.random.default_rng(1)
    frames = round(seconds * RATE)
    decay = np.exp(-8 * (np.arange(frames) / RATE % 0.25))
    stimuli = []
    for rank in range(MIXES):
        draft = folder / FOLDER / "draft.flac"
        mix = 0.3 * decay * generator.standard_normal((2, frames)).clip(-3, 3) / 3
        write_flac(draft, Audio(mix.astype(np.float32), RATE))
        stimuli.append(_stimulus(draft, f"mix_{rank}", frames))
    manifest = Manifest(
        target_lufs=-28.0,
        sample_rate=RATE,
        tools={"mixeval": "benchmark"},
        items=(Item(item="loop", facts={}),),
        stimuli=tuple(stimuli),
    )
    write_manifest(folder, manifest)
    return sum(path.stat().st_size for path in (folder / FOLDER).glob("*.flac"))


def _stimulus(draft: Path, condition: str, frames: int) -> Stimulus:
    sha256 = file_sha256(draft)
    draft.rename(draft.with_name(f"{sha256[:16]}.flac"))
    return Stimulus(
        item="loop",
        condition=condition,
        file=f"{sha256[:16]}.flac",
        sha256=sha256,
        frames=frames,
        channels=2,
        sample_rate=RATE,
        loudness_lufs=-28.0,
        target_lufs=-28.0,
        true_peak_dbtp=-10.0,
        gain_db=0.0,
        method="sum",
        method_version="1",
        inputs=(),
        parameters={},
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the study on a free port until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "mixeval", "serve", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(url, timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
