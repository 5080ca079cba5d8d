"""`mixeval render`: make the stimuli of a study."""

import json
import sys
from contextlib import redirect_stdout
from itertools import groupby
from pathlib import Path
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from mixeval.cli.trust import ask_to_run
from mixeval.manifest import Stimulus
from mixeval.study import read_study
from mixeval_stimuli.methods.registry import foreign_code
from mixeval_stimuli.render import RenderReport, render_study
from mixeval_stimuli.run import Progress


@click.command(
    epilog="Example: mixeval render my-study --workers 4",
    short_help="Render what is missing or changed, and write the manifest.",
)
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Worker processes; by default one per CPU. With 1, all happens in this process.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Render on the workers of a dask scheduler, such as tcp://10.0.0.1:8786, instead of on this machine.",
)
@click.option("--trust", is_flag=True, help="Run the study's commands and packages without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def render(study: Path, workers: int | None, cluster: str | None, trust: bool, as_json: bool) -> None:
    """Render the mixes of STUDY that are missing or changed, and write the manifest.

    All mixes of an item get the same loudness (ITU-R BS.1770, the study's target_lufs, -28 if left out). Where
    a true peak would pass -1 dBTP the whole item is made quieter, never one mix alone. What is done is kept,
    also when the render is interrupted.

    Conditions may run commands, or packages that are installed: they are told, and you are asked whether you
    trust them, unless you say so with --trust.
    """
    if cluster is not None and workers is not None:
        raise click.UsageError("--workers counts processes of this machine, a cluster has its own.")
    wanted = read_study(study)
    codes = ((condition.id, foreign_code(condition)) for condition in wanted.conditions)
    ask_to_run([(name, code) for name, code in codes if code is not None], study, trust=trust)
    # What a mixer prints is no part of what this command answers.
    with _Bar() as bar, redirect_stdout(sys.stderr):
        report = render_study(
            wanted, study, workers=workers, cluster=cluster, progress=bar.show, trusted=True
        )
    if as_json:
        click.echo(json.dumps(_as_json(report), ensure_ascii=False, indent=1))
    else:
        _print(report)


class _Bar:
    """A progress bar on standard error, and a line for each item that is finished."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar = ProgressBar(
            TextColumn("rendering"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)
        self._left: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, progress: Progress) -> None:
        self._bar.update(
            self._task,
            completed=progress.done,
            total=progress.total,
            description=f"{progress.item}, {progress.condition}",
        )
        if progress.item_finished:
            self._console.print(Text(f"{progress.item}: done"))


def _print(report: RenderReport) -> None:
    Console().print(_table(report.manifest.stimuli))
    # Not by rich, which folds lines where a script reads them.
    for lowered in report.lowered:
        click.echo(f"{lowered.item}: {lowered}.")
    for note in report.notes:
        click.echo(f"{note}.")
    click.echo(f"rendered {report.rendered}, reused {report.reused}")


def _table(stimuli: tuple[Stimulus, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("mix")
    for heading in ("LUFS", "dBTP", "gain dB"):
        table.add_column(heading, justify="right")
    for item, of_item in groupby(stimuli, key=lambda stimulus: stimulus.item):
        table.add_row(Text(item, style="bold", overflow="fold"))
        for stimulus in of_item:
            table.add_row(
                Text(f"  {stimulus.condition}"),
                f"{stimulus.loudness_lufs:.2f}",
                f"{stimulus.true_peak_dbtp:.2f}",
                f"{stimulus.gain_db:+.2f}",
            )
    return table


def _as_json(report: RenderReport) -> dict[str, object]:
    return {
        "rendered": report.rendered,
        "reused": report.reused,
        "mixed": report.mixed,
        "lowered": [
            {
                "item": lowered.item,
                "from_lufs": lowered.from_lufs,
                "to_lufs": lowered.to_lufs,
                "condition": lowered.condition,
            }
            for lowered in report.lowered
        ],
        "notes": list(report.notes),
        "manifest": report.manifest.model_dump(mode="json", by_alias=True),
    }
