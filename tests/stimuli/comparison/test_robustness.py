"""Judges: properties of a plain sum, which no common gain and no swap can change, and sums made by hand."""

import numpy as np
import pytest
import soundfile

from mixeval.audio import Audio
from mixeval.errors import DatasetError, StudyError
from mixeval_stimuli.comparison.perturbation import ALL, Perturbation
from mixeval_stimuli.comparison.rendered import open_rendered
from mixeval_stimuli.comparison.robustness import (
    plan_robustness,
    run_trials,
)
from mixeval_stimuli.comparison.robustness_plot import MEASURES, mean_values, robustness_plot
from mixeval_stimuli.comparison.robustness_table import robustness_table
from mixeval_stimuli.distance import sdr_db
from mixeval_stimuli.executors import local_executor
from mixeval_stimuli.loudness import integrated_loudness, with_gain


def run(rendered, *conditions, gains_db=(-6.0, 6.0), **options):
    plan = plan_robustness(rendered, ["take 1"], conditions, gains_db=gains_db, **options)
    with local_executor(1) as executor:
        return run_trials(plan.trials, executor)


def rewrite(rendered, change):
    path = rendered.folder / "study.toml"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return open_rendered(rendered.folder)


@pytest.fixture(scope="module")
def of_sum(untouched):
    return {outcome.perturbation: outcome for outcome in run(untouched, "sum")}


def test_stems_as_they_are_give_the_mix_that_was_rendered(multitrack, of_sum):
    rendered = sdr_db(multitrack.audio("take 1", "sum"), multitrack.audio("take 1", "human"))
    assert of_sum[Perturbation("none")].distance.sdr_db == pytest.approx(rendered, abs=0.01)


def test_a_common_gain_and_a_swap_change_nothing_of_a_sum(of_sum):
    untouched = of_sum[Perturbation("none")].distance
    for perturbation, outcome in of_sum.items():
        if perturbation.stem == ALL or perturbation.change == "swap":
            assert outcome.distance.sdr_db == pytest.approx(untouched.sdr_db, abs=1e-3)
            assert outcome.distance.mrstft == pytest.approx(untouched.mrstft, abs=1e-4)
    raised = of_sum[Perturbation("gain", ALL, gain_db=6.0)]
    loudness = of_sum[Perturbation("none")].loudness_before_lufs
    assert raised.loudness_before_lufs == pytest.approx(loudness + 6.0, abs=0.01)


def test_more_of_what_the_engineer_raised_is_nearer(of_sum):
    # The reference has its kick 2.3 dB louder than the sum.
    sdr = {p: outcome.distance.sdr_db for p, outcome in of_sum.items()}
    assert sdr[Perturbation("gain", "kick", gain_db=6.0)] < sdr[Perturbation("none")]
    assert sdr[Perturbation("gain", "kick", gain_db=-6.0)] < sdr[Perturbation("none")]
    assert sdr[Perturbation("missing", "kick")] < sdr[Perturbation("gain", "kick", gain_db=-6.0)]


def test_a_raised_stem_is_measured_like_a_sum_made_by_hand(multitrack, of_sum):
    take = multitrack.folder / "takes" / "take 1"
    stems = {path.stem: soundfile.read(path)[0] for path in take.glob("*.wav") if path.stem != "dry"}
    by_hand = sum(samples * (10**0.3 if name == "snare" else 1.0) for name, samples in stems.items())
    mix = Audio(np.stack([by_hand, by_hand]).astype(np.float32), 44_100)
    mix = with_gain(mix, -28.0 - integrated_loudness(mix))
    expected = sdr_db(mix, multitrack.audio("take 1", "human"))
    assert of_sum[Perturbation("gain", "snare", gain_db=6.0)].distance.sdr_db == pytest.approx(
        expected, abs=0.01
    )


def test_a_method_that_refuses_a_missing_stem_is_an_outcome_with_its_reason(multitrack):
    outcomes = run(multitrack, "overheads")
    problems = {o.perturbation: o.problem for o in outcomes if o.problem}
    assert list(problems) == [Perturbation("missing", "overhead_L"), Perturbation("missing", "overhead_R")]
    assert 'has no stem "overhead_L"' in problems[Perturbation("missing", "overhead_L")]
    table = robustness_table(outcomes, multitrack.labels)
    assert len(table.frame) == len(outcomes)
    assert table.notes[0].startswith('take 1, overheads, overhead_L missing: recording "take 1" has no stem')
    assert table.frame["l1"].isna().sum() == 2
    assert robustness_plot(outcomes, multitrack.labels, MEASURES[0])[0]["svg"]


