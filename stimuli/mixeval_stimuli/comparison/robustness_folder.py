"""What an analysis of robustness writes into the comparison's folder.

Its listing is its own, so that it stays when the comparison is made again, and the other way round.
"""

from collections.abc import Sequence

from mixeval.result_folder import Files, listing_file
from mixeval.tables import Table, to_csv
from mixeval_stimuli.comparison.comparison_folder import figure_files, provenance
from mixeval_stimuli.comparison.rendered import Rendered
from mixeval_stimuli.comparison.robustness import Outcome
from mixeval_stimuli.comparison.robustness_plot import MEASURES, robustness_plot

ROBUSTNESS = "robustness.json"


def robustness_files(rendered: Rendered, table: Table, outcomes: Sequence[Outcome]) -> Files:
    """Gather all files of an analysis of robustness, with its listing."""
    files: Files = {f"tables/{table.name}.csv": to_csv(table).encode()}
    for measure in MEASURES:
        files |= figure_files(measure.file, robustness_plot(outcomes, rendered.labels, measure))
    facts = {
        **provenance(rendered),
        "items": list(dict.fromkeys(outcome.item for outcome in outcomes)),
        "conditions": list(dict.fromkeys(outcome.condition for outcome in outcomes)),
        "gains_db": sorted({outcome.perturbation.gain_db for outcome in outcomes}),
        "notes": list(table.notes),
    }
    files[ROBUSTNESS] = listing_file(files, ROBUSTNESS, facts)
    return files
