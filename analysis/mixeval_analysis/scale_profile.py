"""The analysis of ratings on a scale: what the design calls for, and the paper's tests beside it."""

from dataclasses import replace

from mixeval_analysis.figures.panel_grid import too_many_items, too_many_participants
from mixeval_analysis.inference.bootstrap import REPLICATES
from mixeval_analysis.panel_profile import HOW, SCREENING, WHO
from mixeval_analysis.paper_profile import PAPER
from mixeval_analysis.plans.plan_departures import plan_departures
from mixeval_analysis.profile import Chapter, Figure, Profile, each
from mixeval_analysis.results.agreement import agreement
from mixeval_analysis.results.breakdown import by_item, by_participant
from mixeval_analysis.results.concordance import agreement_by_item
from mixeval_analysis.results.contrasts import contrasts
from mixeval_analysis.results.describe import summary
from mixeval_analysis.results.equivalence import equivalence
from mixeval_analysis.results.factors import factor_tables
from mixeval_analysis.results.generalise import generalise_tables
from mixeval_analysis.results.groups import group_tables
from mixeval_analysis.results.influence import first_places, leave_one_out
from mixeval_analysis.results.omnibus import friedman
from mixeval_analysis.results.paired import wilcoxon
from mixeval_analysis.results.paired_differences import why_compared
from mixeval_analysis.results.rankings import incomplete

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

ASKED = Chapter(
    title="Comparisons asked for",
    make=each(contrasts),
    text=(
        "The questions that the study set out with, each as one difference within participants. They are corrected for "
        "each other alone, not for all pairs: that is fair where they were chosen before the ratings were seen."
    ),
)

FACTORS = Chapter(
    title="By factor",
    make=factor_tables,
    text=(
        "Conditions that combine the levels of factors, such as method and process. A main effect is a difference "
        "between levels over all levels of the other factors; where factors interact, it stands for none of them alone."
    ),
)

OTHERS = Chapter(
    title="Other listeners and other items",
    make=generalise_tables,
    text=(
        "All tests above take the items as all there are. Here the items are a sample as the listeners are, and the "
        "question is what other listeners would say of other items like these. With few items the answer is often that "
        "it cannot be said, which does not show that there is no difference."
    ),
)

GROUPS = Chapter(
    title="By group of items",
    make=group_tables,
    text=(
        "Items are chosen to differ, in drummer or kit say, so that a result holds for more than one of them. These "
        "tables show each group on its own, and test whether the differences between conditions depend on the group. A large "
        "p does not show that they do not, and groups of few items say little about others of their kind."
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
    figures=(BY_ITEM, BY_PARTICIPANT),
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

PLAN = Chapter(
    title="The plan and what was done",
    make=each(plan_departures),
    text=(
        "What [analysis.plan] of study.toml says, beside what was done. A departure is no fault in itself, but readers "
        "must know of it: a test that was chosen after its data does not keep its level."
    ),
)

SCALE = Profile(
    label="tests of participants, who rated every mix; beside them the paper's tests of single ratings",
    about="ratings",
    chapters=(
        RESULT,
        replace(SAME_PEOPLE, figures=(ESTIMATION, PAIRS, RANKS)),
        EQUIVALENCE,
        ASKED,
        FACTORS,
        ITEMS_AND_PARTICIPANTS,
        OTHERS,
        GROUPS,
        AGREEMENT,
        PAPER,
        WHO,
        HOW,
        SCREENING,
        PLAN,
    ),
    printed=(
        "summary",
        "friedman",
        "wilcoxon",
        "equivalence",
        "contrasts",
        "shapiro_wilk",
        "kruskal_wallis",
        "mann_whitney_symbols",
    ),
    correction="holm over pairs of participants' means; bonferroni in the paper's tests",
    level="participants; single ratings, pooled, in the paper's tests",
    replicates=REPLICATES,
)
