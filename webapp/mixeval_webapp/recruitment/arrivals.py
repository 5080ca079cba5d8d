"""What a request to the first page brings, and how it gets through the consent form.

It goes there signed, so that nobody can claim in the form to have brought something else.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from mixeval.recruitment import ExternalIds, RecruitmentSection
from mixeval_webapp.recruitment.external_ids import claim_external_id
from mixeval_webapp.recruitment.invites import INVITE_PARAMETER, claim_invite
from mixeval_webapp.recruitment.previews import is_preview, is_simulation

Kind = Literal["open", "invite", "platform", "preview", "simulation", "platform_preview", "nothing"]

PREVIEW_PARAMETER = "preview"
SIMULATION_PARAMETER = "simulation"
_SALT = "arrival"


@dataclass(frozen=True)
class Arrival:
    """How somebody came to the first page.

    `open`: by the address alone, where that is enough; `platform_preview`: a worker who only looks at a HIT;
    `nothing`: by the address alone, where it is not enough.
    """

    kind: Kind
    invite: str = ""
    platform: str = ""
    value: str = ""
    study: str = ""
    submission: str = ""

    @property
    def ids(self) -> ExternalIds | None:
        """Who the platform says that this is."""
        return ExternalIds(self.value, self.study, self.submission) if self.kind == "platform" else None

    @property
    def recruited_by(self) -> str:
        """What the session says about it."""
        return self.platform if self.kind == "platform" else "invite" if self.kind == "invite" else "open"

    @property
    def counted(self) -> bool:
        """Whether it is somebody who may take part, and not a look at the pages."""
        return self.kind in {"open", "invite", "platform"}

    def claim(self, db: Session, session_id: str) -> None:
        """Use up what was brought, in the transaction that writes the session.

        Raises NotInvitedError for an invite that opens nothing, KnownIdError for an id that has a session.
        """
        if self.kind == "invite":
            claim_invite(db, session_id, self.invite)
        elif self.ids is not None:
            claim_external_id(db, session_id, self.platform, self.ids)


def arrival_of(query: Mapping[str, str], recruitment: RecruitmentSection, *, secret_key: str) -> Arrival:
    """Read what the address of a first request brings; an invite is not looked up here."""
    if is_preview(query.get(PREVIEW_PARAMETER, ""), secret_key):
        return Arrival("preview")
    simulation = query.get(SIMULATION_PARAMETER)
    # Where anybody may begin, so may whoever says that they are simulated; they only keep themselves out.
    if simulation is not None and (recruitment.is_open or is_simulation(simulation, secret_key)):
        return Arrival("simulation")
    invite = query.get(INVITE_PARAMETER)
    if invite is not None:
        return Arrival("invite", invite=invite[:200])
    if recruitment.previews(query):
        return Arrival("platform_preview")
    ids = recruitment.ids_of(query)
    if ids is not None:
        return Arrival("platform", platform=recruitment.platform or "", **asdict(ids))
    return Arrival("open" if recruitment.is_open else "nothing")


def sealed(arrival: Arrival, *, secret_key: str) -> str:
    """Write an arrival so that it comes back as it was, or not at all."""
    return URLSafeSerializer(secret_key, salt=_SALT).dumps(asdict(arrival))


def unsealed(text: str, *, secret_key: str) -> Arrival | None:
    """Read what :func:`sealed` wrote; None for anything else."""
    try:
        return Arrival(**URLSafeSerializer(secret_key, salt=_SALT).loads(text))
    except (BadSignature, TypeError):
        return None
