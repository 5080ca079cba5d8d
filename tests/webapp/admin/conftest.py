"""A served study with a password, listeners who take it over HTTP, and a researcher who has logged in."""

import re

import pytest
from argon2 import PasswordHasher

from mixeval.admin_password import keep_password_hash

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def password_hash():
    # The weakest that is accepted: these tests log in often.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024).hash(PASSWORD)


class Researcher:
    """A researcher's browser: Flask's own client and the forms that it meets."""

    def __init__(self, client):
        self.client = client

    def get(self, url, **options):
        return self.client.get(url, **options)

    def text(self, url):
        response = self.get(url)
        assert response.status_code == 200, (url, response.status_code)
        return response.get_data(as_text=True)

    def token(self, url="/admin/login"):
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(url).get_data(as_text=True))
        return found.group(1)

    def log_in(self, password=PASSWORD, **fields):
        fields = {"csrf_token": self.token(), "password": password} | fields
        return self.client.post("/admin/login", data=fields)

    def post(self, url, *, on="/admin/export", **fields):
        return self.client.post(url, data={"csrf_token": self.token(on)} | fields)


@pytest.fixture
def app(open_app, study_folder, password_hash):
    return open_app(study_folder, admin_password_hash=password_hash)


@pytest.fixture
def researcher_on(study_folder, password_hash):
    """Log in to an application of `study_folder`, which gets its password first."""

    def log_in(app):
        keep_password_hash(study_folder, password_hash)
        browser = Researcher(app.test_client())
        assert browser.log_in().status_code == 303
        return browser

    return log_in


@pytest.fixture
def stranger(app):
    return Researcher(app.test_client())


@pytest.fixture
def researcher(stranger):
    assert stranger.log_in().status_code == 303
    return stranger


@pytest.fixture
def numbers():
    """Read a page as text without markup."""

    def read(html):
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()

    return read
