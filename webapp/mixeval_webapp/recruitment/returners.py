"""Who comes by the open link and may be here for the second time: flagged, never turned away.

The browser is known again by the cookie of its earlier session. Where that is gone, beginnings are counted under a
keyed hash of the network, the browser's description of itself and the day: it stands beside no session, and is
forgotten after the day.
"""

from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from mixeval_webapp.cookies import secret_of_request
from mixeval_webapp.limits import count_in_window, origin_of_request
from mixeval_webapp.participants import find_visitor
from mixeval_webapp.session_flags import raise_flag
from mixeval_webapp.site import site

SAME_BROWSER = "same_browser"
SAME_NETWORK = "same_network"
_DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Traces:
    """What somebody who begins has in common with who began before."""

    earlier: str | None
    """The session that this browser had: `finished` or `unfinished`."""
    origin: str

    def claim(self, db: Session, session_id: str) -> None:
        """Flag the session in the transaction that writes it: of two at one instant the second is flagged."""
        begun = count_in_window(db, kind="begin", origin=self.origin, window_seconds=_DAY_SECONDS)
        if self.earlier is not None:
            raise_flag(db, session_id, SAME_BROWSER, {"earlier": self.earlier})
        elif begun > 1:
            raise_flag(db, session_id, SAME_NETWORK, {"earlier": begun - 1})


def traces_of_request() -> Traces:
    """Read what the present request shows; a preview is nobody's first time."""
    visitor = find_visitor(site().database, secret_of_request())
    earlier = None
    if visitor is not None and not visitor.preview:
        earlier = "unfinished" if visitor.completion_code is None else "finished"
    described = (request.user_agent.string, request.headers.get("Accept-Language", ""))
    return Traces(earlier, origin_of_request(*described))
