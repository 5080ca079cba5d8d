import json

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from mixeval.cli import main
from mixeval.models import Page, PageStimulus, ParticipantSession, StudyVersion, now
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
    with site.database.write() as db:
        # Drawn at random otherwise, so that now and then two seats would have one order.
        db.query(StudyVersion).one().order_seed = 5
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


@pytest.mark.usefixtures("site")
def test_every_stored_order_follows_from_its_seeds(study_folder):
    assert run("orders", study_folder) == "The orders of all 9 sessions follow from their seeds.\n"
    assert json.loads(run("orders", study_folder, "--json")) == {"sessions": 9, "older": 0, "differing": []}


def swap_letters(_db, session):
    one, other = session.pages[1].stimuli[:2]
    one.shown_as, other.shown_as = other.shown_as, one.shown_as


def swap_items(_db, session):
    first, last = (page for page in session.pages if page.purpose == "rating")
    first.item, last.item = last.item, first.item


def take_the_seat_of_another(_db, session):
    session.seat += 1


def lose_the_last_page(db, session):
    page = session.pages[-1]
    db.execute(delete(PageStimulus).where(PageStimulus.page_id == page.id))
    db.execute(delete(Page).where(Page.id == page.id))


@pytest.mark.parametrize(
    ("change", "page"),
    [
        (swap_letters, 2),
        (swap_items, 1),
        (take_the_seat_of_another, None),
        (lose_the_last_page, 5),
    ],
)
def test_a_stored_order_that_does_not_follow_is_named_with_its_first_page(site, study_folder, change, page):
    with site.database.write() as db:
        session = sessions(db)[3]
        participant = session.participant.code
        change(db, session)
    output = run("orders", study_folder, code=1)
    assert output.startswith(f"The order of {participant} does not follow from its seed, from page ")
    assert output.count("\n") == 1
    (differing,) = json.loads(run("orders", study_folder, "--json", code=1))["differing"]
    assert differing["participant"] == participant
    assert page is None or differing["page"] == page


def test_sessions_of_the_first_schema_are_told_apart(site, study_folder):
    with site.database.write() as db:
        old = StudyVersion(id="0" * 64, stimuli_id="0" * 64, study="{}", manifest="{}", order_seed=0)
        db.add(old)
        session = sessions(db)[0]
        session.version = old
        session.completed_at = None
    assert run("orders", study_folder) == (
        "The orders of all 8 sessions follow from their seeds.\n"
        "1 older sessions were begun before orders followed from seats.\n"
    )


def test_a_version_that_this_release_cannot_read_is_named(site, study_folder):
    with site.database.write() as db:
        db.query(StudyVersion).one().study = '{"study": {"title": "T", "tempo": 3}}'
    output = run("orders", study_folder, code=1)
    assert "was stored by another release of mixeval" in output
    assert "Traceback" not in output


def test_a_study_without_answers_is_told_and_gets_no_database(study_folder):
    output = run("orders", study_folder, code=1)
    assert "has no answers yet" in output
    assert not (study_folder / "study.sqlite3").exists()
