"""What listeners read where study.toml leaves it out: the message files' words, in the study's language."""

from collections.abc import Mapping
from typing import Any

from mixeval.study import ParticipantsSection, Study
from mixeval_webapp.messages import Messages, messages_of


def in_its_language(study: Study) -> Study:
    """Return `study` with every text that it leaves to mixeval in its own language.

    What stands in study.toml stays. A stored study holds the English words where study.toml was silent, so a
    text counts as left out when it is word for word the default.
    """
    messages = messages_of(study)
    return study.model_copy(
        update={
            "test": study.test.model_copy(update=_test_words(study, messages)),
            "participants": study.participants.model_copy(update=_participants_words(study, messages)),
        }
    )


def paragraphs(text: str) -> list[str]:
    """Split a text of study.toml at its blank lines."""
    return [paragraph.strip() for paragraph in text.split("\n\n") if paragraph.strip()]


def _test_words(study: Study, messages: Messages) -> Mapping[str, Any]:
    test = study.test
    words: dict[str, Any] = {}
    for name in ("question", "instructions"):
        if getattr(test, name) == type(test).model_fields[name].default:
            words[name] = messages.say(f"study.{test.page}_{name}")
    scale = type(test).model_fields.get("scale")
    if scale is not None and getattr(test, "scale") == scale.default:  # noqa: B009 - not every page type has one
        words["scale"] = tuple(
            messages.say(f"study.{test.page}_scale_{number}") for number in range(1, len(scale.default) + 1)
        )
    return words


def _participants_words(study: Study, messages: Messages) -> Mapping[str, Any]:
    fields = ParticipantsSection.model_fields
    return {
        name: messages.say(f"study.{name}")
        for name in ("consent", "thanks")
        if getattr(study.participants, name) == fields[name].default
    }
