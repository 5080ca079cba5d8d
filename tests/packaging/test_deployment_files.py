"""What deploy/ holds agrees with itself, with the program and with its guide. Nothing here needs Docker."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
GUIDE = (REPOSITORY / "docs" / "deploy.md").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
SOURCES = [*FILES, *(path for root in ("mixeval", "webapp") for path in (REPOSITORY / root).rglob("*.py"))]


def test_every_setting_that_is_read_or_shipped_stands_in_the_guides_table():
    found = set()
    for path in SOURCES:
        found |= set(re.findall(r"MIXEVAL_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8")))
    rows = set(re.findall(r"^\| `(MIXEVAL_[A-Z_]+)`", GUIDE, re.MULTILINE))
    assert found - rows == set()
    assert rows - found == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_guide_names_every_file(path):
    assert path.name in GUIDE


def test_what_the_image_copies_is_there_and_let_in():
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = {
        word
        for line in lines
        if line.startswith("COPY ")
        for word in line.split()[1:-1]
        if not word.startswith("--")
    }
    let_in = {
        line.removeprefix("!")
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert copied == let_in
    for name in copied:
        assert (REPOSITORY / name).exists(), name


def test_services_have_what_they_refer_to():
    services = COMPOSE["services"]
    for name, service in services.items():
        for other in service.get("depends_on", {}):
            assert other in services
        for secret in service.get("secrets", []):
            assert secret in COMPOSE["secrets"]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), source
            elif not source.startswith("$"):
                assert source in COMPOSE["volumes"], source
        assert "no-new-privileges:true" in service["security_opt"], name
    # Whom others wait for must say when it is well.
    assert "healthcheck" in services["database"]
    assert "HEALTHCHECK" in (DEPLOY / "Dockerfile").read_text()


def test_no_secret_is_written_down():
    for path in FILES:
        assert not re.search(
            r"(?i)(password|secret_key)\s*[=:]\s*['\"]?[a-z0-9]{8,}$", path.read_text(), re.MULTILINE
        )


def test_secrets_in_files_reach_the_command(tmp_path):
    (tmp_path / "key").write_text("k" * 40 + "\n")
    (tmp_path / "password").write_text("p w\n")
    script = DEPLOY / "with-secrets"
    assert script.stat().st_mode & stat.S_IXUSR
    environment = {
        "PATH": "/usr/bin:/bin",
        "MIXEVAL_SECRET_KEY_FILE": str(tmp_path / "key"),
        "MIXEVAL_DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
    }
    command = [script, "sh", "-c", 'printf "%s|%s" "$MIXEVAL_SECRET_KEY" "$PGPASSWORD"']
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "k" * 40 + "|p w"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mixeval.service", "mixeval-backup.service", "mixeval-backup.timer"])
def test_systemd_understands_the_units(name, tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed")
    for path in DEPLOY.glob("mixeval*.*"):
        # The programs are not installed where the units say.
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(), flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)
    done = subprocess.run([program, "verify", tmp_path / name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_systemd_calls_the_service_well_guarded(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed")
    done = subprocess.run(
        [program, "security", "--offline=true", "--threshold=30", DEPLOY / "mixeval.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-600:]
