"""The registry: every mixing method that study.toml can name."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from mixeval.conditions import Condition
from mixeval.errors import StudyError
from mixeval.study import FILE_NAME
from mixeval.validation import closest, validated
from mixeval_stimuli.methods.anchor import Anchor
from mixeval_stimuli.methods.files import Files
from mixeval_stimuli.methods.method import MixMethod
from mixeval_stimuli.methods.reference import Reference
from mixeval_stimuli.methods.sum import Sum
from mixeval_stimuli.methods.wave_u_net.method import WaveUNet

METHODS: Mapping[str, type[MixMethod]] = {
    "anchor": Anchor,
    "files": Files,
    "reference": Reference,
    "sum": Sum,
    "wave_u_net": WaveUNet,
}


def make_methods(
    conditions: Iterable[Condition], *, source: str = FILE_NAME, folder: Path = Path()
) -> dict[str, MixMethod]:
    """Make the method of each condition, by condition id; paths in options are relative to `folder`.

    Raises StudyError that names every option that cannot be used.
    """
    methods: dict[str, MixMethod] = {}
    findings: list[tuple[str, str]] = []
    for condition in conditions:
        try:
            methods[condition.id] = make_method(condition, source=source, folder=folder)
        except StudyError as error:
            findings.append((error.problem, error.remedy))
    if findings:
        raise StudyError.listing(findings)
    return methods


def make_method(condition: Condition, *, source: str = FILE_NAME, folder: Path = Path()) -> MixMethod:
    """Make the method of a condition from its options; `source` is the name of the file that errors carry.

    Paths in options are relative to `folder`.

    Raises StudyError when there is no such method, or when an option is unknown, missing or of a wrong value.
    """
    where = f'{source}: condition "{condition.id}"'
    if condition.method not in METHODS:
        raise StudyError(
            f'{where}: method is "{condition.method}", which mixeval does not know',
            remedy=_remedy_for_unknown(condition.method, METHODS, "the methods are"),
        )
    kind = METHODS[condition.method]
    method = validated(
        kind,
        condition.options,
        source=f'{where}, method "{condition.method}"',
        root="options",
        remedy_for_unknown=lambda name: _remedy_for_unknown(name, kind.model_fields, "its options are"),
    )
    return method.beside(folder)


def _remedy_for_unknown(name: str, known: Iterable[str], listing: str) -> str:
    names = sorted(known)
    meant = closest(name, names)
    listed = f"{listing} {', '.join(names)}" if names else "it takes no options"
    return f'did you mean "{meant}"? {listed}' if meant else listed
