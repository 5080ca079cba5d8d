"""Sliders and the single axis: what they ask, what counts as an answer, what they record, how they are simulated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.models import Rating
from mixeval.study import parse_study
from mixeval_webapp.app import site_of
from mixeval_webapp.page_types.page_type import SimulatedListener
from mixeval_webapp.page_types.registry import RATING_PAGES
from mixeval_webapp.session_plan import plan_session
from mixeval_webapp.sheet import Sheet, Sound
from mixeval_webapp.simulate.crowd import simulate_study

CONDITIONS = ("human", "model", "dull")
KINDS = ("sliders", "single_axis")
TWO = (
    '[[test.attributes]]\nname = "liking"\nquestion = "Liked?"\nscale = ["No", "Yes"]\n'
    '[[test.attributes]]\nname = "wetness"\nquestion = "Wet?"\nscale = ["Dry", "Wet"]\n'
)


def study_of(kind, test=""):
    conditions = "".join(f'[[stimuli.conditions]]\nid = "{name}"\nmethod = "sum"\n' for name in CONDITIONS)
    return parse_study(
        '[study]\ntitle = "T"\n[stimuli]\ndataset = { kind = "synthetic" }\n'
        f'{conditions}[test]\npage = "{kind}"\n{test}'
    )


def sheet_of(ratings=(), *, seed=7, position=0, purpose="rating", reference=None):
    sounds = tuple(Sound(name[:1], name, "rated", "ABC"[place]) for place, name in enumerate(CONDITIONS))
    heard = () if reference is None else (Sound("r", reference, "reference", "Ref"),)
    return Sheet(
        page_id="p",
        kind="sliders",
        purpose=purpose,
        item="loop",
        position=position,
        seed=seed,
        sounds=(*heard, *sounds),
        ratings={(row.stimulus_token, row.attribute): row for row in ratings},
        answers={},
    )


def rating(token, value=50.0, *, attribute="preference", moved=True, seconds=1.0, unplayable=False):
    return Rating(
        stimulus_token=token,
        attribute=attribute,
        value=value,
        moved=moved,
        played=seconds >= 0.25,
        listened_seconds=seconds,
        unplayable=unplayable,
        sequence=1,
    )


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_values_are_the_whole_numbers_from_0_to_100(number):
    for name in KINDS:
        held = RATING_PAGES[name].values(sheet_of()).hold(number)
        assert held == (0 <= number <= 100 and abs(number - round(number)) < 1e-6)


def test_nothing_that_is_drawn_is_an_answer(kind):
    missing = RATING_PAGES[kind].missing
    study = study_of(kind)
    assert missing(study, sheet_of()) == {"play": ("A", "B", "C"), "place": ("A", "B", "C")}
    rows = [rating("h"), rating("m", None, moved=False), rating("d", 50.0, moved=False)]
    assert missing(study, sheet_of(rows)) == {"place": ("B", "C")}
    assert missing(study, sheet_of([rating(token) for token in "hmd"])) == {}


def test_a_mix_counts_as_played_after_the_time_that_the_study_asks_for(kind):
    missing = RATING_PAGES[kind].missing
    rows = [rating("h", seconds=0.1), rating("m", seconds=2.9), rating("d", seconds=3.0)]
    assert missing(study_of(kind, "minimum_seconds = 3.0"), sheet_of(rows)) == {"play": ("A", "B")}
    assert missing(study_of(kind), sheet_of(rows)) == {"play": ("A",)}
    assert missing(study_of(kind, "minimum_seconds = 0.0"), sheet_of(rows)) == {}


def test_a_mix_that_cannot_be_played_keeps_nobody_on_the_page(kind):
    rows = [rating("h"), rating("m"), rating("d", None, moved=False, seconds=0.0, unplayable=True)]
    assert RATING_PAGES[kind].missing(study_of(kind), sheet_of(rows)) == {}


def test_every_attribute_is_asked_for_and_one_listening_serves_all(kind):
    study, page_type = study_of(kind, TWO), RATING_PAGES[kind]
    assert page_type.attributes(study) == ("liking", "wetness")
    rows = [rating(token, attribute="liking") for token in "hmd"]
    assert page_type.missing(study, sheet_of(rows)) == {"place": ("A", "B", "C")}
    rows += [rating(token, attribute="wetness", seconds=0.0) for token in "hm"]
    assert page_type.missing(study, sheet_of(rows)) == {"place": ("C",)}


def test_an_open_reference_is_to_be_heard_and_never_placed():
    study, page_type = study_of("sliders", 'reference = "human"'), RATING_PAGES["sliders"]
    (page,) = page_type.presentations(study.test, CONDITIONS)
    # BS.1534-3, section 5: the reference is hidden among the mixes too.
    assert (page.rated, page.heard) == (CONDITIONS, (("reference", "human"),))
    rows = [rating(token) for token in "hmd"]
    assert page_type.missing(study, sheet_of(rows, reference="human")) == {"play": ("Ref",)}
    rows.append(rating("r", None, moved=False))
    assert page_type.missing(study, sheet_of(rows, reference="human")) == {}


def test_all_mixes_of_an_item_are_on_one_page(kind):
    (page,) = RATING_PAGES[kind].presentations(study_of(kind).test, CONDITIONS)
    assert (page.rated, page.heard) == (CONDITIONS, ())


@pytest.mark.parametrize(
    ("name", "unrated", "random"),
    [
        ("sliders", "neutral", False),
        ("sliders", "random", True),
        ("single_axis", "tray", False),
        ("single_axis", "neutral", False),
        ("single_axis", "random", True),
    ],
)
def test_starts_are_neutral_or_follow_from_the_sessions_seed(name, unrated, random):
    study, page_type = study_of(name, f'unrated = "{unrated}"'), RATING_PAGES[name]
    seen = [page_type.data(study, sheet_of(seed=seed, position=2))["starts"] for seed in range(400)]
    assert seen == [page_type.data(study, sheet_of(seed=seed, position=2))["starts"] for seed in range(400)]
    numbers = np.array([list(starts.values()) for starts in seen])
    if not random:
        assert set(numbers.flat) == {50}
        return
    # Uniform over 0 to 100, and of one mix unrelated to that of another (four standard errors).
    assert numbers.min() >= 0
    assert numbers.max() <= 100
    assert abs(numbers.mean() - 50) < 4 * 29.2 / np.sqrt(numbers.size)
    assert abs(np.corrcoef(numbers[:, 0], numbers[:, 1])[0, 1]) < 4 / np.sqrt(len(numbers))
    assert page_type.data(study, sheet_of(seed=1, position=3))["starts"] != seen[1]


def test_the_browser_is_told_the_axes_and_nothing_of_the_conditions(kind):
    data = RATING_PAGES[kind].data(
        study_of(kind, f'scale_as = "intervals"\nshow_values = true\n{TWO}'), sheet_of()
    )
    assert data["axes"] == [
        {"attribute": "liking", "question": "Liked?", "scale": ["No", "Yes"]},
        {"attribute": "wetness", "question": "Wet?", "scale": ["Dry", "Wet"]},
    ]
    assert (data["scale_as"], data["show_values"]) == ("intervals", True)
    assert not any(name in str(data) for name in CONDITIONS)


def test_an_attention_page_flags_who_rates_the_worse_as_high(kind):
    study = study_of(kind, 'attention = { better = "human", worse = "dull" }')
    flags = RATING_PAGES[kind].flags
    for better, worse, flagged in ((80, 20, False), (50, 50, True), (10, 60, True)):
        rows = [rating("h", better), rating("d", worse)]
        raised = flags(study, sheet_of(rows, purpose="attention", position=4))
        assert [flag.name for flag in raised] == ["attention"] * flagged
        assert all(flag.detail == {"better": better, "worse": worse, "page": 5} for flag in raised)
        assert flags(study, sheet_of(rows)) == ()


@pytest.mark.parametrize(
    ("comments", "subject", "value", "taken"),
    [
        ("none", "", "text", False),
        ("page", "", "text", True),
        ("page", "h", "text", False),
        ("mixes", "h", "text", True),
        ("mixes", "", "text", False),
        ("both", "h", "", True),
        ("both", "", "x" * 2000, True),
        ("both", "", "x" * 2001, False),
        ("both", "", 7, False),
        ("both", "r", "text", False),
    ],
)
def test_comments_are_taken_where_the_study_asks_for_them(kind, comments, subject, value, taken):
    study = study_of(kind, f'comments = "{comments}"')
    refusal = RATING_PAGES[kind].refusal(
        study, sheet_of(reference="human"), subject=subject, name="comment", value=value
    )
    assert (refusal is None) == taken
    other = RATING_PAGES[kind].refusal(study, sheet_of(), subject="", name="age", value="7")
    assert other == "is not asked for on this page"


def test_a_simulated_listener_gives_every_mix_a_value_for_every_attribute(kind):
    study, page_type = study_of(kind, TWO), RATING_PAGES[kind]
    stimuli = [{"token": token, "role": "rated"} for token in "hmd"] + [{"token": "r", "role": "reference"}]
    data = page_type.data(study, sheet_of()) | {"stimuli": stimuli}
    likings = {"h": 71.4, "m": 0.0, "d": 100.0}
    response = page_type.simulate(data, SimulatedListener(np.random.default_rng(1), likings.__getitem__))
    assert set(response.values) == {(token, name) for token in "hmd" for name in ("liking", "wetness")}
    assert response.values["h", "wetness"] == 71
    assert all(page_type.values(sheet_of()).hold(value) for value in response.values.values())


@pytest.mark.parametrize(
    "test",
    [
        'page = "single_axis"\nunrated = "random"\ncomments = "both"\n',
        f'page = "single_axis"\n{TWO}',
        'page = "sliders"\nreference = "reference_dry"\nunrated = "random"\nminimum_seconds = 5.0\n',
        f'page = "sliders"\n{TWO}',
    ],
)
def test_simulated_listeners_finish_such_pages_and_leave_whole_rows(study_folder, open_app, test):
    path = study_folder / "study.toml"
    head, _, _ = path.read_text(encoding="utf-8").partition("[test]")
    path.write_text(f"{head}[test]\n{test}", encoding="utf-8")
    assert simulate_study(study_folder, listeners=2, seed=3) == 4
    with site_of(open_app(study_folder)).database.read() as db:
        rows = db.query(Rating).all()
    attributes = 2 if "attributes" in test else 1
    rated = [row for row in rows if row.value is not None]
    assert len(rated) == 2 * 2 * 4 * attributes
    assert len(rows) - len(rated) == (2 * 2 if "reference =" in test else 0)
    assert all(row.played and row.moved for row in rated)


def test_the_reference_is_planned_first_and_has_a_name_of_its_own(study_folder, open_app):
    path = study_folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + '\nreference = "reference_dry"\n', encoding="utf-8")
    version = site_of(open_app(study_folder)).version
    (first, *_) = plan_session(version, seat=0, order_seed=1, seed=2)
    assert [(sound.role, sound.shown_as) for sound in first.sounds] == [
        ("reference", "Ref"),
        *(("rated", letter) for letter in "ABCD"),
    ]
    assert sorted(sound.condition for sound in first.sounds).count("reference_dry") == 2
