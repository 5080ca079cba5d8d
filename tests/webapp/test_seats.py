import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from mixeval.models import Participant, ParticipantSession, now
from mixeval_webapp.app import site_of
from mixeval_webapp.participants import enrol
from mixeval_webapp.seats import StudyFullError, is_full, take_seat

pytestmark = pytest.mark.both_databases

MINUTE = timedelta(minutes=1)
ENROL_FROM_ELSEWHERE = """
import os, signal, sys
from pathlib import Path
from mixeval.database import open_database
from mixeval.manifest import read_manifest
from mixeval.study import read_study
from mixeval.versions import Version
from mixeval_webapp import participants
from mixeval_webapp.seats import StudyFullError

folder, url, name, dies = sys.argv[1:]
version = Version(read_study(Path(folder)), read_manifest(Path(folder)))
database = open_database(url)
if dies == "dies":
    participants.plan_session = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
sys.stdin.readline()
for turn in range(5):
    try:
        participants.enrol(database, version, secret=f"{name}-{turn}", browser="", simulated=False)
    except StudyFullError:
        print("full", flush=True)
"""


@pytest.fixture
def served(open_app, study_folder):
    """Serve the small study, with more keys in [participants]."""

    def serve(**participants):
        write_participants(study_folder, **participants)
        return site_of(open_app(study_folder))

    return serve


def write_participants(folder, **keys):
    text = (folder / "study.toml").read_text().split("[participants]")[0]
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    (folder / "study.toml").write_text(f"{text}[participants]\n{lines}")


def start(site, secret, *, simulated=False):
    return enrol(site.database, site.version, secret=secret, browser="", simulated=simulated)


def seats(site):
    with site.database.read() as db:
        return sorted(db.query(ParticipantSession.seat).all())


def seat_of(site, visitor):
    with site.database.read() as db:
        return db.get_one(ParticipantSession, visitor.session_id).seat


def next_seat(site, *, later=timedelta(0), **kind):
    with site.database.write() as db:
        return take_seat(db, site.version, **{"simulated": False, **kind}, moment=now() + later)[0]


def change(site, visitor, **values):
    with site.database.write() as db:
        session = db.get_one(ParticipantSession, visitor.session_id)
        for name, value in values.items():
            setattr(session, name, value)


def test_seats_are_taken_from_the_lowest_on(served):
    site = served()
    assert [seat_of(site, start(site, f"s{number}")) for number in range(4)] == [0, 1, 2, 3]


def test_a_double_click_takes_one_seat_even_where_it_is_the_last(served):
    site = served(places=1)
    assert start(site, "same") == start(site, "same")
    assert seats(site) == [(0,)]


def test_a_seat_that_was_left_alone_is_given_to_the_next_person_and_then_the_count_goes_on(served):
    site = served()
    visitors = [start(site, f"s{number}") for number in range(3)]
    change(site, visitors[1], active_at=now() - 61 * MINUTE)
    assert seat_of(site, start(site, "next")) == 1
    assert seat_of(site, start(site, "after")) == 3


def test_a_seat_is_kept_until_the_timeout_and_free_after_it(served):
    site = served(seat_timeout_minutes=20)
    start(site, "first")
    assert next_seat(site, later=19 * MINUTE) == 1
    assert next_seat(site, later=21 * MINUTE) == 0


def test_a_seat_of_a_complete_session_is_never_given_again(served):
    site = served()
    change(site, start(site, "first"), completed_at=now())
    assert next_seat(site, later=60 * 24 * 365 * MINUTE) == 1


def test_simulated_and_preview_sessions_have_seats_of_their_own_and_need_no_place(served):
    site = served(places=1)
    assert [seat_of(site, start(site, f"sim{number}", simulated=True)) for number in range(2)] == [0, 1]
    assert seat_of(site, start(site, "person")) == 0
    assert next_seat(site, preview=True) == 0
    assert seat_of(site, start(site, "sim again", simulated=True)) == 2


def test_another_version_begins_with_its_own_first_seat_and_shares_the_places(served, study_folder):
    before = served(places=2)
    start(before, "first")
    write_participants(study_folder, places=2, thanks='"Goodbye"')
    after = served(places=2, thanks='"Goodbye"')
    assert after.version_id != before.version_id
    assert seat_of(after, start(after, "second")) == 0
    with pytest.raises(StudyFullError):
        start(after, "third")
    with pytest.raises(StudyFullError):
        start(before, "fourth")


def test_a_full_study_opens_again_when_somebody_stops_early(served):
    site = served(places=2)
    visitors = [start(site, f"s{number}") for number in range(2)]
    change(site, visitors[0], completed_at=now())
    with pytest.raises(StudyFullError):
        start(site, "too late")
    change(site, visitors[1], active_at=now() - 61 * MINUTE)
    assert seat_of(site, start(site, "in time")) == 1


