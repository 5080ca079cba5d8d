"""A study below a path of its host, such as /drums, so that several share one name and one certificate."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WATCHED = ("/healthz", "/readyz")
"""Answered without the prefix too: whoever watches the process need not know what it serves."""


class UnderPrefix:
    """Serve an application below `prefix`, and nothing beside it."""

    def __init__(self, application: "WSGIApplication", prefix: str) -> None:
        self._application = application
        self._prefix = prefix

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path in WATCHED:
            return self._application(environ, start_response)
        inside = path.removeprefix(self._prefix) or "/"
        if path != self._prefix and not path.startswith(f"{self._prefix}/"):
            # What is asked for beside the prefix is nobody's page; the application says so in its words.
            inside = "/\N{REPLACEMENT CHARACTER}".encode().decode("latin-1")
        moved = environ | {"SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + self._prefix, "PATH_INFO": inside}
        return self._application(moved, start_response)
