"""One listener, two tabs or devices: the second asks, one of them goes on, and what the other had said is kept."""

import contextlib
import re

import pytest
from playwright.sync_api import Error

pytestmark = pytest.mark.browser

OPEN = "The test is open in another tab or on another device. Continue here?"
GONE = "You are continuing in another tab or on another device."
HERE = "Continue here"


@pytest.fixture
def second(rating, context):
    """The same session in a second tab, which asks."""
    rating.held()
    other = type(rating)(context.new_page())
    other.page.goto(rating.page.url)
    other.page.get_by_text(OPEN).wait_for()
    return other


def continue_here(tab):
    """Press Enter: the button has the focus."""
    with tab.page.expect_navigation():
        tab.page.keyboard.press("Enter")
    return tab.ready().held()


def crash(page):
    """End the tab's process, as running out of memory does."""
    with page.expect_event("crash"), contextlib.suppress(Error):
        page.goto("chrome://crash")


def values(served, rating):
    stored = served.ratings()
    return {
        row["label"]: stored[row["token"]].value
        for row in rating.data()["stimuli"]
        if row["token"] in stored and stored[row["token"]].value is not None
    }


def test_a_second_tab_asks_before_it_takes_over_and_the_first_stops_playing(rating, second, served):
    # Until the question is answered the first goes on as if nothing were.
    rating.hear("A")
    rating.drag("A", 20)
    rating.wait_until("All saved")
    assert second.page.evaluate("document.activeElement.textContent") == HERE
    second.page.keyboard.press("Escape")
    assert second.page.locator("dialog[open]").count() == 1
    continue_here(second)
    rating.page.get_by_text(GONE).wait_for()
    assert rating.page.locator(".playing").count() == 0
    assert second.value("A") == "20"
    second.drag("A", 33)
    second.wait_until("All saved")
    assert values(served, second) == {"A": 33}


def test_the_first_tab_can_take_the_test_back(rating, second):
    continue_here(second)
    second.drag("B", 60)
    second.wait_until("All saved")
    rating.page.get_by_text(GONE).wait_for()
    continue_here(rating)
    second.page.get_by_text(GONE).wait_for()
    assert rating.value("B") == "60"


def test_a_reload_never_asks_and_a_copy_of_the_tab_does(rating, context):
    for _ in range(3):
        rating.page.reload()
        rating.ready().held()
    with context.expect_page() as opened:
        # A tab that is opened so gets a copy of all that this one remembers, as with "Duplicate tab".
        rating.page.evaluate("void open(location.href)")
    copy = opened.value
    copy.get_by_text(OPEN).wait_for()
    names = [page.evaluate("sessionStorage.getItem('mixeval-tab')") for page in (rating.page, copy)]
    assert names[0] != names[1]
    assert rating.page.locator("dialog").count() == 0


def test_a_tab_that_crashed_is_not_asked_about(rating, context, served):
    rating.drag("A", 71)
    rating.wait_until("All saved")
    before = rating.data()
    rating.held()
    crash(rating.page)
    again = type(rating)(context.new_page())
    again.page.goto(f"{served.url}test")
    # Once to hear of the tab that crashed, and once to take over from it.
    again.ready().held(asked=2)
    again.drag("C", 5)
    again.wait_until("All saved")
    assert again.page.locator("dialog").count() == 0
    after = again.data()
    assert [after["page"], *(row["token"] for row in after["stimuli"])] == [
        before["page"],
        *(row["token"] for row in before["stimuli"]),
    ]
    assert again.value("A") == "71"


def test_another_device_takes_over_and_the_first_hears_of_it_with_its_next_answer(rating, served, chromium):
    rating.held()
    other = chromium.new_context(viewport={"width": 1280, "height": 800})
    device = type(rating)(other.new_page())
    device.page.goto(rating.data()["resume_url"])
    device.page.get_by_text(OPEN).wait_for()
    continue_here(device)
    device.drag("A", 80)
    device.wait_until("All saved")
    # The first knows nothing of it yet. What it says of a mix that nobody has rated since is kept.
    rating.drag("A", 10)
    rating.page.get_by_text(GONE).wait_for()
    assert values(served, device) == {"A": 80}
    continue_here(rating)
    assert rating.value("A") == "80"
    other.close()


