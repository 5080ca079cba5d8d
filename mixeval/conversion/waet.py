"""Draw the outline of a test of the Web Audio Evaluation Tool: its XML specification.

Source: xml/test-schema.xsd, js/specification.js and interfaces/ of BrechtDeMan/WebAudioEvaluationTool.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree as ET

from mixeval.conditions import Role
from mixeval.conversion.outline import Notes, Outline, OutlinedMix, OutlinedPage, PageKind, comparable
from mixeval.conversion.plain_words import one_line, said
from mixeval.conversion.waet_names import is_outside, names_of
from mixeval.conversion.waet_settings import note_settings
from mixeval.conversion.waet_surveys import Surveys, flag, number
from mixeval.errors import ConversionError
from mixeval.validation import closest
from mixeval.xml_tree import parse_xml

PLATFORM = "Web Audio Evaluation Tool"

_PAGES: Mapping[str, PageKind] = {
    "ape": "single_axis",
    "horizontal": "single_axis",
    "vertical": "sliders",
    "mushra": "sliders",
    "discrete": "sliders",
    "ab": "ab",
    "abx": "abx",
    "ordinal": "ranking",
}
"""What becomes of each interface."""

_LOUDEST, _QUIETEST = -10.0, -60.0


def outline_of_waet(content: bytes, name: str) -> Outline:
    """Read a specification and draw its outline. Raises ConversionError."""
    root = parse_xml(content, name, refusal=ConversionError, noun="test of the Web Audio Evaluation Tool")
    if root.tag == "waetresult":
        raise ConversionError(
            f"{name} is a result of the Web Audio Evaluation Tool, and no test",
            remedy="name the specification, or read results with `mixeval import`",
        )
    setup = root.find("setup")
    if root.tag != "waet" or setup is None:
        raise ConversionError(
            f"{name} is XML of another kind, its root is <{str(root.tag)[:40]}>",
            remedy="of XML files, only tests of the Web Audio Evaluation Tool (<waet> with <setup>) are converted",
        )
    return _Reading(root, setup, name).outline()


class _Reading:
    def __init__(self, root: ET.Element, setup: ET.Element, name: str) -> None:
        self._setup, self._name = setup, name
        self._notes = Notes()
        self._pages = root.findall("page")

    def outline(self) -> Outline:
        interface = self._setup.get("interface", "")
        kind = _PAGES.get(interface.lower())
        if kind is None:
            meant = closest(interface.lower(), _PAGES)
            raise ConversionError(
                f'{self._name}: setup has the interface "{interface[:40]}", which mixeval has no page for',
                remedy=f'did you mean "{meant}"' if meant else f"it knows {said(_PAGES)}",
            )
        if not self._pages:
            raise ConversionError(f"{self._name} has no <page>", remedy="add one")
        if kind == "single_axis" and any(
            is_outside(mix) for page in self._pages for mix in page.findall("audioelement")
        ):
            kind = "sliders"
            self._notes.change("Sliders take the place of one axis, as only they have an open reference.")
        if interface.lower() == "discrete":
            self._notes.change(
                "The steps of a discrete scale become the words of a continuous one from 0 to 100."
            )
        pages, opened = self._items(kind)
        kept = comparable(pages, self._notes)
        names = {page.id for page in kept}
        elements = [page for page in self._pages if self._id(page) in names]
        test = self._test(kind, elements, self._reference([opened.get(page.id) for page in kept]))
        participants = Surveys(self._setup, self._notes).participants(
            {self._id(page): page for page in elements}
        )
        note_settings(self._setup, {self._id(page): page for page in elements}, self._notes)
        return Outline(
            PLATFORM,
            kind,
            kept,
            study={"title": one_line(PurePosixPath(self._name).stem) or "Listening test", "language": "en"},
            test=test,
            participants=participants,
            target_lufs=self._target_lufs(elements),
            lost=tuple(self._notes.lost),
            changed=tuple(self._notes.changed),
        )

    # What is rated

    def _items(self, kind: PageKind) -> tuple[list[OutlinedPage], dict[str, str]]:
        ids = [self._id(page) for page in self._pages]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice is not None:
            raise ConversionError(
                f'{self._name}: the page "{twice}" is there twice', remedy="give each its own id"
            )
        named = names_of(self._pages)
        pages, opened = [], dict[str, str]()
        for page in self._pages:
            outside = [mix for mix in page.findall("audioelement") if is_outside(mix)]
            rated = [mix for mix in page.findall("audioelement") if mix not in outside]
            files = {self._file(mix, page): named[mix] for mix in rated}
            mixes = [self._mix(mix, page, named[mix]) for mix in rated]
            for mix in outside:
                file = self._file(mix, page)
                if kind != "sliders":
                    self._notes.lose(
                        f'the open reference of the page "{self._id(page)}": only sliders have one'
                    )
                elif file in files:
                    opened[self._id(page)] = files[file]
                else:
                    mixes.append(OutlinedMix(named[mix], file, "reference"))
                    opened[self._id(page)] = named[mix]
                    self._notes.change(
                        "The open reference is hidden among the rated mixes too, as in ITU-R BS.1534; there it was not rated."
                    )
            if not mixes:
                self._notes.lose(f'the page "{self._id(page)}", which has no audio')
                continue
            self._refuse_twice(page, mixes)
            pages.append(OutlinedPage(self._id(page), tuple(mixes)))
        if not pages:
            raise ConversionError(f"{self._name} has no page with audio", remedy="add <audioelement>s")
        return pages, opened

    def _reference(self, opened: Sequence[str | None]) -> str | None:
        if len(set(opened)) > 1:
            self._notes.lose("the open reference: it is not the same mix on all pages, or some have none")
            return None
        return opened[0]

    def _refuse_twice(self, page: ET.Element, mixes: Sequence[OutlinedMix]) -> None:
        keys = [mix.key for mix in mixes]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise ConversionError(
                f'{self._name}, page "{self._id(page)}": two of its mixes are called "{twice}"',
                remedy="give each audioelement a name of its own that is the same on all pages",
            )

    def _mix(self, mix: ET.Element, page: ET.Element, key: str) -> OutlinedMix:
        known: dict[str, Role] = {"reference": "reference", "anchor": "anchor"}
        where = f'"{key}" on page "{self._id(page)}"'
        if number(mix.get("gain")) not in (None, 0.0):
            self._notes.lose(
                f"the gain of {mix.get('gain')} dB of {where}: mixeval aligns loudness by itself"
            )
        for name, what in (
            ("marker", "the mark that must be passed (marker)"),
            ("image", "the picture"),
            ("startTime", "the start within the file"),
            ("stopTime", "the stop within the file"),
            ("loudness", "the loudness"),
        ):
            if mix.get(name) is not None:
                self._notes.lose(f"{what} of {where}")
        if mix.find("alternative") is not None:
            self._notes.lose(f"files at other sample rates (<alternative>) of {where}")
        return OutlinedMix(key, self._file(mix, page), known.get(mix.get("type", ""), "system"))

    def _file(self, mix: ET.Element, page: ET.Element) -> str:
        return page.get("hostURL", "") + mix.get("url", "")

    def _test(self, kind: PageKind, pages: Sequence[ET.Element], reference: str | None) -> dict[str, Any]:
        test: dict[str, Any] = {"page": kind}
        loops = [flag(page.get("loop")) for page in pages]
        if len(set(loops)) > 1:
            self._notes.change("Some pages loop and others do not; here all go round.")
        elif not any(loops):
            test["loop"] = False
        if reference is not None:
            test["reference"] = reference
        axes = pages[0].findall("interface")
        for page in pages:
            if [_axis(axis) for axis in page.findall("interface")] != [_axis(axis) for axis in axes]:
                self._notes.lose(
                    f'the titles and scales of the page "{self._id(page)}", which differ: those of the first page stand on all'
                )
        if kind in {"sliders", "single_axis"}:
            test |= self._scales(axes)
        elif axes:
            test |= self._asked(axes[0])
        if kind == "abx" and test.pop("attribute", None):
            self._notes.lose("what was asked for by name: abx pages ask which of two X is")
        if kind in {"sliders", "single_axis"} and self._comments(pages):
            test["comments"] = "mixes"
        if kind == "ab":
            self._notes.change(
                "Mixes are compared two at a time, each with each; there all of a page are offered at once."
            )
        pool = int(number(self._setup.get("poolSize")) or 0)
        if 0 < pool < len(pages):
            test["items_per_participant"] = pool
        repeats = [int(number(page.get("repeatCount")) or 0) for page in pages]
        if any(repeats):
            test["repeats"] = min(sum(1 for count in repeats if count), 100)
            self._notes.change(
                "Pages that come again (repeatCount) come once more, at the end, and are picked at random."
            )
        return test

    def _scales(self, axes: Sequence[ET.Element]) -> dict[str, Any]:
        if len(axes) <= 1:
            return {**(self._asked(axes[0]) if axes else {}), **self._scale(axes[0] if axes else None)}
        if len(axes) > 5:
            self._notes.lose("all axes but the first five")
        attributes, taken = [], set[str]()
        for place, axis in enumerate(axes[:5], start=1):
            asked = self._asked(axis)
            name = asked.get("attribute", f"axis {place}")
            if name in taken:
                name = f"{name} {place}"
            taken.add(name)
            scale = self._scale(axis).get("scale", ["Low", "High"])
            attributes.append({"name": name, "question": asked.get("question", name), "scale": scale})
        return {"attributes": attributes}

    def _asked(self, axis: ET.Element) -> dict[str, Any]:
        asked = {}
        if name := one_line(axis.get("name") or ""):
            asked["attribute"] = name
        if title := one_line(axis.findtext("title") or ""):
            asked["question"] = title
        image = axis.find("image")
        if image is not None:
            self._notes.lose(f"the picture {image.get('src', '')[:80]}")
        return asked

    def _scale(self, axis: ET.Element | None) -> dict[str, Any]:
        labels = {
            position: words
            for label in (axis.iter("scalelabel") if axis is not None else ())
            if (words := one_line(label.text or ""))
            and (position := number(label.get("position"))) is not None
        }
        ordered = sorted(labels.items())
        if not 2 <= len(ordered) <= 11:
            if ordered:
                self._notes.lose(f"the words of the scale ({said(labels.values())}): it takes 2 to 11")
            return {}
        even = [100 * place / (len(ordered) - 1) for place in range(len(ordered))]
        if any(abs(position - wanted) > 1 for (position, _), wanted in zip(ordered, even, strict=True)):
            listed = ", ".join(f"{words} {position:g}" for position, words in ordered)
            self._notes.change(
                f"Words of a scale are evenly spaced from its low end to its high end; there they stood at {listed}."
            )
        return {"scale": [words for _, words in ordered]}

    def _comments(self, pages: Sequence[ET.Element]) -> bool:
        shown = self._setup.findall("interface/interfaceoption") + [
            option for page in pages for option in page.iter("interfaceoption")
        ]
        return any(flag(page.get("showElementComments")) for page in pages) or any(
            option.get("type") == "show" and option.get("name") == "comments" for option in shown
        )

    def _target_lufs(self, pages: Sequence[ET.Element]) -> float | None:
        asked = number(self._setup.get("loudness"))
        if any(page.get("loudness") not in (None, self._setup.get("loudness")) for page in pages):
            self._notes.lose("a loudness of their own for some pages: a study has one")
        if asked is None:
            self._notes.change("Every mix is brought to the same loudness, which this test did not ask for.")
            return None
        if not _QUIETEST <= asked <= _LOUDEST:
            self._notes.lose(f"the loudness of {asked:g} LUFS: it can be from {_QUIETEST:g} to {_LOUDEST:g}")
            return None
        return asked

    def _id(self, page: ET.Element) -> str:
        return page.get("id") or f"page {self._pages.index(page) + 1}"


def _axis(axis: ET.Element) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    labels = tuple(
        sorted((label.get("position", ""), (label.text or "").strip()) for label in axis.iter("scalelabel"))
    )
    return axis.get("name", ""), (axis.findtext("title") or "").strip(), labels
