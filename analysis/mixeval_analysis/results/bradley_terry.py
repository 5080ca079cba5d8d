"""Bradley-Terry scores: one scale from choices between two, where every mix was compared with every other."""

import numpy as np
import numpy.typing as npt

from mixeval.seeds import generator
from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.tables import Table
from mixeval_analysis.trials import Trials

REPLICATES = 1000
_ITERATIONS = 10_000
_TOLERANCE = 1e-10

Wins = npt.NDArray[np.float64]


def bradley_terry(trials: Trials) -> Table:
    """Scale the mixes so that a is chosen over b with odds exp(score a - score b).

    Maximum likelihood (Bradley and Terry, Biometrika 39, 1952) by Hunter's MM algorithm (Ann. Stat. 32, 2004);
    scores sum to 0 and an answer of no preference is half a choice of each. Intervals are a percentile bootstrap
    over participants. A score has no limit where the mixes fall into two groups, one of which always won.
    """
    conditions = list(trials.labels)
    won = _wins_of_participants(trials)
    scores = fit(won.sum(axis=0))
    notes = []
    rows: list[dict[str, object]] = []
    low = high = None
    if scores is None:
        notes.append("Some mixes won every time against all others, or never: there are no finite scores.")
    else:
        low, high, unbounded = _limits(won, trials.seed)
        if len(won) < 2:
            notes.append("One participant gives no confidence interval over participants.")
        elif low is None:
            notes.append(
                f"In {unbounded} of {REPLICATES} replicates some mixes won every time, so that there is no interval."
            )
    for index, condition in enumerate(conditions):
        rows.append(
            {
                "condition": condition,
                "score": None if scores is None else float(scores[index]),
                "ci95_lo": None if low is None else float(low[index]),
                "ci95_hi": None if high is None else float(high[index]),
                "wins": float(won.sum(axis=0)[index].sum()),
                "n": int(won.sum(axis=0)[index].sum() + won.sum(axis=0)[:, index].sum()),
            }
        )
    return Table(
        name="bradley_terry",
        title="One scale from all choices (Bradley-Terry)",
        frame=frame_of(rows),
        method=(
            "Log odds, maximum likelihood, scores sum to 0; 95 % confidence interval by percentile bootstrap over "
            f"{count_of(trials.participants, 'participant')} (B = {REPLICATES}, seed {trials.seed})."
        ),
        level=f"Single trials of {trials.shape_in_words()}, pooled.",
        labels=trials.labels,
        notes=tuple(notes),
        simulated=trials.simulated,
    )


def fit(wins: Wins) -> npt.NDArray[np.float64] | None:
    """Return scores, shape (k,), of wins[i, j] choices of i over j; None where they have no finite maximum.

    >>> fit(np.array([[0.0, 3.0], [1.0, 0.0]])).round(3)
    array([ 0.549, -0.549])
    """
    return _fit_all(wins[None])[0] if _connected(wins) else None


def _fit_all(wins: Wins) -> npt.NDArray[np.float64]:
    """Return scores, shape (studies, k), of the wins of several studies, shape (studies, k, k)."""
    met, total = wins + wins.swapaxes(1, 2), wins.sum(axis=2)
    scores = np.zeros(total.shape)
    for _ in range(_ITERATIONS):
        strength = np.exp(scores)
        new = np.log(total / (met / (strength[:, :, None] + strength[:, None, :])).sum(axis=2))
        new -= new.mean(axis=1, keepdims=True)
        moved = float(np.abs(new - scores).max())
        scores = new
        if moved < _TOLERANCE:
            break
    return scores


def _connected(wins: Wins) -> bool:
    """Tell whether every mix won against every other by some chain of choices (Ford, Am. Math. Monthly 64, 1957)."""
    reach = np.eye(len(wins), dtype=np.int64) + (wins > 0)
    for _ in range(len(wins)):
        reach = ((reach @ reach) > 0).astype(np.int64)
    return bool(reach.all())


def _wins_of_participants(trials: Trials) -> Wins:
    """Count the choices of each participant, shape (participants, k, k)."""
    place = {condition: index for index, condition in enumerate(trials.labels)}
    people = {name: index for index, name in enumerate(sorted(set(trials.rows["participant"])))}
    won = np.zeros((len(people), len(place), len(place)))
    columns = (trials.rows[name] for name in ("participant", "a", "b", "chosen"))
    for person, a, b, chosen in zip(*columns, strict=True):
        i, j, who = place[a], place[b], people[person]
        for winner, loser in ((i, j), (j, i)):
            share = 0.5 if chosen == "" else float(place[chosen] == winner)
            won[who, winner, loser] += share
    return won


def _limits(
    won: Wins, seed: int
) -> tuple[npt.NDArray[np.float64] | None, npt.NDArray[np.float64] | None, int]:
    """Return the limits of scores, and in how many replicates there were none."""
    panel = len(won)
    if panel < 2:
        return None, None, 0
    random = generator(seed, "bootstrap", "bradley_terry")
    weights = random.multinomial(panel, np.full(panel, 1 / panel), size=REPLICATES).astype(np.float64)
    drawn = np.tensordot(weights, won, axes=1)
    finite = drawn[[_connected(wins) for wins in drawn]]
    unbounded = REPLICATES - len(finite)
    if unbounded > REPLICATES // 40:  # a limit would lie beyond every number
        return None, None, unbounded
    low, high = np.quantile(_fit_all(finite), [0.025, 0.975], axis=0)
    return low, high, unbounded
