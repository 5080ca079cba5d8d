"""In which language the present request is answered, and how templates speak it."""

from typing import cast

from flask import Flask, g

from mixeval.study import Study
from mixeval_webapp.messages import Messages, messages_of
from mixeval_webapp.site import site


def speak_for(study: Study) -> None:
    """Answer the present request in the language and words of `study`."""
    g.messages = messages_of(study)


def messages() -> Messages:
    """Return the messages in the language of the present request; that of new participants if nothing was said."""
    if "messages" not in g:
        speak_for(site().version.study)
    return cast("Messages", g.messages)


def teach(app: Flask) -> None:
    """Give every template of `app` `say(key, ...)`, `language` and `direction` for its html element, and `preview`."""

    @app.context_processor
    def _speech() -> dict[str, object]:
        spoken = messages()
        return {
            "say": spoken.say,
            "language": spoken.language,
            "direction": spoken.direction,
            "preview": g.get("preview", False),
        }
