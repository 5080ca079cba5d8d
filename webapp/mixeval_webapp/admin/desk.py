"""What the researcher's pages work with beside the site: the study's folder, the password, what was handed in."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import current_app

from mixeval.admin_password import kept_password_hash
from mixeval.settings import Settings
from mixeval_webapp.admin.background import Background
from mixeval_webapp.admin.researcher import Researcher

EXTENSION = "mixeval_admin"


@dataclass(frozen=True)
class Desk:
    folder: Path
    settings: Settings
    researcher: Researcher
    background: Background

    @property
    def password_hash(self) -> str | None:
        """The hash of the password as it is now; without one there are no researcher's pages.

        Raises StudyError when it cannot be read.
        """
        # Read at each request: a password that is set or changed counts at once, in every server.
        return kept_password_hash(self.folder, self.settings.admin_password_hash)


def desk() -> Desk:
    """Return the desk of the application that answers the present request."""
    return cast("Desk", current_app.extensions[EXTENSION])
