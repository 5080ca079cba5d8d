"""Adds the researcher's pages to an application: every page, behind the door."""

from pathlib import Path

from flask import Flask

from mixeval.admin_password import kept_password_hash
from mixeval.settings import Settings
from mixeval_webapp.admin import (  # noqa: F401 - each page adds its addresses to the blueprint
    downloads,
    login,
    overview,
    participant,
    participants,
    results,
    stimuli,
    study,
    words,
)
from mixeval_webapp.admin.background import Background
from mixeval_webapp.admin.blueprint import admin
from mixeval_webapp.admin.desk import EXTENSION, Desk
from mixeval_webapp.admin.researcher import Researcher


def open_admin(app: Flask, folder: Path, settings: Settings, researcher: Researcher) -> None:
    """Add the researcher's pages to `app`.

    Raises StudyError when the hash of the password cannot be used.
    """
    kept_password_hash(folder, settings.admin_password_hash)
    app.extensions[EXTENSION] = Desk(folder, settings, researcher, Background(folder, researcher.analyse))
    words.teach(app)
    app.register_blueprint(admin)
