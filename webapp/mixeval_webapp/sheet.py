"""A page of a session with everything that is stored about it: what page types judge and browsers are shown."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mixeval.models import Answer, Page, PageStimulus, Rating


@dataclass(frozen=True)
class Sound:
    """One sound on the page, by the token that the browser knows it by."""

    token: str
    condition: str
    role: str
    shown_as: str

    @property
    def rated(self) -> bool:
        return self.role == "rated"


@dataclass(frozen=True)
class Sheet:
    """One page; `ratings` are keyed by (token, attribute) and `answers` by (subject, name)."""

    page_id: str
    kind: str
    purpose: str
    item: str | None
    position: int
    """Among the pages of the session, counted from 0."""
    seed: int
    """The session's."""
    sounds: tuple[Sound, ...]
    ratings: Mapping[tuple[str, str], Rating]
    answers: Mapping[tuple[str, str], Answer]

    @property
    def rated(self) -> tuple[Sound, ...]:
        return tuple(sound for sound in self.sounds if sound.rated)

    def value(self, sound: Sound, attribute: str) -> float | None:
        rating = self.ratings.get((sound.token, attribute))
        return None if rating is None else rating.value

    def placed(self, sound: Sound, attribute: str) -> bool:
        """Tell whether the listener has given `sound` a value: what was only drawn for them is none."""
        rating = self.ratings.get((sound.token, attribute))
        return rating is not None and rating.value is not None and rating.moved

    def unplayable(self, sound: Sound) -> bool:
        """Tell whether the listener's browser could not play `sound`."""
        return any(rating.unplayable for (token, _), rating in self.ratings.items() if token == sound.token)

    def listened_seconds(self, sound: Sound) -> float:
        """Return for how long `sound` was audible, 0 when it never counted as played."""
        return max(
            (
                rating.listened_seconds
                for (token, _), rating in self.ratings.items()
                if token == sound.token and rating.played
            ),
            default=0.0,
        )


def read_sheet(db: Session, page: Page, *, seed: int) -> Sheet:
    """Read everything that is stored about `page`; `seed` is its session's."""
    stimuli = db.scalars(
        select(PageStimulus).where(PageStimulus.page_id == page.id).order_by(PageStimulus.position)
    ).all()
    ratings = db.scalars(select(Rating).join(PageStimulus).where(PageStimulus.page_id == page.id)).all()
    answers = db.scalars(select(Answer).where(Answer.page_id == page.id)).all()
    return Sheet(
        page_id=page.id,
        kind=page.kind,
        purpose=page.purpose,
        item=page.item,
        position=page.position,
        seed=seed,
        sounds=tuple(Sound(row.token, row.condition, row.role, row.shown_as) for row in stimuli),
        ratings={(row.stimulus_token, row.attribute): row for row in ratings},
        answers={(row.subject, row.name): row for row in answers},
    )


def next_sequence(db: Session, session_id: str) -> int:
    """Return a number above that of every answer that the session has stored."""
    newest = [
        db.scalar(
            select(func.max(Rating.sequence))
            .join(PageStimulus, Rating.stimulus_token == PageStimulus.token)
            .join(Page, PageStimulus.page_id == Page.id)
            .where(Page.session_id == session_id)
        ),
        db.scalar(
            select(func.max(Answer.sequence))
            .join(Page, Answer.page_id == Page.id)
            .where(Page.session_id == session_id)
        ),
    ]
    return 1 + max(number or 0 for number in newest)
