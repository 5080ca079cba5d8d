"""Raters for a benchmark: each begins a session as a browser does, then saves as often as it is told to.

One thread drives all of them over plain sockets, one connection each, so that the generator takes little of the
processor that it shares with the server; how much, every outcome says. What is acknowledged is remembered, and
compared with the database afterwards.
"""

import heapq
import json
import selectors
import socket
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from mixeval.database import open_database
from mixeval.models import Rating
from mixeval_webapp.simulate.browser import Browser, read_page

RETRY_SECONDS = 0.05
PATIENCE_SECONDS = 60.0


class Rater:
    """One session with its first page open; every save has the next sequence number."""

    def __init__(self, url: str) -> None:
        """Agree to the consent form at `url` and open the first page."""
        self.browser = Browser(url)
        form = read_page(self.browser.get(self.browser.home))
        self.browser.submit(str(form.action), form.fields)
        self.acknowledged: dict[str, int] = {}
        self.count = 0
        """Of acknowledgements, of which only the newest for each mix is remembered."""
        self.open()

    def open(self) -> None:
        """Open the page that the session is on."""
        self.page = read_page(self.browser.get(f"{self.browser.home.rstrip('/')}/test")).data
        self.sequence = self.page["next_sequence"]
        described = urllib.request.Request(self.page["resume_url"])
        self.browser._cookies.add_cookie_header(described)  # noqa: SLF001 - the same cookies over another socket
        self.cookie = described.get_header("Cookie")
        host = urllib.parse.urlsplit(self.page["resume_url"]).netloc
        self._head = (
            f"PUT {self.page['ratings_url']} HTTP/1.1\r\nHost: {host}\r\nCookie: {self.cookie}\r\n"
            "X-Mixeval: 1\r\nContent-Type: application/json\r\nContent-Length: "
        )

    def next_save(self, ratings: int) -> bytes:
        """Write the request that saves the next `ratings` mixes of the page."""
        self.sequence += 1
        stimuli = self.page["stimuli"]
        rows = ",".join(
            f'{{"stimulus":"{stimuli[(self.sequence + place) % len(stimuli)]["token"]}","attribute":"preference",'
            f'"value":{self.sequence % 101},"moved":true,"played":true,"listened_seconds":2.5,'
            f'"sequence":{self.sequence}}}'
            for place in range(ratings)
        )
        body = f'{{"ratings":[{rows}]}}'
        return f"{self._head}{len(body)}\r\n\r\n{body}".encode()

    def accept(self, body: bytes) -> int:
        """Remember what an answer acknowledges."""
        saved = json.loads(body)["saved"]
        for rating in saved:
            self.acknowledged[rating["stimulus"]] = rating["sequence"]
        self.count += len(saved)
        return len(saved)


def enrol(url: str, count: int) -> list[Rater]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(Rater, [url] * count))


@dataclass
class Outcome:
    """What a load came to; times in milliseconds from the first byte sent to the last received."""

    milliseconds: list[float] = field(default_factory=list)
    acknowledged: int = 0
    """Ratings, of which a request may hold several."""
    failures: int = 0
    """Requests that had to be sent again: no answer, or one that was no yes."""
    seconds: float = 0.0
    generator_seconds: float = 0.0
    """Processor time of the generator."""

    @property
    def requests(self) -> int:
        return len(self.milliseconds)

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def __str__(self) -> str:
        if not self.milliseconds:
            return f"no request was answered; failures {self.failures}"
        return (
            f"{self.per_second:7.1f}/s  p50 {self.percentile(0.5):7.1f} ms  p99 {self.percentile(0.99):7.1f} ms  "
            f"failures {self.failures}  (generator {1e6 * self.generator_seconds / self.requests:.0f} us each)"
        )


@dataclass
class Client:
    """One connection: `next_request` writes what to send, `accept` judges the body of a yes."""

    next_request: Callable[[], bytes]
    accept: Callable[[bytes], int] = lambda _body: 0
    connection: socket.socket | None = None
    request: bytes = b""
    received: bytes = b""
    begun: float = 0.0


def saving(raters: Sequence[Rater], *, ratings: int = 1) -> list[Client]:
    return [Client(lambda rater=rater: rater.next_save(ratings), rater.accept) for rater in raters]  # type: ignore[misc]  # the rater is bound here


def asking(url: str, path: str, count: int) -> list[Client]:
    """Make clients that fetch one path again and again."""
    request = f"GET {path} HTTP/1.1\r\nHost: {urllib.parse.urlsplit(url).netloc}\r\n\r\n".encode()
    return [Client(lambda: request) for _ in range(count)]


