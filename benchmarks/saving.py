"""Saving under load, durably: how fast, how soon again after a kill, and that nothing acknowledged is ever lost.

    python benchmarks/saving.py [kills syncs rate raters stalled ready pages] [--database sqlite|postgresql]
                                [--server waitress|gunicorn] [--url URL]

Serves a small study in a process of its own, on SQLite or on a PostgreSQL of this machine's own programs, and drives
it with sessions that begin and save over real HTTP. The generator runs on the same machine; what it takes is printed.
Without names all run. With --url, `rate`, `raters` and `stalled` drive a server that runs already, such as one behind
nginx; nothing is looked up in its database then.

    kills    20 SIGKILLs of the server under load until 20 000 acknowledgements: how many are lost, how many doubled
    syncs    fsync and fdatasync for each acknowledged save of one rater, counted by strace
    rate     saves a second by 32 raters, against the bare /healthz in the same run before and after
    raters   256 raters who save once every 2 s, for 30 s
    stalled  saves while 20 downloads stand still (--stalled)
    ready    seconds from the start after a SIGKILL to the first answer and to the first acknowledged save
    pages    a page's six ratings in one request: result sets of 18 ratings a second
"""

import argparse
import os
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from raters import Rater, asking, compare, drive, enrol, saving
from served_study import MIXES, Server, served

PYMUSHRA_SETS_PER_SECOND = 6.2
"""Of its only configuration that loses nothing, one worker, on a machine of two cores."""
SET_PAGES = 3
REMOTE = ("rate", "raters", "stalled")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all of them if none"
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--server", choices=["waitress", "gunicorn"], default="waitress")
    parser.add_argument("--url", help="a server that runs already")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each measurement")
    parser.add_argument("--stalled", type=int, default=20, help="downloads that stand still")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--acknowledgements", type=int, default=20_000)
    given = parser.parse_args()
    if unknown := set(given.names) - set(REMOTE if given.url else BENCHMARKS):
        parser.error(f"no benchmark here is called {', '.join(sorted(unknown))}")
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    where = given.url or f"{given.server} on {given.database}"
    print(f"{where}; {os.cpu_count()} cores; load average before {load}", flush=True)
    for name in given.names or (REMOTE if given.url else BENCHMARKS):
        with ExitStack() as stack:
            if given.url:
                url, server = given.url, None
            else:
                # What stands still must not fit into the buffers on its way.
                shape = {"items": 1, "seconds": 20.0} if name == "stalled" else {}
                server = stack.enter_context(served(given.database, kind=given.server, **shape))
                url = server.url
            for line in BENCHMARKS[name](url, server, given):
                print(f"{name:8} {line}", flush=True)


def kills(_url: str, server: Server, given: argparse.Namespace) -> list[str]:
    raters: list[Rater] = []
    acknowledged = failures = 0
    for number in range(given.kills):
        # Newcomers after every kill, so that sessions of many ages are looked up in the end.
        raters += enrol(server.url, 4)
        savers = saving(raters[-32:])
        stop = threading.Event()
        outcomes = []
        driver = threading.Thread(
            target=lambda stop=stop, outcomes=outcomes, savers=savers: outcomes.append(
                drive(server.url, savers, stop=stop)
            )
        )
        before = sum(rater.count for rater in raters)
        driver.start()
        while sum(rater.count for rater in raters) - before < given.acknowledgements / given.kills:
            time.sleep(0.005)
        server.kill()
        # Raters go on asking meanwhile, as a browser's outbox does.
        server.start()
        stop.set()
        driver.join()
        acknowledged += outcomes[0].acknowledged
        failures += outcomes[0].failures
        kept = compare(server.database_url, raters)
        if kept.lost or kept.duplicates:
            return [f"after kill {number + 1}: {kept}"]
    return [
        f"{given.kills} kills, {acknowledged} acknowledgements, {failures} requests sent again",
        f"{kept.acknowledged} ratings looked up: {kept.lost} lost, {kept.duplicates} doubled",
    ]


