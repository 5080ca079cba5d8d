import pytest
from sqlalchemy import select

from mixeval.decisions import decide, standing, withdraw
from mixeval.errors import ParticipantError
from mixeval.models import Decision, ParticipantSession

pytestmark = pytest.mark.both_databases


@pytest.fixture
def session_id(database, listener):
    listener.start()
    with database.read() as db:
        return db.scalars(select(ParticipantSession.id)).one()


def test_a_decision_stands_until_it_is_taken_back_and_stays_on_record(database, session_id):
    with database.write() as db:
        made = decide(db, session_id=session_id, kind="exclude", reason="  told us of a hearing loss \r\n")
    with database.read() as db:
        assert [(row.id, row.kind, row.reason) for row in standing(db)] == [
            (made.id, "exclude", "told us of a hearing loss")
        ]
    with database.write() as db:
        first = withdraw(db, made.id).withdrawn_at
    with database.write() as db:
        assert withdraw(db, made.id).withdrawn_at == first
    with database.read() as db:
        assert standing(db) == []
        assert db.scalars(select(Decision)).one().reason == "told us of a hearing loss"


def test_the_same_decision_sent_twice_is_one(database, session_id):
    for _ in range(2):
        with database.write() as db:
            decide(db, session_id=session_id, kind="flag", reason="noise at the door")
    with database.read() as db:
        assert len(standing(db)) == 1


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", "needs its reason"),
        (" \n ", "needs its reason"),
        ("x" * 2001, "2001 characters"),
        ("a\0b", "no text"),
        ("\ud800", "no text"),
        ("red \x1b[31m", "no text"),
    ],
)
def test_a_reason_is_plain_text_of_one_to_two_thousand_characters(database, session_id, reason, words):
    with pytest.raises(ParticipantError, match=words), database.write() as db:
        decide(db, session_id=session_id, kind="exclude", reason=reason)
    with database.read() as db:
        assert standing(db) == []


def test_two_thousand_characters_of_any_script_are_a_reason(database, session_id):
    with database.write() as db:
        assert len(decide(db, session_id=session_id, kind="flag", reason="음" * 2000).reason) == 2000


def test_a_session_kind_or_decision_that_is_not_there_is_told(database, session_id):
    with pytest.raises(ParticipantError, match="no such session"), database.write() as db:
        decide(db, session_id="nobody", kind="flag", reason="x")
    with pytest.raises(ParticipantError, match='"delete" is no decision'), database.write() as db:
        decide(db, session_id=session_id, kind="delete", reason="x")
    with pytest.raises(ParticipantError, match="no such decision"), database.write() as db:
        withdraw(db, 4711)
