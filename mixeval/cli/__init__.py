"""The command line: thin edges around the parts, one module per command.

A command is imported when it is asked for, so that `mixeval --help` and `mixeval serve` start without the
libraries of the others.
"""

import io
import sys

import click

from mixeval import __version__
from mixeval.cli.lazy_group import LazyGroup
from mixeval.cli.terminal import visible
from mixeval.errors import MixevalError

COMMANDS = {
    "admin": "Set the password of the researcher's pages.",
    "analyze": "Make the tables, figures and report from ratings.",
    "check": "Say whether the study is ready for listeners, and what to do where it is not.",
    "compare": "Compare the mixes in numbers and pictures.",
    "convert": "Make a study of a test of another platform.",
    "dataset": "List, check and make multitrack data sets.",
    "db": "Back the database up, put it back, upgrade its schema.",
    "demo": "Build, fill, analyse and serve a small study from synthetic drums.",
    "erase": "Delete everything about one participant.",
    "export": "Write everything that was collected as CSV and JSON files.",
    "import": "Write results of other platforms as a tidy CSV.",
    "invite": "Make single-use invites, and list how they stand.",
    "new": "Write the study.toml of a kind of test.",
    "plan": "Say how many participants a test needs, and freeze the plan.",
    "purge": "Delete what is past its retention date.",
    "reconcile": "Compare who is complete with who is paid on the platform.",
    "recover": "Bring in answers that a participant saved in a file.",
    "render": "Render what is missing or changed, and write the manifest.",
    "serve": "Serve the listening test.",
    "simulate": "Take the test with seeded simulated listeners.",
    "train": "Train a mixing model on your own multitracks.",
}
"""Every command with its line in `mixeval --help`; `NAME` lives in mixeval/cli/NAME.py as `NAME`."""


class _Commands(LazyGroup):
    """Tell errors in one line."""

    commands_with_help = COMMANDS
    package = "mixeval.cli"

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MixevalError as error:
            # It may quote names and files that came from anybody.
            raise click.ClickException(visible(str(error))) from error


@click.group(cls=_Commands, epilog="Example: mixeval demo")
@click.version_option(__version__, prog_name="mixeval")
def main() -> None:
    """Run listening tests that compare ways of mixing the same recording."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a name's letters must not end a render with an error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
