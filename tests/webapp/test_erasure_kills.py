"""kill -9 at every step of an erasure: after the next start a participant is whole or gone, and never comes back."""

import subprocess
import sys

import pytest
from sqlalchemy import func, select

from mixeval.models import Participant, Rating
from mixeval.tombstones import read_tombstones
from mixeval_webapp.app import site_of

pytestmark = pytest.mark.slow

# The process kills itself, as nothing else can at one exact step: no handler runs, nothing is flushed.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
import mixeval.erasure
from mixeval.database import open_database

folder, url, code, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]

def die(*_arguments, **_options):
    os.kill(os.getpid(), signal.SIGKILL)

database = open_database(url)
if step == "before the tombstone":
    mixeval.erasure.add_tombstones = die
elif step == "after the tombstone":
    mixeval.erasure._erase = die
elif step == "before the bytes are gone":
    mixeval.erasure.scrub = die
elif step == "before the commit":
    event.listen(database.engine, "commit", die)
else:
    @event.listens_for(database.engine, "before_cursor_execute")
    def _(connection, cursor, statement, *rest):
        if statement.startswith("DELETE FROM " + step):
            die()

mixeval.erasure.erase(database, code, folder=folder)
"""


@pytest.mark.parametrize(
    ("step", "gone"),
    [
        ("before the tombstone", False),
        ("after the tombstone", True),
        ("answers", True),
        ("participants", True),
        ("before the commit", True),
        ("before the bytes are gone", True),
    ],
)
def test_a_kill_at_any_step_loses_no_tombstone(study_folder, open_app, listener_on, step, gone):
    app = open_app(study_folder)
    for _ in range(2):
        listener = listener_on(app)
        listener.start()
        page = listener.page()
        listener.put(page, listener.ratings(page))
    database = site_of(app).database
    url = f"sqlite:///{study_folder / 'study.sqlite3'}"
    with database.read() as db:
        code, other = db.scalars(select(Participant.code).order_by(Participant.id))
    database.close()
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, study_folder, url, code, step],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": ""},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -9, ended.stderr

    with site_of(open_app(study_folder)).database.read() as db:
        left = list(db.scalars(select(Participant.code).order_by(Participant.id)))
        assert left == ([other] if gone else [code, other])
        assert db.scalar(select(func.count()).select_from(Rating)) == 4 * len(left)
    assert list(read_tombstones(study_folder)) == ([code] if gone else [])
