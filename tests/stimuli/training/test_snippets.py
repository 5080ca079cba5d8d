"""Judges: properties, soundfile on whole files, and the authors' rule for validation frames."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.errors import AudioError, DatasetError
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture, shapes
from mixeval_stimuli.training.corpus import open_corpus
from mixeval_stimuli.training.snippets import (
    Batch,
    TrainingSnippets,
    read_ahead,
    read_snippet,
    share,
    validation_places,
)
from mixeval_stimuli.training.tracks import Track

LENGTHS = shapes(Architecture(levels=3, filters=4), 2000)
INPUTS = ("hi-hat", "kick", "snare")


def track(frames, item="loop"):
    return Track(item, frames, (), None, 0.0, 0.0)


@pytest.fixture
def snippets(tiny_corpus):
    return TrainingSnippets(tiny_corpus.training, LENGTHS, seed=1)


def test_a_batch_has_the_lengths_that_the_network_takes_and_gives(snippets):
    batch = snippets.batch(0, 5)
    assert batch.stems.shape == (5, 3, LENGTHS.input_frames)
    assert batch.mixes.shape == (5, 2, LENGTHS.output_frames)


def test_the_same_step_gives_the_same_batch_and_another_step_another(snippets, tiny_corpus):
    again = TrainingSnippets(tiny_corpus.training, LENGTHS, seed=1)
    for step in (7, 0, 3):
        assert np.array_equal(snippets.batch(step, 4).stems, again.batch(step, 4).stems)
    assert not np.array_equal(snippets.batch(0, 4).stems, snippets.batch(1, 4).stems)
    other_seed = TrainingSnippets(tiny_corpus.training, LENGTHS, seed=2)
    assert not np.array_equal(snippets.batch(0, 4).stems, other_seed.batch(0, 4).stems)


@given(count=st.integers(1, 12), passes=st.integers(1, 4), seed=st.integers(0, 99))
def test_each_recording_comes_equally_often_whatever_its_length(count, passes, seed):
    seen = Counter()

    def noted(taken, _start, _lengths):
        seen[taken.item] += 1
        return Batch(np.zeros((1, 1, 1), np.float32), np.zeros((1, 2, 1), np.float32))

    tracks = [track(5000 * (index + 1), str(index)) for index in range(count)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mixeval_stimuli.training.snippets.read_snippet", noted)
        snippets = TrainingSnippets(tracks, LENGTHS, seed=seed)
        for index in range(count * passes):
            snippets.snippet(index)
    assert set(seen.values()) == {passes}
    assert len(seen) == count


def test_places_are_uniform_over_the_padded_recording(monkeypatch):
    starts = []

    def noted(_track, start, _lengths):
        starts.append(start)
        return Batch(np.zeros((1, 1, 1), np.float32), np.zeros((1, 2, 1), np.float32))

    monkeypatch.setattr("mixeval_stimuli.training.snippets.read_snippet", noted)
    snippets = TrainingSnippets([track(100_000)], LENGTHS, seed=0)
    for index in range(4000):
        snippets.snippet(index)
    # The authors: uniform in [0, padded - input) of a recording padded by the context on both sides.
    last = 100_000 + 2 * LENGTHS.context - LENGTHS.input_frames
    places = np.array(starts) + LENGTHS.context
    assert places.min() >= 0
    assert places.max() < last
    shares, _ = np.histogram(places, bins=10, range=(0, last))
    assert np.all(np.abs(shares / 4000 - 0.1) < 0.025)  # five standard errors


@given(
    step=st.integers(0, 1000),
    size=st.integers(1, 32),
    ranks=st.integers(1, 8),
)
def test_processes_share_a_batch_without_gap_or_overlap(step, size, ranks):
    shares = [share(step, size, rank=rank, ranks=ranks) for rank in range(ranks)]
    together = sorted(index for indices in shares for index in indices)
    assert together == list(range(step * size, (step + 1) * size))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_the_parts_of_processes_are_rows_of_the_whole_batch(snippets):
    whole = snippets.batch(3, 5)
    for rank in (0, 1):
        part = snippets.batch(3, 5, rank=rank, ranks=2)
        assert np.array_equal(part.stems, whole.stems[rank::2])
        assert np.array_equal(part.mixes, whole.mixes[rank::2])


@pytest.mark.parametrize("start", [-3000, -LENGTHS.context, -1, 0, 12_345, 26_000, 26_459, 40_000])
def test_a_snippet_is_the_file_with_silence_around_it(tiny_tree, tiny_corpus, start):
    snippet = read_snippet(tiny_corpus.training[0], start, LENGTHS)
    gain = 10 ** (tiny_corpus.training[0].mix_gain_db / 20)
    for row, name in zip(snippet.stems[0], INPUTS, strict=True):
        assert row == pytest.approx(cut(tiny_tree.read(name), start, LENGTHS.input_frames)[0])
    expected = gain * cut(tiny_tree.read("dry_mix"), start + LENGTHS.context, LENGTHS.output_frames)
    assert snippet.mixes[0] == pytest.approx(expected, abs=1e-6)


def cut(samples, start, frames):
    around = np.pad(samples, ((0, 0), (50_000, 50_000)))
    return around[:, 50_000 + start : 50_000 + start + frames]


def test_mixes_lie_in_the_middle_of_their_stems(tiny_corpus):
    snippet = read_snippet(tiny_corpus.training[0], 5000, LENGTHS)
    # Panned noise without any filter but on the hi-hat: the mix follows from the middle of the stems.
    middle = snippet.stems[0][:, LENGTHS.context : LENGTHS.context + LENGTHS.output_frames]
    gain = 10 ** (tiny_corpus.training[0].mix_gain_db / 20)
    hi_hat = np.convolve(snippet.stems[0][0], [-0.2, 1.0, -0.2], mode="same")
    hi_hat = hi_hat[LENGTHS.context : LENGTHS.context + LENGTHS.output_frames]
    left = gain * 0.5 * (0.2 * hi_hat + 0.6 * middle[1] + 0.7 * middle[2])
    assert snippet.mixes[0][0] == pytest.approx(left, abs=1e-5)


@given(frames=st.integers(1, 50_000))
def test_validation_frames_are_the_authors(frames):
    padded = frames + 2 * LENGTHS.context
    expected = list(range(0, padded - LENGTHS.input_frames, LENGTHS.output_frames))
    found = [start + LENGTHS.context for _, start in validation_places([track(frames)], LENGTHS)]
    # Theirs has none for a recording that is shorter than a frame, and fails; here it has one.
    assert found == (expected or [0])


def test_validation_takes_every_recording_in_order():
    tracks = [track(9000, "a"), track(9000, "b")]
    assert [taken.item for taken, _ in validation_places(tracks, LENGTHS)] == ["a"] * 4 + ["b"] * 4


def test_augmentation_is_the_same_for_a_snippet_whatever_was_read_before(tiny_corpus):
    plain = TrainingSnippets(tiny_corpus.training, LENGTHS, seed=1)
    first, second = (
        TrainingSnippets(tiny_corpus.training, LENGTHS, seed=1, gain_range_db=6.0, stem_dropout=0.3)
        for _ in range(2)
    )
    second.snippet(3)
    for index in (9, 4):
        snippet = first.snippet(index)
        assert np.array_equal(snippet.stems, second.snippet(index).stems)
        assert np.array_equal(snippet.mixes, plain.snippet(index).mixes)
        assert not np.array_equal(snippet.stems, plain.snippet(index).stems)


def test_without_recordings_there_is_nothing_to_train_on():
    with pytest.raises(DatasetError, match="no recording to train on"):
        TrainingSnippets([], LENGTHS, seed=0)


def test_a_file_that_goes_or_changes_during_training_is_named(tmp_path, make_tree, tiny_options):
    tree = make_tree(tmp_path)
    training = open_corpus([tree.folder], tiny_options()).training
    path = tree.path("snare")
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(AudioError, match=r"snare.001_.*had 26460 samples when the training began"):
        read_snippet(training[0], 0, LENGTHS)
    path.write_bytes(b"no audio")
    with pytest.raises(AudioError, match=r"snare.001_.*can no longer be read"):
        read_snippet(training[0], 0, LENGTHS)
    path.unlink()
    with pytest.raises(AudioError, match=r"snare.001_.*can no longer be read"):
        read_snippet(training[0], 0, LENGTHS)


def test_reading_ahead_keeps_the_order_and_holds_no_more_than_it_is_told_to():
    begun = []

    def job(number):
        begun.append(number)
        return number

    with ThreadPoolExecutor(3) as readers:
        results = read_ahead(readers, (partial(job, number) for number in range(20)), ahead=4)
        taken = [next(results), next(results)]
        assert max(begun) <= 2 + 4
        assert taken + list(results) == list(range(20))
