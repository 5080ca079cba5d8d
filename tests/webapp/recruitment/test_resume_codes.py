import re
from datetime import timedelta

import pytest

from mixeval.models import Attempt, Page, ParticipantSession, now
from mixeval_webapp.app import site_of
from mixeval_webapp.limits import RESUME_LIMIT
from mixeval_webapp.participants import _sha256, enrol
from mixeval_webapp.resume_codes import CODE_ALPHABET, as_typed, derive_code, in_groups

pytestmark = pytest.mark.both_databases


@pytest.fixture
def resume(form_at):
    """Type a code into the form of /resume."""
    return lambda listener, code: listener.client.post(
        "/resume", data=form_at(listener, "/resume") | {"code": code}
    )


def code_of(listener):
    return listener.page()["resume_url"].rpartition("/")[2]


def test_a_code_has_99_bits_and_every_character_at_every_place():
    codes = [derive_code("k" * 64, "form", str(number)) for number in range(2000)]
    assert len(set(codes)) == 2000
    assert 31**20 > 2**99
    for place in range(20):
        assert {code[place] for code in codes} == set(CODE_ALPHABET)


def test_without_the_servers_key_no_form_gives_the_same_code():
    assert derive_code("k" * 64, "form", "1") != derive_code("l" * 64, "form", "1")


@pytest.mark.parametrize(
    "typed",
    [
        "ABCDEFGHJKMNPQRS2345",
        "abcd-efgh-jkmn-pqrs-2345",
        " ABCD EFGH\tJKMN\nPQRS 2345 ",
        "ABCD\N{EN DASH}EFGH\N{EM DASH}JKMN\N{NON-BREAKING HYPHEN}PQRS\N{SOFT HYPHEN}2345",
        # As an input method for Japanese writes it.
        "".join(chr(ord(letter) + 0xFEE0) for letter in "abcdefghjkmnpqrs2345"),
    ],
)
def test_a_code_may_be_typed_in_any_case_with_spaces_and_dashes(typed):
    assert as_typed(typed) == "ABCDEFGHJKMNPQRS2345"
    assert in_groups("ABCDEFGHJKMNPQRS2345") == "ABCD-EFGH-JKMN-PQRS-2345"


@pytest.mark.parametrize(
    "typed", ["", "ABCD", "ABCDEFGHJKMNPQRS234O", "x" * 100_000, "ABCDEFGHJKMNPQRS23456"]
)
def test_what_is_no_code_is_none(typed):
    assert as_typed(typed) is None


def test_cookie_link_and_typed_code_are_one_secret(new_listener, resume):
    listener = new_listener()
    listener.start()
    page, secret = listener.page(), code_of(listener)
    for clothes in (secret, secret.lower(), in_groups(secret), page["resume_url"]):
        another = new_listener()
        assert resume(another, clothes).headers["Location"] == "/test"
        assert another.page()["page"] == page["page"]
        assert code_of(another) == secret
    another = new_listener()
    another.get(f"/resume/{in_groups(secret).lower()}")
    assert another.page()["page"] == page["page"]


@pytest.mark.parametrize("secret", ["mwUq4hQbVt5Xk0_a-ZpLgA", "ABCD-EFGHJKMNPQRS-2345"])
def test_the_secrets_of_older_sessions_go_on_working(app, new_listener, resume, secret):
    site = site_of(app)
    visitor = enrol(site.database, site.version, secret=secret, browser="", simulated=False)
    for way in (
        lambda listener: listener.get(f"/resume/{secret}"),
        lambda listener: resume(listener, secret),
    ):
        listener = new_listener()
        way(listener)
        page = listener.page()
        with site.database.read() as db:
            assert db.get_one(Page, page["page"]).session_id == visitor.session_id
        # It cannot be typed, so nobody is asked to.
        assert "resume-code" not in listener.get("/test").text


