"""The single axis in Chromium against the real server: by mouse, by keys alone, by touch, from right to left."""

import re
import time

import pytest

pytestmark = pytest.mark.browser

LETTERS = "ABCDEFG"
VALUES = dict(zip(LETTERS, (71, 12, 64, 78, 50, 0, 100), strict=True))
PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
ON_TOP = """bar => { const box = bar.querySelector(".flag").getBoundingClientRect();
  return bar.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)); }"""
AWAIT_LIFT = """() => {
  globalThis.lifted = false;
  for (const kind of ["pointerup", "pointercancel"])
    addEventListener(kind, () => (globalThis.lifted = true), { capture: true, once: true });
}"""


def stored(axis, served, attribute="preference"):
    """The values in the database, under the letters that the listener saw."""
    rows = served.ratings_of(attribute)
    return {row["label"]: rows[row["token"]].value for row in axis.data()["stimuli"] if row["token"] in rows}


def test_a_listener_takes_the_whole_test_with_the_mouse(open_axis):
    axis, served = open_axis()
    axis.hear("A")
    assert axis.values()["A"] == "not rated yet"
    axis.drag("A", 30)
    axis.next()
    assert (
        axis.page.locator("#todo").inner_text()
        == "Still to play: B, C, D, E, F, G\nStill to place: B, C, D, E, F, G"
    )
    axis.rate_all(VALUES)
    assert axis.numbers() == VALUES
    assert axis.page.locator(".tray-words").inner_text() == "All placed"
    axis.wait_until("All saved")
    assert stored(axis, served) == VALUES
    assert {row.moved and row.played for row in served.ratings().values()} == {True}
    axis.next()
    axis.wait_for_page(2)
    assert set(axis.values().values()) == {"not rated yet"}
    axis.rate_all(VALUES)
    axis.next()
    axis.page.locator("#completion-code").wait_for()
    assert len(served.ratings()) == 14
    # The last events may come after the page that they tell of.
    moves = [event.detail for event in served.wait_for_events(axis.page, "move", 15)]
    assert [event.detail["play"] for event in served.events("next_refused")] == [list("BCDEFG")]
    assert moves[0] == {"from": None, "to": 30, "by": "pointer", "attribute": "preference"}
    assert (moves[1]["from"], moves[1]["to"]) == (30, 71)


def test_a_listener_takes_a_whole_page_by_keys_alone(open_axis):
    axis, served = open_axis()
    keys = axis.page.keyboard

    def focused():
        return axis.page.evaluate("document.activeElement.querySelector('b')?.firstChild.data ?? ''")

    def press_until(key, there):
        for _ in range(60):
            if there():
                return
            keys.press(key)
        raise AssertionError(f"{key} does not lead there")

    for number, letter in enumerate(LETTERS, start=1):
        keys.press(letter.lower() if number % 2 else str(number))
        axis.page.locator(".bar.playing.heard", has_text=letter).wait_for()
    press_until("Tab", lambda: focused() == "A")
    keys.press("Enter")
    assert axis.values()["A"] == "50, between Worst and Best"
    for letter, steps in {
        "B": ["ArrowRight"],
        "C": ["Shift+ArrowLeft", "ArrowLeft"],
        "D": ["PageUp", "PageUp"],
        "E": ["PageDown"],
        "F": ["Home"],
        "G": ["End", "ArrowRight"],
    }.items():
        press_until("ArrowDown", lambda letter=letter: focused() == letter)
        for key in steps:
            keys.press(key)
    expected = dict(zip(LETTERS, (50, 51, 39, 70, 40, 0, 100), strict=True))
    assert axis.numbers() == expected
    assert axis.values()["F"] == "0, Worst"
    keys.press("a")
    keys.press("Space")
    axis.page.locator(".bar.playing", has_text="G").wait_for()
    press_until("Tab", lambda: axis.page.evaluate("document.activeElement.id") == "next")
    axis.wait_until("All saved")
    assert stored(axis, served) == expected
    keys.press("Enter")
    axis.wait_for_page(2)
    assert {event.detail["by"] for event in served.wait_for_events(axis.page, "move", 7)} == {"keys"}


