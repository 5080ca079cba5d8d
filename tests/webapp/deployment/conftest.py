"""Debian's nginx with the configuration in deploy/, and gunicorn with the one there, as processes of their own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from free_ports import find_port
from shipped_nginx import DEPLOY, NoNginxError, shipped_nginx


def is_ready(port: int, process: subprocess.Popen) -> bool:
    """Wait until `process` answers on `port`; tell whether it does before it ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def free_port():
    return find_port


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
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def nginx():
    """Start nginx with the shipped files, and return its place."""
    with contextlib.ExitStack() as running:

        def start(**options):
            try:
                return running.enter_context(shipped_nginx(**options))
            except NoNginxError as error:
                if os.environ.get("CI") == "true":
                    pytest.fail(str(error))
                pytest.skip(str(error))

        yield start


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
