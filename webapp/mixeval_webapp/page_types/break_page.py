"""A page that suggests a break: nothing is asked."""

from collections.abc import Mapping
from typing import Any

from mixeval.study import Study
from mixeval_webapp.page_types.page_type import Missing, PageType, Response, SimulatedListener
from mixeval_webapp.sheet import Sheet


class BreakPageType(PageType):
    template = "break.html"

    def data(self, study: Study, sheet: Sheet) -> dict[str, Any]:  # noqa: ARG002 - there is none
        return {}

    def missing(self, study: Study, sheet: Sheet) -> Missing:  # noqa: ARG002 - nothing is asked
        return {}

    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:  # noqa: ARG002 - as above
        return Response()
