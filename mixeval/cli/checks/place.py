"""What is checked, and what a check can say."""

import importlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mixeval.errors import MixevalError
from mixeval.settings import Settings, read_settings

if TYPE_CHECKING:
    from flask import Flask

    from mixeval_webapp.site import Site


class Advice(MixevalError):  # noqa: N818 - it is no error: the study can be run without it
    """Something that is missing and not needed: it is said, and the light stays green."""


@dataclass(frozen=True)
class Place:
    """The study that is checked, and where it is served, if it is."""

    folder: Path
    url: str | None = None
    opened: list["Flask"] = field(default_factory=list)

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self.folder)

    @cached_property
    def app(self) -> "Flask":
        """The application: making it checks study.toml, manifest, every file's hash, and the schema."""
        app = importlib.import_module("mixeval_webapp.app").create_app(
            self.folder, settings=self.settings.without_proxy()
        )
        self.opened.append(app)
        return app  # type: ignore[no-any-return]  # import_module knows no types

    @property
    def site(self) -> "Site":
        return importlib.import_module("mixeval_webapp.app").site_of(self.app)  # type: ignore[no-any-return]  # as above

    def close(self) -> None:
        for app in self.opened:
            importlib.import_module("mixeval_webapp.app").site_of(app).database.close()
