"""Load answers from whatever holds them: a study folder, a database URL, a tidy CSV, another platform's results."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mixeval.conditions import Role
from mixeval.errors import AnalysisError
from mixeval.study import FILE_NAME, AnalysisSection
from mixeval_analysis.answers import Answers, in_order, in_utf8
from mixeval_analysis.listeners.screening import check_rules
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.results.contrasts import asked as asked_contrasts
from mixeval_analysis.results.groups import refuse_unknown_groups
from mixeval_analysis.sources.foreign.imported import Imported
from mixeval_analysis.sources.foreign.results import read_folder, read_results
from mixeval_analysis.sources.tidy_csv import read_file, read_tidy_csv, tidy_answers
from mixeval_analysis.trials import Trials, in_study_order

URL_OUTPUT = "mixeval-report"
_ROLES: dict[str, Role] = {"reference": "reference", "low_anchor": "anchor", "mid_anchor": "anchor"}
"""Keys of [analysis] that name a condition, and the role that this gives it."""


def load(source: str, asked: AnalysisSection | None = None) -> Answers:
    """Load every row that `source` holds.

    What `asked` sets goes before what the study, or the file beside a CSV, says of the same. Raises AnalysisError
    when there is nothing that can be analysed or a setting names what is not there, and what the source's reader
    raises.
    """
    answers = _read(source)
    wishes = {} if asked is None else {name: getattr(asked, name) for name in asked.model_fields_set}
    planned = answers.settings.plan
    if planned is not None and answers.settings.margin is None:
        wishes = {"margin": planned.margin, **wishes}
    settings = answers.settings.model_copy(update=wishes)
    check_rules(settings.exclude)
    return _settled(replace(answers, settings=settings))


def default_output(source: str) -> Path:
    """Name the report's folder: STUDY/report, NAME-report beside NAME.csv, mixeval-report for a database."""
    if _is_url(source):
        return Path(URL_OUTPUT)
    path = Path(source)
    return path / "report" if path.is_dir() else path.with_name(f"{path.stem}-report")


def _read(source: str) -> Answers:
    if _is_url(source):
        # SQLAlchemy and Alembic are loaded only where there is a database.
        from mixeval_analysis.sources.collected import answers_in_database  # noqa: PLC0415

        return answers_in_database(source)
    path = Path(source)
    if path.is_dir():
        if not (path / FILE_NAME).exists() and (folder := read_folder(path)):
            return _imported(folder[0], path, folder[1])
        from mixeval_analysis.sources.collected import answers_in_study  # noqa: PLC0415 - as above

        return answers_in_study(path)
    if path.suffix in {".sqlite3", ".sqlite", ".db"}:
        raise AnalysisError(
            f"{path} is a database file", remedy=f"name its study's folder, or sqlite:///{path}"
        )
    if not path.exists():
        raise AnalysisError(
            f"{path} is not there", remedy="name a study folder, a CSV file or a database URL"
        )
    content = read_file(path)
    results = read_results(content, source=in_utf8(path.name))
    if results is None:
        return read_tidy_csv(path)
    return _imported(results, path, hashlib.sha256(content).hexdigest())


def _imported(results: Imported, path: Path, sha256: str) -> Answers:
    """Present another platform's answers; what the file beside it says goes before what the platform said."""
    answers = tidy_answers(results.rows, path, source_sha256=sha256)
    known = {
        key: name for key, name in results.settings.items() if key not in answers.settings.model_fields_set
    }
    roles = {name: role for name, role in results.roles.items() if name in answers.labels}
    answers = replace(
        answers, settings=answers.settings.model_copy(update=known), roles=roles, remarks=results.remarks
    )
    return replace(answers, scale=results.scale) if isinstance(answers, Ratings) else answers


def _settled(answers: Answers) -> Answers:
    """Give conditions the order, roles and factors that the settings name, each of which must be there."""
    settings = answers.settings
    named = {key: name for key in _ROLES if (name := getattr(settings, key)) is not None}
    for key, name in named.items():
        _refuse_unknown(answers, [name], f"the {key.replace('_', ' ')}")
    _refuse_unknown(answers, settings.factors, "a condition with factors")
    # A study's order may name what nobody has rated yet.
    order = [name for name in settings.order or () if name in answers.labels or name not in answers.roles]
    labels = {name: answers.labels[name] for name in in_order(list(answers.labels), tuple(order))}
    settled = replace(
        answers,
        labels=labels,
        roles={**answers.roles, **{name: _ROLES[key] for key, name in named.items()}},
        factors={**answers.factors, **settings.factors},
    )
    asked_contrasts(settled)
    refuse_unknown_groups(settled)
    if isinstance(settled, Trials):
        return replace(settled, rows=in_study_order(settled.rows, tuple(labels)))
    return settled


def _refuse_unknown(answers: Answers, names: Iterable[str], what: str) -> None:
    known = {**answers.labels, **answers.roles}
    for name in names:
        if name not in known:
            raise AnalysisError(
                f'"{name}" is no condition here, and cannot be {what}',
                remedy=f"choose from {', '.join(known)}",
            )


def _is_url(source: str) -> bool:
    return "://" in source
