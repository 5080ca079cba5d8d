"""Whoever asks with somebody else's page or token is told nothing, and told of: one line with both pseudonyms."""

import logging
from collections.abc import Iterator

from flask import g, request
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from mixeval.models import Page, PageStimulus, Participant, ParticipantSession
from mixeval_webapp.logs import route
from mixeval_webapp.site import site

MOST_NAMES = 100
"""Looked up of one request, however many it holds."""

log = logging.getLogger(__name__)


def tell_of_foreign_names() -> None:
    """Log a warning when the request at hand, which was refused, names a page or a sound of another session."""
    names = list(dict.fromkeys(_names()))[:MOST_NAMES]
    if not names:
        return
    asked_by = g.get("participant", "-")
    owner = (
        select(Participant.code)
        .join(ParticipantSession)
        .join(Page, Page.session_id == ParticipantSession.id)
        .where(Participant.code != asked_by)
        .limit(1)
    )
    try:
        with site().database.read() as db:
            found = db.scalar(owner.where(Page.id.in_(names))) or db.scalar(
                owner.join(PageStimulus, PageStimulus.page_id == Page.id).where(PageStimulus.token.in_(names))
            )
    except SQLAlchemyError:
        # The request has its answer, which a database that fails only now must not change.
        return
    if found is not None:
        log.warning(
            "audit: somebody else's token method=%s route=%s participant=%s owner=%s",
            request.method,
            route(),
            asked_by,
            found,
            extra={
                "fields": {"event": "audit: somebody else's token", "method": request.method, "owner": found}
            },
        )


def _names() -> Iterator[str]:
    """Find what may be a page's id or a sound's token in the address and the body."""
    yield from (value for value in (request.view_args or {}).values() if isinstance(value, str))
    body = request.get_json(silent=True) if request.is_json else None
    if not isinstance(body, dict):
        return
    for rows in body.values():
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict):
                yield from (row[key] for key in ("page", "stimulus") if isinstance(row.get(key), str))
