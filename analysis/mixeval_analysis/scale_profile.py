"""The analysis of ratings on a scale: what the design calls for, and the paper's tests beside it."""

from dataclasses import replace

from mixeval_analysis.describe import REPLICATES, summary
from mixeval_analysis.omnibus import friedman
from mixeval_analysis.paired import wilcoxon
from mixeval_analysis.paired_differences import why_compared
from mixeval_analysis.panel_grid import too_many_items, too_many_participants
from mixeval_analysis.paper_profile import PAPER
from mixeval_analysis.profile import Chapter, Figure, Profile, each
from mixeval_analysis.rankings import incomplete

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

PAIRS = Figure(
    "pairs",
    "All pairs",
    "Below the diagonal: mean difference, row minus column, with its 95 % interval (bootstrap over participants), "
    "coloured by its size. Above: exact p of Wilcoxon's signed-rank test with Holm's correction, bold below 0.05. "
    "Means of {shape}. An interval is that of its pair alone; p is corrected for all pairs.",
    needs=("wilcoxon",),
)

ESTIMATION = Figure(
    "estimation",
    "Differences from the reference",
    "Mean difference of {shape} with its 95 % interval (bootstrap over participants, of each difference alone); "
    "small dots are participants' own differences, over items.",
    needs=("wilcoxon",),
    remark=why_compared,
)

RANKS = Figure(
    "ranks",
    "Ranking",
    "Mean rank of participants' means, {shape}, the best at the top. Bars are 95 % intervals (bootstrap over "
    "participants), small dots the ranks that participants gave.",
    remark=incomplete,
)


BY_ITEM = Figure(
    "by_item",
    "Item by item",
    "Ratings of {shape}. Where a median lies off its grey mark, the mix was heard otherwise in this item than in the rest.",
    remark=too_many_items,
)

BY_PARTICIPANT = Figure(
    "by_participant",
    "Participant by participant",
    "Ratings of {shape}. Look for those who order the mixes otherwise than the panel, or use another part of the "
    "scale.",
    remark=too_many_participants,
)

SCALE = Profile(
    label="tests of participants, who rated every mix; beside them the paper's tests of single ratings",
    about="ratings",
    chapters=(
        RESULT,
        replace(SAME_PEOPLE, figures=(ESTIMATION, PAIRS, RANKS, BY_ITEM, BY_PARTICIPANT)),
        PAPER,
    ),
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
