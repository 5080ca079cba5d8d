import pytest

from mixeval.errors import ModelError
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture
from mixeval_stimuli.training.options import Options, read_options


def test_left_alone_they_are_the_authors():
    options = Options(variant="wet")
    assert options.architecture == Architecture()
    assert (options.output_frames, options.target_level, options.input_lufs) == (88_200, "peak", None)
    assert (options.initialisation, options.precision) == ("glorot", "fp32")
    assert (options.halve_every, options.warm_up) == (None, 0)
    assert (options.gain_range_db, options.stem_dropout, options.stft_weight) == (0.0, 0.0, 0.0)


def test_a_file_gives_options_and_the_command_line_goes_before_it(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(
        'variant = "wet"\nlearning_rates = [1e-3, 1e-4]\nbatch_size = 4\n[architecture]\nlevels = 3\n',
        encoding="utf-8",
    )
    options = read_options(path, {"batch_size": 8})
    assert (options.variant, options.batch_size, options.learning_rates) == ("wet", 8, (1e-3, 1e-4))
    assert options.architecture == Architecture(levels=3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("variant = 'dry'\npatiense = 3", "patiense is not a key that mixeval knows; did you mean patience."),
        ("variant = 'damp'", "variant is \"damp\"; write 'dry' or 'wet'."),
        ("", "variant is missing; add it."),
        ("variant = 'dry'\nbatch_size = '4'", 'batch_size is "4"; it should be an integer.'),
        ("variant = 'dry'\nstem_dropout = 1.0", "stem_dropout is 1.0; it should be less than 1."),
        ("variant = 'dry'\nlearning_rates = []", "learning_rates has 0 entries; give at least 1."),
        ("variant = 'dry'\nlearning_rates = [0.0]", "learning rates must be above 0; correct it."),
        ("variant = 'dry'\n[architecture]\nup_kernel = 4", "kernels must have odd lengths; correct it."),
        ("variant = 'dry'\n[architecture]\nlevel = 4", "did you mean levels."),
        ("variant = nan", "holds nan or inf; write finite numbers."),
        ("variant", "is not TOML"),
    ],
)
def test_what_cannot_be_is_refused_by_file_and_name(tmp_path, text, message):
    path = tmp_path / "options.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError) as error:
        read_options(path, {})
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"none.toml cannot be read"):
        read_options(tmp_path / "none.toml", {})


def test_only_options_that_end_a_run_leave_its_trajectory_alone():
    options = Options(variant="dry")
    longer = Options(variant="dry", max_steps=7, max_minutes=3.0)
    assert options.trajectory() == longer.trajectory()
    assert set(Options.model_fields) - set(options.trajectory()) == {"max_steps", "max_minutes"}
