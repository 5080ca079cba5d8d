"""mixeval: listening tests that compare ways of mixing the same recording, from the multitrack to the significance table."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("mixeval")
except PackageNotFoundError:  # run from sources that were never installed
    __version__ = "0+unknown"
