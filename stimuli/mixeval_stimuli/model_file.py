"""A trained model's file, before any library opens it: whether it is a file at all, and of a bearable size."""

import stat
from pathlib import Path

from mixeval.errors import ModelError


def check_model_file(path: Path, *, max_bytes: int) -> int:
    """Give the size of a file in bytes, once it is known to be a regular one of at most `max_bytes`.

    A pipe would make its reader wait for ever, and a device can be endless.

    Raises ModelError that names the fault.
    """
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise ModelError(
            f"{path} is missing", remedy="put the model's file there or correct the path"
        ) from error
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror or error})", remedy="make it a readable file"
        ) from error
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"{path} is a folder or no regular file", remedy="name the model's file itself")
    if found.st_size > max_bytes:
        raise ModelError(
            f"{path} has {found.st_size} bytes and may have {max_bytes}",
            remedy="name the file of a trained model, without what only training needs",
        )
    return found.st_size
