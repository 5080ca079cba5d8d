"""The rating page in Chromium against the real server: by hand, by keys, through reloads and broken lines."""

import re
from itertools import pairwise

import pytest

pytestmark = pytest.mark.browser

LETTERS = "ABCDEFG"
VALUES = dict(zip(LETTERS, (71, 12, 64, 78, 50, 0, 100), strict=True))
API = re.compile(r"/api/")
RATINGS = re.compile(r"/api/pages/.*/ratings")
# Not only that nothing loads: so it is on the page before, too.
READY = "() => document.querySelector('#board')?.inert === false && !document.querySelector('.loading')"
KEEP_CONTEXT = """const Real = AudioContext; globalThis.AudioContext = class extends Real {
  constructor(...options) { super(...options); globalThis.opened = this; }
}"""


def by_letter(rating, served):
    """What is stored, under the letter that the listener saw."""
    stored = served.ratings()
    return {row["label"]: stored.get(row["token"]) for row in rating.data()["stimuli"]}


def wait_ten_times(seconds):
    """A script by which the page waits ten times as long where it would wait so long: keys that belong together are
    not torn apart by a slow machine.
    """
    return f"""(() => {{
      const wait = setTimeout;
      globalThis.setTimeout = (act, ms) => wait(act, ms === {1000 * seconds} ? 10 * ms : ms);
    }})()"""


def tab_to(tab, focused, wanted):
    """Press Tab until what has the focus is `wanted`, by an expression that tells what it is."""
    for _ in range(100):
        if tab.evaluate(focused) == wanted:
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"a hundred times Tab does not lead to {wanted}")


def test_a_listener_rates_two_pages_with_the_mouse_and_gets_a_code(rating, served, tab):
    rating.rate_all(dict.fromkeys("ABCD", 30))
    rating.next()
    assert tab.locator("#todo").inner_text() == "Still to play: E, F, G\nStill to place: E, F, G"
    rating.rate_all(VALUES)
    rating.wait_until("All saved")
    first = by_letter(rating, served)
    assert {letter: row.value for letter, row in first.items()} == VALUES
    assert all(row.played and row.moved and row.listened_seconds >= 0.25 for row in first.values())
    rating.next()
    rating.wait_for_page(2)
    assert served.sessions()[0].completed_at is None
    rating.rate_all(VALUES)
    rating.next()
    code = tab.locator("#completion-code").inner_text()
    assert served.sessions()[0].completion_code == code
    assert len(served.ratings()) == 14
    refused = served.wait_for_events(tab, "next_refused")
    assert [event.detail for event in refused] == [{"play": ["E", "F", "G"], "place": ["E", "F", "G"]}]


def test_the_whole_page_works_by_keyboard(tab, served, rating):
    keys = tab.keyboard
    tab.evaluate(wait_ten_times(0.6))
    for number, letter in enumerate(LETTERS, start=1):
        # By letter and by number from the left.
        keys.press(letter.lower() if number % 2 else str(number))
        tab.locator(".strip.playing.heard", has=rating.slider(letter)).wait_for()
    keys.press("Space")
    tab.wait_for_function("() => !document.querySelector('.playing')")
    tab_to(tab, "document.activeElement.getAttribute('aria-label')", "Mix A")
    assert rating.slider("A").get_attribute("aria-valuetext") == "not rated yet"
    keys.press("Enter")
    assert rating.slider("A").get_attribute("aria-valuetext") == "50, Neutral"
    for steps in (
        ["ArrowUp"],
        ["Shift+ArrowDown", "ArrowDown"],
        ["PageUp", "PageUp"],
        ["PageDown"],
        ["Home"],
        ["End", "ArrowUp"],
    ):
        keys.press("ArrowRight")
        for key in steps:
            keys.press(key)
    expected = dict(zip(LETTERS, (50, 51, 39, 70, 40, 0, 100), strict=True))
    assert {letter: int(rating.value(letter)) for letter in LETTERS} == expected
    keys.press("Space")
    tab.locator(".strip.playing", has=rating.slider("G")).wait_for()
    tab_to(tab, "document.activeElement.id", "next")
    rating.wait_until("All saved")
    stored = by_letter(rating, served)
    assert {letter: row.value for letter, row in stored.items()} == expected
    keys.press("Enter")
    rating.wait_for_page(2)
    moves = served.wait_for_events(tab, "move", 7)
    assert {event.detail["by"] for event in moves} == {"keys"}
    assert [(event.detail["from"], event.detail["to"]) for event in moves][2] == (None, 39)


