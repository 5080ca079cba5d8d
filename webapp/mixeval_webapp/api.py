"""What a page sends: ratings, answers, completion, events. JSON in and out, problem JSON (RFC 9457) on errors."""

from collections.abc import Sequence
from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request, url_for
from sqlalchemy import select

from mixeval.models import Page
from mixeval.versions import Version
from mixeval_webapp.cookies import visitor_of_request
from mixeval_webapp.events import save_events
from mixeval_webapp.holding import check_held, hold, is_held_elsewhere, note_alive, tab_of
from mixeval_webapp.participants import Visitor
from mixeval_webapp.payloads import (
    AnswersPayload,
    CompletionPayload,
    EventsPayload,
    HoldPayload,
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
    saved = save_ratings(site().database, visitor, page_id, payload.ratings, _version(visitor))
    return _saved(visitor, [vars(rating) for rating in saved])


@api.put("/pages/<token:page_id>/answers")
def answers(page_id: str) -> Response:
    visitor = _visitor()
    payload = read_payload(request, AnswersPayload)
    saved = save_answers(site().database, visitor, page_id, payload.answers, _version(visitor))
    return _saved(visitor, [vars(answer) for answer in saved])


@api.post("/pages/<token:page_id>/complete")
def complete(page_id: str) -> Response:
    visitor = _visitor()
    payload = read_payload(request, CompletionPayload)
    check_held(visitor, tab_of(request))
    if any(rating.unplayable for rating in payload.ratings):
        _refuse_while_paused(visitor, page_id)
    complete_page(site().database, visitor, page_id, payload, _version(visitor))
    return jsonify(next=url_for("pages.test"))


@api.post("/events")
def events() -> Response:
    visitor = _visitor()
    payload = read_payload(request, EventsPayload)
    return _saved(visitor, save_events(site().database, visitor, payload.events))


@api.post("/hold")
def hold_session() -> Response:
    visitor = _visitor()
    payload = read_payload(request, HoldPayload)
    return jsonify(asdict(hold(site().database, visitor, payload.tab, take=payload.take)))


def _saved(visitor: Visitor, saved: Sequence[object]) -> Response:
    """Confirm what is stored, and tell a tab that was left for another one."""
    tab = tab_of(request)
    if is_held_elsewhere(visitor, tab):
        return jsonify(saved=saved, held=False)
    note_alive(site().database, visitor, tab)
    return jsonify(saved=saved)


def _refuse_while_paused(visitor: Visitor, page_id: str) -> None:
    """Let nobody go on without a mix that could not be played because of us: then the page waits for its file.

    Raises StimulusUnavailableError.
    """
    with site().database.read() as db:
        item = db.scalar(select(Page.item).where(Page.id == page_id, Page.session_id == visitor.session_id))
    if item is not None:
        site().files.page_bytes(_version(visitor), item)


def _visitor() -> Visitor:
    visitor = visitor_of_request()
    if visitor is None:
        raise UnknownSessionError(
            "this browser has no session", remedy="open the test again by its resume link"
        )
    return visitor


def _version(visitor: Visitor) -> Version:
    return site().versions.of(visitor.version_id)
