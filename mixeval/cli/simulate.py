"""`mixeval simulate`: seeded listeners over the real HTTP interface."""

import sys
from pathlib import Path

import click

from mixeval_webapp.simulate.crowd import simulate_study, simulate_url


@click.command(epilog="Example: mixeval simulate my-study --listeners 20 --seed 1")
@click.argument("target", metavar="STUDY|URL")
@click.option(
    "--listeners",
    default=20,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="How many take the test.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**63 - 1),
    help="The same seed gives the same ratings.",
)
def simulate(target: str, listeners: int, seed: int) -> None:
    """Take the test with seeded simulated listeners, who are marked as such wherever they appear.

    For a study folder their opinions follow from what each mix is; it is served to them for as long as they
    need it. At a URL they know nothing and rate what they hear.
    """
    with click.progressbar(length=listeners, label="Simulated listeners", file=sys.stderr) as bar:
        if target.startswith(("http://", "https://")):
            rated = simulate_url(target, listeners=listeners, seed=seed, done=lambda: bar.update(1))
        else:
            rated = simulate_study(Path(target), listeners=listeners, seed=seed, done=lambda: bar.update(1))
    click.echo(f"{listeners} SIMULATED listeners rated {rated} pages.")
