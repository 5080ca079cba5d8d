"""Pages on which all mixes of an item are heard and none is rated."""

from collections.abc import Mapping
from typing import Any

from mixeval.study import Study
from mixeval_webapp.messages import messages_of
from mixeval_webapp.page_types.page_type import Missing, PageType, Response, SimulatedListener
from mixeval_webapp.sheet import Sheet

LISTENING = "listening"
"""What listening time is stored under, since nothing is asked."""


class FamiliarisationPageType(PageType):
    """It plays as rating pages do; of each mix it is kept for how long it was heard."""

    template = "familiarisation.html"

    def attributes(self, study: Study) -> tuple[str, ...]:  # noqa: ARG002 - the same for every study
        return (LISTENING,)

    def data(self, study: Study, sheet: Sheet) -> dict[str, Any]:  # noqa: ARG002 - as above
        words = messages_of(study)
        level = study.participants.level
        return {
            "instructions": words.say("familiarisation.text"),
            "axes": [{"attribute": LISTENING, "question": words.say("familiarisation.title"), "scale": []}],
            "values": {"lowest": 0.0, "highest": 0.0, "step": 1.0},
            "minimum_seconds": _minimum_seconds(study),
            "comments": "none",
            "loop": study.test.loop,
            "waveform": study.test.waveform,
            "lock_volume": level is not None and level.lock_volume,
        }

    def missing(self, study: Study, sheet: Sheet) -> Missing:
        # The browser rounds to milliseconds.
        enough = _minimum_seconds(study) - 0.001
        unheard = [
            sound.shown_as
            for sound in sheet.sounds
            if enough > 0 and sheet.listened_seconds(sound) < enough and not sheet.unplayable(sound)
        ]
        return {"play": tuple(unheard)} if unheard else {}

    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:  # noqa: ARG002 - nothing is asked
        return Response()


def _minimum_seconds(study: Study) -> float:
    wanted = study.participants.familiarisation
    return wanted.minimum_seconds if wanted is not None else 0.0
