"""What a page of sliders may have besides: a reference, words for parts, random starts, several attributes."""

import re

import pytest

pytestmark = pytest.mark.browser

LETTERS = "ABCDEFG"
PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
BS_1534 = 'scale = ["Bad", "Poor", "Fair", "Good", "Excellent"]\nscale_as = "intervals"\n'
# Relative luminance and contrast: WCAG 2.2, of "rgb(1, 2, 3)" and "color(srgb 0.1 0.2 0.3)".
CONTRAST = """([selector, pseudo, property]) => {
  const luminance = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / (colour.startsWith("rgb") ? 255 : 1));
    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const mark = luminance(getComputedStyle(document.querySelector(selector), pseudo)[property]);
  const sheet = luminance(getComputedStyle(document.querySelector("#board")).backgroundColor);
  return (Math.max(mark, sheet) + 0.05) / (Math.min(mark, sheet) + 0.05);
}"""


def slider(rating, letter, board=0):
    return rating.page.get_by_role("slider", name=f"Mix {letter}", exact=True).nth(board)


def test_an_open_reference_is_played_by_its_button_and_keys_asked_for_and_never_rated(open_sliders):
    rating, served = open_sliders('reference = "mix_3"')
    page = rating.page
    reference = page.get_by_role("button", name="Reference")
    assert page.locator("#board").get_by_role("slider").count() == 7
    rating.rate_all(dict.fromkeys(LETTERS, 40))
    assert page.locator("#todo").inner_text() == "Still to play: Ref"
    rating.next()
    assert page.locator("#announcement").inner_text() == "Still to play: Ref."
    for press in (reference.click, lambda: page.keyboard.press("r"), lambda: page.keyboard.press("0")):
        page.keyboard.press("Escape")
        press()
        page.locator(".open.playing").wait_for()
        assert reference.get_attribute("aria-pressed") == "true"
        assert page.locator(".strip.playing").count() == 0
    page.locator(".open.heard").wait_for()
    rating.wait_until("All saved")
    [own] = [row["token"] for row in rating.data()["stimuli"] if row["role"] == "reference"]
    assert served.ratings()[own].value is None
    assert served.ratings()[own].listened_seconds >= 0.25
    rating.next()
    rating.wait_for_page(2)


def test_the_words_of_bs_1534_name_the_parts_between_lines(open_sliders):
    rating, _ = open_sliders(BS_1534)
    rail = rating.page.locator(".rail").first.bounding_box()
    middles = []
    for word in ("Bad", "Poor", "Fair", "Good", "Excellent"):
        box = rating.page.locator(".scale b", has_text=word).bounding_box()
        middles.append((rail["y"] + rail["height"] - box["y"] - box["height"] / 2) / rail["height"])
    assert middles == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9], abs=0.01)
    assert (
        rating.page.evaluate("getComputedStyle(document.querySelector('#board')).getPropertyValue('--parts')")
        == "5"
    )
    for value, words in ((0, "0, Bad"), (19, "19, Bad"), (20, "20, Poor"), (100, "100, Excellent")):
        rating.drag("A", value)
        assert rating.slider("A").get_attribute("aria-valuetext") == words


def test_many_words_stand_on_their_lines_on_a_phone_too(open_sliders):
    rating, _ = open_sliders(BS_1534, **PHONE)
    page = rating.page
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for word in ("Bad", "Poor", "Fair", "Good", "Excellent"):
        assert page.locator(".scale b", has_text=word).is_visible()
    assert page.locator(".end:visible").count() == 0
    thumb, word = rating.slider("A").bounding_box(), page.locator(".scale b", has_text="Fair").bounding_box()
    assert abs(thumb["y"] + thumb["height"] / 2 - word["y"] - word["height"] / 2) <= 2


def test_random_starts_are_drawn_dashed_stay_the_same_and_are_no_answers(open_sliders):
    rating, served = open_sliders('unrated = "random"')
    rail = rating.page.locator(".rail").first.bounding_box()
    starts = {row["label"]: rating.data()["starts"][row["token"]] for row in rating.data()["stimuli"]}
    assert len(set(starts.values())) > 3
    for letter, start in starts.items():
        thumb = rating.slider(letter).bounding_box()
        drawn = 100 * (rail["y"] + rail["height"] - thumb["y"] - thumb["height"] / 2) / rail["height"]
        assert drawn == pytest.approx(start, abs=0.5)
        assert rating.slider(letter).get_attribute("aria-valuetext") == "not rated yet"
        rating.hear(letter)
    rating.next()
    assert rating.page.locator("#todo").inner_text() == "Still to place: A, B, C, D, E, F, G"
    rating.slider("B").click()
    rating.slider("C").focus()
    rating.page.keyboard.press("Enter")
    rating.wait_until("All saved")
    tokens = {row["token"]: row["label"] for row in rating.data()["stimuli"]}
    given = {tokens[token]: row.value for token, row in served.ratings().items() if row.value is not None}
    assert given == {"B": starts["B"], "C": starts["C"]}
    rating.page.reload()
    rating.ready()
    assert {row["label"]: rating.data()["starts"][row["token"]] for row in rating.data()["stimuli"]} == starts


