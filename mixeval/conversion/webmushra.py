"""Draw the outline of a webMUSHRA test: its YAML configuration.

Source: doc/experimenter.md, startup.js and lib/webmushra/pages of audiolabs/webMUSHRA.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mixeval.conversion.outline import Notes, Outline, OutlinedMix, OutlinedPage, comparable
from mixeval.conversion.plain_words import cut, one_line, said
from mixeval.conversion.webmushra_questions import finish_of
from mixeval.conversion.webmushra_rating import GRADES, RATING_PAGES, Rating
from mixeval.conversion.yaml_tree import Mapped, read_yaml, walk
from mixeval.conversion.yaml_values import YamlValues
from mixeval.errors import ConversionError
from mixeval.study import ParticipantsSection
from mixeval.validation import closest

PLATFORM = "webMUSHRA"

_TOP = {
    "testname",
    "testId",
    "bufferSize",
    "stopOnErrors",
    "showButtonPreviousPage",
    "remoteService",
    "language",
    "pages",
}
_PAGE = {"type", "id", "name", "content"}
_RATED = {"showWaveform", "enableLooping", "reference", "createAnchor35", "createAnchor70", "stimuli"}
_LIKERT = {"mustRate", "mustPlayback", "stimuli", "response"}
_KEYS: Mapping[str, set[str]] = {
    "generic": _PAGE,
    "consent": _PAGE | {"mustConsent"},
    "volume": _PAGE | {"stimulus", "defaultVolume"},
    "mushra": _PAGE | _RATED | {"strict", "randomize", "showConditionNames", "switchBack"},
    "bs1116": _PAGE | _RATED,
    "paired_comparison": _PAGE | (_RATED - {"createAnchor35", "createAnchor70"}) | {"unforced"},
    "likert_single_stimulus": _PAGE | _LIKERT,
    "likert_multi_stimulus": _PAGE | _LIKERT,
    "finish": _PAGE | {"popupContent", "showResults", "showErrors", "writeResults", "questionnaire"},
}
"""Every type of page that is read, with its keys."""


def is_webmushra(text: str) -> bool:
    """Tell a configuration by a key at its margin that no other test has."""
    return any(line.startswith(("pages:", "testname:", "testId:")) for line in text.splitlines())


def outline_of_webmushra(content: bytes, name: str, *, only: str | None = None) -> Outline:
    """Read a configuration and draw its outline.

    A test in which several types of page rate needs `only`, the type to be taken. Raises ConversionError with the line
    of what cannot be used.
    """
    document = read_yaml(content, name)
    if not isinstance(document, Mapped):
        raise ConversionError(f"{name} is no webMUSHRA test, it has no keys", remedy="name its YAML file")
    return _Reading(document, name).outline(only)


@dataclass(frozen=True)
class _Placed:
    page: Mapped
    shuffled: bool


class _Reading:
    def __init__(self, document: Mapped, name: str) -> None:
        self._document, self._name = document, name
        self._notes = Notes()
        self._values = YamlValues(name, self._notes)

    def outline(self, only: str | None) -> Outline:
        self._values.check_keys(self._document, _TOP, "the top level")
        placed = list(self._placed())
        for entry in placed:
            self._values.check_keys(
                entry.page, _KEYS.get(self._type(entry.page), set()), f"a {self._type(entry.page)} page"
            )
        kind = self._kind(placed, only)
        rating = [entry for entry in placed if self._type(entry.page) == kind]
        pages = self._items([entry.page for entry in rating], kind)
        kept = comparable(pages, self._notes)
        language = self._language()
        participants = self._participants(placed, rating[0].page, kept)
        self._about_the_tool(rating)
        return Outline(
            PLATFORM,
            RATING_PAGES[kind],
            kept,
            study={
                "title": one_line(self._values.text(self._document, "testname")) or "Listening test",
                "language": language,
            },
            test=Rating(self._values, kind, language).test([entry.page for entry in rating]),
            participants=participants,
            lost=tuple(self._notes.lost),
            changed=tuple(self._notes.changed),
        )

    # Pages and their order

    def _placed(self) -> Iterator[_Placed]:
        pages = self._document.get("pages")
        if not isinstance(pages, list) or not pages:
            meant = closest("pages", [key for key in self._document if key not in _TOP])
            remedy = f'line {self._document.lines[meant]} says "{meant}", write pages' if meant else "add it"
            raise ConversionError(f"{self._name} has no list of pages", remedy=remedy)
        yield from self._in_order(pages, shuffled=False)

    def _in_order(self, pages: list[Any], *, shuffled: bool) -> Iterator[_Placed]:
        shuffled = shuffled or pages[:1] == ["random"]
        for entry in pages:
            match entry:
                case "random":
                    continue
                case list():
                    yield from self._in_order(entry, shuffled=shuffled)
                case Mapped():
                    yield _Placed(entry, shuffled)
                case _:
                    raise ConversionError(
                        f'{self._name}: "{str(entry)[:60]}" among the pages is no page',
                        remedy="give each page a type",
                    )

    def _type(self, page: Mapped) -> str:
        found = self._values.text(page, "type")
        if not found:
            meant = closest("type", [key for key in page if key not in _PAGE])
            remedy = (
                f'line {page.lines[meant]} says "{meant}", write type'
                if meant
                else f"write one of {said(_KEYS)}"
            )
            raise ConversionError(f"{self._name}, line {page.line}: a page has no type", remedy=remedy)
        return found

    def _kind(self, placed: list[_Placed], only: str | None) -> str:
        counts: dict[str, int] = {}
        for entry in placed:
            kind = self._type(entry.page)
            if kind in RATING_PAGES:
                counts[kind] = counts.get(kind, 0) + 1
            elif kind not in _KEYS:
                meant = closest(kind, _KEYS)
                if meant:
                    line = entry.page.lines["type"]
                    raise ConversionError(
                        f'{self._name}, line {line}: there is no page of type "{kind}"',
                        remedy=f'did you mean "{meant}"',
                    )
                self._notes.lose(
                    f'the page "{self._values.id(entry.page)}" of type {kind}, which mixeval does not have'
                )
        if not counts:
            raise ConversionError(
                f"{self._name} has no page on which anything is rated",
                remedy=f"it takes one of type {said(RATING_PAGES)}",
            )
        if only is not None and only not in counts:
            raise ConversionError(
                f"{self._name} has no page of type {only} that can be converted",
                remedy=f"choose from {said(counts)}",
            )
        if only is None and len(counts) > 1:
            listed = said(f"{kind} ({count})" for kind, count in counts.items())
            raise ConversionError(
                f"{self._name} rates on pages of several types, {listed}, and a study has one",
                remedy="convert each with --only TYPE into a study of its own",
            )
        taken = only or next(iter(counts))
        for entry in placed:
            if self._type(entry.page) in counts.keys() - {taken}:
                self._notes.lose(f'the page "{self._values.id(entry.page)}" of type {self._type(entry.page)}')
        return taken

    # What is rated

    def _items(self, pages: list[Mapped], kind: str) -> list[OutlinedPage]:
        found: dict[str, OutlinedPage] = {}
        for page in pages:
            name = self._values.id(page)
            if name in found:
                raise ConversionError(
                    f'{self._name}, line {page.line}: the page "{name}" is there twice',
                    remedy="give each its own id",
                )
            found[name] = OutlinedPage(name, tuple(self._mixes(page, kind)))
        return list(found.values())

    def _mixes(self, page: Mapped, kind: str) -> Iterator[OutlinedMix]:
        stimuli = page.get("stimuli")
        line = page.lines.get("stimuli", page.line)
        if not isinstance(stimuli, Mapped) or not stimuli:
            raise ConversionError(
                f"{self._name}, line {line}: stimuli must be names with files",
                remedy="write stimuli: and below it, further in, lines such as C1: audio/loop1_c1.wav",
            )
        referred = kind in {"mushra", "bs1116", "paired_comparison"}
        if referred:
            if not self._values.text(page, "reference"):
                raise ConversionError(
                    f'{self._name}, line {page.line}: the page "{self._values.id(page)}" has no reference',
                    remedy="add it",
                )
            if "reference" in stimuli:
                raise ConversionError(
                    f'{self._name}, line {stimuli.lines["reference"]}: a mix is called "reference", as the reference is',
                    remedy="rename it",
                )
            yield OutlinedMix("reference", self._values.text(page, "reference"), "reference")
        for key in stimuli:
            yield OutlinedMix(key, self._values.text(stimuli, key))
        for key, cutoff_hz in (("createAnchor35", 3500), ("createAnchor70", 7000)):
            if self._values.flag(page, key, default=False):
                name = key.replace("createA", "a")
                if name in stimuli:
                    raise ConversionError(
                        f'{self._name}, line {stimuli.lines[name]}: a mix is called "{name}", as the anchor is',
                        remedy="rename it",
                    )
                yield OutlinedMix(name, role="anchor", filtered_from="reference", cutoff_hz=cutoff_hz)

    # What people do besides

    def _participants(
        self, placed: list[_Placed], first: Mapped, kept: tuple[OutlinedPage, ...]
    ) -> dict[str, Any]:
        participants: dict[str, Any] = {}
        opening: list[str] = []
        consents: list[str] = []
        begun = False
        for page in (entry.page for entry in placed):
            begun = begun or page is first
            match self._type(page):
                case "generic" if not begun:
                    opening.append(self._values.content(page))
                    self._notes.change(
                        f'The page "{cut(self._values.title(page))}" stands above the consent.'
                    )
                case "generic":
                    self._notes.lose(
                        f'the page "{cut(self._values.title(page))}" between or after pages: "{cut(self._values.content(page))}"'
                    )
                case "consent":
                    consents.append(self._values.content(page))
                    if not self._values.flag(page, "mustConsent", default=False):
                        self._notes.change("Nobody goes on without consent.")
                case "volume":
                    participants["level"] = self._level(page, kept)
                case "finish":
                    participants |= finish_of(page, self._values)
                case _:
                    pass
        if opening and not consents:
            consents.append(ParticipantsSection().consent)
            self._notes.change("Nobody was asked for consent; mixeval's own words ask for it.")
        words = [text for text in (*opening, *consents) if text]
        if words:
            participants["consent"] = "\n\n".join(words)[:20_000]
        return participants

    def _level(self, page: Mapped, kept: tuple[OutlinedPage, ...]) -> dict[str, Any]:
        file = self._values.text(page, "stimulus")
        if self._values.text(page, "defaultVolume"):
            self._notes.lose("the volume that a volume page begins with (defaultVolume)")
        if self._values.content(page):
            self._notes.lose(f'the text of the volume page: "{cut(self._values.content(page))}"')
        for item, mix in ((page, mix) for page in kept for mix in page.mixes):
            if mix.file == file:
                return {"item": item.id, "condition": mix.key}
        self._notes.change(f"The level is set with the study's first clip, as {file} is none of its mixes.")
        return {}

    # What the tool does by itself

    def _language(self) -> str:
        language = self._values.text(self._document, "language") or "en"
        if language not in GRADES:
            self._notes.lose(f"the language {language}, of which webMUSHRA and mixeval have no words")
            return "en"
        return language

    def _about_the_tool(self, rating: list[_Placed]) -> None:
        pages = [entry.page for entry in rating]
        if len(pages) > 1 and not all(entry.shuffled for entry in rating):
            self._notes.change(
                "Pages come in an order that is balanced over participants; there it is fixed, or partly so."
            )
        if any(not self._values.flag(page, "randomize", default=True) for page in pages):
            self._notes.change(
                "Mixes stand in an order that is balanced over participants; there it is fixed (randomize: false)."
            )
        if any(self._values.flag(page, "showConditionNames", default=False) for page in pages):
            self._notes.lose(
                "names of mixes on the page (showConditionNames): nothing that people see tells mixes apart"
            )
        if any(self._values.flag(page, "switchBack", default=False) for page in pages):
            self._notes.lose("going back to the reference by itself (switchBack)")
        if self._values.flag(self._document, "showButtonPreviousPage", default=False):
            self._notes.lose(
                "the button back to earlier pages (showButtonPreviousPage): finished pages stay finished"
            )
        self._notes.change("Every mix is brought to the same loudness; webMUSHRA plays files as they are.")
        technical = [
            key for key in ("testId", "bufferSize", "stopOnErrors", "remoteService") if key in self._document
        ]
        technical += ["strict"] if any("strict" in page for page in pages) else []
        technical += (
            ["writeResults"]
            if any(
                "writeResults" in page for page in walk(self._document["pages"]) if isinstance(page, Mapped)
            )
            else []
        )
        if technical:
            self._notes.lose(f"settings of the tool itself, of which a study needs none: {said(technical)}")
