"""The registry: every mixing method that study.toml can name."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from mixeval.conditions import Condition
from mixeval.errors import StudyError
from mixeval.study import FILE_NAME
from mixeval.validation import closest, validated
from mixeval_stimuli.methods.anchor import Anchor
from mixeval_stimuli.methods.files import Files
from mixeval_stimuli.methods.guests.command import Command
from mixeval_stimuli.methods.guests.onnx import Onnx
from mixeval_stimuli.methods.guests.plugin import find_offer, load_plugin, offers
from mixeval_stimuli.methods.method import MixMethod
from mixeval_stimuli.methods.oracle import Oracle
from mixeval_stimuli.methods.random_forest.method import RandomForest
from mixeval_stimuli.methods.reference import Reference
from mixeval_stimuli.methods.sum import Sum
from mixeval_stimuli.methods.wave_u_net.method import WaveUNet

METHODS: Mapping[str, type[MixMethod]] = {
    "anchor": Anchor,
    "command": Command,
    "files": Files,
    "random_forest": RandomForest,
    "onnx": Onnx,
    "oracle": Oracle,
    "reference": Reference,
    "sum": Sum,
    "wave_u_net": WaveUNet,
}


def make_methods(
    conditions: Iterable[Condition],
    *,
    source: str = FILE_NAME,
    folder: Path = Path(),
    trusted: bool = False,
) -> dict[str, MixMethod]:
    """Make the method of each condition, by condition id; paths in options are relative to `folder`.

    Raises StudyError that names every option that cannot be used.
    """
    methods: dict[str, MixMethod] = {}
    findings: list[tuple[str, str]] = []
    for condition in conditions:
        try:
            methods[condition.id] = make_method(condition, source=source, folder=folder, trusted=trusted)
        except StudyError as error:
            findings.append((error.problem, error.remedy))
    if findings:
        raise StudyError.listing(findings)
    return methods


def make_method(
    condition: Condition, *, source: str = FILE_NAME, folder: Path = Path(), trusted: bool = False
) -> MixMethod:
    """Make the method of a condition from its options; `source` is the name of the file that errors carry.

    Paths in options are relative to `folder`. A name that is not in METHODS is looked for among what installed
    packages offer; that is imported here, so it takes `trusted`, as does any method that runs code.

    Raises StudyError when there is no such method, when an option is unknown, missing or of a wrong value, or
    when the method runs code from outside mixeval and nobody said that it is trusted.
    """
    where = f'{source}: condition "{condition.id}"'
    code = foreign_code(condition)
    if code is not None and not trusted:
        raise StudyError(f"{where} runs {code}", remedy="if you trust it, run the command with --trust")
    where_options = f'{where}, method "{condition.method}"'
    if condition.method in METHODS:
        kind = METHODS[condition.method]
        return validated(
            kind,
            condition.options,
            source=where_options,
            root="options",
            remedy_for_unknown=lambda name: _remedy_for_unknown(name, kind.model_fields, "its options are"),
        ).beside(folder)
    offer = find_offer(condition.method)
    if offer is None:
        known = {*METHODS, *(offer.name for offer in offers())}
        raise StudyError(
            f'{where}: method is "{condition.method}", which mixeval does not know',
            remedy=_remedy_for_unknown(condition.method, known, "the methods are"),
        )
    return load_plugin(offer, condition.options, source=where_options, folder=folder)


def foreign_code(condition: Condition) -> str | None:
    """Say what code from outside mixeval a condition runs, and nothing where it runs none; none is run for it.

    A name in METHODS is never looked for in packages: a study means the same wherever it is rendered.

    Raises StudyError when two packages offer the method.
    """
    if condition.method in METHODS:
        return METHODS[condition.method].runs(condition.options)
    offer = find_offer(condition.method)
    return None if offer is None else str(offer)


def _remedy_for_unknown(name: str, known: Iterable[str], listing: str) -> str:
    names = sorted(known)
    meant = closest(name, names)
    listed = f"{listing} {', '.join(names)}" if names else "it takes no options"
    return f'did you mean "{meant}"? {listed}' if meant else listed
