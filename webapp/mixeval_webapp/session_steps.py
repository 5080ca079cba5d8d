"""What a session has besides the pages that count: before them, around each of them, and after the last."""

from collections.abc import Sequence

from mixeval.participant_steps import LevelStep
from mixeval.seeds import derive_seed
from mixeval.study import Study
from mixeval.versions import Version
from mixeval_webapp.ordering import label
from mixeval_webapp.page_types.check_page import CHECKS, HEADPHONE_CHECKS
from mixeval_webapp.page_types.questions_page import KINDS
from mixeval_webapp.page_types.registry import RATING_PAGES
from mixeval_webapp.planned_page import SHOWN_AS, PlannedPage, PlannedSound

COUNTING = ("rating", "repeat", "attention")
"""Purposes of the pages that questions may stand around. Listeners are not to tell these pages apart."""


def steps_before(version: Version, seed: int) -> tuple[PlannedPage, ...]:
    """Plan everything before the first page that counts; `seed` is the session's.

    First who listens, then how loud, then whether the set-up is right at that level, then what is to be heard.
    """
    study = version.study
    return (
        *_questions(study.participants.questions_at("start"), KINDS["start"]),
        *_level(version),
        *_checks(study, seed),
        *_familiarisation(version, seed),
        *_practice(version, seed),
    )


def steps_around(study: Study, page: PlannedPage) -> tuple[PlannedPage, ...]:
    """Return `page` with the pages of questions before and after it."""
    if page.purpose not in COUNTING:
        return (page,)
    participants = study.participants
    return (
        *_questions(participants.questions_at("before_page", page.item), KINDS["before_page"], page.item),
        page,
        *_questions(participants.questions_at("after_page", page.item), KINDS["after_page"], page.item),
    )


def steps_after(study: Study) -> tuple[PlannedPage, ...]:
    """Plan everything after the last page that counts."""
    return _questions(study.participants.questions_at("end"), KINDS["end"])


def _questions(asked: Sequence[object], kind: str, item: str | None = None) -> tuple[PlannedPage, ...]:
    return (PlannedPage(kind=kind, purpose="step", item=item),) if asked else ()


def _level(version: Version) -> tuple[PlannedPage, ...]:
    level = version.study.participants.level
    if level is None:
        return ()
    item = level.item or version.manifest.items[0].item
    clip = PlannedSound(_level_condition(version.study, level), "clip", "")
    return (PlannedPage(kind="level", purpose="step", item=item, sounds=(clip,)),)


def _level_condition(study: Study, level: LevelStep) -> str:
    if level.condition is not None:
        return level.condition
    references = [condition.id for condition in study.conditions if condition.role == "reference"]
    return (references or [study.conditions[0].id])[0]


def _checks(study: Study, seed: int) -> tuple[PlannedPage, ...]:
    wanted = study.participants.checks
    kinds = [*(["left_right"] if wanted.left_right else []), *HEADPHONE_CHECKS[wanted.headphones]]
    return tuple(
        PlannedPage(
            kind=kind,
            purpose="step",
            sounds=tuple(
                PlannedSound(trial, "check", str(number))
                for number, trial in enumerate(_shuffled(CHECKS[kind].trials, seed, kind), start=1)
            ),
        )
        for kind in kinds
    )


def _familiarisation(version: Version, seed: int) -> tuple[PlannedPage, ...]:
    wanted = version.study.participants.familiarisation
    if wanted is None:
        return ()
    items = wanted.items or (version.manifest.items[0].item,)
    return tuple(
        PlannedPage(
            kind="familiarisation",
            purpose="practice",
            item=item,
            sounds=_lettered(_conditions(version, item), "heard", seed, "familiarisation", item),
        )
        for item in items
    )


def _practice(version: Version, seed: int) -> tuple[PlannedPage, ...]:
    test = version.study.test
    return tuple(
        PlannedPage(
            kind=test.page,
            purpose="practice",
            item=item,
            sounds=(
                *(PlannedSound(condition, role, SHOWN_AS[role]) for role, condition in presentation.heard),
                *_lettered(presentation.rated, "rated", seed, "practice", item, number),
            ),
        )
        for item in version.study.participants.practice_items
        for number, presentation in enumerate(
            RATING_PAGES[test.page].presentations(test, _conditions(version, item))
        )
    )


def _conditions(version: Version, item: str) -> list[str]:
    return [stimulus.condition for stimulus in version.manifest.of_item(item)]


def _lettered(conditions: Sequence[str], role: str, seed: int, *names: object) -> tuple[PlannedSound, ...]:
    return tuple(
        PlannedSound(condition, role, label(place))
        for place, condition in enumerate(_shuffled(conditions, seed, *names))
    )


def _shuffled(entries: Sequence[str], seed: int, *names: object) -> list[str]:
    places = sorted(range(len(entries)), key=lambda place: derive_seed(seed, *names, place))
    return [entries[place] for place in places]
