"""Ratings by hand and by chance, and a database that holds some."""

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mixeval_migrations
from mixeval.database import open_database
from mixeval.manifest import Item, Manifest, Stimulus
from mixeval.models import Page, PageStimulus, Participant, ParticipantSession, Rating, StudyVersion
from mixeval.study import AnalysisSection, parse_study
from mixeval.versions import Version
from mixeval_analysis import trials
from mixeval_analysis.panel import PAGES, Panel
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.trials import Trials

STUDY = """
[study]
title = "Three mixes"
seed = 7

[stimuli]
dataset = { kind = "files", path = "mixes", pattern = "{item}_{source}.wav" }
items = ["loop1", "loop2"]

[[stimuli.conditions]]
id = "ref"
label = "Reference"
method = "files"
role = "reference"

[[stimuli.conditions]]
id = "net"
label = "Network"
method = "files"

[[stimuli.conditions]]
id = "anchor"
label = "Anchor"
method = "files"
role = "anchor"

[analysis]
order = ["anchor", "ref", "net"]
"""

ITEMS = ("loop1", "loop2")
CONDITIONS = ("ref", "net", "anchor")


@pytest.fixture
def ratings_of():
    """Make ratings from {condition: values}; each value is one participant's, all of one item."""

    def make(values, **details):
        rows = pd.DataFrame(
            [
                {
                    "participant": f"P{index:03}",
                    "item": "loop",
                    "condition": condition,
                    "rating": float(value),
                }
                for condition, column in values.items()
                for index, value in enumerate(column)
            ]
        )
        return Ratings(
            rows=with_defaults(rows),
            **{"labels": {key: key for key in values}, "title": "By hand", "source": "by hand", **details},
        )

    return make


@pytest.fixture
def panel():
    """Twelve seeded participants who rate three items in four conditions on 0..100."""
    random = np.random.default_rng(3)
    centres = {"anchor": 12, "mine": 55, "theirs": 58, "reference": 80}
    rows = [
        {
            "participant": f"P{person:02}",
            "item": f"item{item}",
            "condition": condition,
            "rating": float(np.clip(round(random.normal(centre, 15)), 0, 100)),
        }
        for person in range(12)
        for item in range(3)
        for condition, centre in centres.items()
    ]
    return Ratings(
        rows=with_defaults(pd.DataFrame(rows)),
        labels={key: key.capitalize() for key in centres},
        title="A panel",
        source="panel",
        scale=(0.0, 100.0),
    )


@pytest.fixture
def listened(panel):
    """The panel with its sessions, pages and events; P00 rates the reference low, and one page came again."""
    rows = panel.rows.assign(
        session="s" + panel.rows["participant"],
        page=panel.rows["participant"] + panel.rows["item"],
        listened_seconds=5.0 + panel.rows.index % 7,
        played=True,
    )
    low = (rows["participant"] == "P00") & (rows["condition"] == "reference")
    rows["rating"] = rows["rating"].mask(low, 20.0).mask(~low & (rows["condition"] == "reference"), 95.0)
    rows["rating"] = rows["rating"].mask(rows["condition"] == "mine", rows["rating"].clip(upper=80.0))
    people = sorted(set(rows["participant"]))
    mixes = rows[["session", "participant", "page", "item", "condition"]].assign(plays=2.0, first=0.0)
    mixes.loc[mixes["condition"] == "mine", "first"] = 1.0
    pages = rows[["session", "participant", "page", "item"]].drop_duplicates().reset_index(drop=True)
    pages = pages.assign(
        page_type="sliders",
        position=pages.groupby("session").cumcount(),
        seconds=40.0 + pages.index % 11,
        audio_seconds=6.0,
        plays=8.0,
        switches=7.0,
        volume_changes=pages.index % 3,
        lowest_db=-12.0,
        last_db=-6.0,
        refused=0,
    )
    sessions = pd.DataFrame(
        {
            "session": [f"s{name}" for name in people],
            "participant": people,
            "version": "",
            "started_at": None,
            "completed_at": None,
            "minutes": 10.0 + np.arange(len(people)),
            "browser": "Firefox on desktop",
            "volume_locked": False,
            "age": [20 + place for place in range(len(people))],
        }
    )
    again = rows.loc[rows["item"] == "item0"].assign(repeat=1)
    return replace(
        panel,
        rows=rows,
        settings=AnalysisSection(reference="reference", mid_anchor="mine"),
        panel=Panel(sessions, pages[list(PAGES)], mixes, {"age": "number"}),
        repeats=again.assign(rating=again["rating"] + 1.0),
    )


@pytest.fixture
def trials_of():
    """Make trials from rows (participant, a, b, chosen) or (participant, a, b, x, chosen), all of one item."""

    def make(rows, **details):
        frame = pd.DataFrame(
            [
                {"participant": row[0], "item": "loop", "a": row[1], "b": row[2], "x": x, "chosen": row[-1]}
                for row in rows
                for x in [row[3] if len(row) == 5 else ""]
            ]
        )
        named = dict.fromkeys(name for row in rows for name in row[1:3])
        return Trials(
            rows=trials.with_defaults(frame),
            **{
                "labels": {key: key.capitalize() for key in named},
                "title": "By hand",
                "source": "by hand",
                "page": "abx" if len(rows[0]) == 5 else "ab",
                **details,
            },
        )

    return make


