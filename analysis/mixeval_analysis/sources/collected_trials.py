"""Read forced choices from the database: the stimuli of an `ab` or `abx` page make one trial."""

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mixeval.models import Page, PageStimulus, Participant, ParticipantSession, Rating
from mixeval_analysis.trials import COLUMNS

CHOICE_PAGES = ("ab", "abx")

_CHOSEN = 1.0

_ROWS: "Select[*tuple[Any, ...]]" = (
    select(
        Participant.code.label("participant"),
        Page.item.label("item"),
        PageStimulus.condition.label("condition"),
        PageStimulus.role.label("role"),
        PageStimulus.position.label("place"),
        Rating.value.label("value"),
        Rating.attribute.label("attribute"),
        Rating.listened_seconds.label("listened_seconds"),
        Rating.rated_at.label("rated_at"),
        ParticipantSession.id.label("session"),
        ParticipantSession.version_id.label("version"),
        Page.id.label("page"),
        Page.kind.label("page_type"),
        Page.purpose.label("purpose"),
        Page.position.label("position"),
        Participant.simulated.label("simulated"),
        Participant.preview.label("preview"),
        ParticipantSession.completed_at.is_not(None).label("complete"),
    )
    .select_from(PageStimulus)
    .join(Page, PageStimulus.page_id == Page.id)
    .join(ParticipantSession, Page.session_id == ParticipantSession.id)
    .join(Participant, ParticipantSession.participant_id == Participant.id)
    .outerjoin(Rating, Rating.stimulus_token == PageStimulus.token)
    .where(Page.kind.in_(CHOICE_PAGES), Page.item.is_not(None))
    .order_by(ParticipantSession.started_at, ParticipantSession.id, Page.position, PageStimulus.position)
)


def read_trials(session: Session) -> pd.DataFrame:
    """Return a row per answered trial with every column of `trials.COLUMNS` and `page_type`.

    `a` is the mix that was shown first; a page without a complete answer makes no row.
    """
    found = session.execute(_ROWS)
    stimuli = pd.DataFrame([tuple(row) for row in found], columns=list(found.keys()))
    stimuli = stimuli.astype({"value": "float64", "listened_seconds": "float64"})
    rated = stimuli.loc[(stimuli["role"] == "rated") & stimuli["value"].notna()]
    answers = rated.groupby(["page", "attribute"])["value"]
    # One choice, or half of one each; half saved, a page has no answer yet.
    whole = (answers.transform("size") == 2) & (answers.transform("sum") == 1)
    pairs = rated.loc[whole].sort_values(["page", "attribute", "place"], kind="stable")
    one, other = pairs.iloc[0::2].reset_index(drop=True), pairs.iloc[1::2].reset_index(drop=True)
    unknown = stimuli.loc[stimuli["role"] == "x"].groupby("page")
    x = unknown["condition"].first().to_dict()
    listened = unknown["listened_seconds"].max().to_dict()
    trials = one.assign(
        a=one["condition"],
        b=other["condition"],
        x=pd.Series([x.get(page, "") for page in one["page"]], dtype=object),
        chosen=_chosen(one, other),
        shown_first=one["condition"],
        listened_seconds_a=one["listened_seconds"],
        listened_seconds_b=other["listened_seconds"],
        listened_seconds_x=pd.Series([listened.get(page) for page in one["page"]], dtype="float64"),
        rated_at=one["rated_at"].where(one["rated_at"] >= other["rated_at"], other["rated_at"]),
    ).astype({"simulated": bool, "preview": bool, "complete": bool})
    right = (trials["chosen"] == trials["x"]).map({True: "true", False: "false"})
    trials = trials.assign(correct=right.where(trials["x"] != "", ""))
    return trials.sort_values(["session", "position"], ignore_index=True)[[*COLUMNS, "page_type"]]


def _chosen(one: pd.DataFrame, other: pd.DataFrame) -> Any:
    return np.where(
        one["value"] == _CHOSEN, one["condition"], np.where(other["value"] == _CHOSEN, other["condition"], "")
    )
