"""Tools: the versions of all that decides a stimulus' bytes, beside its inputs and its method."""

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import soundfile

import mixeval

_PACKAGES = ("numpy", "scipy", "soundfile", "pyloudnorm")
_EXTRAS = ("torch", "onnxruntime")


def tools() -> dict[str, str]:
    """Give the versions in this process, as the manifest keeps them."""
    return {
        "mixeval": mixeval.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        "libsndfile": soundfile.__libsndfile_version__,
    }


def libraries() -> dict[str, str]:
    """Give the versions in this process, with those of extras that are installed, which networks depend on."""
    extras: dict[str, str] = {}
    for name in _EXTRAS:
        with suppress(PackageNotFoundError):
            extras[name] = version(name)
    return tools() | extras