@pytest.mark.slow
def test_late_answers_of_the_old_device_are_kept_and_never_go_over_newer_ones(
    rating, served, chromium, context
):
    rating.held()
    # Judge: the sequence of events as the listener lived it. The old device's clock is a day ahead.
    rating.page.evaluate("const real = Date.now; Date.now = () => real() + 86_400_000")
    context.set_offline(True)
    rating.drag("A", 10)
    rating.drag("B", 20)
    rating.wait_until("Offline, 2 waiting")
    other = chromium.new_context(viewport={"width": 1280, "height": 800})
    device = type(rating)(other.new_page())
    device.page.goto(rating.data()["resume_url"])
    device.page.get_by_text(OPEN).wait_for()
    continue_here(device)
    device.drag("A", 90)
    device.wait_until("All saved")
    context.set_offline(False)
    rating.page.get_by_text(GONE).wait_for()
    for _ in range(300):
        if values(served, device) == {"A": 90, "B": 20}:
            break
        rating.page.wait_for_timeout(100)
    assert values(served, device) == {"A": 90, "B": 20}
    other.close()


def test_a_page_that_is_held_elsewhere_is_not_finished_from_here(rating, served, chromium):
    rating.rate_all(dict.fromkeys("ABCDEFG", 30))
    rating.wait_until("All saved")
    rating.held()
    other = chromium.new_context()
    other.request.get(rating.data()["resume_url"])
    headers = {"X-Mixeval": "1", "Content-Type": "application/json"}
    answer = other.request.post(
        f"{served.url}api/hold", data={"tab": "another-device", "take": True}, headers=headers
    )
    assert answer.json() == {"held": True, "holder": "another-device"}
    rating.next()
    rating.page.get_by_text(GONE).wait_for()
    assert rating.data()["number"] == 1
    assert served.sessions()[0].holder == "another-device"
    other.close()


@pytest.mark.parametrize("size", [(1280, 800), (360, 640)])
def test_axe_finds_nothing_in_the_dialogs_which_fit_a_phone(second, axe, size):
    tab = second.page
    tab.set_viewport_size({"width": size[0], "height": size[1]})
    tab.wait_for_function("() => [...document.styleSheets].some(({ href }) => href?.endsWith('/dialog.css'))")
    # The other dialog, for a lost cookie, is the same one with a field.
    tab.evaluate(
        """async (script) => {
          const { ask } = await import(script);
          const { Scope } = await import(script.replace("dialog.js", "scope.js"));
          globalThis.askForCode = () => ask({ text: "This browser is no longer signed in.", field: "Your code or link",
            buttons: [{ words: "Continue here", main: true, act() {} }, { words: "Save a file", act() {} }] }, new Scope());
        }""",
        tab.evaluate(
            "document.querySelector('link[rel=modulepreload]').href.replace('main.js', 'dialog.js')"
        ),
    )
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        tab.evaluate(axe)
        found = tab.evaluate(
            "axe.run(document.querySelector('dialog')).then(({ violations }) => violations.map((v) => v.id))"
        )
        assert found == []
        assert tab.evaluate(
            "document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth"
        )
        tab.evaluate("askForCode()")
        assert tab.evaluate("document.activeElement.name") == "typed"


def test_a_page_whose_tab_got_no_name_works_all_the_same(rating, served, tab):
    # The line breaks in the page's first second, with this program on its way.
    refused = []
    tab.route(re.compile(r"/tab\.js"), lambda route: (refused.append(route.request.url), route.abort()))
    tab.reload()
    rating.ready()
    rating.drag("A", 30)
    rating.wait_until("All saved")
    assert values(served, rating) == {"A": 30}
    assert refused
    assert tab.locator("#message").inner_text() == ""
