"""The comparison's folder: which files a comparison and an analysis of robustness write, and what they say.

Each has a listing of its own, so that one can be made again without the other.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mixeval.figures import letters_missing
from mixeval.result_folder import Files, listing_file, table_files
from mixeval.tables import Table, to_csv
from mixeval_stimuli.comparison.pictures import picture
from mixeval_stimuli.comparison.rendered import Rendered
from mixeval_stimuli.comparison.robustness import Outcome
from mixeval_stimuli.comparison.robustness_plot import MEASURES, robustness_plot
from mixeval_stimuli.comparison.views import transient_views, whole_views

FOLDER = "comparison"
COMPARISON = "comparison.json"
ROBUSTNESS = "robustness.json"


def figure_names(items: Sequence[str]) -> dict[str, str]:
    """Name each item in figures' file names: its letters that every file system takes, made distinct.

    >>> figure_names(["take 1", "take/1", "Grüße"])
    {'take 1': 'take_1', 'take/1': 'take_1-2', 'Grüße': 'Gr_e'}
    """
    names: dict[str, str] = {}
    for item in items:
        stem = re.sub(r"[^A-Za-z0-9.-]+", "_", item).strip("._")[:80] or "item"
        name, number = stem, 1
        while name.lower() in {taken.lower() for taken in names.values()}:
            number += 1
            name = f"{stem}-{number}"
        names[item] = name
    return names


def picture_files(
    rendered: Rendered, item: str, name: str, *, at: float | None = None
) -> tuple[Files, float]:
    """Draw an item's figures, named by `name`, and say at which second the transient is.

    Raises StudyError, ManifestError and AudioError as :func:`mixeval_stimuli.comparison.views.transient_views`.
    """
    zoom, span = transient_views(rendered, item, at=at)
    pictures = {"mixes": picture(*whole_views(rendered, item)), "transient": picture(zoom, span)}
    files: Files = {}
    for kind, pages in pictures.items():
        files |= _figure_files(f"{kind}_{name}", pages)
    return files, span.origin


def comparison_files(
    rendered: Rendered, tables: Sequence[Table], figures: Files, facts: Mapping[str, Any]
) -> Files:
    """Gather all files of a comparison, with its listing."""
    files = {**table_files(tables), **figures}
    files[COMPARISON] = listing_file(files, COMPARISON, {**provenance(rendered), **facts})
    return files


def robustness_files(rendered: Rendered, table: Table, outcomes: Sequence[Outcome]) -> Files:
    """Gather all files of an analysis of robustness, with its listing."""
    files: Files = {f"tables/{table.name}.csv": to_csv(table).encode()}
    for measure in MEASURES:
        files |= _figure_files(measure.file, robustness_plot(outcomes, rendered.labels, measure))
    facts = {
        **provenance(rendered),
        "items": list(dict.fromkeys(outcome.item for outcome in outcomes)),
        "conditions": list(dict.fromkeys(outcome.condition for outcome in outcomes)),
        "gains_db": sorted({outcome.perturbation.gain_db for outcome in outcomes}),
        "notes": list(table.notes),
    }
    files[ROBUSTNESS] = listing_file(files, ROBUSTNESS, facts)
    return files


def provenance(rendered: Rendered) -> dict[str, Any]:
    """Say what was compared: the versions of the study and its stimuli, and with what."""
    return {
        "title": rendered.study.study.title,
        "version": rendered.version.id,
        "stimuli": rendered.version.stimuli_id,
        "compared_to": dict(rendered.counterparts),
    }


def missing_letters(rendered: Rendered) -> str | None:
    """Say which letters of the labels the figures' font lacks, or None."""
    return letters_missing("".join(rendered.labels.values()))


def _figure_files(name: str, pages: Sequence[Mapping[str, bytes]]) -> Files:
    # A second page is told by its number.
    return {
        f"figures/{name}{f'-{number}' if number > 1 else ''}.{kind}": content
        for number, page in enumerate(pages, start=1)
        for kind, content in page.items()
    }
