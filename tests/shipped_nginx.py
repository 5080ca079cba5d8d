"""Debian's nginx with the files in deploy/nginx, in which only ports, paths and the name are others.

It runs as an unprivileged process of the test's, in a folder of its own.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from free_ports import find_port

DEPLOY = Path(__file__).parents[1] / "deploy"
HOST = "listening-test.example.org"
PATIENCE_SECONDS = 60


class NoNginxError(RuntimeError):
    """nginx is not installed, or does not start."""


@dataclass(frozen=True)
class Proxy:
    port: int
    folder: Path

    @property
    def audio(self) -> Path:
        """Where mixeval puts the files that nginx sends."""
        return self.folder / "audio"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@contextlib.contextmanager
def shipped_nginx(*, upstream: int, name: str = "127.0.0.1", tls: int | None = None) -> Iterator[Proxy]:
    """Pass requests on to port `upstream`; with HTTPS on port `tls` if given. Raises NoNginxError."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise NoNginxError("nginx is not installed")
    # Not below a test's own folder, which is nobody's but its owner's: nginx runs without privileges.
    folder = Path(tempfile.mkdtemp(prefix="mixeval-nginx-"))
    folder.chmod(0o755)
    proxy = Proxy(find_port(), folder)
    for part in ("audio", "log", "lib"):
        (folder / part).mkdir()
        (folder / part).chmod(0o777)
    _write_configuration(proxy, upstream=upstream, name=name, tls=tls)
    unprivileged = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    command = [program, "-e", folder / "log" / "error.log", "-c", folder / "nginx.conf", "-g", "daemon off;"]
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(command, stderr=errors, **unprivileged)
    try:
        if not _is_up(proxy.port, process):
            raise NoNginxError((folder / "stderr").read_text())
        yield proxy
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)
        shutil.rmtree(folder)


def _write_configuration(proxy: Proxy, *, upstream: int, name: str, tls: int | None) -> None:
    folder = proxy.folder
    parameters = {
        "/etc/nginx/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/log/",
        "/var/lib/nginx/": f"{folder}/lib/",
        "/var/cache/mixeval/": f"{proxy.audio}/",
        "/run/nginx.pid": f"{folder}/log/nginx.pid",
        "listen 80": f"listen 127.0.0.1:{proxy.port}",
        "listen 443": f"listen 127.0.0.1:{tls}",
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
        f"server_name {HOST}": f"server_name {name}",
        f"/etc/letsencrypt/live/{HOST}/": f"{folder}/",
    }
    sources = ["nginx.conf", "mixeval-place.conf", "mixeval-proxy.conf"]
    if tls is not None:
        _make_certificate(folder, name)
        sources.append("tls.conf.example")
    for source in sources:
        text = (DEPLOY / "nginx" / source).read_text(encoding="utf-8")
        for shipped, adapted in parameters.items():
            text = text.replace(shipped, adapted)
        (folder / source.removesuffix(".example")).write_text(text, encoding="utf-8")


def _make_certificate(folder: Path, name: str) -> None:
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem", "-days", "2"),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{name}"),
        ],
        check=True,
        capture_output=True,
    )
    (folder / "privkey.pem").chmod(0o644)


def _is_up(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until `process` listens on `port`; tell whether it does before it ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False
