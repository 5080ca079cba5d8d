"""Everything around the rating pages in Chromium: by keyboard, through a reload and broken lines, to the end."""

import re
import shutil
import threading

import pytest
from sqlalchemy import select

from mixeval.models import Answer, Flag, PageStimulus
from mixeval.settings import Settings
from mixeval_webapp.app import create_app, site_of
from mixeval_webapp.server import Server

pytestmark = pytest.mark.browser

EVENTS = re.compile("/api/events")

EVERYTHING = """
[participants]
questionnaire = ["age", "gender", "headphones", "headphone_model"]
final_comments = true
familiarisation = { minimum_seconds = 0.3 }
level = { lock_volume = true }
redirect = "https://example.org/back?cc={code}"
[[participants.questions]]
id = "sure"
ask = "How sure are you?"
type = "scale"
at = "after_page"
items = ["shuffle"]
[participants.checks]
left_right = true
# Seven mixes heard for so long are less than the recording's second: too fast, however long the page takes to open.
[test]
minimum_seconds = 0.1
"""


class Steps:
    """A study with steps that is being served, in the hands of a listener."""

    def __init__(self, url, database, page):
        self.url = url
        self.database = database
        self.page = page

    def start(self):
        self.page.goto(self.url)
        self.page.get_by_role("button", name="I agree, start").click()
        return self

    def wait_for(self, kind):
        """Wait until a page of this type is there and alive."""
        self.page.wait_for_function(
            """kind => document.readyState !== 'loading'
              && JSON.parse(document.querySelector('#page-data')?.textContent ?? '{}').type === kind
              && document.querySelector('#saved')?.textContent === 'All saved'
              && !document.querySelector('main [inert]')""",
            arg=kind,
        )

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, name):
        """Go on with Tab until the element of this accessible name or text has the focus."""
        for _ in range(60):
            self.press("Tab")
            found = self.page.evaluate(
                """() => { const at = document.activeElement;
                  return [at.getAttribute('aria-label'), at.textContent.trim(), at.labels?.[0]?.textContent.trim()]; }"""
            )
            if any(text and text.startswith(name) for text in found):
                return
        raise AssertionError(f"Tab does not lead to {name}")

    def next(self):
        self.page.locator("#next").click(force=True)

    def answers(self):
        with self.database.read() as db:
            return {row.name: row.value for row in db.scalars(select(Answer).where(Answer.subject == ""))}

    def flags(self):
        with self.database.read() as db:
            return {row.name: row.detail for row in db.scalars(select(Flag))}

    def truth(self, token):
        with self.database.read() as db:
            return db.get(PageStimulus, token).condition.split(" ")[1]

    def trial(self):
        return self.page.locator(".trial:not([hidden])")

    def hear_trial(self):
        """Play the sound of the trial that is shown to its end, by keyboard; returns its token."""
        self.page.locator(".trial:not([hidden]) .play-sound:not([aria-disabled=true])").wait_for()
        token = self.trial().get_attribute("data-trial")
        self.press("Space")
        self.page.locator(f"[data-trial='{token}'] fieldset:not([disabled])").wait_for()
        return token

    def wait_until(self, words):
        self.page.wait_for_function(
            "words => document.querySelector('#saved').textContent === words", arg=words
        )


@pytest.fixture
def steps(study_folder, tmp_path, tab):
    """Serve the study with more in its study.toml."""
    served = []

    def serve(toml):
        folder = shutil.copytree(study_folder, tmp_path / "study")
        path = folder / "study.toml"
        path.write_text(path.read_text(encoding="utf-8") + "\n" + toml, encoding="utf-8")
        settings = Settings(database_url=f"sqlite:///{tmp_path / 'answers.sqlite3'}", secret_key="k" * 64)
        app = create_app(folder, settings=settings)
        server = Server(app)
        thread = threading.Thread(target=server.run)
        thread.start()
        served.append((server, thread, app))
        return Steps(server.url, site_of(app).database, tab)

    yield serve
    for server, thread, app in served:
        server.stop()
        thread.join()
        site_of(app).database.close()


def answer_about_oneself(here, tab):
    here.wait_for("questions_start")
    here.tab_to("How old are you, in years?")
    here.press("3", "3", "Tab", "Tab", *"they", "Tab", "Tab", "Space", "ArrowDown")
    assert tab.get_by_label("Good everyday headphones").is_checked()
    here.wait_until("All saved")
    tab.reload()
    here.wait_for("questions_start")
    assert tab.get_by_label("How old").input_value() == "33"
    assert tab.get_by_label("What is your gender").input_value() == "they"
    assert tab.get_by_label("Good everyday headphones").is_checked()
    here.tab_to("Next")
    here.press("Enter")


def set_a_level(here, tab):
    here.wait_for("level")
    tab.locator("#play-clip:not([aria-disabled=true])").wait_for()
    here.press("Space")
    tab.locator("#play-clip[aria-pressed=true]").wait_for()
    here.tab_to("Volume here")
    here.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
    here.tab_to("Next")
    here.press("Enter")