def test_up_down_and_tab_follow_the_axis_and_then_the_tray(open_axis):
    axis, _ = open_axis()
    for letter, value in {"E": 10, "A": 40, "C": 80}.items():
        axis.place_by_keys(letter, value)
    for key in ("ArrowDown", "Tab"):
        axis.bar("E").focus()
        seen = []
        for _ in LETTERS:
            seen.append(axis.page.evaluate("document.activeElement.querySelector('b').firstChild.data"))
            axis.page.keyboard.press(key)
        assert seen == list("EACBDFG")
    axis.bar("A").focus()
    axis.page.keyboard.press("ArrowUp")
    assert axis.page.evaluate("document.activeElement.querySelector('b').firstChild.data") == "E"


class Finger:
    """One finger on the glass."""

    def __init__(self, page):
        self.session = page.context.new_cdp_session(page)
        self.page = page

    def slide(self, start, end, steps=10):
        self.page.evaluate(AWAIT_LIFT)
        points = [
            tuple(a + (b - a) * step / steps for a, b in zip(start, end, strict=True))
            for step in range(steps + 1)
        ]
        for kind, at in [("touchStart", points[0]), *(("touchMove", at) for at in points[1:])]:
            self._send(kind, [{"x": at[0], "y": at[1]}])
        self._send("touchEnd", [])
        # The browser may answer for a touch before the page has had it.
        self.page.wait_for_function("() => lifted")

    def _send(self, kind, points):
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        self.page.wait_for_timeout(20)


def test_a_listener_takes_a_whole_page_on_a_phone_by_touch(open_axis):
    axis, served = open_axis(**PHONE)
    finger = Finger(axis.page)
    for letter in LETTERS:
        axis.handle(letter).tap()
        axis.page.locator(".bar.playing.heard", has_text=letter).wait_for()
        assert axis.values()[letter] == "not rated yet"
    # Up from the tray, then along the axis.
    for letter, value in VALUES.items():
        finger.slide(axis.middle(letter), axis.point(20))
        finger.slide(axis.middle(letter), (axis.point(value)[0], axis.middle(letter)[1]))
    assert all(abs(axis.numbers()[letter] - value) <= 1 for letter, value in VALUES.items())
    expected = axis.numbers()
    axis.wait_until("All saved")
    assert stored(axis, served) == expected
    axis.page.locator("#next").tap()
    axis.wait_for_page(2)


def test_a_finger_that_scrolls_over_a_bar_moves_the_page_and_not_the_bar(open_axis):
    axis, _ = open_axis(**(PHONE | {"viewport": {"width": 360, "height": 520}}))
    axis.place_by_keys("A", 50)
    axis.page.evaluate("scrollTo(0, 0)")
    x, y = axis.middle("A")
    Finger(axis.page).slide((x, y), (x + 8, y - 150))
    axis.page.wait_for_function("() => scrollY > 60")
    assert axis.numbers()["A"] == 50
    assert axis.page.locator(".playing").count() == 0


def test_a_phone_shows_the_axis_and_its_tray_together_with_room_for_a_finger(open_axis):
    axis, _ = open_axis(**PHONE)
    assert axis.page.evaluate("document.documentElement.scrollWidth") == 360
    footer = axis.page.locator("footer").bounding_box()
    for letter in LETTERS:
        box = axis.handle(letter).bounding_box()
        assert min(box["width"], box["height"]) >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert box["y"] + box["height"] <= footer["y"]


@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("value", [0, 70, 100])
def test_seven_bars_at_one_place_can_each_be_clicked_focused_and_dragged_away(open_axis, options, value):
    axis, _ = open_axis(**options)
    for letter in LETTERS:
        axis.place_by_keys(letter, value)
    axis.page.evaluate("document.activeElement.blur()")
    axis.page.wait_for_timeout(100)
    for letter in LETTERS:
        assert axis.bar(letter).evaluate(ON_TOP), letter
        box = axis.handle(letter).bounding_box()
        assert min(box["width"], box["height"]) >= 44
        axis.handle(letter).click()
        axis.page.locator(".bar.playing", has_text=letter).wait_for()
        assert axis.page.evaluate("document.activeElement.querySelector('b').firstChild.data") == letter
    for number, letter in enumerate(LETTERS):
        axis.drag(letter, 12 * number + 10)
    assert axis.numbers() == {letter: 12 * number + 10 for number, letter in enumerate(LETTERS)}


