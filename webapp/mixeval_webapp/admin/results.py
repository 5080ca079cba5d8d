"""Tables and figures of what is in so far: those of `mixeval analyze`, made beside the server."""

from flask import Response, make_response, render_template

from mixeval.results_so_far import ShownFigure
from mixeval_webapp.admin.blueprint import UnknownPageError, admin
from mixeval_webapp.admin.watch import read_header, read_standing
from mixeval_webapp.site import site


@admin.get("/results")
def results() -> str:
    with site().database.read() as db:
        header = read_header(db)
    return render_template("admin/results.html", header=header, standing=read_standing())


@admin.get("/results/figures/<int:number>/<token:name>.svg")
def figure(number: int, name: str) -> Response:
    """Answer with a figure of one set of results; its address carries their moment, so that it may be kept."""
    made = read_standing().made
    sets = made.results.sets if made else ()
    found: ShownFigure | None = next(
        (figure for figure in (sets[number].figures if number < len(sets) else ()) if figure.name == name),
        None,
    )
    if found is None:
        raise UnknownPageError("there is no such figure", remedy="reload the results")
    response = make_response(found.svg)
    response.content_type = "image/svg+xml"
    response.cache_control.private = True
    response.cache_control.max_age = 3600
    return response
