import pickle

import pytest

import mixeval.errors
from mixeval.errors import MixevalError

KINDS = [
    kind
    for kind in vars(mixeval.errors).values()
    if isinstance(kind, type) and issubclass(kind, MixevalError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_one_sentence_and_survives_a_worker_process(kind):
    error = kind("a is b", remedy="do c")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) == "a is b; do c."
    assert type(copy) is kind
