import pytest

from mixeval.errors import ManifestError
from mixeval.manifest import FOLDER, read_manifest
from mixeval.study import read_study
from mixeval.versions import Version
from mixeval_webapp.stimulus_files import StimulusFiles, StimulusUnavailableError


@pytest.fixture
def version(study_folder):
    return Version(read_study(study_folder), read_manifest(study_folder))


def test_a_missing_file_is_refused_at_the_start_by_its_name(study_folder, version):
    victim = version.manifest.stimuli[2].file
    (study_folder / FOLDER / victim).unlink()
    with pytest.raises(ManifestError, match=victim):
        StimulusFiles(study_folder).verify(version)


def test_a_changed_file_is_refused_at_the_start_by_its_name(study_folder, version):
    victim = version.manifest.stimuli[2].file
    path = study_folder / FOLDER / victim
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(ManifestError, match=f"{victim}.*hash differs"):
        StimulusFiles(study_folder).verify(version)


def test_a_file_in_the_place_of_another_is_never_served(study_folder, version):
    files = StimulusFiles(study_folder)
    files.verify(version)
    first, second = version.manifest.of_item("shuffle")[:2]
    (study_folder / FOLDER / second.file).replace(study_folder / FOLDER / first.file)
    for condition in (first.condition, second.condition):
        with pytest.raises(StimulusUnavailableError):
            files.read(version, "shuffle", condition)


def test_all_files_of_a_page_have_the_announced_size(study_folder, version):
    files = StimulusFiles(study_folder)
    for item in ("shuffle", "reggae"):
        sizes = {len(files.read(version, item, s.condition)) for s in version.manifest.of_item(item)}
        assert sizes == {files.page_bytes(version, item)}
