"""The application for gunicorn with everything that its pages need: `gunicorn "mixeval.cli.wsgi:app()"`."""

from flask import Flask

import mixeval_webapp.wsgi
from mixeval.cli.researcher import researcher


def app() -> Flask:
    """Make the application of MIXEVAL_STUDY, with the analysis and the export for the researcher's pages."""
    return mixeval_webapp.wsgi.app(researcher())
