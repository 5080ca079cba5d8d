"""`mixeval train random-forest`: train the random forest that predicts gains."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table

from mixeval_stimuli.training.random_forest import PAPER_R2, Report, train_random_forest

_LISTED = 20


@click.command(
    "random-forest",
    epilog="Example: mixeval train random-forest ENST-Drums kit --out models/forest.npz",
    short_help="Train the random forest that predicts gains.",
)
@click.argument(
    "datasets",
    metavar="DATASET...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Where the forest goes (.npz).",
)
@click.option(
    "--trees", type=click.IntRange(1, 10_000), default=500, show_default=True, help="Trees to grow."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the trees' randomness.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes; by default one per CPU.")
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
def random_forest(
    *, datasets: Sequence[Path], out: Path, trees: int, seed: int, workers: int | None, as_json: bool
) -> None:
    """Train a random forest on the dry mixes of each DATASET, and write it to --out.

    A DATASET is ENST-Drums or a folder of the same shape, split into train, val and test by its split.csv or by
    the paper's. The forest learns from train and val together, as the paper's did. Needs scikit-learn (the extra
    "models").
    """
    with _Bar() as bar:
        report = train_random_forest(
            datasets, out, trees=trees, seed=seed, workers=workers, progress=bar.show
        )
    _warn(report)
    if as_json:
        click.echo(json.dumps(_as_json(report), ensure_ascii=False, indent=1))
    else:
        _print(report)


class _Bar:
    """A progress bar on standard error: recordings measured, then trees grown, which takes about a minute."""

    def __init__(self) -> None:
        self._bar = ProgressBar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("measuring recordings", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)
        if done == total:
            self._bar.update(self._task, description="growing trees", completed=0, total=None)


def _warn(report: Report) -> None:
    doubtful = report.doubtful
    for recording in doubtful[:_LISTED]:
        left, right = recording.r2
        click.echo(
            f"Warning: {recording.name}: gains explain only {left:.3f} (left) and {right:.3f} (right) of its mix.",
            err=True,
        )
    if len(doubtful) > _LISTED:
        click.echo(
            f"Warning: so it is with {len(doubtful) - _LISTED} more recordings (--json lists all).", err=True
        )


def _print(report: Report) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("R2 of the gains")
    for heading in ("recordings", "forest", "paper"):
        table.add_column(heading, justify="right")
    for name, subset, count in _lines(report):
        score = getattr(report.scores, name)
        table.add_row(
            subset,
            str(count),
            "-" if score is None else f"{score:.3f}",
            f"{PAPER_R2[name]:.3f}" if name in PAPER_R2 else "",
        )
    Console().print(table)
    lowest = min(min(r2) for r2 in report.fits.values())
    click.echo(
        f"gains explain at least {lowest:.3f} of each of the {len(report.fits)} dry mixes"
        f" ({len(report.doubtful)} below 0.9)"
    )
    click.echo(f"wrote {report.path} (SHA-256 {report.sha256})")


def _lines(report: Report) -> list[tuple[str, str, int]]:
    train, val, test = (report.recordings.get(subset, 0) for subset in ("train", "val", "test"))
    return [
        ("train", "training", train + val),
        ("out_of_bag", "out of bag", train + val),
        ("test", "test", test),
        ("test_and_val", "test and validation", test + val),
    ]


def _as_json(report: Report) -> dict[str, object]:
    return {
        "forest": str(report.path),
        "sha256": report.sha256,
        "training": dict(report.card.training),
        "paper_r2": dict(PAPER_R2),
        "gain_fits_r2": {name: list(r2) for name, r2 in report.fits.items()},
        "doubtful": [recording.name for recording in report.doubtful],
    }
