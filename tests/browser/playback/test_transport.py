"""The bar below the board in Chromium: loops by pointer, keys and touch, the volume, and what is logged of them."""

import pytest

pytestmark = pytest.mark.browser

SECONDS = 1.0
"""Length of the mixes."""
AWAIT_LIFT = """() => {
  globalThis.lifted = false;
  for (const kind of ["pointerup", "pointercancel"])
    addEventListener(kind, () => (globalThis.lifted = true), { capture: true, once: true });
}"""


class Bar:
    """The position bar in a listener's hands, and what it has led to."""

    def __init__(self, tab, served):
        self.tab, self.served = tab, served

    @property
    def box(self):
        return self.tab.locator(".loop").bounding_box()

    def at(self, part):
        box = self.box
        return box["x"] + box["width"] * part, box["y"] + box["height"] / 2

    def drag(self, from_x, to_x, y, steps=1):
        """In one step: where a page stalls between two, the first one rests, and is logged as well."""
        self.tab.mouse.move(from_x, y)
        self.tab.mouse.down()
        self.tab.mouse.move(to_x, y, steps=steps)
        self.tab.mouse.up()

    def mark(self, start, end):
        (from_x, y), (to_x, _) = self.at(start), self.at(end)
        self.drag(from_x, to_x, y)

    def handle(self, name):
        return self.tab.get_by_role("slider", name=name)

    def ends(self):
        return [
            float(self.handle(name).get_attribute("aria-valuenow"))
            for name in ("Start of the loop", "End of the loop")
        ]

    def told(self):
        return self.tab.locator(".loop [role=status]").inner_text()

    def logged(self, kind, count):
        """Return the details of `count` events, once the server has them."""
        found = [event.detail for event in self.served.wait_for_events(self.tab, kind, count)]
        assert len(found) == count, found
        return found


@pytest.fixture
def bar(rating, served):
    return Bar(rating.page, served)


def test_a_drag_marks_a_loop_that_is_played_and_logged(bar, rating, tab):
    rating.hear("A")
    bar.mark(0.6, 0.25)
    assert bar.ends() == pytest.approx([0.25, 0.6], abs=0.051)
    assert bar.told() == "From 0.3 to 0.6 seconds in a loop"
    [loop] = bar.logged("loop", 1)
    assert [loop["start"], loop["end"]] == pytest.approx([0.25, 0.6], abs=0.01)
    # Whole frames at 44.1 kHz, so far as microseconds tell.
    assert loop["start"] * 44100 == pytest.approx(round(loop["start"] * 44100), abs=0.03)
    places = []
    for _ in range(20):
        places.append(float(tab.locator(".loop").evaluate("bar => bar.style.getPropertyValue('--now')")))
        tab.wait_for_timeout(40)
    assert min(places) >= 0.24
    assert max(places) <= 0.61
    assert tab.locator(".strip.playing", has=rating.slider("A")).count() == 1


def test_a_click_goes_there_and_outside_the_loop_puts_it_aside(bar, tab):
    bar.mark(0.2, 0.5)
    tab.mouse.click(*bar.at(0.35))
    assert tab.locator(".loop.looping").count() == 1
    tab.mouse.click(*bar.at(0.8))
    assert tab.locator(".loop.looping").count() == 0
    assert tab.locator(".loop.marked").count() == 1
    seeks = bar.logged("seek", 2)
    assert [seek["to"] for seek in seeks] == pytest.approx([0.35, 0.8], abs=0.01)
    tab.keyboard.press("l")
    assert tab.locator(".loop.looping").count() == 1
    loops = bar.logged("loop", 3)
    assert loops[1] == {"start": None, "end": None}
    assert loops[2] == loops[0]


def test_an_end_can_be_dragged_and_a_double_click_takes_the_loop_away(bar, tab):
    bar.mark(0.3, 0.6)
    handle = bar.handle("End of the loop").bounding_box()
    assert handle["width"] >= 24
    assert handle["height"] >= 44
    x, y = handle["x"] + 12, handle["y"] + 20
    bar.drag(x, x + 0.2 * bar.box["width"], y, steps=6)
    assert bar.ends() == pytest.approx([0.3, 0.8], abs=0.051)
    tab.mouse.dblclick(*bar.at(0.5))
    assert tab.locator(".loop.marked").count() == 0
    assert bar.told() == "All of it plays"
    assert bar.ends() == [0, SECONDS]


def test_a_loop_is_set_and_moved_by_keyboard_alone(bar, rating, tab):
    keys = tab.keyboard
    keys.press("l")
    assert bar.told().startswith("Nothing is marked.")
    bar.handle("Position in the loop").focus()
    keys.press("Home")
    for _ in range(3):
        keys.press("PageUp")
        keys.press("PageDown")
    keys.press("t")
    assert bar.told() == "0.0 of 1.0 seconds"
    bar.handle("Start of the loop").focus()
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    bar.handle("End of the loop").focus()
    keys.press("ArrowLeft")
    tab.wait_for_function(
        "() => document.querySelector('.loop [role=status]').textContent.startsWith('From 0.2 to 0.9')"
    )
    assert bar.ends() == [0.2, 0.9]
    assert bar.handle("End of the loop").get_attribute("aria-valuetext") == "0.9 seconds"
    keys.press("Delete")
    assert tab.locator(".loop.marked").count() == 0
    keys.press("a")
    tab.locator(".strip.playing", has=rating.slider("A")).wait_for()
    keys.press("[")
    assert tab.locator(".loop.looping").count() == 1
    assert bar.ends()[1] == SECONDS


