"""What the columns of exported files mean: the README.md that goes with them."""

import json
from collections.abc import Mapping, Sequence

Meanings = Mapping[str, str]

_SITTING: Meanings = {
    "participant": "pseudonym of who took part",
    "session": "one sitting of the participant",
}
_STATE: Meanings = {
    "simulated": "the participant is a program",
    "preview": "the experimenter was looking at the pages",
}

RATINGS: Meanings = {
    "participant": "pseudonym of who rated",
    "item": "the recording, loop or clip",
    "condition": "id of the way of mixing",
    "rating": (
        "the answer; empty where the mix was never rated. single_axis and sliders: 0 to 100; acr: 1 to 5; "
        "ranking: k + 1 - rank, so that the best of k has k; bs1116: 1.0 to 5.0"
    ),
    "attribute": "what was asked for",
    "repeat": "which presentation of the same stimulus to this participant, from 0; only 0 is analysed",
    "session": "one sitting of the participant",
    "version": "hash of the study and stimuli that the session was served from",
    "page": "id of the page",
    "page_type": "type of the page: single_axis, sliders, acr, ranking, bs1116",
    "purpose": "rating or repeat; attention and practice are not analysed",
    "position": "place of the page in the session, from 0",
    "shown_as": "the letter under which the participant saw the mix",
    "played": "whether the mix was played",
    "listened_seconds": "time for which the mix was audible",
    "moved": "whether the rating was given by the participant",
    "unplayable": "whether the participant's browser could not play the mix",
    "rated_at": "moment of the answer, in UTC",
    **_STATE,
    "complete": "the session was finished",
}

TRIALS: Meanings = {
    "participant": "pseudonym of who chose",
    "item": "the recording, loop or clip",
    "a": "id of one mix, that which comes first in the study",
    "b": "id of the other",
    "x": "abx: id of the mix that X was; ab: empty",
    "chosen": "id of the mix that was chosen, or taken for X; empty for no preference",
    "correct": "abx: true or false; ab: empty",
    "attribute": "what was asked for",
    "session": "one sitting of the participant",
    "version": "hash of the study and stimuli that the session was served from",
    "page": "id of the page",
    "purpose": "rating; repeat, attention and practice are not analysed",
    "position": "place of the page in the session, from 0",
    "shown_first": "id of the mix that the participant saw as A",
    "listened_seconds_a": "time for which mix a was audible",
    "listened_seconds_b": "time for which mix b was audible",
    "listened_seconds_x": "time for which X was audible, where it is known",
    "rated_at": "moment of the answer, in UTC",
    **_STATE,
    "complete": "the session was finished",
}

ANSWERS: Meanings = {
    **_SITTING,
    "page": "id of the page",
    "page_type": "type of the page",
    "position": "place of the page in the session, from 0",
    "item": "the item of the page, where it has one",
    "mix": "id of the condition that a comment is about; empty where it is about the page",
    "question": "id of the question, or comment",
    "value": "the answer: text, a number, true or false; several as a JSON list",
    "answered_at": "moment of the answer, in UTC",
}

EVENTS: Meanings = {
    **_SITTING,
    "page": "id of the page, where it happened on one",
    "item": "the item of the page, where it has one",
    "kind": "what happened, such as play, switch, volume",
    "condition": "id of the condition, where it is about one",
    "client_ms": "milliseconds since the page was opened, on the browser's own clock",
    "detail": "what else is known, as JSON",
    "received_at": "moment at which the server had it, in UTC",
}

HEARD: Meanings = {
    **_SITTING,
    "page": "id of the page",
    "page_type": "type of the page",
    "purpose": "rating, repeat, attention or practice",
    "position": "place of the page in the session, from 0",
    "item": "the item of the page",
    "role": "reference or x; heard on a page of familiarisation",
    "condition": "id of the condition",
    "shown_as": "what the participant saw it called",
    "listened_seconds": "time for which it was audible",
    "unplayable": "whether the participant's browser could not play it",
}

SESSIONS: Meanings = {
    **_SITTING,
    "version": "hash of the study and stimuli that the session was served from",
    "seat": "place in the balanced design of the version, from 0",
    "seed": "what was random for this session alone follows from it",
    "language": "language of the pages",
    "browser": "browser family and kind of device",
    "recruited_by": "how the participant came: open link, invite, or the platform's name",
    "started_at": "moment of consent, in UTC",
    "completed_at": "moment at which the session was finished, in UTC; empty where it was not",
    "ended_as": "why it ended without being finished: screened_out or withdrawn; else empty",
    "ended_at": "moment of that, in UTC",
    "completion_code": "whether the participant was given one (yes, no)",
    "flags": "what was noticed about the session, joined by ;",
    **_STATE,
}

DECISIONS: Meanings = {
    **_SITTING,
    "kind": "exclude: the main tables leave the participant out; flag: they only say so",
    "reason": "why, in the researcher's words",
    "made_at": "moment of the decision, in UTC",
    "withdrawn_at": "moment at which it was taken back, in UTC; it has no effect since. Empty where it stands",
}

EXTERNAL_IDS: Meanings = {
    **_SITTING,
    "platform": "where the participant was recruited",
    "value": "what the platform calls the participant",
    "study": "what the platform calls the study",
    "submission": "what the platform calls this participation",
    "created_at": "moment at which the participant came with it, in UTC",
}


def readme(title: str, files: Mapping[str, tuple[Meanings, Sequence[str]]]) -> str:
    """Write README.md: each table's columns in their order, with what they mean; others are facts of the item."""
    lines = [f"# Data of the listening test: {title}", "", _INTRODUCTION, ""]
    for name, (meanings, columns) in files.items():
        lines += [f"## {name}", "", _ABOUT[name], "", "| column | meaning |", "| --- | --- |"]
        lines += [f"| {column} | {meanings.get(column, _FACT)} |" for column in columns]
        lines.append("")
    return "\n".join(lines)


def dictionary(files: Mapping[str, tuple[Meanings, Sequence[str]]]) -> str:
    """Write the same for programs: what each row is, and what each column means, by table."""
    described = {
        name: {"row": _ABOUT[name], "columns": {column: meanings.get(column, _FACT) for column in columns}}
        for name, (meanings, columns) in files.items()
    }
    return json.dumps(described, ensure_ascii=False, indent=1) + "\n"


_FACT = "fact about the item"


_INTRODUCTION = (
    "Each table is a CSV file (UTF-8, commas, a header) and a JSON file (a list of objects), unless only one kind was "
    "asked for. Moments are UTC (ISO 8601), flags are true or false, and what is not known is empty, or null. They hold every row, of unfinished sessions, previews and simulated participants too: the "
    "columns simulated, preview, complete and purpose say which. Of decisions the table of that name tells, and no "
    "row is missing for them. In CSV, a text that a spreadsheet would run as a formula has an apostrophe before it, "
    "and a carriage return is a line break; JSON holds each text as it was typed. `mixeval analyze` reads ratings.csv "
    "and trials.csv, and knows of decisions where it reads the study itself."
)

_ABOUT: Mapping[str, str] = {
    "ratings": "One row per rating of a mix.",
    "trials": "One row per answered choice between two mixes.",
    "answers": "One row per answer to a question, and per comment.",
    "heard": "One row per sound that was only heard: an open reference, X, a mix of a page of familiarisation.",
    "events": "One row per thing that happened in a participant's browser.",
    "sessions": "One row per session.",
    "decisions": "One row per decision of the researcher about a session, also of those taken back.",
    "external_ids": "One row per participant of a recruitment platform. For payment; keep it apart and delete it soon.",
}
