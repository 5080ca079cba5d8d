"""Training of the random forest that predicts gains (paper section 2.2).

One multi-output forest learns the gains of all stems to both sides from the features of all stems, on the training
and validation recordings together, as the paper did. The paper gives no settings; these are common ones.
"""

import hashlib
import importlib
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

import mixeval
from mixeval.errors import ModelError
from mixeval.manifest import file_sha256
from mixeval_stimuli.datasets.enst import SUBSETS
from mixeval_stimuli.extras import needing
from mixeval_stimuli.methods.random_forest import features
from mixeval_stimuli.methods.random_forest.forest import LEAF, Forest
from mixeval_stimuli.methods.random_forest.forest_file import ForestCard, check_writable, write_forest
from mixeval_stimuli.methods.random_forest.method import OUTPUTS
from mixeval_stimuli.training.examples import Example, Progress, find_sources, measure_examples

PAPER_R2: Mapping[str, float] = {"train": 0.984, "test_and_val": 0.915}
"""What the paper reports. Its second figure is for "test and validation", while validation was in training."""

DOUBTFUL_R2 = 0.9
"""A mix whose gains explain less of it has something that gains are not, and teaches a doubtful target."""

_LEARNING_SUBSETS = ("train", "val")
_COLUMNS_PER_SPLIT = 1 / 3

_Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Share of the gains' variance that the forest explains, over all outputs together (variance-weighted R2).

    `train` is over all recordings that it learnt from, `out_of_bag` over the same by the trees that did not see
    them. None where there are fewer than two recordings.
    """

    train: float | None
    out_of_bag: float | None
    test: float | None
    test_and_val: float | None


@dataclass(frozen=True)
class Doubtful:
    """A recording whose reference mix is explained badly by gains, and how much of it they do explain."""

    name: str
    r2: tuple[float, float]


@dataclass(frozen=True)
class Report:
    """What training made, from how many recordings of each subset, and how good it is."""

    path: Path
    sha256: str
    """Of the file, as manifests name it."""
    card: ForestCard
    recordings: Mapping[str, int]
    scores: Scores
    fits: Mapping[str, tuple[float, float]]
    """R2 of the left and right side of each recording's mix, as its gains explain it."""

    @property
    def doubtful(self) -> tuple[Doubtful, ...]:
        return tuple(Doubtful(name, r2) for name, r2 in self.fits.items() if min(r2) < DOUBTFUL_R2)


