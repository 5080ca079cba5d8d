"""What the researcher's pages of a served study are handed: the analysis and the export, each called where it is needed."""

from pathlib import Path
from typing import TYPE_CHECKING

from mixeval_webapp.admin.researcher import Researcher

if TYPE_CHECKING:
    from mixeval.results_so_far import ResultsSoFar
    from mixeval_analysis.export import Export


def researcher() -> Researcher:
    """Return what `create_app` wants for /admin; statistics load only in the process that analyses."""
    return Researcher(analyse=analyse_so_far, export=export_now)


def analyse_so_far(folder: Path) -> "ResultsSoFar":
    from mixeval_analysis.so_far import results_so_far  # noqa: PLC0415 - pandas loads only where it is needed

    return results_so_far(folder)


def export_now(folder: Path, out: Path) -> "Export":
    from mixeval_analysis.export import export_study  # noqa: PLC0415 - as above

    return export_study(folder, out)
