"""What becomes of an answer on its way: lost replies, hours offline, full stores, lost cookies, wrong clocks."""

import re

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.models import Event, Flag

pytestmark = pytest.mark.browser

LETTERS = "ABCDEFG"
VALUES = dict(zip(LETTERS, (71, 12, 64, 78, 50, 0, 100), strict=True))
API = re.compile(r"/api/")


def values(served, rating):
    stored = served.ratings()
    return {
        row["label"]: stored[row["token"]].value for row in rating.data()["stimuli"] if row["token"] in stored
    }


def skip_to_last(rating):
    rating.answer_by_request("complete_url")
    rating.page.reload()
    return rating.wait_for_page(2)


def pass_pauses(tab, until):
    """Let the page's clock go through its pauses between two tries until that is so.

    A try is given up after 20 s by that clock: between two steps its answer has the time that it takes.
    """
    for step in range(300):
        if until():
            return
        if step % 10 == 0:
            tab.clock.run_for(5_000)
        tab.wait_for_timeout(100)
    raise AssertionError("the tries of 150 s by the page's clock, and of 30 s by ours, brought nothing")


def test_a_lost_reply_to_the_last_page_ends_in_one_completion_with_one_code(rating, served, tab):
    skip_to_last(rating).answer_by_request("ratings_url")
    tab.reload()
    rating.ready()
    session = tab.context.new_cdp_session(tab)
    lost = []

    def lose(event):
        if event.get("responseStatusCode") == 200 and len(lost) < 2:
            # The server has committed and answered; its answer is lost on the way.
            lost.append(served.sessions()[0].completion_code)
            session.send(
                "Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "ConnectionReset"}
            )
        else:
            session.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    session.on("Fetch.requestPaused", lose)
    session.send("Fetch.enable", {"patterns": [{"urlPattern": "*/complete", "requestStage": "Response"}]})
    rating.next()
    code = tab.locator("#completion-code").inner_text()
    assert lost == [code, code]
    assert len(served.sessions()) == 1
    assert served.sessions()[0].completion_code == code


def test_after_eight_hours_offline_the_next_try_comes_within_half_a_minute(rating, served, tab, context):
    rating.wait_until("All saved")
    # What helps without a connection has come with the page; nothing that breaks off in its first second can.
    tab.wait_for_function(
        """ends => { const come = performance.getEntriesByType("resource").map(({ name }) => name);
          return ends.every((end) => come.some((name) => name.endsWith(end))); }""",
        arg=["/api/hold", "/rescue.js", "/re-entry.js", "/dialog.js", "/waiting-file.js"],
    )
    tab.clock.install()
    context.set_offline(True)
    rating.drag("A", 71)
    rating.wait_until("Offline, 1 waiting")
    for _ in range(16):
        tab.clock.fast_forward("30:00")
    offer = tab.get_by_role("button", name="Save the waiting answers in a file")
    for _ in range(100):
        # A jump may come while a try is under way, and then sets none off.
        if offer.is_visible():
            break
        tab.clock.fast_forward("00:30")
        tab.wait_for_timeout(100)
    assert offer.is_visible()
    assert served.ratings() == {}
    # The connection is back without the browser's saying so: only the pause between two tries is left.
    tab.evaluate("addEventListener('online', (event) => event.stopImmediatePropagation(), true)")
    context.set_offline(False)
    pass_pauses(tab, served.ratings)
    assert values(served, rating) == {"A": 71}
    tab.locator("#save-file").wait_for(state="detached")


def test_a_clock_that_jumps_a_day_back_loses_and_mixes_nothing(rating, served, tab, context):
    rating.drag("A", 10)
    rating.wait_until("All saved")
    behind = "const real = Date.now.bind(Date); Date.now = () => real() - 86_400_000;"
    tab.evaluate(behind)
    rating.drag("A", 20)
    rating.wait_until("All saved")
    context.add_init_script(behind)
    tab.reload()
    rating.ready()
    rating.drag("A", 30)
    rating.hear("B")
    rating.wait_until("All saved")
    row = served.ratings()[rating.data()["stimuli"][0]["token"]]
    assert row.value == 30
    # Moments are the server's, durations the browser's monotonic clock's.
    assert abs((row.rated_at - served.sessions()[0].started_at).total_seconds()) < 600
    with served.database.read() as db:
        times = [(event.page_id, event.client_ms) for event in db.query(Event)]
    assert all(0 <= ms < 600_000 for _, ms in times)


def test_the_back_button_shows_what_the_server_knows(rating, served, tab):
    skip_to_last(rating)
    stored = {token: row.value for token, row in served.ratings().items()}
    tab.go_back()
    tab.get_by_text("You have already begun in this browser.").wait_for()
    tab.go_forward()
    rating.wait_for_page(2)
    # A finished page is not to be had again, and takes nothing new.
    assert {token: row.value for token, row in served.ratings().items()} == stored


def test_a_cookie_that_is_gone_comes_back_by_itself_and_the_outbox_drains(rating, served, context, tab):
    rating.wait_until("All saved")
    context.clear_cookies()
    rating.drag("A", 71)
    rating.wait_until("All saved")
    assert values(served, rating) == {"A": 71}
    assert tab.locator("dialog").count() == 0


def test_where_the_link_leads_nowhere_the_page_asks_for_the_code_and_goes_on(rating, served, context, tab):
    rating.wait_until("All saved")
    link = rating.data()["resume_url"]
    tab.route("**/resume/*", lambda route: route.fulfill(status=404))
    context.clear_cookies()
    rating.drag("A", 71)
    box = tab.get_by_label("Your code or link")
    box.fill("no such code")
    box.press("Enter")
    tab.get_by_text("That did not open your test.").wait_for()
    tab.unroute("**/resume/*")
    box.fill(link)
    with tab.expect_navigation():
        box.press("Enter")
    rating.ready()
    rating.wait_until("All saved")
    assert values(served, rating) == {"A": 71}


