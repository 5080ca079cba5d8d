"""Nothing that a participant's browser receives tells the mixes apart, or names them."""

import io
from pathlib import Path

import pytest
import soundfile

import mixeval_webapp
from mixeval.manifest import read_manifest
from mixeval.study import read_study

STATIC = Path(mixeval_webapp.__file__).parent / "static"


@pytest.fixture
def telling(study_folder):
    """Every word that would give a mix away: ids, labels, methods, hashes and names of files."""
    study, manifest = read_study(study_folder), read_manifest(study_folder)
    words = {condition.id for condition in study.conditions}
    words |= {condition.label for condition in study.conditions}
    words |= {"wave_u_net", "random_forest"}
    words |= {stimulus.sha256 for stimulus in manifest.stimuli}
    words |= {stimulus.sha256[:16] for stimulus in manifest.stimuli}
    words |= {stimulus.file for stimulus in manifest.stimuli}
    return {word.lower() for word in words}


@pytest.fixture
def everything(listener, app):
    """Take the whole test, asking for all that a browser would, and some that it would not."""
    listener.start()
    listener.put(listener.page(), [])
    while (page := listener.page()) is not None:
        for stimulus in page["stimuli"]:
            listener.get(stimulus["url"])
            listener.get(stimulus["url"], headers={"Range": "bytes=0-200"})
        listener.complete(page, [])
        listener.put(page, [listener.rating(page, value=101)])
        listener.put(page, listener.ratings(page))
        listener.events(
            [
                {
                    "id": "a",
                    "page": page["page"],
                    "kind": "play",
                    "stimulus": None,
                    "client_ms": 1,
                    "detail": {},
                }
            ]
        )
        listener.complete(page, listener.ratings(page))
    for path in STATIC.rglob("*"):
        if path.is_file():
            listener.get(f"{app.static_url_path}/{path.relative_to(STATIC).as_posix()}")
    for url in ("/nowhere", "/audio/nothing", "/api/nothing", "/stimuli/manifest.json", "/study.toml"):
        listener.get(url)
    return listener.received


def test_no_answer_names_a_condition_a_method_a_label_or_a_file(everything, telling):
    assert len(everything) > 20
    for answer in everything:
        received = f"{answer.headers}\n{answer.get_data().decode('latin-1')}".lower()
        found = {word for word in telling if word in received}
        assert not found, f"{answer.request.path} tells {found}"


def test_all_files_of_a_page_agree_in_all_but_sound(everything):
    whole = [a for a in everything if a.mimetype == "audio/flac" and a.status_code == 200]
    assert len(whole) == 8
    for page in (whole[:4], whole[4:]):
        assert len({len(answer.data) for answer in page}) == 1
        assert len({answer.data[:42] for answer in page}) == 1  # marker and STREAMINFO
        # The entity tag is the token, and the date is when each was asked for.
        own = {"ETag", "Date"}
        assert len({frozenset(pair for pair in a.headers.items() if pair[0] not in own) for a in page}) == 1
        infos = [soundfile.info(io.BytesIO(answer.data)) for answer in page]
        assert len({(info.frames, info.samplerate, info.subtype, info.extra_info) for info in infos}) == 1
        assert len({answer.data for answer in page}) == 4


def test_two_participants_share_no_token_or_entity_tag(everything, new_listener):
    stranger = new_listener()
    stranger.start()
    tags = {answer.headers.get("ETag") for answer in everything}
    for stimulus in stranger.page()["stimuli"]:
        assert stranger.get(stimulus["url"]).headers["ETag"] not in tags
