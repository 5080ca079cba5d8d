"""What all pages on which mixes are rated have in common."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from mixeval.listening_pages import ListeningPage
from mixeval.study import Study
from mixeval_webapp.page_types.page_type import (
    Missing,
    PageType,
    Presentation,
    RaisedFlag,
    Response,
    SimulatedListener,
    Values,
)
from mixeval_webapp.sheet import Sheet, Sound

COMMENT = "comment"
COMMENT_CHARACTERS = 2000


class RatingPageType(PageType):
    """A page that plays mixes of one item and asks about each."""

    @abstractmethod
    def presentations(self, test: ListeningPage, conditions: Sequence[str]) -> tuple[Presentation, ...]:
        """List the pages that one item is presented on."""

    @abstractmethod
    def values(self, sheet: Sheet) -> Values:
        """Say which numbers may be given."""

    def attributes(self, study: Study) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in study.test.attributes_asked)

    def data(self, study: Study, sheet: Sheet) -> dict[str, Any]:
        test, values, level = study.test, self.values(sheet), study.participants.level
        return {
            "instructions": test.instructions,
            "axes": [
                {"attribute": asked.name, "question": asked.question, "scale": list(asked.scale)}
                for asked in test.attributes_asked
            ],
            "values": {"lowest": values.lowest, "highest": values.highest, "step": values.step},
            "minimum_seconds": test.minimum_seconds,
            "comments": test.comments,
            "loop": test.loop,
            "waveform": test.waveform,
            "practice": sheet.purpose == "practice",
            "lock_volume": level is not None and level.lock_volume,
        }

    def missing(self, study: Study, sheet: Sheet) -> Missing:
        unheard = self.unheard(study, sheet)
        return {**({"play": unheard} if unheard else {}), **self.unanswered(study, sheet)}

    def unheard(self, study: Study, sheet: Sheet) -> tuple[str, ...]:
        """Name the sounds that were not heard for long enough, by the letters that the listener sees."""
        # The browser rounds to milliseconds.
        enough = study.test.minimum_seconds - 0.001
        return tuple(
            sound.shown_as
            for sound in sheet.sounds
            if enough > 0 and sheet.listened_seconds(sound) < enough and not sheet.unplayable(sound)
        )

    def unanswered(self, study: Study, sheet: Sheet) -> Missing:
        """Say what is still to be answered; the page's script knows the same rule."""
        unrated = self.unrated(study, sheet)
        return {"place": unrated} if unrated else {}

    def unrated(self, study: Study, sheet: Sheet) -> tuple[str, ...]:
        """Name the mixes that lack a value, by the letters that the listener sees."""
        return tuple(
            sound.shown_as
            for sound in sheet.rated
            if not sheet.unplayable(sound)
            and not all(sheet.placed(sound, attribute) for attribute in self.attributes(study))
        )

    def refusal(self, study: Study, sheet: Sheet, *, subject: str, name: str, value: Any) -> str | None:
        about = {
            "page": {""},
            "mixes": _tokens(sheet.rated),
            "both": {"", *_tokens(sheet.rated)},
            "none": set(),
        }
        if name != COMMENT or subject not in about[study.test.comments]:
            return "is not asked for on this page"
        if not isinstance(value, str) or len(value) > COMMENT_CHARACTERS:
            return f"must be text of at most {COMMENT_CHARACTERS} characters"
        return None

    def flags(self, study: Study, sheet: Sheet) -> tuple[RaisedFlag, ...]:
        return (*super().flags(study, sheet), *self._inattention(study, sheet))

    def _inattention(self, study: Study, sheet: Sheet) -> tuple[RaisedFlag, ...]:
        attention = study.test.attention
        if sheet.purpose != "attention" or attention is None:
            return ()
        by_condition = {sound.condition: sound for sound in sheet.rated}
        attribute = self.attributes(study)[0]
        better = sheet.value(by_condition[attention.better], attribute)
        worse = sheet.value(by_condition[attention.worse], attribute)
        if better is None or worse is None or better > worse:
            return ()
        return (RaisedFlag("attention", {"better": better, "worse": worse, "page": sheet.position + 1}),)

    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:
        values = data["values"]
        span = values["highest"] - values["lowest"]
        return Response(
            {
                (sound["token"], axis["attribute"]): values["lowest"]
                + round(listener.rate(sound["token"]) / 100 * span / values["step"]) * values["step"]
                for axis in data["axes"]
                for sound in data["stimuli"]
                if sound["role"] == "rated"
            }
        )


def _tokens(sounds: Sequence[Sound]) -> set[str]:
    return {sound.token for sound in sounds}