def test_a_click_on_the_rail_places_and_a_click_on_an_unrated_thumb_places_it_there(rating, served):
    rail = rating.page.locator(".rail").nth(0).bounding_box()
    rating.page.mouse.click(rail["x"] + rail["width"] * 0.9, rail["y"] + rail["height"] * 0.25)
    assert rating.value("A") == "75"
    rating.slider("B").click()
    assert rating.slider("B").get_attribute("aria-valuetext") == "50, Neutral"
    rating.slider("A").click()
    assert rating.value("A") == "75"
    rating.wait_until("All saved")
    assert by_letter(rating, served)["A"].value == 75


def test_a_reload_brings_back_the_same_page_with_its_values(rating, tab):
    rating.hear("A")
    rating.drag("A", 71)
    rating.drag("C", 20)
    rating.wait_until("All saved")
    before = rating.data()
    tab.reload()
    rating.ready()
    after = rating.data()
    assert [row["token"] for row in after["stimuli"]] == [row["token"] for row in before["stimuli"]]
    assert [rating.value(letter) for letter in "AC"] == ["71", "20"]
    assert rating.slider("B").get_attribute("aria-valuetext") == "not rated yet"
    assert tab.locator("#todo").inner_text().startswith("Still to play: B, C")


def test_an_answer_after_a_reload_while_a_mix_plays_is_stored(rating, served, tab):
    tab.add_init_script(KEEP_CONTEXT)
    tab.reload()
    rating.ready()
    rating.hear("A")
    # By the clock of the sound: on a slow machine it may fall behind ours.
    heard = tab.evaluate("opened.currentTime")
    tab.wait_for_function("heard => opened.currentTime >= heard + 1.5", arg=heard)
    tab.reload()
    rating.ready()
    rating.drag("A", 80)
    rating.wait_until("All saved")
    stored = by_letter(rating, served)["A"]
    assert stored.value == 80
    assert stored.listened_seconds >= 1.5


def test_without_a_connection_answers_wait_and_are_stored_once_when_it_is_back(rating, served, context):
    rating.held()
    rating.wait_until("All saved")
    context.set_offline(True)
    rating.drag("A", 71)
    rating.drag("B", 12)
    rating.wait_until("Offline, 2 waiting")
    rating.drag("A", 80)
    assert served.ratings() == {}
    context.set_offline(False)
    rating.wait_until("All saved")
    stored = by_letter(rating, served)
    assert [stored["A"].value, stored["B"].value] == [80, 12]
    assert len(served.ratings()) == 2


def test_an_answer_outlives_its_tab_when_the_server_could_not_be_reached(
    rating, served, context, lose_last_words
):
    lose_last_words(rating.page)
    # With this answer the last of the page's program has come.
    rating.ready().held()
    context.set_offline(True)
    rating.drag("A", 71)
    rating.wait_until("Offline, 1 waiting")
    # Read in a transaction of its own, so after the one that wrote.
    assert rating.kept_by_the_browser() == [71]
    rating.page.close(run_before_unload=False)
    context.set_offline(False)
    assert served.ratings() == {}
    again = type(rating)(context.new_page())
    again.page.goto(f"{served.url}test")
    again.ready()
    assert again.data()["stimuli"][0]["answers"] == []
    assert again.value("A") == "71"
    again.wait_until("All saved")
    assert by_letter(again, served)["A"].value == 71


def test_a_reply_that_is_lost_leaves_one_row(rating, served, tab):
    lost = []

    def swallow(route):
        if len(lost) < 2:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    tab.route(RATINGS, swallow)
    rating.drag("A", 71)
    rating.wait_until("All saved")
    assert lost == [200, 200]
    assert [row.value for row in served.ratings().values()] == [71]


def test_a_double_click_on_next_finishes_one_page(rating, tab):
    completions = []
    tab.on("request", lambda request: completions.append(request) if "/complete" in request.url else None)
    rating.rate_all(VALUES)
    tab.locator("#next").dblclick()
    rating.wait_for_page(2)
    assert len(completions) == 1
    assert rating.slider("A").get_attribute("aria-valuetext") == "not rated yet"


