"""Multitracks in, significance table out: every command, on files, over HTTP, in one go."""

import csv
import http.cookiejar
import json
import re
import shutil
import urllib.request

import numpy as np
import pytest
import scipy.stats
import soundfile

import mixeval_migrations
from mixeval.database import open_database
from mixeval.manifest import read_manifest
from mixeval.models import ParticipantSession, Rating
from mixeval.settings import database_url


def read_table(folder, name):
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_whole_path_runs_and_its_numbers_are_those_of_the_rows_in_the_database(study_folder, run):
    run("render", study_folder)
    run("simulate", study_folder, "--listeners", 6)
    output = run("analyze", study_folder)
    assert "SIMULATED" in output

    database = open_database(database_url(study_folder))
    with database.read() as session:
        ratings = [(rating.stimulus.condition, rating.value) for rating in session.query(Rating)]
        assert (
            session.query(ParticipantSession).filter(ParticipantSession.completed_at.is_not(None)).count()
            == 6
        )
    database.close()
    assert len(ratings) == 6 * 2 * 3

    groups = {
        name: [value for condition, value in ratings if condition == name]
        for name in ("human", "model", "dull")
    }
    report = study_folder / "report"
    summary = read_table(report, "summary")
    assert [row["condition"] for row in summary] == ["human", "model", "dull"]
    for row in summary:
        assert float(row["mean"]) == pytest.approx(np.mean(groups[row["condition"]]), rel=1e-12)
    (kruskal,) = read_table(report, "kruskal_wallis")
    assert float(kruskal["H"]) == pytest.approx(scipy.stats.kruskal(*groups.values()).statistic, rel=1e-9)
    assert len(read_table(report, "mann_whitney")) == 3
    for name in ("report.html", "report.json", "figures/violin.pdf", "tables/mann_whitney.tex"):
        assert (report / name).stat().st_size > 0


def test_every_rendered_stimulus_is_within_a_tenth_of_its_items_target(study_folder, run):
    run("render", study_folder)
    manifest = read_manifest(study_folder)
    assert len(manifest.stimuli) == 6
    for stimulus in manifest.stimuli:
        samples, rate = soundfile.read(study_folder / "stimuli" / stimulus.file, dtype="float32")
        assert samples.shape == (stimulus.frames, 2)
        assert stimulus.loudness_lufs == pytest.approx(stimulus.target_lufs, abs=0.1)
        assert stimulus.true_peak_dbtp <= -1.0
        assert rate == 44100
    for item in ("loop1", "loop2"):
        assert len({stimulus.target_lufs for stimulus in manifest.of_item(item)}) == 1


def test_an_open_session_keeps_its_old_audio_when_a_mix_is_replaced_and_versions_are_reported_apart(
    study_folder, run, serve
):
    run("render", study_folder)
    run("simulate", study_folder, "--listeners", 5)
    with serve(study_folder) as address:
        browser = Browser(address)
        page = browser.start()
        before = {stimulus["token"]: browser.get(stimulus["url"]) for stimulus in page["stimuli"]}

    for item in ("loop1", "loop2"):
        shutil.copy(
            study_folder / "mixes" / f"{item}_human.wav", study_folder / "mixes" / f"{item}_model.wav"
        )
    old = {stimulus.file for stimulus in read_manifest(study_folder).stimuli}
    run("render", study_folder)
    assert all((study_folder / "stimuli" / file).exists() for file in old)

    with serve(study_folder) as address:
        browser.address = address
        again = browser.page()
        assert again["page"] == page["page"]
        assert [s["token"] for s in again["stimuli"]] == list(before)
        for stimulus in again["stimuli"]:
            assert browser.get(stimulus["url"]) == before[stimulus["token"]]
    run("simulate", study_folder, "--listeners", 5, "--seed", 2)

    output = run("analyze", study_folder)
    assert "Each set has its own report" in output
    reports = sorted(path for path in (study_folder / "report").iterdir() if path.name.startswith("version-"))
    assert len(reports) == 2
    for report in reports:
        assert [int(row["n"]) for row in read_table(report, "summary")] == [10, 10, 10]
    run("analyze", study_folder, "--pool-versions", "--out", study_folder / "pooled")
    assert [int(row["n"]) for row in read_table(study_folder / "pooled", "summary")] == [20, 20, 20]


def test_a_listener_at_a_bare_address_is_told_nothing_and_rates_what_it_hears(study_folder, run, serve):
    run("render", study_folder)
    with serve(study_folder) as address:
        run("simulate", address, "--listeners", 4)
    database = open_database(database_url(study_folder))
    mixeval_migrations.prepare(database)
    with database.read() as session:
        values = [(rating.stimulus.condition, rating.value) for rating in session.query(Rating)]
        assert session.query(ParticipantSession).count() == 4
    database.close()
    means = {name: np.mean([value for condition, value in values if condition == name]) for name, _ in values}
    # Low-passed noise is the one mix that anybody can hear to be different.
    assert means["dull"] < min(means["human"], means["model"])


class Browser:
    """As little of a browser as a participant needs."""

    def __init__(self, address):
        self.address = address
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def get(self, path, data=None):
        with self.opener.open(self.address + path, data=data, timeout=60) as answer:
            return answer.read()

    def start(self):
        form = self.get("/").decode()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        self.get("/start", data=f"csrf_token={token.group(1)}".encode())
        return self.page()

    def page(self):
        text = self.get("/test").decode()
        return json.loads(re.search(r'id="page-data"[^>]*>(.*?)</script>', text, re.DOTALL).group(1))
