"""Debian's nginx in front of gunicorn, both as shipped. Judge: the same requests at the application itself."""

import http.client
import json
import re
import socket
import ssl
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

from mixeval_webapp.limits import RESUME_LIMIT
from mixeval_webapp.simulate.browser import Browser, read_page

pytestmark = pytest.mark.slow


class Listener:
    """One session over real HTTP, with every header in sight."""

    def __init__(self, url):
        self.browser = Browser(url)
        form = read_page(self.browser.get("/"))
        self.browser.submit(form.action, form.fields)
        self.page = read_page(self.browser.get("/test")).data
        self.audio = [stimulus["url"] for stimulus in self.page["stimuli"]]

    @property
    def cookie(self):
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.browser._cookies)

    def save(self, sequence=1):
        ratings = [
            {
                "stimulus": stimulus["token"],
                "attribute": "preference",
                "value": 50,
                "moved": True,
                "played": True,
                "listened_seconds": 1.0,
                "sequence": sequence,
            }
            for stimulus in self.page["stimuli"]
        ]
        return self.browser.send("PUT", self.page["ratings_url"], {"ratings": ratings})["saved"]


def ask(port, path, *, method="GET", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): v for name, v in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.fixture
def listen():
    opened = []

    def listen_at(url):
        opened.append(Listener(url))
        return opened[-1]

    yield listen_at
    for listener in opened:
        listener.browser.close()


def test_the_bytes_are_the_applications_and_what_stands_beside_them_tells_no_mix_from_another(
    behind_nginx, listen, study_folder, open_app
):
    proxy = behind_nginx()
    listener = listen(proxy.url)
    direct = open_app(study_folder).test_client()
    direct.get(urllib.parse.urlsplit(listener.page["resume_url"]).path)
    beside = set()
    for address in listener.audio:
        status, headers, body = ask(proxy.port, address, Cookie=listener.cookie)
        expected = direct.get(address)
        assert (status, body) == (200, expected.data)
        for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "X-Content-Type-Options"):
            assert headers.get_all(name) == expected.headers.getlist(name), name
        assert headers.get_all("Accept-Ranges") == ["bytes"]
        assert "Last-Modified" not in headers
        assert "X-Accel-Redirect" not in headers
        beside.add(
            tuple(sorted((n, v) for n, v in headers.items() if n not in {"ETag", "Date", "X-Request-ID"}))
        )
    assert len(beside) == 1
    # They did come from the folder, whose names and dates say nothing.
    files = list(proxy.audio.iterdir())
    assert len(files) == len(listener.audio)
    assert all(re.fullmatch(r"[0-9a-f]{32}\.flac", file.name) for file in files)
    assert {(file.stat().st_size, file.stat().st_mtime) for file in files} == {(len(body), 0)}


@pytest.mark.parametrize("handed_over", [True, False], ids=["nginx sends", "mixeval sends"])
def test_ranges_and_copies_that_are_still_good_are_answered_as_rfc_9110_says(
    behind_nginx, listen, handed_over
):
    proxy = behind_nginx(**({} if handed_over else {"MIXEVAL_ACCEL_PREFIX": ""}))
    listener = listen(proxy.url)
    address, cookie = listener.audio[0], listener.cookie
    _, headers, whole = ask(proxy.port, address, Cookie=cookie)
    tag, size = headers["ETag"], len(whole)
    assert len(list(proxy.audio.iterdir())) == handed_over

    def ranged(value, **more):
        return ask(proxy.port, address, Cookie=cookie, Range=value, **more)

    status, headers, body = ranged("bytes=0-99")
    assert (status, headers["Content-Range"], body) == (206, f"bytes 0-99/{size}", whole[:100])
    assert headers["ETag"] == tag
    status, headers, body = ranged("bytes=-100")
    assert (status, headers["Content-Range"], body) == (
        206,
        f"bytes {size - 100}-{size - 1}/{size}",
        whole[-100:],
    )
    status, headers, _ = ranged(f"bytes={size}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{size}")
    assert ranged("bytes=0-9,20-29")[::2] == (200, whole)
    assert ranged("bytes=0-99", If_Range=tag)[::2] == (206, whole[:100])
    assert ranged("bytes=0-99", If_Range='"another"')[::2] == (200, whole)
    status, headers, body = ask(proxy.port, address, Cookie=cookie, If_None_Match=tag)
    assert (status, headers["ETag"], body) == (304, tag, b"")
    assert ask(proxy.port, address, Cookie=cookie, If_None_Match='"another"')[::2] == (200, whole)
    status, headers, body = ask(proxy.port, address, method="HEAD", Cookie=cookie)
    assert (status, headers["Content-Length"], body) == (200, str(size), b"")


