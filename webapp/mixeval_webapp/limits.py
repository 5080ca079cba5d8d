"""How often one place tries what may be guessed, of which only failures count, or begins: the table `attempts`.

In a fixed window of time a place has so many failures; then it is told to wait until the window ends. A place is
a keyed hash of address and day, so no address is kept and nobody is followed from one day to the next. The counts
are in the database, so several servers of one study count together.
"""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from flask import current_app, request
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mixeval.database import Database, upsert
from mixeval.models import Attempt, now
from mixeval_webapp.problems import RefusalError

IPV6_NETWORK_BITS = 64
"""What one customer is given; whoever has one address there has all of them."""


@dataclass(frozen=True)
class Limit:
    """So many failures within each window of so many seconds."""

    failures: int
    window_seconds: int


LOGIN_LIMIT = Limit(failures=10, window_seconds=15 * 60)
INVITE_LIMIT = Limit(failures=30, window_seconds=10 * 60)
RESUME_LIMIT = Limit(failures=30, window_seconds=10 * 60)
"""Generous, since a class behind one address makes its typing mistakes together, and 99 bits do the guarding."""


class TooManyAttemptsError(RefusalError):
    """Too many failures from one place; it may try again in `retry_after_seconds`."""

    status, reason = HTTPStatus.TOO_MANY_REQUESTS, "too_many_attempts"
    said = "error.too_many"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            "too many attempts from this place have failed", remedy=f"wait {retry_after_seconds} seconds"
        )
        self._retry_after_seconds = retry_after_seconds

    @property
    def retry_after_seconds(self) -> int | None:
        return self._retry_after_seconds


def count_attempt(database: Database, *, kind: str, origin: str, limit: Limit) -> None:
    """Count a failed attempt of `kind` (`login`, `invite`, `resume`) from `origin`.

    Call it outside of any transaction: the count has to stay when all else is rolled back.

    Raises TooManyAttemptsError when the window's failures had been used up before this one. From then on nothing
    is written, so that who floods a server does not keep its disk busy.
    """
    check_attempts(database, kind=kind, origin=origin, limit=limit)
    with database.write() as db:
        count = count_in_window(db, kind=kind, origin=origin, window_seconds=limit.window_seconds)
    if count > limit.failures:
        raise _too_many(now(), limit)


def count_in_window(db: Session, *, kind: str, origin: str, window_seconds: int) -> int:
    """Count one more of `kind` from `origin`, and return how many that makes within the present window."""
    since = _window(now(), window_seconds)
    insert = upsert(db, Attempt).values(kind=kind, origin=origin, since=since, count=1)
    count = db.scalar(
        insert.on_conflict_do_update(
            index_elements=["kind", "origin", "since"], set_={"count": Attempt.count + 1}
        ).returning(Attempt.count)
    )
    if count == 1:
        db.execute(delete(Attempt).where(Attempt.kind == kind, Attempt.since < since))
    return count or 0


def check_attempts(database: Database, *, kind: str, origin: str, limit: Limit) -> None:
    """Refuse an attempt before it is made, and count nothing.

    For what a guess could hit, such as a password. Long random codes need only :func:`count_attempt` after a
    failure: then a valid one goes through wherever it comes from.

    Raises TooManyAttemptsError when the present window's failures are used up.
    """
    moment = now()
    with database.read() as db:
        count = db.scalar(
            select(Attempt.count).where(
                Attempt.kind == kind,
                Attempt.origin == origin,
                Attempt.since == _window(moment, limit.window_seconds),
            )
        )
    if (count or 0) >= limit.failures:
        raise _too_many(moment, limit)


def origin_of_request(*more: str) -> str:
    """Return where the present request comes from, as a keyed hash of its address, of today's date (UTC) and of `more`.

    Only ProxyFix, which MIXEVAL_TRUSTED_PROXIES turns on, lets a header change the address.
    """
    address, day = request.remote_addr or "", now().date().isoformat()
    return keyed_origin(str(current_app.secret_key), address, *more, day=day)


def keyed_origin(secret_key: str, address: str, *more: str, day: str) -> str:
    """Hash `address`, of IPv6 its network, so that only who has `secret_key` could tell which one it was."""
    text = "\x1f".join(["origin", _network(address), day, *more])
    # What a browser says of itself may hold anything.
    return hmac.new(secret_key.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket has none
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), IPV6_NETWORK_BITS), strict=False))


def _window(moment: datetime, window_seconds: int) -> datetime:
    """Return when the window that holds `moment` began."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % window_seconds, UTC)


def _too_many(moment: datetime, limit: Limit) -> TooManyAttemptsError:
    passed = (moment - _window(moment, limit.window_seconds)).total_seconds()
    return TooManyAttemptsError(max(1, round(limit.window_seconds - passed)))
