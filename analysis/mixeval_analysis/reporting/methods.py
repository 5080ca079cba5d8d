"""The methods section of an article, written from the run itself: what was done is what is said."""

import platform
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from string import Formatter

from mixeval import __version__
from mixeval.tables import SIMULATED
from mixeval_analysis.answers import Answers, count_of
from mixeval_analysis.profile import Analysis
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.reporting.citations import CITATIONS, Citation, cited


@dataclass(frozen=True)
class Methods:
    """Paragraphs, and the publications that they cite."""

    paragraphs: tuple[str, ...]
    citations: tuple[Citation, ...]


def methods(analysis: Analysis) -> Methods:
    """Describe the design and, for each table that was made, how it was made."""
    tests = [_TABLES[name](analysis) for name in analysis.tables if name in _TABLES]
    paragraphs = [" ".join(_design(analysis.answers)), " ".join([*tests, _software()])]
    keys = [key for paragraph in paragraphs for _, key, _, _ in Formatter().parse(paragraph) if key]
    shorts = {key: CITATIONS[key].short for key in keys}
    return Methods(tuple(paragraph.format(**shorts) for paragraph in paragraphs), tuple(cited(keys)))


def methods_text(analysis: Analysis) -> str:
    """Return what methods.txt holds: the paragraphs, then the references."""
    found = methods(analysis)
    references = [f"{entry.full}{f' {entry.url}' if entry.url else ''}" for entry in found.citations]
    blocks = [_filled(text) for text in found.paragraphs]
    if references:
        blocks += ["References", *(_filled(reference) for reference in references)]
    return "\n\n".join(blocks) + "\n"


