"""One of Prolific's participants from arrival to the address that pays them, in a real browser."""

import json
import re

import pytest
from sqlalchemy import select

from mixeval.models import ExternalId, Participant
from mixeval_webapp.recruitment.previews import preview_address

pytestmark = pytest.mark.browser

ADDRESS = "?PROLIFIC_PID=5f1a&STUDY_ID=study9&SESSION_ID=sub7"
RETURN = "https://app.prolific.com/submissions/complete?cc="
RECRUITMENT = """
[recruitment]
platform = "prolific"
completion_code = "COMPLETE1"
screened_out_code = "SCREENED2"
no_consent_code = "NOCONSENT3"
"""


@pytest.fixture
def arrived_at(tab):
    """Stand in for Prolific; return the addresses that the browser came to there."""
    addresses = []

    def arrive(route):
        addresses.append(route.request.url)
        route.fulfill(body="Thank you")

    tab.route("https://app.prolific.com/**", arrive)
    return addresses


@pytest.fixture
def rate_page(tab):
    """Answer every mix of a page by request, once it is there."""

    def rate(number):
        tab.wait_for_function(
            """n => document.readyState !== 'loading'
              && JSON.parse(document.querySelector('#page-data')?.textContent ?? '{}').number === n""",
            arg=number,
        )
        status = tab.evaluate(
            """async () => {
              const data = JSON.parse(document.querySelector("#page-data").textContent);
              const ratings = data.stimuli.map(({ token }) => ({ stimulus: token, attribute: "preference",
                value: 40, moved: true, played: true, listened_seconds: 1, sequence: data.next_sequence }));
              return (await fetch(data.complete_url, { method: "POST", body: JSON.stringify({ ratings, sequence: 1 }),
                headers: { "Content-Type": "application/json", "X-Mixeval": "1" } })).status;
            }"""
        )
        assert status == 200

    return rate


def sounds_of(page):
    """Return the page's own id and its sounds in their order; a page's first sequence number follows the clock."""
    data = json.loads(page.locator("#page-data").text_content())
    return data["page"], [row["token"] for row in data["stimuli"]]


def ids(served):
    with served.database.read() as db:
        return [(row.value, row.submission) for row in db.scalars(select(ExternalId))]


def test_who_takes_the_test_lands_where_prolific_pays(serve, tab, arrived_at, rate_page):
    served = serve(RECRUITMENT, mixes=2)
    tab.goto(f"{served.url}{ADDRESS}")
    tab.get_by_role("button", name="I agree, start").click()
    for number in (1, 2):
        rate_page(number)
        tab.goto(f"{served.url}test")
    # First what stands there from the beginning: four seconds after those words the page is left.
    assert tab.locator("#completion-code").text_content() == "COMPLETE1"
    tab.get_by_text("You go to app.prolific.com in a moment.").wait_for()
    tab.wait_for_url("https://app.prolific.com/**")
    assert arrived_at == [f"{RETURN}COMPLETE1"]
    (session,) = served.sessions()
    assert session.completed_at is not None
    assert ids(served) == [("5f1a", "sub7")]


def test_who_does_not_agree_goes_back_with_that_code_and_without_a_trace(serve, tab, arrived_at):
    served = serve(RECRUITMENT, mixes=2)
    tab.goto(f"{served.url}{ADDRESS}")
    tab.get_by_role("link", name="I do not agree").click()
    # A slip of the finger can be taken back: nobody is sent off unasked.
    tab.get_by_role("link", name="Back to the first page").wait_for()
    tab.get_by_role("link", name="Go to app.prolific.com now").click()
    tab.wait_for_url("https://app.prolific.com/**")
    assert arrived_at == [f"{RETURN}NOCONSENT3"]
    assert ids(served) == []
    with served.database.read() as db:
        assert db.scalars(select(Participant)).all() == []


def test_who_is_screened_out_lands_at_that_address(serve, tab, arrived_at):
    served = serve(f"[participants.checks]\nleft_right = true\ndrop_failing = true\n{RECRUITMENT}", mixes=2)
    tab.route(re.compile("/audio/"), lambda route: route.fulfill(status=404))
    tab.goto(f"{served.url}{ADDRESS}")
    tab.get_by_role("button", name="I agree, start").click()
    for _ in range(4):
        tab.locator(".trial:not([hidden])").get_by_role("button", name="Go on without this sound").click()
    tab.locator("#next[aria-disabled=false]").click()
    tab.wait_for_url("https://app.prolific.com/**")
    assert arrived_at == [f"{RETURN}SCREENED2"]
    (session,) = served.sessions()
    assert (session.ended_as, session.completed_at) == ("screened_out", None)


def test_the_code_of_one_browser_opens_the_same_page_in_another(serve, tab, chromium):
    served = serve("[test]\nbreak_after_pages = 1\n", mixes=2)
    tab.goto(served.url)
    tab.get_by_role("button", name="I agree, start").click()
    tab.locator("details", has_text="Continue on another device").locator("summary").click()
    code = tab.locator(".resume-code").text_content()
    page = sounds_of(tab)
    another = chromium.new_context().new_page()
    another.goto(served.url)
    another.get_by_role("link", name="Go on with a code").click()
    # By the keyboard alone: the field has the focus. Keys wait for no page, so the test waits for that.
    another.locator("input[name=code]:focus").wait_for()
    another.keyboard.type("wrong")
    another.keyboard.press("Enter")
    another.get_by_role("alert").wait_for()
    another.locator("input[name=code]").select_text()
    another.keyboard.type(code.lower().replace("-", " "))
    another.keyboard.press("Enter")
    another.wait_for_url("**/test")
    assert sounds_of(another) == page
    another.context.close()


def test_a_preview_says_so_at_any_width_and_leaves_the_page_as_it_is(serve, tab):
    served = serve("", mixes=7)
    tab.goto(preview_address(served.url, secret_key="k" * 64))
    tab.get_by_role("button", name="I agree, start").click()
    # The first page has the same banner.
    tab.wait_for_url("**/test")
    banner = tab.get_by_role("note")
    for width in (1280, 360):
        tab.set_viewport_size({"width": width, "height": 800})
        assert banner.text_content() == "Preview: nothing here is counted"
        assert banner.bounding_box()["width"] == width
        # The bar with Next stays at the bottom of the window.
        bar = tab.locator("footer").bounding_box()
        assert round(bar["y"] + bar["height"]) == 800
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