def test_the_folder_of_files_cannot_be_reached_from_outside(behind_nginx, listen):
    proxy = behind_nginx()
    listener = listen(proxy.url)
    ask(proxy.port, listener.audio[0], Cookie=listener.cookie)
    (file,) = proxy.audio.iterdir()
    for path in (
        f"/_audio/{file.name}",
        f"/_audio//{file.name}",
        f"/audio/../_audio/{file.name}",
        f"/%5faudio/{file.name}",
        "/_audio/",
        "/_audio",
        "/_audio../nginx.conf",
    ):
        status, _, body = ask(
            proxy.port, path, Cookie=listener.cookie, X_Accel_Redirect=f"/_audio/{file.name}"
        )
        assert status == 404, path
        assert b"fLaC" not in body
    # Nor without the cookie, nor with another's.
    other = listen(proxy.url)
    assert ask(proxy.port, listener.audio[0])[0] == 404
    assert ask(proxy.port, listener.audio[0], Cookie=other.cookie)[0] == 404


TRAVERSALS = (
    "/audio/../../../../etc/passwd",
    "/audio/..%2f..%2f..%2fetc%2fpasswd",
    "/audio/%2e%2e/%2e%2e/etc/passwd",
    "/audio/%252e%252e%252fetc%252fpasswd",
    "/audio//etc/passwd",
    "/audio/%2fetc%2fpasswd",
    "/audio/..%5c..%5cetc%5cpasswd",
    "/audio/%00",
    "/audio/x%00.flac",
    "/static/../../study.toml",
    "/static/x/..%2f..%2fstudy.toml",
    "/audio/" + "%c0%ae%c0%ae/" * 4 + "etc/passwd",
)


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_leads_out_of_the_application(app, serve, path):
    with serve(app) as url:
        status, _, body = ask(urllib.parse.urlsplit(url).port, path)
    assert status == 404
    assert b"root:" not in body


def test_no_path_leads_out_of_nginx(behind_nginx):
    proxy = behind_nginx()
    for path in TRAVERSALS:
        status, _, body = ask(proxy.port, path)
        # nginx itself refuses what is no path at all, such as NUL or one above the root.
        assert status in {400, 404}, path
        assert b"root:" not in body


def test_a_hundred_stalled_downloads_stop_no_save(behind_nginx, listen):
    proxy = behind_nginx()
    listener = listen(proxy.url)
    stalled = []
    for number in range(100):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.connect(("127.0.0.1", proxy.port))
        address = listener.audio[number % len(listener.audio)]
        connection.sendall(
            f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {listener.cookie}\r\n\r\n".encode()
        )
        assert connection.recv(12) == b"HTTP/1.1 200"
        stalled.append(connection)
    for sequence in range(1, 51):
        assert len(listener.save(sequence)) == len(listener.audio)
    for connection in stalled:
        connection.close()


def test_forged_headers_of_a_visitor_reach_nothing(behind_nginx, tmp_path):
    proxy = behind_nginx()
    forged = {
        "X_Forwarded_For": "127.0.0.1",
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Prefix": "/evil",
        "X_Forwarded_Port": "1",
        "Forwarded": "for=127.0.0.1;host=evil.example;proto=https",
        "X_Request_ID": "forged-by-a-visitor",
    }
    status, headers, body = ask(proxy.port, "/", **forged)
    assert status == 200
    assert b"evil" not in body
    assert "evil" not in str(headers)
    assert "Secure" not in headers["Set-Cookie"]
    assert "forged-by-a-visitor" not in (tmp_path / "gunicorn.log").read_text()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_another_name_than_the_studys_gets_nothing(behind_nginx, host):
    proxy = behind_nginx()
    with pytest.raises((http.client.RemoteDisconnected, AssertionError)):
        assert ask(proxy.port, "/", Host=host)[0] != 400


