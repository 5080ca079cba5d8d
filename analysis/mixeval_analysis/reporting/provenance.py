"""Where results come from: what report.json says, so that a table can be made again and checked."""

import hashlib
import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from mixeval.result_folder import GENERATOR
from mixeval.tables import SIMULATED
from mixeval_analysis.answers import Answers
from mixeval_analysis.listeners.screening_tables import screening_of
from mixeval_analysis.profile import Analysis
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.trials import Trials

_LIBRARIES = ("numpy", "scipy", "pandas", "matplotlib", "seaborn")


def provenance(analysis: Analysis, *, pooled: bool = False) -> dict[str, Any]:
    """Return what report.json says: equal answers and equal libraries give equal content, so it holds no date."""
    answers = analysis.answers
    k, noun = len(answers.labels), answers.NOUN
    return {
        "generator": GENERATOR,
        "data": SIMULATED if answers.simulated else "real",
        "libraries": libraries(),
        "source": {
            "name": answers.source,
            "sha256": answers.source_sha256,
            f"{noun}s_sha256": answers_sha256(answers),
        },
        "title": answers.title,
        "attribute": answers.attribute,
        "page": answers.page,
        "question": answers.question,
        "scale": answers.scale if isinstance(answers, Ratings) else None,
        "participants": answers.participants,
        "items": answers.items,
        "sessions": answers.sessions,
        f"{noun}s": len(answers.rows),
        "conditions": [{"id": key, "label": label} for key, label in answers.labels.items()],
        "left_out": [asdict(entry) for entry in answers.left_out],
        "remarks": list(answers.remarks),
        "flagged": None if answers.flagged is None else [asdict(entry) for entry in answers.flagged],
        "screening": screening_facts(answers),
        "versions": [version_entry(answers, entry.id) for entry in answers.versions],
        "pooled_versions": pooled,
        "profile": analysis.profile.label,
        "pairs": len(answers.pairs) if isinstance(answers, Trials) else k * (k - 1) // 2,
        "correction": analysis.profile.correction,
        "level": analysis.profile.level,
        "bootstrap": (
            {"replicates": analysis.profile.replicates, "seed": answers.seed, "unit": "participant"}
            if analysis.profile.replicates
            else None
        ),
        "captions": {name: table.caption for name, table in analysis.tables.items()},
        "notes": {name: list(table.notes) for name, table in analysis.tables.items() if table.notes},
    }


def version_entry(answers: Answers, version_id: str) -> dict[str, Any]:
    """Say what of a version stands in `answers`."""
    rows = answers.rows.loc[answers.rows["version"] == version_id]
    stimuli_id = next(entry.stimuli_id for entry in answers.versions if entry.id == version_id)
    return {
        "id": version_id,
        "stimuli_id": stimuli_id,
        "sessions": int(rows["session"].nunique()) if "session" in rows.columns else None,
        "participants": int(rows["participant"].nunique()),
        f"{answers.NOUN}s": len(rows),
    }


def screening_facts(answers: Answers) -> dict[str, Any]:
    """Say which rules were asked, whom they flag by which threshold, and which set of results is the main one."""
    screening = screening_of(answers)
    rules = []
    for rule in screening.rules:
        limits = screening.found.loc[screening.found["rule"] == rule.name, "threshold"].unique()
        rules.append(
            {
                "name": rule.name,
                "value": rule.meaning,
                "source": rule.source,
                # None where each participant has one of their own.
                "flags_above": float(limits[0]) if len(limits) == 1 else None,
                "flagged": screening.flagged[rule.name],
            }
        )
    return {
        "rules": rules,
        "not_applied": list(screening.undefined),
        "exclude": list(answers.settings.exclude),
        "left_out": {who: list(rules) for who, rules in screening.left_out.items()},
        "main_tables": "without those left out" if screening.left_out else "everybody whose answers count",
        "other_tables": None if screening.beside is None else f"tables/{screening.folder}",
    }


def libraries() -> dict[str, str]:
    """Return the versions of all that computed the results."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


def answers_sha256(answers: Answers) -> str:
    """Hash what was analysed, whatever order it came in."""
    columns = ["participant", "item", *answers.NAMING, *answers.VALUES]
    ordered = answers.rows[columns].sort_values(columns)
    return hashlib.sha256(ordered.to_csv(index=False, lineterminator="\n").encode()).hexdigest()
