"""The analysis of ratings on a scale: what the design calls for, and the paper's tests beside it."""

from mixeval_analysis.agreement import agreement
from mixeval_analysis.breakdown import by_item, by_participant
from mixeval_analysis.concordance import agreement_by_item
from mixeval_analysis.describe import REPLICATES, summary
from mixeval_analysis.equivalence import equivalence
from mixeval_analysis.influence import first_places, leave_one_out
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

EQUIVALENCE = Chapter(
    title="Are they the same",
    make=each(equivalence),
    text=(
        "A test that finds no difference does not show that there is none: it may have had too few listeners. These "
        "tests ask whether the mean difference is smaller than the margin that was stated before the answers were "
        "seen. They are about the mean over listeners and items; single listeners may still differ."
    ),
)

ITEMS_AND_PARTICIPANTS = Chapter(
    title="Items and participants",
    make=each(first_places, leave_one_out, by_item, by_participant),
    text=(
        "Is the result that of the whole panel, or of one item or one person? If the sign of a difference holds in "
        "most items and for most participants, and whichever of them is left out, it is not carried by one of them."
    ),
)

AGREEMENT = Chapter(
    title="Do listeners agree",
    make=each(agreement, agreement_by_item),
    text=(
        "Low agreement is no fault of the panel: people may prefer different mixes, and mixes that hardly differ cannot be "
        "told apart. Where it is low, a mean takes more listeners before it can be trusted."
    ),
)

SCALE = Profile(
    label="tests of participants, who rated every mix; beside them the paper's tests of single ratings",
    about="ratings",
    chapters=(
        RESULT,
        SAME_PEOPLE,
        EQUIVALENCE,
        ITEMS_AND_PARTICIPANTS,
        AGREEMENT,
        PAPER,
        WHO,
        HOW,
        SCREENING,
    ),
    printed=(
        "summary",
        "friedman",
        "wilcoxon",
        "equivalence",
        "shapiro_wilk",
        "kruskal_wallis",
        "mann_whitney_symbols",
    ),
    correction="holm over pairs of participants' means; bonferroni in the paper's tests",
    level="participants; single ratings, pooled, in the paper's tests",
    replicates=REPLICATES,
)
