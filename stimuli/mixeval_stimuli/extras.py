"""Extras: libraries that only some methods need, asked for in words where they are missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from mixeval.errors import ModelError


@contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """Import within this block; raises ModelError that names the extra where one of its libraries does not load."""
    try:
        yield
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        raise ModelError(
            f"{what} needs {error.name}, which is not installed"
            if missing
            else f"{what} needs a library that cannot be loaded ({error})",
            remedy=f"install mixeval with its extra: pip install 'mixeval[{extra}]'",
        ) from error
