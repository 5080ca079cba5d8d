"""`mixeval serve`: the listening test, from this machine."""

import logging
import os
import signal
from pathlib import Path
from types import FrameType

import click

from mixeval.admin_password import VARIABLE, kept_password_hash
from mixeval.cli.researcher import researcher
from mixeval_webapp.app import create_app, site_of
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
def serve(study: Path, host: str, port: int, threads: int) -> None:
    """Serve the listening test in the folder STUDY until Ctrl-C or SIGTERM.

    Answers go to STUDY/study.sqlite3, or to MIXEVAL_DATABASE_URL.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app = create_app(study, researcher=researcher())
    try:
        server = Server(app, host=host, port=port, threads=threads)
        _tell_of_admin(study, server.url)
        _run(server)
    finally:
        site_of(app).database.close()


def _tell_of_admin(study: Path, url: str) -> None:
    if kept_password_hash(study, os.environ.get(VARIABLE)) is None:
        click.echo(f"The researcher's pages are closed; `mixeval admin password {study}` opens them.")
    else:
        click.echo(f"The researcher's pages are at {url}admin")


def _run(server: Server) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    click.echo(f"The test is at {server.url} (stop with Ctrl-C)")
    server.run()
