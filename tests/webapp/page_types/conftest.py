"""Studies with steps or another type of page, and listeners that take them up to the page under test."""

import pytest
from sqlalchemy import select

from mixeval.models import Answer, Flag, Page, PageStimulus, Rating
from mixeval_webapp.app import site_of

TOO_FAST = "too_fast"
"""Tests answer faster than anybody could listen."""


@pytest.fixture
def app_with(study_folder, open_app):
    """Serve the small study with more in its study.toml."""

    def make(toml):
        path = study_folder / "study.toml"
        path.write_text(path.read_text(encoding="utf-8") + toml, encoding="utf-8")
        return open_app(study_folder)

    return make


@pytest.fixture
def visit(app_with, listener_on):
    """Visit a study with more in its study.toml; what one test needs of the visit."""

    class Visit:
        def __init__(self, toml, *, start=True):
            app = app_with(toml)
            self.database = site_of(app).database
            self.listener = listener_on(app)
            if start:
                self.listener.start()
            self.sequence = 0

        def page(self):
            return self.listener.page()

        def answer(self, page, answers, subject=""):
            """Send answers by name as the browser does."""
            self.sequence += 1
            rows = [
                {"subject": subject, "name": name, "value": value, "sequence": self.sequence}
                for name, value in answers.items()
            ]
            return self.listener.send("PUT", page["answers_url"], {"answers": rows})

        def finish(self, page, ratings=()):
            body = {"ratings": list(ratings), "answers": [], "sequence": self.sequence}
            return self.listener.send("POST", page["complete_url"], body)

        def rate(self, page):
            return self.finish(page, self.listener.ratings(page))

        def kinds(self):
            with self.database.read() as db:
                query = select(Page.kind, Page.purpose, Page.item).order_by(Page.position)
                return [tuple(row) for row in db.execute(query)]

        def flags(self):
            with self.database.read() as db:
                return {row.name: row.detail for row in db.scalars(select(Flag).where(Flag.name != TOO_FAST))}

        def answers(self):
            with self.database.read() as db:
                return {(row.subject, row.name): row.value for row in db.scalars(select(Answer))}

    return Visit


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


@pytest.fixture
def flags_of():
    """Read the flags of a listener's study, as (name, detail)."""

    def reading(listener):
        with site_of(listener.client.application).database.read() as db:
            return [(row.name, row.detail) for row in db.scalars(select(Flag).where(Flag.name != TOO_FAST))]

    return reading


@pytest.fixture
def all_pages():
    """Read every page of a visit in order, as (id, tokens)."""

    def reading(here):
        with here.database.read() as db:
            pages = db.scalars(select(Page).order_by(Page.position)).all()
            return [(page.id, [stimulus.token for stimulus in page.stimuli]) for page in pages]

    return reading
