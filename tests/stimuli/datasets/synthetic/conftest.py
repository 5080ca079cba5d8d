"""One take of each synthetic drummer, and what is measured of it."""

import pytest

from mixeval_stimuli.datasets.synthetic.kits import KITS
from mixeval_stimuli.datasets.synthetic.session import hits_of, hold
from mixeval_stimuli.datasets.synthetic.tree import takes_of


@pytest.fixture(scope="session", params=KITS, ids=lambda kit: f"drummer_{kit.drummer}")
def kit(request):
    return request.param


@pytest.fixture(scope="session")
def multitrack(kit):
    take = takes_of(int(kit.drummer) - 1, 2)[1]
    return hold(kit, hits_of(kit, take.sticks, seed=3), take, seed=3, seconds=6.0)
