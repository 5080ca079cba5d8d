"""Options of the form KEY=VALUE, given as often as needed."""

import click


def pairs(
    ctx: click.Context,  # noqa: ARG001 - click's signature
    param: click.Parameter,
    given: tuple[str, ...],
) -> tuple[tuple[str, str], ...]:
    """Split each KEY=VALUE; only VALUE may be empty. Raises BadParameter, which click tells."""
    split = [text.partition("=") for text in given]
    for (key, equals, _), text in zip(split, given, strict=True):
        if not key or not equals:
            raise click.BadParameter(f'"{text}" is not of the form {param.metavar}')
    return tuple((key, value) for key, _, value in split)
