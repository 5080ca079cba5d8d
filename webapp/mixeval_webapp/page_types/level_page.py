"""The page on which listeners set a level that they like, on a clip at the study's loudness."""

from collections.abc import Mapping
from typing import Any

from mixeval.study import Study
from mixeval_webapp.messages import messages_of
from mixeval_webapp.page_types.page_type import Missing, PageType, Response, SimulatedListener
from mixeval_webapp.sheet import Sheet

VOLUME = "volume_db"
LOWEST_DB = -40.0


class LevelPageType(PageType):
    """The clip is played at least once; the volume that was chosen is the answer, and the start of later pages."""

    template = "level.html"

    def data(self, study: Study, sheet: Sheet) -> dict[str, Any]:  # noqa: ARG002 - the same for every page
        level = study.participants.level
        return {"lock_volume": level is not None and level.lock_volume}

    def missing(self, study: Study, sheet: Sheet) -> Missing:
        row = sheet.answers.get(("", VOLUME))
        if row is not None and row.value is not None:
            return {}
        return {"play": (messages_of(study).say("level.clip"),)}

    def refusal(self, study: Study, sheet: Sheet, *, subject: str, name: str, value: Any) -> str | None:  # noqa: ARG002 - as above
        if subject or name != VOLUME:
            return "is not asked for on this page"
        fits = isinstance(value, int | float) and not isinstance(value, bool) and LOWEST_DB <= value <= 0
        return None if fits else f"must be a level from {LOWEST_DB:g} to 0 dB"

    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:  # noqa: ARG002 - all pages ask the same
        chosen = round(float(listener.random.uniform(-18.0, 0.0)))
        return Response(answers={VOLUME: chosen}, volume_db=chosen)
