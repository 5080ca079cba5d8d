import gzip
from pathlib import Path

import pytest

import mixeval_webapp
from mixeval_webapp.compression import _without_comments

SCRIPTS = Path(mixeval_webapp.__file__).parent / "static" / "js"


@pytest.fixture
def script(app):
    return f"{app.static_url_path}/js/player.js"


def code_lines(script):
    """The lines that a browser runs, found the slow way: outside /* */ and not beginning with //."""
    lines, inside = [], False
    for line in script.decode().splitlines():
        stripped = line.strip()
        # What stands before code on its line, such as a type, is left there.
        inside = inside or (stripped.startswith("/*") and ("*/" not in stripped or stripped.endswith("*/")))
        if stripped and not inside and not stripped.startswith("//"):
            lines.append(line.lstrip())
        if stripped.endswith("*/"):
            inside = False
    return lines


@pytest.mark.parametrize("name", sorted(path.name for path in SCRIPTS.glob("*.js")))
def test_only_comments_and_indents_are_left_out_of_a_compressed_script(app, name):
    client = app.test_client()
    plain = client.get(f"{app.static_url_path}/js/{name}", buffered=True).data
    response = client.get(
        f"{app.static_url_path}/js/{name}", buffered=True, headers={"Accept-Encoding": "gzip"}
    )
    small = gzip.decompress(response.data)
    assert small.decode().splitlines() == code_lines(plain)


def test_a_script_travels_compressed(app, script):
    client = app.test_client()
    plain = client.get(script, buffered=True)
    small = client.get(script, buffered=True, headers={"Accept-Encoding": "br, gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert small.vary == plain.vary
    assert "accept-encoding" in small.vary


def test_a_browser_that_refuses_gzip_gets_the_plain_file(app, script):
    response = app.test_client().get(script, buffered=True, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in response.headers


def test_a_script_is_fetched_once_for_as_long_as_it_stays_the_same(app, script):
    response = app.test_client().get(script, buffered=True)
    assert response.cache_control.immutable
    assert response.cache_control.public
    assert response.cache_control.max_age >= 365 * 24 * 60 * 60
    assert "ETag" not in response.headers, "nobody asks for it by one: its address changes with its content"


def test_pages_with_secrets_are_never_compressed(app):
    response = app.test_client().get("/", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers


def test_a_cast_before_a_statement_takes_no_code_with_it():
    source = b"/** What it is. */\n/** @type {X} */ (open ? shut : this.#door()).focus();\nrun();\n/* last */\nend();\n"
    assert _without_comments(source) == (
        b"/** @type {X} */ (open ? shut : this.#door()).focus();\nrun();\nend();\n"
    )
