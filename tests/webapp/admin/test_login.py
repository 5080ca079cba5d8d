"""Who gets in: nobody without the password, nobody by a header, and nobody with yesterday's cookie."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from mixeval.admin_password import hash_password, keep_password_hash
from mixeval.models import AdminSession, Participant, now
from mixeval_webapp.admin.login import own_address
from mixeval_webapp.app import site_of
from mixeval_webapp.limits import LOGIN_LIMIT

PAGES = ["", "/participants", "/results", "/stimuli", "/study", "/export", "/participants/P1"]
FILES = ["/stimuli/0/reference_dry.flac", "/results/figures/0/violin.svg", "/export/everything.zip"]
CHANGES = [
    "/logout",
    "/participants/P1/decisions",
    "/participants/P1/decisions/1/withdraw",
    "/participants/P1/erase",
]


def test_without_a_password_there_is_no_admin_at_all(open_app, study_folder):
    client = open_app(study_folder).test_client()
    for path in PAGES + FILES + CHANGES:
        method = client.post if path in CHANGES else client.get
        assert method(f"/admin{path}").status_code == 404, path


def test_a_stranger_is_sent_to_the_login_from_every_page(stranger):
    for path in PAGES + FILES:
        answer = stranger.get(f"/admin{path}")
        assert answer.status_code == 303, path
        assert answer.location.startswith("/admin/login")


def test_a_stranger_changes_nothing_with_or_without_a_token(stranger):
    for path in CHANGES:
        for token in (stranger.token(), "stale"):
            answer = stranger.client.post(f"/admin{path}", data={"csrf_token": token})
            assert (answer.status_code, answer.location) == (303, "/admin/login"), path


def test_the_password_opens_every_page(researcher, listener):
    listener.start()
    for path in PAGES[:-1]:
        assert researcher.get(f"/admin{path}").status_code == 200, path


def test_another_password_does_not(stranger):
    answer = stranger.log_in("correct horse batterx")
    assert answer.status_code == 401
    assert stranger.get("/admin").status_code == 303


def test_a_login_cookie_is_for_these_pages_only_and_no_script_reads_it(stranger):
    answer = stranger.log_in()
    cookie = next(text for text in answer.headers.getlist("Set-Cookie") if text.startswith("mixeval_admin"))
    assert {"HttpOnly", "Path=/admin", "SameSite=Strict"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_secure(stranger):
    token = re.search(r'csrf_token" value="([^"]+)"', stranger.text("https://localhost/admin/login")).group(1)
    answer = stranger.client.post(
        "https://localhost/admin/login", data={"csrf_token": token, "password": "correct horse battery"}
    )
    cookie = answer.headers.getlist("Set-Cookie")[0]
    assert "Secure" in cookie.split("; ")


@pytest.mark.both_databases
def test_each_login_has_a_secret_of_its_own_and_only_its_hash_is_stored(stranger, app, database):
    secrets = []
    for browser in (stranger, type(stranger)(app.test_client())):
        browser.log_in()
        secrets.append(browser.client.get_cookie(f"mixeval_admin_{site_of(app).label}", path="/admin").value)
    assert secrets[0] != secrets[1]
    with database.read() as db:
        stored = db.scalars(select(AdminSession.secret_sha256)).all()
    assert len(stored) == 2
    assert not set(secrets) & set(stored)


def test_a_secret_that_was_planted_before_the_login_opens_nothing_after_it(stranger, app):
    stranger.client.set_cookie(f"mixeval_admin_{site_of(app).label}", "planted", path="/admin")
    stranger.log_in()
    other = app.test_client()
    other.set_cookie(f"mixeval_admin_{site_of(app).label}", "planted", path="/admin")
    assert stranger.get("/admin").status_code == 200
    assert other.get("/admin").status_code == 303


def test_a_logout_ends_the_session_for_copies_of_its_cookie_too(researcher, app):
    copy = app.test_client()
    cookie = researcher.client.get_cookie(f"mixeval_admin_{site_of(app).label}", path="/admin")
    copy.set_cookie(cookie.key, cookie.value, path="/admin")
    assert copy.get("/admin").status_code == 200
    assert researcher.post("/admin/logout").status_code == 303
    assert copy.get("/admin").status_code == 303


def test_a_session_ends_after_twelve_hours(researcher, database):
    with database.write() as db:
        session = db.scalars(select(AdminSession)).one()
        assert session.expires_at - session.created_at == timedelta(hours=12)
        db.execute(update(AdminSession).values(expires_at=now()))
    assert researcher.get("/admin").status_code == 303


def test_a_new_password_counts_at_once_and_ends_open_sessions(open_app, study_folder, stranger):
    keep_password_hash(study_folder, hash_password("correct horse battery"))
    opened = type(stranger)(open_app(study_folder).test_client())
    opened.log_in()
    assert opened.get("/admin").status_code == 200
    keep_password_hash(study_folder, hash_password("another horse battery"))
    assert opened.get("/admin").status_code == 303
    assert opened.log_in().status_code == 401
    assert opened.log_in("another horse battery").status_code == 303


@pytest.mark.usefixtures("same_window")
def test_passwords_cannot_be_tried_at_will(stranger):
    for _ in range(LOGIN_LIMIT.failures):
        assert stranger.log_in("some wrong password").status_code == 401
    answer = stranger.log_in()
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.usefixtures("same_window")
def test_forged_proxy_headers_open_nothing_and_escape_no_limit(stranger):
    """Fault 53: without a proxy that is trusted, X-Forwarded-For is only text."""
    for number in range(LOGIN_LIMIT.failures + 3):
        forged = {
            "X-Forwarded-For": f"127.0.0.{number}",
            "X-Real-IP": "127.0.0.1",
            "Forwarded": "for=127.0.0.1",
        }
        assert stranger.get("/admin", headers=forged).status_code == 303
        token = stranger.token()
        answer = stranger.client.post(
            "/admin/login", data={"csrf_token": token, "password": "a wrong password"}, headers=forged
        )
    assert answer.status_code == 429


def test_behind_a_trusted_proxy_the_headers_still_open_nothing(open_app, study_folder, password_hash):
    client = open_app(study_folder, admin_password_hash=password_hash, trusted_proxies=1).test_client()
    for forged in ("127.0.0.1", "::1", "127.0.0.1, 10.0.0.1"):
        assert client.get("/admin", headers={"X-Forwarded-For": forged}).status_code == 303


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/admin/\\@evil",
        "/administrator",
        "javascript:alert(1)",
        "/admin/login",
        "/admin\r\nX: 1",
    ],
)
def test_a_login_leads_to_our_own_pages_only(back):
    assert own_address(back) == ""


def test_a_login_leads_back_to_where_it_was_asked_for(stranger):
    found = stranger.get("/admin/participants?state=complete").location
    page = stranger.get(found).get_data(as_text=True)
    back = re.search(r'name="back" value="([^"]*)"', page).group(1)
    assert stranger.log_in(back=back).location == "/admin/participants?state=complete"


def test_a_form_with_a_stale_token_is_400_and_keeps_what_was_written(researcher, listener, database):
    """Fault 23."""
    listener.start()
    with database.read() as db:
        code = db.scalars(select(Participant.code)).one()
    page = researcher.text(f"/admin/participants/{code}")
    session = re.search(r'name="session" value="([^"]+)"', page).group(1)
    written = {"session": session, "kind": "exclude", "reason": 'Rated <i>all</i> the same, "twice"'}
    answer = researcher.client.post(
        f"/admin/participants/{code}/decisions", data={"csrf_token": "stale", **written}
    )
    assert answer.status_code == 400
    text = answer.get_data(as_text=True)
    assert "Rated &lt;i&gt;all&lt;/i&gt; the same, &#34;twice&#34;</textarea>" in text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', text))
    assert fields["kind"] == "exclude"
    # Sent again, as the page offers, it is recorded.
    again = researcher.client.post(
        re.search(r'action="(/admin/participants[^"]+)"', text).group(1),
        data=fields | {"reason": written["reason"]},
    )
    assert again.status_code == 303
    assert "Rated &lt;i&gt;all&lt;/i&gt;" in researcher.text(f"/admin/participants/{code}")


def test_a_stale_login_is_asked_for_again_and_its_password_is_not_sent_back(stranger):
    answer = stranger.client.post(
        "/admin/login", data={"csrf_token": "stale", "password": "correct horse battery"}
    )
    assert answer.status_code == 400
    assert "correct horse" not in answer.get_data(as_text=True)


def test_nothing_changes_by_a_link(researcher):
    for path in CHANGES:
        assert researcher.get(f"/admin{path}").status_code == 405


def test_no_secret_is_logged(stranger, caplog):
    with caplog.at_level("DEBUG"):
        stranger.log_in("a wrong password!")
        cookie = stranger.log_in().headers["Set-Cookie"].split("=")[1].split(";")[0]
        stranger.get("/admin")
    assert "correct horse" not in caplog.text
    assert "a wrong password!" not in caplog.text
    assert cookie not in caplog.text
