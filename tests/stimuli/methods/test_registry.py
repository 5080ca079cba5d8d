import pytest

from mixeval.conditions import Condition
from mixeval.errors import StudyError
from mixeval_stimuli.methods.anchor import Anchor
from mixeval_stimuli.methods.registry import METHODS, make_method, make_methods


def condition(method, **options):
    return Condition(id="c1", method=method, options=options)


def test_options_left_out_are_the_methods_own():
    assert make_method(condition("anchor")) == Anchor(cutoff_hz=3500, filter="bs1534")


@pytest.mark.parametrize(
    ("given", "problem", "remedy"),
    [
        (condition("ancor"), 'method is "ancor", which mixeval does not know', 'did you mean "anchor"? the methods are'),
        (
            condition("magic"),
            'method is "magic"',
            "the methods are anchor, command, files, onnx, oracle, random_forest, reference, sum, wave_u_net",
        ),
        (condition("anchor", cutoff=3500), "options.cutoff is not a key", 'did you mean "cutoff_hz"?'),
        (condition("anchor", cutoff_hz=4000), "options.cutoff_hz is 4000", "write 3500 or 7000"),
        (condition("anchor", of=""), 'options.of is ""', "it should have at least 1 character"),
        (condition("reference"), "options.variant is missing", "add it"),
        (condition("reference", variant="damp"), 'options.variant is "damp"', "write 'dry' or 'wet'"),
        (condition("files", source=7), "options.source is 7", "it should be a string"),
        (condition("sum", gain=1), "options.gain is not a key", "it takes no options"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_with_its_place_value_and_remedy(given, problem, remedy):
    with pytest.raises(StudyError) as refusal:
        make_method(given, source="my-study/study.toml")

    assert refusal.value.problem.startswith('my-study/study.toml: condition "c1"')
    assert problem in refusal.value.problem
    assert remedy in refusal.value.remedy


def test_every_wrong_condition_is_told_at_once():
    with pytest.raises(StudyError) as refusal:
        make_methods([condition("ancor"), Condition(id="c2", method="files")])

    assert [line.split(":")[1] for line in str(refusal.value).splitlines()] == [
        ' condition "c1"',
        ' condition "c2", method "files"',
    ]


def test_every_method_has_a_version_for_the_cache():
    assert all(isinstance(method.version, str) for method in METHODS.values())
