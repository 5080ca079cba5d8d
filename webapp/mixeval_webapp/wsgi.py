"""The application for a WSGI server such as gunicorn: `gunicorn "mixeval.cli.wsgi:app()"`.

MIXEVAL_STUDY names the study's folder, MIXEVAL_LOG_FORMAT the form of the logs; the rest are the settings that
`mixeval serve` knows too.
"""

import os
import sys

from flask import Flask

from mixeval.errors import MixevalError, ServeError
from mixeval_webapp.admin.researcher import Researcher
from mixeval_webapp.app import create_app
from mixeval_webapp.logs import configure_logs

CANNOT_BOOT = 3
"""The exit status by which gunicorn's master knows that another worker would fare no better."""


def app(researcher: Researcher | None = None) -> Flask:
    """Make the application from the environment; end the process with one sentence where that cannot be done.

    `mixeval.cli.wsgi` hands in what the researcher's pages show of the analysis; without it they do without.
    """
    try:
        study = os.environ.get("MIXEVAL_STUDY")
        if not study:
            raise ServeError("MIXEVAL_STUDY is not set", remedy="set it to the folder of the study")
        configure_logs(os.environ.get("MIXEVAL_LOG_FORMAT") or "text")
        return create_app(study, researcher=researcher)
    except MixevalError as error:
        sys.stderr.write(f"Error: {error}\n")
        raise SystemExit(CANNOT_BOOT) from error
