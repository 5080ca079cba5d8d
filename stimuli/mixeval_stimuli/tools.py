"""Tools: the versions of all that decides a stimulus' bytes, beside its inputs and its method."""

import platform
from importlib.metadata import version

import soundfile

import mixeval

_PACKAGES = ("numpy", "scipy", "soundfile", "pyloudnorm")


def tools() -> dict[str, str]:
    """Give the versions in this process, as the manifest keeps them."""
    return {
        "mixeval": mixeval.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        "libsndfile": soundfile.__libsndfile_version__,
    }
