"""How long answers may be kept: [retention] of study.toml. It is no part of a study's version."""

from datetime import date
from typing import Literal

from pydantic import model_validator

from mixeval.section import Section


class RetentionSection(Section):
    """The last days on which data about persons may be kept; `mixeval purge` deletes what is past its day."""

    until: date | None = None
    """Of everything about participants; left out: it is kept until somebody deletes it."""
    external_ids_until: date | None = None
    """Of what recruitment platforms call them; left out: as long as the rest."""
    keep: Literal["nothing", "ratings"] = "nothing"
    """What stays after `until`: `ratings` under new random names that nobody can lead back to anybody."""

    @model_validator(mode="after")
    def _ids_are_not_kept_for_longer(self) -> "RetentionSection":
        if self.until is not None and (self.external_ids_until or self.until) > self.until:
            raise ValueError(
                "retention.external_ids_until is later than retention.until, after which nothing is kept"
            )
        return self

    def all_due(self, today: date) -> bool:
        """Tell whether everything about participants is past its last day."""
        return self.until is not None and today > self.until

    def external_ids_due(self, today: date) -> bool:
        """Tell whether the platforms' ids are past theirs."""
        last = self.external_ids_until or self.until
        return last is not None and today > last
