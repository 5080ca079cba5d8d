"""`mixeval serve`: the listening test, from this machine."""

import logging
import os
import signal
from pathlib import Path
from types import FrameType

import click
from flask import Flask

from mixeval.admin_password import VARIABLE, kept_password_hash
from mixeval.cli.researcher import researcher
from mixeval.models import now
from mixeval.purging import overdue
from mixeval_webapp.app import create_app, site_of
from mixeval_webapp.logs import FORMATS, configure_logs
from mixeval_webapp.recruitment.previews import PREVIEW_DAYS, preview_address
from mixeval_webapp.server import Server


@click.command(epilog="Example: mixeval serve my-study --port 8080")
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is every one."
)
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 is any free one.",
)
@click.option(
    "--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="Requests answered at once."
)
@click.option(
    "--preview", is_flag=True, help="Print an address at which the test can be taken without being counted."
)
@click.option(
    "--log-format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    envvar="MIXEVAL_LOG_FORMAT",
    show_envvar=True,
    help="Logs for people, or one JSON object per line.",
)
@click.option(
    "--log-requests/--no-log-requests", default=None, help="A line per request. [default: with json only]"
)
def serve(
    study: Path,
    host: str,
    port: int,
    threads: int,
    log_format: str,
    *,
    preview: bool,
    log_requests: bool | None,
) -> None:
    """Serve the listening test in the folder STUDY until Ctrl-C or SIGTERM.

    Answers go to STUDY/study.sqlite3, or to MIXEVAL_DATABASE_URL. Logs go to standard error.
    """
    configure_logs(log_format, requests=log_requests)
    app = create_app(study, researcher=researcher())
    for sentence in _overdue(app):
        logging.getLogger("mixeval").warning("%s: run `mixeval purge`", sentence)
    try:
        server = Server(app, host=host, port=port, threads=threads)
        _tell_of_admin(study, server.url)
        if preview:
            address = preview_address(server.url, secret_key=str(app.secret_key))
            click.echo(f"Preview, not counted, for {PREVIEW_DAYS} days: {address}")
        _run(server)
    finally:
        site_of(app).database.close()


def _tell_of_admin(study: Path, url: str) -> None:
    if kept_password_hash(study, os.environ.get(VARIABLE)) is None:
        click.echo(
            f"The researcher's pages are closed; `mixeval admin password {study}` opens them.", err=True
        )
    else:
        click.echo(f"The researcher's pages are at {url}admin")


def _overdue(app: Flask) -> list[str]:
    site = site_of(app)
    with site.database.read() as db:
        return overdue(db, site.version.study.retention, now().date())


def _run(server: Server) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    click.echo(f"The test is at {server.url} (stop with Ctrl-C)")
    server.run()
