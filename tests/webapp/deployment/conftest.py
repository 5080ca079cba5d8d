"""Debian's nginx with the configuration in deploy/, and gunicorn with the one there, as processes of their own."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"
HOST = "listening-test.example.org"


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def free_port():
    return find_port


def find_nginx() -> str:
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("nginx is not installed")
        pytest.skip("nginx is not installed")
    return found


def is_up(port: int, process: subprocess.Popen) -> bool:
    """Wait until `process` answers on `port`; tell whether it does before it ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False


def is_ready(port: int, process: subprocess.Popen) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def gunicorn(tmp_path):
    """Start gunicorn with deploy/gunicorn.conf.py and return the process; its log lies in tmp_path."""
    started = []

    def start(study_folder, *, port, wait=True, log="gunicorn.log", **environment):
        source_roots = os.pathsep.join(sys.path)
        with (tmp_path / log).open("wb") as errors:
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
                | {"PYTHONPATH": source_roots, "MIXEVAL_BIND": f"127.0.0.1:{port}"}
                | ({"MIXEVAL_STUDY": str(study_folder)} if study_folder else {})
                | environment,
                cwd=tmp_path,
                stderr=errors,
                stdout=subprocess.DEVNULL,
            )
        started.append(process)
        if wait and not is_ready(port, process):
            pytest.fail(f"gunicorn did not start: {(tmp_path / log).read_text()[-2000:]}")
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
    for process in started:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass
class Proxy:
    port: int
    folder: Path
    audio: Path
    config: Path

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"


@pytest.fixture
def nginx():
    """Start nginx with the shipped files, in which only ports, paths and the name are others; return its place."""
    program = find_nginx()
    # Not below pytest's own folder, which is nobody's but its owner's: nginx runs without privileges.
    folder = Path(tempfile.mkdtemp(prefix="mixeval-nginx-"))
    folder.chmod(0o755)
    processes = []

    def start(*, upstream, name="127.0.0.1", tls=None):
        audio = folder / "audio"
        for part in ("audio", "log", "lib"):
            (folder / part).mkdir()
            (folder / part).chmod(0o777)
        port = find_port()
        parameters = {
            "/etc/nginx/": f"{folder}/",
            "/var/log/nginx/": f"{folder}/log/",
            "/var/lib/nginx/": f"{folder}/lib/",
            "/var/cache/mixeval/": f"{audio}/",
            "/run/nginx.pid": f"{folder}/log/nginx.pid",
            "listen 80": f"listen 127.0.0.1:{port}",
            "listen 443": f"listen 127.0.0.1:{tls}",
            "127.0.0.1:8000": f"127.0.0.1:{upstream}",
            f"server_name {HOST}": f"server_name {name}",
        }
        for source in (
            "nginx.conf",
            "mixeval-place.conf",
            "mixeval-proxy.conf",
            *(["tls.conf.example"] if tls else []),
        ):
            text = (DEPLOY / "nginx" / source).read_text()
            for shipped, adapted in parameters.items():
                text = text.replace(shipped, adapted)
            if tls:
                text = text.replace(f"/etc/letsencrypt/live/{HOST}/", f"{folder}/")
                make_certificate(folder, name)
            (folder / source.removesuffix(".example")).write_text(text)
        config = folder / "nginx.conf"
        unprivileged = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        with (folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                [program, "-e", str(folder / "log" / "error.log"), "-c", str(config), "-g", "daemon off;"],
                stderr=errors,
                **unprivileged,
            )
        processes.append(process)
        if not is_up(port, process):
            pytest.fail(f"nginx did not start: {(folder / 'stderr').read_text()}")
        return Proxy(port, folder, audio, config)

    yield start
    for process in processes:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    shutil.rmtree(folder)


def make_certificate(folder, name):
    if (folder / "fullchain.pem").exists():
        return
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


@pytest.fixture
def behind_nginx(nginx, gunicorn, study_folder):
    """Serve the study with gunicorn behind nginx as deploy/ does; return the proxy."""

    def start(*, tls=None, **environment):
        upstream = find_port()
        proxy = nginx(upstream=upstream, tls=tls)
        gunicorn(
            study_folder,
            port=upstream,
            **{
                "MIXEVAL_TRUSTED_PROXIES": "1",
                "MIXEVAL_ACCEL_PREFIX": "/_audio",
                "MIXEVAL_ACCEL_FOLDER": str(proxy.audio),
                "MIXEVAL_LOG_FORMAT": "json",
            }
            | environment,
        )
        return proxy

    return start
