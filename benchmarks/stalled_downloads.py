"""Saves while many listeners' downloads stand still, with the same saves without them for comparison.

    python benchmarks/stalled_downloads.py --behind nginx --stalled 100 --database postgresql
    python benchmarks/stalled_downloads.py --behind nothing --stalled 20 --database sqlite

Behind nginx the files of deploy/ are used: nginx.conf with audio sent by nginx, and gunicorn.conf.py. With nothing in
front it is `mixeval serve`. A save is one rating, confirmed after it was committed; one rater saves every 50 ms.
"""

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from raters import Rater, drive, saving
from served_study import served

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from shipped_nginx import DEPLOY, find_port, shipped_nginx

CLIP_SECONDS = 15.0
EVERY_SECONDS = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--behind", choices=["nginx", "nothing"], default="nginx")
    parser.add_argument("--stalled", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each measurement")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    with place(options.behind, options.database) as url:
        rater = Rater(url)
        print(f"{options.behind}, {options.database}: {rater.page['bytes'] / 1e6:.1f} MB a clip")
        for count in (0, options.stalled):
            with stalled(rater, count):
                saved = drive(url, saving([rater]), seconds=options.seconds, pause_seconds=EVERY_SECONDS)
            print(f"{count:>4} stalled: {saved}")


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


if __name__ == "__main__":
    main()
