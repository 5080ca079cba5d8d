"""A study that is recruited for, and visitors who come to it in every way."""

import re

import pytest
from sqlalchemy import select

from mixeval.models import Tally


@pytest.fixture
def recruiting(open_app, study_folder):
    """Serve the small study with these lines added to its study.toml."""

    def serve(lines="", **settings):
        path = study_folder / "study.toml"
        original = study_folder / "study.toml.original"
        if not original.exists():
            original.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        path.write_text(original.read_text(encoding="utf-8") + lines, encoding="utf-8")
        return open_app(study_folder, **settings)

    return serve


@pytest.fixture
def form_at():
    """Open an address and return the fields of the form there."""

    def fields(listener, address):
        text = listener.get(address).get_data(as_text=True)
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))

    return fields


@pytest.fixture
def begin_at(form_at):
    """Open an address and agree."""
    return lambda listener, address: listener.client.post(
        "/start", data=form_at(listener, address), buffered=True
    )


@pytest.fixture
def stored():
    """Return every row of a table."""

    def rows(database, table):
        with database.read() as db:
            return list(db.scalars(select(table)))

    return rows


@pytest.fixture
def tallies(stored):
    return lambda database: {row.name: row.count for row in stored(database, Tally)}


@pytest.fixture
def prolific(recruiting):
    """Serve a study that Prolific sends people to."""
    return recruiting(
        '[recruitment]\nplatform = "prolific"\ncompletion_code = "COMPLETE1"\n'
        'screened_out_code = "SCREENED2"\nno_consent_code = "NOCONSENT3"\n'
    )
