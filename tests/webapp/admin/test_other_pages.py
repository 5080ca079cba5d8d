"""Stimuli, study and export: what the researcher gets of them."""

import csv
import io
import threading
import zipfile

import pytest

from mixeval.cli.researcher import export_now
from mixeval.settings import Settings
from mixeval_webapp.admin.researcher import Researcher
from mixeval_webapp.app import create_app, site_of


def test_every_mix_is_listed_and_can_be_played(researcher, app, numbers):
    site = site_of(app)
    page = numbers(researcher.text("/admin/stimuli"))
    assert "2 items, 4 conditions, target \N{MINUS SIGN}28.0 LUFS" in page
    for number, item in enumerate(site.version.manifest.items):
        for condition in site.version.study.conditions:
            answer = researcher.get(f"/admin/stimuli/{number}/{condition.id}.flac")
            assert answer.mimetype == "audio/flac"
            assert answer.data == site.files.read(site.version, item.item, condition.id)
            assert condition.label in page
    part = researcher.get("/admin/stimuli/0/low_anchor.flac", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"fLaC")


@pytest.mark.parametrize("path", ["9/low_anchor", "0/no_such", "0/..%2Fstudy.toml"])
def test_there_is_no_other_file_to_be_had(path, researcher):
    assert researcher.get(f"/admin/stimuli/{path}.flac").status_code == 404


def test_the_study_page_tells_conditions_versions_and_addresses(researcher, app, listener, numbers):
    listener.start()
    page = researcher.text("/admin/study")
    text = numbers(page)
    assert 'value="http://localhost/"' in page
    assert "Drums &lt;in a&gt; room" in page
    assert "Anchor 3.5 kHz low_anchor anchor anchor" in text
    assert f"1 served now {site_of(app).version_id[:12]}" in text
    assert text.endswith("1 0")


def test_without_an_export_the_page_says_so(researcher, numbers):
    assert "started without the export" in numbers(researcher.text("/admin/export"))
    assert researcher.get("/admin/export/everything.zip").status_code == 404


@pytest.mark.slow
def test_an_export_is_whole_while_people_are_rating(study_folder, researcher_on, listener_on):
    """Fault 51, from the researcher's page: everything of one moment, and no save waits or fails."""
    settings = Settings(database_url=f"sqlite:///{study_folder / 'study.sqlite3'}", secret_key="k" * 64)
    app = create_app(study_folder, settings=settings, researcher=Researcher(export=export_now))
    done = listener_on(app)
    done.start()
    done.finish()
    stop, codes = threading.Event(), []

    def rate():
        listener = listener_on(app)
        listener.start()
        page = listener.page()
        for number in range(1, 10_000):
            if stop.is_set():
                return
            codes.append(
                listener.put(page, [listener.rating(page, value=number % 100, sequence=number)]).status_code
            )

    raters = [threading.Thread(target=rate) for _ in range(4)]
    for rater in raters:
        rater.start()
    try:
        researcher = researcher_on(app)
        while len(codes) <= 10:
            raters[0].join(0.01)
        answer = researcher.get("/admin/export/everything.zip")
        one = researcher.get("/admin/export/ratings.csv")
        words = researcher.get("/admin/export/README.md")
    finally:
        stop.set()
        for rater in raters:
            rater.join()
        site_of(app).database.close()
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="everything.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    rows = list(csv.DictReader(io.StringIO(archive.read("export/ratings.csv").decode())))
    sessions = list(csv.DictReader(io.StringIO(archive.read("export/sessions.csv").decode())))
    # One snapshot: no rating of a session that the other file does not have.
    assert {row["session"] for row in rows} <= {row["session"] for row in sessions}
    assert sum(row["complete"] == "true" for row in rows) == 8
    assert one.data.startswith(b"participant,")
    assert "ratings.csv" in words.get_data(as_text=True)
    assert set(codes) == {200}