def test_a_bar_that_is_dragged_past_others_leaves_them_where_they_are(open_axis):
    axis, _ = open_axis()
    for letter, value in {"A": 20, "B": 50, "C": 51, "D": 80}.items():
        axis.place_by_keys(letter, value)
    axis.page.evaluate("document.activeElement.blur()")
    before = {letter: axis.middle(letter) for letter in "BCD"}
    mouse = axis.page.mouse
    mouse.move(*axis.middle("A"))
    mouse.down()
    for value in range(20, 100, 2):
        mouse.move(*axis.point(value))
        assert {letter: axis.middle(letter) for letter in "BCD"} == before
    mouse.up()
    assert axis.numbers()["A"] == 98


def test_a_press_that_shakes_or_rests_places_nothing_and_a_bar_dropped_outside_goes_back(open_axis):
    axis, served = open_axis()
    mouse = axis.page.mouse
    x, y = axis.middle("A")
    session, now = axis.page.context.new_cdp_session(axis.page), time.time()
    # All of one moment, however long the page takes to hear of each: what takes half a second is no click.
    for kind, by in (("mousePressed", 0), ("mouseMoved", 3), ("mouseReleased", 3)):
        press = {"button": "left", "clickCount": 1, "timestamp": now}
        session.send("Input.dispatchMouseEvent", {"type": kind, "x": x + by, "y": y + by, **press})
    axis.page.locator(".bar.playing", has_text="A").wait_for()
    mouse.move(*axis.middle("B"))
    mouse.down()
    axis.page.wait_for_timeout(700)
    mouse.up()
    axis.page.locator(".bar.playing", has_text="A").wait_for()
    home = axis.middle("C")
    mouse.move(*home)
    mouse.down()
    mouse.move(home[0] + 200, home[1] + 20, steps=4)
    assert axis.middle("C") == (home[0] + 200, home[1] + 20)
    mouse.up()
    assert axis.middle("C") == home
    assert set(axis.values().values()) == {"not rated yet"}
    assert {row.value for row in served.ratings().values()} <= {None}


def test_a_reload_brings_back_what_was_placed_and_what_waits(open_axis):
    axis, _ = open_axis()
    axis.hear("A")
    axis.drag("A", 71)
    axis.drag("C", 20)
    axis.wait_until("All saved")
    before = [axis.middle(letter) for letter in LETTERS]
    axis.page.reload()
    axis.ready()
    assert axis.numbers() == dict.fromkeys(LETTERS) | {"A": 71, "C": 20}
    assert [axis.middle(letter) for letter in LETTERS] == before
    assert axis.page.locator("#todo").inner_text().startswith("Still to play: B, C")


def test_from_right_to_left_the_axis_its_keys_and_its_pointer_are_mirrored(open_axis):
    axis, _ = open_axis()
    axis.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { document.documentElement.dir = 'rtl' })"
    )
    axis.page.reload()
    axis.ready()
    low, high = (
        axis.page.locator(".words b", has_text=word).bounding_box()["x"] for word in ("Worst", "Best")
    )
    assert low > high
    axis.drag("A", 80)
    field = axis.page.locator(".field").bounding_box()
    assert abs(axis.middle("A")[0] - (field["x"] + 0.2 * field["width"])) <= 1
    axis.page.keyboard.press("ArrowLeft")
    axis.page.keyboard.press("Shift+ArrowRight")
    assert axis.numbers()["A"] == 71
    axis.page.keyboard.press("End")
    assert axis.middle("A")[0] < field["x"] + 1


