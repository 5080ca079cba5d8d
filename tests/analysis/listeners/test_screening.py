"""Judges: ITU-R BS.1534-3 (4.1.2) and a panel that was screened by its authors; the slow obvious count; properties."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.cli import main
from mixeval.errors import AnalysisError
from mixeval.study import AnalysisSection
from mixeval_analysis.listeners.screening import RULES, near_the_top, screen
from mixeval_analysis.listeners.screening_tables import beside, screening_effect, screening_of
from mixeval_analysis.load import load
from mixeval_analysis.panel_profile import SCREENING
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.reporting.report_folder import results_of
from mixeval_analysis.results.paired import wilcoxon
from mixeval_analysis.selection import select


def of(rows, **details):
    """Make ratings from rows (participant, item, condition, rating)."""
    frame = pd.DataFrame(rows, columns=["participant", "item", "condition", "rating"])
    frame["rating"] = frame["rating"].astype("float64")
    labels = {name: name for name in dict.fromkeys(frame["condition"])}
    known = {"labels": labels, "title": "By hand", "source": "by hand", "scale": (0.0, 100.0)}
    return Ratings(rows=with_defaults(frame), **{**known, **details})


def with_reference(scores, **named):
    """Make a test in which participants gave the hidden reference these scores, an item each, and a mix 50."""
    rows = [
        row
        for person, given_scores in scores.items()
        for place, score in enumerate(given_scores)
        for row in [(person, f"i{place}", "ref", score), (person, f"i{place}", "mix", 50)]
    ]
    return of(rows, settings=AnalysisSection(reference="ref", **named))


def flagged(ratings, rule):
    return screen(ratings).flagged.get(rule)


def test_the_published_panel_is_screened_as_its_authors_screened_it(dev_data):
    file = str(dev_data / "ratings" / "stahl2024_codec.csv")
    (raw,) = select(load(file, AnalysisSection(reference="Reference"))).groups
    assert screening_of(raw).flagged["post_screening"] == ["P06", "P17"]
    values = screening_of(raw).found.set_index(["rule", "participant"])["value"]["post_screening"]
    assert {who: values[who] for who in ("P03", "P16", "P21")} == dict.fromkeys(("P03", "P16", "P21"), 0.125)


def test_leaving_out_gives_the_tables_of_the_file_that_the_authors_filtered(dev_data):
    folder = dev_data / "ratings"
    asked = AnalysisSection(reference="Reference", exclude=("post_screening",))
    (screened,) = select(load(str(folder / "stahl2024_codec.csv"), asked)).groups
    (filtered,) = select(load(str(folder / "stahl2024_codec_filtered.csv"))).groups
    ours, theirs = results_of(screened), results_of(filtered)
    assert list(ours) == list(theirs)
    for name, table in ours.items():
        pd.testing.assert_frame_equal(table.frame, theirs[name].frame)
    assert [entry.reason for entry in screened.left_out] == ["screened out by post_screening"]
    raw = select(load(str(folder / "stahl2024_codec.csv"))).groups[0]
    with_excluded = beside(screened)
    pd.testing.assert_frame_equal(
        results_of(with_excluded)["wilcoxon"].frame, results_of(raw)["wilcoxon"].frame
    )


def test_one_bad_page_of_six_is_above_fifteen_percent_and_one_of_seven_is_not():
    ratings = with_reference({"A": [100] * 5 + [89], "B": [100] * 6 + [89], "C": [90] * 6})
    assert flagged(ratings, "post_screening") == ["A"]


def test_the_share_is_of_the_items_that_the_assessor_heard_and_not_of_those_of_the_test():
    ratings = with_reference({"A": [100] * 12, "B": [80, 100]})
    found = screen(ratings).found.set_index("participant")
    assert found.loc["B", "value"].to_list()[0] == 0.5


def test_a_mid_anchor_that_a_quarter_of_the_panel_takes_for_good_says_nothing_on_that_item():
    def panel(*likes):
        rows = []
        for person in "ABCDE":
            for item in range(4):
                high = (person, item) in likes
                rows += [
                    (person, f"i{item}", "ref", 100),
                    (person, f"i{item}", "mid", 91 if high else 60),
                ]
        return of(rows, settings=AnalysisSection(reference="ref", mid_anchor="mid"))

    assert flagged(panel(("A", 0)), "post_screening_anchor") == ["A"]
    assert flagged(panel(("A", 0), ("B", 0)), "post_screening_anchor") == []


def test_ninety_of_a_hundred_lies_where_the_scale_has_it(ratings_of):
    assert near_the_top(ratings_of({"a": [1], "b": [2]}, scale=(1.0, 5.0))) == pytest.approx(4.6)
    assert near_the_top(ratings_of({"a": [0.1], "b": [0.9]})) == 0.9
    assert near_the_top(ratings_of({"a": [30], "b": [99]})) == 90
    assert near_the_top(ratings_of({"a": [-30], "b": [99]})) is None
    assert near_the_top(ratings_of({"a": [2], "b": [5]})) is None


def test_a_preference_test_has_no_post_screening_and_says_so(panel):
    preference = replace(panel, page="sliders", roles={"reference": "reference", "anchor": "anchor"})
    found = screen(preference)
    assert "post_screening" not in found.flagged
    assert any(text.startswith("post_screening does not apply") for text in found.undefined)


def test_the_low_anchor_is_checked_in_preference_tests_only():
    rows = []
    for person, anchor in {"A": [10] * 6, "B": [10] * 5 + [90], "C": [10] * 4 + [60, 90]}.items():
        for item, value in enumerate(anchor):
            rows += [(person, f"i{item}", "low", value)]
            rows += [(person, f"i{item}", name, score) for name, score in {"x": 50, "y": 60, "z": 70}.items()]
    named = of(rows, settings=AnalysisSection(low_anchor="low"))
    assert flagged(named, "low_anchor") == ["C"]
    assert flagged(of(rows, roles={"low": "anchor"}), "low_anchor") == ["C"]
    with_open_reference = of(rows, settings=AnalysisSection(low_anchor="low", reference="x"))
    assert flagged(with_open_reference, "low_anchor") is None


def test_who_rates_everything_alike_is_flagged():
    rows = [("A", f"i{item}", name, 50) for item in range(4) for name in "xy"]
    rows += [("B", f"i{item}", name, 50 + (name == "x") * (item > 0)) for item in range(4) for name in "xy"]
    assert flagged(of(rows), "all_equal") == ["A"]


def test_answers_about_mixes_that_were_never_played_are_flagged():
    ratings = of([("A", "i", "x", 1), ("A", "i", "y", 2), ("B", "i", "x", 1), ("B", "i", "y", 2)])
    played = replace(ratings, rows=ratings.rows.assign(played=[True, False, True, True]))
    assert flagged(played, "unplayed") == ["A"]


def test_whom_a_named_rule_flags_is_left_out_and_counted_as_that(tmp_path):
    file = tmp_path / "panel.csv"
    rows = ["participant,item,condition,rating"]
    for person, score in {"A": 100, "B": 100, "C": 70}.items():
        rows += [f"{person},i,ref,{score}", f"{person},i,mix,{score - 50}"]
    file.write_text("\n".join(rows))
    asked = AnalysisSection(reference="ref", exclude=("post_screening",))
    (group,) = select(load(str(file), asked)).groups
    assert sorted(set(group.rows["participant"])) == ["A", "B"]
    assert [(entry.answers, entry.participants) for entry in group.left_out] == [(2, 1)]
    means, pairs = screening_effect(group)
    assert means.frame[["n_with", "n_without"]].to_numpy().tolist() == [[3, 2], [3, 2]]
    assert means.frame["mean_with"].to_list() == [90.0, 40.0]
    assert pairs.frame["mean_diff_without"].to_list() == [50.0]


def test_a_rule_that_leaves_nobody_is_refused(tmp_path):
    file = tmp_path / "panel.csv"
    file.write_text("participant,item,condition,rating\nA,i,ref,60\nA,i,mix,50\n")
    with pytest.raises(AnalysisError, match="leaves nobody"):
        select(load(str(file), AnalysisSection(reference="ref", exclude=("post_screening",))))


def test_an_unknown_rule_is_refused_with_those_that_there_are(tmp_path):
    file = tmp_path / "panel.csv"
    file.write_text("participant,item,condition,rating\nA,i,ref,60\nA,i,mix,50\n")
    with pytest.raises(AnalysisError, match="no rule of screening") as caught:
        load(str(file), AnalysisSection(exclude=("postscreening",)))
    assert all(name in caught.value.remedy for name in RULES)


def test_a_rule_that_does_not_apply_leaves_out_nobody_and_says_so(panel):
    asked = replace(panel, settings=AnalysisSection(exclude=("post_screening",)))
    found = screen(asked)
    assert not found.left_out
    assert any(text.startswith("exclude names post_screening") for text in found.undefined)


def test_both_sets_of_tables_are_written_and_report_json_says_which_is_which(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = ["participant,item,condition,rating"]
    for person in range(8):
        for item in range(3):
            rows += [f"P{person},i{item},ref,{100 if person else 60}", f"P{person},i{item},mix,{30 + person}"]
    (tmp_path / "panel.csv").write_text("\n".join(rows))
    reported = CliRunner().invoke(main, ["analyze", "panel.csv", "--reference", "ref"])
    assert reported.exit_code == 0, reported.output
    assert "post_screening flags P0, counted all the same" in reported.output
    report = tmp_path / "panel-report"
    facts = json.loads((report / "report.json").read_text())["screening"]
    assert facts["main_tables"] == "everybody whose answers count"
    assert facts["other_tables"] == "tables/without_flagged"
    assert {rule["name"]: rule["flagged"] for rule in facts["rules"]}["post_screening"] == ["P0"]
    assert _n(report / "tables" / "summary.csv") == {24}
    assert _n(report / "tables" / "without_flagged" / "summary.csv") == {21}
    excluded = ["analyze", "panel.csv", "--reference", "ref", "--exclude", "post_screening"]
    reported = CliRunner().invoke(main, excluded)
    assert reported.exit_code == 0, reported.output
    assert "post_screening flags P0, left out" in reported.output
    assert _n(report / "tables" / "summary.csv") == {21}
    assert _n(report / "tables" / "with_excluded" / "summary.csv") == {24}
    assert not (report / "tables" / "without_flagged").exists()
    facts = json.loads((report / "report.json").read_text())["screening"]
    assert facts["left_out"] == {"P0": ["post_screening"]}
    listed = pd.read_csv(report / "tables" / "screening.csv")
    assert listed.loc[listed["excluded"] == "yes", ["participant", "rule"]].to_numpy().tolist() == [
        ["P0", "post_screening"]
    ]


def test_a_verdict_that_hangs_on_the_flagged_is_named():
    rows = []
    for person in range(7):
        contrary = person == 6
        rows += [(f"P{person}", "i", "ref", 60 if contrary else 100)]
        rows += [(f"P{person}", "i", "a", 20 if contrary else 60 + person), (f"P{person}", "i", "b", 50)]
    ratings = of(rows, settings=AnalysisSection(reference="ref"))
    _, pairs = screening_effect(ratings)
    verdicts = dict(
        zip(zip(pairs.frame["a"], pairs.frame["b"], strict=True), pairs.frame["verdict"], strict=True)
    )
    # With six of six alike the exact p is 1/32 before Holm's correction.
    assert float(pairs.frame.set_index(["a", "b"]).loc[("a", "b"), "p_exact_holm_without"]) == pytest.approx(
        3 / 32
    )
    assert verdicts[("ref", "b")] == "found only with all"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_post_screening_is_the_obvious_count_whatever_the_order_and_the_scale(data):
    people = data.draw(st.integers(1, 5))
    rows = []
    for person in range(people):
        for item in range(data.draw(st.integers(1, 8))):
            rows.append((f"P{person}", f"i{item}", "ref", data.draw(st.integers(80, 100))))
            rows.append((f"P{person}", f"i{item}", "mix", 50))
    ratings = of(rows, settings=AnalysisSection(reference="ref"))
    slow = []
    for person in range(people):
        own = [score for name, _, condition, score in rows if name == f"P{person}" and condition == "ref"]
        if sum(score < 90 for score in own) > 0.15 * len(own):
            slow.append(f"P{person}")
    assert flagged(ratings, "post_screening") == slow
    shuffled = replace(ratings, rows=ratings.rows.sample(frac=1, random_state=data.draw(st.integers(0, 9))))
    assert flagged(shuffled, "post_screening") == slow


def test_the_tests_with_and_without_are_those_of_both_sets_of_tables(listened):
    screened = replace(listened, screening=screen(listened))
    _, pairs = screening_effect(screened)
    for suffix, answers in (("with", screened), ("without", beside(screened))):
        expected = wilcoxon(answers).frame
        assert pairs.frame[f"mean_diff_{suffix}"].to_list() == expected["mean_diff"].to_list()
        assert pairs.frame[f"p_exact_holm_{suffix}"].to_list() == expected["p_exact_holm"].to_list()


def test_screening_finds_no_nan_that_flags(panel):
    found = screen(panel).found
    assert not (found["flagged"] & (found["value"].isna() | found["threshold"].isna())).any()
    assert found["flagged"].dtype == np.bool_


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([0.25, 0.5, 2.0, 4.0]), st.integers(0, 9))
def test_rules_of_order_do_not_depend_on_the_unit_of_the_scale_nor_on_the_order_of_rows(factor, seed):
    random = np.random.default_rng(seed)
    rows = [
        (f"P{person}", f"i{item}", name, float(random.integers(0, 30)))
        for person in range(4)
        for item in range(4)
        for name in ("low", "x", "y")
    ]
    ratings = of(rows, settings=AnalysisSection(low_anchor="low"))
    moved = ratings.rows.assign(rating=ratings.rows["rating"] * factor).sample(frac=1, random_state=seed)
    assert screen(replace(ratings, rows=moved)).flagged == screen(ratings).flagged


@pytest.mark.parametrize(
    ("participants", "items", "conditions", "scale"),
    [(1, 1, 2, 100), (1, 3, 2, 100), (3, 1, 2, 1), (2, 2, 40, 100), (6, 4, 3, 5), (4, 6, 2, 0)],
)
def test_every_shape_of_panel_has_its_tables_and_none_holds_nan(participants, items, conditions, scale):
    random = np.random.default_rng(participants)
    rows = [
        (f"人{person}", f"曲{item}", f"ミックス{mix}", float(random.integers(0, 11)) / 10 * scale)
        for person in range(participants)
        for item in range(items)
        for mix in range(conditions)
        if participants == 1 or (person + item + mix) % 7  # incomplete
    ]
    again = of(rows[: len(rows) // 2])
    ratings = of(rows, scale=None, settings=AnalysisSection(reference="ミックス0", mid_anchor="ミックス1"))
    ratings = replace(ratings, repeats=again.rows)
    for answers in (ratings, replace(ratings, settings=AnalysisSection(low_anchor="ミックス1"))):
        for table in SCREENING.make(replace(answers, screening=screen(answers))):
            for column in table.frame if table is not None else ():
                for cell in table.frame[column]:
                    assert cell is None or isinstance(cell, str) or float(cell) == float(cell), (
                        table.name,
                        column,
                    )


def _n(path):
    return set(pd.read_csv(path)["n"])
