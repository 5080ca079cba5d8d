import re

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.database import open_database
from mixeval.errors import SimulationError
from mixeval.models import Event, Page, PageStimulus, Participant, ParticipantSession, Rating
from mixeval.settings import database_url
from mixeval_webapp.simulate.crowd import simulate_study, simulate_url


@pytest.fixture
def stored():
    """Read back who rated what, in the order of arrival."""

    def read(study_folder):
        database = open_database(database_url(study_folder, {}))
        with database.read() as db:
            assert all(participant.simulated for participant in db.query(Participant))
            assert all(session.completion_code for session in db.query(ParticipantSession))
            people = [
                session.id
                for session in db.query(ParticipantSession).join(Participant).order_by(Participant.id)
            ]
            rows = (
                db.query(Page.session_id, Page.item, PageStimulus.condition, Rating.value)
                .select_from(Rating)
                .join(PageStimulus)
                .join(Page)
                .all()
            )
            kinds = {event.kind for event in db.query(Event)}
        database.close()
        return {
            (people.index(session), item, condition): value for session, item, condition, value in rows
        }, kinds

    return read


def test_a_studys_listeners_rate_everything_and_are_marked(study_folder, stored):
    assert simulate_study(study_folder, listeners=3, seed=1) == 6
    ratings, kinds = stored(study_folder)
    assert len(ratings) == 3 * 2 * 4
    assert kinds == {"play", "switch", "move", "stop", "volume"}


def test_the_same_seed_gives_the_same_ratings(tmp_path, write_study, stored):
    found = []
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        folder = write_study(tmp_path / name)
        simulate_study(folder, listeners=2, seed=seed)
        found.append(stored(folder)[0])
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_at_an_address_listeners_rate_by_ear_and_the_same_seed_gives_the_same(
    tmp_path, write_study, open_app, serve, stored
):
    found = []
    for name in ("one", "two"):
        folder = write_study(tmp_path / name)
        with serve(open_app(folder)) as url:
            simulate_url(url, listeners=3, seed=5)
        found.append(stored(folder)[0])
    assert found[0] == found[1]
    means = {
        condition: sum(value for key, value in found[0].items() if key[2] == condition)
        for condition in ("reference_dry", "low_anchor")
    }
    # The fixture's anchor is noise through a long moving average.
    assert means["low_anchor"] < means["reference_dry"]


def test_the_command_says_how_many_were_simulated(study_folder):
    result = CliRunner().invoke(main, ["simulate", str(study_folder), "--listeners", "2"])
    assert result.exit_code == 0
    assert "2 SIMULATED listeners rated 4 pages." in result.output


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://127.0.0.1:9/", "does not answer"),
        ("http://", "is no address|is not an address"),
        ("nowhere", "no study.toml"),
    ],
)
def test_a_target_that_is_not_there_is_one_sentence(target, words, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    result = CliRunner().invoke(main, ["simulate", target])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert re.search(words, result.output)


def test_a_site_that_is_no_mixeval_is_refused(app, serve):
    app.view_functions["pages.consent"] = lambda: "<p>hello</p>"
    with serve(app) as url, pytest.raises(SimulationError, match="no form"):
        simulate_url(url, listeners=1, seed=0)