def test_next_waits_for_the_connection_and_then_goes_on(rating, tab):
    rating.rate_all(VALUES)
    tab.route(API, lambda route: route.abort())
    rating.next()
    tab.wait_for_function("() => document.querySelector('#next').textContent === 'Saving…'")
    tab.unroute(API)
    rating.wait_for_page(2)


def test_the_resume_link_opens_the_same_page_in_another_browser(rating, chromium, tab):
    rating.held()
    rating.drag("A", 71)
    rating.wait_until("All saved")
    tab.get_by_text("Continue on another device").click()
    link = tab.get_by_label("Your link").input_value()
    other = chromium.new_context()
    second = type(rating)(other.new_page())
    second.page.goto(link)
    # The first one is still alive.
    with second.page.expect_navigation():
        second.page.get_by_role("button", name="Continue here").click()
    second.ready()
    assert second.data()["page"] == rating.data()["page"]
    assert second.value("A") == "71"
    other.close()


def test_a_file_that_does_not_come_can_be_asked_for_again(served, tab):
    failing = []

    def lose_one(route):
        failing.append(route.request.url) if not failing else None
        if route.request.url == failing[0]:
            route.fulfill(status=404)
        else:
            route.continue_()

    tab.route("**/audio/*", lose_one)
    tab.goto(served.url)
    tab.get_by_role("button", name="I agree, start").click()
    letter = tab.locator(".strip.failed .play")
    letter.wait_for()
    label = letter.inner_text()
    assert (
        tab.locator("#message").inner_text()
        == f"Mix {label} could not be loaded. Press {label} to try again."
    )
    tab.wait_for_function("() => document.querySelectorAll('.strip.loading').length === 0")
    tab.locator(".strip:not(.failed) .play").first.click()
    tab.locator(".strip.playing.heard").wait_for()
    tab.unroute("**/audio/*")
    letter.click()
    tab.wait_for_function("() => !document.querySelector('.failed, .loading')")
    tab.locator(".play", has_text=label).click()
    tab.locator(".strip.playing.heard .play", has_text=label).wait_for()
    tab.wait_for_function("() => document.querySelector('#saved').textContent === 'All saved'")
    failed = served.wait_for_events(tab, "load_failed")
    assert failed[0].detail == {"reason": "the server answered 404"}


@pytest.mark.usefixtures("rating")
def test_mixes_of_unequal_length_are_not_played_and_the_server_is_told(tab, served):
    def shorten(route):
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace('"frames":44100', '"frames":44099'))

    tab.route("**/test", shorten)
    tab.reload()
    tab.wait_for_function("() => document.querySelectorAll('.strip.failed').length === 7")
    tab.keyboard.press("Space")
    assert tab.locator(".strip.playing").count() == 0
    assert served.wait_for_events(tab, "load_failed")[0].detail == {
        "reason": "length",
        "frames": 44100,
        "expected": 44099,
        "sample_rate": 44100,
    }


def test_an_interrupted_sound_says_so_and_goes_on_at_a_press(rating, context, tab):
    context.add_init_script(KEEP_CONTEXT)
    tab.reload()
    rating.ready()
    rating.hear("A")
    tab.evaluate("opened.suspend()")
    tab.get_by_text("The sound was interrupted").wait_for()
    assert tab.locator(".strip.playing").count() == 0
    rating.letter("B").click()
    tab.locator(".strip.playing.heard", has=rating.slider("B")).wait_for()
    assert tab.evaluate("[opened.state, opened.sampleRate]") == ["running", 44100]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["a", "b"], [("play", "B")]),
        (["a", "b", "a"], [("play", "A")]),
        (["a", "a"], [("play", "A")]),
        (["a", "Escape"], []),
    ],
)
def test_while_the_sound_wakes_up_the_last_key_counts(rating, served, keys, expected):
    tab = rating.page
    tab.add_init_script(wait_ten_times(2.0))
    tab.add_init_script(
        """const awake = new Promise((go) => { globalThis.wake = go; });
        const Real = AudioContext;
        globalThis.AudioContext = class extends Real {
          constructor(...options) { super(...options); this.suspend(); globalThis.opened = this; }
          get state() { return this.woken ? super.state : "suspended"; }
          async resume() {
            await awake;
            await super.resume();
            this.woken = true;
          }
        };"""
    )
    tab.reload()
    rating.ready()
    for key in keys:
        tab.keyboard.press(key)
    tab.evaluate("wake()")
    tab.wait_for_function("() => opened.woken")
    for kind, _ in expected:
        served.wait_for_events(tab, kind)
    # What must not be logged would be there by now.
    tab.wait_for_timeout(1500)
    letters = {row["token"]: row["label"] for row in rating.data()["stimuli"]}
    assert tab.locator(".strip.playing .play").all_inner_texts() == [letter for _, letter in expected]
    logged = [event for kind in ("play", "switch", "stop") for event in served.events(kind)]
    assert [(event.kind, letters[event.stimulus_token]) for event in logged] == expected