def test_only_the_stems_that_a_method_takes_are_changed(multitrack):
    outcomes = run(multitrack, "overheads")
    assert {o.perturbation.stem for o in outcomes} == {"", "overhead_L", "overhead_R", ALL}


def test_a_stem_that_cannot_be_read_at_all_is_an_error(multitrack):
    (multitrack.folder / "takes" / "take 1" / "kick.wav").write_bytes(b"")
    with pytest.raises(Exception, match=r"take 1, sum: .*kick\.wav holds no audio"):
        run(multitrack, "sum")


def test_two_workers_find_the_same(multitrack):
    plan = plan_robustness(multitrack, ["take 1"], ["sum"], gains_db=(6.0,))
    with local_executor(2) as executor:
        outcomes = run_trials(plan.trials, executor)
    assert outcomes == run(multitrack, "sum", gains_db=(6.0,))


def test_systems_that_mix_stems_are_tried_by_default(multitrack):
    plan = plan_robustness(multitrack, ["take 1"], [], gains_db=())
    assert plan.conditions == ("sum", "overheads")
    assert len(plan_robustness(multitrack, ["take 1"], ["sum"], gains_db=()).trials) == 1 + 4 + 2
    assert (
        len(plan_robustness(multitrack, ["take 1"], ["sum"], gains_db=(), all_swaps=True).trials) == 1 + 4 + 6
    )


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("anchor", 'condition "anchor" takes no stems'),
        ("human", 'condition "human" is compared to nothing'),
        ("nobody", 'the study has no condition "nobody"'),
    ],
)
def test_a_condition_that_cannot_be_tried_is_refused_by_name(multitrack, condition, words):
    with pytest.raises(StudyError, match=words):
        plan_robustness(multitrack, ["take 1"], [condition], gains_db=())


def test_what_is_compared_to_nothing_is_left_out_with_a_remark(multitrack):
    changed = rewrite(multitrack, lambda text: text.replace('role = "reference"', 'role = "anchor"'))
    with pytest.raises(StudyError, match=r'no condition to try \(Condition "sum" is compared to nothing'):
        plan_robustness(changed, ["take 1"], [], gains_db=())
    changed = rewrite(changed, lambda text: text.replace('id = "sum"', 'id = "sum"\ncompare_to = "human"'))
    plan = plan_robustness(changed, ["take 1"], [], gains_db=())
    assert plan.conditions == ("sum",)
    assert plan.remarks == ('Condition "overheads" is compared to nothing, it is left out',)


def test_a_command_is_tried_only_by_those_who_trust_it(multitrack):
    def to_command(text):
        return text.replace(
            'method = "sum"', 'method = "command"\noptions = { run = "mixer {stems} {output}" }'
        )

    changed = rewrite(multitrack, to_command)
    with pytest.raises(StudyError, match=r"runs the command line .*run the command with --trust"):
        plan_robustness(changed, ["take 1"], ["sum"], gains_db=())
    assert plan_robustness(changed, ["take 1"], [], gains_db=()).conditions == ("overheads",)
    trusting = plan_robustness(changed, ["take 1"], ["sum"], gains_db=(), trusted=True)
    assert trusting.conditions == ("sum",)


def test_finished_mixes_have_no_stems_to_change(finished):
    with pytest.raises(StudyError, match="the study's mixes were rendered elsewhere, there are no stems"):
        plan_robustness(finished, ["loop 1"], [], gains_db=())


def test_a_data_set_that_is_gone_is_told(multitrack):
    import shutil

    shutil.rmtree(multitrack.folder / "takes")
    with pytest.raises(DatasetError, match="takes is missing"):
        plan_robustness(multitrack, ["take 1"], ["sum"], gains_db=())


def test_the_plot_has_a_line_for_each_stem_and_a_bar_for_each_other_change(multitrack, of_sum):
    outcomes = list(of_sum.values())
    for measure in MEASURES:
        (files,) = robustness_plot(outcomes, multitrack.labels, measure)
        svg = files["svg"].decode()
        for text in (
            "Plain Sum",
            "kick",
            "all stems",
            "no snare",
            "overhead_L \N{LEFT RIGHT ARROW} overhead_R",
        ):
            assert f">{text}<" in svg, text
        assert measure.axis in svg
    means = mean_values(outcomes + outcomes, "l1")["sum"]
    assert means == pytest.approx({p: outcome.distance.l1 for p, outcome in of_sum.items()})
