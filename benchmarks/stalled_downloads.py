"""Saves while many listeners' downloads stand still, with the same saves without them for comparison.

    python benchmarks/stalled_downloads.py --behind nginx --stalled 100 --database postgresql
    python benchmarks/stalled_downloads.py --behind nothing --stalled 20 --database sqlite

Behind nginx the files of deploy/ are used: nginx.conf with audio sent by nginx, and gunicorn.conf.py. With nothing in
front it is `mixeval serve`. A save is one rating, confirmed after it was committed; the saver takes its time between two.
"""

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from raters import Rater
from served_study import served

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from shipped_nginx import DEPLOY, find_port, shipped_nginx

CLIP_SECONDS = 15.0
BETWEEN_SECONDS = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--behind", choices=["nginx", "nothing"], default="nginx")
    parser.add_argument("--stalled", type=int, default=100)
    parser.add_argument("--saves", type=int, default=300)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    with place(options.behind, options.database) as url:
        rater = Rater(url)
        print(f"{options.behind}, {options.database}: {rater.page['bytes'] / 1e6:.1f} MB a clip")
        print(in_words("none stalled", save(rater, options.saves)))
        with stalled(rater, options.stalled):
            print(in_words(f"{options.stalled} stalled", save(rater, options.saves)))


@contextlib.contextmanager
def place(behind: str, database: str) -> Iterator[str]:
    """Serve a study and yield its address."""
    with served(database, kind="waitress", seconds=CLIP_SECONDS) as server:
        if behind == "nothing":
            yield server.url
            return
        server.stop()
        upstream = find_port()
        with shipped_nginx(upstream=upstream) as proxy:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "-c",
                    DEPLOY / "gunicorn.conf.py",
                    "mixeval.cli.wsgi:app()",
                ],
                env=os.environ
                | {
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    "MIXEVAL_STUDY": str(server.folder),
                    "MIXEVAL_DATABASE_URL": server.database_url,
                    "MIXEVAL_BIND": f"127.0.0.1:{upstream}",
                    "MIXEVAL_TRUSTED_PROXIES": "1",
                    "MIXEVAL_ACCEL_PREFIX": "/_audio",
                    "MIXEVAL_ACCEL_FOLDER": str(proxy.audio),
                },
                stderr=subprocess.DEVNULL,
            )
            try:
                wait_for(f"http://127.0.0.1:{upstream}/healthz")
                yield proxy.url
            finally:
                process.terminate()
                process.wait()


def wait_for(address: str) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"{address} does not answer")


@contextlib.contextmanager
def stalled(rater: Rater, count: int) -> Iterator[None]:
    """Ask for `count` clips and take no more of them than what fits a small buffer."""
    place = urllib.parse.urlsplit(rater.page["resume_url"])
    with contextlib.ExitStack() as connections:
        for number in range(count):
            connection = connections.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            connection.connect((place.hostname, place.port))
            audio = rater.page["stimuli"][number % len(rater.page["stimuli"])]["url"]
            head = f"GET {audio} HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {rater.cookie}\r\n\r\n"
            connection.sendall(head.encode())
            # Its first bytes are here, so it stands still and asks nothing of the server any more.
            connection.recv(1)
        yield


def save(rater: Rater, count: int) -> list[float]:
    """Save `count` times and return how many milliseconds each took."""
    took = []
    for _ in range(count):
        request = rater.ratings()[:1]
        begun = time.perf_counter()
        rater.browser.send("PUT", rater.page["ratings_url"], {"ratings": request})
        took.append(1000 * (time.perf_counter() - begun))
        time.sleep(BETWEEN_SECONDS)
    return took


def in_words(name: str, took: list[float]) -> str:
    percentiles = statistics.quantiles(took, n=100)
    return (
        f"{name:>14}: {len(took)} saves, p50 {percentiles[49]:.1f} ms, p99 {percentiles[98]:.1f} ms, "
        f"most {max(took):.1f} ms"
    )


if __name__ == "__main__":
    main()
