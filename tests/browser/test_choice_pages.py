"""Pages with a choice, in Chromium against the real server: by keys, by mouse, through a reload, and by hostile hands."""

import json
import re

import pytest
from sqlalchemy import select

from mixeval.models import Page, PageStimulus, Rating

pytestmark = pytest.mark.browser

AB = 'page = "ab"\npairs = [["mix_0", "mix_1"]]\nno_preference = true'
ACR = 'page = "acr"'
RANKING = 'page = "ranking"'
BS1116 = 'page = "bs1116"\nreference = "mix_0"'
ABX = 'page = "abx"\npairs = [["mix_0", "mix_1"]]\ntrials_per_pair = 2'


class ChoiceTab:
    """A page of which the controls are cards, in the hands of a listener."""

    def __init__(self, page):
        self.page = page

    def start(self, url):
        self.page.goto(url)
        self.page.get_by_role("button", name="I agree, start").click()
        return self.ready()

    def data(self):
        return json.loads(self.page.locator("#page-data").text_content())

    def next(self):
        # Playwright waits for what says aria-disabled; a listener's finger does not.
        self.page.locator("#next").click(force=True)

    def wait_for_page(self, number):
        self.page.wait_for_function(
            "n => document.readyState !== 'loading'"
            " && JSON.parse(document.querySelector('#page-data')?.textContent ?? '{}').number === n",
            arg=number,
        )
        return self.ready()

    def wait_until(self, saved):
        self.page.wait_for_function(
            "words => document.querySelector('#saved').textContent === words", arg=saved
        )

    def ready(self):
        self.page.wait_for_function(
            "() => document.querySelector('#board')?.inert === false && !document.querySelector('.loading')"
        )
        return self

    def hear_by_key(self, letter):
        self.page.keyboard.press(letter)
        self.heard(letter.upper())

    def hear(self, letter):
        name = f"Play {'mix ' if len(letter) == 1 and letter != 'X' else ''}{letter}"
        self.page.get_by_role("button", name=name, exact=True).click()
        self.heard(letter)

    def heard(self, letter):
        self.page.locator(".playing.heard", has=self.page.get_by_text(letter, exact=True)).wait_for()

    def option(self, words):
        return self.page.get_by_role("radio", name=words, exact=True)

    def tab_to(self, selector):
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"no key leads to {selector}")

    def todo(self):
        return self.page.locator("#todo").inner_text()

    def put(self, values, *, complete=False, **changes):
        """Send values of the sounds from the left past the page, as no page would; return the status."""
        data = self.data()
        ratings = [
            {
                "stimulus": row["token"],
                "attribute": data["axes"][0]["attribute"],
                "value": value,
                "moved": value is not None,
                "played": True,
                "listened_seconds": 1,
                "sequence": data["next_sequence"],
            }
            | changes
            for row, value in zip(data["stimuli"], values, strict=True)
        ]
        address, method = ("complete_url", "POST") if complete else ("ratings_url", "PUT")
        return self.page.evaluate(
            """async ([url, method, body]) => (await fetch(url, { method, body: JSON.stringify(body),
              headers: { "Content-Type": "application/json", "X-Mixeval": "1" } })).status""",
            [data[address], method, {"ratings": ratings} | ({"sequence": 1} if complete else {})],
        )


@pytest.fixture
def open_test(serve_test, tab):
    """Serve the seven mixes with a [test] section, and begin."""

    def opening(section):
        served = serve_test(section, reference="mix_0")
        return ChoiceTab(tab).start(served.url), served

    return opening


def rows(served):
    """Every sound of every page in its order: (page, letter, role, value, moved)."""
    query = (
        select(Page.position, PageStimulus.shown_as, PageStimulus.role, Rating.value, Rating.played)
        .select_from(PageStimulus)
        .join(Page)
        .outerjoin(Rating)
        .order_by(Page.position, PageStimulus.position)
    )
    with served.database.read() as db:
        return [tuple(row) for row in db.execute(query)]


