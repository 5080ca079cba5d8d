"""Which analysis belongs to which type of page: a new one is a profile and a line in PROFILES."""

from collections.abc import Callable, Mapping

from mixeval_analysis.answers import Answers
from mixeval_analysis.bradley_terry import REPLICATES as BRADLEY_TERRY_REPLICATES
from mixeval_analysis.bradley_terry import bradley_terry
from mixeval_analysis.describe import REPLICATES, summary
from mixeval_analysis.difference_grades import sdg
from mixeval_analysis.discrimination import d_prime, listeners
from mixeval_analysis.forced_choice import binomial, choices
from mixeval_analysis.omnibus import friedman
from mixeval_analysis.opinion_scores import mos
from mixeval_analysis.paired import wilcoxon
from mixeval_analysis.paper_profile import PAPER
from mixeval_analysis.profile import Analysis, Chapter, Profile, Tables
from mixeval_analysis.rankings import mean_ranks
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.tables import Table
from mixeval_analysis.trials import Trials


def analyze_answers(answers: Answers) -> Analysis:
    """Make the tables that fit the type of page which asked; answers of an unknown one are ratings on a scale."""
    profile = PROFILES[answers.page]
    return Analysis(answers, profile, profile.make(answers))


def _preference_tables(trials: Trials) -> Tables:
    return {table.name: table for table in (binomial(trials), choices(trials), bradley_terry(trials))}


PREFERENCE = Profile(
    label="choices between two: exact binomial tests of trials, and tests of participants",
    about="choices between two (AB)",
    make=_preference_tables,
    figure="choices",
    figure_title="Which of two is preferred",
    figure_caption=(
        "Share of choices, {shape}: right of the middle, the mix named on the right was chosen more often. "
        "Bars are 95 % intervals (Clopper and Pearson) as if trials were independent, small dots participants."
    ),
    first=("binomial",),
    chapters=(Chapter("Over all pairs", ("choices", "bradley_terry")),),
    printed=("binomial", "choices"),
    correction="holm",
    level="single trials, and participants",
    replicates=BRADLEY_TERRY_REPLICATES,
)


def _discrimination_tables(trials: Trials) -> Tables:
    return {table.name: table for table in (d_prime(trials), listeners(trials))}


DISCRIMINATION = Profile(
    label="ABX: exact binomial tests against guessing, and d'",
    about="which of two X is (ABX)",
    make=_discrimination_tables,
    figure="right_answers",
    figure_title="Is the difference heard",
    figure_caption=(
        "Share of right answers, {shape}; the middle is guessing. Bars are 95 % intervals (Clopper and Pearson) as "
        "if trials were independent, small dots participants."
    ),
    first=("d_prime",),
    chapters=(Chapter("Participants", ("listeners",)),),
    printed=("d_prime",),
    correction="holm",
    level="single trials, and participants",
    replicates=0,
)


def _tables(*makers: Callable[[Ratings], Table]) -> Callable[[Ratings], Tables]:
    def make(ratings: Ratings) -> Tables:
        return {table.name: table for table in (maker(ratings) for maker in makers)}

    return make


_SAME_PEOPLE = Chapter(
    "Do the conditions differ",
    ("friedman", "wilcoxon"),
    text=(
        "These tests compare what each participant said of one mix with what the same participant said of "
        "another. The row participant_mean, and all tests of pairs, count every participant once."
    ),
)

RANKING = Profile(
    label="rankings: Friedman and exact Wilcoxon tests of participants",
    about="rankings",
    make=_tables(mean_ranks, friedman, wilcoxon),
    figure="mean_ranks",
    figure_title="Mean ranks",
    figure_caption=(
        "1 is the best; {shape}. Bars are 95 % intervals (bootstrap over participants), small dots the mean "
        "ranks that participants gave."
    ),
    first=("mean_ranks",),
    chapters=(_SAME_PEOPLE,),
    printed=("mean_ranks", "friedman"),
    correction="holm",
    level="participants",
    replicates=REPLICATES,
)

OPINION = Profile(
    label="absolute category ratings: mean opinion scores, Friedman and exact Wilcoxon tests of participants",
    about="absolute category ratings (ITU-T P.800)",
    make=_tables(mos, summary, friedman, wilcoxon),
    figure="mos",
    figure_title="Mean opinion scores",
    figure_caption=(
        "Votes of {shape}. Bars are 95 % intervals (bootstrap over participants), small dots the means of "
        "participants."
    ),
    first=("mos",),
    chapters=(_SAME_PEOPLE, Chapter("Votes", ("summary",))),
    printed=("mos", "friedman"),
    correction="holm",
    level="single votes, and participants",
    replicates=REPLICATES,
)

GRADES = Profile(
    label="difference grades of ITU-R BS.1116-3",
    about="grades beside a hidden reference (ITU-R BS.1116)",
    make=_tables(sdg, summary),
    figure="sdg",
    figure_title="Difference grades",
    figure_caption=(
        "Grade minus that of the hidden reference, {shape}; 0 is transparent. Bars are 95 % intervals "
        "(Student's t) as if grades were independent."
    ),
    first=("sdg",),
    chapters=(Chapter("Grades", ("summary",)),),
    printed=("sdg",),
    correction="none",
    level="single grades",
    replicates=REPLICATES,
)

PROFILES: Mapping[str, Profile] = {
    "": PAPER,
    "single_axis": PAPER,
    "sliders": PAPER,
    "ab": PREFERENCE,
    "abx": DISCRIMINATION,
    "acr": OPINION,
    "ranking": RANKING,
    "bs1116": GRADES,
}
