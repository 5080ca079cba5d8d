import threading

import pytest

from mixeval.models import ExternalId, Participant, ParticipantSession, now
from mixeval_webapp.app import site_of
from mixeval_webapp.seats import take_seat

pytestmark = pytest.mark.both_databases

ADDRESS = "/?PROLIFIC_PID=5f1a&STUDY_ID=study9&SESSION_ID=sub7"
RETURN = "https://app.prolific.com/submissions/complete?cc="


def test_a_participant_of_prolific_arrives_with_ids_and_leaves_with_the_completion_code(
    prolific, listener_on, begin_at, stored
):
    listener = listener_on(prolific)
    assert begin_at(listener, ADDRESS).headers["Location"] == "/test"
    end = listener.finish().text
    assert f'href="{RETURN}COMPLETE1"' in end
    assert ">COMPLETE1<" in end
    database = site_of(prolific).database
    (ids,), (session,) = stored(database, ExternalId), stored(database, ParticipantSession)
    assert (ids.platform, ids.value, ids.study, ids.submission) == ("prolific", "5f1a", "study9", "sub7")
    assert (ids.session_id, session.recruited_by) == (session.id, "prolific")
    # One code only, so that nobody types the wrong one.
    assert session.completion_code not in end


def test_who_does_not_agree_leaves_with_a_code_of_their_own_and_no_trace(
    prolific, listener_on, stored, tallies
):
    listener = listener_on(prolific)
    text = listener.get(ADDRESS).text
    declined = text.partition('href="/declined')[2].partition('"')[0]
    page = listener.get(f"/declined{declined}").text
    assert f'href="{RETURN}NOCONSENT3"' in page
    database = site_of(prolific).database
    assert stored(database, ExternalId) == stored(database, Participant) == []
    assert tallies(database) == {"opened": 1, "declined": 1}
    # Who came by no platform is sent to none.
    assert RETURN not in listener.get("/declined").text


def test_without_a_no_consent_code_they_are_asked_to_return_the_task(recruiting, listener_on):
    app = recruiting('[recruitment]\nplatform = "prolific"\ncompletion_code = "C1"\n')
    listener = listener_on(app)
    declined = listener.get(ADDRESS).text.partition('href="/declined')[2].partition('"')[0]
    assert "return the task there" in listener.get(f"/declined{declined}").text


SCREENING = """
[participants.checks]
left_right = true
drop_failing = true
"""


def test_who_is_screened_out_leaves_with_that_code_and_gives_the_seat_back_at_once(
    recruiting, listener_on, begin_at, stored
):
    app = recruiting(
        f'{SCREENING}[recruitment]\nplatform = "prolific"\ncompletion_code = "COMPLETE1"\nscreened_out_code = "SCREENED2"\n'
    )
    listener = listener_on(app)
    begin_at(listener, ADDRESS)
    page = listener.page()
    wrong = {row["token"]: "left" for row in page["stimuli"]}
    answers = [
        {"subject": token, "name": "answer", "value": value, "sequence": number + 1}
        for number, (token, value) in enumerate(wrong.items())
    ]
    body = {"ratings": [], "answers": answers, "sequence": 90}
    assert listener.send("POST", page["complete_url"], body).status_code == 200
    end = listener.get("/test").text
    assert f'href="{RETURN}SCREENED2"' in end
    assert "COMPLETE1" not in end
    site = site_of(app)
    (session,) = stored(site.database, ParticipantSession)
    assert (session.ended_as, session.completed_at) == ("screened_out", None)
    assert session.ended_at is not None
    with site.database.write() as db:
        assert take_seat(db, site.version, simulated=False, moment=now())[0] == session.seat


def test_the_same_id_in_the_same_browser_goes_on(prolific, listener_on, begin_at, stored):
    listener = listener_on(prolific)
    begin_at(listener, ADDRESS)
    first = listener.page()
    assert listener.get("/?PROLIFIC_PID=5f1a&SESSION_ID=another").headers["Location"] == "/test"
    assert listener.page()["page"] == first["page"]
    assert len(stored(site_of(prolific).database, Participant)) == 1


def test_the_id_alone_opens_nothing_in_another_browser_which_is_asked_for_the_code(
    prolific, listener_on, begin_at
):
    begin_at(listener_on(prolific), ADDRESS)
    stranger = listener_on(prolific)
    page = stranger.get(ADDRESS)
    assert "You have begun before" in page.text
    assert 'name="code"' in page.text
    assert 'action="/start"' not in page.text
    assert stranger.get("/test").headers["Location"] == "/"


def test_with_the_code_the_same_id_goes_on_in_another_browser(prolific, listener_on, begin_at, form_at):
    first, second = listener_on(prolific), listener_on(prolific)
    begin_at(first, ADDRESS)
    page = first.page()
    code = page["resume_url"].rpartition("/")[2]
    second.client.post("/resume", data=form_at(second, ADDRESS) | {"code": code.lower()})
    assert second.page()["page"] == page["page"]
    assert second.get(ADDRESS).headers["Location"] == "/test"