def test_ab_is_answered_by_keys_alone(open_test, tab):
    page, served = open_test(AB)
    assert page.todo() == "Still to play: A, B\nStill to choose"
    page.hear_by_key("a")
    page.hear_by_key("b")
    page.tab_to("input[type=radio]")
    tab.keyboard.press("Space")
    assert page.option("Choose A").is_checked()
    tab.keyboard.press("ArrowDown")
    assert page.option("Choose B").is_checked()
    # Letters still play while an answer has the focus.
    tab.keyboard.press("a")
    page.heard("A")
    page.tab_to("#next")
    page.wait_until("All saved")
    tab.keyboard.press("Enter")
    page.wait_for_page(2)
    page.hear_by_key("a")
    page.hear_by_key("b")
    page.tab_to("input[type=radio]")
    tab.keyboard.press("Enter")
    page.tab_to("#next")
    tab.keyboard.press("Enter")
    tab.locator("#completion-code").wait_for()
    assert rows(served) == [
        (0, "A", "rated", 0, True),
        (0, "B", "rated", 1, True),
        (1, "A", "rated", 1, True),
        (1, "B", "rated", 0, True),
    ]
    # The last events may come after the page that they tell of.
    moves = [event.detail for event in served.wait_for_events(tab, "move", 6)]
    assert {move["by"] for move in moves} == {"keys"}
    assert [(move["from"], move["to"]) for move in moves[:4]] == [(None, 1), (None, 0), (1, 0), (0, 1)]


def test_ab_is_answered_with_the_mouse_and_no_preference_is_half_of_each(open_test, tab):
    page, served = open_test(AB)
    page.hear("A")
    page.next()
    assert page.todo() == "Still to play: B\nStill to choose"
    page.hear("B")
    tab.get_by_text("Choose A").click()
    assert page.option("Choose A").is_checked()
    tab.get_by_text("No preference").click()
    assert not page.option("Choose A").is_checked()
    assert page.option("No preference").is_checked()
    page.next()
    page.wait_for_page(2)
    assert [row[3] for row in rows(served)][:2] == [0.5, 0.5]
    assert {event.detail["by"] for event in served.wait_for_events(tab, "move", 4)} == {"pointer"}
    assert [event.detail for event in served.events("next_refused")] == [{"play": ["B"], "choose": []}]


def test_a_reload_brings_the_choice_back(open_test, tab):
    page, _ = open_test(AB)
    page.hear("B")
    tab.get_by_text("Choose B").click()
    page.wait_until("All saved")
    tab.reload()
    page.ready()
    assert page.option("Choose B").is_checked()
    assert page.todo() == "Still to play: A"


def test_abx_is_answered_by_keys_alone(open_test, tab):
    page, served = open_test(ABX)
    for number in range(4):
        page.wait_for_page(number + 1)
        for letter in "abx":
            page.hear_by_key(letter)
        page.tab_to("input[type=radio]")
        tab.keyboard.press("ArrowDown" if number % 2 else "Space")
        assert page.option("X is B" if number % 2 else "X is A").is_checked()
        page.tab_to("#next")
        tab.keyboard.press("Enter")
    tab.locator("#completion-code").wait_for()
    found = rows(served)
    assert [row[3] for row in found if row[1] == "A"] == [1, 0, 1, 0]
    assert [row[3] for row in found if row[1] == "B"] == [0, 1, 0, 1]
    assert [row[3:] for row in found if row[1] == "X"] == [(None, True)] * 4


def test_abx_is_answered_with_the_mouse_once_x_was_heard(open_test, tab):
    page, served = open_test(ABX)
    page.hear("A")
    page.hear("B")
    tab.get_by_text("X is B").click()
    page.next()
    assert page.todo() == "Still to play: X"
    page.hear("X")
    tab.reload()
    page.ready()
    assert page.option("X is B").is_checked()
    page.next()
    page.wait_for_page(2)
    assert [row[3] for row in rows(served)][:3] == [0, 1, None]


def test_acr_is_answered_by_keys_alone(open_test, tab):
    page, served = open_test(ACR)
    words = ("Excellent", "Good", "Fair", "Poor", "Bad")
    for number in range(14):
        page.wait_for_page(number + 1)
        if number == 0:
            assert page.todo() == "Still to play: A\nStill to choose"
        page.hear_by_key("a")
        page.tab_to("input[type=radio]")
        tab.keyboard.press("Space")
        for _ in range(number % 5):
            tab.keyboard.press("ArrowDown")
        assert page.option(words[number % 5]).is_checked()
        page.tab_to("#next")
        tab.keyboard.press("Enter")
    tab.locator("#completion-code").wait_for()
    assert [row[3] for row in rows(served)] == [5 - number % 5 for number in range(14)]


def test_acr_is_answered_with_the_mouse_through_a_reload(open_test, tab):
    page, served = open_test(ACR)
    page.hear("A")
    tab.get_by_text("Good", exact=True).click()
    tab.get_by_text("Fair", exact=True).click()
    page.wait_until("All saved")
    tab.reload()
    page.ready()
    assert page.option("Fair").is_checked()
    assert page.todo() == ""
    page.next()
    page.wait_for_page(2)
    assert rows(served)[0] == (0, "A", "rated", 3, True)


