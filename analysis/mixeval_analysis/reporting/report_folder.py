"""The report's folder: tables, figure, page and provenance of each set of answers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mixeval.result_folder import Files, listing_file, replace_files, table_files
from mixeval_analysis.answers import Answers
from mixeval_analysis.figures.drawing import draw, letters_missing
from mixeval_analysis.listeners.screening_tables import beside, screening_of
from mixeval_analysis.page_profiles import PROFILES, analyze_answers
from mixeval_analysis.panel_profile import PANEL_CHAPTERS
from mixeval_analysis.profile import Analysis, Tables, made
from mixeval_analysis.reporting.methods import methods_text
from mixeval_analysis.reporting.provenance import provenance
from mixeval_analysis.reporting.report import index_page, report_page
from mixeval_analysis.selection import Selection, differing_stimuli, folder_of

PROVENANCE = "report.json"


@dataclass(frozen=True, eq=False)
class Report:
    """What was written: the folder, and each set of tables with its own folder."""

    folder: Path
    analyses: Mapping[Path, Analysis]


def write_report(selection: Selection, folder: Path, *, single_column: bool = False) -> Report:
    """Analyse each group of `selection` and write everything to `folder`.

    Figures are 183 mm wide; with `single_column` there are files of 89 mm too. One group fills the folder itself; several fill `version-XXXXXXXX/` each, under a page that leads to them.
    Raises ResultError when the folder cannot be written, or holds a file of the same name that mixeval did
    not write.
    """
    analyses = [analyze_answers(_with_remark(group)) for group in selection.groups]
    if len(analyses) == 1:
        places = {folder: analyses[0]}
        files = _files(analyses[0], selection, single_column=single_column)
    else:
        places, files = {}, {}
        for analysis in analyses:
            name = folder_of(analysis.answers.versions[0])
            places[folder / name] = analysis
            own = _files(analysis, selection, single_column=single_column)
            files |= {f"{name}/{path}": content for path, content in own.items()}
        files["report.html"] = index_page(selection.groups, selection.elsewhere).encode()
        entries = [{"folder": path.name, **provenance(analysis)} for path, analysis in places.items()]
        files[PROVENANCE] = listing_file(files, PROVENANCE, {"versions_apart": entries})
    replace_files(folder, files, listing=PROVENANCE)
    return Report(folder, places)


def _with_remark(answers: Answers) -> Answers:
    remark = letters_missing(answers)
    return replace(answers, remarks=(*answers.remarks, remark)) if remark else answers


def _tables_beside(analysis: Analysis) -> Files:
    """Write the results of the other set of answers, without the flagged or with those left out."""
    other = beside(analysis.answers)
    if other is None:
        return {}
    folder = screening_of(analysis.answers).folder
    tables = results_of(other)
    return {
        path.replace("tables/", f"tables/{folder}/", 1): content
        for path, content in table_files(tables.values()).items()
    }


def results_of(answers: Answers) -> Tables:
    """Make the tables of results alone, without those about the panel."""
    profile = PROFILES[answers.page]
    results = tuple(chapter for chapter in profile.chapters if chapter not in PANEL_CHAPTERS)
    return made(answers, replace(profile, chapters=results)).tables


def _files(analysis: Analysis, selection: Selection, *, single_column: bool) -> Files:
    figures = draw(analysis, single_column=single_column)
    differing = (differing_stimuli(analysis.answers.versions) or {}) if selection.pooled else None
    svg = {name: drawn["svg"] for name, drawn in figures.items()}
    page = report_page(analysis, figures_svg=svg, differing=differing)
    files: Files = {"report.html": page.encode(), "methods.txt": methods_text(analysis).encode()}
    files |= table_files(analysis.tables.values())
    files |= _tables_beside(analysis)
    files |= {
        f"figures/{name}.{kind}": content
        for name, drawn in figures.items()
        for kind, content in drawn.items()
    }
    facts = provenance(analysis, pooled=selection.pooled)
    files[PROVENANCE] = listing_file(files, PROVENANCE, facts)
    return files
