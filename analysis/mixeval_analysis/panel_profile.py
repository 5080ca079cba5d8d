"""The chapters on the panel: who took part, how they listened, and whether their answers can be relied on."""

from collections.abc import Iterable
from dataclasses import replace

from mixeval_analysis.listeners.decided import decisions
from mixeval_analysis.listeners.listening import listening
from mixeval_analysis.listeners.participants import participants
from mixeval_analysis.listeners.screening_tables import repeats, screening, screening_effect, screening_rules
from mixeval_analysis.listeners.timing import timing
from mixeval_analysis.profile import Chapter, Figure, each
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.tables import Table


def _screening_tables(ratings: Ratings) -> Iterable[Table | None]:
    return [
        screening_rules(ratings),
        *screening_effect(ratings),
        decisions(ratings),
        screening(ratings),
        repeats(ratings),
    ]


WHO = Chapter(
    title="Who took part",
    make=each(participants, timing),
    figures=(
        Figure(
            "timing",
            "Seconds per rating page",
            "By the page\N{RIGHT SINGLE QUOTATION MARK}s place in the session, whatever its item: median, "
            "interquartile range, and a line for each session.",
            needs=("timing",),
        ),
    ),
)

HOW = Chapter(
    title="How they listened",
    make=each(listening),
    figures=(
        Figure(
            "listening",
            "Seconds per mix",
            "Seconds for which a mix was audible on its page, {shape}: median and interquartile range of all "
            "answers, and the mean of each participant.",
            needs=("listening",),
        ),
    ),
)

SCREENING = Chapter(
    title="Screening",
    make=_screening_tables,
    figures=(
        Figure(
            "screening",
            "Who is flagged by which rule",
            "A filled dot is a participant above the rule\N{RIGHT SINGLE QUOTATION MARK}s threshold, an open one "
            "stands below it; a cross is one whom the main tables leave out.",
            needs=("screening",),
        ),
    ),
    text=(
        "Rules say who may not have listened well enough; they are no proof. Nobody is left out of the main tables "
        "unless the study named the rule (exclude), which is best done before the data are seen, or the researcher "
        "excluded the session by hand, for a reason that is given. The results are given with everybody and without."
    ),
)

CHECKS = replace(SCREENING, make=each(screening_rules, decisions, screening))
"""Screening where the results are not those of ratings on a scale; both sets of tables are written all the same."""

PANEL_CHAPTERS = (WHO, HOW, SCREENING, CHECKS)
"""Chapters that are about the panel, and not results."""