@pytest.mark.parametrize("unrated", ["neutral", "random"])
def test_a_bar_that_is_drawn_before_it_is_rated_is_no_answer_until_it_is_confirmed(open_axis, unrated):
    axis, served = open_axis(f'unrated = "{unrated}"')
    starts = {row["label"]: axis.data()["starts"][row["token"]] for row in axis.data()["stimuli"]}
    field = axis.page.locator(".field").bounding_box()
    for letter, start in starts.items():
        assert abs(axis.middle(letter)[0] - field["x"] - field["width"] * start / 100) <= 1
    assert (set(starts.values()) == {50}) == (unrated == "neutral")
    assert set(axis.values().values()) == {"not rated yet"}
    axis.hear("A")
    axis.next()
    assert "Still to place: A, B, C, D, E, F, G" in axis.page.locator("#todo").inner_text()
    axis.bar("B").focus()
    axis.page.keyboard.press("Enter")
    # Taken, held for a moment and let go where it is.
    axis.page.mouse.move(*axis.middle("C"))
    axis.page.mouse.down()
    axis.page.wait_for_timeout(700)
    axis.page.mouse.up()
    axis.wait_until("All saved")
    assert {letter: value for letter, value in stored(axis, served).items() if value is not None} == {
        "B": starts["B"],
        "C": starts["C"],
    }
    axis.page.reload()
    axis.ready()
    assert {row["label"]: axis.data()["starts"][row["token"]] for row in axis.data()["stimuli"]} == starts


def test_two_attributes_are_two_axes_that_play_together_and_are_both_asked_for(open_axis):
    axis, served = open_axis(
        '[[test.attributes]]\nname = "preference"\nquestion = "How much do you like it?"\nscale = ["Worst", "Best"]\n'
        '[[test.attributes]]\nname = "wetness"\nquestion = "How much room?"\nscale = ["None", "Some", "Much"]'
    )
    axis.hear("A")
    assert axis.page.locator(".bar.playing b").all_inner_texts() == ["A", "A"]
    for letter in LETTERS:
        axis.hear(letter)
        axis.place_by_keys(letter, 60)
    assert axis.page.locator("#todo").inner_text() == "Still to place: A, B, C, D, E, F, G"
    axis.page.locator(".tray").nth(1).evaluate("tray => tray.scrollIntoView({ block: 'end' })")
    axis.drag("B", 25, axis=1)
    for letter in "ACDEFG":
        axis.bar(letter, 1).focus()
        axis.page.keyboard.press("Enter")
    assert axis.values(1)["B"] == "25, between None and Some"
    assert axis.values(1)["A"] == "50, Some"
    axis.wait_until("All saved")
    assert stored(axis, served, "wetness") == dict.fromkeys(LETTERS, 50) | {"B": 25}
    axis.next()
    axis.wait_for_page(2)
    # Leaving the page stops the sound, which is the last that it tells.
    served.wait_for_events(axis.page, "stop")
    assert {event.detail["attribute"] for event in served.events("move")} == {"preference", "wetness"}


def test_those_who_do_not_see_it_hear_what_plays_where_it_stands_and_how_much_was_heard(open_axis):
    axis, served = open_axis("minimum_seconds = 4.0")
    bar = axis.bar("A")
    assert bar.get_attribute("aria-orientation") == "horizontal"
    assert bar.get_attribute("aria-label") == "Mix A"
    axis.page.keyboard.press("a")
    axis.page.locator(".bar.playing", has_text="A").wait_for()
    assert bar.get_attribute("aria-label") == "Mix A, playing"
    axis.page.wait_for_function(
        "() => document.querySelector('.bar.playing').style.getPropertyValue('--heard') >= 0.2"
    )
    axis.page.keyboard.press("Escape")
    told = re.fullmatch(r"Mix A, ([2-9]\d) % heard", bar.get_attribute("aria-label"))
    axis.wait_until("All saved")
    [row] = served.ratings().values()
    assert int(told[1]) == pytest.approx(100 * row.listened_seconds / 4, abs=2)
    # As a screen reader presses: without a pointer.
    bar.dispatch_event("click")
    axis.page.locator(".bar.playing.heard", has_text="A").wait_for()


def test_the_number_of_a_rating_is_shown_only_where_the_study_asks_for_it(open_axis):
    axis, _ = open_axis("show_values = true")
    axis.drag("A", 37)
    assert axis.handle("A").inner_text().split() == ["A", "37"]
    assert axis.handle("B").inner_text().split() == ["B"]