@pytest.mark.parametrize("places", [None, 7])
def test_threads_that_start_at_the_same_instant_get_different_seats_and_no_place_too_many(served, places):
    site = served(**({} if places is None else {"places": places}))
    barrier = threading.Barrier(12)
    refused = []

    def begin(number):
        barrier.wait()
        try:
            start(site, f"t{number}")
        except StudyFullError:
            refused.append(number)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seats(site) == [(seat,) for seat in range(places or 12)]
    assert len(refused) == 12 - (places or 12)


def enrol_elsewhere(folder, url, names, *, dies="lives"):
    """Let processes enrol five listeners each, all at one word; return what they print."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ENROL_FROM_ELSEWHERE, str(folder), url, name, dies],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for name in names
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = [process.communicate(timeout=60)[0] for process in processes]
    status = -signal.SIGKILL if dies == "dies" else 0
    assert [process.returncode for process in processes] == [status] * len(names)
    return "".join(printed)


def test_processes_that_start_at_the_same_instant_get_different_seats_and_no_place_too_many(
    served, study_folder, database_url
):
    site = served(places=12)
    printed = enrol_elsewhere(study_folder, database_url, ["a", "b", "c"])
    assert seats(site) == [(seat,) for seat in range(12)]
    assert printed.count("full") == 3


def test_a_server_that_is_killed_between_taking_a_seat_and_storing_it_leaves_the_seat_free(
    served, study_folder, database_url
):
    site = served()
    enrol_elsewhere(study_folder, database_url, ["a"], dies="dies")
    assert seats(site) == []
    assert seat_of(site, start(site, "next")) == 0
    with site.database.read() as db:
        assert db.query(Participant).count() == 1


@pytest.fixture
def new_listeners(request, study_folder, database_url):  # noqa: ARG001 - the test runs on both
    """Serve the small study with more keys in [participants], and let listeners in."""

    def serve(**participants):
        write_participants(study_folder, **participants)
        return request.getfixturevalue("new_listener")

    return serve


def test_the_first_page_of_a_full_study_says_so_kindly_and_asks_for_nothing(new_listeners):
    new_listener = new_listeners(places=1)
    new_listener().start()
    late = new_listener()
    answer = late.get("/")
    assert answer.status_code == 200
    assert "All places are taken" in answer.text
    assert "<form" not in answer.text
    assert "Continue where you stopped" not in answer.text


def test_a_form_that_lay_open_when_the_last_place_went_leads_back_to_the_first_page(new_listeners):
    new_listener = new_listeners(places=1)
    late = new_listener()
    form = late.form()
    new_listener().start()
    answer = late.client.post("/start", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "All places are taken" in late.get("/").text


def test_in_a_full_study_who_has_begun_is_shown_the_way_back_and_finishes(new_listeners):
    new_listener = new_listeners(places=1)
    listener = new_listener()
    listener.start()
    assert "Continue where you stopped" in listener.get("/").text
    assert "completion code" in listener.finish().text


def test_who_comes_back_after_their_seat_was_given_away_finishes_as_well(new_listeners, request):
    new_listener = new_listeners(places=1)
    database = request.getfixturevalue("database")
    slow, quick = new_listener(), new_listener()
    slow.start()
    before = [stimulus["label"] for stimulus in slow.page()["stimuli"]]
    with database.write() as db:
        db.query(ParticipantSession).one().active_at = now() - 61 * MINUTE
    quick.start()
    assert "completion code" in quick.finish().text
    assert [stimulus["label"] for stimulus in slow.page()["stimuli"]] == before
    assert "completion code" in slow.finish().text
    with database.read() as db:
        first, second = db.query(ParticipantSession).all()
        assert first.seat == second.seat == 0
        orders = [
            [(page.item, [s.condition for s in page.stimuli]) for page in session.pages]
            for session in (first, second)
        ]
    assert orders[0] == orders[1]


def test_a_session_that_goes_on_keeps_its_seat(new_listeners, request):
    listener = new_listeners(places=1)()
    listener.start()
    database = request.getfixturevalue("database")
    page = listener.page()
    with database.write() as db:
        db.query(ParticipantSession).one().active_at = now() - 59 * MINUTE
    listener.complete(page, listener.ratings(page))
    site = site_of(request.getfixturevalue("app"))
    assert next_seat(site, later=59 * MINUTE, preview=False, simulated=True) == 0
    with database.read() as db:
        assert is_full(db, site.version.study.participants, now() + 59 * MINUTE)
        assert not is_full(db, site.version.study.participants, now() + 61 * MINUTE)