def test_links_hold_the_name_and_port_that_the_visitor_sees(behind_nginx, listen):
    proxy = behind_nginx()
    assert listen(proxy.url).page["resume_url"].startswith(proxy.url)


def test_the_limits_of_a_body_are_mixevals_own_words_up_to_a_megabyte_and_nginx_beyond(behind_nginx, listen):
    proxy = behind_nginx()
    listener = listen(proxy.url)
    headers = {"Cookie": listener.cookie, "Content_Type": "application/json", "X_Mixeval": "1"}
    address = listener.page["ratings_url"]
    status, answer, body = ask(proxy.port, address, method="PUT", body=b"[" * 200_000, **headers)
    assert (status, answer["Content-Type"]) == (413, "application/problem+json")
    assert json.loads(body)["status"] == 413
    assert ask(proxy.port, address, method="PUT", body=b"[" * 2_000_000, **headers)[0] == 413
    assert len(listener.save()) == len(listener.audio)


def test_while_mixeval_is_away_visitors_are_asked_to_come_again(nginx, free_port):
    proxy = nginx(upstream=free_port())
    status, headers, body = ask(proxy.port, "/test")
    assert (status, headers["Retry-After"]) == (503, "2")
    assert b"Nothing is lost" in body


def test_with_a_certificate_http_leads_to_https_and_cookies_are_secure(behind_nginx, free_port):
    tls = free_port()
    proxy = behind_nginx(tls=tls)
    status, headers, _ = ask(proxy.port, "/test")
    assert (status, headers["Location"]) == (301, "https://127.0.0.1/test")
    context = ssl.create_default_context(cafile=str(proxy.folder / "fullchain.pem"))
    connection = http.client.HTTPSConnection("127.0.0.1", tls, context=context, timeout=30)
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    assert "Secure" in answer.headers["Set-Cookie"]


def test_no_log_holds_a_secret_or_an_address_of_a_whole_run(behind_nginx, listen, tmp_path):
    proxy = behind_nginx()
    listener = listen(proxy.url)
    secret = listener.page["resume_url"].rsplit("/", 1)[1]
    hidden = {secret, "127.0.0.1", listener.page["page"], *(s["token"] for s in listener.page["stimuli"])}
    for path in (listener.audio[0], f"/resume/{secret}", "/test?PROLIFIC_PID=abc123def456", "/../x"):
        ask(proxy.port, path, Cookie=listener.cookie)
    listener.save()
    own_log = (tmp_path / "gunicorn.log").read_text()
    own = [json.loads(line) for line in own_log.splitlines()]
    answered = {line["request_id"] for line in own if line["event"] == "answered"}
    # One id joins a request's lines in both; nginx writes its own after the visitor has the answer.
    deadline = time.monotonic() + 60
    nginx_log, asked = "", []
    while len(asked) < 7 or not answered <= {line["request_id"] for line in asked}:
        assert time.monotonic() < deadline, nginx_log
        time.sleep(0.05)
        nginx_log = (proxy.folder / "log" / "mixeval.log").read_text()
        asked = [json.loads(line) for line in nginx_log.splitlines()]
    for text in (
        nginx_log,
        own_log.replace("Listening at: http://127.0.0.1", ""),
        (proxy.folder / "log" / "error.log").read_text(),
    ):
        assert {name for name in hidden | {"abc123def456"} if name in text} == set()


def test_savers_at_once_are_all_answered(behind_nginx, listen):
    proxy = behind_nginx()
    with ThreadPoolExecutor(8) as pool:
        listeners = list(pool.map(listen, [proxy.url] * 8))
        assert all(pool.map(lambda listener: [listener.save(n) for n in range(1, 11)], listeners))


def test_forged_addresses_do_not_help_who_guesses_codes(behind_nginx):
    proxy = behind_nginx()
    answers = set()
    # Enough also where a window ends meanwhile.
    for number in range(2 * RESUME_LIMIT.failures + 1):
        status, _, _ = ask(proxy.port, f"/resume/{number:022}", X_Forwarded_For=f"198.51.100.{number}")
        answers.add(status)
    assert answers == {404, 429}
