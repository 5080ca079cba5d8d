"""For whoever watches the server: that it is alive (`/healthz`), that it would keep the next answer (`/readyz`)."""

from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify

from mixeval_webapp.readiness import OK, Readiness

EXTENSION = "mixeval_readiness"

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """Answer from the process alone: who restarts a server must not do so because a disk is full."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
def ready() -> Response:
    readiness = current_app.extensions[EXTENSION]
    if not isinstance(readiness, Readiness):
        raise TypeError("the application was not made by create_app")
    words = readiness.words()
    is_ready = all(word == OK for word in words.values())
    answer = jsonify(ready=is_ready, checks=words)
    answer.status_code = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return answer
