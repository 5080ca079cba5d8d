"""What a browser receives of each type of page and step tells no mix from another, nor what a page is for."""

import io
import logging
import re

import pytest
import soundfile
from sqlalchemy import select

from mixeval.manifest import read_manifest
from mixeval.models import Page, PageStimulus
from mixeval.study import read_study
from mixeval_webapp.app import site_of

CONTROL = 'repeats = 1\nbreak_after_pages = 2\ncomments = "both"\nwaveform = true\n'
ATTENTION = 'attention = { better = "reference_dry", worse = "low_anchor" }\n'
PAIRS = 'pairs = [["reference_dry", "low_anchor"], ["reference_dry", "wave_u_net_wet"]]\n'
REFERENCE = 'reference = "reference_dry"\n'
SECTIONS = {
    "single_axis": ATTENTION + 'unrated = "random"\n',
    "sliders": ATTENTION + REFERENCE + 'unrated = "random"\n',
    "ab": ATTENTION + PAIRS,
    "abx": PAIRS + "trials_per_pair = 2\n",
    "acr": "",
    "ranking": ATTENTION,
    "bs1116": REFERENCE,
}
STEPS = """
[participants]
questionnaire = ["age", "headphones", "environment"]
level = {}
familiarisation = { items = ["shuffle"] }
practice_items = ["shuffle"]

[participants.checks]
left_right = true
headphones = "both"
"""
GOOD = {"headphones": "budget", "environment": "noisy", "age": 30}


def answers_to(page):
    """Answer a step as its page data asks."""
    if "questions" in page:
        return [("", question["id"], GOOD[question["id"]]) for question in page["questions"]]
    if "check" in page:
        return [(stimulus["token"], "answer", page["choices"][0]) for stimulus in page["stimuli"]]
    return [("", "volume_db", -6)] if page["type"] == "level" else []


def ratings_of(page, give):
    if "axes" not in page:
        return []
    rated = [stimulus for stimulus in page["stimuli"] if stimulus["role"] == "rated"]
    values = {
        "ab": [1, 0],
        "abx": [1, 0],
        "acr": [3],
        "ranking": range(1, 1 + len(rated)),
        "bs1116": [5, 4],
    }.get(page["type"], [60] * len(rated))
    of_token = dict(zip((stimulus["token"] for stimulus in rated), values, strict=False))
    return give(page, [of_token.get(stimulus["token"]) for stimulus in page["stimuli"]])


@pytest.mark.parametrize(
    "section",
    [
        *(f'page = "{page_type}"\n{CONTROL}{section}' for page_type, section in SECTIONS.items()),
        f'page = "sliders"\n{REFERENCE}{STEPS}',
    ],
    ids=[*SECTIONS, "every step"],
)
def test_nothing_that_is_received_tells_mixes_or_purposes_apart(ask, give, study_folder, caplog, section):
    with caplog.at_level(logging.INFO):
        listener = ask(section)
        keys = {}
        while (page := listener.page()) is not None:
            sounds = [listener.get(stimulus["url"]) for stimulus in page["stimuli"]]
            assert {len(sound.data) for sound in sounds} <= {page["bytes"]}
            assert len({sound.data[:42] for sound in sounds}) <= 1  # marker and STREAMINFO
            assert [sound.headers["ETag"] for sound in sounds] == [
                f'"{stimulus["token"]}"' for stimulus in page["stimuli"]
            ]
            own = {"ETag", "Date"}
            assert (
                len({frozenset(pair for pair in s.headers.items() if pair[0] not in own) for s in sounds})
                <= 1
            )
            assert len({soundfile.info(io.BytesIO(sound.data)).frames for sound in sounds}) <= 1
            listener.complete(page, [])
            body = {
                "ratings": ratings_of(page, give),
                "answers": [
                    {"subject": subject, "name": name, "value": value, "sequence": 1}
                    for subject, name, value in answers_to(page)
                ],
                "sequence": 2,
            }
            answer = listener.send("POST", page["complete_url"], body)
            assert answer.status_code == 200, answer.text
            # A practice page says that it is one; no other page may differ in what it is made of.
            keys.setdefault((page["type"], page.get("practice")), set()).add(
                (
                    frozenset(page),
                    tuple(stimulus["role"] for stimulus in page["stimuli"] if stimulus["role"] != "rated"),
                )
            )
    assert all(len(found) == 1 for found in keys.values())
    study, manifest = read_study(study_folder), read_manifest(study_folder)
    telling = {condition.id for condition in study.conditions}
    telling |= {condition.label for condition in study.conditions}
    telling |= {stimulus.sha256[:16] for stimulus in manifest.stimuli}
    telling |= {"attention", '"repeat"', "purpose", "huggins 1", "antiphase 1", "side left", "screened_out"}
    telling |= {"budget_headphones", "noisy_environment", "score", "pass_mark"}
    received = [
        f"{answer.headers}\n{answer.get_data().decode('latin-1')}".lower() for answer in listener.received
    ]
    for word in telling:
        assert not any(re.search(re.escape(word.lower()), text) for text in received), word
    assert not any(condition.id in caplog.text for condition in study.conditions)


@pytest.mark.parametrize(("page_type", "role"), [("abx", "x"), ("bs1116", "reference")])
def test_neither_place_nor_token_of_what_is_hidden_can_be_foreseen(ask, page_type, role):
    """Whoever always takes A for X, or for the hidden reference, is right half of the time."""
    listener = ask(f'page = "{page_type}"\n{SECTIONS[page_type]}')
    for _ in range(11):
        listener.forget()
        listener.start(start_id="")
    with site_of(listener.client.application).database.read() as db:
        rows = db.execute(
            select(Page.id, PageStimulus.condition, PageStimulus.role, PageStimulus.token)
            .join(PageStimulus)
            .order_by(Page.id, PageStimulus.position)
        ).all()
    pages = {}
    for row in rows:
        pages.setdefault(row.id, []).append(row)
    first, lowest = [], []
    for sounds in pages.values():
        (heard,) = (sound for sound in sounds if sound.role == role)
        rated = [sound for sound in sounds if sound.role == "rated"]
        same = [sound.condition == heard.condition for sound in rated]
        assert sum(same) == 1
        first.append(same[0])
        lowest.append(min(rated, key=lambda sound: sound.token).condition == heard.condition)
    assert len(first) >= 48
    # Of fair coins, one run in many millions leaves these bounds.
    for found in (first, lowest):
        assert 0.1 < sum(found) / len(found) < 0.9
