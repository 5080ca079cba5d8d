"""`mixeval admin`: the password of the researcher's pages."""

import sys
from pathlib import Path

import click

from mixeval.admin_password import (
    LEAST_CHARACTERS,
    VARIABLE,
    hash_password,
    keep_password_hash,
)
from mixeval.study import read_study


@click.group(epilog="Example: mixeval admin password my-study")
def admin() -> None:
    """Set the password of the researcher's pages."""


@admin.command(
    epilog="""\b
Examples:
  mixeval admin password my-study
  mixeval admin password my-study --stdin < secret.txt
  mixeval admin password my-study --print-hash
"""
)
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from the standard input.")
@click.option(
    "--print-hash",
    is_flag=True,
    help=f"Print the hash, for {VARIABLE} of a container, and write nothing.",
)
def password(study: Path, *, from_stdin: bool, print_hash: bool) -> None:
    """Set the password of the pages under /admin of the study in the folder STUDY.

    It counts at once, also while the study is served, and ends every session that was open. Only its argon2id
    hash is kept, in STUDY/.admin-password, readable by you alone.
    """
    read_study(study)
    given = _from_stdin() if from_stdin else _asked()
    hashed = hash_password(given)
    if print_hash:
        click.echo(hashed)
        return
    click.echo(f"The password is set: {keep_password_hash(study, hashed)}")


def _asked() -> str:
    return str(
        click.prompt(
            f"Password for /admin ({LEAST_CHARACTERS} characters or more)",
            hide_input=True,
            confirmation_prompt="The same again",
            err=True,
        )
    )


def _from_stdin() -> str:
    return sys.stdin.readline().rstrip("\r\n")
