"""Plugins: mixing methods that an installed package offers under the entry point group `mixeval.methods`.

What is offered is read from the package's metadata, and nothing of the package is run for that. Only a render
that was told to trust it imports it. An entry point is a function `mix(stems, sample_rate, **options)` that
returns a mix, or a subclass of MixMethod.
"""

import hashlib
import inspect
import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Self, get_type_hints

import numpy as np
from pydantic import ConfigDict, Field, JsonValue, PrivateAttr, create_model

from mixeval.audio import SAMPLE_RATES, Audio
from mixeval.errors import MixevalError, RenderError, StudyError
from mixeval.manifest import file_sha256
from mixeval.validation import closest, validated
from mixeval_stimuli.methods.guests.guest import Guest, SampleRate, Stem, received, total
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.recordings import Recording, read_stems

GROUP = "mixeval.methods"


@dataclass(frozen=True)
class Offer:
    """A method that an installed package offers as `name`, as the package's metadata say."""

    name: str
    target: str
    """MODULE:NAME of what the package would run."""
    package: str
    package_version: str

    def __str__(self) -> str:
        return f"the package {self.package} {self.package_version} ({self.target})"

    @property
    def module(self) -> str:
        return self.target.partition(":")[0].strip()


def offers() -> tuple[Offer, ...]:
    """List what the installed packages offer; none of them is imported."""
    return tuple(
        Offer(found.name, found.value, found.dist.name, found.dist.version)
        for found in entry_points(group=GROUP)
        if found.dist is not None
    )


def find_offer(name: str) -> Offer | None:
    """Find the package that offers the method `name`. Raises StudyError when two do."""
    found = [offer for offer in offers() if offer.name == name]
    if len(found) > 1:
        raise StudyError(
            f'the method "{name}" is offered by {" and by ".join(map(str, found))}',
            remedy="uninstall one of them",
        )
    return found[0] if found else None


def load_plugin(offer: Offer, options: Mapping[str, JsonValue], *, source: str, folder: Path) -> "Plugin":
    """Import what a package offers and make it a method; `source` stands before each option in an error.

    Raises StudyError when it cannot be imported, is no mixer, or does not know an option.
    """
    try:
        kind, digest = _load(offer)
    except RenderError as error:
        raise StudyError(f"{source}: {error.problem}", remedy=error.remedy) from error
    names = [field.alias or name for name, field in kind.model_fields.items()]
    validated(
        kind, options, source=source, root="options", remedy_for_unknown=lambda name: _remedy(name, names)
    )
    return Plugin(**options).of(offer, digest).beside(folder)


class Plugin(MixMethod):
    """A package's method with its options. It travels to worker processes by name, and is imported there."""

    model_config = ConfigDict(extra="allow")

    _offer: Offer = PrivateAttr()
    _digest: str = PrivateAttr()

    @property
    def version(self) -> str:  # type: ignore[override]  # of the package, not of this class
        """Tell the package's version and the start of its files' hash: either makes another mix."""
        return f"{self._offer.package_version} sha256:{self._digest[:16]}"

    def of(self, offer: Offer, digest: str) -> Self:
        """Give this method as the one that a package offers, whose files have the hash `digest`."""
        method = self.model_copy()
        method._offer, method._digest = offer, digest  # noqa: SLF001 - its own copy
        return method

    def sources(self) -> tuple[str, ...]:
        return self._method().sources()

    def inputs(self, recording: Recording) -> tuple[Path, ...]:
        return self._method().inputs(recording)

    def mix(self, recording: Recording) -> Mix:
        method = self._method()
        if isinstance(method, Function):
            return method.mix(recording)
        with _blaming(self._offer):
            mix = method.mix(recording)
        if not isinstance(mix, Mix):
            raise RenderError(
                f"{self._offer} gave {type(mix).__name__} for a mix", remedy="let its mix() return a Mix"
            )
        return received(mix, total(read_stems(recording).values())) if recording.stems else mix

    def _method(self) -> MixMethod:
        kind, digest = _load(self._offer)
        if digest != self._digest:
            raise RenderError(
                f"{self._offer} is not the same here as where the render began",
                remedy="install one version of it everywhere, and render again after you changed it",
            )
        return kind.model_validate_json(json.dumps(self.model_dump(mode="json"))).beside(self._folder)


class Function(Guest):
    """A function that mixes. Each subclass, made by :func:`_kind_of_function`, has its parameters as fields."""

    version: ClassVar[str] = "1"

    function: ClassVar[Callable[..., object]]
    offer: ClassVar[Offer]

    def own_files(self) -> tuple[Path, ...]:
        return tuple(value for value in self._arguments().values() if isinstance(value, Path))

    def mix_stems(self, stems: Mapping[str, Stem], sample_rate: int) -> Audio:
        with _blaming(self.offer):
            samples = np.asarray(type(self).function(dict(stems), sample_rate, **self._arguments()))
        if samples.dtype.kind != "f" or not (samples.ndim == 1 or (samples.ndim == 2 and len(samples) <= 2)):
            raise RenderError(
                f"{self.offer} returned {samples.dtype} of shape {samples.shape} for a mix",
                remedy="let it return floating-point samples of shape (samples,) or (2, samples)",
            )
        # A number too large for 32 bits becomes infinite here and is refused as such.
        with np.errstate(over="ignore"):
            return Audio(np.array(np.atleast_2d(samples), dtype=np.float32), sample_rate)

    def _arguments(self) -> dict[str, object]:
        """Give the options that the study sets, paths made absolute; the others have the function's defaults."""
        given = {}
        for name in self.model_fields_set:
            parameter = type(self).model_fields[name].alias
            if parameter is not None:
                value = getattr(self, name)
                given[parameter] = self.path(str(value)).absolute() if isinstance(value, Path) else value
        return given


