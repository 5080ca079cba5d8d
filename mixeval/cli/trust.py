"""Trust: before other people's code is run, what it is and whether that is meant."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mixeval.cli.terminal import visible
from mixeval.errors import StudyError


def ask_to_run(codes: Sequence[tuple[str, str]], study: Path, *, trust: bool) -> None:
    """Print what code from outside mixeval the study's conditions run, and ask once unless `trust` is given.

    `codes` are conditions' ids with what they run. All is said on standard error, where no script reads.
    Nothing is remembered: the next render asks again.

    Raises StudyError when the answer is no, or when nobody can be asked.
    """
    if not codes:
        return
    click.echo(f"{study} runs code that is not part of mixeval:", err=True)
    for condition, code in codes:
        # A study can come from anybody: nothing in it may move the terminal's cursor and hide itself.
        click.echo(visible(f"  {condition}: {code}".replace("\n", "\\n")), err=True)
    if trust:
        return
    if not sys.stdin.isatty():
        raise StudyError(
            f"{study} runs code that is not part of mixeval and nobody is there to be asked",
            remedy="read what it runs, and if you trust it, add --trust",
        )
    if not click.confirm("Run it with your rights?", err=True):
        raise StudyError(f"{study} was not rendered", remedy="take out the conditions that you do not trust")
