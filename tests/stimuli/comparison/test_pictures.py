"""Judges: the samples themselves, and the figures' files: their text, size, fonts and sameness."""

import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.audio import Audio
from mixeval.errors import StudyError
from mixeval_stimuli.comparison.pictures import picture
from mixeval_stimuli.comparison.spectrogram import Spectrogram
from mixeval_stimuli.comparison.views import Span, View, envelope, transient_views, whole_views


def views_of(labels, seconds=1.0):
    random = np.random.default_rng(0)
    views = []
    for number, label in enumerate(labels):
        high = 0.1 * (number + 1) * random.random((2, 480))
        level = -90 * random.random((160, 480))
        views.append(View(label, "system", -high, high, Spectrogram(level, 20_000.0)))
    return views, Span(0.0, seconds)


@settings(max_examples=30, deadline=None)
@given(st.integers(-3000, 3000), st.integers(1, 5000), st.integers(1, 600))
def test_the_envelope_holds_every_sample_of_the_span(start, frames, columns):
    audio = Audio(np.random.default_rng(0).standard_normal((2, 2000)).astype(np.float32), 44_100)
    lowest, highest = envelope(audio, start, start + frames, columns=columns)
    places = np.arange(start, start + frames + 1)
    inside = (places >= 0) & (places < 2000)
    shown = np.where(inside, audio.samples[:, np.clip(places, 0, 1999)], 0.0)
    assert np.allclose(lowest.min(axis=1), shown.min(axis=1))
    assert np.allclose(highest.max(axis=1), shown.max(axis=1))
    assert (lowest[:, 1:] <= highest[:, :-1]).all()  # each column touches the next
    assert (lowest[:, :-1] <= highest[:, 1:]).all()


def test_all_mixes_of_an_item_are_viewed_in_the_order_of_the_study(finished):
    views, span = whole_views(finished, "loop 1")
    assert [view.label for view in views] == ["reference", "network", "anchor"]
    assert span == Span(0.0, 1.0)
    assert all(view.reference is None for view in views)


def test_the_zoom_shows_a_stroke_before_what_the_mix_is_compared_to(finished):
    views, span = transient_views(finished, "loop 1")
    # Its bursts are a quarter of a second apart.
    assert abs(span.origin - 0.25 * round(span.origin / 0.25)) < 0.003
    assert views[0].reference is None
    assert np.array_equal(views[1].reference[0], views[0].lowest)


def test_a_moment_can_be_given_and_must_lie_within_the_item(finished):
    assert transient_views(finished, "loop 1", at=0.6)[1].origin == 0.6
    with pytest.raises(StudyError, match=r'"loop 1" lasts 1\.00 s, there is nothing at 3 s'):
        transient_views(finished, "loop 1", at=3.0)


def test_the_figure_is_183_mm_wide_and_its_text_is_text():
    (files,) = picture(*views_of(["Reference Dry", "Cost $5 & <more>"]))
    svg = files["svg"].decode()
    assert float(re.search(r'<svg[^>]* width="([\d.]+)pt"', svg)[1]) == pytest.approx(
        183 / 25.4 * 72, abs=0.1
    )
    for text in (
        "Reference Dry",
        "Cost $5 &amp; &lt;more&gt;",
        "kHz",
        "20",
        "0.1",
        "dB re. the loudest point",
    ):
        assert f">{text}<" in svg, text
    assert b"/FontFile2" in files["pdf"]
    assert b"/Type3" not in files["pdf"]


def test_a_second_drawing_is_the_same_byte_for_byte():
    first = picture(*views_of(["a", "b", "c"]))
    time.sleep(1.1)  # a date in a file would now differ
    assert picture(*views_of(["a", "b", "c"])) == first


@pytest.mark.parametrize(("count", "figures"), [(1, 1), (12, 1), (13, 2)])
def test_more_mixes_than_fill_a_page_become_several_figures(count, figures, monkeypatch):
    from mixeval_stimuli.comparison import pictures

    monkeypatch.setattr(pictures, "saved", lambda figure: figure)
    drawn = picture(*views_of([f"mix {number}" for number in range(count)]))
    assert len(drawn) == figures
    titles = [axes.get_title() for figure in drawn for axes in figure.axes if axes.get_title()]
    assert titles == [f"mix {number}" for number in range(count)]


def test_all_panels_share_their_axes_and_colours(monkeypatch):
    from mixeval_stimuli.comparison import pictures

    monkeypatch.setattr(pictures, "saved", lambda figure: figure)
    (figure,) = picture(*views_of(["a", "b", "c", "d", "e"]))
    waves = [axes for axes in figure.axes if axes.get_title()]
    images = [image for axes in figure.axes for image in axes.images]
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in waves}) == 1
    assert {image.get_clim() for image in images} == {(-80.0, 0.0)}
    assert len(images) == 5


def test_silence_is_drawn_without_a_warning():
    flat = np.zeros((2, 480))
    view = View("silence", "anchor", flat, flat, Spectrogram(np.full((160, 480), -200.0), 8000.0))
    assert picture([view], Span(-0.02, 0.1, 0.5))[0]["png"]
