"""Extras: libraries that only some methods need, asked for in words where they are missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from mixeval.errors import ModelError


@contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """Import within this block; raises ModelError that names the extra where one of its libraries is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModelError(
            f"{what} needs {error.name}, which is not installed",
            remedy=f"install mixeval with its extra: pip install 'mixeval[{extra}]'",
        ) from error
