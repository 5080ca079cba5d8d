"""The wire between a browser and the server: every byte that crosses it is kept, and taken apart afterwards."""

import gzip
import http.client
import io
import socket
import threading
import zlib
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, headers as they were sent, bodies as they were and unpacked."""

    method: str
    url: str
    request: bytes
    status: int
    headers: dict[str, str]
    raw: bytes
    body: bytes


class Wire:
    """Pass on connections to `port` of this machine and keep both directions; `port` of its own is free."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._connections: list[tuple[bytearray, bytearray]] = []
        self._sockets: list[socket.socket] = []
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()
        for each in self._sockets:
            each.close()

    def exchanges(self) -> list[Exchange]:
        """Return all that were finished, in the order of their connections."""
        with self._lock:
            kept = [(bytes(asked), bytes(answered)) for asked, answered in self._connections]
        return [one for asked, answered in kept for one in _taken_apart(asked, answered)]

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            asked, answered = bytearray(), bytearray()
            with self._lock:
                self._connections.append((asked, answered))
                self._sockets += [browser, server]
            for source, sink, kept in ((browser, server, asked), (server, browser, answered)):
                threading.Thread(target=self._pass_on, args=(source, sink, kept), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
        try:
            while chunk := source.recv(65536):
                with self._lock:
                    kept += chunk
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return


class _Kept:
    """What http.client takes for a socket."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream

    def makefile(self, _mode: str) -> io.BufferedIOBase:
        return self._stream


class _Open(io.BytesIO):
    """http.client closes what it has read to the end, and the next answer is still in it."""

    def close(self) -> None:
        pass


def _taken_apart(asked: bytes, answered: bytes) -> list[Exchange]:
    requests, answers = _Open(asked), _Open(answered)
    found = []
    while line := requests.readline():
        method, url, _ = line.decode("latin-1").split(" ", 2)
        head = http.client.parse_headers(requests)
        content = requests.read(int(head.get("Content-Length", 0)))
        start = answers.tell()
        response = http.client.HTTPResponse(_Kept(answers), method=method)
        try:
            response.begin()
            body = response.read()
        except (http.client.HTTPException, OSError, ValueError):
            break  # the browser left before the answer was there
        found.append(
            Exchange(
                method,
                url,
                line + str(head).encode() + content,
                response.status,
                dict(response.getheaders()),
                answered[start : answers.tell()],
                _unpacked(body, response.getheader("Content-Encoding", "identity")),
            )
        )
    return found


def _unpacked(body: bytes, encoding: str) -> bytes:
    match encoding:
        case "identity":
            return body
        case "gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
        case _:
            raise AssertionError(f"nobody can search what is packed as {encoding}")


@pytest.fixture
def wire_to():
    """Lay wires to ports of this machine, which are cut when the test ends."""
    laid = []

    def lay(port):
        laid.append(Wire(port))
        return laid[-1]

    yield lay
    for wire in laid:
        wire.close()
