"""Rendering: from a study and its recordings to loudness-aligned stimuli and their manifest.

In two stages. First each mix is made by its method and kept in a cache under the hash of all that decides it.
Then all mixes of an item get one length and one loudness and become FLAC files named by their content. Both
stages remember what is done, so an interrupted run goes on where it stopped and a second run does nothing.
The manifest is written last, in one step, and only when every stimulus is there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mixeval.errors import DatasetError, ManifestError, MixevalError, RenderError
from mixeval.manifest import FOLDER, InputFile, Item, Manifest, Stimulus, read_manifest, write_manifest
from mixeval.study import FILE_NAME, Study
from mixeval_stimuli.cache import InputHashes
from mixeval_stimuli.cluster import cluster_executor
from mixeval_stimuli.datasets import open_dataset, select
from mixeval_stimuli.drafts import draft_in, remove_stale_drafts, writing_in
from mixeval_stimuli.executors import cpus, local_executor
from mixeval_stimuli.methods.method import MixMethod
from mixeval_stimuli.methods.registry import make_methods
from mixeval_stimuli.plan import Cell, plan_cells
from mixeval_stimuli.recordings import Recording
from mixeval_stimuli.run import Progress, Run
from mixeval_stimuli.stimulus import Place
from mixeval_stimuli.timing import timing_notes
from mixeval_stimuli.tools import tools

CACHE = "cache"

CODED_SUFFIXES = frozenset({".mp3", ".ogg", ".oga"})
"""Files whose decoder may add silence at the start: 25 to 50 ms for MP3, by encoder and decoder."""


@dataclass(frozen=True)
class LoweredItem:
    """An item whose target had to be lower than the study's, and the condition whose true peak said so."""

    item: str
    from_lufs: float
    to_lufs: float
    condition: str

    def __str__(self) -> str:
        return (
            f"target lowered from {self.from_lufs:.2f} to {self.to_lufs:.2f} LUFS for the whole item, "
            f'where the true peak of "{self.condition}" would have passed -1 dBTP'
        )


@dataclass(frozen=True)
class RenderReport:
    """What a render did: `mixed` mixes were made, `rendered` files written, `reused` found as they were."""

    manifest: Manifest
    mixed: int
    rendered: int
    reused: int
    lowered: tuple[LoweredItem, ...]
    notes: tuple[str, ...]


def render_study(
    study: Study,
    study_folder: Path,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    trusted: bool = False,
) -> RenderReport:
    """Render what is missing or changed and write STUDY/stimuli/manifest.json.

    Jobs run in `workers` processes of this machine, by default one per CPU; or on the workers of the dask
    scheduler at the address `cluster`; or in `executor`, which has `workers` of them. All must see the same files
    by the same names. Each job computes with one thread, which an executor that is handed in has to see to
    (:mod:`mixeval_stimuli.threads`).
    Commands and packages that the study names are run only if somebody `trusted` them.

    Raises StudyError when a condition's method or options are wrong or the folder cannot be written,
    DatasetError when the data set cannot be opened, and RenderError when the cluster cannot be used, or one that
    lists everything that could not be rendered, once all the rest is; the manifest then stays as it was.
    """
    # Jobs carry paths, and another machine's workers start in other folders.
    study_folder = study_folder.absolute()
    methods = make_methods(
        study.conditions, source=str(study_folder / FILE_NAME), folder=study_folder, trusted=trusted
    )
    recordings = _open_recordings(study, study_folder, methods)
    return render_recordings(
        study,
        recordings,
        study_folder,
        executor=executor,
        workers=workers,
        cluster=cluster,
        progress=progress,
        trusted=trusted,
    )


def render_recordings(
    study: Study,
    recordings: Sequence[Recording],
    study_folder: Path,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    trusted: bool = False,
) -> RenderReport:
    """Render the study's conditions of `recordings`; otherwise as :func:`render_study`."""
    study_folder = study_folder.absolute()
    methods = make_methods(
        study.conditions, source=str(study_folder / FILE_NAME), folder=study_folder, trusted=trusted
    )
    with writing_in(study_folder / FOLDER):
        place = _open_place(study_folder)
    hashes = InputHashes(place.cache)
    with _jobs(executor, workers, cluster, place.cache) as (jobs, at_once):
        run = Run(
            jobs,
            place,
            items=len(recordings),
            conditions=len(methods),
            target_lufs=study.stimuli.target_lufs,
            workers=at_once,
            progress=progress,
        )
        run.execute(plan_cells(study, recordings, methods, hashes))
        cells = run.cells
        total = len(recordings) * len(methods)
        timing = (
            timing_notes(cells, run.mixes, place.cache, jobs, workers=at_once)
            if len(run.files) == total
            else {}
        )
    with writing_in(study_folder / FOLDER):
        hashes.save()
    failures = run.unplanned + run.failures
    if failures:
        raise _all_in_one(failures, done=len(run.files), total=total)
    lowered = _lowered(run, study.stimuli.target_lufs)
    uncoded = {cell.item for cell in cells if not _coded(cell)}
    notes = {
        cell.id: _notes(cell, run, timing.get(cell.id), beside_uncoded=cell.item in uncoded) for cell in cells
    }
    manifest = Manifest(
        target_lufs=study.stimuli.target_lufs,
        sample_rate=_common({alignment.sample_rate for alignment in run.alignments.values()}),
        tools=tools(),
        items=tuple(Item(item=r.item, facts=dict(r.facts)) for r in recordings),
        stimuli=tuple(
            _stimulus(cell, run, (*notes[cell.id], *_lowering(cell, lowered)), study_folder) for cell in cells
        ),
    )
    manifest = _with_tools_that_made_it(manifest, study_folder)
    with writing_in(study_folder / FOLDER):
        write_manifest(study_folder, manifest)
    return RenderReport(
        manifest=manifest,
        mixed=run.mixed,
        rendered=run.rendered,
        reused=len(cells) - run.rendered,
        lowered=tuple(lowered.values()),
        notes=tuple(f"{cell.where}: {note}" for cell in cells for note in notes[cell.id]),
    )


