"""What the pages of a session are called where researchers read of them."""

from collections.abc import Mapping

_KINDS: Mapping[str, str] = {
    "questions_start": "Questions",
    "questions_end": "Last questions",
    "questions_before": "Questions before a page",
    "questions_after": "Questions after a page",
    "level": "Setting the level",
    "left_right": "Left and right check",
    "huggins": "Headphone check",
    "antiphase": "Headphone check, part 2",
    "familiarisation": "Listening to the mixes",
    "break": "Break",
}


def step_words(kind: str, purpose: str) -> str:
    """Say what a page that does not count is, such as `Headphone check`."""
    if purpose == "practice" and kind not in _KINDS:
        return "Practice"
    return _KINDS.get(kind, kind.replace("_", " ").capitalize())