@pytest.mark.usefixtures("same_window")
def test_every_failure_is_answered_alike_and_after_so_many_with_429(app, new_listener, resume):
    listener = new_listener()
    wrong = ["", "AAAA-AAAA-AAAA-AAAA-AAAA", "nonsense", "\0", "%2e%2e/", "😀" * 20, "x" * 10_000]
    answers = [resume(listener, code) for code in wrong]
    assert {answer.status_code for answer in answers} == {422}
    pages = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(pages) == 1
    rest = [listener.get(f"/resume/guess{number}") for number in range(60 - len(wrong))]
    told = RESUME_LIMIT.failures - len(wrong)
    assert {answer.status_code for answer in rest[:told]} == {404}
    assert {answer.status_code for answer in rest[told:]} == {429}
    assert "Retry-After" in rest[-1].headers
    with site_of(app).database.read() as db:
        (row,) = db.query(Attempt)
    assert (row.kind, row.count) == ("resume", RESUME_LIMIT.failures)


@pytest.mark.usefixtures("same_window")
def test_a_right_code_opens_its_session_also_where_others_have_failed(new_listener, resume):
    listener = new_listener()
    listener.start()
    code, stranger = code_of(listener), new_listener()
    for number in range(RESUME_LIMIT.failures + 5):
        stranger.get(f"/resume/guess{number}")
    assert resume(new_listener(), code).headers["Location"] == "/test"


def test_a_code_without_the_forms_token_opens_nothing(listener, new_listener):
    listener.start()
    answer = new_listener().client.post("/resume", data={"code": code_of(listener)})
    assert answer.status_code == 400


def test_after_the_secret_key_is_rotated_a_session_resumes_by_its_code(
    open_app, study_folder, listener_on, resume
):
    before = listener_on(open_app(study_folder))
    before.start()
    page = before.page()
    before.put(page, [before.rating(page, 1, value=77)])
    code = in_groups(code_of(before))
    rotated = open_app(study_folder, secret_key="another" * 10)
    after = listener_on(rotated)
    assert resume(after, code).headers["Location"] == "/test"
    again = after.page()
    assert again["page"] == page["page"]
    assert [row["token"] for row in again["stimuli"]] == [row["token"] for row in page["stimuli"]]
    assert again["stimuli"][1]["answers"][0]["value"] == 77


BREAKS = "break_after_pages = 1\n"


def test_a_study_of_several_sittings_goes_on_days_later_on_another_device(
    open_app, study_folder, listener_on, resume
):
    path = study_folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + BREAKS, encoding="utf-8")
    app = open_app(study_folder)
    whole = listener_on(app)
    whole.start()
    first = whole.page()
    whole.complete(first, whole.ratings(first))
    rest = whole.page()
    assert rest["type"] == "break"
    # Told on the page itself, where it can be written down.
    shown = whole.get("/test").text
    code = re.search(r"([2-9A-Z]{4}-){4}[2-9A-Z]{4}", shown)[0]
    assert "http://localhost/resume" in shown
    database = site_of(app).database
    with database.write() as db:
        (session,) = db.query(ParticipantSession)
        session.active_at = session.started_at = now() - timedelta(days=9)
        session_id = session.id
        planned = [
            (page.position, page.item, [sound.token for sound in page.stimuli]) for page in session.pages
        ]
    # The server is another one by then, too.
    later = listener_on(open_app(study_folder))
    resume(later, code)
    assert later.page()["page"] == rest["page"]
    later.complete(rest, [])
    second = later.page()
    assert [sound["token"] for sound in second["stimuli"]] == planned[-1][2]
    later.complete(second, later.ratings(second))
    with database.read() as db:
        session = db.get_one(ParticipantSession, session_id)
        assert session.completed_at is not None
        assert [
            (page.position, page.item, [sound.token for sound in page.stimuli]) for page in session.pages
        ] == planned


def test_no_code_and_no_secret_is_stored_or_logged(listener, app, caplog, resume):
    caplog.set_level("DEBUG")
    listener.start()
    code = code_of(listener)
    resume(listener, code)
    listener.get(f"/resume/{code}")
    assert code not in caplog.text
    with site_of(app).database.read() as db:
        (session,) = db.query(ParticipantSession)
    assert session.secret_sha256 == _sha256(code)