def train_random_forest(
    folders: Sequence[Path],
    out: Path,
    *,
    trees: int = 500,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Train a forest on trees of ENST-Drums' shape and write it to `out`.

    The same data, settings and versions give the same file.

    Raises ModelError when scikit-learn is not installed, there is too little to learn from or the file cannot be
    written, and DatasetError when a data set cannot be used.
    """
    sklearn_ensemble()
    sources = find_sources(folders)
    check_writable(out)
    examples = measure_examples(sources, workers=workers, progress=progress)
    forest, scores = grow(examples, trees=trees, seed=seed, threads=workers)
    card = ForestCard(
        features=features.COLUMNS,
        features_version=features.VERSION,
        outputs=OUTPUTS,
        learnt_from=tuple(np.isfinite(_gains(_learnt(examples))).sum(axis=0).tolist()),
        training=_told(examples, scores, trees=trees, seed=seed),
    )
    card = write_forest(out, forest, card)
    return Report(
        path=out,
        sha256=file_sha256(out),
        card=card,
        recordings=Counter(example.subset for example in examples),
        scores=scores,
        fits={example.name: (float(example.r2[0]), float(example.r2[1])) for example in examples},
    )


def grow(
    examples: Sequence[Example], *, trees: int, seed: int, threads: int | None = None
) -> tuple[Forest, Scores]:
    """Fit a forest to the training and validation examples, and score it on all.

    How many `threads` grow it (by default one per CPU) makes no difference to it.

    Raises ModelError when scikit-learn is not installed or fewer than two examples are for training.
    """
    learnt = _learnt(examples)
    if len(learnt) < 2:
        raise ModelError(
            f"{len(learnt)} recordings are for training or validation, a forest needs at least 2",
            remedy="name a data set with more recordings",
        )
    rows, gains = _rows(learnt), _gains(learnt)
    model = sklearn_ensemble().RandomForestRegressor(
        n_estimators=trees,
        max_features=_COLUMNS_PER_SPLIT,
        bootstrap=True,
        random_state=seed,
        n_jobs=threads or -1,
    )
    model.fit(rows, _filled(gains))
    forest = forest_of(model)
    held_out = [example for example in examples if example.subset == "test"]
    val = [example for example in examples if example.subset == "val"]
    return forest, Scores(
        train=r2_of(gains, forest.predict(rows)),
        out_of_bag=r2_of(*_out_of_bag(model, forest, rows, gains)),
        test=_score(forest, held_out),
        test_and_val=_score(forest, held_out + val),
    )


def forest_of(model: Any) -> Forest:
    """Turn a fitted scikit-learn RandomForestRegressor into plain arrays, which predict the same."""
    trees = [estimator.tree_ for estimator in model.estimators_]
    starts = np.cumsum([0, *(tree.node_count for tree in trees)])
    left = np.concatenate([tree.children_left for tree in trees])
    right = np.concatenate([tree.children_right for tree in trees])
    leaf = left == -1
    own = np.arange(len(left)) - np.repeat(starts[:-1], np.diff(starts))
    if np.any(left[~leaf] != own[~leaf] + 1):
        raise ModelError("scikit-learn did not grow its trees depth first", remedy="leave max_leaf_nodes out")
    values, rows = np.unique(
        np.concatenate([tree.value[:, :, 0] for tree in trees])[leaf], axis=0, return_inverse=True
    )
    right[leaf] = rows
    missing_left = np.concatenate([tree.missing_go_to_left for tree in trees]).astype(np.bool_)
    return Forest(
        starts=starts.astype(np.int32),
        feature=np.where(leaf, LEAF, np.concatenate([tree.feature for tree in trees])).astype(np.int16),
        threshold=_as_float32(np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in trees]))),
        missing_left=np.where(leaf, False, missing_left),
        link=right.astype(np.int32),
        values=np.ascontiguousarray(values, dtype=np.float64),
    )


def r2_of(targets: _Matrix, predicted: _Matrix) -> float | None:
    """Divide the variance that predictions (rows, outputs) explain by all there is, summed over the outputs.

    scikit-learn's r2_score with multioutput="variance_weighted", over the targets that are not NaN. None where
    nothing varies.
    """
    known = np.isfinite(targets)
    counts = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, targets, 0.0).sum(axis=0) / counts
    total = float(np.sum(np.square(targets - means), where=known))
    left_over = float(np.sum(np.square(targets - predicted), where=known))
    return 1.0 - left_over / total if total > 0.0 else None


def sklearn_ensemble() -> ModuleType:
    """Import what grows forests. Raises ModelError when it is not installed."""
    with needing("models", "training a random forest"):
        return importlib.import_module("sklearn.ensemble")


def _learnt(examples: Sequence[Example]) -> list[Example]:
    return [example for example in examples if example.subset in _LEARNING_SUBSETS]


def _rows(examples: Sequence[Example]) -> npt.NDArray[np.float32]:
    return np.stack([example.row for example in examples])


def _gains(examples: Sequence[Example]) -> _Matrix:
    return np.stack([example.gains.reshape(-1) for example in examples])


def _filled(gains: _Matrix) -> _Matrix:
    """Give a stem that a recording lacks the mean gain of those that have it.

    It is heard nowhere, so any number would do for the recording; this one teaches nothing wrong, where 0
    would make the stem quieter for those that have it.
    """
    known = np.isfinite(gains)
    means = np.where(known, gains, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, gains, means)


def _out_of_bag(
    model: Any, forest: Forest, rows: npt.NDArray[np.float32], gains: _Matrix
) -> tuple[_Matrix, _Matrix]:
    """Give the targets, and the predictions by those trees that did not learn from them, where there are such trees."""
    unseen = np.ones((len(rows), forest.trees), dtype=np.bool_)
    for tree, drawn in enumerate(model.estimators_samples_):
        unseen[drawn, tree] = False
    values = forest.values[forest.link[forest.leaves(rows)]]
    some = unseen.any(axis=1)
    sums = np.einsum("rto,rt->ro", values, unseen.astype(np.float64))
    return gains[some], sums[some] / unseen[some].sum(axis=1, keepdims=True)


def _score(forest: Forest, examples: Sequence[Example]) -> float | None:
    return r2_of(_gains(examples), forest.predict(_rows(examples))) if examples else None


def _as_float32(thresholds: _Matrix) -> npt.NDArray[np.float32]:
    """Round thresholds down to float32.

    Features are float32, so that one is at most the threshold exactly when it is at most the largest float32 that
    is. Where only missing values go to the right, scikit-learn's threshold is infinity: the largest number does.
    """
    finite = np.minimum(thresholds, np.finfo(np.float32).max)
    rounded = finite.astype(np.float32)
    above = rounded.astype(np.float64) > finite
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return rounded


def _told(examples: Sequence[Example], scores: Scores, *, trees: int, seed: int) -> dict[str, JsonValue]:
    """Say in the card what the forest was made from and how good it is."""
    datasets = dict.fromkeys(example.dataset for example in examples)
    return {
        "datasets": [
            _dataset(name, [example for example in examples if example.dataset == name]) for name in datasets
        ],
        "data_sha256": _data_sha256(examples),
        "settings": {"trees": trees, "max_features": _COLUMNS_PER_SPLIT, "seed": seed},
        "r2": {
            "train": scores.train,
            "out_of_bag": scores.out_of_bag,
            "test": scores.test,
            "test_and_val": scores.test_and_val,
        },
        "gain_fits_r2": {
            "median": float(np.median([example.r2 for example in examples])),
            "lowest": float(np.min([example.r2 for example in examples])),
        },
        "versions": {
            "mixeval": mixeval.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scipy", "scikit-learn")},
        },
    }


def _dataset(name: str, examples: Sequence[Example]) -> dict[str, JsonValue]:
    subsets = Counter(example.subset for example in examples)
    return {
        "name": name,
        "minutes": round(sum(example.seconds for example in examples) / 60.0, 2),
        **{subset: subsets[subset] for subset in SUBSETS},
    }


def _data_sha256(examples: Sequence[Example]) -> str:
    digest = hashlib.sha256()
    for example in examples:
        digest.update(f"{example.name} {example.subset}\n".encode())
        digest.update(example.row.astype("<f4").tobytes() + example.gains.astype("<f8").tobytes())
    return digest.hexdigest()