def ranks(page):
    """The letters of the list, the best first."""
    return "".join(page.page.locator(".places .card .play").all_inner_texts())


def wait_for_ranks(page, letters):
    """What a finger does, the browser says is done before the page has heard of it."""
    page.page.wait_for_function(
        "letters => letters === [...document.querySelectorAll('.places .card .play')]"
        ".map((play) => play.innerText).join('')",
        arg=letters,
    )


def grip(page, letter):
    return page.page.get_by_role("slider", name=f"Mix {letter}", exact=True)


def drag(page, letter, onto, *, above):
    """Take the card of `letter` by its grip and let it go at the upper or lower edge of `onto`."""
    box, goal = grip(page, letter).bounding_box(), onto.bounding_box()
    mouse = page.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(goal["x"] + goal["width"] / 2, goal["y"] + (4 if above else goal["height"] - 4), steps=6)
    mouse.up()


def test_a_ranking_is_made_by_keys_alone(open_test, tab):
    page, served = open_test(RANKING)
    for item in range(2):
        page.wait_for_page(item + 1)
        assert page.todo() == "Still to play: A, B, C, D, E, F, G\nStill to place: A, B, C, D, E, F, G"
        for letter in "abcdefg":
            page.hear_by_key(letter)
        tab.keyboard.press("Space")
        tab.wait_for_function("() => !document.querySelector('.playing')")
        page.tab_to("[role=slider]")
        assert grip(page, "A").get_attribute("aria-valuetext") == "Not placed yet"
        for letter in "ABCDEFG":
            tab.wait_for_function(
                "letter => document.activeElement.ariaLabel === `Mix ${letter}`", arg=letter
            )
            tab.keyboard.press("Enter")
            # From the last place on to the first card of those that wait.
            tab.keyboard.press("ArrowRight")
        assert ranks(page) == "ABCDEFG"
        assert page.todo() == ""
        tab.wait_for_function("() => document.activeElement.ariaLabel === 'Mix A'")
        for _ in range(2):
            tab.keyboard.press("ArrowDown")
        assert ranks(page) == "BCADEFG"
        assert grip(page, "A").get_attribute("aria-valuetext") == "place 3 of 7"
        tab.keyboard.press("ArrowLeft")
        tab.keyboard.press("ArrowUp")
        tab.keyboard.press("ArrowUp")
        tab.keyboard.press("ArrowLeft")
        tab.keyboard.press("Home")
        assert ranks(page) == "GCBADEF"
        tab.keyboard.press("End")
        assert ranks(page) == "CBADEFG"
        # The focus stays with the card, so that Space plays it.
        tab.keyboard.press("Space")
        page.heard("G")
        page.tab_to("#next")
        tab.keyboard.press("Enter")
    tab.locator("#completion-code").wait_for()
    assert [row[3] for row in rows(served)] == [5, 6, 7, 4, 3, 2, 1] * 2
    assert all(row[4] for row in rows(served))


def test_a_ranking_is_made_with_the_mouse_through_a_reload(open_test, tab):
    page, served = open_test(RANKING)
    for letter in "CAF":
        grip(page, letter).click()
    assert ranks(page) == "CAF"
    drag(page, "E", grip(page, "A"), above=True)
    assert ranks(page) == "CEAF"
    drag(page, "C", grip(page, "F"), above=False)
    assert ranks(page) == "EAFC"
    drag(page, "B", tab.locator(".places .empty").last, above=False)
    assert ranks(page) == "EAFCB"
    # Let go beside the list, or pressed where it stands, a card stays.
    drag(page, "D", tab.locator("h1"), above=True)
    grip(page, "A").click()
    assert ranks(page) == "EAFCB"
    tab.get_by_role("button", name="Move mix C up").click()
    assert ranks(page) == "EACFB"
    assert tab.locator(".said").inner_text() == "Mix C: place 3 of 7"
    page.wait_until("All saved")
    tab.reload()
    page.ready()
    assert ranks(page) == "EACFB"
    assert tab.locator(".pool .play").all_inner_texts() == ["D", "G"]
    assert page.todo().endswith("Still to place: D, G")
    for letter in "DG":
        grip(page, letter).click()
    for letter in "ABCDEFG":
        page.hear(letter)
    page.next()
    page.wait_for_page(2)
    stored = {row[1]: row[3] for row in rows(served) if row[0] == 0}
    assert sorted(stored, key=stored.get, reverse=True) == list("EACFBDG")
    assert sorted(stored.values()) == [1, 2, 3, 4, 5, 6, 7]