@contextmanager
def _jobs(
    executor: Executor | None, workers: int | None, cluster: str | None, cache: Path
) -> Iterator[tuple[Executor, int]]:
    """Give where jobs run, and how many at a time."""
    count = cpus() if workers is None else workers
    if executor is not None:
        yield executor, count  # handed in, so it stays open
    elif cluster is not None:
        with cluster_executor(cluster, cache) as machines:
            yield machines, machines.workers
    else:
        with local_executor(count) as processes:
            yield processes, count


def _open_recordings(
    study: Study, study_folder: Path, methods: Mapping[str, MixMethod]
) -> Sequence[Recording]:
    sources = tuple(dict.fromkeys(name for method in methods.values() for name in method.sources()))
    try:
        recordings = open_dataset(
            study.stimuli.dataset, study_folder=study_folder, seed=study.study.seed, sources=sources
        )
        return select(recordings, study.stimuli.items, seed=study.study.seed)
    except OSError as error:
        raise DatasetError(
            f"{error.filename} cannot be opened ({error.strerror})",
            remedy="make it readable to you, with the folders that it lies in",
        ) from error


def _open_place(study_folder: Path) -> Place:
    folder = study_folder / FOLDER
    place = Place(folder, folder / CACHE)
    place.cache.mkdir(parents=True, exist_ok=True)
    remove_stale_drafts(place.cache)
    for wanted in (place.cache, place.folder):
        with draft_in(wanted) as draft:
            draft.touch()
    return place


def _all_in_one(failures: Sequence[tuple[str, MixevalError]], *, done: int, total: int) -> MixevalError:
    findings = [(f"{where}: {error.problem}", error.remedy) for where, error in failures]
    if len(findings) > 1:
        kept = f"{done} of {total} stimuli are rendered, the manifest is as it was"
        findings.append((kept, "mend these and render again, what is done is kept"))
    return RenderError.listing(findings)


def _lowered(run: Run, target_lufs: float) -> dict[str, LoweredItem]:
    return {
        item: LoweredItem(item, target_lufs, alignment.target_lufs, alignment.lowered_for)
        for item, alignment in run.alignments.items()
        if alignment.lowered_for is not None
    }


def _notes(cell: Cell, run: Run, timing: str | None, *, beside_uncoded: bool) -> tuple[str, ...]:
    mix = run.mixes[cell.id]
    notes = list(mix.notes)
    surplus = mix.frames - run.alignments[cell.item].frames
    if surplus:
        notes.append(f"its last {surplus} samples were cut, the shortest mix of the item ends there")
    if timing is not None:
        notes.append(timing)
    if beside_uncoded and _coded(cell):
        notes.append(
            "it comes from a coded file and others of the item do not, so it may start up to 50 ms late: "
            "check that they are aligned, or export all in one format"
        )
    return tuple(notes)


def _coded(cell: Cell) -> bool:
    return any(path.suffix.lower() in CODED_SUFFIXES for path, _ in cell.inputs)


def _lowering(cell: Cell, lowered: Mapping[str, LoweredItem]) -> tuple[str, ...]:
    return (str(lowered[cell.item]),) if cell.item in lowered else ()


def _stimulus(cell: Cell, run: Run, notes: tuple[str, ...], study_folder: Path) -> Stimulus:
    written = run.files[cell.id]
    return Stimulus(
        item=cell.item,
        condition=cell.condition,
        file=written.file,
        sha256=written.sha256,
        frames=written.frames,
        channels=2,
        sample_rate=written.sample_rate,
        loudness_lufs=written.loudness_lufs,
        target_lufs=run.alignments[cell.item].target_lufs,
        true_peak_dbtp=written.true_peak_dbtp,
        gain_db=written.gain_db,
        method=cell.method_id,
        method_version=cell.method.version,
        inputs=tuple(
            InputFile(file=_from_study(path, study_folder), sha256=sha256) for path, sha256 in cell.inputs
        ),
        parameters={**cell.method.model_dump(mode="json"), **run.mixes[cell.id].parameters},
        notes=notes,
    )


def _from_study(path: Path, study_folder: Path) -> str:
    path, study_folder = path.resolve(), study_folder.resolve()
    return path.relative_to(study_folder).as_posix() if path.is_relative_to(study_folder) else str(path)


def _common(rates: set[int]) -> int | None:
    return rates.pop() if len(rates) == 1 else None


def _with_tools_that_made_it(manifest: Manifest, study_folder: Path) -> Manifest:
    # A newer library that has rendered nothing is no new version of the study.
    try:
        old = read_manifest(study_folder)
    except ManifestError:
        return manifest
    return old if old.model_copy(update={"tools": manifest.tools}) == manifest else manifest
