"""Answers keep the promises of ratings: each once, the newest wins, and a finished page never changes."""

import pytest

QUESTION = '[participants]\nquestionnaire = ["age"]\n'


@pytest.fixture
def here(visit):
    return visit(QUESTION)


def put(here, page, value, sequence):
    answer = {"subject": "", "name": "age", "value": value, "sequence": sequence}
    return here.listener.send("PUT", page["answers_url"], {"answers": [answer]}).status_code


def test_the_newest_wins_and_a_stale_retry_is_acknowledged_and_ignored(here):
    page = here.page()
    assert [put(here, page, 30, 2), put(here, page, 29, 1), put(here, page, 30, 2)] == [200, 200, 200]
    assert here.answers() == {("", "age"): 30}


def test_two_answers_with_one_number_are_never_both_acknowledged(here):
    page = here.page()
    assert [put(here, page, 30, 2), put(here, page, 31, 2)] == [200, 409]
    assert here.answers() == {("", "age"): 30}


def test_a_finished_page_lets_an_outbox_drain_and_takes_nothing_new(here):
    page = here.page()
    put(here, page, 30, 2)
    body = {"ratings": [], "answers": [], "sequence": 3}
    done = [here.listener.send("POST", page["complete_url"], body).status_code for _ in range(2)]
    assert done == [200, 200]
    assert [put(here, page, 30, 2), put(here, page, 29, 1), put(here, page, 31, 3)] == [200, 200, 409]
    assert here.answers() == {("", "age"): 30}


def test_completion_carries_answers_that_were_never_sent_before(here):
    page = here.page()
    answer = {"subject": "", "name": "age", "value": 41, "sequence": 1}
    body = {"ratings": [], "answers": [answer], "sequence": 1}
    # The first reply was lost: the browser sends the same again.
    for _ in range(2):
        assert here.listener.send("POST", page["complete_url"], body).status_code == 200
    assert here.answers() == {("", "age"): 41}