class Collected:
    """A study folder with a database, filled session by session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "study.toml").write_text(STUDY, encoding="utf-8")
        self.url = f"sqlite:///{folder / 'study.sqlite3'}"
        self.database = open_database(self.url)
        mixeval_migrations.upgrade(self.database)
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)
        self.count = 0

    def version(self, *, text=STUDY, audio=""):
        """Store a version; `audio` changes what is heard in condition net."""
        study = parse_study(text)
        stimuli = tuple(
            Stimulus(
                item=item,
                condition=condition,
                file=f"{item}-{condition}.flac",
                sha256=_hash(item, condition, audio if condition == "net" and item == "loop1" else ""),
                frames=44100,
                channels=2,
                sample_rate=44100,
                loudness_lufs=-28.0,
                target_lufs=-28.0,
                true_peak_dbtp=-6.0,
                gain_db=0.0,
                method="files",
                method_version="1",
                inputs=(),
                parameters={},
            )
            for item in ITEMS
            for condition in CONDITIONS
        )
        manifest = Manifest(
            target_lufs=-28.0,
            sample_rate=44100,
            tools={},
            items=tuple(Item(item=item, facts={"drummer": f"d{item[-1]}"}) for item in ITEMS),
            stimuli=stimuli,
        )
        version = Version(study, manifest)
        with self.database.write() as session:
            session.merge(
                StudyVersion(
                    id=version.id,
                    stimuli_id=version.stimuli_id,
                    study=study.canonical_json(),
                    manifest=manifest.to_json(),
                    order_seed=1,
                    created_at=self._tick(),
                )
            )
        return version.id

    def session(
        self, version, *, code=None, simulated=False, preview=False, complete=True, attribute="preference"
    ):
        """Store one participant's session with a rating of every mix."""
        self.count += 1
        code = code or f"P{self.count:02}"
        random = np.random.default_rng(self.count)
        with self.database.write() as session:
            person = session.query(Participant).filter_by(code=code).one_or_none() or Participant(
                code=code, simulated=simulated, preview=preview
            )
            taken = ParticipantSession(
                id=f"s{self.count}",
                participant=person,
                version_id=version,
                secret_sha256=_hash("secret", self.count),
                seed=self.count,
                seat=self.count,
                consent_sha256=_hash("consent"),
                started_at=self._tick(),
                completed_at=self._tick() if complete else None,
            )
            for place, item in enumerate(ITEMS):
                page = Page(
                    id=f"s{self.count}-{item}", position=place, kind="sliders", item=item, session=taken
                )
                for index, condition in enumerate(CONDITIONS):
                    mix = PageStimulus(
                        token=f"t{self.count}-{item}-{condition}",
                        condition=condition,
                        position=index,
                        shown_as="ABC"[index],
                        page=page,
                    )
                    mix.ratings.append(
                        Rating(
                            attribute=attribute,
                            value=float(random.integers(0, 101)),
                            sequence=1,
                            played=True,
                            moved=True,
                            listened_seconds=2.5,
                            rated_at=self._tick(),
                        )
                    )
            session.add(taken)
        return code

    def choices(self, version, trials, *, kind="ab", code=None, purpose="rating", complete=True, **who):
        """Store one participant's session of trials (item, shown first, shown second, x, chosen)."""
        self.count += 1
        with self.database.write() as session:
            taken = ParticipantSession(
                id=f"s{self.count}",
                participant=Participant(code=code or f"P{self.count:02}", **who),
                version_id=version,
                secret_sha256=_hash("secret", self.count),
                seed=self.count,
                seat=self.count,
                consent_sha256=_hash("consent"),
                started_at=self._tick(),
                completed_at=self._tick() if complete else None,
                completion_code=f"DONE{self.count}" if complete else None,
            )
            for place, (item, first, second, x, chosen) in enumerate(trials):
                page = Page(
                    id=f"s{self.count}-{place}",
                    position=place,
                    kind=kind,
                    purpose=purpose,
                    item=item,
                    session=taken,
                )
                for index, condition in enumerate((first, second, *([x] if x else []))):
                    mix = PageStimulus(
                        token=f"t{self.count}-{place}-{index}",
                        condition=condition,
                        role="x" if index == 2 else "rated",
                        position=index,
                        shown_as="ABX"[index],
                        page=page,
                    )
                    if index == 2:
                        continue
                    value = None if chosen is None else 0.5 if chosen == "" else float(condition == chosen)
                    mix.ratings.append(
                        Rating(
                            attribute="preference",
                            value=value,
                            sequence=1,
                            played=True,
                            moved=value is not None,
                            listened_seconds=1.5 + index,
                            rated_at=self._tick(),
                        )
                    )
            session.add(taken)

    def _tick(self):
        self.moment += timedelta(seconds=1)
        return self.moment


@pytest.fixture
def collected(tmp_path, monkeypatch):
    monkeypatch.delenv("MIXEVAL_DATABASE_URL", raising=False)
    study = Collected(tmp_path / "my-study")
    yield study
    study.database.close()


@pytest.fixture
def dev_data():
    """The folder of real ratings that may not be published with the project."""
    folder = os.environ.get("MIXEVAL_DEV_DATA")
    if not folder:
        pytest.skip("MIXEVAL_DEV_DATA names no folder of real ratings")
    return Path(folder)


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
