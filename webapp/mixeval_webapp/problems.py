"""What the web side answers when it does not do as asked: one log line, and a page or problem JSON (RFC 9457).

Log lines name the route, the reason and the participant's pseudonym; never a token, a secret or a path that
holds one.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import BadHost, HTTPException

from mixeval.database import cause, is_disk_full
from mixeval.errors import MixevalError
from mixeval_webapp.audit import tell_of_foreign_names
from mixeval_webapp.logs import route
from mixeval_webapp.speech import messages
from mixeval_webapp.stimulus_files import StimulusUnavailableError

API_PREFIX = "/api/"
RETRY_AFTER_SECONDS = 2

log = logging.getLogger(__name__)


class RefusalError(MixevalError):
    """A request that is understood and not granted; subclasses say why."""

    status: ClassVar[HTTPStatus]
    reason: ClassVar[str]
    """The word in the log."""
    said: ClassVar[str | None] = None
    """The message for listeners who may meet it; None where only a program of their own can."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What the problem JSON holds besides title, status and detail."""
        return {}

    @property
    def retry_after_seconds(self) -> int | None:
        """When the same request may be granted, if it is only a matter of time."""
        return None


class MalformedBodyError(RefusalError):
    status, reason = HTTPStatus.BAD_REQUEST, "malformed_body"


class UnknownSessionError(RefusalError):
    status, reason = HTTPStatus.UNAUTHORIZED, "unknown_session"
    said = "error.unknown_session"


class ForeignRequestError(RefusalError):
    status, reason = HTTPStatus.FORBIDDEN, "foreign_request"


class NotServedError(RefusalError):
    status, reason = HTTPStatus.FORBIDDEN, "not_served"
    said = "error.not_served"


class NotYoursError(RefusalError):
    status, reason = HTTPStatus.NOT_FOUND, "not_yours"
    said = "error.not_yours"


class PageFinishedError(RefusalError):
    status, reason = HTTPStatus.CONFLICT, "page_finished"
    said = "error.page_finished"


class ElsewhereError(RefusalError):
    status, reason = HTTPStatus.CONFLICT, "elsewhere"
    said = "error.elsewhere"


class HeldElsewhereError(RefusalError):
    status, reason = HTTPStatus.CONFLICT, "held_elsewhere"
    said = "error.held_elsewhere"

    @property
    def facts(self) -> Mapping[str, object]:
        return {"held": False}


class NotJsonError(RefusalError):
    status, reason = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json"


class InvalidFieldError(RefusalError):
    """A body whose shape or values are wrong; `field` is the path of the first that is."""

    status, reason = HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_field"

    def __init__(self, problem: str, *, remedy: str, field: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.field = field

    @property
    def facts(self) -> Mapping[str, object]:
        return {"field": self.field}


class UnfinishedPageError(RefusalError):
    """A page on which something is still to do, by the names that the listener sees."""

    status, reason = HTTPStatus.UNPROCESSABLE_ENTITY, "unfinished_page"

    def __init__(self, missing: Mapping[str, Sequence[str]]) -> None:
        """Name what is missing as a page type does: the task, and what it is about."""
        parts = [f"Still to {task}: {', '.join(names)}".rstrip(": ") for task, names in missing.items()]
        super().__init__(". ".join(parts), remedy="")
        self.missing = missing

    def __str__(self) -> str:
        return self.problem

    @property
    def facts(self) -> Mapping[str, object]:
        return {"missing": self.missing}


def answer_problems(app: Flask) -> None:
    """Answer every error of `app` in words, without a trace of its insides."""
    app.register_error_handler(RefusalError, _refused)
    app.register_error_handler(StimulusUnavailableError, _stimulus_unavailable)
    app.register_error_handler(DBAPIError, _storage_failed)
    app.register_error_handler(PoolTimeoutError, _storage_failed)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: RefusalError) -> Response:
    _log_refusal(error.status, error.reason)
    if isinstance(error, NotYoursError | NotServedError):
        tell_of_foreign_names()
    return _answer(
        error.status,
        messages().say(error.said) if error.said else str(error),
        error.facts,
        retry_after_seconds=error.retry_after_seconds,
    )


def _stimulus_unavailable(error: StimulusUnavailableError) -> Response:
    # The participant reads nothing of it: the sentence names the file and with it the condition.
    log.error("stimulus unavailable: %s", error)
    return _answer(
        HTTPStatus.SERVICE_UNAVAILABLE, messages().say("error.no_recording"), retry_after_seconds=60
    )


def _storage_failed(error: DBAPIError | PoolTimeoutError) -> Response:
    # The driver's sentence only: parameters and details of a row would put tokens into the log.
    sentence = cause(error) if isinstance(error, DBAPIError) else "every connection is in use"
    if isinstance(error, IntegrityError):
        log.error("unexpected %s route=%s", sentence, route())
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, messages().say("error.unexpected"))
    log.error("storage failed: %s route=%s", sentence, route())
    full = isinstance(error, DBAPIError) and is_disk_full(error)
    return _answer(
        HTTPStatus.INSUFFICIENT_STORAGE if full else HTTPStatus.SERVICE_UNAVAILABLE,
        messages().say("error.not_stored"),
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )


def _stale_form(_error: CSRFError) -> Response:
    _log_refusal(HTTPStatus.BAD_REQUEST, "stale_form")
    return _answer(HTTPStatus.BAD_REQUEST, messages().say("error.stale_form"))


def _http_problem(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # redirects that the router raises
        return make_response(error)
    status = HTTPStatus(error.code)
    if isinstance(error, BadHost):
        # Without a host there are no addresses, and every page of ours has some.
        _log_refusal(status, "bad_host")
        return make_response(("The Host header names no host.\n", status, {"Content-Type": "text/plain"}))
    _log_refusal(status, status.phrase.lower().replace(" ", "_"))
    words = messages().say(_WORDS[status]) if status in _WORDS else status.description or status.phrase
    answer = _answer(status, words)
    for name, value in error.get_headers():
        if name in {"Allow", "Content-Range", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> Response:
    log.error("unexpected %s route=%s", type(error).__name__, route(), exc_info=error)
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, messages().say("error.unexpected"))


_WORDS = {
    HTTPStatus.NOT_FOUND: "error.not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "error.method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "error.too_large",
}


def _answer(
    status: HTTPStatus,
    detail: str,
    facts: Mapping[str, object] | None = None,
    *,
    retry_after_seconds: int | None = None,
) -> Response:
    if request.path.startswith(API_PREFIX):
        answer = jsonify(title=status.phrase, status=int(status), detail=detail, **(facts or {}))
        answer.content_type = "application/problem+json"
    else:
        title = messages().say(_TITLES[status]) if status in _TITLES else status.phrase
        answer = make_response(render_template("error.html", status=int(status), title=title, message=detail))
    answer.status_code = status
    if retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(retry_after_seconds)
    return answer


_TITLES = {
    HTTPStatus.BAD_REQUEST: "error.title_start_again",
    HTTPStatus.NOT_FOUND: "error.title_not_found",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "error.title_too_large",
    HTTPStatus.TOO_MANY_REQUESTS: "error.title_too_many",
    HTTPStatus.INTERNAL_SERVER_ERROR: "error.title_unexpected",
    HTTPStatus.SERVICE_UNAVAILABLE: "error.title_unavailable",
    HTTPStatus.INSUFFICIENT_STORAGE: "error.title_unavailable",
}


def _log_refusal(status: HTTPStatus, reason: str) -> None:
    log.warning(
        "refused status=%d reason=%s method=%s route=%s participant=%s",
        status,
        reason,
        request.method,
        route(),
        g.get("participant", "-"),
        extra={"fields": {"event": "refused", "status": status, "reason": reason, "method": request.method}},
    )
