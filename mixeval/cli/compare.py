"""`mixeval compare`: the mixes of a study in numbers and pictures, and the robustness of its methods."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixeval.errors import StudyError

if TYPE_CHECKING:
    from mixeval.tables import Table
    from mixeval_stimuli.comparison.rendered import Rendered
    from mixeval_stimuli.comparison.robustness import Outcome

FEW = 4
"""Items that are drawn, and tried for robustness, where none is named."""


@click.command(
    epilog="""\b
Examples:
  mixeval compare my-study
  mixeval compare my-study --item "loop 1" --at 3.2
  mixeval compare my-study --robustness --condition sum
"""
)
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for tables and figures. [default: STUDY/comparison]",
)
@click.option("--item", "items", multiple=True, metavar="ITEM", help="Only this item; may be repeated.")
@click.option(
    "--at",
    type=click.FloatRange(min=0.0),
    metavar="SECONDS",
    help="Zoom on this moment. [default: the reference's strongest isolated onset]",
)
@click.option(
    "--robustness", is_flag=True, help="Change the stems and measure what becomes of the mixes instead."
)
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    metavar="ID",
    help="With --robustness: only this condition; may be repeated. [default: all systems that mix stems]",
)
@click.option(
    "--range-db",
    type=click.FloatRange(min=0.1, max=60.0),
    default=18.0,
    show_default=True,
    help="With --robustness: stems are raised and lowered by up to this.",
)
@click.option(
    "--step-db",
    type=click.FloatRange(min=0.1, max=60.0),
    default=6.0,
    show_default=True,
    help="With --robustness: in steps of this.",
)
@click.option("--all-swaps", is_flag=True, help="With --robustness: swap every pair of stems.")
@click.option("--trust", is_flag=True, help="With --robustness: also run the study's commands and packages.")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes; by default one per CPU.")
@click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON.")
def compare(
    study: Path,
    out: Path | None,
    items: tuple[str, ...],
    at: float | None,
    *,
    robustness: bool,
    conditions: tuple[str, ...],
    range_db: float,
    step_db: float,
    all_swaps: bool,
    trust: bool,
    workers: int | None,
    as_json: bool,
) -> None:
    """Compare the rendered mixes of STUDY in numbers and pictures.

    Each mix is measured against the one that its condition is compared to (compare_to in study.toml; left out,
    the reference of the same process). Nothing is rendered and nothing that the study names is run. With
    --robustness mixes are made anew from changed stems; methods that run other people's code take part only if
    you say so with --trust.
    """
    # Numerical libraries load only once a study was named and could be read.
    from mixeval_stimuli.comparison.rendered import choose_items, open_rendered, remarks  # noqa: PLC0415

    if not robustness and (conditions or all_swaps or trust):
        raise StudyError(
            "--condition, --all-swaps and --trust belong to the analysis of robustness",
            remedy="add --robustness",
        )
    rendered = open_rendered(study)
    chosen = choose_items(rendered, items)
    few = chosen if items else chosen[:FEW]
    folder = out or study / "comparison"
    with _progress() as step:
        if robustness:
            told = _try_robustness(
                rendered,
                few,
                conditions,
                folder,
                step,
                gains=(range_db, step_db),
                all_swaps=all_swaps,
                trust=trust,
                workers=workers,
            )
        else:
            told = _compare(rendered, chosen, few, folder, step, at=at, workers=workers)
    said = [*remarks(rendered), *told.remarks]
    if len(few) < len(chosen):
        what = "tried" if robustness else "drawn"
        said.append(f"only the first {len(few)} of {len(chosen)} items are {what}: --item names others")
    if as_json:
        tables = {table.name: _rows(table) for table in told.tables}
        content = {"folder": str(folder), "remarks": said, "tables": tables}
        click.echo(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))
        return
    told.show()
    for remark in said:
        click.echo(f"{remark}.")
    click.echo(f"Tables and figures: {folder}")


Step = Callable[[str, int], None]
"""Tell the progress bar what was just done, and of how many steps in all."""


@dataclass(frozen=True)
class _Told:
    tables: Sequence["Table"]
    remarks: Sequence[str]
    show: Callable[[], None]


def _compare(
    rendered: "Rendered",
    items: Sequence[str],
    drawn: Sequence[str],
    folder: Path,
    step: Step,
    *,
    at: float | None,
    workers: int | None,
) -> _Told:
    from mixeval.result_folder import Files, replace_files  # noqa: PLC0415
    from mixeval_stimuli.comparison import comparison_folder, measure_tables  # noqa: PLC0415
    from mixeval_stimuli.comparison.measures import measure_study  # noqa: PLC0415
    from mixeval_stimuli.comparison.views import check_moment  # noqa: PLC0415
    from mixeval_stimuli.executors import local_executor  # noqa: PLC0415

    if at is not None:
        for item in drawn:
            check_moment(rendered, item, at)
    total = len(items) * len(rendered.study.conditions) + len(drawn)
    names = comparison_folder.figure_names(items)
    figures: Files = {}
    transients: dict[str, float] = {}
    with local_executor(workers) as executor:
        pictures = {
            item: executor.submit(comparison_folder.picture_files, rendered, item, names[item], at=at)
            for item in drawn
        }
        rows = measure_study(
            rendered, items, executor, progress=lambda item, condition: step(f"{item}, {condition}", total)
        )
        for item, picture in pictures.items():
            files, transients[item] = picture.result()
            figures |= files
            step(f"{item}, figures", total)
    tables = [
        measure_tables.measures_table(rows, rendered.labels),
        measure_tables.means_table(rows, rendered.labels),
    ]
    facts = {"items": list(items), "transients_seconds": transients, "notes": list(tables[0].notes)}
    files = comparison_folder.comparison_files(rendered, tables, figures, facts)
    replace_files(folder, files, listing=comparison_folder.COMPARISON)
    remarks = [note.rstrip(".") for note in tables[0].notes]
    remarks += [f"{item}: the transient is at {seconds:.3f} s" for item, seconds in transients.items()]
    if missing := comparison_folder.missing_letters(rendered):
        remarks.append(missing.rstrip("."))
    return _Told(tables, remarks, lambda: _show_measures(tables))


def _try_robustness(
    rendered: "Rendered",
    items: Sequence[str],
    conditions: Sequence[str],
    folder: Path,
    step: Step,
    *,
    gains: tuple[float, float],
    all_swaps: bool,
    trust: bool,
    workers: int | None,
) -> _Told:
    from mixeval.result_folder import replace_files  # noqa: PLC0415
    from mixeval_stimuli.comparison import robustness_folder  # noqa: PLC0415
    from mixeval_stimuli.comparison.perturbation import gains_within  # noqa: PLC0415
    from mixeval_stimuli.comparison.robustness import plan_robustness, run_trials  # noqa: PLC0415
    from mixeval_stimuli.comparison.robustness_table import robustness_table  # noqa: PLC0415
    from mixeval_stimuli.executors import local_executor  # noqa: PLC0415

    plan = plan_robustness(
        rendered, items, conditions, gains_db=gains_within(*gains), all_swaps=all_swaps, trusted=trust
    )
    total = len(plan.trials)
    items_named = f"{len(plan.items)} items" if len(plan.items) > 1 else "one item"
    click.echo(
        f"{total} mixes to make and measure, of {items_named} in {', '.join(plan.conditions)}", err=True
    )
    with local_executor(workers) as executor:
        outcomes = run_trials(
            plan.trials, executor, progress=lambda trial: step(f"{trial.item}, {trial.condition}", total)
        )
    table = robustness_table(outcomes, rendered.labels)
    files = robustness_folder.robustness_files(rendered, table, outcomes)
    replace_files(folder, files, listing=robustness_folder.ROBUSTNESS)
    remarks = [*plan.remarks, *(note.rstrip(".") for note in table.notes)]
    return _Told([table], remarks, lambda: _show_robustness(outcomes))


@contextmanager
def _progress() -> Iterator[Step]:
    from rich.console import Console  # noqa: PLC0415 - loaded only where it prints
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    text = TextColumn("{task.description}", markup=False)
    with Progress(*columns, text, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def step(done: str, total: int) -> None:
            bar.update(task, advance=1, total=total, description=done)

        yield step


def _show_measures(tables: Sequence["Table"]) -> None:
    for table in tables:
        items = table.frame["item"] if "item" in table.frame else ["mean over items"] * len(table.frame)
        if "item" not in table.frame and len(tables[0].frame) == len(table.frame):
            continue  # the means of one item are its measures
        # Of names, the terminal has room for the condition's id.
        names = [name for name in table.frame.columns if name not in {"item", "compare_to", "items"}]
        places = [list(table.frame.columns).index(name) for name in names]
        headings = ["mix", *(table.headings[place] for place in places[1:])]
        texts = zip(items, table.frame["condition"], table.cells(), strict=True)
        for item, of_item in groupby(texts, key=lambda row: str(row[0])):
            click.echo(f"\n{item}")
            _show(headings, [[f"  {name}", *(cells[p] for p in places[1:])] for _, name, cells in of_item])


def _show_robustness(outcomes: Sequence["Outcome"]) -> None:
    from mixeval_stimuli.comparison.perturbation import Perturbation  # noqa: PLC0415
    from mixeval_stimuli.comparison.robustness_plot import mean_values  # noqa: PLC0415

    for condition, values in mean_values(outcomes, "sdr_db").items():
        untouched = _decibels(values.get(Perturbation("none")))
        click.echo(f"\n{condition}: SDR in dB, {untouched} with the stems as they are")
        gains = sorted({p.gain_db for p in values if p.change == "gain"})
        stems = list(dict.fromkeys(p.stem for p in values if p.change in {"gain", "missing"}))
        rows = [
            [
                stem,
                *(_decibels(values.get(Perturbation("gain", stem, gain_db=gain))) for gain in gains),
                _decibels(values.get(Perturbation("missing", stem))),
            ]
            for stem in stems
        ]
        swaps = [
            [f"{p.stem}, {p.other_stem} swapped", _decibels(v)]
            for p, v in values.items()
            if p.change == "swap"
        ]
        _show(["stem", *(f"{gain:+g} dB" for gain in gains), "missing"], rows)
        for name, value in swaps:
            click.echo(f"{name}: {value}")


def _show(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - loaded only where it prints
    from rich.table import Table as Grid  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    grid = Grid(box=None, pad_edge=False, collapse_padding=True)
    for place, heading in enumerate(headings):
        grid.add_column(
            Text(heading), justify="right" if place else "left", no_wrap=place > 0, overflow="fold"
        )
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    Console().print(grid)


def _decibels(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _rows(table: "Table") -> list[dict[str, Any]]:
    return [
        {str(name): _plain(cell) for name, cell in row.items()}
        for row in table.frame.to_dict(orient="records")
    ]


def _plain(cell: Any) -> Any:
    # JSON has no infinity.
    return str(cell) if isinstance(cell, float) and not math.isfinite(cell) else cell
