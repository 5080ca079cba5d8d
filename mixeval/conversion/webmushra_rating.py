"""The pages of a webMUSHRA test on which mixes are rated, as keys of [test]."""

from collections.abc import Mapping
from typing import Any

from mixeval.conversion.outline import PageKind
from mixeval.conversion.plain_words import cut, one_line, said
from mixeval.conversion.yaml_tree import Mapped
from mixeval.conversion.yaml_values import YamlValues
from mixeval.errors import ConversionError

RATING_PAGES: Mapping[str, PageKind] = {
    "mushra": "sliders",
    "bs1116": "bs1116",
    "paired_comparison": "abx",
    "likert_single_stimulus": "acr",
    "likert_multi_stimulus": "sliders",
}
"""What becomes of each type of page that rates."""

GRADES: Mapping[str, tuple[str, ...]] = {
    "en": ("Bad", "Poor", "Fair", "Good", "Excellent"),
    "de": ("Schlecht", "Dürftig", "Ordentlich", "Gut", "Ausgezeichnet"),
    "fr": ("Mauvais", "Médiocre", "Assez bon", "Bon", "Excellent"),
    "es": ("Mala", "Mediocre", "Aceptable", "Buena", "Excelente"),
}
"""The five words of webMUSHRA's MUSHRA page, from the worst, by language."""


class Rating:
    """Reads pages of one `kind`; what has no place in a study goes to the notes of `values`."""

    def __init__(self, values: YamlValues, kind: str, language: str) -> None:
        self._values, self._kind, self._language = values, kind, language

    def test(self, pages: list[Mapped]) -> dict[str, Any]:
        """Return keys of [test]. Raises ConversionError where a scale has no place in a study."""
        kind, language = self._kind, self._language
        test: dict[str, Any] = {"page": RATING_PAGES[kind]}
        if not kind.startswith("likert"):
            test |= self._shared_flags(pages)
        match kind:
            case "mushra":
                test |= {
                    "attribute": "quality",
                    "reference": "reference",
                    "scale": list(GRADES.get(language, GRADES["en"])),
                    "scale_as": "intervals",
                    "show_values": True,
                    "question": "How good is the quality of each mix, compared with the reference?",
                }
                if language != "en":
                    self._values.notes.change(
                        f"The question is in English: write it in the language {language}."
                    )
                self._values.notes.change(
                    "A slider says nothing until it is moved; in webMUSHRA it begins at 100, and is saved so."
                )
            case "bs1116":
                test["reference"] = "reference"
            case "paired_comparison":
                self._pairs(test, pages)
            case _:
                self._likert(test, kind, pages)
        self._words(test, pages)
        return test

    def _shared_flags(self, pages: list[Mapped]) -> dict[str, Any]:
        flags = {}
        for key, ours, default in (("enableLooping", "loop", True), ("showWaveform", "waveform", False)):
            # webMUSHRA has none of it where it is left out.
            values = [self._values.flag(page, key, default=False) for page in pages]
            if len(set(values)) > 1:
                self._values.notes.change(
                    f"{key} differs from page to page; {ours} is {str(values[0]).lower()} on all."
                )
            if values[0] != default:
                flags[ours] = values[0]
        return flags

    def _pairs(self, test: dict[str, Any], pages: list[Mapped]) -> None:
        test["trials_per_pair"] = 1
        test["pairs"] = [["reference", key] for key in pages[0]["stimuli"]]
        self._values.notes.change(
            "X is one of the two mixes, balanced over trials; in webMUSHRA it is the reference each time, and is named."
        )
        if any(self._values.text(page, "unforced") for page in pages):
            self._values.notes.lose(
                'the answer of those who cannot decide ("unforced"): abx pages ask for a choice'
            )

    def _likert(self, test: dict[str, Any], kind: str, pages: list[Mapped]) -> None:
        scales = [self._values.labels(page) for page in pages]
        words = scales[0]
        if any(scale != words for scale in scales):
            self._values.notes.change(
                f"The words of the scale differ from page to page; those of the first stand on all: {said(words)}."
            )
        if kind == "likert_single_stimulus" and len(words) != 5:
            raise ConversionError(
                f"{self._values.name}: pages that show one mix at a time have {len(words)} answers here, and in mixeval five "
                "(acr, ITU-T P.800)",
                remedy="make them five, or likert_multi_stimulus, which becomes sliders",
            )
        if not 2 <= len(words) <= 11:
            raise ConversionError(
                f"{self._values.name}: a scale has 2 to 11 words, and this one {len(words)}",
                remedy="make it so",
            )
        test |= {"scale": words, "attribute": "rating"}
        self._values.notes.change(
            f"The first answer is taken as the low end of the scale: from {words[0]} to {words[-1]}."
        )
        if kind == "likert_multi_stimulus":
            self._values.notes.change("The answers become the words of a continuous scale from 0 to 100.")
        self._values.notes.change(
            "Every mix must be played and rated before a page can be left (mustPlayback, mustRate)."
        )

    def _words(self, test: dict[str, Any], pages: list[Mapped]) -> None:
        contents = list(dict.fromkeys(self._values.content(page) for page in pages))
        if contents[0]:
            test["instructions"] = contents[0]
        for page in pages:
            if self._values.content(page) != contents[0]:
                self._values.notes.lose(
                    f'the text of the page "{self._values.id(page)}", as instructions are the same on all: "{cut(self._values.content(page))}"'
                )
        names = list(dict.fromkeys(one_line(self._values.text(page, "name")) for page in pages))
        if any(names):
            self._values.notes.lose(f"titles of pages: {said(cut(name) for name in names if name)}")
