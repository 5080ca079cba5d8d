"""Judge: what was written into the database, row by row."""

import pytest

from mixeval.database import open_database
from mixeval.errors import AnalysisError, DatabaseError, StudyError
from mixeval_analysis.load import load
from mixeval_analysis.ratings import COLUMNS
from mixeval_analysis.selection import select
from mixeval_analysis.sources.collected import answers_in_database, answers_in_study


def test_a_rating_arrives_with_everything_that_is_known_of_it(collected):
    version = collected.version()
    collected.session(version, code="p-7F3K")
    ratings = answers_in_study(collected.folder)
    assert set(COLUMNS) - set(ratings.rows.columns) == {"screened"}
    assert len(ratings.rows) == 6
    row = ratings.rows.iloc[0]
    assert (row["participant"], row["item"], row["condition"]) == ("p-7F3K", "loop1", "ref")
    assert (row["attribute"], row["repeat"], row["session"], row["version"]) == (
        "preference",
        0,
        "s1",
        version,
    )
    assert (row["page"], row["position"], row["shown_as"]) == ("s1-loop1", 0, "A")
    assert (row["played"], row["moved"], row["listened_seconds"]) == (True, True, 2.5)
    assert (row["simulated"], row["preview"], row["complete"]) == (False, False, True)
    assert row["drummer"] == "d1"
    assert row["rated_at"].tzinfo is not None


def test_order_labels_seed_and_scale_are_the_studys(collected):
    collected.session(collected.version())
    ratings = answers_in_study(collected.folder)
    assert dict(ratings.labels) == {"anchor": "Anchor", "ref": "Reference", "net": "Network"}
    assert ratings.roles["anchor"] == "anchor"
    assert (ratings.title, ratings.seed, ratings.scale) == ("Three mixes", 7, (0.0, 100.0))
    by_url = answers_in_database(collected.url)
    assert by_url.labels == ratings.labels
    assert by_url.rows.equals(ratings.rows)


def test_a_label_that_was_mended_in_study_toml_is_the_one_that_is_printed(collected):
    collected.session(collected.version())
    path = collected.folder / "study.toml"
    path.write_text(path.read_text().replace('"Network"', '"Wave-U-Net"'), encoding="utf-8")
    assert answers_in_study(collected.folder).labels["net"] == "Wave-U-Net"


def test_a_second_complete_session_of_a_participant_is_a_repeat(collected):
    version = collected.version()
    collected.session(version, code="twice", complete=False)
    collected.session(version, code="twice")
    collected.session(version, code="twice")
    rows = answers_in_study(collected.folder).rows
    assert rows.groupby("session")["repeat"].first().to_dict() == {"s2": 0, "s3": 1, "s1": 2}


def test_sessions_of_versions_that_differ_in_words_are_one_group(collected):
    text = (collected.folder / "study.toml").read_text()
    collected.session(collected.version())
    collected.session(collected.version(text=text.replace('"Three mixes"', '"Three drum mixes"')))
    (group,) = select(answers_in_study(collected.folder)).groups
    assert len(group.versions) == 2
    assert group.participants == 2


def test_sessions_that_heard_other_stimuli_are_apart(collected):
    collected.session(collected.version())
    collected.session(collected.version(audio="a new model"))
    selection = select(answers_in_study(collected.folder))
    assert [group.participants for group in selection.groups] == [1, 1]


def test_a_database_that_is_not_there_is_not_made(tmp_path, collected):
    missing = tmp_path / "none.sqlite3"
    with pytest.raises(AnalysisError, match="holds no ratings yet"):
        load(f"sqlite:///{missing}")
    assert not missing.exists()
    collected.database.close()
    (collected.folder / "study.sqlite3").unlink()
    with pytest.raises(AnalysisError, match="my-study holds no ratings yet"):
        load(str(collected.folder))
    assert not (collected.folder / "study.sqlite3").exists()


def test_a_database_without_ratings_says_so(collected, tmp_path):
    with pytest.raises(AnalysisError, match="holds no ratings yet"):
        load(str(collected.folder))
    empty = tmp_path / "empty.sqlite3"
    empty.touch()
    with pytest.raises(AnalysisError, match="database is empty"):
        load(f"sqlite:///{empty}")


def test_a_database_of_something_else_is_refused(tmp_path):
    from sqlalchemy import text

    url = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    database = open_database(url)
    with database.write() as session:
        session.execute(text("CREATE TABLE recipes (id INTEGER)"))
    database.close()
    with pytest.raises(DatabaseError, match="did not make"):
        load(url)


def test_a_database_of_a_newer_release_is_refused(collected):
    from sqlalchemy import text

    with collected.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    with pytest.raises(DatabaseError, match="newer"):
        load(collected.url)


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("nowhere.csv", AnalysisError, "is not there"),
        ("oracle://x", DatabaseError, "."),
        ("://", AnalysisError, "database URL cannot be used"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused(source, error, words):
    with pytest.raises(error, match=words):
        load(source)


def test_a_folder_without_a_study_and_a_bare_database_file_are_refused(tmp_path, collected):
    with pytest.raises(StudyError, match="is not a study"):
        load(str(tmp_path))
    with pytest.raises(AnalysisError, match="is a database file"):
        load(str(collected.folder / "study.sqlite3"))
