"""Whether what [test] asks for can be had from what was rendered."""

from mixeval.errors import StudyError
from mixeval.versions import Version
from mixeval_webapp.session_plan import plan_session, rated_items


def check_design(version: Version) -> None:
    """Raise StudyError where a session could not have as many items, repeats or attention pages as asked for."""
    test, items = version.study.test, len(rated_items(version))
    if test.items_per_participant is not None and test.items_per_participant > items:
        raise StudyError(
            f"items_per_participant is {test.items_per_participant} and the study has {items} items",
            remedy="lower it, or leave it out to give everybody all",
        )
    purposes = [page.purpose for page in plan_session(version, seat=0, order_seed=0, seed=0)]
    pages, repeats = purposes.count("rating"), purposes.count("repeat")
    if test.repeats and (pages < 2 or test.repeats > pages):
        raise StudyError(
            f"repeats is {test.repeats} and a session has {pages} {'page' if pages == 1 else 'pages'} to repeat",
            remedy="lower it; of a single page the repeat would come directly after",
        )
    if test.attention is not None and test.attention.pages > pages + repeats - 1:
        raise StudyError(
            f"attention.pages is {test.attention.pages} and a session of {pages + repeats} pages has room for "
            f"{pages + repeats - 1} between them",
            remedy="lower it",
        )
