"""What a library that is missing, or does not load, is told as."""

import pytest

from mixeval.errors import ModelError
from mixeval_stimuli.extras import needing


def test_a_missing_library_is_named_with_the_extra_that_brings_it():
    with pytest.raises(ModelError) as told, needing("models", "training"):
        import no_such_library  # noqa: F401 - this is the fault
    assert str(told.value) == (
        "training needs no_such_library, which is not installed; "
        "install mixeval with its extra: pip install 'mixeval[models]'."
    )


def test_a_library_that_does_not_load_is_told_with_its_own_reason():
    with (
        pytest.raises(
            ModelError, match=r"training needs a library that cannot be loaded \(libcuda is too old\)"
        ),
        needing("models", "training"),
    ):
        raise ImportError("libcuda is too old")
