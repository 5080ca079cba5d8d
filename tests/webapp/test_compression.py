import gzip

import pytest


@pytest.fixture
def script(app):
    return f"{app.static_url_path}/js/player.js"


def test_a_script_travels_compressed_and_is_the_same_script(app, script):
    client = app.test_client()
    plain = client.get(script, buffered=True)
    small = client.get(script, buffered=True, headers={"Accept-Encoding": "br, gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert small.vary == plain.vary
    assert "accept-encoding" in small.vary


def test_a_browser_that_refuses_gzip_gets_the_plain_file(app, script):
    response = app.test_client().get(script, buffered=True, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in response.headers


def test_an_unchanged_script_is_not_sent_again(app, script):
    client = app.test_client()
    first = client.get(script, buffered=True, headers={"Accept-Encoding": "gzip"})
    again = client.get(
        script, buffered=True, headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304
    assert first.headers["ETag"].startswith("W/")


def test_pages_with_secrets_are_never_compressed(app):
    response = app.test_client().get("/", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers
