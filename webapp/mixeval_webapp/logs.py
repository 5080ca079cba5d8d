"""What the server tells of itself: lines for people, or one JSON object per line for programs.

No line holds a token, a cookie, a secret, a query, an address or a user agent: routes are told by their rule,
participants by their pseudonym. What a fault's own message quotes of the request is struck out.
"""

import json
import logging
import re
import secrets
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from flask import Flask, Response, g, has_request_context, request

from mixeval.errors import ServeError

Format = Literal["text", "json"]
FORMATS: tuple[Format, ...] = ("text", "json")
REQUEST_ID_HEADER = "X-Request-ID"
STRUCK_OUT = "[struck out]"
LEAST_SECRET_CHARACTERS = 8
"""Shorter values are no secrets, and would strike out ordinary words."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

_VALUES_OF_ROWS = re.compile(r"^DETAIL: .*$", re.MULTILINE)
"""PostgreSQL quotes a row's values after its sentence."""
_UNTOLD = {"static", "health.alive", "health.ready"}
"""Endpoints that are asked too often to say so each time."""

access_log = logging.getLogger("mixeval_webapp.access")


def configure_logs(form: str, *, requests: bool | None = None) -> None:
    """Write all logs of this process to standard error in `form`, with a line for each request if `requests`.

    Left out, requests are told in JSON only. Raises ServeError when `form` is neither `text` nor `json`.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(form))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    told = form == "json" if requests is None else requests
    access_log.setLevel(logging.INFO if told else logging.WARNING)


def formatter(form: str) -> logging.Formatter:
    """Return what writes log records in `form`. Raises ServeError when it is neither `text` nor `json`."""
    if form == "json":
        return JsonFormatter()
    if form == "text":
        return TextFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    raise ServeError(f'the log format is "{form}"', remedy=f"choose one of {', '.join(FORMATS)}")


class TextFormatter(logging.Formatter):
    """Write a line for people."""

    def format(self, record: logging.LogRecord) -> str:
        return strike_out(super().format(record))


class JsonFormatter(logging.Formatter):
    """Write one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": strike_out(record.getMessage()),
        }
        if has_request_context():
            fields |= {"request_id": g.get("request_id"), "route": route()}
            fields |= {"participant": g.participant} if "participant" in g else {}
        fields |= getattr(record, "fields", {})
        if record.exc_info:
            fields["traceback"] = strike_out(self.formatException(record.exc_info))
        return json.dumps(fields, ensure_ascii=False, default=str)


def log_requests(app: Flask, *, trust_request_ids: bool) -> None:
    """Give each request of `app` an id, a proxy's own where it may be believed, and tell how it was answered."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get(REQUEST_ID_HEADER, "") if trust_request_ids else ""
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        g.begun = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        if not access_log.isEnabledFor(logging.INFO):
            return response
        if request.endpoint in _UNTOLD and response.status_code < HTTPStatus.BAD_REQUEST:
            return response
        milliseconds = round(1000 * (time.perf_counter() - g.begun), 1) if "begun" in g else None
        fields = {"method": request.method, "status": response.status_code, "milliseconds": milliseconds}
        access_log.info(
            "answered status=%d method=%s route=%s milliseconds=%s participant=%s",
            response.status_code,
            request.method,
            route(),
            milliseconds,
            g.get("participant", "-"),
            extra={"fields": fields | {"event": "answered"}},
        )
        return response


def route() -> str:
    """Return the rule that the request's path was matched by; the path itself may hold a secret."""
    return request.url_rule.rule if request.url_rule else "-"


def strike_out(text: str) -> str:
    """Strike out of a log line what the request at hand came with: parts of its path, query, form and cookies."""
    text = _VALUES_OF_ROWS.sub(f"DETAIL: {STRUCK_OUT}", text)
    if not has_request_context():
        return text
    quoted = {
        *(str(value) for value in (request.view_args or {}).values()),
        *request.args.values(),
        *request.form.values(),
        *request.cookies.values(),
    }
    for value in sorted(quoted, key=len, reverse=True):
        if len(value) >= LEAST_SECRET_CHARACTERS:
            text = text.replace(value, STRUCK_OUT)
    return text
