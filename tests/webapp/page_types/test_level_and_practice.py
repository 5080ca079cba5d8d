"""Setting the level, getting to know the mixes, practising; and that nothing of it enters a table."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from mixeval.cli import main
from mixeval.errors import ManifestError
from mixeval.models import Page, PageStimulus, Rating
from mixeval_analysis.sources.collected import answers_in_study

LEVEL = "[participants.level]\nlock_volume = true\n"


def test_the_level_page_plays_the_reference_and_its_volume_is_where_later_pages_start(visit):
    here = visit(LEVEL)
    page = here.page()
    assert (page["type"], page["volume_db"], len(page["stimuli"])) == ("level", -6.0, 1)
    with here.database.read() as db:
        sound = db.scalars(
            select(PageStimulus).where(PageStimulus.token == page["stimuli"][0]["token"])
        ).one()
    assert (sound.condition, sound.role) == ("reference_dry", "clip")
    assert len(here.listener.get(page["stimuli"][0]["url"]).data) == page["bytes"]
    assert here.finish(page).json["missing"] == {"play": ["the recording"]}
    event = {"id": "v1", "page": page["page"], "kind": "volume", "stimulus": None, "client_ms": 5}
    here.listener.events([event | {"detail": {"db": -17}}])
    assert here.answer(page, {"volume_db": 3}).status_code == 422
    assert here.answer(page, {"volume_db": -17}).status_code == 200
    assert here.finish(page).status_code == 200
    rating_page = here.page()
    assert (rating_page["volume_db"], rating_page["lock_volume"]) == (-17.0, True)
    assert 'class="volume" hidden' in here.listener.get("/test").text


def test_without_the_step_the_volume_stays_in_the_listeners_hands(visit):
    here = visit("")
    assert here.page()["lock_volume"] is False
    assert 'class="volume" hidden' not in here.listener.get("/test").text


def test_a_familiarisation_page_wants_every_mix_heard_and_none_rated(visit):
    here = visit("[participants.familiarisation]\nminimum_seconds = 2.0\n")
    page = here.page()
    assert page["type"] == "familiarisation"
    assert [(s["label"], s["role"]) for s in page["stimuli"]] == [(letter, "heard") for letter in "ABCD"]
    heard = [
        here.listener.rating(
            page, index, attribute="listening", value=None, moved=False, listened_seconds=1.0
        )
        for index in range(4)
    ]
    assert here.finish(page, heard).json["missing"] == {"play": list("ABCD")}
    rated = [here.listener.rating(page, 0, attribute="listening", value=0.0, sequence=8)]
    assert here.finish(page, rated).status_code == 422
    enough = [row | {"listened_seconds": 2.5, "sequence": 9} for row in heard]
    assert here.finish(page, enough).status_code == 200
    assert here.page()["type"] == "sliders"
    assert here.kinds()[0] == ("familiarisation", "practice", here.kinds()[0][2])


def test_practice_pages_come_first_and_their_items_are_not_rated_again(visit):
    here = visit('[participants]\npractice_items = ["shuffle"]\n')
    assert here.kinds() == [("sliders", "practice", "shuffle"), ("sliders", "rating", "reggae")]
    page = here.page()
    assert page["practice"] is True
    assert "nothing on this page counts" in here.listener.get("/test").text
    here.rate(page)
    assert here.page()["practice"] is False


def test_nothing_of_practice_enters_a_table(study_folder):
    path = study_folder / "study.toml"
    toml = '[participants]\npractice_items = ["shuffle"]\nfamiliarisation = {}\n'
    path.write_text(path.read_text(encoding="utf-8") + toml, encoding="utf-8")
    assert CliRunner().invoke(main, ["simulate", str(study_folder), "--listeners", "2"]).exit_code == 0
    rows = answers_in_study(study_folder).rows
    assert set(rows.loc[rows["purpose"] == "rating", "item"]) == {"reggae"}
    assert set(rows.loc[rows["purpose"] == "practice", "item"]) == {"shuffle"}


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[participants]\npractice_items = ["waltz"]', 'lack "waltz"'),
        ('[participants]\nfamiliarisation = { items = ["waltz"] }', 'lack "waltz"'),
        ('[participants]\npractice_items = ["shuffle", "reggae"]', "none is left to rate"),
    ],
)
def test_items_that_were_not_rendered_are_refused_before_anybody_comes(app_with, toml, words):
    with pytest.raises(ManifestError, match=words):
        app_with(toml)


def test_practice_ratings_are_marked_by_their_page(visit):
    here = visit('[participants]\npractice_items = ["shuffle"]\n')
    here.rate(here.page())
    with here.database.read() as db:
        query = select(Page.purpose).join(PageStimulus).join(Rating).distinct()
        assert list(db.scalars(query)) == ["practice"]
