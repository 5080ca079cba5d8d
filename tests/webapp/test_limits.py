import threading

import pytest
from sqlalchemy import select

from mixeval.models import Attempt, now
from mixeval_webapp import limits
from mixeval_webapp.limits import Limit, TooManyAttemptsError, check_attempts, count_attempt, keyed_origin

LIMIT = Limit(failures=3, window_seconds=600)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Stand the clock at the start of a window, and move it by hand."""

    class Clock:
        seconds = 1_800_000_000.0

        def __call__(self):
            return now().fromtimestamp(self.seconds, now().tzinfo)

    clock = Clock()
    monkeypatch.setattr(limits, "now", clock)
    return clock


def fail(database, times=1, *, kind="invite", origin="a" * 64):
    for _ in range(times):
        count_attempt(database, kind=kind, origin=origin, limit=LIMIT)


def rows(database):
    with database.read() as db:
        return list(db.scalars(select(Attempt)))


def test_a_place_has_so_many_failures_and_is_then_told_for_how_long_to_wait(database, clock):
    clock.seconds += 100
    fail(database, 3)
    with pytest.raises(TooManyAttemptsError) as refused:
        fail(database)
    assert refused.value.retry_after_seconds == 500


def test_one_more_failure_counts_for_its_own_place_and_kind_alone(database):
    fail(database, 3)
    fail(database, 3, kind="resume")
    fail(database, 3, origin="b" * 64)
    for kind, origin in (("invite", "a" * 64), ("resume", "a" * 64), ("invite", "b" * 64)):
        with pytest.raises(TooManyAttemptsError):
            check_attempts(database, kind=kind, origin=origin, limit=LIMIT)
    check_attempts(database, kind="resume", origin="b" * 64, limit=LIMIT)


def test_looking_counts_nothing(database):
    for _ in range(10):
        check_attempts(database, kind="login", origin="a" * 64, limit=LIMIT)
    assert rows(database) == []


def test_who_goes_on_after_the_limit_writes_nothing(database):
    fail(database, 3)
    for _ in range(5):
        with pytest.raises(TooManyAttemptsError):
            fail(database)
    assert [row.count for row in rows(database)] == [3]


def test_the_next_window_begins_at_nothing_and_takes_the_old_ones_away(database, clock):
    fail(database, 3)
    fail(database, 2, origin="b" * 64)
    clock.seconds += LIMIT.window_seconds
    fail(database)
    assert [(row.origin, row.count) for row in rows(database)] == [("a" * 64, 1)]


def test_failures_at_the_same_instant_are_all_counted(database):
    wide = Limit(failures=1000, window_seconds=600)
    threads = [
        threading.Thread(
            target=count_attempt,
            args=(database,),
            kwargs={"kind": "login", "origin": "a" * 64, "limit": wide},
        )
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(row.count for row in rows(database)) == 20


def test_what_is_kept_of_an_address_needs_the_key_and_the_day_to_be_found_again():
    of = keyed_origin("k" * 64, "192.0.2.1", day="2026-11-23")
    assert "192.0.2.1" not in of
    assert of == keyed_origin("k" * 64, "192.0.2.1", day="2026-11-23")
    others = {
        keyed_origin("k" * 64, "192.0.2.1", day="2026-11-24"),
        keyed_origin("l" * 64, "192.0.2.1", day="2026-11-23"),
        keyed_origin("k" * 64, "192.0.2.2", day="2026-11-23"),
    }
    assert len({of, *others}) == 4


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
        ("localhost", "127.0.0.1", False),
    ],
)
def test_one_network_of_ipv6_is_one_place(one, other, same):
    places = {keyed_origin("k" * 64, address, day="2026-11-23") for address in (one, other)}
    assert (len(places) == 1) is same


def test_only_a_proxy_that_is_trusted_says_where_a_request_comes_from(open_app, study_folder):
    forwarded = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}

    def origins(app):
        found = set()
        app.before_request(lambda: found.add(limits.origin_of_request()))
        for headers in ({}, forwarded, {"X-Forwarded-For": "203.0.113.9"}):
            app.test_client().get("/", headers=headers)
        return found

    assert len(origins(open_app(study_folder))) == 1
    # The proxy itself wrote the last address; what stands before it anybody may have written.
    assert len(origins(open_app(study_folder, trusted_proxies=1))) == 2
