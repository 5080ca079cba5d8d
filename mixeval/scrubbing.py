"""Bytes of deleted rows: an SQLite file keeps them in free pages and in its log until they are written over."""

import sqlite3
import time
from typing import Any

from sqlalchemy.exc import DBAPIError

from mixeval.database import Database

ATTEMPTS = 10
PAUSE_SECONDS = 0.2


def scrub(database: Database) -> bool:
    """Write an SQLite file anew without what was deleted, and empty its log; tell whether both could be done.

    Readers and writers may go on: writers wait meanwhile. PostgreSQL gives deleted rows' space back by itself, and
    when its bytes are written over it alone decides; there this does nothing.
    """
    if database.engine.dialect.name != "sqlite":
        return True
    try:
        with database.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            # Deleting leaves copies of moved rows behind where pages were split; only this leaves none.
            driver.execute("VACUUM")
            return _empty_log(driver)
    except (DBAPIError, sqlite3.Error):
        # No room for a second copy, or another process holds the lock for longer than we wait.
        return False


def _empty_log(driver: Any) -> bool:
    for _ in range(ATTEMPTS):
        busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return True
        # A reader still looks at the old pages.
        time.sleep(PAUSE_SECONDS)
    return False