def test_several_attributes_are_boards_below_each_other_with_one_mix_playing(open_sliders):
    rating, served = open_sliders(
        '[[test.attributes]]\nname = "preference"\nquestion = "How much do you like it?"\nscale = ["No", "Yes"]\n'
        '[[test.attributes]]\nname = "wetness"\nquestion = "How much room?"\nscale = ["None", "Much"]'
    )
    page = rating.page
    assert page.locator("h2").all_inner_texts() == ["How much do you like it?", "How much room?"]
    for letter in LETTERS:
        page.keyboard.press(letter.lower())
        page.locator(".strip.playing.heard", has_text=letter).nth(1).wait_for()
        assert page.locator(".strip.playing .play").all_inner_texts() == [letter, letter]
        slider(rating, letter).focus()
        page.keyboard.press("End")
    assert page.evaluate("scrollY") == 0
    assert page.locator("#todo").inner_text() == "Still to place: A, B, C, D, E, F, G"
    for letter in LETTERS:
        slider(rating, letter, 1).focus()
        # Nothing that has the focus hides behind the bar at the bottom.
        thumb, footer = slider(rating, letter, 1).bounding_box(), page.locator("footer").bounding_box()
        assert thumb["y"] + thumb["height"] < footer["y"]
        page.keyboard.press("Home")
    rating.wait_until("All saved")
    assert {row.value for row in served.ratings_of("preference").values()} == {100}
    assert {row.value for row in served.ratings_of("wetness").values()} == {0}
    rating.next()
    rating.wait_for_page(2)


def test_more_than_eleven_mixes_scroll_sideways_and_a_key_brings_its_mix_into_view(open_sliders):
    rating, _ = open_sliders(mixes=14, **PHONE)
    page = rating.page
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    board = page.locator("#board").bounding_box()
    page.keyboard.press("n")
    page.locator(".strip.playing", has=rating.slider("N")).wait_for()
    box = rating.letter("N").bounding_box()
    assert box["x"] + box["width"] <= board["x"] + board["width"]
    assert page.evaluate("scrollY") == 0
    rating.slider("A").focus()
    assert rating.letter("A").bounding_box()["x"] >= board["x"]


def test_a_listening_time_that_is_asked_for_is_shown_as_it_passes(open_sliders):
    # So long that a stop after 40 % comes before the end on a slow machine, too.
    rating, served = open_sliders("minimum_seconds = 8.0")
    page = rating.page
    page.keyboard.press("a")
    page.wait_for_function(
        "() => Number(document.querySelector('.strip').style.getPropertyValue('--heard')) > 0.4"
    )
    page.keyboard.press("Escape")
    assert re.fullmatch(r"Play mix A, [4-9]\d % heard", rating.letter("A").get_attribute("aria-label"))
    assert page.locator(".strip.heard").count() == 0
    rating.next()
    assert page.locator("#todo").inner_text().startswith("Still to play: A, B")
    page.keyboard.press("a")
    page.locator(".strip.heard", has=rating.slider("A")).wait_for()
    assert rating.letter("A").get_attribute("aria-label") == "Play mix A"
    assert page.locator("#todo").inner_text().startswith("Still to play: B")
    rating.wait_until("All saved")
    assert max(row.listened_seconds for row in served.ratings().values()) >= 8.0


def test_waiting_for_a_listening_time_is_not_told_to_the_server_at_every_look(open_sliders):
    rating, _ = open_sliders("minimum_seconds = 60.0")
    sent = []
    rating.page.on("request", lambda request: sent.append(request) if "/ratings" in request.url else None)
    rating.page.keyboard.press("a")
    rating.page.locator(".strip.playing").wait_for()
    rating.page.wait_for_timeout(3000)
    assert len(sent) <= 1


def test_the_number_of_a_rating_is_shown_where_the_study_asks_for_it(open_sliders):
    rating, _ = open_sliders("show_values = true")
    shown = "thumb => getComputedStyle(thumb, '::after').content"
    assert rating.slider("A").evaluate(shown) == '"?"'
    rating.drag("A", 37)
    assert rating.slider("A").evaluate(f"thumb => ({shown})(thumb) + thumb.dataset.value") in {
        "attr(data-value)37",
        '"37"37',
    }


def test_from_right_to_left_the_arrow_to_the_left_goes_to_the_next_slider(open_sliders):
    rating, _ = open_sliders()
    rating.page.evaluate("document.documentElement.dir = 'rtl'")
    assert rating.letter("A").bounding_box()["x"] > rating.letter("B").bounding_box()["x"]
    rating.slider("A").focus()
    rating.page.keyboard.press("ArrowLeft")
    assert rating.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Mix B"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_controls_stand_out_from_the_sheet(open_page, scheme):
    """WCAG 2.2, 1.4.11: 3 to 1."""
    rating, _ = open_page("sliders", color_scheme=scheme)
    rating.page.keyboard.press("b")
    rating.page.locator(".strip.playing").wait_for()
    for selector, pseudo, colour in (
        (".strip:not(.playing) .rail", "::before", "backgroundColor"),
        (".strip.playing .rail", "::before", "backgroundColor"),
        (".strip:not(.playing) .thumb", None, "borderTopColor"),
        (".strip.playing .thumb", None, "borderTopColor"),
        (".strip:not(.playing) .play", None, "borderTopColor"),
        (".strip.playing .play", None, "backgroundColor"),
    ):
        assert rating.page.evaluate(CONTRAST, [selector, pseudo, colour]) >= 3, selector


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_bars_of_an_axis_stand_out_from_the_sheet(open_axis, scheme):
    """WCAG 2.2, 1.4.11: 3 to 1."""
    axis, _ = open_axis(color_scheme=scheme)
    axis.place_by_keys("A", 30)
    axis.place_by_keys("B", 70)
    axis.hear("B")
    for selector, pseudo, colour in (
        (".bar:not(.playing, .waiting) .stem", "::before", "backgroundColor"),
        (".bar.playing .stem", "::before", "backgroundColor"),
        (".bar:not(.playing, .waiting) b", None, "borderTopColor"),
        (".bar.waiting b", None, "borderTopColor"),
        (".field", None, "borderBottomColor"),
    ):
        assert axis.page.evaluate(CONTRAST, [selector, pseudo, colour]) >= 3, selector
