"""What the study is: its title, versions and conditions, and the addresses to hand out."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app, render_template, url_for
from sqlalchemy import func, select

from mixeval.models import Participant, ParticipantSession, StudyVersion
from mixeval.recruitment import RecruitmentSection
from mixeval.retention import RetentionSection
from mixeval_webapp.admin.blueprint import admin
from mixeval_webapp.admin.watch import read_header
from mixeval_webapp.recruitment.previews import PREVIEW_DAYS, preview_address
from mixeval_webapp.session_plan import count_rating_pages
from mixeval_webapp.site import site


@dataclass(frozen=True)
class ServedVersion:
    """A version with the real sessions that were begun and completed in it."""

    id: str
    created_at: datetime
    begun: int
    complete: int
    is_served: bool


@admin.get("/study")
def study() -> str:
    version = site().version
    address = url_for("pages.consent", _external=True)
    with site().database.read() as db:
        header = read_header(db)
        counts = {
            row[0]: (row[1], row[2])
            for row in db.execute(
                select(
                    ParticipantSession.version_id, func.count(), func.count(ParticipantSession.completed_at)
                )
                .join(Participant)
                .where(Participant.simulated.is_(False), Participant.preview.is_(False))
                .group_by(ParticipantSession.version_id)
            )
        }
        versions = [
            ServedVersion(row.id, row.created_at, *counts.get(row.id, (0, 0)), row.id == version.id)
            for row in db.scalars(select(StudyVersion).order_by(StudyVersion.created_at, StudyVersion.id))
        ]
    return render_template(
        "admin/study.html",
        header=header,
        study=version.study,
        versions=versions,
        items=len(version.manifest.items),
        pages=count_rating_pages(version),
        page_type=version.study.test.page.replace("_", " "),
        address=address,
        preview=preview_address(address, secret_key=str(current_app.secret_key)),
        preview_days=PREVIEW_DAYS,
        ways=_ways_in(version.study.recruitment),
        retention=_kept_until(version.study.retention),
    )


def _ways_in(recruitment: RecruitmentSection) -> list[tuple[str, str]]:
    """Say who may begin by that address."""
    found = [
        ("Who may begin", "everybody who has it" if recruitment.is_open else "only who is let in, as below")
    ]
    if recruitment.platform is not None:
        found.append(("Platform", f"{recruitment.platform}, by the ids in its links"))
    found.append(("Invites", "mixeval invite makes links for one person each"))
    return found


def _kept_until(retention: RetentionSection) -> str:
    if retention.until is None:
        return "no date is set"
    kept = " (ratings stay, without pseudonyms)" if retention.keep == "ratings" else ""
    return f"{retention.until.isoformat()}{kept}"
