"""What a plan writes: its tables, its figure, and plan.json with all that it takes to repeat it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mixeval.result_folder import Files, listing_file, replace_files, table_files
from mixeval_analysis.figures.power_plot import power_figure
from mixeval_analysis.plans.planning import Answer, Origin
from mixeval_analysis.reporting.provenance import libraries
from mixeval_analysis.tables import Table

PLAN = "plan.json"


def write_plan(answer: Answer, tables: Sequence[Table], origin: Origin, folder: Path) -> None:
    """Write everything to `folder`. Raises ResultError when it cannot be written or holds somebody else's files."""
    files: Files = table_files(tables)
    files |= {f"figures/power.{kind}": content for kind, content in power_figure(answer).items()}
    files[PLAN] = listing_file(files, PLAN, facts(answer, origin))
    replace_files(folder, files, listing=PLAN)


def facts(answer: Answer, origin: Origin) -> dict[str, Any]:
    """Return what plan.json says: the question whole, where its numbers come from, and the answer."""
    question = answer.question
    return {
        "libraries": libraries(),
        "question": {
            **asdict(question),
            "components": question.components.as_dict(),
            "comparisons": question.family,
            "sd_of_mean_differences": question.components.of_differences(question.items),
        },
        "components_from": asdict(origin),
        "participants": answer.participants,
        "found": {test: asdict(found) for test, found in answer.found.items()},
        "curves": {test: [asdict(power) for power in curve] for test, curve in answer.curves.items()},
        "notes": list(answer.notes),
    }