def test_what_waits_can_be_saved_in_a_file_that_the_researcher_brings_in(
    rating, served, study_folder, tmp_path, monkeypatch
):
    tab = rating.page
    rating.wait_until("All saved")
    tab.clock.install()
    tab.route(API, lambda route: route.abort())
    rating.drag("A", 71)
    for _ in range(100):
        if tab.locator("#save-file").count() == 1:
            break
        tab.clock.fast_forward("05:00")
        tab.wait_for_timeout(100)
    with tab.expect_download() as saved:
        tab.get_by_role("button", name="Save the waiting answers in a file").click()
    path = tmp_path / "answers.mixeval.json"
    saved.value.save_as(path)
    secret = rating.data()["resume_url"].rsplit("/", maxsplit=1)[1]
    assert secret not in path.read_text(encoding="utf-8")
    assert served.ratings() == {}
    monkeypatch.setenv("MIXEVAL_DATABASE_URL", str(served.database.engine.url))
    for _ in range(2):
        found = CliRunner().invoke(main, ["recover", str(study_folder), str(path)])
        assert found.exit_code == 0, found.output
    assert values(served, rating) == {"A": 71}
    with served.database.read() as db:
        assert [row.name for row in db.query(Flag)] == ["recovered"]
    # What comes over the network after all is the same answer.
    tab.unroute(API)
    pass_pauses(tab, lambda: tab.locator("#saved").text_content() == "All saved")
    assert values(served, rating) == {"A": 71}


FULL = "IDBTransaction.prototype.commit = function () { this.abort(); };"


@pytest.mark.parametrize("fault", ["delete globalThis.indexedDB;", FULL])
def test_where_the_browser_keeps_nothing_the_page_says_so_and_warns_before_it_is_left(
    served, tab, context, rating, fault
):
    context.add_init_script(fault)
    tab.reload()
    rating.ready()
    # Looked for first: the third try that fails puts other words in its place.
    tab.get_by_text("This browser cannot keep answers by itself").wait_for()
    tab.route(API, lambda route: route.abort())
    rating.drag("A", 71)
    rating.wait_until("1 waiting")
    with tab.expect_event("dialog") as warned:
        tab.close(run_before_unload=True)
    assert warned.value.type == "beforeunload"
    warned.value.dismiss()
    tab.unroute(API)
    rating.wait_until("All saved")
    assert values(served, rating) == {"A": 71}


def test_an_answer_that_neither_store_nor_server_has_yet_is_on_the_page_after_a_reload(
    served, tab, context, rating
):
    context.add_init_script("delete globalThis.indexedDB;")
    tab.reload()
    rating.ready()
    tab.route(API, lambda route: route.abort())
    rating.drag("A", 71)
    tab.on("dialog", lambda dialog: dialog.accept())
    tab.reload()
    rating.ready()
    assert rating.value("A") == "71"
    tab.unroute(API)
    rating.wait_until("All saved")
    assert values(served, rating) == {"A": 71}


def test_ten_megabytes_in_a_comment_are_cut_and_hold_up_nothing(open_sliders):
    rating, served = open_sliders('comments = "page"')
    tab = rating.page
    # What the box itself would not let anybody type or paste.
    tab.evaluate(
        """() => {
          const box = document.querySelector("textarea[data-comment]");
          box.removeAttribute("maxlength");
          box.value = "ä".repeat(5_000_000);
          box.dispatchEvent(new Event("input")); box.dispatchEvent(new Event("change"));
          box.value = "";
        }"""
    )
    rating.drag("A", 71)
    rating.wait_until("All saved")
    assert values(served, rating) == {"A": 71}
    assert served.comments() == {"": "ä" * 2000}
    # And what no page would send the server refuses, before it has read it all.
    status = tab.evaluate(
        """async (url) => (await fetch(url, { method: "PUT", body: JSON.stringify({ answers: [
          { subject: "", name: "comment", value: "x".repeat(200_000), sequence: 1e15 }] }),
          headers: { "Content-Type": "application/json", "X-Mixeval": "1" } })).status""",
        rating.data()["answers_url"],
    )
    assert status == 413
    assert served.comments() == {"": "ä" * 2000}


def test_a_mix_that_one_browser_cannot_decode_is_said_logged_and_given_up(rating, served, tab, context):
    broken = rating.data()["stimuli"][2]
    size = rating.data()["bytes"]
    tab.route(f"**{broken['url']}", lambda route: route.fulfill(body=b"x" * size, content_type="audio/flac"))
    session = context.new_cdp_session(tab)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    tab.reload()
    tab.locator(".strip.failed").wait_for()
    tab.wait_for_function("() => !document.querySelector('.loading')")
    assert "Mix C could not be loaded" in tab.locator("#message").inner_text()
    tab.get_by_role("button", name="Try again", exact=True).click()
    tab.get_by_role("button", name="Go on without C").click()
    rating.wait_until("All saved")
    unplayable = served.wait_for_events(tab, "unplayable")
    assert {event.stimulus_token for event in served.events("load_failed")} == {broken["token"]}
    assert [event.stimulus_token for event in unplayable] == [broken["token"]]
    row = served.ratings()[broken["token"]]
    assert (row.unplayable, row.value, row.played) == (True, None, False)
