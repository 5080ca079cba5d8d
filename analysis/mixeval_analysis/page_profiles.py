"""Which analysis belongs to which type of page: a new one is a profile and a line in PROFILES."""

from collections.abc import Mapping

from mixeval_analysis.answers import Answers
from mixeval_analysis.inference.bootstrap import REPLICATES
from mixeval_analysis.panel_profile import CHECKS, HOW, WHO
from mixeval_analysis.profile import Analysis, Chapter, Figure, Profile, each, made
from mixeval_analysis.results.bradley_terry import REPLICATES as BRADLEY_TERRY_REPLICATES
from mixeval_analysis.results.bradley_terry import bradley_terry
from mixeval_analysis.results.describe import summary
from mixeval_analysis.results.difference_grades import sdg
from mixeval_analysis.results.discrimination import d_prime, listeners
from mixeval_analysis.results.forced_choice import binomial, choices
from mixeval_analysis.results.opinion_scores import mos
from mixeval_analysis.results.rankings import mean_ranks
from mixeval_analysis.scale_profile import (
    AGREEMENT,
    ASKED,
    EQUIVALENCE,
    FACTORS,
    GROUPS,
    ITEMS_AND_PARTICIPANTS,
    OTHERS,
    PLAN,
    SAME_PEOPLE,
    SCALE,
)


def analyze_answers(answers: Answers) -> Analysis:
    """Make the tables that fit the type of page which asked; answers of an unknown one are ratings on a scale."""
    return made(answers, PROFILES[answers.page])


PREFERENCE = Profile(
    label="choices between two: exact binomial tests of trials, and tests of participants",
    about="choices between two (AB)",
    chapters=(
        Chapter(
            title="Result",
            make=each(binomial),
            figures=(
                Figure(
                    "choices",
                    "Which of two is preferred",
                    "Share of choices, {shape}: right of the middle, the mix named on the right was chosen more "
                    "often. Bars are 95 % intervals (Clopper and Pearson) as if trials were independent, small dots "
                    "participants.",
                ),
            ),
        ),
        Chapter(title="Over all pairs", make=each(choices, bradley_terry)),
        WHO,
        CHECKS,
    ),
    printed=("binomial", "choices"),
    correction="holm",
    level="single trials, and participants",
    replicates=BRADLEY_TERRY_REPLICATES,
)

DISCRIMINATION = Profile(
    label="ABX: exact binomial tests against guessing, and d'",
    about="which of two X is (ABX)",
    chapters=(
        Chapter(
            title="Result",
            make=each(d_prime),
            figures=(
                Figure(
                    "right_answers",
                    "Is the difference heard",
                    "Share of right answers, {shape}; the middle is guessing. Bars are 95 % intervals (Clopper and "
                    "Pearson) as if trials were independent, small dots participants.",
                ),
            ),
        ),
        Chapter(title="Participants", make=each(listeners)),
        WHO,
        CHECKS,
    ),
    printed=("d_prime",),
    correction="holm",
    level="single trials, and participants",
    replicates=0,
)

RANKING = Profile(
    label="rankings: Friedman and exact Wilcoxon tests of participants",
    about="rankings",
    chapters=(
        Chapter(
            title="Result",
            make=each(mean_ranks),
            figures=(
                Figure(
                    "mean_ranks",
                    "Mean ranks",
                    "1 is the best; {shape}. Bars are 95 % intervals (bootstrap over participants), small dots the "
                    "mean ranks that participants gave.",
                ),
            ),
        ),
        SAME_PEOPLE,
        ASKED,
        FACTORS,
        GROUPS,
        WHO,
        HOW,
        CHECKS,
    ),
    printed=("mean_ranks", "friedman", "contrasts"),
    correction="holm",
    level="participants",
    replicates=REPLICATES,
)

OPINION = Profile(
    label="absolute category ratings: mean opinion scores, Friedman and exact Wilcoxon tests of participants",
    about="absolute category ratings (ITU-T P.800)",
    chapters=(
        Chapter(
            title="Result",
            make=each(mos),
            figures=(
                Figure(
                    "mos",
                    "Mean opinion scores",
                    "Votes of {shape}. Bars are 95 % intervals (bootstrap over participants), small dots the means "
                    "of participants.",
                ),
            ),
        ),
        SAME_PEOPLE,
        EQUIVALENCE,
        ASKED,
        FACTORS,
        ITEMS_AND_PARTICIPANTS,
        OTHERS,
        GROUPS,
        AGREEMENT,
        Chapter(title="Votes", make=each(summary)),
        WHO,
        HOW,
        CHECKS,
        PLAN,
    ),
    printed=("mos", "friedman", "equivalence", "contrasts"),
    correction="holm",
    level="single votes, and participants",
    replicates=REPLICATES,
)

GRADES = Profile(
    label="difference grades of ITU-R BS.1116-3",
    about="grades beside a hidden reference (ITU-R BS.1116)",
    chapters=(
        Chapter(
            title="Result",
            make=each(sdg),
            figures=(
                Figure(
                    "sdg",
                    "Difference grades",
                    "Grade minus that of the hidden reference, {shape}; 0 is transparent. Bars are 95 % intervals "
                    "(Student's t) as if grades were independent.",
                ),
            ),
        ),
        Chapter(title="Grades", make=each(summary)),
        WHO,
        HOW,
        CHECKS,
    ),
    printed=("sdg",),
    correction="none",
    level="single grades",
    replicates=REPLICATES,
)

PROFILES: Mapping[str, Profile] = {
    "": SCALE,
    "single_axis": SCALE,
    "sliders": SCALE,
    "ab": PREFERENCE,
    "abx": DISCRIMINATION,
    "acr": OPINION,
    "ranking": RANKING,
    "bs1116": GRADES,
}
