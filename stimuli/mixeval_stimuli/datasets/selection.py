"""Which of a data set's recordings become the items of a study."""

import difflib
from collections import Counter
from collections.abc import Sequence

from mixeval.errors import DatasetError, StudyError
from mixeval.seeds import generator
from mixeval.stimuli_section import ItemSelection
from mixeval_stimuli.datasets import enst
from mixeval_stimuli.recordings import Recording


def select(
    recordings: Sequence[Recording], items: tuple[str, ...] | ItemSelection | None, *, seed: int
) -> list[Recording]:
    """Keep the recordings that a study names or describes; None keeps all.

    Names keep the order of the study; a description keeps the order of the data set, and `per_drummer` takes as many
    of each drummer (and of each kit, where a drummer has several) at random, from `seed`, among those that the rest
    of it leaves.

    Raises StudyError when a name or group is unknown, when the recordings lack the fact that is asked for, when a
    drummer has too few, or when nothing is left, and DatasetError when a file of a recording that is kept is missing.
    """
    match items:
        case None:
            chosen = list(recordings)
        case ItemSelection():
            chosen = _by_facts(recordings, items, seed)
        case _:
            chosen = _by_name(recordings, items)
    if not chosen:
        raise StudyError("the data set has no recordings", remedy="correct its path")
    _check_present(chosen)
    return chosen


def _by_name(recordings: Sequence[Recording], names: tuple[str, ...]) -> list[Recording]:
    known = {recording.item: recording for recording in recordings}
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=3)
            remedy = f"did you mean {' or '.join(close)}" if close else "correct it or the data set's path"
            examples = f", its items are named like {next(iter(known))}" if known else ", it has none"
            raise StudyError(f'the data set has no item "{name}"{examples}', remedy=remedy)
    return [known[name] for name in names]


def _by_facts(recordings: Sequence[Recording], wanted: ItemSelection, seed: int) -> list[Recording]:
    _check_groups(recordings, wanted)
    chosen = [recording for recording in recordings if recording.facts.get("group") not in wanted.exclude]
    if wanted.subset is not None:
        _check_fact(recordings, "subset")
        chosen = [recording for recording in chosen if recording.facts.get("subset") == wanted.subset]
    if wanted.per_drummer is not None:
        _check_fact(recordings, "drummer")
    if recordings and not chosen:
        counts = ", ".join(
            f"{count} {subset or 'of no subset'}{f' in {group}' if group else ''}"
            for (subset, group), count in sorted(_count(recordings).items())
        )
        raise StudyError(
            f"no recording is left by items = {{ {_show(wanted)} }}, the data set has {counts}",
            remedy="ask for less",
        )
    if wanted.per_drummer is not None:
        chosen = _some_of_each_drummer(recordings, chosen, wanted, wanted.per_drummer, seed)
    return chosen


def _some_of_each_drummer(
    recordings: Sequence[Recording],
    left: Sequence[Recording],
    wanted: ItemSelection,
    count: int,
    seed: int,
) -> list[Recording]:
    picked: set[str] = set()
    for setup in dict.fromkeys(_setup(recording) for recording in recordings):
        names = [recording.item for recording in left if _setup(recording) == setup]
        if len(names) < count:
            drummer, kit = setup
            raise StudyError(
                f"items = {{ {_show(wanted)} }} asks for {count} recordings of each drummer, and drummer {drummer}"
                f"{f' on kit {kit}' if kit else ''} has {len(names)}",
                remedy="ask for fewer, or leave less out",
            )
        # Each drummer has a stream of his own, so that another one more or less changes nothing for him.
        picked.update(generator(seed, "items", *setup).choice(names, size=count, replace=False).tolist())
    return [recording for recording in left if recording.item in picked]


def _setup(recording: Recording) -> tuple[str, str]:
    return recording.facts.get("drummer", ""), recording.facts.get("kit", "")


def _check_groups(recordings: Sequence[Recording], wanted: ItemSelection) -> None:
    # A misspelt group would leave nothing out and say nothing.
    known = {recording.facts["group"] for recording in recordings if "group" in recording.facts}
    for group in wanted.exclude:
        if group not in known.union(enst.GROUPS):
            raise StudyError(
                f'items leaves out the group "{group}", which the data set does not know',
                remedy=f"name one of {', '.join(sorted(known)) or 'none, its recordings have no groups'}",
            )


def _check_fact(recordings: Sequence[Recording], fact: str) -> None:
    if recordings and not any(fact in recording.facts for recording in recordings):
        raise StudyError(
            f"items asks for a {fact}, but this data set does not know its recordings' {fact}s",
            remedy="name the items instead",
        )


def _count(recordings: Sequence[Recording]) -> Counter[tuple[str, str]]:
    return Counter(
        (recording.facts.get("subset", ""), recording.facts.get("group", "")) for recording in recordings
    )


def _show(wanted: ItemSelection) -> str:
    given = wanted.model_dump(by_alias=True, exclude_defaults=True)
    return ", ".join(
        f"{key} = {list(value) if isinstance(value, tuple) else value!r}" for key, value in given.items()
    )


def _check_present(recordings: Sequence[Recording]) -> None:
    for recording in recordings:
        for what, files in (("stem", recording.stems), ("mix", recording.mixes)):
            for name, file in files.items():
                if not file.is_file():
                    raise DatasetError(
                        f'{what} "{name}" of recording "{recording.item}" is missing, there is no file {file}',
                        remedy="copy it from the data set's source or leave the recording out",
                    )
