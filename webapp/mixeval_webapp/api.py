"""What a page sends: ratings, answers, completion, events. JSON in and out, problem JSON (RFC 9457) on errors."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request, url_for

from mixeval.study import Study
from mixeval_webapp.cookies import visitor_of_request
from mixeval_webapp.events import save_events
from mixeval_webapp.participants import Visitor
from mixeval_webapp.payloads import (
    AnswersPayload,
    CompletionPayload,
    EventsPayload,
    RatingsPayload,
    read_payload,
)
from mixeval_webapp.problems import UnknownSessionError
from mixeval_webapp.saving import complete_page, save_answers, save_ratings
from mixeval_webapp.site import site

api = Blueprint("api", __name__, url_prefix="/api")


@api.put("/pages/<token:page_id>/ratings")
def ratings(page_id: str) -> Response:
    visitor = _visitor()
    payload = read_payload(request, RatingsPayload)
    saved = save_ratings(site().database, visitor, page_id, payload.ratings, _study(visitor))
    return jsonify(saved=[asdict(rating) for rating in saved])


@api.put("/pages/<token:page_id>/answers")
def answers(page_id: str) -> Response:
    visitor = _visitor()
    payload = read_payload(request, AnswersPayload)
    saved = save_answers(site().database, visitor, page_id, payload.answers, _study(visitor))
    return jsonify(saved=[asdict(answer) for answer in saved])


@api.post("/pages/<token:page_id>/complete")
def complete(page_id: str) -> Response:
    visitor = _visitor()
    payload = read_payload(request, CompletionPayload)
    complete_page(site().database, visitor, page_id, payload, _study(visitor))
    return jsonify(next=url_for("pages.test"))


@api.post("/events")
def events() -> Response:
    visitor = _visitor()
    payload = read_payload(request, EventsPayload)
    return jsonify(saved=save_events(site().database, visitor, payload.events))


def _visitor() -> Visitor:
    visitor = visitor_of_request()
    if visitor is None:
        raise UnknownSessionError(
            "this browser has no session", remedy="open the test again by its resume link"
        )
    return visitor


def _study(visitor: Visitor) -> Study:
    return site().versions.of(visitor.version_id).study