def _filled(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def _design(answers: Answers) -> list[str]:
    who = f"{SIMULATED} listeners, made by a program: " if answers.simulated else ""
    labels = _plain(", ".join(answers.labels.values()))
    conditions = f"{count_of(len(answers.labels), 'condition')} ({labels})"
    heard = f"{count_of(answers.participants, 'participant')} heard {count_of(answers.items, 'item')}"
    said = [f"{who}{heard} in {conditions} and gave {answers.count_in_words()}."]
    if answers.page in _PAGES:
        said.append(f"Answers were given on {_PAGES[answers.page]}.")
    if answers.question:
        said.append(f'The question was "{_plain(answers.question)}"')
    if isinstance(answers, Ratings) and answers.scale is not None:
        said.append(f"The scale ran from {answers.scale[0]:g} to {answers.scale[1]:g}.")
    targets = {entry.target_lufs for entry in answers.versions}
    if len(targets) == 1 and (target := targets.pop()) is not None:
        said.append(
            f"All stimuli were brought to the same integrated loudness, {_plain(f'{target:g}')} LUFS."
        )
    said.extend(
        f"Left out: {count_of(entry.answers, answers.NOUN)} ({_plain(entry.reason)})."
        for entry in answers.left_out
    )
    return said


_PAGES: Mapping[str, str] = {
    "single_axis": "one page per item, on which all mixes are placed on a single axis",
    "sliders": "one page per item with a slider for each mix",
    "ab": "pages with two mixes each, of which one was to be chosen",
    "abx": "ABX pages: which of two mixes is X",
    "acr": "pages with one mix each, on five categories",
    "ranking": "one page per item, on which all mixes were ranked",
    "bs1116": "pages with a known and a hidden reference ({bs1116})",
}


def _summary(analysis: Analysis) -> str:
    return (
        "Means are given with 95 % percentile bootstrap intervals over participants, who were drawn with all their "
        f"{analysis.answers.NOUN}s{_replicates(analysis)}."
    )


def _friedman(_: Analysis) -> str:
    return (
        "Whether conditions differ was tested on the means of participants over items, each participant being one "
        "block, by Friedman's test corrected for ties ({friedman}), with the F approximation ({iman_davenport}); its "
        "effect size is Kendall's W ({kendall})."
    )


def _wilcoxon(analysis: Analysis) -> str:
    return (
        "Pairs of conditions were compared by two-sided Wilcoxon signed-rank tests ({wilcoxon}) of participants' "
        "means, exact with midranks for ties and zero differences dropped, with Holm's correction ({holm}) over all "
        f"{count_of(len(analysis.tables['wilcoxon'].frame), 'pair')}. Mean differences have 95 % percentile "
        f"bootstrap intervals over participants{_replicates(analysis)}, Hodges-Lehmann differences "
        "({hodges_lehmann}) those of the exact test."
    )


def _equivalence(analysis: Analysis) -> str:
    margin = analysis.answers.settings.margin
    stated = "" if margin is None else f" of {margin:g}"
    return (
        f"Equivalence within a margin{stated} points was tested on participants' means by two one-sided t-tests "
        "({schuirmann}; {lakens}); p is given as it is for a pair named beforehand, and with Holm's correction ({holm}) for all pairs."
    )


def _shapiro_wilk(_: Analysis) -> str:
    return (
        "To compare with published results ({paper}), single ratings of each condition, pooled over participants and items, were tested for "
        "normality ({shapiro_wilk}, in Royston's approximation, {royston})."
    )


def _brown_forsythe(_: Analysis) -> str:
    return "Equality of variances was tested after {brown_forsythe}."


def _kruskal_wallis(_: Analysis) -> str:
    return (
        "To compare with published results ({paper}), conditions were also tested by the Kruskal-Wallis test "
        "({kruskal_wallis}) of single ratings, which takes all ratings as independent although the same people rated every condition."
    )


def _mann_whitney(analysis: Analysis) -> str:
    return (
        "Pairs of single ratings were compared by two-sided Mann-Whitney tests ({mann_whitney}), asymptotic with "
        "corrections for ties and continuity, with Bonferroni's correction over all m = "
        f"{len(analysis.tables['mann_whitney'].frame)} pairs; effect sizes are Cliff's delta ({{cliff}}) and A "
        "({vargha_delaney})."
    )


def _screening(analysis: Analysis) -> str:
    rules = analysis.tables["screening_rules"].frame
    names = ", ".join(str(name) for name in rules["rule"])
    standard = (
        " (those of post-screening after {bs1534})"
        if any(rules["rule"].str.startswith("post_screening"))
        else ""
    )
    found = analysis.answers.screening
    left_out = 0 if found is None else len(found.left_out)
    who = (
        f"{count_of(left_out, 'participant')} who met a rule were left out"
        if left_out
        else "nobody was left out by them"
    )
    return f"Participants were screened by the rules {names}{standard}; {who}."


def _said_by(name: str) -> Callable[[Analysis], str]:
    """Describe a table by its own words."""

    def say(analysis: Analysis) -> str:
        table = analysis.tables[name]
        return _plain(f"{table.title}: {table.method} {table.level}".strip())

    return say


def _sdg(analysis: Analysis) -> str:
    return f"Difference grades are those of {{bs1116}}. {_said_by('sdg')(analysis)}"


_TABLES: Mapping[str, Callable[[Analysis], str]] = {
    "summary": _summary,
    "friedman": _friedman,
    "wilcoxon": _wilcoxon,
    "equivalence": _equivalence,
    "kruskal_wallis": _kruskal_wallis,
    "shapiro_wilk": _shapiro_wilk,
    "brown_forsythe": _brown_forsythe,
    "mann_whitney": _mann_whitney,
    "screening_rules": _screening,
    "sdg": _sdg,
    **{
        name: _said_by(name)
        for name in (
            "contrasts",
            "factor_effects",
            "generalise",
            "generalise_pairs",
            "group_tests",
            "agreement",
            "binomial",
            "bradley_terry",
            "d_prime",
            "mos",
            "mean_ranks",
        )
    },
}
"""What each table's method is, in the order of the tables; other tables speak for themselves."""


def _replicates(analysis: Analysis) -> str:
    if not analysis.profile.replicates:
        return ""
    return f" (B = {analysis.profile.replicates}, seed {analysis.answers.seed})"


def _software() -> str:
    names = ("numpy", "scipy", "pandas")
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Computed with mixeval {__version__}, Python {platform.python_version()}, {libraries}."


def _plain(text: str) -> str:
    """Keep braces of users' own words from being read as places for citations."""
    return text.replace("{", "{{").replace("}", "}}")
