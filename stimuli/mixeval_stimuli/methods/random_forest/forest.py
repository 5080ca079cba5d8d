"""A trained random forest as plain arrays: what it is, whether it is sound, and what it predicts.

Trained by scikit-learn (`mixeval_stimuli.training`), used without it. Nodes of all trees stand in one row, tree after
tree, each in preorder: the left child of a node is the next node, the right child comes after the whole left branch.
So there is no way back up and no way round in circles, which :meth:`Forest.check` verifies for files from elsewhere.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mixeval.errors import ModelError

LEAF = -1
"""The feature of a node that asks nothing."""

MAX_TREES = 10_000
MAX_NODES = 2**22
MAX_DEPTH = 1000
MAX_COLUMNS = 2**15 - 1
"""Limits far beyond any forest trained here; a file that passes them is not one."""


@dataclass(frozen=True, eq=False)
class Forest:
    """A multi-output regression forest.

    A node sends a row to the left where the row's value of its feature, rounded to float32 as scikit-learn does, is
    at most its threshold, and to where `missing_left` says when the value is NaN. A leaf has a row of `values`.
    """

    starts: npt.NDArray[np.int32]
    """First node of each tree, and the number of nodes: (trees + 1,)."""
    feature: npt.NDArray[np.int16]
    """Column that a node asks for, or LEAF: (nodes,)."""
    threshold: npt.NDArray[np.float32]
    """(nodes,), 0 at leaves."""
    missing_left: npt.NDArray[np.bool_]
    """(nodes,), False at leaves."""
    link: npt.NDArray[np.int32]
    """Of an inner node its right child, counted from the tree's first node; of a leaf its row of `values`: (nodes,)."""
    values: npt.NDArray[np.float64]
    """(rows, outputs); leaves with the same prediction share a row."""

    @property
    def trees(self) -> int:
        return len(self.starts) - 1

    @property
    def outputs(self) -> int:
        return int(self.values.shape[1])

    def predict(self, rows: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Predict the outputs (rows, outputs) of feature rows (rows, columns), the mean over the trees.

        Equal to scikit-learn's own prediction up to the order of one sum: 1e-12 relative to the largest value.

        Raises ModelError when a feature is infinite, or there are fewer columns than the trees ask for.
        """
        leaves = self.leaves(rows)
        return np.asarray(self.values[self.link[leaves]].sum(axis=1) / self.trees)

    def leaves(self, rows: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
        """Find the leaf of each row in each tree (rows, trees), as an index of nodes."""
        asked = np.asarray(rows, dtype=np.float32)
        if asked.shape[1] <= self.feature.max():
            raise ModelError(
                f"the forest asks for {int(self.feature.max()) + 1} features and {asked.shape[1]} are given",
                remedy="train it again with this version of mixeval",
            )
        if np.isinf(asked).any():
            raise ModelError("a feature is infinite", remedy="check that the stems are sound")
        first = self.starts[:-1].astype(np.int64)
        node = np.broadcast_to(first, (len(asked), self.trees))
        row = np.arange(len(asked))[:, np.newaxis]
        for _ in range(MAX_DEPTH + 1):
            column = self.feature[node]
            inner = column != LEAF
            if not inner.any():
                return np.array(node)
            value = asked[row, np.where(inner, column, 0)]
            left = np.where(np.isnan(value), self.missing_left[node], value <= self.threshold[node])
            node = np.where(inner, np.where(left, node + 1, first + self.link[node]), node)
        raise ModelError("the forest is deeper than any that was trained", remedy="train it again")

    def check(self, *, columns: int) -> None:
        """Raise ModelError, naming what is wrong, unless this is a forest over rows of `columns` features."""
        self._check_shapes()
        self._check_numbers(columns)
        self._check_trees()

    def _check_shapes(self) -> None:
        if not 2 <= len(self.starts) <= MAX_TREES + 1:
            raise _unsound(f"it has {len(self.starts) - 1} trees, forests have 1 to {MAX_TREES}")
        nodes = len(self.feature)
        if not 1 <= nodes <= MAX_NODES:
            raise _unsound(f"it has {nodes} nodes, forests have 1 to {MAX_NODES}")
        for name in ("threshold", "missing_left", "link"):
            if len(getattr(self, name)) != nodes:
                raise _unsound(f'"{name}" has {len(getattr(self, name))} entries for {nodes} nodes')
        if self.values.ndim != 2 or 0 in self.values.shape:
            raise _unsound(f'"values" has the shape {self.values.shape}')
        if self.starts[0] != 0 or self.starts[-1] != nodes or np.any(np.diff(self.starts) < 1):
            raise _unsound("its trees do not follow one another from the first node to the last")

    def _check_numbers(self, columns: int) -> None:
        for name in ("threshold", "values"):
            if not np.isfinite(getattr(self, name)).all():
                raise _unsound(f'"{name}" holds numbers that are not finite')
        if self.feature.min() < LEAF or self.feature.max() >= columns:
            raise _unsound(f"a node asks for a feature that is not one of the {columns}")

    def _check_trees(self) -> None:
        leaf = self.feature == LEAF
        if np.any(self.link[leaf] < 0) or np.any(self.link[leaf] >= len(self.values)):
            raise _unsound("a leaf has a value that is not there")
        sizes = np.diff(self.starts)
        inner = np.flatnonzero(~leaf)
        tree = np.searchsorted(self.starts, inner, side="right") - 1
        left = inner + 1 - self.starts[tree]
        right = self.link[inner]
        if np.any(right <= left) or np.any(right >= sizes[tree]):
            raise _unsound("a node has a child that lies before it or outside its tree")
        self._check_visits()

    def _check_visits(self) -> None:
        # In a tree every node has one parent: level by level, each is reached once and none is left over.
        first = self.starts[:-1].astype(np.int64)
        base = np.repeat(first, np.diff(self.starts))
        visited = np.zeros(len(self.feature), dtype=np.bool_)
        level = first
        for _ in range(MAX_DEPTH + 1):
            if len(np.unique(level)) < len(level) or visited[level].any():
                raise _unsound("a node has two parents")
            visited[level] = True
            inner = level[self.feature[level] != LEAF]
            level = np.concatenate([inner + 1, base[inner] + self.link[inner]])
            if not level.size:
                break
        else:
            raise _unsound(f"it is deeper than {MAX_DEPTH} levels")
        if not visited.all():
            raise _unsound("a node has no parent")


def _unsound(problem: str) -> ModelError:
    return ModelError(f"it holds no sound forest ({problem})", remedy="copy it again or train a new one")
