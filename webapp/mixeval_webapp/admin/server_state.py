"""What the header says of the server: where answers are kept, and how much room is left for them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from mixeval_webapp.admin.desk import desk

GIGABYTE = 1e9
SHORT_SHARE = 0.05
"""Of the disk; with less the server refuses to begin anything."""


@dataclass(frozen=True)
class ServerState:
    database: str
    free_gb: float | None
    """On the disk that the study stands on; None where it cannot be told."""
    is_short: bool

    @property
    def room(self) -> str:
        if self.free_gb is None:
            return "disk unknown"
        return f"{self.free_gb:.0f} GB free" if self.free_gb >= 10 else f"{self.free_gb:.1f} GB free"


def server_state() -> ServerState:
    url = make_url(desk().settings.database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    place = Path(url.database).parent if is_sqlite and url.database else desk().folder
    try:
        usage = shutil.disk_usage(place)
    except OSError:
        return ServerState(_name(is_sqlite=is_sqlite), None, is_short=False)
    return ServerState(
        _name(is_sqlite=is_sqlite),
        usage.free / GIGABYTE,
        is_short=usage.free < SHORT_SHARE * usage.total,
    )


def _name(*, is_sqlite: bool) -> str:
    return "SQLite" if is_sqlite else "PostgreSQL"