def test_the_position_is_read_out_only_when_asked_for(bar, rating, tab):
    rating.hear("A")
    slider = bar.handle("Position in the loop")
    before = slider.get_attribute("aria-valuetext")
    tab.wait_for_timeout(300)
    assert slider.get_attribute("aria-valuetext") == before
    assert bar.told() == ""
    slider.focus()
    assert slider.get_attribute("aria-valuetext").endswith(" of 1.0 seconds")


def test_without_motion_the_bar_stands_still_between_seconds(served, chromium, rating):
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    listener = type(rating)(page).start(served.url)
    listener.hear("A")
    places = set()
    for _ in range(15):
        places.add(page.locator(".loop").evaluate("bar => bar.style.getPropertyValue('--now')"))
        page.wait_for_timeout(30)
    assert places == {"0"}
    context.close()


@pytest.fixture
def phone(chromium, served, rating):
    context = chromium.new_context(viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    page = context.new_page()
    type(rating)(page).start(served.url)
    yield page, context.new_cdp_session(page)
    context.close()


def swipe(page, session, points):
    page.evaluate(AWAIT_LIFT)
    for index, (x, y) in enumerate(points):
        kind = "touchStart" if index == 0 else "touchMove"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    # The browser may answer for a touch before the page has had it.
    page.wait_for_function("() => lifted")


def test_a_loop_and_the_volume_are_set_by_touch(phone, served):
    page, session = phone
    bar = Bar(page, served)
    (from_x, y), (to_x, _) = bar.at(0.2), bar.at(0.7)
    swipe(page, session, [(from_x + (to_x - from_x) * part / 8, y) for part in range(9)])
    assert bar.ends() == pytest.approx([0.2, 0.7], abs=0.051)
    assert bar.box["height"] >= 44
    volume = page.get_by_label("Volume").bounding_box()
    page.touchscreen.tap(volume["x"] + volume["width"] * 0.3, volume["y"] + volume["height"] / 2)
    [set_to] = bar.logged("volume", 1)
    assert -32 <= set_to["db"] <= -22


def test_every_change_of_volume_is_logged_by_mouse_and_by_keys(bar, tab):
    volume = tab.get_by_label("Volume")
    box = volume.bounding_box()
    middle = box["y"] + box["height"] / 2
    # A click, a drag, single keys with pauses, and the ends of the range.
    tab.mouse.click(box["x"] + box["width"] / 2, middle)
    bar.logged("volume", 1)
    bar.drag(box["x"] + box["width"] / 2, box["x"] + 2, middle)
    bar.logged("volume", 2)
    for count, (key, level) in enumerate({"End": 0, "ArrowLeft": -1, "Home": -40}.items(), 3):
        tab.keyboard.press(key)
        assert bar.logged("volume", count)[-1] == {"db": level}
    levels = [event["db"] for event in bar.logged("volume", 5)]
    assert -24 <= levels[0] <= -16
    assert levels[1] <= -36


def test_the_next_pages_files_are_fetched_ahead_and_then_taken_from_the_cache(served, context, rating, tab):
    data = rating.data()
    bar = Bar(tab, served)
    [ahead] = bar.logged("preload", 1)
    assert ahead == {"files": 7, "of": 7, "bytes": 7 * data["next_bytes"]}
    session = context.new_cdp_session(tab)
    session.send("Network.enable")
    answers = {}
    session.on(
        "Network.responseReceived",
        lambda event: answers.update({event["response"]["url"]: event["response"]}),
    )
    rating.answer_by_request("complete_url")
    tab.goto(tab.url)
    rating.wait_for_page(2)
    cached = {url: answer["fromDiskCache"] for url, answer in answers.items() if "/audio/" in url}
    wanted = {served.url.rstrip("/") + row["url"] for row in rating.data()["stimuli"]}
    assert cached == dict.fromkeys(wanted, True)
    assert {url.rsplit("/", 1)[1] for url in wanted} == {url.rsplit("/", 1)[1] for url in data["next_audio"]}


def test_nothing_is_fetched_ahead_before_the_page_is_ready(served, tab):
    requested = []
    tab.on("request", lambda request: requested.append(request.url) if "/audio/" in request.url else None)
    tab.goto(served.url)
    tab.get_by_role("button", name="I agree, start").click()
    served.wait_for_events(tab, "preload")
    data = tab.evaluate("() => JSON.parse(document.querySelector('#page-data').textContent)")
    own = {row["url"].rsplit("/", 1)[1] for row in data["stimuli"]}
    order = [url.rsplit("/", 1)[1] in own for url in requested]
    assert order == [True] * 7 + [False] * 7


def test_a_mix_that_never_comes_is_given_up_and_the_page_finished_without_it(served, tab, rating):
    lost = rating.data()["stimuli"][2]
    tab.context.route(f"**{lost['url']}", lambda route: route.fulfill(status=404))
    session = tab.context.new_cdp_session(tab)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    tab.reload()
    tab.locator(".strip.failed").wait_for()
    tab.wait_for_function("() => !document.querySelector('.loading')")
    letter = lost["label"]
    assert tab.get_by_role("button", name=f"Go on without {letter}").count() == 0
    tab.get_by_role("button", name="Try again", exact=True).click()
    tab.get_by_role("button", name=f"Go on without {letter}").click()
    tab.locator(".strip.unplayable").wait_for()
    assert letter not in tab.locator("#todo").inner_text()
    for other in "ABCDEFG":
        if other != letter:
            rating.hear(other)
            rating.drag(other, 40)
    rating.next()
    rating.wait_for_page(2)
    row = served.ratings()[lost["token"]]
    assert (row.value, row.unplayable, row.moved) == (None, True, False)
    [event] = served.wait_for_events(tab, "unplayable")
    assert event.stimulus_token == lost["token"]


def test_a_page_of_which_nothing_can_be_played_does_not_end_the_test(tab, rating):
    tab.context.route("**/audio/*", lambda route: route.fulfill(status=404))
    session = tab.context.new_cdp_session(tab)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    tab.reload()
    tab.wait_for_function("() => document.querySelectorAll('.strip.failed').length === 7")
    tab.get_by_role("button", name="Try again", exact=True).click()
    tab.get_by_role("button", name="Go on without A, B, C, D, E, F, G").click()
    tab.context.unroute("**/audio/*")
    rating.next()
    rating.wait_for_page(2)


def test_a_page_that_gives_way_closes_its_sound_and_lets_go_of_every_decoded_mix(context, rating, tab):
    context.add_init_script(
        """const Real = AudioContext;
        globalThis.AudioContext = class extends Real {
          constructor(...options) { super(...options); globalThis.opened = new WeakRef(this); }
        };
        globalThis.decoded = [];
        const decode = OfflineAudioContext.prototype.decodeAudioData;
        OfflineAudioContext.prototype.decodeAudioData = async function (...given) {
          const buffer = await decode.apply(this, given);
          globalThis.decoded.push(new WeakRef(buffer));
          return buffer;
        };"""
    )
    # Else the second tab might come first.
    with tab.expect_response(f"**{rating.data()['hold_url']}"):
        tab.reload()
    rating.ready()
    rating.hear("A")
    session = context.new_cdp_session(tab)
    session.send("HeapProfiler.collectGarbage")
    alive = "() => decoded.filter((mix) => mix.deref()).length"
    assert tab.evaluate(alive) == 7
    second = context.new_page()
    second.goto(tab.url)
    second.get_by_role("button", name="Continue here").click()
    tab.get_by_text("You are continuing in another tab").wait_for()
    tab.wait_for_function("() => [undefined, 'closed'].includes(opened.deref()?.state)")
    for _ in range(300):
        session.send("HeapProfiler.collectGarbage")
        if tab.evaluate(alive) == 0:
            break
        tab.wait_for_timeout(100)
    assert tab.evaluate(alive) == 0


def test_the_audio_threads_meter_is_let_in_by_the_security_policy_and_says_nothing_while_all_is_well(
    rating, served, tab
):
    rating.hear("A")
    tab.wait_for_timeout(1500)
    assert len(served.wait_for_events(tab, "audio")) == 1
    assert served.events("meter_failed") == []


def with_option(tab, option):
    """Serve the page with another value of an option that studies have."""

    def change(route):
        response = route.fetch()
        assert option[0] in response.text()
        route.fulfill(response=response, body=response.text().replace(*option))

    tab.route("**/test", change)
    tab.reload()


def test_a_waveform_is_drawn_only_by_option_and_from_all_mixes(rating, tab):
    assert tab.locator(".loop canvas").count() == 0
    with_option(tab, ('"waveform":false', '"waveform":true'))
    rating.ready()
    tab.locator(".loop canvas:not([hidden])").wait_for()
    picture = "() => document.querySelector('.loop canvas').toDataURL()"
    tab.wait_for_function(
        "() => document.querySelector('.loop canvas').width === document.querySelector('.loop').clientWidth"
    )
    before = tab.evaluate(picture)
    assert len(before) > 1000
    rating.hear("A")
    rating.hear("B")
    assert tab.evaluate(picture) == before


def test_without_looping_the_sound_ends_with_the_item(bar, rating, tab):
    with_option(tab, ('"loop":true', '"loop":false'))
    rating.ready()
    rating.letter("A").click()
    # Not by looking: it plays for no longer than a page may stall.
    bar.logged("play", 1)
    [stop] = bar.logged("stop", 1)
    assert stop == {"position": SECONDS, "how": "end"}
    assert tab.locator(".strip.playing").count() == 0