def test_a_ranking_is_made_with_a_finger_on_a_narrow_screen(serve_test, chromium):
    context = chromium.new_context(
        viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True, device_scale_factor=2
    )
    page = ChoiceTab(context.new_page()).start(serve_test(RANKING).url)
    for letters in ("A", "AB", "ABC"):
        grip(page, letters[-1]).tap()
        wait_for_ranks(page, letters)
    page.page.get_by_role("button", name="Move mix C up").tap()
    wait_for_ranks(page, "ACB")
    box, goal = grip(page, "B").bounding_box(), grip(page, "A").bounding_box()
    session = context.new_cdp_session(page.page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def touch(kind, *points):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": x, "y": y})
    for step in range(1, 9):
        touch("touchMove", {"x": x, "y": y + (goal["y"] + 4 - y) * step / 8})
    touch("touchEnd")
    wait_for_ranks(page, "BAC")
    # Two buttons, a grip and a letter fit beside each other: nothing scrolls sideways.
    assert page.page.evaluate("document.documentElement.scrollWidth") == 360
    context.close()


def test_bs1116_is_answered_by_keys_alone(open_test, tab):
    page, served = open_test(BS1116)
    for number in range(12):
        page.wait_for_page(number + 1)
        tab.keyboard.press("r")
        page.heard("Reference")
        page.hear_by_key("a")
        page.hear_by_key("b")
        page.tab_to("input[type=range]")
        assert grip(page, "A").get_attribute("aria-valuetext") == "not rated yet"
        tab.keyboard.press("Enter")
        assert grip(page, "A").get_attribute("aria-valuetext") == "3.0, Slightly annoying"
        tab.keyboard.press("ArrowRight")
        # Letters and Space play while a slider has the focus.
        tab.keyboard.press("Space")
        page.heard("A")
        page.tab_to("input[type=range]")
        tab.keyboard.press("Home")
        assert page.todo() == "One of A, B is the reference: give it 5.0"
        tab.keyboard.press("End")
        assert grip(page, "B").get_attribute("aria-valuetext") == "5.0, Imperceptible"
        page.tab_to("#next")
        tab.keyboard.press("Enter")
    tab.locator("#completion-code").wait_for()
    assert [row[3] for row in rows(served)] == [None, 3.1, 5] * 12
    assert all(row[4] for row in rows(served))


def test_bs1116_is_answered_with_the_mouse_through_a_reload(open_test, tab):
    page, served = open_test(BS1116)
    for name in ("Reference", "A", "B"):
        page.hear(name)
    # Pressed where it is drawn, a slider counts.
    grip(page, "A").click()
    box = grip(page, "B").bounding_box()
    tab.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    page.wait_until("All saved")
    tab.reload()
    page.ready()
    assert tab.locator("output:not(#decibels)").all_inner_texts() == ["3.0", "5.0"]
    page.next()
    page.wait_for_page(2)
    assert [row[3] for row in rows(served)][:3] == [None, 3, 5]


@pytest.mark.parametrize("section", [AB, RANKING, BS1116])
def test_a_page_is_under_60_kilobytes_before_its_audio(open_test, context, tab, section):
    page, _ = open_test(section)
    session = context.new_cdp_session(tab)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    urls, sizes = {}, {}
    session.on("Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    tab.reload()
    page.ready()
    # What the page before the reload had begun has no address here; some parts of the program come beside the sound or after it.
    after = re.compile("/audio/|/api/|/(preload|keys-help|tab|rescue|dialog|waiting-file|re-entry)[.]")
    weights = {urls[key]: size for key, size in sizes.items() if key in urls and not after.search(urls[key])}
    assert any(url.endswith("player.js") for url in weights)
    assert sum(weights.values()) < 60_000, weights


@pytest.mark.parametrize(
    ("section", "stored", "completed"),
    [
        (AB, [(0.7, 0.3)], [(1, 1), (0, 0.5)]),
        (RANKING, [(0.7, 2, 3, 4, 5, 6, 7)], [(1, 1, 3, 4, 5, 6, 7), (None, 2, 3, 4, 5, 6, 7)]),
        (BS1116, [(5, 5, 4), (None, 5, 0.7)], [(None, 4.9, 4), (None, None, 5)]),
        (ACR, [(0.7,), (6,)], [(None,), (None,)]),
        (ABX, [(1, 0, 1), (0.7, 0.3, None)], [(1, 1, None), (0.5, 0.5, None)]),
    ],
)
def test_what_no_page_would_send_is_refused(open_test, section, stored, completed):
    page, _ = open_test(section)
    assert [page.put(values) for values in stored] == [422] * len(stored)
    assert [page.put(values, complete=True, sequence=n) for n, values in enumerate(completed)] == [422, 422]
