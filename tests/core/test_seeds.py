import numpy as np

from mixeval.seeds import derive_seed, generator


def test_seeds_are_the_same_everywhere():
    # First 8 bytes of SHA-256 of "1", unit separator, "order", by any other implementation.
    import hashlib

    digest = hashlib.sha256(b"1\x1forder").hexdigest()
    assert derive_seed(1, "order") == int(digest[:16], 16) // 2


def test_each_name_has_its_own_stream():
    draws = [generator(1, *names).random(1000) for names in (("a",), ("b",), ("a", "b"), ("ab",))]
    correlations = np.corrcoef(draws) - np.eye(4)
    assert np.abs(correlations).max() < 0.15
    assert np.array_equal(generator(1, "a").random(3), generator(1, "a").random(3))
