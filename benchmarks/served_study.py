"""A small study, a database for it and a server in a process of its own, for benchmarks of saving."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from throwaway_postgresql import Cluster, throwaway_cluster

from mixeval.audio import Audio, write_flac
from mixeval.manifest import FOLDER, Item, Manifest, Stimulus, file_sha256, write_manifest

RATE = 44_100
ITEMS = ("loop_a", "loop_b", "loop_c")
MIXES = 6
"""With three items a result set of 18 ratings, as in the comparison with pymushra."""
START_SECONDS = 60.0


class Server:
    """The study served on one port; it may be killed and started again."""

    def __init__(self, folder: Path, database_url: str, *, kind: str) -> None:
        """`kind` is `waitress` (`mixeval serve`) or `gunicorn` (2 processes of 8 threads)."""
        self.folder = folder
        self.database_url = database_url
        self.kind = kind
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def start(self) -> float:
        """Start, wait until the server answers, and return how many seconds that took."""
        commands = {
            "waitress": ["-m", "mixeval", "serve", str(self.folder), "--port", str(self.port)],
            "gunicorn": [
                *("-m", "gunicorn", f"mixeval_webapp.app:create_app({str(self.folder)!r})"),
                *("--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread"),
                *("--workers", "2", "--threads", "8", "--keep-alive", "75", "--log-level", "error"),
            ],
        }
        begun = time.monotonic()
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *commands[self.kind]],
                stdout=log,
                stderr=log,
                env=os.environ
                | {"MIXEVAL_DATABASE_URL": self.database_url, "PYTHONPATH": os.pathsep.join(sys.path)},
                # With its workers it is killed as one.
                start_new_session=True,
            )
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}", timeout=5).close()
                return time.monotonic() - begun
            if self._process.poll() is not None or time.monotonic() - begun > START_SECONDS:
                raise RuntimeError((self.folder / "server.log").read_text()[-3000:])
            time.sleep(0.01)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        if self._process is not None:
            self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        os.killpg(self.pid, number)
        if self._process is not None:
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def served(database: str, *, kind: str, items: int = 3, seconds: float = 0.5) -> Iterator[Server]:
    """Serve a study with a database of its own, `sqlite` or `postgresql`, until the block ends."""
    with contextlib.ExitStack() as stack:
        # In the working directory: a folder for temporary files may be kept in memory, where nothing is durable.
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=".", prefix="benchmark-"))
        ).resolve()
        write_study(folder, items=ITEMS[:items], seconds=seconds)
        url = f"sqlite:///{folder / 'study.sqlite3'}"
        if database == "postgresql":
            cluster = stack.enter_context(throwaway_cluster(shared_buffers="128MB", autovacuum="on"))
            url = cluster.url(cluster.create())
        server = Server(folder, url, kind=kind)
        server.start()
        stack.callback(server.stop)
        yield server


def write_study(folder: Path, *, items: tuple[str, ...], seconds: float) -> None:
    """Write study.toml, its FLAC files of noise, and the manifest."""
    (folder / FOLDER).mkdir(parents=True)
    conditions = "".join(
        f'[[stimuli.conditions]]\nid = "mix_{rank}"\nmethod = "sum"\n' for rank in range(MIXES)
    )
    (folder / "study.toml").write_text(
        '[study]\ntitle = "Saving"\n[stimuli]\ndataset = { kind = "synthetic" }\n'
        f'{conditions}[test]\npage = "sliders"\n',
        encoding="utf-8",
    )
    generator = np.random.default_rng(1)
    stimuli = [
        _stimulus(folder / FOLDER, item, f"mix_{rank}", round(seconds * RATE), generator)
        for item in items
        for rank in range(MIXES)
    ]
    write_manifest(
        folder,
        Manifest(
            target_lufs=-28.0,
            sample_rate=RATE,
            tools={"mixeval": "benchmark"},
            items=tuple(Item(item=item, facts={}) for item in items),
            stimuli=tuple(stimuli),
        ),
    )


def _stimulus(
    folder: Path, item: str, condition: str, frames: int, generator: np.random.Generator
) -> Stimulus:
    draft = folder / "draft.flac"
    write_flac(draft, Audio((0.1 * generator.standard_normal((2, frames))).astype(np.float32), RATE))
    sha256 = file_sha256(draft)
    draft.rename(folder / f"{sha256[:16]}.flac")
    return Stimulus(
        item=item,
        condition=condition,
        file=f"{sha256[:16]}.flac",
        sha256=sha256,
        frames=frames,
        channels=2,
        sample_rate=RATE,
        loudness_lufs=-28.0,
        target_lufs=-28.0,
        true_peak_dbtp=-5.0,
        gain_db=0.0,
        method="sum",
        method_version="1",
        inputs=(),
        parameters={},
    )


__all__ = ["Cluster", "Server", "served"]