def tell_left_from_right(here, tab):
    here.wait_for("left_right")
    for number in range(4):
        if number == 2:
            here.wait_until("All saved")
            tab.reload()
            here.wait_for("left_right")
        assert here.trial().get_attribute("aria-label") == f"Sound {number + 1} of 4"
        side = here.truth(here.hear_trial())
        here.press({"left": "ArrowLeft", "right": "ArrowRight"}[side])
    # The focus waits on Next.
    here.press("Enter")


def get_to_know_the_mixes(here, tab):
    here.wait_for("familiarisation")
    tab.wait_for_function("() => document.querySelector('.listening')?.inert === false")
    tab.wait_for_function("() => !document.querySelector('.strip.loading')")
    assert not tab.locator("#volume").is_visible()
    for letter in "abcdefg":
        here.press(letter)
        tab.locator(f".strip.heard .play:text-is('{letter.upper()}')").wait_for()
    here.tab_to("Next")
    here.press("Enter")


def test_the_whole_way_goes_by_keyboard_with_reloads_in_between(steps, tab, rate_by_request):
    here = steps(EVERYTHING).start()
    answer_about_oneself(here, tab)
    set_a_level(here, tab)
    tell_left_from_right(here, tab)
    get_to_know_the_mixes(here, tab)
    for _ in range(2):
        here.wait_for("sliders")
        assert rate_by_request(tab)["volume_db"] == -9.0
        tab.reload()
        if tab.locator("[data-question=sure]").count():
            here.wait_for("questions_after")
            here.tab_to("1")
            here.press("ArrowRight", "ArrowRight")
            here.tab_to("Next")
            here.press("Enter")
    here.wait_for("questions_end")
    here.tab_to("Is there anything that you would like to tell us?")
    here.press(*"bye")
    tab.route("https://example.org/**", lambda route: route.fulfill(body="back there"))
    here.tab_to("Finish")
    here.press("Enter")
    tab.get_by_text("back there").wait_for()
    stored = here.answers()
    assert (stored["age"], stored["gender"], stored["headphones"]) == (33, "they", "consumer")
    assert (stored["volume_db"], stored["score"], stored["sure"], stored["final_comments"]) == (
        -9,
        4,
        3,
        "bye",
    )
    # The two pages that were rated by request alone.
    assert set(here.flags()) == {"too_fast"}


@pytest.fixture
def rate_by_request():
    """Finish the rating page that is shown without touching it, heard as little as it allows; returns its data."""

    def rate(page):
        return page.evaluate(
            """async () => {
              const data = JSON.parse(document.querySelector("#page-data").textContent);
              const ratings = data.stimuli.map(({ token }) => ({ stimulus: token, attribute: data.axes[0].attribute,
                value: 40, moved: true, played: true, listened_seconds: data.minimum_seconds,
                sequence: data.next_sequence }));
              await fetch(data.complete_url, { method: "POST",
                body: JSON.stringify({ ratings, answers: [], sequence: data.next_sequence + 1 }),
                headers: { "Content-Type": "application/json", "X-Mixeval": "1" } });
              return data;
            }"""
        )

    return rate


def test_a_refused_next_names_what_is_missing_marks_it_and_goes_there(steps, tab):
    here = steps('[participants]\nquestionnaire = ["age", "headphones", "headphone_model"]\n').start()
    here.wait_for("questions_start")
    here.next()
    assert (
        tab.locator("#todo").inner_text()
        == "Still to answer: How old are you, in years, What are you listening with"
    )
    age, headphones = tab.get_by_label("How old"), tab.locator("[data-question=headphones]")
    assert (age.get_attribute("aria-invalid"), headphones.get_attribute("aria-invalid")) == ("true", "true")
    assert tab.locator("#error-age").inner_text() == "Please answer this question."
    assert age.evaluate("element => element === document.activeElement")
    age.fill("200")
    here.next()
    assert tab.locator("#error-age").inner_text() == "Please write a whole number from 1 to 120."
    assert here.answers().get("age") is None
    age.fill("20")
    tab.locator("[data-question=age] .pick").click()
    assert (age.input_value(), age.is_disabled()) == ("", True)
    tab.get_by_label("Loudspeakers").check()
    assert headphones.get_attribute("aria-invalid") is None
    here.next()
    here.wait_for("sliders")
    assert here.answers() == {"age": "prefer_not_to_say", "headphones": "speakers"}
    assert set(here.flags()) == {"no_headphones"}


def test_a_question_comes_and_goes_with_the_answer_that_it_depends_on(steps, tab):
    here = steps('[participants]\nquestionnaire = ["headphones", "headphone_model"]\n').start()
    here.wait_for("questions_start")
    model = tab.get_by_label("Which make and model")
    assert not model.is_visible()
    tab.get_by_label("Studio or hi-fi").check()
    model.fill("HD 600")
    tab.get_by_label("Loudspeakers").check()
    assert not model.is_visible()
    here.wait_until("All saved")
    assert here.answers() == {"headphones": "speakers", "headphone_model": None}
    tab.get_by_label("Studio or hi-fi").check()
    assert model.input_value() == ""
    here.next()
    here.wait_for("sliders")


