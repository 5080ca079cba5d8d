"""Load answers from whatever holds them: a study folder, a database URL, a tidy CSV."""

from dataclasses import replace
from pathlib import Path

from mixeval.errors import AnalysisError
from mixeval_analysis.answers import Answers, in_order
from mixeval_analysis.tidy_csv import read_tidy_csv
from mixeval_analysis.trials import Trials, in_study_order

URL_OUTPUT = "mixeval-report"


def load(source: str, *, order: tuple[str, ...] = (), reference: str | None = None) -> Answers:
    """Load every row that `source` holds, with the conditions in `order` where it is given.

    `reference` names the hidden reference of a CSV file; a study knows its own. Raises AnalysisError when there is
    nothing that can be analysed, and what the source's reader raises.
    """
    answers = _read(source, reference)
    if not order:
        return answers
    labels = {condition: answers.labels[condition] for condition in in_order(list(answers.labels), order)}
    if isinstance(answers, Trials):
        return replace(answers, labels=labels, rows=in_study_order(answers.rows, tuple(labels)))
    return replace(answers, labels=labels)


def default_output(source: str) -> Path:
    """Name the report's folder: STUDY/report, NAME-report beside NAME.csv, mixeval-report for a database."""
    if _is_url(source):
        return Path(URL_OUTPUT)
    path = Path(source)
    return path / "report" if path.is_dir() else path.with_name(f"{path.stem}-report")


def _read(source: str, reference: str | None) -> Answers:
    if _is_url(source):
        # SQLAlchemy and Alembic are loaded only where there is a database.
        from mixeval_analysis.collected import answers_in_database  # noqa: PLC0415

        return answers_in_database(source)
    path = Path(source)
    if path.is_dir():
        from mixeval_analysis.collected import answers_in_study  # noqa: PLC0415 - as above

        return answers_in_study(path)
    if path.suffix in {".sqlite3", ".sqlite", ".db"}:
        raise AnalysisError(
            f"{path} is a database file", remedy=f"name its study's folder, or sqlite:///{path}"
        )
    if not path.exists():
        raise AnalysisError(
            f"{path} is not there", remedy="name a study folder, a CSV file or a database URL"
        )
    return read_tidy_csv(path, reference=reference)


def _is_url(source: str) -> bool:
    return "://" in source
