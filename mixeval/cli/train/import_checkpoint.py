"""`mixeval train import-checkpoint`: weights that another program trained."""

from pathlib import Path

import click

import mixeval
from mixeval.cli.train.pairs import pairs
from mixeval_stimuli.extras import needing


@click.command(
    "import-checkpoint",
    epilog="""\b
Examples:
  mixeval train import-checkpoint network.pt models/theirs.safetensors
  mixeval train import-checkpoint small.pt small.safetensors --architecture levels=6 --rename encoder=down
  mixeval train import-checkpoint arrays.npz theirs.safetensors --layout tensorflow
""",
    short_help="Make a checkpoint of weights from elsewhere.",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--architecture",
    multiple=True,
    callback=pairs,
    metavar="KEY=VALUE",
    help="What differs from the paper's network: levels, filters, down_kernel, up_kernel, outputs, inputs=A,B,...",
)
@click.option(
    "--rename",
    multiple=True,
    callback=pairs,
    metavar="OLD=NEW",
    help="Another name for a tensor, or for all whose names begin with OLD and a dot.",
)
@click.option(
    "--layout",
    type=click.Choice(["pytorch", "tensorflow"]),
    default="pytorch",
    show_default=True,
    help="Kernels as (outputs, inputs, taps) or (taps, inputs, outputs).",
)
@click.option(
    "--input-lufs", type=float, help="Loudness of the sum of stems that the network was trained at."
)
@click.option(
    "--list", "listing", is_flag=True, help="List names and shapes, found and wanted; write nothing."
)
def import_checkpoint(
    file: Path,
    out: Path,
    *,
    architecture: tuple[tuple[str, str], ...],
    rename: tuple[tuple[str, str], ...],
    layout: str,
    input_lufs: float | None,
    listing: bool,
) -> None:
    """Make the checkpoint OUT (.safetensors) of a FILE from torch.save, or of a .npz of plain arrays.

    A pickle can run anything when it is opened. FILE is opened in a process of its own that takes nothing but
    tensors; whatever else it asks for is refused and does not run. Tensors are found by their names, below any
    prefix, or by their shapes where these leave no choice.
    """
    with needing("models", "importing a checkpoint"):
        from mixeval_stimuli.checkpoints import write_checkpoint  # noqa: PLC0415 - an extra
        from mixeval_stimuli.methods.wave_u_net import foreign  # noqa: PLC0415 - imports torch
        from mixeval_stimuli.methods.wave_u_net.architecture import architecture_of  # noqa: PLC0415 - beside it
    wanted = architecture_of(architecture)
    found = foreign.read_foreign(file)
    if listing:
        for heading, shapes in (
            ("found", {name: values.shape for name, values in found.items()}),
            ("wanted", foreign.wanted_shapes(wanted)),
        ):
            for name, shape in shapes.items():
                click.echo(f"{heading} {name} {shape}")
        return
    tensors = foreign.fit(
        found,
        wanted,
        source=str(file),
        renames=rename,
        layout="tensorflow" if layout == "tensorflow" else "pytorch",
    )
    write_checkpoint(
        out,
        tensors,
        foreign.imported_card(file, wanted, input_lufs=input_lufs, version=mixeval.__version__),
    )
    click.echo(
        f"{out}: {sum(values.size for values in tensors.values()):,} weights imported from {file.name}"
    )
