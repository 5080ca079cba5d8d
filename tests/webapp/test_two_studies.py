"""Two studies on one host: browsers send the cookies of a host to every port and path of it."""

import re

import pytest

from mixeval_webapp.app import site_of
from mixeval_webapp.url_prefix import UnderPrefix


@pytest.fixture
def second_folder(tmp_path, write_study):
    return write_study(tmp_path / "second")


def in_one_browser(listener, app):
    """Go on in the same browser at another study of the same host."""
    cookies = {cookie.key: cookie.value for cookie in listener.client._cookies.values()}
    listener.client = app.test_client()
    for name, value in cookies.items():
        listener.client.set_cookie(name, value)


def test_two_studies_on_two_ports_do_not_disturb_each_other(
    open_app, study_folder, second_folder, listener_on
):
    first, second = open_app(study_folder), open_app(second_folder)
    listener = listener_on(first)
    listener.start()
    page = listener.page()
    in_one_browser(listener, second)
    assert listener.get("/test").headers["Location"] == "/"
    listener.start()
    other = listener.page()
    assert other["page"] != page["page"]
    in_one_browser(listener, first)
    assert listener.page()["page"] == page["page"]
    assert listener.put(page, [listener.rating(page)]).status_code == 200
    in_one_browser(listener, second)
    assert listener.put(other, [listener.rating(other)]).status_code == 200


def test_a_form_that_is_open_while_another_study_is_visited_can_still_be_sent(
    open_app, study_folder, second_folder, listener_on
):
    first, second = open_app(study_folder), open_app(second_folder)
    listener = listener_on(first)
    fields = listener.form()
    in_one_browser(listener, second)
    listener.start()
    in_one_browser(listener, first)
    assert listener.client.post("/start", data=fields).status_code == 303


def test_below_a_prefix_every_address_and_cookie_stays_below_it(open_app, study_folder, listener_on):
    app = open_app(study_folder, url_prefix="/drums")
    listener = listener_on(app)
    first = listener.get("/drums/")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', first.text))
    answer = listener.client.post("/drums/start", data=fields)
    assert answer.headers["Location"] == "/drums/test"
    cookies = first.headers.getlist("Set-Cookie") + answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    assert all("Path=/drums" in cookie for cookie in cookies)
    text = listener.get("/drums/test").text
    local = re.findall(r'(?:href|src|action)="(/[^"]*)"', text) + re.findall(r'_url":\s*"(/[^"]*)"', text)
    assert len(local) > 5
    assert all(address.startswith("/drums/") for address in local)
    (audio,) = re.findall(r'"url":"(/drums/audio/[^"]+)"', text)[:1]
    assert listener.get(audio).status_code == 200


@pytest.mark.parametrize("path", ["/", "/test", "/drumsticks/", "/static/", "/api/events"])
def test_beside_the_prefix_there_is_nothing(open_app, study_folder, path):
    client = open_app(study_folder, url_prefix="/drums").test_client()
    assert client.get("/drums").status_code == 200
    assert client.get(path).status_code == 404


def test_whoever_watches_the_process_needs_no_prefix(open_app, study_folder):
    client = open_app(study_folder, url_prefix="/drums").test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/drums/healthz").status_code == 200


def test_a_session_from_before_cookies_were_named_after_the_study_goes_on(listener):
    listener.start()
    page = listener.page()
    secret = listener.secret
    listener.forget()
    assert listener.page() is None
    listener.client.set_cookie("mixeval_session", secret)
    assert listener.page()["page"] == page["page"]


def test_the_name_of_the_cookie_outlives_new_versions_and_moves_of_the_folder(
    open_app, study_folder, write_study, tmp_path
):
    before = site_of(open_app(study_folder)).label
    write_study(study_folder, seed=2)
    assert site_of(open_app(study_folder)).label == before
    moved = study_folder.rename(tmp_path / "moved")
    assert site_of(open_app(moved)).label == before


def test_an_application_under_a_prefix_knows_what_a_proxy_put_before_it():
    seen = {}
    UnderPrefix(lambda environ, _start: seen.update(environ) or [], "/drums")(
        {"SCRIPT_NAME": "/lab", "PATH_INFO": "/drums/test"}, None
    )
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/lab/drums", "/test")
