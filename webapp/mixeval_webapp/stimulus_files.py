"""The rendered files of a study, checked by hash whenever they are read, and blinded before they leave."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mixeval.errors import AudioError, ManifestError, MixevalError
from mixeval.manifest import FOLDER, Stimulus
from mixeval.versions import Version
from mixeval_webapp import flac


class StimulusUnavailableError(MixevalError):
    """A file that a participant is to hear is missing or has changed; nothing is played in its place."""


@dataclass(frozen=True)
class Stamp:
    """What changes when a file is written to or put in the place of another."""

    bytes: int
    modified_ns: int
    changed_ns: int
    inode: int


def stamp_of(path: Path) -> Stamp | None:
    """Return the stamp of a file, or nothing where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


class StimulusFiles:
    """The files in STUDY/stimuli. Their content-derived names keep old versions beside new ones."""

    def __init__(self, study_folder: Path) -> None:
        self.folder = study_folder / FOLDER
        self._page_sizes: dict[tuple[str, ...], int] = {}
        self._checked: dict[tuple[str, str], _Checked] = {}

    def verify(self, version: Version) -> None:
        """Check every file of `version` against its hash, and that the mixes of a page can be told apart by ear only.

        Raises ManifestError naming the file that is missing, changed, or of another format than its neighbours.
        """
        for item in version.manifest.items:
            stimuli = version.manifest.of_item(item.item)
            try:
                files = [self._read(stimulus) for stimulus in stimuli]
            except StimulusUnavailableError as error:
                raise ManifestError(error.problem, remedy=error.remedy) from error
            for stimulus, file in zip(stimuli, files, strict=True):
                if file.format != files[0].format:
                    raise ManifestError(
                        f"{self.folder / stimulus.file} and {self.folder / stimuli[0].file} differ in "
                        f"length, rate or bit depth, which would give one mix away",
                        remedy="render the study again with `mixeval render`",
                    )
            self._page_sizes[_page_key(stimuli)] = flac.blinded_size(files)

    def page_bytes(self, version: Version, item: str) -> int:
        """Return the size in bytes of each file on the page of `item`.

        Raises StimulusUnavailableError when one of them is missing or has changed: then the page waits as a
        whole, for mixes are judged against each other.
        """
        stimuli = version.manifest.of_item(item)
        key = _page_key(stimuli)
        if key not in self._page_sizes:
            self._page_sizes[key] = flac.blinded_size([self._read(stimulus) for stimulus in stimuli])
        self._check_again(stimuli)
        return self._page_sizes[key]

    def problems(self) -> list[str]:
        """Say which files that were read before are missing or have changed since; cheap while none has."""
        found = []
        for checked in tuple(self._checked.values()):
            try:
                self._check_again([checked.stimulus])
            except StimulusUnavailableError as error:
                found.append(error.problem)
        return found

    def read(self, version: Version, item: str, condition: str) -> bytes:
        """Return the blinded FLAC file of one mix.

        Raises StimulusUnavailableError when it is missing or has changed.
        """
        return flac.blind(self._read(_stimulus(version, item, condition)), self.page_bytes(version, item))

    def blinded_name(self, version: Version, item: str, condition: str) -> str:
        """Name the blinded file of one mix by what it is made from, for a cache of them.

        Raises StimulusUnavailableError when a file of the page is missing or has changed.
        """
        made_from = f"{_stimulus(version, item, condition).sha256} {self.page_bytes(version, item)}"
        return f"{hashlib.sha256(made_from.encode()).hexdigest()[:32]}.flac"

    def _check_again(self, stimuli: Iterable[Stimulus]) -> None:
        """Read those files again whose size or time of change is another than when their hash was right."""
        for stimulus in stimuli:
            checked = self._checked.get((stimulus.file, stimulus.sha256))
            stamp = None if checked is None else checked.stamp
            if stamp is None or stamp != stamp_of(self.folder / stimulus.file):
                self._read(stimulus)

    def _read(self, stimulus: Stimulus) -> flac.Flac:
        # The hash is checked at each reading: a listener must never rate what the manifest does not name.
        path = self.folder / stimulus.file
        self._checked[stimulus.file, stimulus.sha256] = _Checked(stimulus, None)
        try:
            stamp, data = stamp_of(path), path.read_bytes()
        except OSError as error:
            raise StimulusUnavailableError(
                f"{path} cannot be read ({error.strerror})",
                remedy="render the study again with `mixeval render`",
            ) from error
        if hashlib.sha256(data).hexdigest() != stimulus.sha256:
            raise StimulusUnavailableError(
                f"{path} is not the file that the manifest names, its hash differs",
                remedy="delete it and render the study again with `mixeval render`",
            )
        self._checked[stimulus.file, stimulus.sha256] = _Checked(stimulus, stamp)
        try:
            return flac.parse(data)
        except AudioError as error:
            raise StimulusUnavailableError(f"{path}: {error.problem}", remedy=error.remedy) from error


@dataclass(frozen=True)
class _Checked:
    """A file that was read, with its stamp where its hash was right."""

    stimulus: Stimulus
    stamp: Stamp | None


def _stimulus(version: Version, item: str, condition: str) -> Stimulus:
    for stimulus in version.manifest.of_item(item):
        if stimulus.condition == condition:
            return stimulus
    raise StimulusUnavailableError(
        f'the manifest has no "{condition}" of "{item}"',
        remedy="render the study again with `mixeval render`",
    )


def _page_key(stimuli: tuple[Stimulus, ...]) -> tuple[str, ...]:
    return tuple(stimulus.sha256 for stimulus in stimuli)
