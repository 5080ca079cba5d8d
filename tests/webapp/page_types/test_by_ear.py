"""Listeners who know nothing but the audio complete every type of page over HTTP."""

import pytest

from mixeval_webapp.simulate.crowd import simulate_url


@pytest.mark.parametrize(
    ("section", "pages"),
    [
        ('page = "ab"\nno_preference = true', 12),
        ('page = "abx"\npairs = [["reference_dry", "low_anchor"]]', 10),
        ('page = "acr"', 8),
        ('page = "ranking"', 2),
        ('page = "bs1116"\nreference = "reference_dry"', 6),
    ],
)
def test_a_listener_by_ear_completes_the_test(ask, serve, stored, section, pages):
    listener = ask(section)
    with serve(listener.client.application) as url:
        assert simulate_url(url, listeners=1, seed=3) == pages
    rated = [row for row in stored(listener) if row.role == "rated"]
    # The listener who began and left has as many pages without any answer.
    assert len([row for row in rated if row.value is not None]) * 2 == len(rated)
