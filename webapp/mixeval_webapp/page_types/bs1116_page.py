"""Double-blind triple-stimulus with hidden reference (ITU-R BS.1116-3, clause 4): small impairments, graded.

An open reference and two coded sounds, one of which is the reference again. Both are graded from 1.0 to 5.0 on
the continuous impairment scale with a resolution of one decimal place (BS.1116-3, clause 6).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mixeval.listening_pages import Bs1116Page, ListeningPage
from mixeval.study import Study
from mixeval_webapp.page_types.page_type import (
    Missing,
    Presentation,
    Response,
    SimulatedListener,
    Values,
)
from mixeval_webapp.page_types.rating_page import RatingPageType
from mixeval_webapp.sheet import Sheet

GRADES = Values(1.0, 5.0, 0.1)
EAR_NOISE_SD = 3.0
"""Of simulated listeners, on their scale of 0 to 100; experts, so less than in other tests."""
LIKING_PER_GRADE = 15.0


class Bs1116PageType(RatingPageType):
    template = "bs1116.html"

    def presentations(self, test: ListeningPage, conditions: Sequence[str]) -> tuple[Presentation, ...]:
        if not isinstance(test, Bs1116Page):
            raise TypeError(f"a page with a hidden reference was asked for by a {type(test).__name__}")
        reference = test.reference
        return tuple(
            Presentation(rated=(reference, condition), heard=(("reference", reference),))
            for condition in conditions
            if condition != reference
        )

    def values(self, sheet: Sheet) -> Values:  # noqa: ARG002 - the same for every page
        return GRADES

    def unanswered(self, study: Study, sheet: Sheet) -> Missing:
        unrated = self.unrated(study, sheet)
        if unrated:
            return {"place": unrated}
        (attribute,) = self.attributes(study)
        found = any(sheet.value(sound, attribute) == GRADES.highest for sound in sheet.rated)
        if found or any(sheet.unplayable(sound) for sound in sheet.sounds):
            return {}
        # One is the reference: whoever hears both differ from it has not compared them well.
        return {"match": tuple(sound.shown_as for sound in sheet.rated)}

    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:
        (axis,) = data["axes"]
        heard = {
            row["token"]: listener.rate(row["token"]) + listener.random.normal(0.0, EAR_NOISE_SD)
            for row in data["stimuli"]
        }
        (reference,) = (row["token"] for row in data["stimuli"] if row["role"] == "reference")
        differences = {
            row["token"]: abs(heard[row["token"]] - heard[reference])
            for row in data["stimuli"]
            if row["role"] == "rated"
        }
        nearest = min(differences, key=lambda token: differences[token])
        return Response(
            {
                (token, axis["attribute"]): 5.0 if token == nearest else _grade(difference)
                for token, difference in differences.items()
            }
        )


def _grade(difference: float) -> float:
    return round(max(GRADES.lowest, GRADES.highest - difference / LIKING_PER_GRADE), 1)
