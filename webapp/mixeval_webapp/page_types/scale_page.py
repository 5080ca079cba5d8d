"""Pages on which all mixes of an item are placed on continuous scales: vertical sliders, or bars on one axis."""

from collections.abc import Sequence
from typing import Any

from mixeval.listening_pages import ListeningPage, SingleAxisPage, SlidersPage
from mixeval.seeds import derive_seed
from mixeval.study import Study
from mixeval_webapp.page_types.page_type import Presentation, Values
from mixeval_webapp.page_types.rating_page import RatingPageType
from mixeval_webapp.sheet import Sheet, Sound

SCALE = Values(0.0, 100.0)
NEUTRAL = 50


class _ScalePageType(RatingPageType):
    def values(self, sheet: Sheet) -> Values:  # noqa: ARG002 - the same for every page
        return SCALE

    def data(self, study: Study, sheet: Sheet) -> dict[str, Any]:
        test = study.test
        if not isinstance(test, SlidersPage | SingleAxisPage):
            raise TypeError(f"a page with scales was asked for by {test.page}")
        return super().data(study, sheet) | {
            "unrated": test.unrated,
            "starts": {sound.token: self._start(test.unrated, sheet, sound) for sound in sheet.rated},
            "show_values": test.show_values,
            "scale_as": test.scale_as,
        }

    @staticmethod
    def _start(unrated: str, sheet: Sheet, sound: Sound) -> int:
        """Say where an unrated mix is drawn, from the session's seed. It is not an answer."""
        if unrated != "random":
            return NEUTRAL
        return derive_seed(sheet.seed, "start", sheet.position, sound.condition) % 101


class SlidersPageType(_ScalePageType):
    template = "sliders.html"

    def presentations(self, test: ListeningPage, conditions: Sequence[str]) -> tuple[Presentation, ...]:
        reference = test.reference if isinstance(test, SlidersPage) else None
        heard = (("reference", reference),) if reference is not None else ()
        return (Presentation(rated=tuple(conditions), heard=heard),)


class SingleAxisPageType(_ScalePageType):
    template = "single_axis.html"

    def presentations(self, test: ListeningPage, conditions: Sequence[str]) -> tuple[Presentation, ...]:  # noqa: ARG002 - the same for every study
        return (Presentation(rated=tuple(conditions)),)