def test_this_browser_keeps_sound_that_no_gesture_asked_for_silent(context, served, tab):
    # The judge of all tests that play: here sound starts because a listener pressed something.
    context.add_init_script("globalThis.atLoad = new AudioContext({ sampleRate: 44100 })")
    tab.goto(served.url)
    assert tab.evaluate("atLoad.state") == "suspended"


def test_what_the_last_page_could_not_send_in_time_is_sent_by_the_page_of_thanks(rating, served, tab):
    rating.answer_by_request("complete_url")
    tab.reload()
    rating.wait_for_page(2).answer_by_request("ratings_url")
    tab.reload()
    rating.ready()
    tab.route("**/api/events", lambda route: route.abort())
    rating.drag("A", 5)
    rating.next()
    tab.locator("#completion-code").wait_for()
    tab.unroute("**/api/events")
    tab.reload()
    assert [event.detail["to"] for event in served.wait_for_events(tab, "move")] == [5]


def test_volume_is_logged_and_remembered(rating, served, tab):
    tab.evaluate(wait_ten_times(0.3))
    volume = tab.get_by_label("Volume")
    assert volume.input_value() == "-6"
    volume.focus()
    for _ in range(4):
        tab.keyboard.press("ArrowLeft")
    assert [event.detail for event in served.wait_for_events(tab, "volume")] == [{"db": -10}]
    tab.reload()
    rating.ready()
    assert tab.get_by_label("Volume").input_value() == "-10"


@pytest.mark.usefixtures("rating")
def test_a_volume_set_just_before_a_reload_is_the_volume_after_it(tab):
    tab.get_by_label("Volume").focus()
    tab.keyboard.press("ArrowLeft")
    tab.reload()
    tab.wait_for_function("() => document.querySelector('#volume').value === '-7'")


def test_letters_still_play_after_the_volume_was_set(rating, tab):
    tab.get_by_label("Volume").click()
    tab.keyboard.press("c")
    tab.locator(".strip.playing", has=rating.slider("C")).wait_for()
    tab.keyboard.press("Escape")
    tab.wait_for_function("() => !document.querySelector('.playing')")


def test_a_key_held_down_presses_its_button_once(rating, served, tab):
    for button, hold in ((rating.letter("A"), 6), (tab.locator("#next"), 6)):
        button.focus()
        for _ in range(hold):
            tab.keyboard.down("Enter")
        tab.keyboard.up("Enter")
    tab.locator(".strip.playing.heard", has=rating.slider("A")).wait_for()
    for kind in ("play", "next_refused"):
        served.wait_for_events(tab, kind)
    # What must not be logged would be there by now.
    tab.wait_for_timeout(1500)
    assert [len(served.events(kind)) for kind in ("play", "stop", "next_refused")] == [1, 0, 1]


def test_a_move_by_keys_is_logged_at_the_last_key_and_not_after_what_came_next(rating, served, tab):
    rating.slider("A").focus()
    tab.keyboard.press("ArrowUp")
    tab.wait_for_timeout(100)
    tab.keyboard.press("b")
    [move], [play] = served.wait_for_events(tab, "move"), served.wait_for_events(tab, "play")
    assert move.client_ms < play.client_ms


