"""Where results come from: what report.json says, so that a table can be made again and checked."""

import hashlib
import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from mixeval.result_folder import GENERATOR
from mixeval.tables import SIMULATED
from mixeval_analysis.describe import REPLICATES
from mixeval_analysis.paper_profile import LABEL, Analysis
from mixeval_analysis.ratings import Ratings

_LIBRARIES = ("numpy", "scipy", "pandas", "matplotlib", "seaborn")


def provenance(analysis: Analysis, *, pooled: bool = False) -> dict[str, Any]:
    """Return what report.json says: equal ratings and equal libraries give equal content, so it holds no date."""
    ratings = analysis.ratings
    k = len(ratings.labels)
    return {
        "generator": GENERATOR,
        "data": SIMULATED if ratings.simulated else "real",
        "libraries": libraries(),
        "source": {
            "name": ratings.source,
            "sha256": ratings.source_sha256,
            "ratings_sha256": ratings_sha256(ratings),
        },
        "title": ratings.title,
        "attribute": ratings.attribute,
        "scale": ratings.scale,
        "participants": ratings.participants,
        "items": ratings.items,
        "sessions": ratings.sessions,
        "ratings": len(ratings.rows),
        "conditions": [{"id": key, "label": label} for key, label in ratings.labels.items()],
        "left_out": [asdict(entry) for entry in ratings.left_out],
        "remarks": list(ratings.remarks),
        "versions": [version_entry(ratings, entry.id) for entry in ratings.versions],
        "pooled_versions": pooled,
        "profile": LABEL,
        "pairs": k * (k - 1) // 2,
        "correction": "bonferroni",
        "level": "single ratings, pooled over participants and items",
        "bootstrap": {"replicates": REPLICATES, "seed": ratings.seed, "unit": "participant"},
        "captions": {name: table.caption for name, table in analysis.tables.items()},
        "notes": {name: list(table.notes) for name, table in analysis.tables.items() if table.notes},
    }


def version_entry(ratings: Ratings, version_id: str) -> dict[str, Any]:
    """Say what of a version stands in `ratings`."""
    rows = ratings.rows.loc[ratings.rows["version"] == version_id]
    stimuli_id = next(entry.stimuli_id for entry in ratings.versions if entry.id == version_id)
    return {
        "id": version_id,
        "stimuli_id": stimuli_id,
        "sessions": int(rows["session"].nunique()) if "session" in rows.columns else None,
        "participants": int(rows["participant"].nunique()),
        "ratings": len(rows),
    }


def libraries() -> dict[str, str]:
    """Return the versions of all that computed the results."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


def ratings_sha256(ratings: Ratings) -> str:
    """Hash the ratings that were analysed, whatever order they came in."""
    columns = ["participant", "item", "condition", "rating"]
    ordered = ratings.rows[columns].sort_values(columns)
    return hashlib.sha256(ordered.to_csv(index=False, lineterminator="\n").encode()).hexdigest()
