import re
import subprocess
import sys

import pytest

from mixeval.errors import DatabaseError, ManifestError, StudyError
from mixeval.manifest import FOLDER
from mixeval.models import StudyVersion


def test_a_study_that_was_never_rendered_is_refused_with_the_command_to_run(open_app, study_folder):
    (study_folder / FOLDER / "manifest.json").unlink()
    with pytest.raises(ManifestError, match="mixeval render"):
        open_app(study_folder)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "low_anchor"', 'id = "mid_anchor"', "mid_anchor"),
        ("[test]", '[[stimuli.conditions]]\nid = "sum"\nmethod = "sum"\n[test]', 'lack "sum"'),
        ('{ kind = "synthetic" }', '{ kind = "synthetic" }\nitems = ["polka"]', "polka"),
        ('{ kind = "synthetic" }', '{ kind = "synthetic" }\ntarget_lufs = -23.0', "-23.0 LUFS|-23.0"),
    ],
)
def test_stimuli_of_another_study_toml_are_refused(open_app, study_folder, old, new, words):
    path = study_folder / "study.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ManifestError, match=words):
        open_app(study_folder)


def test_a_folder_without_a_study_is_refused(open_app, tmp_path):
    with pytest.raises(StudyError, match=r"no study\.toml"):
        open_app(tmp_path)


def test_a_database_that_cannot_be_written_is_refused_by_name(open_app, study_folder):
    (study_folder / "study.sqlite3").mkdir()
    with pytest.raises(DatabaseError, match=r"study\.sqlite3"):
        open_app(study_folder)


def test_a_read_only_database_is_refused(open_app, study_folder):
    open_app(study_folder)
    with pytest.raises(
        DatabaseError, match=r"(cannot be stored|cannot be opened).*|study\.sqlite3.*readonly"
    ):
        open_app(study_folder, database_url=f"sqlite:///file:{study_folder}/study.sqlite3?mode=ro&uri=true")


def test_the_served_version_is_stored_once(open_app, study_folder):
    first = open_app(study_folder)
    open_app(study_folder)
    with first.extensions["mixeval"].database.read() as db:
        (row,) = db.query(StudyVersion)
    assert '"title":"Drums <in a> room"' in row.study
    assert "reference_dry" in row.manifest


def test_every_answer_carries_the_security_headers(listener):
    listener.start()
    page = listener.page()
    answers = [
        listener.get("/"),
        listener.get("/test"),
        listener.get("/nowhere"),
        listener.get(page["stimuli"][0]["url"]),
        listener.put(page, [listener.rating(page)]),
        listener.put(page, [listener.rating(page, value=101)]),
    ]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_pages_hold_no_inline_script_or_style(listener):
    listener.start()
    for url in ("/", "/test", "/nowhere"):
        text = listener.get(url).get_data(as_text=True)
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag or 'type="application/json"' in tag
        assert "<style" not in text
        assert not re.search(r"\s(style|on\w+)=", text)


def test_static_files_lie_under_a_path_that_changes_with_them_and_are_kept(app, listener):
    assert re.fullmatch(r"/static/[0-9a-f]{12}", app.static_url_path)
    text = listener.get("/").get_data(as_text=True)
    assert f'href="{app.static_url_path}/' in text


def test_cookies_are_for_this_site_and_out_of_reach_of_scripts(listener):
    cookies = listener.start().headers.getlist("Set-Cookie")
    (secret,) = [cookie for cookie in cookies if cookie.startswith(f"{listener.cookie}=")]
    assert "HttpOnly" in secret
    assert "SameSite=Lax" in secret
    assert "Secure" not in secret


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "listen.example"}


def test_behind_a_trusted_proxy_cookies_are_secure_and_links_are_https(open_app, study_folder):
    client = open_app(study_folder, trusted_proxies=1).test_client()
    outside = {"headers": FORWARDED, "base_url": "https://listen.example"}
    form = client.get("/", **outside)
    assert "Secure" in form.headers["Set-Cookie"]
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.text).group(1)
    answer = client.post("/start", data={"csrf_token": token}, **outside)
    assert answer.status_code == 303
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "https://listen.example/resume/" in client.get("/test", **outside).text


def test_without_a_proxy_nobody_can_pretend_to_be_one(listener):
    listener.start()
    text = listener.get("/test", headers=FORWARDED).text
    assert "listen.example" not in text


def test_serving_needs_neither_torch_nor_plots():
    code = (
        "import sys, mixeval_webapp.app, mixeval_webapp.server;"
        "print([name for name in ('torch', 'seaborn', 'matplotlib', 'pandas', 'scipy') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
