"""`mixeval train export`: a checkpoint as it ships."""

import json
from pathlib import Path

import click
from pydantic import JsonValue

from mixeval.cli.train.pairs import pairs
from mixeval.errors import ModelError
from mixeval_stimuli.extras import needing


@click.command(
    epilog="""\b
Examples:
  mixeval train export models/dry/best.safetensors dry.safetensors --half
  mixeval train export best.safetensors dry.safetensors --half --note "credit=Drums by A. Drummer, CC BY 4.0"
""",
    short_help="Write a checkpoint as it ships, smaller and with notes.",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--half", is_flag=True, help="Weights of 16 bits: half the size, 32 bits again in memory.")
@click.option(
    "--note",
    multiple=True,
    callback=pairs,
    metavar="KEY=VALUE",
    help="What people should know, such as credits; replaces an older note of that key.",
)
@click.option(
    "--evaluation",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON file with a table of what was measured of the network.",
)
def export(
    file: Path, out: Path, *, half: bool, note: tuple[tuple[str, str], ...], evaluation: Path | None
) -> None:
    """Write the network of the checkpoint FILE to the checkpoint OUT with its card, notes and evaluation."""
    measured = {} if evaluation is None else _table(evaluation)
    with needing("models", "exporting a checkpoint"):
        from mixeval_stimuli.methods.wave_u_net.export import export_checkpoint  # noqa: PLC0415 - imports torch
    exported = export_checkpoint(file, out, half=half, notes=dict(note), evaluation=measured)
    click.echo(
        f"{out}: {exported.file_bytes / 1e6:.1f} MB, SHA-256 of its weights {exported.card.weights_sha256}, "
        f"its mix of noise is {exported.error_db:.1f} dB from the original's"
    )


def _table(path: Path) -> dict[str, JsonValue]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refused)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{path} is no JSON file ({error})", remedy="name the one with the evaluation"
        ) from error
    if not isinstance(table, dict):
        raise ModelError(f"{path} holds no table", remedy='write {"measure": value}')
    return table


def _refused(constant: str) -> None:
    raise ValueError(f"it holds {constant}")
