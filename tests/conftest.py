"""What all tests share."""

import importlib
import os
from pathlib import Path

import hypothesis
import pytest

# A deadline is a timed assertion, which a busy machine fails.
hypothesis.settings.register_profile("mixeval", deadline=None)
hypothesis.settings.load_profile("mixeval")

PACKAGES = ["mixeval", "mixeval_analysis", "mixeval_migrations", "mixeval_stimuli", "mixeval_webapp"]


def pytest_sessionstart() -> None:
    """Refuse to test sources where the installed wheel was meant."""
    if os.environ.get("MIXEVAL_EXPECT_INSTALLED"):
        for package in PACKAGES:
            found = Path(str(importlib.import_module(package).__file__))
            if "site-packages" not in found.parts:
                pytest.exit(f"{package} comes from {found}, not from the installed wheel", returncode=3)
