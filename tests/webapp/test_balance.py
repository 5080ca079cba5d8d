import json
from collections import Counter

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.models import Participant, ParticipantSession, now
from mixeval_webapp.app import site_of
from mixeval_webapp.participants import enrol

pytestmark = pytest.mark.both_databases


@pytest.fixture
def site(open_app, study_folder):
    """Serve the small study to eight people, of whom seven have finished, and to one simulated listener."""
    path = study_folder / "study.toml"
    keys = (
        'repeats = 1\nattention = { better = "reference_dry", worse = "low_anchor" }\nbreak_after_pages = 2\n'
    )
    path.write_text(path.read_text() + keys)
    site = site_of(open_app(study_folder))
    for number in range(9):
        enrol(site.database, site.version, secret=f"s{number}", browser="", simulated=number == 8)
    with site.database.write() as db:
        for session in db.query(ParticipantSession):
            session.completed_at = None if session.seat == 7 else now()
    return site


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["db", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def sessions(db):
    return db.query(ParticipantSession).order_by(ParticipantSession.started_at).all()


def test_the_balance_is_that_of_complete_sessions_of_people(site, study_folder):
    (found,) = json.loads(run("balance", study_folder, "--json"))
    assert (found["version"], found["sessions"], found["simulated"]) == (site.version_id, 7, False)
    with site.database.read() as db:
        complete = [
            session for session in sessions(db) if session.completed_at and not session.participant.simulated
        ]
        rating = [[page for page in session.pages if page.purpose == "rating"] for session in complete]
        places = Counter((page.item, place) for pages in rating for place, page in enumerate(pages, start=1))
        letters = Counter(
            (page.item, sound.condition, sound.shown_as)
            for pages in rating
            for page in pages
            for sound in page.stimuli
        )
    assert {(row["item"], row["place"]): row["sessions"] for row in found["places"]} == places
    assert {
        (row["item"], row["condition"], row["shown_as"]): row["pages"] for row in found["letters"]
    } == letters
    # Seats 0 to 6 of squares with 2 and 4 rows.
    assert set(places.values()) == {3, 4}
    assert set(letters.values()) == {1, 2}
    text = run("balance", study_folder)
    assert "7 complete sessions.\n1 unfinished: 1 on page 1.\n" in text
    assert "Each item stood in each place 3 to 4 times" in text
    assert "each mix of an item under each letter 1 to 2 times." in text


def test_where_only_simulated_listeners_have_finished_the_balance_says_so(site, study_folder):
    with site.database.write() as db:
        for person in db.query(Participant):
            person.simulated = True
    assert "7 complete sessions of SIMULATED listeners." not in run("balance", study_folder)
    assert "8 complete sessions of SIMULATED listeners." in run("balance", study_folder)


def test_where_unfinished_sessions_stand_is_counted_by_page(new_listener, study_folder):
    for pages in (0, 1, 1, 2):
        listener = new_listener()
        listener.start()
        for _ in range(pages):
            page = listener.page()
            listener.complete(page, listener.ratings(page))
    (found,) = json.loads(run("balance", study_folder, "--json"))
    assert found["sessions"] == 1
    assert found["unfinished"] == [{"page": 1, "sessions": 1}, {"page": 2, "sessions": 2}]
    assert "3 unfinished: 1 on page 1, 2 on page 2." in run("balance", study_folder)


def test_an_item_that_nobody_has_had_yet_counts_as_nought(open_app, study_folder):
    path = study_folder / "study.toml"
    path.write_text(path.read_text() + "items_per_participant = 1\n")
    site = site_of(open_app(study_folder))
    assert run("balance", study_folder) == "Nobody has begun yet.\n"
    enrol(site.database, site.version, secret="s", browser="", simulated=False)
    with site.database.write() as db:
        sessions(db)[0].completed_at = now()
    (found,) = json.loads(run("balance", study_folder, "--json"))
    assert sorted(row["sessions"] for row in found["places"]) == [0, 1]
    assert "0 to 1 times" in run("balance", study_folder)


def test_an_item_for_practice_is_no_part_of_the_balance(site, study_folder):
    with site.database.write() as db:
        for session in sessions(db):
            for page in session.pages:
                page.purpose = "practice" if page.item == "reggae" else page.purpose
    (found,) = json.loads(run("balance", study_folder, "--json"))
    assert {row["item"] for row in found["places"] + found["letters"]} == {"shuffle"}


def test_a_study_without_answers_is_told_and_gets_no_database(study_folder):
    output = run("balance", study_folder, code=1)
    assert "has no answers yet" in output
    assert not (study_folder / "study.sqlite3").exists()
