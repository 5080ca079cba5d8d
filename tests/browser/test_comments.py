"""What listeners write: about the page, about a mix, through reloads and broken lines, without playing anything."""

import pytest

pytestmark = pytest.mark.browser

LETTERS = "ABCDEFG"


def about_page(tab):
    return tab.page.get_by_label("Anything to say about this page?")


def about_mix(tab, letter):
    return tab.page.get_by_label(f"About mix {letter}")


def unfold(tab):
    tab.page.get_by_text("Comments on single mixes").click()


@pytest.mark.parametrize("kind", ["sliders", "single_axis"])
def test_comments_about_mixes_and_the_page_are_stored_and_play_nothing(open_page, kind):
    tab, served = open_page(kind, 'comments = "both"')
    unfold(tab)
    about_mix(tab, "B").click()
    tab.page.keyboard.type("abc 123 r0 boomy", delay=10)
    tab.page.keyboard.press("Space")
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("Tab")
    about_page(tab).click()
    tab.page.keyboard.type("hard to tell")
    tab.page.keyboard.press("Enter")
    tab.page.keyboard.type("<b>apart</b>")
    assert tab.page.locator(".playing").count() == 0
    tab.page.locator("h1").click()
    tab.wait_until("All saved")
    tokens = {row["label"]: row["token"] for row in tab.data()["stimuli"]}
    expected = {tokens["B"]: "abc 123 r0 boomy ", "": "hard to tell\n<b>apart</b>"}
    assert served.comments() == expected
    # And outside a box the same keys play again.
    tab.page.keyboard.press("c")
    tab.page.locator(".playing", has_text="C").wait_for()


def test_a_comment_typed_just_before_a_reload_stands_there_after_it(open_sliders):
    tab, served = open_sliders('comments = "mixes"')
    unfold(tab)
    about_mix(tab, "C").click()
    tab.page.keyboard.type("wooly")
    tab.page.reload()
    tab.ready()
    # It is unfolded, since something stands there.
    assert about_mix(tab, "C").is_visible()
    assert about_mix(tab, "C").input_value() == "wooly"
    tab.wait_until("All saved")
    assert list(served.comments().values()) == ["wooly"]
    about_mix(tab, "C").fill("")
    tab.page.reload()
    tab.ready()
    tab.wait_until("All saved")
    assert about_mix(tab, "C").input_value() == ""
    assert list(served.comments().values()) == [""]


def test_without_a_connection_a_comment_is_kept_and_stored_when_it_is_back(
    open_sliders, lose_last_words, wait_until_kept
):
    tab, served = open_sliders('comments = "page"')
    lose_last_words(tab.page)
    # With this answer the last of the page's program has come.
    tab.ready().held()
    tab.page.context.set_offline(True)
    about_page(tab).click()
    tab.page.keyboard.type("on the train")
    tab.wait_until("Offline, 1 waiting")
    wait_until_kept(tab.page, "on the train")
    page, context = tab.page, tab.page.context
    page.close(run_before_unload=False)
    assert served.comments() == {}
    context.set_offline(False)
    again = type(tab)(context.new_page())
    again.page.goto(f"{served.url}test")
    again.ready()
    assert about_page(again).input_value() == "on the train"
    again.wait_until("All saved")
    assert served.comments() == {"": "on the train"}


def test_a_comment_that_is_being_written_goes_along_with_next(open_sliders):
    tab, served = open_sliders('comments = "page"')
    tab.rate_all(dict.fromkeys(LETTERS, 40))
    about_page(tab).click()
    tab.page.keyboard.type("last words")
    tab.page.locator("#next").click()
    tab.wait_for_page(2)
    assert served.comments() == {"": "last words"}
    assert about_page(tab).input_value() == ""


@pytest.mark.parametrize(("asked", "boxes"), [("none", 0), ("page", 1), ("mixes", 7), ("both", 8)])
def test_a_page_has_the_boxes_that_the_study_asks_for(open_sliders, asked, boxes):
    tab, _ = open_sliders(f'comments = "{asked}"')
    assert tab.page.locator("textarea").count() == boxes