def syncs(url: str, server: Server, _given: argparse.Namespace) -> list[str]:
    (rater,) = enrol(url, 1)
    saves = 500
    pids = [server.pid, *_children(server.pid)]
    if server.database_url.startswith("postgresql"):
        folder = urllib.parse.parse_qs(urllib.parse.urlsplit(server.database_url).query)["host"][0]
        postmaster = int(Path(folder, "data", "postmaster.pid").read_text().splitlines()[0])
        pids = [postmaster, *_children(postmaster)]
    with tempfile.NamedTemporaryFile("r") as trace:
        strace = subprocess.Popen(
            [
                *("strace", "-f", "-e", "trace=fsync,fdatasync", "-o", trace.name),
                *(word for pid in pids for word in ("-p", str(pid))),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in pids:
            strace.stderr.readline()  # type: ignore[union-attr]  # it is a pipe
        stop = threading.Event()
        (client,) = saving([rater])
        accept, left = client.accept, [saves]

        def count(body: bytes) -> int:
            left[0] -= 1
            if left[0] == 0:
                stop.set()
            return accept(body)

        client.accept = count
        outcome = drive(url, [client], stop=stop)
        strace.send_signal(signal.SIGINT)
        strace.communicate()
        done = len(re.findall(r"(?:fsync|fdatasync)(?:\(| resumed).*= 0", trace.read()))
    return [
        f"{done} syncs for {outcome.requests} acknowledged saves one after another: {done / outcome.requests:.3f} each"
    ]


def rate(url: str, server: Server | None, given: argparse.Namespace) -> list[str]:
    raters = enrol(url, 32)
    drive(url, saving(raters), seconds=1)
    bare = [drive(url, asking(url, "/healthz", 32), seconds=given.seconds / 2)]
    saved = drive(url, saving(raters), seconds=given.seconds)
    bare.append(drive(url, asking(url, "/healthz", 32), seconds=given.seconds / 2))
    mean = statistics.mean(outcome.per_second for outcome in bare)
    lines = [
        f"saves     {saved}",
        *(f"/healthz  {outcome}" for outcome in bare),
        f"a save costs {mean / saved.per_second:.1f} bare requests (at most 12)",
    ]
    if server is not None:
        kept = compare(server.database_url, raters)
        lines.append(
            f"{kept.acknowledged} ratings looked up: {kept.lost} lost, {kept.duplicates} doubled; "
            f"4 kB append and fdatasync here: {_syncs_per_second(server.folder):.0f}/s"
        )
    return lines


def raters(url: str, _server: Server | None, given: argparse.Namespace) -> list[str]:
    outcome = drive(url, saving(enrol(url, 256)), seconds=max(30.0, 3 * given.seconds), pause_seconds=2.0)
    return [f"256 raters, one save each 2 s: {outcome}"]


def stalled(url: str, _server: Server | None, given: argparse.Namespace) -> list[str]:
    raters = enrol(url, 8)
    free = drive(url, saving(raters), seconds=given.seconds, pause_seconds=0.2)
    place = urllib.parse.urlsplit(url)
    with ExitStack() as still:
        for number in range(given.stalled):
            rater = raters[number % len(raters)]
            audio = rater.page["stimuli"][number % MIXES]["url"]
            download = still.enter_context(socket.socket())
            download.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            download.connect((place.hostname, place.port or 80))
            download.sendall(
                f"GET {audio} HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {rater.cookie}\r\n\r\n".encode()
            )
        time.sleep(1)
        held = drive(url, saving(raters), seconds=given.seconds, pause_seconds=0.2)
    return [f"no download standing still: {free}", f"{given.stalled} standing still:        {held}"]


def ready(url: str, server: Server, _given: argparse.Namespace) -> list[str]:
    (rater,) = enrol(url, 1)
    answers, saves = [], []
    for _ in range(5):
        server.kill()
        begun = time.monotonic()
        answers.append(server.start())
        stop = threading.Event()
        (client,) = saving([rater])
        accept = client.accept
        client.accept = lambda body, stop=stop, accept=accept: (stop.set(), accept(body))[1]
        drive(url, [client], stop=stop)
        saves.append(time.monotonic() - begun)
    return [
        f"{name} after {statistics.median(times):.2f} s (slowest of 5: {max(times):.2f} s)"
        for name, times in (("first answer", answers), ("first acknowledged save", saves))
    ]


def pages(url: str, server: Server, given: argparse.Namespace) -> list[str]:
    raters = enrol(url, 32)
    outcome = drive(url, saving(raters, ratings=MIXES), seconds=given.seconds)
    kept = compare(server.database_url, raters)
    sets = outcome.per_second / SET_PAGES
    times = sets / PYMUSHRA_SETS_PER_SECOND
    return [
        f"{MIXES} ratings a request: {outcome}",
        f"{sets:.0f} result sets of 18 ratings/s, {times:.1f} times pymushra's {PYMUSHRA_SETS_PER_SECOND}/s",
        f"{kept.acknowledged} ratings looked up: {kept.lost} lost, {kept.duplicates} doubled",
    ]


BENCHMARKS: dict[str, Callable[..., list[str]]] = {
    "kills": kills,
    "syncs": syncs,
    "rate": rate,
    "raters": raters,
    "stalled": stalled,
    "ready": ready,
    "pages": pages,
}


def _children(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]


def _syncs_per_second(folder: Path) -> float:
    """Append 4 kB and sync, again and again: what no durable commit can beat here."""
    begun = time.perf_counter()
    with (folder / "syncs").open("ab", buffering=0) as file:
        for _ in range(200):
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
    return 200 / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
