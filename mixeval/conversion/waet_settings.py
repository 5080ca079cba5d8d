"""Settings of the Web Audio Evaluation Tool that a study has no place for."""

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from mixeval.conversion.outline import Notes
from mixeval.conversion.plain_words import one_line, said
from mixeval.conversion.waet_surveys import flag

_SETUP = {
    "calibration": "the page of ten tones (calibration)",
    "crossFade": "its crossfade: mixeval's are 10 ms",
    "sampleRate": "the sample rate that was asked for",
    "projectReturn": "the script that results were sent to (projectReturn)",
}
_PLAYING = (
    "preSilence",
    "postSilence",
    "playOne",
    "minNumberPlays",
    "maxNumberPlays",
    "restrictMovement",
    "alwaysInclude",
)


def note_settings(setup: ET.Element, pages: Mapping[str, ET.Element], notes: Notes) -> None:
    """Note settings that have no place in a study, and those that work in another way; `pages` are by name."""
    for key, what in _SETUP.items():
        if setup.get(key) not in (None, "", "0", "0.0", "false"):
            notes.lose(what)
    elements = [("setup", setup), *((f'page "{name}"', page) for name, page in pages.items())]
    for where, element in elements:
        for key in _PLAYING:
            if element.get(key) not in (None, "", "0", "0.0", "false"):
                notes.lose(f"{key} of the {where}")
    if not flag(setup.get("randomiseOrder")) and len(pages) > 1:
        notes.change("Pages come in an order that is balanced over participants; there it is fixed.")
    if any(not flag(page.get("randomiseOrder")) for page in pages.values()):
        notes.change(
            "Mixes stand in an order that is balanced over participants; on some pages there it is fixed."
        )
    for name, page in pages.items():
        _note_page(name, page, notes)
    _note_interface(setup, pages, notes)
    metrics = sorted({one_line(entry.text or "") for entry in setup.iter("metricenable")} - {""})
    if metrics:
        notes.change(
            f"What was played, moved and how long is always kept; the test asked for {said(metrics)}."
        )


def _note_page(name: str, page: ET.Element, notes: Notes) -> None:
    if page.get("position") is not None:
        notes.lose(f'the fixed place of the page "{name}" (position)')
    if page.get("label", "default") not in {"default", "capital"}:
        notes.lose(f'the labels of the page "{name}" ({page.get("label")}): mixes are called A, B, C')
    if title := one_line(page.findtext("title") or ""):
        notes.lose(f'the title of the page "{name}": "{title[:60]}"')


def _note_interface(setup: ET.Element, pages: Mapping[str, ET.Element], notes: Notes) -> None:
    options = {
        (option.get("type", ""), option.get("name", ""))
        for option in [
            *setup.iter("interfaceoption"),
            *(option for page in pages.values() for option in page.iter("interfaceoption")),
        ]
    }
    checks = sorted(
        name for kind, name in options if kind == "check" and name not in {"fragmentPlayed", "fragmentMoved"}
    )
    if checks:
        notes.lose(f"the checks {said(checks)}: a page can be left once every mix was played and rated")
    shown = sorted(
        name
        for kind, name in options
        if kind != "check" and name not in {"volume", "playhead", "page-count", "comments"}
    )
    if shown:
        notes.lose(f"what the interface was asked to show: {said(shown)}")
