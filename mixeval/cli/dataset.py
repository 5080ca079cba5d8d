"""`mixeval dataset`: list, check and make multitrack data sets."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import soundfile
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from mixeval.errors import DatasetError
from mixeval.study import FILE_NAME, read_study
from mixeval_stimuli.datasets import enst, kit, open_dataset, synthetic, verify
from mixeval_stimuli.datasets.trees import Progress as Report
from mixeval_stimuli.methods.registry import foreign_code, make_methods
from mixeval_stimuli.recordings import Recording

_FACTS = ("subset", "group", "drummer")

_WIDEST = 500
"""Columns that a table may take: a name that is folded cannot be copied."""

_as_json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_seed_option = click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="All follows from it."
)


@click.group(epilog="Example: mixeval dataset list my-study")
def dataset() -> None:
    """List, check and make multitrack data sets."""


@dataset.command(
    name="kit",
    epilog="Example: mixeval dataset kit samples/muldjordkit kit --minutes 225 --seed 1",
    short_help="Render multitracks of a sampled kit.",
)
@click.argument("samples", metavar="KITFOLDER", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--minutes",
    type=click.FloatRange(0.0, 1000.0, min_open=True),
    default=45.0,
    show_default=True,
    help="Length of all recordings together; ENST-Drums has 225.",
)
@_seed_option
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes; by default one per CPU.")
@_as_json_option
def render_kit(
    samples: Path, out: Path, *, minutes: float, seed: int, workers: int | None, as_json: bool
) -> None:
    """Play the one-shot kit in KITFOLDER, and write recordings with dry and wet mixes to OUT.

    KITFOLDER holds Samples/INSTRUMENT/N-INSTRUMENT-MIC.flac, as MuldjordKit does (CC BY 4.0: credit it with what
    you make of it). OUT gets the shape of ENST-Drums, and a split in which training, validation and test share no
    groove and no hit.
    """
    with _bar("rendering") as show:
        kit.write_tree(out, samples=samples, minutes=minutes, seed=seed, workers=workers, progress=show)
    skipped = json.loads((out / kit.PARAMETERS_FILE_NAME).read_text(encoding="utf-8"))["skipped_hits"]
    _tell_written(enst.load(out), out, {"skipped_hits": skipped}, as_json=as_json)


@dataset.command(
    name="synthetic",
    epilog="Example: mixeval dataset synthetic recordings --recordings-per-drummer 12",
    short_help="Render multitracks of synthetic drums.",
)
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--recordings-per-drummer",
    type=click.IntRange(1, 24),
    default=2,
    show_default=True,
    help="Of each of the three drummers.",
)
@click.option(
    "--seconds", type=click.FloatRange(2.0, 120.0), default=14.0, show_default=True, help="Of each recording."
)
@_seed_option
@_as_json_option
def write_synthetic(
    out: Path, *, recordings_per_drummer: int, seconds: float, seed: int, as_json: bool
) -> None:
    """Write synthetic drums of three drummers, with dry and wet mixes, to OUT."""
    with _bar("rendering") as show:
        synthetic.write_tree(
            out, seed=seed, recordings_per_drummer=recordings_per_drummer, seconds=seconds, progress=show
        )
    _tell_written(enst.load(out), out, {}, as_json=as_json)


@dataset.command(
    name="list",
    epilog="Example: mixeval dataset list /data/ENST-Drums --subset test --json",
    short_help="List the recordings of a data set.",
)
@click.argument("source", metavar="PATH|STUDY", type=click.Path(path_type=Path))
@click.option("--subset", type=click.Choice(enst.SUBSETS), help="Only these recordings.")
@_as_json_option
def list_recordings(source: Path, *, subset: str | None, as_json: bool) -> None:
    """List the recordings of a study's data set, or of a folder of ENST-Drums' shape.

    Drums that a study has rendered on first use are rendered for this, too.
    """
    recordings = [
        recording
        for recording in _recordings(source)
        if subset is None or recording.facts.get("subset") == subset
    ]
    rows = [(recording, _seconds(recording)) for recording in recordings]
    if as_json:
        click.echo(
            json.dumps(
                [
                    {"item": recording.item, **recording.facts, "seconds": seconds}
                    for recording, seconds in rows
                ],
                ensure_ascii=False,
                indent=1,
            )
        )
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("recording", no_wrap=True)
    for fact in _FACTS:
        table.add_column(fact)
    table.add_column("seconds", justify="right")
    for recording, seconds in rows:
        table.add_row(
            Text(recording.item),
            *(Text(recording.facts.get(fact, "")) for fact in _FACTS),
            "missing" if seconds is None else f"{seconds:.1f}",
        )
    Console(width=_WIDEST).print(table)
    click.echo(_sum_of(recordings, sum(seconds or 0.0 for _, seconds in rows)))


@dataset.command(
    name="check",
    epilog="Example: mixeval dataset check /data/ENST-Drums",
    short_help="Name files that are missing or corrupt.",
)
@click.argument("source", metavar="PATH|STUDY", type=click.Path(path_type=Path))
@_as_json_option
def check_files(source: Path, *, as_json: bool) -> None:
    """Read every file of a data set, and name those that are missing and those that are corrupt.

    Ends with 1 where there are any.
    """
    recordings = _recordings(source)
    with _bar("reading") as show:
        found = verify(recordings, progress=show)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "recordings": len(recordings),
                    "missing": [str(file) for file in found.missing],
                    "corrupt": {str(file): problem for file, problem in found.corrupt.items()},
                },
                ensure_ascii=False,
                indent=1,
            )
        )
    else:
        for file in found.missing:
            click.echo(f"missing: {file}")
        for problem in found.corrupt.values():
            click.echo(f"corrupt: {problem}")
        click.echo(
            f"{len(recordings)} recordings, {len(found.missing)} missing, {len(found.corrupt)} corrupt"
        )
    if not found.sound:
        sys.exit(1)


def _recordings(source: Path) -> Sequence[Recording]:
    """Open a study's data set, or a folder of ENST-Drums' shape."""
    if not (source / FILE_NAME).is_file():
        return enst.load(source)
    study = read_study(source)
    # Those that run code name no files of the data set that could be known without running it.
    own = [condition for condition in study.conditions if foreign_code(condition) is None]
    methods = make_methods(own, source=str(source / FILE_NAME), folder=source)
    sources = tuple(dict.fromkeys(name for method in methods.values() for name in method.sources()))
    return open_dataset(study.stimuli.dataset, study_folder=source, seed=study.study.seed, sources=sources)


def _seconds(recording: Recording) -> float | None:
    """Give the length of the first file that is there."""
    for file in (*recording.stems.values(), *recording.mixes.values()):
        if file.is_file():
            try:
                return float(soundfile.info(file).duration)
            except soundfile.LibsndfileError as error:
                raise DatasetError(
                    f"{file} cannot be read as audio",
                    remedy="find all such files with mixeval dataset check",
                ) from error
    return None


def _tell_written(
    recordings: Sequence[Recording], out: Path, more: dict[str, list[str]], *, as_json: bool
) -> None:
    seconds = sum(_seconds(recording) or 0.0 for recording in recordings)
    if as_json:
        subsets = Counter(recording.facts["subset"] for recording in recordings)
        click.echo(
            json.dumps(
                {
                    "path": str(out),
                    "recordings": len(recordings),
                    "seconds": seconds,
                    "subsets": subsets,
                    **more,
                }
            )
        )
        return
    for name, values in more.items():
        if values:
            click.echo(f"{name.replace('_', ' ')}: {', '.join(values)}")
    click.echo(f"{out}: {_sum_of(recordings, seconds)}")


def _sum_of(recordings: Sequence[Recording], seconds: float) -> str:
    subsets = Counter(recording.facts.get("subset") for recording in recordings)
    parts = [f"{subsets[subset]} {subset}" for subset in enst.SUBSETS if subsets[subset]]
    divided = f" ({', '.join(parts)})" if parts else ""
    return f"{len(recordings)} recordings{divided}, {seconds / 60:.1f} minutes"


@contextmanager
def _bar(what: str) -> Iterator[Report]:
    """Show a progress bar on standard error."""
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("", total=None)
    with bar:
        yield lambda done, total: bar.update(task, completed=done, total=total)