def test_answers_outlive_their_tab_without_a_connection(
    steps, tab, context, lose_last_words, wait_until_kept
):
    here = steps('[participants]\nquestionnaire = ["age", "gender"]\n').start()
    here.wait_for("questions_start")
    lose_last_words(tab)
    here.wait_for("questions_start")
    # With this answer the last of the page's program has come.
    tab.wait_for_function(
        "() => performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/api/hold'))"
    )
    context.set_offline(True)
    tab.get_by_label("How old").fill("50")
    tab.get_by_label("What is your gender").fill("f")
    # The second is kept once the writing rests.
    here.wait_until("Offline, 2 waiting")
    wait_until_kept(tab, "age", "gender")
    tab.close(run_before_unload=False)
    context.set_offline(False)
    assert here.answers() == {}
    again = Steps(here.url, here.database, context.new_page())
    again.page.goto(f"{here.url}test")
    again.wait_for("questions_start")
    assert again.page.get_by_label("How old").input_value() == "50"
    assert again.page.get_by_label("What is your gender").input_value() == "f"
    again.wait_until("All saved")
    assert again.answers() == {"age": 50, "gender": "f"}


def test_what_was_typed_a_moment_before_a_reload_is_kept(steps, tab):
    here = steps('[participants]\nquestionnaire = ["gender"]\n').start()
    here.wait_for("questions_start")
    tab.get_by_label("What is your gender").press_sequentially("fluid")
    tab.reload()
    here.wait_for("questions_start")
    assert tab.get_by_label("What is your gender").input_value() == "fluid"
    here.next()
    here.wait_for("sliders")
    assert here.answers() == {"gender": "fluid"}


def test_a_failed_check_flags_the_session_and_it_goes_on(steps):
    here = steps("[participants.checks]\nleft_right = true\n").start()
    here.wait_for("left_right")
    here.trial().wait_for()
    # Nothing can be chosen before the sound was heard.
    here.press("ArrowLeft")
    assert here.trial().get_attribute("aria-label") == "Sound 1 of 4"
    for _ in range(4):
        side = here.truth(here.hear_trial())
        here.trial().get_by_role("button", name={"left": "Right", "right": "Left"}[side]).click()
    here.next()
    here.wait_for("sliders")
    assert here.flags()["left_right"]["score"] == 0


def test_a_sound_of_the_headphone_check_plays_once_and_1_2_3_answer(steps, tab):
    here = steps('[participants.checks]\nheadphones = "huggins"\n').start()
    here.wait_for("huggins")
    token = here.hear_trial()
    assert tab.locator(f"[data-trial='{token}'] .play-sound").get_attribute("aria-disabled") == "true"
    here.press("Space")
    assert tab.locator(".play-sound.playing").count() == 0
    here.press("2")
    assert here.trial().get_attribute("aria-label") == "Sound 2 of 6"
    here.wait_until("All saved")
    with here.database.read() as db:
        rows = [(row.subject, row.value) for row in db.scalars(select(Answer))]
    assert rows == [(token, "2")]


def test_a_sound_that_cannot_be_loaded_does_not_end_the_test(steps, tab):
    here = steps("[participants]\nlevel = {}\nchecks = { left_right = true }\n")
    tab.route(re.compile("/audio/"), lambda route: route.fulfill(status=404))
    here.start()
    here.wait_for("level")
    tab.locator("#next[aria-disabled=false]").click()
    here.wait_for("left_right")
    for _ in range(4):
        here.trial().get_by_role("button", name="Go on without this sound").click()
    tab.unroute(re.compile("/audio/"))
    here.next()
    here.wait_for("sliders")
    assert here.flags()["left_right"]["score"] == 0


def test_the_way_on_waits_until_all_is_saved(steps, tab, rate_by_request, wait_until_kept):
    here = steps('[participants]\nredirect = "https://example.org/back?cc={code}"\n').start()
    left = []
    tab.route(
        "https://example.org/**",
        lambda route: (left.append(route.request.url), route.fulfill(body="back"))[1],
    )
    for number in (1, 2):
        here.wait_for("sliders")
        assert tab.evaluate("JSON.parse(document.querySelector('#page-data').textContent).number") == number
        if number == 2:
            tab.route(EVENTS, lambda route: route.abort())
            tab.locator("#volume").fill("-20")
            wait_until_kept(tab, "volume")
        rate_by_request(tab)
        tab.goto(f"{here.url}test")
    tab.get_by_text("answers are still on their way").wait_for()
    tab.wait_for_timeout(5000)
    assert left == []
    assert tab.get_by_role("link", name="Go to example.org now").is_visible()
    tab.unroute(EVENTS)
    # As the browser says when a connection comes back; otherwise the next attempt may take half a minute.
    tab.evaluate("dispatchEvent(new Event('online'))")
    tab.get_by_text("back").first.wait_for()
    tab.wait_for_url("https://example.org/**")
    code = tab.url.split("=")[1]
    tab.go_back()
    # Whoever comes back is not sent off again.
    tab.get_by_text("All is saved").wait_for()
    assert tab.locator("#completion-code").inner_text() == code
