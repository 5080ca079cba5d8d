"""How many came to pages that make no session, by device and day: numbers only, no row is about a person."""

import logging
from typing import Literal

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from mixeval.database import Database, upsert
from mixeval.models import Tally, now

Name = Literal["opened", "declined", "full", "not_invited"]

log = logging.getLogger(__name__)


def count_one(database: Database, name: Name, *, device: str) -> None:
    """Count one more; a database that cannot take it is only logged, since nobody's answer hangs on it."""
    try:
        with database.write() as db:
            insert = upsert(db, Tally).values(day=now().date().isoformat(), name=name, device=device, count=1)
            db.execute(
                insert.on_conflict_do_update(
                    index_elements=["day", "name", "device"], set_={"count": Tally.count + 1}
                )
            )
    except (DBAPIError, PoolTimeoutError) as error:
        log.warning("not counted name=%s error=%s", name, type(error).__name__)
