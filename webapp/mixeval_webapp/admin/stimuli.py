"""What is heard: items and conditions with their loudness, to be played by the researcher."""

from flask import Response, make_response, render_template, request

from mixeval_webapp.admin.blueprint import UnknownPageError, admin
from mixeval_webapp.admin.watch import read_header
from mixeval_webapp.site import site


@admin.get("/stimuli")
def stimuli() -> str:
    version = site().version
    with site().database.read() as db:
        header = read_header(db)
    return render_template(
        "admin/stimuli.html",
        header=header,
        manifest=version.manifest,
        labels={condition.id: condition.label for condition in version.study.conditions},
        practice=version.study.participants.practice_items,
    )


@admin.get("/stimuli/<int:item>/<token:condition>.flac")
def sound(item: int, condition: str) -> Response:
    """Answer with one mix as listeners get it; `item` is its place in the manifest."""
    version = site().version
    items = version.manifest.items
    known = {entry.id for entry in version.study.conditions}
    if item >= len(items) or condition not in known:
        raise UnknownPageError("there is no such mix", remedy="reload the list of stimuli")
    data = site().files.read(version, items[item].item, condition)
    response = make_response(data)
    response.content_type = "audio/flac"
    single = request.range is not None and request.range.units == "bytes" and len(request.range.ranges) == 1
    response.make_conditional(request, accept_ranges=single, complete_length=len(data))
    response.accept_ranges = "bytes"
    return response
