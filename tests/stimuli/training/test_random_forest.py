"""The judges: scikit-learn's own scores and out-of-bag predictions."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import r2_score

from mixeval.cli import main
from mixeval.errors import ModelError
from mixeval_stimuli.methods.random_forest import features
from mixeval_stimuli.methods.random_forest.forest_file import read_forest
from mixeval_stimuli.methods.random_forest.method import OUTPUTS
from mixeval_stimuli.training import random_forest
from mixeval_stimuli.training.examples import Example, find_sources, measure_examples
from mixeval_stimuli.training.random_forest import PAPER_R2, _out_of_bag, forest_of, grow, r2_of


def example(index, subset, *, gains=None, r2=(1.0, 1.0)):
    random = np.random.default_rng(index)
    row = random.standard_normal(len(features.COLUMNS)).astype(np.float32)
    if gains is None:
        gains = np.outer(np.arange(1.0, 9.0), [1.0, 0.5]) * (1.0 + 0.2 * row[0])
    return Example("made", f"item {index}", subset, 1.0, row, gains, np.array(r2))


@pytest.fixture
def examples():
    subsets = ["train"] * 20 + ["val"] * 4 + ["test"] * 5
    return [example(index, subset) for index, subset in enumerate(subsets)]


def run(*arguments):
    return CliRunner().invoke(main, ["train", "random-forest", *map(str, arguments)])


def test_the_score_is_scikit_learns_variance_weighted_r2():
    random = np.random.default_rng(0)
    targets = random.standard_normal((30, 5)) * np.array([1, 2, 3, 0.1, 10])
    predicted = targets + random.standard_normal((30, 5))

    assert r2_of(targets, predicted) == pytest.approx(
        r2_score(targets, predicted, multioutput="variance_weighted"), abs=1e-12
    )


def test_stems_that_are_not_there_do_not_count_in_the_score():
    random = np.random.default_rng(0)
    targets, predicted = random.standard_normal((2, 30, 4))
    holed = targets.copy()
    holed[:10, 3] = np.nan

    left_over = sum(
        np.sum((targets[rows, k] - predicted[rows, k]) ** 2) for k, rows in enumerate(_known(holed))
    )
    total = sum(
        np.sum((targets[rows, k] - targets[rows, k].mean()) ** 2) for k, rows in enumerate(_known(holed))
    )
    assert r2_of(holed, predicted) == pytest.approx(1.0 - left_over / total, abs=1e-12)


def _known(targets):
    return [np.flatnonzero(np.isfinite(column)) for column in targets.T]


def test_nothing_that_varies_has_no_score():
    assert r2_of(np.ones((3, 2)), np.zeros((3, 2))) is None


def test_out_of_bag_predictions_are_scikit_learns():
    random = np.random.default_rng(0)
    rows = random.standard_normal((60, 9)).astype(np.float32)
    targets = rows[:, :3].astype(np.float64) ** 2
    model = RandomForestRegressor(80, oob_score=True, random_state=0).fit(rows, targets)

    wanted, predicted = _out_of_bag(model, forest_of(model), rows, targets)

    assert np.array_equal(wanted, targets)
    assert predicted == pytest.approx(model.oob_prediction_, abs=1e-12)


def test_it_learns_from_training_and_validation_and_not_from_test(examples):
    forest, scores = grow(examples, trees=30, seed=0)
    changed = [
        example(i, "test", gains=np.full((8, 2), 9.0)) if e.subset == "test" else e
        for i, e in enumerate(examples)
    ]
    same, _ = grow(changed, trees=30, seed=0)
    without = [e for e in examples if e.subset != "val"]
    other, _ = grow(without, trees=30, seed=0)

    assert np.array_equal(forest.values, same.values)
    assert len(forest.feature) != len(other.feature)
    assert scores.train > scores.out_of_bag
    assert scores.train > scores.test
    # The paper's second figure: it is flattered by the validation recordings, which were learnt.
    assert scores.test_and_val > scores.test


def test_a_stem_that_some_recordings_lack_keeps_the_gain_it_has_in_the_others():
    gains = np.ones((8, 2))
    lacking = gains.copy()
    lacking[7] = np.nan
    made = [example(i, "train", gains=lacking if i % 2 else gains * (1 + i / 100)) for i in range(20)]

    forest, scores = grow(made, trees=20, seed=0)

    rows = np.stack([e.row for e in made])
    predicted = forest.predict(rows).reshape(-1, 8, 2)[:, 7]
    # Between the least and the most that was learnt; with zeros for the absent it would be about half.
    assert predicted.min() > 0.99
    assert predicted.max() < 1.19
    assert scores.test is None


def test_too_few_recordings_are_refused(examples):
    with pytest.raises(ModelError, match="needs at least 2"):
        grow([examples[0], examples[-1]], trees=10, seed=0)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch, synthetic_tree, tmp_path):
    def missing(_name):
        raise ImportError

    monkeypatch.setattr(random_forest.importlib, "import_module", missing)

    with pytest.raises(ModelError) as refusal:
        random_forest.train_random_forest([synthetic_tree.path], tmp_path / "forest.npz")

    assert "pip install 'mixeval[models]'" in refusal.value.remedy


def test_the_file_predicts_as_the_forest_that_was_grown(trained_forest, synthetic_tree):
    examples = measure_examples(find_sources([synthetic_tree.path]), workers=1)
    grown, scores = grow(examples, trees=40, seed=1)
    loaded, card = read_forest(trained_forest.path)

    rows = np.stack([e.row for e in examples])
    assert np.array_equal(loaded.predict(rows), grown.predict(rows))
    assert card.outputs == OUTPUTS
    assert scores == trained_forest.scores


def test_the_card_tells_data_settings_scores_and_versions(trained_forest):
    told = trained_forest.card.training

    assert told["datasets"] == [{"name": "drums", "minutes": 0.6, "train": 6, "val": 3, "test": 3}]
    assert told["settings"] == {"trees": 40, "max_features": 1 / 3, "seed": 1}
    assert set(told["versions"]) == {"mixeval", "python", "numpy", "scipy", "scikit-learn"}
    assert told["r2"]["train"] == trained_forest.scores.train
    assert trained_forest.card.learnt_from == (9,) * 14 + (3,) * 2
    assert told["gain_fits_r2"]["lowest"] > 0.95
    assert trained_forest.doubtful == ()


def test_the_command_writes_the_same_file_for_the_same_seed_and_tells_the_papers_scores(
    synthetic_tree, tmp_path, trained_forest
):
    out = tmp_path / "models" / "forest.npz"

    result = run(synthetic_tree.path, "--out", out, "--trees", 40, "--seed", 1, "--workers", 1)

    assert result.exit_code == 0, result.output
    assert out.read_bytes() == trained_forest.path.read_bytes()
    lines = [line.split() for line in result.stdout.splitlines()]
    scores = trained_forest.scores
    assert ["training", "9", f"{scores.train:.3f}", "0.984"] in lines
    assert ["test", "and", "validation", "6", f"{scores.test_and_val:.3f}", "0.915"] in lines
    assert trained_forest.sha256 in result.stdout
    assert [file.name for file in out.parent.iterdir()] == ["forest.npz"]


def test_recordings_that_gains_explain_badly_are_named(monkeypatch, tmp_path, synthetic_tree, examples):
    doubtful = [example(100, "train", r2=(0.95, 0.71)), *examples]
    monkeypatch.setattr(random_forest, "measure_examples", lambda *_, **__: doubtful)

    result = run(synthetic_tree.path, "--out", tmp_path / "forest.npz", "--trees", 5, "--json")

    assert result.exit_code == 0, result.output
    assert (
        "Warning: made: item 100: gains explain only 0.950 (left) and 0.710 (right) of its mix."
        in result.stderr
    )
    told = json.loads(result.stdout)
    assert told["doubtful"] == ["made: item 100"]
    assert told["paper_r2"] == dict(PAPER_R2) == {"train": 0.984, "test_and_val": 0.915}
    assert len(told["gain_fits_r2"]) == 30


def test_a_folder_that_is_no_data_set_is_one_line(tmp_path):
    result = run(tmp_path, "--out", tmp_path / "forest.npz")

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in result.output
    assert not (tmp_path / "forest.npz").exists()


def test_a_place_that_cannot_be_written_is_told_before_anything_is_measured(
    monkeypatch, synthetic_tree, tmp_path
):
    monkeypatch.setattr(random_forest, "measure_examples", lambda *_, **__: pytest.fail("measured"))
    (tmp_path / "file").touch()

    with pytest.raises(ModelError, match="cannot be written"):
        random_forest.train_random_forest([synthetic_tree.path], tmp_path / "file" / "forest.npz")
    with pytest.raises(ModelError, match="is a folder"):
        random_forest.train_random_forest([synthetic_tree.path], tmp_path)


def test_the_help_has_an_example():
    assert "Example: mixeval train random-forest" in " ".join(run("--help").stdout.split())
    listed = CliRunner().invoke(main, ["train", "--help"]).stdout
    assert "random-forest" in listed
    assert CliRunner().invoke(main, ["train", "oak"]).exit_code == 2