def _load(offer: Offer) -> tuple[type[MixMethod], str]:
    """Import a package's method. Raises RenderError when that fails or it is none.

    The hash is the one of the files that this process has imported, even if they are changed meanwhile.
    """
    try:
        digest = _digest(offer.module)
        target = EntryPoint(offer.name, offer.target, GROUP).load()
    except (Exception, SystemExit) as error:  # importing runs anybody's code
        raise RenderError(
            f"{offer} cannot be imported ({_told(error)})", remedy="install what it needs, or mend it"
        ) from error
    if isinstance(target, type) and issubclass(target, MixMethod):
        return target, digest
    if isinstance(target, type) or not callable(target):
        raise RenderError(
            f"{offer} is {type(target).__name__}, which mixes nothing",
            remedy="let the entry point name a function mix(stems, sample_rate) or a subclass of MixMethod",
        )
    return _kind_of_function(offer, target), digest


def _kind_of_function(offer: Offer, function: Callable[..., object]) -> type[Function]:
    """Make a method whose options are those parameters of a function that follow stems and sample_rate."""
    try:
        _stems, sample_rate, *options = inspect.signature(function).parameters.values()
        inspect.signature(function).bind({}, 1, **{option.name: None for option in options})
    except (TypeError, ValueError, NameError) as error:
        raise RenderError(
            f"{offer} does not take stems and a sample rate, then options by name ({error})",
            remedy="define it as mix(stems, sample_rate, *, option=default)",
        ) from error
    reserved = [option.name for option in options if option.name in Guest.model_fields]
    if reserved:
        raise RenderError(
            f'{offer} has an option "{reserved[0]}", which is one of mixeval\'s own for every mixer',
            remedy="give it another name",
        )
    fields: dict[str, Any] = {
        # Named apart, so that an option may be called as some method of pydantic is.
        f"option_{option.name}": (
            annotation,
            Field(... if option.default is option.empty else option.default, alias=option.name),
        )
        for option, annotation in zip(options, _annotations(offer, function, options), strict=True)
    }
    rate = sample_rate.default
    if type(rate) is int and rate in SAMPLE_RATES:
        fields["sample_rate"] = (SampleRate | None, rate)
    elif rate is not sample_rate.empty and rate is not None:
        raise RenderError(
            f"{offer} has {rate!r} as its sample rate", remedy="give one in hertz, such as 44100, or none"
        )
    try:
        kind = create_model("Function", __base__=Function, **fields)
    except Exception as error:
        raise RenderError(
            f"{offer} has an option that study.toml cannot hold ({_told(error)})",
            remedy="annotate options as bool, int, float, str, Path, Literal, or tuples of these",
        ) from error
    kind.function, kind.offer = function, offer
    return kind


def _annotations(
    offer: Offer, function: Callable[..., object], options: list[inspect.Parameter]
) -> list[object]:
    """Give the type of each option; without an annotation that of its default, or any."""
    # Of the options alone: how a package imports the types of its arrays is its own business.
    written = {option.name: option.annotation for option in options if option.annotation is not option.empty}
    try:
        hints = get_type_hints(
            SimpleNamespace(__annotations__=written),
            globalns=getattr(inspect.unwrap(function), "__globals__", {}),
            include_extras=True,
        )
    except Exception as error:  # annotations are expressions, they fail in any way
        raise RenderError(
            f"{offer} has an option with an annotation that cannot be read ({_told(error)})",
            remedy="import what annotations of options name when the module is imported",
        ) from error
    return [
        hints.get(option.name, Any if option.default in {option.empty, None} else type(option.default))
        for option in options
    ]


@contextmanager
def _blaming(offer: Offer) -> Iterator[None]:
    """Turn whatever a package raises into one sentence that names the package and the line."""
    try:
        yield
    except MixevalError:
        raise
    except (Exception, SystemExit) as error:  # it is anybody's code
        raise RenderError(f"{offer} failed ({_told(error)})", remedy="mend it, or its options") from error


def _told(error: BaseException) -> str:
    """Say an error in one line, with the line of code outside mixeval that it came from."""
    text = " ".join("".join(filter(str.isprintable, line)) for line in str(error).splitlines())
    told = f"{type(error).__name__}: {text[:200].rstrip('.')}" if text else type(error).__name__
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    foreign = [frame for frame in frames if Path(frame.filename).is_file()]
    return f"{told}, {Path(foreign[-1].filename).name} line {foreign[-1].lineno}" if foreign else told


@cache
def _digest(module: str) -> str:
    """Hash the files of the package that a module belongs to, names and bytes."""
    root, files = _files(module)
    each = [[path.relative_to(root).as_posix(), file_sha256(path)] for path in files]
    return hashlib.sha256(json.dumps(each).encode()).hexdigest()


def _files(module: str) -> tuple[Path, list[Path]]:
    """Find all files of a package, or the one file of a module that is in none."""
    names = module.split(".")
    for depth in range(1, len(names) + 1):
        spec = find_spec(".".join(names[:depth]))
        # A namespace has no file of its own, and others may have parts in it.
        if spec is None or spec.origin is None or not Path(spec.origin).is_file():
            continue
        root = Path(spec.origin).parent
        if spec.submodule_search_locations is None:
            return root, [Path(spec.origin)]
        found = (path for path in root.rglob("*") if path.is_file())
        return root, sorted(path for path in found if _decides(path.relative_to(root)))
    return Path(), []


def _decides(path: Path) -> bool:
    return not any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _remedy(name: str, known: list[str]) -> str:
    meant = closest(name, known)
    listed = f"its options are {', '.join(sorted(known))}"
    return f'did you mean "{meant}"? {listed}' if meant else listed
