"""Every page that a participant sees, judged by axe-core in Chromium: light and dark, wide and on a phone."""

import numpy as np
import pytest

from mixeval_webapp.page_types.page_type import SimulatedListener
from mixeval_webapp.page_types.registry import PAGE_TYPES

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SEVERE = {"serious", "critical"}
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 780}
LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in (WIDE, PHONE)]

# What a style sheet for reading sets (WCAG 2.2, 1.4.12), and what is cut off then or leaves a narrow window (1.4.10).
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
    p { margin-bottom: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];
}"""
CUT_OFF = """() => {
  const found = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide`);
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest(".heard-only, input, textarea, [hidden]") || !element.checkVisibility()) continue;
    const { overflowX, overflowY } = getComputedStyle(element);
    const wide = overflowX === "hidden" && element.scrollWidth > element.clientWidth;
    const high = overflowY === "hidden" && element.scrollHeight > element.clientHeight;
    if (wide || high) found.push(`${element.className} is cut off`);
    if (element.matches("h1, h2, p, legend, label, dt, dd, button, summary") && element.getBoundingClientRect().right > clientWidth + 1)
      found.push(`${element.tagName} "${element.textContent.trim().slice(0, 30)}" leaves the window`);
  }
  return found;
}"""
HEARD = """() => [document.activeElement.closest("details")?.className ?? null, document.querySelector("details.keys").open]"""
# Pages with mixes fetch the program of their list of keys after the sound: what asks for it later has it later.
KEYS_ARRIVED = """() => import(document.querySelector("link[rel=stylesheet]").href.replace(/[^/]*$/, "js/keys-help.js"))
  .then(() => null)"""

START = "form[action$=start] button"

RUN = """async (tags) => {
  const { violations, passes } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  const of = (found) => found.map(({ id, impact, nodes }) => ({ id, impact,
    nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) }));
  return { violations: of(violations), passed: passes.length };
}"""

QUESTIONS = """
[participants]
consent_boxes = ["I am of age.", { text = "You may write to me.", required = false }]
questionnaire = ["age", "gender", "experience", "headphones", "headphone_model", "environment"]
final_comments = true
familiarisation = {}
level = {}
redirect = "https://example.org/back?cc={code}"
checks = { left_right = true }
[[participants.questions]]
id = "sure"
ask = "How sure are you?"
type = "scale"
low = 1
high = 7
options = ["Not at all", "Very"]
at = "after_page"
[[participants.questions]]
id = "genres"
ask = "What do you listen to?"
type = "choices"
options = ["Jazz", "Rock", "Other"]
decline = true
at = "before_page"
"""

ATTRIBUTES = """
[[test.attributes]]
name = "preference"
question = "How much do you like it?"
scale = ["Bad", "Poor", "Fair", "Good", "Excellent"]
[[test.attributes]]
name = "reverberance"
question = "How much room do you hear?"
scale = ["None", "Very much"]
"""

STUDIES = {
    "sliders": 'reference = "mix_0"\ncomments = "both"\nscale_as = "intervals"\nminimum_seconds = 0.5\n'
    f"break_after_pages = 1\nwaveform = true\n{ATTRIBUTES}{QUESTIONS}",
    "sliders, plain": "show_values = true\nrepeats = 2",
    "single_axis": 'page = "single_axis"\nshow_values = true\ncomments = "mixes"\n'
    '[participants]\nchecks = { headphones = "both", replay = true }',
    "single_axis, two axes": f'page = "single_axis"\nunrated = "random"\n{ATTRIBUTES}',
    "ab": 'page = "ab"\npairs = [["mix_0", "mix_1"]]\nno_preference = true\ntrials_per_pair = 7\n'
    "[participants]\nplaces = 1",
    "abx": 'page = "abx"\npairs = [["mix_0", "mix_1"]]\ntrials_per_pair = 1',
    "acr": 'page = "acr"\ncomments = "page"',
    "ranking": 'page = "ranking"\ncomments = "page"\nminimum_seconds = 0.5',
    "bs1116": 'page = "bs1116"\nreference = "mix_0"',
    "a check that is failed": "[participants]\nchecks = { left_right = true, drop_failing = true }",
}


class Visit:
    """Somebody who opens every kind of page of a study once, and answers it by request to get to the next."""

    def __init__(self, url, tab):
        self.url = url
        self.tab = tab

    def pages(self):
        """Go from page to page; gives the name of what is shown, while it is shown."""
        tab = self.tab
        tab.route("https://example.org/**", lambda route: route.fulfill(status=204))
        tab.goto(self.url)
        yield "consent"
        if tab.locator(".boxes").count():
            tab.locator("form").evaluate("form => form.submit()")
            tab.locator("#unticked").wait_for()
            tab.wait_for_load_state()
            yield "consent, not ticked"
            tab.locator(".boxes input").first.check()
        tab.locator(START).click()
        tab.locator("#page-data").wait_for(state="attached")
        seen = set()
        while (data := self.data()) is not None:
            kind = "practice" if data.get("practice") else data["type"]
            self.wait_until_alive()
            if kind not in seen:
                seen.add(kind)
                yield kind
                self.make_busy()
                yield f"{kind}, busy"
            self.hand_in(data)
            # Else the page that was left might still find out by itself, and go on while the next is looked at.
            tab.goto("about:blank")
            tab.goto(f"{self.url}test")
        yield "thanks" if tab.locator("#completion-code").count() else "screened out"
        # Else the thanks, which send people on after a while, might do so in place of what is opened next.
        tab.goto("about:blank")
        for name, path in (("declined", "declined"), ("error", "nowhere")):
            tab.goto(self.url + path)
            yield name
        tab.context.clear_cookies()
        tab.goto(self.url)
        if not tab.locator(START).count():
            yield "full"

    def data(self):
        return self.tab.evaluate("JSON.parse(document.querySelector('#page-data')?.textContent ?? 'null')")

    def wait_until_alive(self):
        self.tab.wait_for_function(
            "() => document.readyState === 'complete' && document.querySelector('#page-data')"
            " && !document.querySelector('main .loading, main [inert]')"
        )
        self.tab.wait_for_function(
            "() => { const buttons = [...document.querySelectorAll('.trial:not([hidden]) .play-sound, #play-clip')];"
            " return buttons.every((button) => button.ariaDisabled === 'false')"
            " && (buttons.length > 0 || !document.querySelector('.trial')); }"
        )

    def make_busy(self):
        """Open what is folded, be refused, and play something."""
        tab = self.tab
        for element in tab.locator("summary").all():
            if element.is_visible():
                element.click()
        # Before anything is played, which may be all that the page waits for; and in one step, because a page that
        # waits for nothing else lets its button free between a look at it and a click.
        tab.evaluate("document.querySelector('#next[aria-disabled=true]')?.click()")
        play = tab.locator(".play:visible, .play-sound:visible, #play-clip:visible, .bar .flag:visible")
        if play.count():
            play.first.click()
            # The sound of a check is short: it may have ended before anybody looks.
            tab.locator(".playing, [aria-pressed=true], .trial fieldset:enabled").first.wait_for()

    def hand_in(self, data):
        random = np.random.default_rng(1)
        hear = {row["token"]: row["url"] for row in data["stimuli"]}
        response = PAGE_TYPES[data["type"]].simulate(
            data,
            SimulatedListener(
                random,
                rate=lambda _: random.uniform(0, 100),
                hear=lambda token: self.tab.request.get(self.url.rstrip("/") + hear[token]).body(),
            ),
        )
        wrong = {"left": "right", "right": "left"}
        about = response.answers_about.items()
        # Later than whatever the page itself is still about to send.
        sequence = self.tab.evaluate("Date.now()") + 60_000
        body = {
            "ratings": [
                {
                    "stimulus": row["token"],
                    "attribute": axis["attribute"],
                    "value": response.values.get((row["token"], axis["attribute"])),
                    "moved": (row["token"], axis["attribute"]) in response.values,
                    "played": True,
                    "listened_seconds": 9,
                    "sequence": sequence,
                }
                for row in data["stimuli"]
                for axis in data.get("axes", ())
            ],
            "answers": [
                {"subject": "", "name": name, "value": value, "sequence": sequence}
                for name, value in response.answers.items()
            ]
            + [
                # Failing this check does no harm but where the study wants it so.
                {"subject": token, "name": name, "value": wrong.get(value, value), "sequence": sequence}
                for (token, name), value in about
            ],
            "sequence": sequence + 1,
        }
        # Beside the page, which may learn of it and go on before an answer to its own request is read.
        reply = self.tab.request.post(
            self.url.rstrip("/") + data["complete_url"], data=body, headers={"X-Mixeval": "1"}
        )
        assert reply.ok, reply.text()


def resize(tab, size):
    """Give the window a size, and wait until the page has drawn itself for it."""
    tab.set_viewport_size(size)
    tab.wait_for_function("width => innerWidth === width", arg=size["width"])
    tab.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => go())))")


def judge(tab, axe, looks):
    """Run axe in each of the looks; returns for each what it found."""
    if not tab.evaluate("typeof axe === 'object'"):
        tab.evaluate(axe)
    found = {}
    for scheme, size in looks:
        tab.emulate_media(color_scheme=scheme)
        resize(tab, size)
        # Where nothing lies under the bar that stays at the bottom: that moves away as somebody scrolls.
        tab.evaluate("scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' })")
        found[scheme, size["width"]] = tab.evaluate(RUN, TAGS)
    return found


def check(tab, axe, url, looks):
    severe, lines = [], []
    for name in (visit := Visit(url, tab)).pages():
        for (scheme, width), result in judge(tab, axe, looks).items():
            ids = [f"{one['id']} ({one['impact']})" for one in result["violations"]]
            lines.append(
                f"{name:28} {scheme:6} {width:5} {result['passed']:3} passed  {', '.join(ids) or 'nothing found'}"
            )
            severe += [
                (name, scheme, width, one["id"], one["nodes"])
                for one in result["violations"]
                if one["impact"] in SEVERE
            ]
        tab.set_viewport_size(WIDE)
    print("\n".join(lines))  # noqa: T201 - the table is what this test is for
    assert severe == [], visit


@pytest.mark.parametrize("study", STUDIES)
def test_axe_finds_nothing_serious_on_a_wide_light_page(study, serve_test, tab, axe):
    served = serve_test(STUDIES[study], reference="mix_0" if "reference =" in STUDIES[study] else None)
    check(tab, axe, served.url, LOOKS[:1])


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_axe_finds_nothing_serious_in_any_scheme_at_any_width(study, serve_test, tab, axe):
    served = serve_test(STUDIES[study], reference="mix_0" if "reference =" in STUDIES[study] else None)
    check(tab, axe, served.url, LOOKS)


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_a_page_magnified_four_times_fits_with_room_between_letters(study, serve_test, tab):
    served = serve_test(STUDIES[study], reference="mix_0" if "reference =" in STUDIES[study] else None)
    found = {}
    for name in Visit(served.url, tab).pages():
        resize(tab, {"width": 320, "height": 256})
        plain = tab.evaluate(CUT_OFF)
        tab.evaluate(SPACED)
        spaced = tab.evaluate(CUT_OFF)
        headings, mains = tab.locator("h1").count(), tab.locator("main").count()
        if plain or spaced or (headings, mains) != (1, 1):
            found[name] = (plain, spaced, headings, mains)
        tab.evaluate("document.adoptedStyleSheets = []")
        tab.set_viewport_size(WIDE)
    assert found == {}


# Every page in the language of the longest words, and in the others those that have room for few.
FITTED = [
    *((study, "de") for study in STUDIES),
    *((study, language) for study in ("sliders", "ranking", "bs1116") for language in ("fr", "es", "ja")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("study", "language"), FITTED)
def test_every_language_fits_a_phone(study, language, serve_test, tab):
    reference = "mix_0" if "reference =" in STUDIES[study] else None
    served = serve_test(STUDIES[study], reference=reference, language=language)
    found = {}
    for name in Visit(served.url, tab).pages():
        resize(tab, PHONE)
        cut_off = tab.evaluate(CUT_OFF)
        if cut_off or tab.evaluate("document.documentElement.lang") != language:
            found[name] = cut_off
        tab.set_viewport_size(WIDE)
    assert found == {}


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_a_language_from_right_to_left_fits_wide_and_narrow(study, serve_test, tab):
    reference = "mix_0" if "reference =" in STUDIES[study] else None
    messages = '[language]\nname = "עברית"\ndirection = "rtl"\n[page]\nnext = "הבא"\n'
    served = serve_test(STUDIES[study], reference=reference, language="he", messages=messages)
    found = {}
    for name in Visit(served.url, tab).pages():
        for size in (WIDE, PHONE):
            resize(tab, size)
            cut_off = tab.evaluate(CUT_OFF)
            left = tab.evaluate(
                "Math.min(0, ...[...document.querySelectorAll('main *')].map((e) => e.checkVisibility() && !e.closest('.heard-only') ? e.getBoundingClientRect().left : 0))"
            )
            if cut_off or left < -1 or tab.evaluate("document.documentElement.dir") != "rtl":
                found[name, size["width"]] = (cut_off, left)
        tab.set_viewport_size(WIDE)
    assert found == {}


@pytest.mark.parametrize("study", ["sliders", "single_axis", "bs1116"])
def test_a_question_mark_shows_and_hides_the_keys_wherever_there_is_sound(study, serve_test, tab):
    served = serve_test(STUDIES[study], reference="mix_0" if "reference =" in STUDIES[study] else None)
    seen = set()
    for name in Visit(served.url, tab).pages():
        if not tab.locator(".play, .play-sound, .bar").count() or name.endswith("busy"):
            continue
        seen.add(name)
        tab.evaluate(KEYS_ARRIVED)
        before = tab.evaluate("document.activeElement.tagName")
        for key in ("?", "Escape"):
            tab.keyboard.press("?")
            assert tab.evaluate(HEARD) == ["keys", True], name
            tab.keyboard.press(key)
            assert tab.evaluate(HEARD)[1] is False, name
        tab.locator("#next").focus()
        tab.keyboard.press("?")
        tab.keyboard.press("?")
        assert tab.evaluate("document.activeElement.id") == "next", (name, before)
    assert len(seen) >= 2 if study != "bs1116" else seen == {"bs1116"}


def test_keys_that_are_characters_can_be_switched_off_for_this_browser(tab, rating):
    def play_by_letter(letter):
        tab.keyboard.press(letter)
        return rating.page.locator(".strip.playing .play").all_inner_texts()

    def wait_until_playing(letter):
        # The sound takes its time to start.
        tab.locator(".strip.playing", has=rating.slider(letter)).wait_for()

    tab.keyboard.press("b")
    wait_until_playing("B")
    tab.evaluate(KEYS_ARRIVED)
    tab.keyboard.press("?")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    assert not tab.get_by_role("checkbox").is_checked()
    tab.keyboard.press("Escape")
    for reloaded in (False, True):
        if reloaded:
            tab.reload()
            rating.ready()
            tab.evaluate(KEYS_ARRIVED)
        else:
            assert play_by_letter("c") == ["B"]
            tab.keyboard.press("Escape")
        for key in ("a", "1", "l", "t", "["):
            assert play_by_letter(key) == [], key
        tab.keyboard.press("?")
        assert tab.evaluate("document.querySelector('details.keys').open") is False
        rating.slider("A").focus()
        tab.keyboard.press("ArrowUp")
        tab.keyboard.press("Space")
        tab.locator(".strip.playing").wait_for()
        assert rating.value("A") == ("52" if reloaded else "51")
        tab.keyboard.press("Escape")
        assert tab.locator(".strip.playing").count() == 0
    tab.locator("details.keys summary").click()
    tab.get_by_role("checkbox").check()
    tab.keyboard.press("c")
    wait_until_playing("C")


def test_keys_rest_while_somebody_writes_and_with_modifiers(serve_test, tab):
    served = serve_test('comments = "page"')
    tab.goto(served.url)
    tab.get_by_role("button", name="I agree, start").click()
    Visit(served.url, tab).wait_until_alive()
    box = tab.get_by_label("Anything to say")
    box.press_sequentially("bad? L[1]")
    assert box.input_value() == "bad? L[1]"
    box.blur()
    for key in ("Control+b", "Alt+b", "Meta+1", "Control+?"):
        tab.keyboard.press(key)
    assert tab.locator(".playing, .loop.marked, details.keys[open]").count() == 0


def test_what_a_screen_reader_is_told_by_itself_is_little(rating, tab):
    """While a mix plays no live region and no name changes; a lost line is told once, and that all is saved again."""
    tab.evaluate(
        """() => {
          globalThis.told = [];
          const note = (records) => records.forEach(({ target, type }) => {
            const element = target.nodeType === 1 ? target : target.parentElement;
            if (type === "attributes" && element.getAttribute("aria-label") === globalThis.names?.get(element)) return;
            if (type === "attributes") globalThis.told.push(element.getAttribute("aria-label"));
            else if (element.closest("[role=status], [role=alert], [aria-live]")) globalThis.told.push(element.textContent);
          });
          globalThis.names = new Map([...document.querySelectorAll("[aria-label]")].map((e) => [e, e.ariaLabel]));
          new MutationObserver(note).observe(document.body,
            { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["aria-label"] });
        }"""
    )
    rating.hear("A")
    tab.wait_for_timeout(800)
    assert tab.evaluate("told") == []
    # A request that is under way as the line breaks would be told as one without an answer.
    tab.keyboard.press("Escape")
    rating.wait_until("All saved")
    tab.context.set_offline(True)
    rating.drag("A", 30)
    rating.drag("B", 60)
    tab.wait_for_function("() => document.querySelector('#saved').dataset.mood === 'waiting'")
    tab.context.set_offline(False)
    rating.wait_until("All saved")
    said = [text for text in tab.evaluate("told") if text]
    assert said[0].startswith("Offline, ")
    assert said[-1] == "All saved"
    assert len(said) <= 4
