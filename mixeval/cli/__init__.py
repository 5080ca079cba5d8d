"""The command line: thin edges around the parts, one module per command.

A command is imported when it is asked for, so that `mixeval --help` and `mixeval serve` start without the
libraries of the others.
"""

import importlib
import io
import sys

import click

from mixeval import __version__
from mixeval.errors import MixevalError

COMMANDS = {
    "analyze": "Make the tables, figures and report from ratings.",
    "dataset": "List, check and make multitrack data sets.",
    "db": "Upgrade the database's schema.",
    "demo": "Build, fill, analyse and serve a small study from synthetic drums.",
    "render": "Render what is missing or changed, and write the manifest.",
    "serve": "Serve the listening test.",
    "simulate": "Take the test with seeded simulated listeners.",
}
"""Every command with its line in `mixeval --help`; `NAME` lives in mixeval/cli/NAME.py as `NAME`."""


class _Commands(click.Group):
    """Load a command's module when it is used, and tell errors in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"mixeval.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MixevalError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, epilog="Example: mixeval demo")
@click.version_option(__version__, prog_name="mixeval")
def main() -> None:
    """Run listening tests that compare ways of mixing the same recording."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a name's letters must not end a render with an error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
