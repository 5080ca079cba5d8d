"""Waitress, with a stop that finishes what has been asked and answers it."""

import errno
import logging
import resource
import socket
import threading
import time
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore

from mixeval.errors import ServeError
from mixeval_webapp.payloads import MAX_BODY_BYTES

DRAIN_SECONDS = 10.0
CONNECTIONS = 1000
"""Open at once; a browser keeps up to six while it is on the page."""
OTHER_FILES = 100
"""That the database, the stimuli and Python have open besides."""

# It warns of every request that waits for a thread, which is what the queue is for.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)
# It tells of each visitor who hangs up, by a path that may hold a token or a resume link.
logging.getLogger("waitress").setLevel(logging.WARNING)


class Server:
    """A listening server for `app`; it answers while :meth:`run` runs, until :meth:`stop`."""

    def __init__(self, app: Flask, *, host: str = "127.0.0.1", port: int = 0, threads: int = 8) -> None:
        """Listen on `host` and `port` (0: any free one).

        Raises ServeError when the address is in use or not this machine's.
        """
        self._map: dict[int, Any] = {}
        self._stopping = threading.Event()
        listener = _listen(host, port)
        self._host = host
        self._prefix = str(app.config.get("SESSION_COOKIE_PATH") or "/").rstrip("/")
        self._port = int(listener.getsockname()[1])
        self._waitress = waitress.create_server(
            app,
            map=self._map,
            sockets=[listener],
            threads=threads,
            ident=None,
            # The application refuses what is over its own limit, with words; this guards the disk before it.
            max_request_body_size=16 * MAX_BODY_BYTES,
            connection_limit=_connection_limit(),
            # The application believes as many proxies as it is told to; stripped here, it would believe none.
            clear_untrusted_proxy_headers=False,
            # select() ends at 1024 open files.
            asyncore_use_poll=True,
        )

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}{self._prefix}/"

    def run(self) -> None:
        """Answer requests until :meth:`stop`, then finish those that have begun."""
        while not self._stopping.is_set():
            self._turn()
        # Nobody new; then until every reply is on its way.
        self._waitress.del_channel()
        self._waitress.socket.close()
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._waitress.active_channels and time.monotonic() < deadline:
            self._close_idle()
            self._turn(timeout=0.05)
        self._waitress.task_dispatcher.shutdown()
        wasyncore.close_all(self._map)

    def stop(self) -> None:
        """Ask :meth:`run` to end; may be called from another thread or a signal handler."""
        self._stopping.set()
        self._waitress.pull_trigger()

    def _turn(self, timeout: float = 1.0) -> None:
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)

    def _close_idle(self) -> None:
        for channel in list(self._waitress.active_channels.values()):
            if not channel.requests and channel.request is None and not channel.total_outbufs_len:
                channel.handle_close()


def _connection_limit() -> int:
    """Return how many connections the limit of open files allows, after raising it as far as they need."""
    # A socket, and the file that a long reply waits in.
    wanted = 2 * CONNECTIONS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CONNECTIONS if soft == resource.RLIM_INFINITY else min(CONNECTIONS, (soft - OTHER_FILES) // 2)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServeError(
                f"port {port} of {host} is in use by another program",
                remedy="stop that program, or choose another with --port",
            ) from error
        raise ServeError(
            f"{host}:{port} cannot be listened on ({error.strerror})",
            remedy="choose another --host or --port",
        ) from error
