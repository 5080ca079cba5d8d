"""`mixeval train show`: what a model's file says of itself."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from mixeval.cli.terminal import visible
from mixeval_stimuli.extras import needing

_WIDTH = 28
_LISTED = 16


@click.command(
    epilog="Example: mixeval train show models/dry/best.safetensors",
    short_help="Print what a model's file says of itself.",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def show(file: Path, *, as_json: bool) -> None:
    """Check FILE, a network or a forest, and print its card: architecture, data, steps, losses, versions, hash."""
    facts = {"file": str(file), **(_forest(file) if file.suffix == ".npz" else _network(file))}
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    for name, value in _lines(facts):
        # A checkpoint can come from anybody.
        click.echo(visible(f"{name:<{_WIDTH}}  {value}"))


def _network(file: Path) -> dict[str, object]:
    with needing("models", "reading a checkpoint"):
        from mixeval_stimuli.checkpoints import read_checkpoint  # noqa: PLC0415 - an extra
    tensors, card = read_checkpoint(file)
    return {
        "bytes": file.stat().st_size,
        "weights": sum(values.size for values in tensors.values()),
        "bits": sorted({8 * values.dtype.itemsize for values in tensors.values()}),
        **card.model_dump(mode="json"),
    }


def _forest(file: Path) -> dict[str, object]:
    from mixeval_stimuli.methods.random_forest.forest_file import read_forest  # noqa: PLC0415 - only where one is shown

    _, card = read_forest(file)
    return {"bytes": file.stat().st_size, **card.model_dump(mode="json")}


def _lines(facts: Mapping[str, object], indent: str = "") -> Iterator[tuple[str, str]]:
    """Lay nested facts out as lines; of a long list of tables, the losses, its first and last are enough."""
    for name, value in facts.items():
        if value in (None, {}, [], ()):
            continue
        if isinstance(value, Mapping):
            yield f"{indent}{name}", ""
            yield from _lines(value, f"{indent}  ")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            if all(isinstance(entry, Mapping) for entry in value):
                shown = value if len(value) < 3 else [value[0], value[-1]]
                yield f"{indent}{name}", f"{len(value)} entries, first and last:" if len(value) > 2 else ""
                for entry in shown:
                    yield f"{indent}  -", ", ".join(f"{key} {_said(inner)}" for key, inner in entry.items())
            else:
                shown = value if len(value) <= _LISTED else value[:_LISTED]
                more = f" and {len(value) - _LISTED} more" if len(value) > _LISTED else ""
                yield f"{indent}{name}", ", ".join(_said(entry) for entry in shown) + more
        else:
            yield f"{indent}{name}", _said(value)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
