"""Write the study.toml of an outline, with what it could not take as comments at its head."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mixeval.conversion.outline import Outline, OutlinedMix
from mixeval.conversion.plain_words import one_line

MIXES = "mixes"


def study_text(
    outline: Outline,
    items: Mapping[str, str],
    conditions: Mapping[str, str],
    *,
    source: str,
    suffixes: set[str],
    changed: Sequence[str],
) -> str:
    """Write study.toml; `items` and `conditions` map what the test called them to what they are called here."""
    suffix = next(iter(suffixes)).lower() if len({one.lower() for one in suffixes}) == 1 else ".*"
    dataset = {"kind": "files", "path": MIXES, "pattern": f"{{item}}/{{source}}{suffix}"}
    lines = [
        f"# Made of {one_line(source)}, a test of {outline.platform}. docs/run-a-study.md explains every key."
    ]
    lines += _listed("Not carried over", outline.lost)
    lines += _listed("Different here", changed)
    lines += _table("study", {**outline.study, "seed": 1})
    stimuli: dict[str, Any] = {"dataset": dataset, "items": list(items.values())}
    if outline.target_lufs is not None:
        stimuli["target_lufs"] = outline.target_lufs
    lines += _table("stimuli", stimuli)
    for mix in outline.pages[0].mixes:
        lines += _table("stimuli.conditions", _condition(mix, conditions), array=True)
    test = {key: value for key, value in outline.test.items() if key != "attributes"}
    lines += _table("test", _renamed(test, conditions))
    for attribute in outline.test.get("attributes", ()):
        lines += _table("test.attributes", attribute, array=True)
    participants = dict(outline.participants)
    questions = participants.pop("questions", [])
    if "level" in participants:
        level = participants["level"]
        known = {"item": items, "condition": conditions}
        participants["level"] = {key: known[key].get(value, value) for key, value in level.items()}
    if participants:
        lines += _table("participants", participants)
    for question in questions:
        renamed = (
            {**question, "items": [items[name] for name in question["items"]]}
            if "items" in question
            else question
        )
        lines += _table("participants.questions", renamed, array=True)
    return "\n".join(lines) + "\n"


def _condition(mix: OutlinedMix, conditions: Mapping[str, str]) -> dict[str, Any]:
    made = {"id": conditions[mix.key]}
    if (label := one_line(mix.key)) != made["id"] and label:
        made["label"] = label
    if mix.filtered_from:
        options: dict[str, Any] = {"of": conditions[mix.filtered_from], "cutoff_hz": mix.cutoff_hz}
        return {**made, "method": "anchor", "options": options, "role": mix.role}
    return {
        **made,
        "method": "files",
        "options": {"source": conditions[mix.key]},
        **({"role": mix.role} if mix.role != "system" else {}),
    }


def _renamed(test: Mapping[str, Any], conditions: Mapping[str, str]) -> dict[str, Any]:
    renamed = dict(test)
    if "reference" in renamed:
        renamed["reference"] = conditions[renamed["reference"]]
    if "pairs" in renamed:
        renamed["pairs"] = [[conditions[name] for name in pair] for pair in renamed["pairs"]]
    return renamed


def _listed(heading: str, sentences: Sequence[str]) -> list[str]:
    return (
        ["#", f"# {heading}:", *(f"# - {' '.join(sentence.split())}" for sentence in sentences)]
        if sentences
        else []
    )


def _table(name: str, content: Mapping[str, Any], *, array: bool = False) -> list[str]:
    head = f"[[{name}]]" if array else f"[{name}]"
    return ["", head, *(f"{key} = {_value(value)}" for key, value in content.items())]


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            # JSON's strings are TOML's basic strings, but for one control character.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return (
                f"{{ {', '.join(f'{key} = {_value(entry)}' for key, entry in value.items())} }}"
                if value
                else "{}"
            )
        case _:
            return repr(value)
