"""The panel: who took part, and how they went about it, session by session and page by page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

SESSIONS = (
    "session",
    "participant",
    "version",
    "started_at",
    "completed_at",
    "minutes",
    "browser",
    "volume_locked",
)
"""Columns of a panel's sessions, before one for each question."""
PAGES = (
    "session",
    "participant",
    "page",
    "page_type",
    "position",
    "item",
    "seconds",
    "audio_seconds",
    "plays",
    "switches",
    "volume_changes",
    "lowest_db",
    "last_db",
    "refused",
)
"""Columns of its rating pages."""
MIXES = ("session", "participant", "page", "item", "condition", "plays", "first")
"""Columns of the mixes of those pages."""
LOWEST_DB = -40.0
"""The lower end of the volume control."""


@dataclass(frozen=True, eq=False)
class Panel:
    """What is known of sessions beside their ratings.

    `sessions` has the columns SESSIONS and one for each question that was asked at the start or the end, None where it
    was not answered. `pages` has the columns PAGES, a row for each page whose ratings enter tables: `seconds` is the
    time for which it was open, `audio_seconds` the length of its longest mix, `lowest_db` and `last_db` the volume
    there, `refused` how often Next was pressed too early. `mixes` has the columns MIXES, a row for each rated mix of
    those pages: `plays` is how often it was started or switched to, `first` whether it was the first that was heard.
    What no event tells is NaN. `questions` maps each question to its type (see mixeval.questions), in the order asked.
    """

    sessions: pd.DataFrame
    pages: pd.DataFrame
    mixes: pd.DataFrame
    questions: Mapping[str, str] = field(default_factory=dict)

    def of(self, sessions: Iterable[object]) -> "Panel":
        """Return what is known of some of the sessions."""
        wanted = set(sessions)
        return replace(
            self,
            sessions=_within(self.sessions, wanted),
            pages=_within(self.pages, wanted),
            mixes=_within(self.mixes, wanted),
        )


def _within(frame: pd.DataFrame, wanted: set[object]) -> pd.DataFrame:
    return frame.loc[frame["session"].isin(wanted)].reset_index(drop=True)
