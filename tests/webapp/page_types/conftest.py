"""The small study of the tests around, asked on another type of page."""

import pytest

from mixeval.models import Page, PageStimulus, Rating
from mixeval_webapp.app import site_of


@pytest.fixture
def ask(study_folder, open_app, listener):
    """Give the listener, who has begun, a study whose [test] section is `section`."""

    def asking(section):
        path = study_folder / "study.toml"
        before, _, _ = path.read_text(encoding="utf-8").partition("[test]")
        path.write_text(f"{before}[test]\n{section}\n", encoding="utf-8")
        listener.client = open_app(study_folder).test_client()
        listener.start()
        return listener

    return asking


@pytest.fixture
def give():
    """Write down an answer to a page: a value for each sound from the left, None for none."""

    def giving(page, values, **changes):
        return [
            {
                "stimulus": sound["token"],
                "attribute": page["axes"][0]["attribute"],
                "value": value,
                "moved": value is not None,
                "played": True,
                "listened_seconds": 2.5,
                "sequence": 1,
            }
            | changes
            for sound, value in zip(page["stimuli"], values, strict=True)
        ]

    return giving


@pytest.fixture
def stored():
    """Read every sound of every page, by session and place, with the value that is stored of it."""

    def reading(listener):
        with site_of(listener.client.application).database.read() as db:
            return (
                db.query(
                    Page.id, Page.item, Page.position, PageStimulus.condition, PageStimulus.role, Rating.value
                )
                .select_from(PageStimulus)
                .join(Page)
                .outerjoin(Rating)
                .order_by(Page.session_id, Page.position, PageStimulus.position)
                .all()
            )

    return reading
