"""Where a participant goes at each of the three ends: the one place that decides it."""

from mixeval.database import Database
from mixeval.recruitment import Outcome, WayOut
from mixeval.study import Study
from mixeval_webapp.participants import Visitor
from mixeval_webapp.recruitment.arrivals import Arrival
from mixeval_webapp.recruitment.external_ids import ids_of_session


def way_out_of(
    database: Database, visitor: Visitor, *, own: Study, current: Study, outcome: Outcome, code: str
) -> WayOut:
    """Say where the owner of a session goes whose own completion code is `code` ("" for none yet).

    Who came from a platform goes where the `current` study.toml says, so that a code which is corrected while people
    take part is right for all of them. Everybody else goes where their `own` version of the study sends them.
    """
    if visitor.recruited_by == current.recruitment.platform:
        with database.read() as db:
            ids = ids_of_session(db, visitor.session_id)
        return current.recruitment.way_out(outcome, ids=ids, code=code, participant=visitor.participant)
    if visitor.preview and current.recruitment.platform is not None:
        return current.recruitment.way_out(outcome, ids=None, code=code, participant=visitor.participant)
    if outcome == "complete":
        return WayOut(own.participants.redirect_for(code=code, participant=visitor.participant), code or None)
    return WayOut()


def way_out_without_consent(arrival: Arrival | None, current: Study) -> WayOut:
    """Say where somebody goes who did not agree, and of whom nothing is stored."""
    if arrival is None or arrival.kind != "platform" or arrival.platform != current.recruitment.platform:
        return WayOut()
    return current.recruitment.way_out("no_consent", ids=arrival.ids)
