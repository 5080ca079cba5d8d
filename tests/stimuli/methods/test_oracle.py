"""Judged by what least squares promise: nothing that gains can do is nearer."""

import numpy as np
import pytest

from mixeval.audio import read_audio
from mixeval_stimuli.datasets import synthetic
from mixeval_stimuli.methods.oracle import Oracle
from mixeval_stimuli.recordings import read_stems


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drums") / "tree"
    return synthetic.load(folder, seed=5, recordings_per_drummer=1, seconds=3.0)[0]


@pytest.mark.parametrize("variant", ["dry", "wet"])
def test_no_change_of_a_gain_brings_the_oracle_nearer_to_its_reference(recording, variant):
    mix = Oracle(variant=variant).mix(recording)
    reference = read_audio(recording.mixes[variant]).samples.astype(np.float64)
    stems = read_stems(recording)
    nearest = np.sum((mix.audio.samples - reference) ** 2)
    rng = np.random.default_rng(1)
    scale = max(np.abs(np.array(list(mix.parameters["gains"].values()))).max(), 1e-6)
    for _ in range(20):
        changed = mix.audio.samples.astype(np.float64)
        for stem in stems.values():
            changed += 0.02 * scale * rng.standard_normal((2, 1)) * stem.samples
        assert np.sum((changed - reference) ** 2) > nearest


def test_the_oracle_depends_on_the_reference_and_all_stems(recording):
    assert set(Oracle(variant="wet").inputs(recording)) == {recording.mixes["wet"], *recording.stems.values()}
