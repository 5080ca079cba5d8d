import csv
import json
import stat
import urllib.parse

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.models import Invite
from mixeval_webapp.app import site_of


@pytest.fixture
def invite(study_folder):
    return lambda *arguments: CliRunner().invoke(main, ["invite", str(study_folder), *arguments])


def test_addresses_are_printed_once_and_open_the_test(invite, recruiting, listener_on, begin_at):
    printed = invite("--count", "3", "--base", "https://listen.example/")
    assert printed.exit_code == 0, printed.output
    addresses = printed.output.split()
    assert len(set(addresses)) == 3
    assert all(address.startswith("https://listen.example/?invite=") for address in addresses)
    app = recruiting("[recruitment]\nopen = false\n")
    path = f"/?{urllib.parse.urlsplit(addresses[0]).query}"
    assert begin_at(listener_on(app), path).status_code == 303
    # The study was invited to before it was ever served, and its list holds no address.
    listed = invite("--list").output
    assert "3 invites: 1 begun, 2 unused." in listed
    assert not any(address.partition("=")[2] in listed for address in addresses)


def test_the_file_is_its_owners_alone_and_never_written_over_another(invite, study_folder):
    out = study_folder / "invites.csv"
    arguments = ("--count", "2", "--base", "https://x.example", "--note", "=cmd", "--out", str(out))
    first = invite(*arguments, "--expires", "2026-12-24")
    assert first.exit_code == 0, first.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["note"] for row in rows] == ["'=cmd", "'=cmd"]
    # The last day counts whole.
    assert rows[0]["expires_at"] == "2026-12-25T00:00:00+00:00"
    assert rows[0]["address"] not in first.output
    again = invite(*arguments)
    assert again.exit_code == 1
    assert "is there already" in again.output
    listed = json.loads(invite("--list", "--json").output)
    assert [(row["note"], row["expires"]) for row in listed] == [("=cmd", "2026-12-24")] * 2


def test_json_holds_numbers_and_addresses(invite):
    made = json.loads(invite("--count", "2", "--base", "https://x.example", "--json").output)
    assert [each["number"] for each in made["invites"]] == [1, 2]
    assert made["expires_at"] is None


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["--count", "2"], 2),
        (["--base", "https://x.example"], 2),
        (["--count", "0", "--base", "https://x.example"], 2),
        (["--count", "2", "--base", "x.example"], 1),
        (["--count", "2", "--base", "https://x.example/?a=b"], 1),
        (["--count", "2", "--base", "https://x.example", "--note", "x" * 201], 2),
    ],
)
def test_what_could_not_be_sent_to_anybody_makes_no_invites(invite, app, stored, arguments, exit_code):
    assert invite(*arguments).exit_code == exit_code
    assert stored(site_of(app).database, Invite) == []