def test_the_log_tells_what_was_played_switched_and_moved(rating, served, tab):
    rating.hear("A")
    rating.hear("B")
    rating.letter("B").click()
    rating.drag("B", 90)
    # The last of them: they come in their order.
    served.wait_for_events(tab, "move")
    tokens = {row["label"]: row["token"] for row in rating.data()["stimuli"]}
    assert [event.stimulus_token for event in served.events("play")] == [tokens["A"]]
    [switch] = served.events("switch")
    assert (switch.stimulus_token, switch.detail["from"]) == (tokens["B"], tokens["A"])
    assert served.events("stop")[0].detail["how"] == "pause"
    assert served.events("move")[0].detail == {
        "from": None,
        "to": 90,
        "by": "pointer",
        "attribute": "preference",
    }
    assert served.events("audio")[0].detail["sample_rate"] == 44100
    times = [event.client_ms for kind in ("play", "switch", "stop", "move") for event in served.events(kind)]
    assert times == sorted(times)
    assert len(served.events("page_ready")) == 1


def test_the_page_shows_no_number_of_a_rating(rating, tab):
    rating.drag("A", 37)
    assert rating.value("A") == "37"
    assert "37" not in tab.locator("body").inner_text()


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_all_seven_stand_side_by_side_with_room_for_a_finger(chromium, served, width):
    context = chromium.new_context(viewport={"width": width, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(served.url)
    page.get_by_role("button", name="I agree, start").tap()
    page.wait_for_function(READY)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    boxes = [page.locator(".play").nth(index).bounding_box() for index in range(7)]
    assert all(box["width"] >= 44 and box["height"] >= 44 for box in boxes)
    assert boxes[0]["x"] >= 0
    assert boxes[-1]["x"] + boxes[-1]["width"] <= width
    assert all(left["x"] + left["width"] <= right["x"] for left, right in pairwise(boxes))
    for words in ("Like very much", "Dislike very much"):
        assert page.locator(".end", has_text=re.compile(f"^{words}$")).is_visible()
    rail = page.locator(".rail").nth(2).bounding_box()
    page.touchscreen.tap(rail["x"] + rail["width"] / 2, rail["y"] + rail["height"] / 4)
    page.locator(".strip:not(.unrated)").wait_for()
    assert page.get_by_role("slider", name="Mix C").get_attribute("aria-valuenow") in {"74", "75", "76"}
    context.close()


@pytest.mark.usefixtures("rating")
@pytest.mark.parametrize(("width", "text"), [(390, "100%"), (360, "200%"), (1280, "200%")])
def test_long_words_and_large_letters_stay_on_the_page(tab, width, text):
    tab.set_viewport_size({"width": width, "height": 844})
    tab.evaluate(
        """([text]) => {
          document.documentElement.style.fontSize = text;
          const long = "Unuebertrefflichkeitsempfindungsgrenzen".repeat(2);
          for (const part of document.querySelectorAll("h1, .scale b, .end")) part.textContent = long;
        }""",
        [text],
    )
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    if width == 1280:
        board = tab.locator("#board").bounding_box()
        for words in tab.locator(".scale b").all():
            assert words.bounding_box()["x"] >= board["x"]
    volume, following = tab.locator("#decibels").bounding_box(), tab.locator("#next").bounding_box()
    assert volume["x"] + volume["width"] <= following["x"] or volume["y"] + volume["height"] <= following["y"]


@pytest.mark.usefixtures("rating")
def test_a_page_whose_program_does_not_come_says_so(tab):
    tab.context.route("**/player.js", lambda route: route.abort())
    tab.reload()
    tab.get_by_text("A part of this page did not arrive. Please reload it.").wait_for()


@pytest.mark.parametrize("kind", ["sliders", "single_axis"])
def test_a_rating_page_is_under_60_kilobytes_before_its_audio(
    context, serve, tab, record_testsuite_property, kind
):
    tab.goto(serve(f'[test]\npage = "{kind}"').url)
    session = context.new_cdp_session(tab)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    urls, sizes = {}, {}
    session.on("Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    tab.get_by_role("button", name="I agree, start").click()
    tab.wait_for_function(READY)
    # Some parts of the program come beside the sound or after it.
    after = re.compile("/audio/|/api/|/(preload|keys-help|tab|rescue|dialog|waiting-file|re-entry)[.]")
    page = {urls[key]: size for key, size in sizes.items() if not after.search(urls[key])}
    assert any(url.endswith("player.js") for url in page)
    record_testsuite_property(f"bytes before the audio, {kind}", sum(page.values()))
    assert sum(page.values()) < 60_000, page
