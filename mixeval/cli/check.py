"""`mixeval check`: everything that could go wrong, before anybody is invited."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from mixeval.cli.checks import Line, check_study
from mixeval.cli.checks.place import Place
from mixeval.cli.terminal import visible
from mixeval.study import read_study

MARKS = {"ok": ("✓", "green"), "advice": ("!", "yellow"), "problem": ("✗", "red")}


@click.command(
    epilog="""\b
Examples:
  mixeval check my-study
  mixeval check my-study --url https://listening-test.example.org
"""
)
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "--url", help="Where the study is served: the rehearsal goes there, and the address is checked too."
)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_context
def check(ctx: click.Context, study: Path, url: str | None, *, as_json: bool) -> None:
    """Say whether the study in the folder STUDY is ready for listeners, and what to do where it is not.

    Rights, database, disk, clock, audio, codes, export and backup; and a simulated listener takes the whole test
    over HTTP, whose answers are deleted again. Ends with 1 where something is wrong (✗); what is only advisable
    (!) holds nobody up.
    """
    read_study(study)
    if url is not None and not url.startswith(("http://", "https://")):
        raise click.UsageError(f"--url is {url}, write one such as https://listening-test.example.org")
    lines = []
    with _server_says_nothing():
        for line in check_study(Place(study, url)):
            lines.append(line)
            if not as_json:
                _print(line)
    problems = sum(line.state == "problem" for line in lines)
    if as_json:
        rows = [asdict(line) for line in lines]
        click.echo(json.dumps({"ready": problems == 0, "checks": rows}, ensure_ascii=False, indent=1))
    elif problems:
        click.secho(f"\n● {problems} of {len(lines)} checks found something wrong.", fg="red", bold=True)
    else:
        click.secho("\n● Ready for listeners.", fg="green", bold=True)
    if problems:
        ctx.exit(1)


@contextmanager
def _server_says_nothing() -> Iterator[None]:
    """Keep the log of the server that the rehearsal goes to out of the list."""
    log = logging.getLogger("mixeval_webapp")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def _print(line: Line) -> None:
    mark, colour = MARKS[line.state]
    click.echo(f"{click.style(mark, fg=colour, bold=True)} {line.name:<15}{visible(line.found)}")
    if line.remedy:
        click.echo(f"  {'':<15}→ {visible(line.remedy)}")
