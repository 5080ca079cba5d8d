import pytest

from mixeval.errors import StudyError

ATTENTION = 'attention = {{ better = "reference_dry", worse = "low_anchor", pages = {} }}'


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("items_per_participant = 3", r"items_per_participant is 3 and the study has 2 items; lower it"),
        ("repeats = 3", r"repeats is 3 and a session has 2 pages to repeat"),
        ("items_per_participant = 1\nrepeats = 1", r"repeats is 1 and a session has 1 page to repeat"),
        (ATTENTION.format(2), r"attention.pages is 2 and a session of 2 pages has room for 1"),
        (
            "repeats = 2\n" + ATTENTION.format(4),
            r"attention.pages is 4 and a session of 4 pages has room for 3",
        ),
    ],
)
def test_a_session_that_could_not_hold_what_is_asked_for_is_refused(open_app, study_folder, keys, words):
    path = study_folder / "study.toml"
    path.write_text(path.read_text() + keys + "\n")
    with pytest.raises(StudyError, match=words):
        open_app(study_folder)


def test_as_much_as_a_session_can_hold_is_served(open_app, study_folder):
    path = study_folder / "study.toml"
    path.write_text(f"{path.read_text()}items_per_participant = 2\nrepeats = 2\n{ATTENTION.format(3)}\n")
    text = open_app(study_folder).test_client().get("/").text
    assert "Pages: 7." in text
