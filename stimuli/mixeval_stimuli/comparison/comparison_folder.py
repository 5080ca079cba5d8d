"""The comparison's folder: which files a comparison writes, and what its listing says."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mixeval.figures import letters_missing
from mixeval.result_folder import Files, listing_file, table_files
from mixeval.tables import Table
from mixeval_stimuli.comparison.pictures import picture
from mixeval_stimuli.comparison.rendered import Rendered
from mixeval_stimuli.comparison.views import transient_views, whole_views

COMPARISON = "comparison.json"


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
        files |= figure_files(f"{kind}_{name}", pages)
    return files, span.origin


def comparison_files(
    rendered: Rendered, tables: Sequence[Table], figures: Files, facts: Mapping[str, Any]
) -> Files:
    """Gather all files of a comparison, with its listing."""
    files = {**table_files(tables), **figures}
    files[COMPARISON] = listing_file(files, COMPARISON, {**provenance(rendered), **facts})
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


def figure_files(name: str, pages: Sequence[Mapping[str, bytes]]) -> Files:
    """Put a figure's pages into figures/; a second page is told by its number."""
    return {
        f"figures/{name}{f'-{number}' if number > 1 else ''}.{kind}": content
        for number, page in enumerate(pages, start=1)
        for kind, content in page.items()
    }