def drive(
    url: str,
    clients: Sequence[Client],
    *,
    seconds: float = float("inf"),
    pause_seconds: float = 0.0,
    stop: threading.Event | None = None,
    outcome: Outcome | None = None,
) -> Outcome:
    """Let every client send, wait for the answer, pause and send again; requests under way are finished."""
    place = urllib.parse.urlsplit(url)
    loop = _Loop((str(place.hostname), place.port or 80), outcome or Outcome(), pause_seconds)
    loop.run(clients, seconds, stop or threading.Event())
    return loop.outcome


class _Loop:
    def __init__(self, address: tuple[str, int], outcome: Outcome, pause_seconds: float) -> None:
        self.outcome = outcome
        self._address = address
        self._pause_seconds = pause_seconds
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, Client]] = []
        self._count = 0

    def run(self, clients: Sequence[Client], seconds: float, stop: threading.Event) -> None:
        begun, used = time.perf_counter(), time.thread_time()
        for number, client in enumerate(clients):
            # Not all in the same instant, as people do not either.
            self._later(client, begun + self._pause_seconds * number / len(clients))
        under_way: set[int] = set()
        ending = False
        while under_way or not ending:
            moment = time.perf_counter()
            ending = ending or stop.is_set() or moment - begun >= seconds
            if ending and moment - begun >= seconds + PATIENCE_SECONDS:
                break
            while self._due and self._due[0][0] <= moment:
                client = heapq.heappop(self._due)[2]
                if client.request or not ending:
                    under_way.add(id(client))
                    self._send(client)
            wait = min(0.05, max(0.0, self._due[0][0] - moment)) if self._due else 0.05
            for key, _ in self._selector.select(wait):
                if self._receive(key.data):
                    under_way.discard(id(key.data))
                    if ending:
                        continue
                    if self._pause_seconds:
                        self._later(key.data, key.data.begun + self._pause_seconds)
                    else:
                        under_way.add(id(key.data))
                        self._send(key.data)
        self.outcome.seconds += time.perf_counter() - begun
        self.outcome.generator_seconds += time.thread_time() - used
        for client in clients:
            self._close(client)

    def _later(self, client: Client, moment: float) -> None:
        self._count += 1
        heapq.heappush(self._due, (moment, self._count, client))

    def _send(self, client: Client) -> None:
        if not client.request:
            client.request = client.next_request()
            client.begun = time.perf_counter()
        client.received = b""
        try:
            if client.connection is None:
                client.connection = socket.create_connection(self._address, timeout=PATIENCE_SECONDS)
                client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._selector.register(client.connection, selectors.EVENT_READ, client)
            client.connection.sendall(client.request)
        except OSError:
            self._again(client)

    def _receive(self, client: Client) -> bool:
        """Tell whether the answer is whole, and a yes."""
        if client.connection is None:
            return False
        try:
            part = client.connection.recv(65536)
        except OSError:
            part = b""
        if not part:
            self._again(client)
            return False
        client.received += part
        head, separator, body = client.received.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return False
        if head[9:12] != b"200":
            self._again(client)
            return False
        self.outcome.milliseconds.append(1000 * (time.perf_counter() - client.begun))
        self.outcome.acknowledged += client.accept(body)
        client.request = b""
        if b"\r\nconnection: close" in head.lower():
            self._close(client)
        return True

    def _again(self, client: Client) -> None:
        self.outcome.failures += 1
        self._close(client)
        self._later(client, time.perf_counter() + RETRY_SECONDS)

    def _close(self, client: Client) -> None:
        if client.connection is not None:
            self._selector.unregister(client.connection)
            client.connection.close()
            client.connection = None


def _content_length(head: bytes) -> int:
    name = b"content-length:"
    place = head.lower().find(name)
    return int(head[place + len(name) :].split(b"\r\n", 1)[0]) if place >= 0 else 0


@dataclass(frozen=True)
class Kept:
    """What the database holds of what was acknowledged."""

    acknowledged: int
    lost: int
    duplicates: int


def compare(database_url: str, raters: Sequence[Rater]) -> Kept:
    """Look up every mix of which a rating was acknowledged: it must be there once, as it was or newer."""
    database = open_database(database_url)
    with database.read() as db:
        rows = db.query(Rating.stimulus_token, Rating.attribute, Rating.sequence, Rating.value).all()
    database.close()
    stored = {row.stimulus_token: row for row in rows}
    lost = sum(
        token not in stored
        or stored[token].sequence < sequence
        or stored[token].value != stored[token].sequence % 101
        for rater in raters
        for token, sequence in rater.acknowledged.items()
    )
    acknowledged = sum(len(rater.acknowledged) for rater in raters)
    return Kept(acknowledged, lost, len(rows) - len(stored))
