"""Every page type, by the kind that pages carry. A new one is a new module and one line here."""

from collections.abc import Mapping

from mixeval_webapp.page_types.break_page import BreakPageType
from mixeval_webapp.page_types.bs1116_page import Bs1116PageType
from mixeval_webapp.page_types.category_page import AcrPageType
from mixeval_webapp.page_types.check_page import CHECKS
from mixeval_webapp.page_types.familiarisation_page import FamiliarisationPageType
from mixeval_webapp.page_types.forced_choice import AbPageType, AbxPageType
from mixeval_webapp.page_types.level_page import LevelPageType
from mixeval_webapp.page_types.page_type import PageType
from mixeval_webapp.page_types.questions_page import KINDS, QuestionsPageType
from mixeval_webapp.page_types.ranking_page import RankingPageType
from mixeval_webapp.page_types.rating_page import RatingPageType
from mixeval_webapp.page_types.scale_page import SingleAxisPageType, SlidersPageType

RATING_PAGES: Mapping[str, RatingPageType] = {
    "single_axis": SingleAxisPageType(),
    "sliders": SlidersPageType(),
    "ab": AbPageType(),
    "abx": AbxPageType(),
    "acr": AcrPageType(),
    "ranking": RankingPageType(),
    "bs1116": Bs1116PageType(),
}
"""What `[test] page` may name."""

PAGE_TYPES: Mapping[str, PageType] = {
    **RATING_PAGES,
    "break": BreakPageType(),
    **CHECKS,
    "level": LevelPageType(),
    "familiarisation": FamiliarisationPageType(),
    **{kind: QuestionsPageType(place) for place, kind in KINDS.items()},
}