def test_another_id_in_the_same_browser_is_another_participant(prolific, listener_on, begin_at, stored):
    listener = listener_on(prolific)
    begin_at(listener, ADDRESS)
    # On the computer of a lab the next one is not offered the session of the one before.
    assert 'href="/test"' not in listener.get("/?PROLIFIC_PID=other").text
    begin_at(listener, "/?PROLIFIC_PID=other")
    assert len(stored(site_of(prolific).database, ExternalId)) == 2


def test_forty_requests_with_one_id_at_the_same_instant_make_one_session(
    prolific, listener_on, form_at, stored
):
    listeners = [listener_on(prolific) for _ in range(40)]
    forms = [form_at(listener, ADDRESS) for listener in listeners]
    barrier, answers = threading.Barrier(40), []

    def agree(listener, fields):
        barrier.wait()
        answer = listener.client.post("/start", data=fields)
        answers.append((answer.status_code, "You have begun before" in answer.text))

    threads = [threading.Thread(target=agree, args=pair) for pair in zip(listeners, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(200, True)] * 39 + [(303, False)]
    database = site_of(prolific).database
    assert len(stored(database, Participant)) == len(stored(database, ExternalId)) == 1


def test_an_id_in_the_form_that_was_not_in_the_address_is_not_believed(
    prolific, listener_on, form_at, stored
):
    listener = listener_on(prolific)
    fields = form_at(listener, ADDRESS)
    kind, _, signature = fields["arrival"].rpartition(".")
    for forged in (f"{kind[:-1]}.{signature}", fields["arrival"] + "x", ""):
        assert listener.client.post("/start", data=fields | {"arrival": forged}).status_code == 403
    assert stored(site_of(prolific).database, Participant) == []


def test_a_platforms_study_is_closed_to_who_brings_no_id(prolific, listener_on, tallies):
    listener = listener_on(prolific)
    for address in ("/", "/?PROLIFIC_PID=", "/?PROLIFIC_PID={{%PROLIFIC_PID%}}", "/?workerId=A1"):
        assert listener.get(address).status_code == 403
    assert tallies(site_of(prolific).database) == {"not_invited": 4}


def test_a_code_that_is_corrected_holds_for_those_who_are_under_way(recruiting, listener_on, begin_at):
    wrong = recruiting('[recruitment]\nplatform = "prolific"\ncompletion_code = "WRONG"\n')
    listener = listener_on(wrong)
    begin_at(listener, ADDRESS)
    link = listener.page()["resume_url"]
    right = recruiting('[recruitment]\nplatform = "prolific"\ncompletion_code = "RIGHT"\n')
    assert site_of(right).version_id == site_of(wrong).version_id
    again = listener_on(right)
    again.get(link)
    assert f"{RETURN}RIGHT" in again.finish().text


def test_a_worker_who_only_looks_at_a_hit_sees_the_first_page_and_cannot_start(
    recruiting, listener_on, tallies
):
    app = recruiting('[recruitment]\nplatform = "mturk"\n')
    page = listener_on(app).get("/?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=H1")
    assert page.status_code == 200
    assert "Accept the task where you found it" in page.text
    assert 'action="/start"' not in page.text
    assert tallies(site_of(app).database) == {}


def test_a_worker_of_mturk_types_the_code_of_their_own_session(recruiting, listener_on, begin_at, stored):
    app = recruiting('[recruitment]\nplatform = "mturk"\n')
    listener = listener_on(app)
    begin_at(listener, "/?workerId=A1&assignmentId=3X&hitId=H1")
    end = listener.finish().text
    (session,) = stored(site_of(app).database, ParticipantSession)
    assert session.completion_code in end
    assert 'id="leave"' not in end


def test_sona_is_told_whom_to_credit(recruiting, listener_on, begin_at):
    address = "https://s.sona-systems.com/webstudy_credit.aspx?experiment_id=1&credit_token=2"
    app = recruiting(f'[recruitment]\nplatform = "sona"\ncompletion_address = "{address}"\n')
    listener = listener_on(app)
    begin_at(listener, "/?id=81723")
    end = listener.finish().text
    assert f'href="{address.replace("&", "&amp;")}&amp;survey_code=81723"' in end
    assert "s.sona-systems.com" in end


@pytest.mark.parametrize("lines", ["", '[participants]\nredirect = "https://x.example/?c={code}"\n'])
def test_who_came_by_the_open_link_goes_where_redirect_says(recruiting, listener_on, lines, stored):
    app = recruiting(lines)
    listener = listener_on(app)
    listener.start()
    end = listener.finish().text
    (session,) = stored(site_of(app).database, ParticipantSession)
    assert (f"https://x.example/?c={session.completion_code}" in end) is bool(lines)
    assert session.completion_code in end


def test_no_id_of_a_platform_reaches_a_log_a_page_or_an_export(
    prolific, listener_on, begin_at, caplog, study_folder
):
    from mixeval_analysis.export import export_study

    caplog.set_level("DEBUG")
    listener = listener_on(prolific)
    value = "5f1a9c00deadbeef5f1a9c00"
    begin_at(listener, f"/?PROLIFIC_PID={value}&STUDY_ID=s&SESSION_ID=x")
    listener.finish()
    assert value not in caplog.text
    assert value not in "".join(answer.text for answer in listener.received if "flac" not in answer.mimetype)
    export_study(study_folder, study_folder / "export")
    assert value.encode() not in b"".join(path.read_bytes() for path in (study_folder / "export").iterdir())
