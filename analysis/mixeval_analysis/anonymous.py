"""Ratings that nobody can lead back to anybody: what may stay of a study after its retention date."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from mixeval.errors import ResultError
from mixeval.settings import database_url
from mixeval_analysis.answers import in_utf8
from mixeval_analysis.csv_rows import csv_text
from mixeval_analysis.listeners.decided import EXCLUDED
from mixeval_analysis.sources.collected import Collected, open_collected, read_collected

FOLDER_NAME = "kept"
# No session, page, moment, letter or place: each of them could be matched with something that was kept elsewhere.
_DROPPED = ("session", "page", "rated_at", "shown_as", "position", "shown_first")
_ABOUT = """# Ratings without their participants

Kept when the answers of the study were deleted. Participants have new random names, in random order; which
pseudonym each had is known to nobody. `screened` says whom the researcher had excluded. `mixeval analyze` reads
the files.
"""


def keep_ratings(folder: Path, participants: Collection[str]) -> "KeptRatings | None":
    """Write the ratings of `participants` of the study in `folder` to a draft; None where they gave none.

    The draft has its place by :meth:`KeptRatings.finish`, once the participants are erased. Raises ResultError
    when it cannot be written, and what reading does.
    """
    source = in_utf8(folder.resolve().name)
    with open_collected(database_url(folder), source=source, folder=folder) as session:
        collected = read_collected(session)
    names = {code: f"A{secrets.token_hex(8)}" for code in participants}
    files = {
        f"{name}.csv": csv_text(list(frame.columns), frame.astype(object).itertuples(index=False, name=None))
        for name, rows in (("ratings", collected.ratings), ("trials", collected.trials))
        if len(frame := _anonymous(rows, names, _excluded(collected)))
    }
    if not files:
        return None
    draft = folder / FOLDER_NAME / f".draft-{_digest(participants)}"
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for name, text in {**files, "README.md": _ABOUT}.items():
            with (draft / name).open("w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise ResultError(
            f"{draft} cannot be written ({error.strerror})", remedy="make room on the disk"
        ) from error
    return KeptRatings(draft)


def finish_abandoned(folder: Path, participants: Collection[str]) -> None:
    """Give drafts their place whose participants a purge erased before it was killed; `participants` are still there."""
    for draft in (folder / FOLDER_NAME).glob(".draft-*"):
        if draft.name != f".draft-{_digest(participants)}":
            KeptRatings(draft).finish()


class KeptRatings:
    """A folder of anonymous ratings, whole and on the disk, that is still called a draft."""

    def __init__(self, draft: Path) -> None:
        self._draft = draft

    def finish(self) -> Path:
        """Give the folder its name."""
        place = self._draft.with_name(self._draft.name.removeprefix(".draft-"))
        self._draft.rename(place)
        return place


def _anonymous(rows: pd.DataFrame, names: dict[str, str], excluded: Collection[str]) -> pd.DataFrame:
    rows = rows.loc[rows["participant"].isin(names)]
    screened = rows["participant"].isin(excluded).map({True: EXCLUDED, False: ""})
    rows = rows.assign(participant=rows["participant"].map(names), screened=screened)
    dropped = [name for name in _DROPPED if name in rows.columns]
    # By the new name, since the order of beginning would tell who was the first.
    return rows.drop(columns=dropped).sort_values(["participant", "item"], kind="stable")


def _excluded(collected: Collected) -> set[str]:
    decisions = collected.decisions
    return set(decisions.loc[decisions["kind"] == "exclude", "participant"])


def _digest(participants: Collection[str]) -> str:
    return hashlib.sha256("\n".join(sorted(participants)).encode()).hexdigest()[:12]
