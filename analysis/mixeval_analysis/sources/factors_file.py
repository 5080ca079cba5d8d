"""Factors of conditions from a CSV file, for ratings whose source knows of none."""

from pathlib import Path

from mixeval.errors import AnalysisError
from mixeval_analysis.answers import in_utf8
from mixeval_analysis.sources.csv_cells import read_cells, refuse, refuse_empty, refuse_unprintable

CONDITION = "condition"


def read_factors(path: Path) -> dict[str, dict[str, str]]:
    """Read levels by factor, by condition: a column `condition`, and a column for each factor.

    An empty cell says that the condition has no place in that factor. Raises AnalysisError when the file cannot be
    read, names a condition twice or has no factor.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AnalysisError(
            f"{path} cannot be read ({error.strerror})", remedy="name a readable CSV file"
        ) from error
    source = in_utf8(path.name)
    cells = read_cells(content, source)
    factors = [str(name) for name in cells.columns if name != CONDITION]
    if CONDITION not in cells.columns or not factors:
        raise AnalysisError(
            f"{source} has no column {CONDITION} with a factor beside it",
            remedy="begin it with a line such as condition,method,process",
        )
    for name in cells.columns:
        refuse_unprintable(cells[name], source)
    conditions = cells[CONDITION]
    refuse_empty(conditions, source)
    refuse(conditions.duplicated(), conditions, source, "is there twice", "give each condition one line")
    return {
        str(row[CONDITION]): {name: str(row[name]) for name in factors if row[name]}
        for row in cells.to_dict(orient="records")
    }
