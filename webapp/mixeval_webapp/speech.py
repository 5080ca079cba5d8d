"""In which language the present request is answered, and how templates speak it."""

from typing import cast

from flask import Flask, g

from mixeval_webapp.messages import FALLBACK, Messages, messages_in


def speak(language: str) -> None:
    """Answer the present request in `language`."""
    g.messages = messages_in(language)


def messages() -> Messages:
    """Return the messages in the language of the present request."""
    if "messages" not in g:
        speak(FALLBACK)
    return cast("Messages", g.messages)


def teach(app: Flask) -> None:
    """Give every template of `app` `say(key, ...)` and `language` and `direction` for its html element."""

    @app.context_processor
    def _speech() -> dict[str, object]:
        spoken = messages()
        return {"say": spoken.say, "language": spoken.language, "direction": spoken.direction}
