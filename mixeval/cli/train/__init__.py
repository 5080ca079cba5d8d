"""`mixeval train`: models from multitracks, one module per kind of model, and the files that hold them."""

import click

from mixeval.cli.lazy_group import LazyGroup

MODELS = {
    "export": "Write a checkpoint as it ships, smaller and with notes.",
    "import-checkpoint": "Make a checkpoint of weights from elsewhere.",
    "random-forest": "Train the random forest that predicts gains.",
    "show": "Print what a model's file says of itself.",
    "wave-u-net": "Train a Wave-U-Net, the paper's or a smaller one.",
}
"""Every subcommand with its line in `mixeval train --help`."""


class _Models(LazyGroup):
    commands_with_help = MODELS
    package = "mixeval.cli.train"


@click.group(
    cls=_Models, epilog="Example: mixeval train wave-u-net ENST-Drums --variant dry --out models/dry"
)
def train() -> None:
    """Train a mixing model on your own multitracks, for `mixeval render` to mix with."""
