"""The analysis of ratings on a scale: what the design calls for, and the paper's tests beside it."""

from mixeval_analysis.describe import REPLICATES, summary
from mixeval_analysis.omnibus import friedman
from mixeval_analysis.paired import wilcoxon
from mixeval_analysis.panel_profile import HOW, SCREENING, WHO
from mixeval_analysis.paper_profile import PAPER
from mixeval_analysis.profile import Chapter, Figure, Profile, each

RESULT = Chapter(
    title="Result",
    make=each(summary),
    figures=(
        Figure(
            "violin",
            "Distribution by condition",
            "Density of all ratings of {shape}, median, interquartile range, and the mean of each participant.",
        ),
    ),
)

SAME_PEOPLE = Chapter(
    title="Do the conditions differ",
    make=each(friedman, wilcoxon),
    text=(
        "These tests compare what each participant said of one mix with what the same participant said of "
        "another. The row participant_mean, and all tests of pairs, count every participant once."
    ),
)

SCALE = Profile(
    label="tests of participants, who rated every mix; beside them the paper's tests of single ratings",
    about="ratings",
    chapters=(RESULT, SAME_PEOPLE, PAPER, WHO, HOW, SCREENING),
    printed=(
        "summary",
        "friedman",
        "wilcoxon",
        "shapiro_wilk",
        "kruskal_wallis",
        "mann_whitney_symbols",
    ),
    correction="holm over pairs of participants' means; bonferroni in the paper's tests",
    level="participants; single ratings, pooled, in the paper's tests",
    replicates=REPLICATES,
)
