"""A listener's whole page in Firefox, with a device that plays in real time into nowhere."""

import time

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LETTERS = "ABCDEFG"
READY = "() => document.querySelector('#board')?.inert === false && !document.querySelector('.loading')"
SAVED = "() => document.querySelector('#saved').textContent === 'All saved'"


@pytest.fixture
def listener(firefox, sound_server, served, absent):
    if sound_server is None:
        absent("no pulseaudio: without any device Firefox's sound never starts")
    firefox.act("size", width=1280, height=800)
    firefox.goto(served.url)
    firefox.act("click", selector="main button")
    firefox.wait(READY)
    return firefox


def press(listener, *keys):
    for key in keys:
        listener.act("press", key=key)


def wake(listener, key):
    """Play the first mix; where the device takes its time to open, the page asks to press once more."""
    for _ in range(5):
        listener.evaluate("() => { document.querySelector('#message').textContent = ''; }")
        press(listener, key)
        # Not again before it asks, if it has heard of the key: the second would stop what the first one starts.
        for _ in range(100):
            if listener.evaluate("() => document.querySelector('.strip.playing') !== null"):
                return
            if listener.evaluate("() => document.querySelector('#message').textContent !== ''"):
                break
            time.sleep(0.1)
    pytest.fail("the sound never started")


def test_a_page_is_heard_and_rated_by_keyboard_and_the_next_one_comes(listener, served):
    wake(listener, "a")
    for letter in LETTERS:
        if letter != "A":
            press(listener, letter.lower())
        listener.wait(
            "letter => [...document.querySelectorAll('.strip.playing.heard .play')]"
            ".some((play) => play.textContent.trim() === letter)",
            letter,
        )
    listener.evaluate("() => document.querySelector('[role=slider][aria-label=\"Mix A\"]').focus()")
    for steps in range(7):
        press(listener, *["PageUp"] * (steps % 3), *["ArrowDown"] * steps, "Enter", "ArrowRight")
    listener.wait(SAVED)
    expected = [50 + 10 * (steps % 3) - steps for steps in range(7)]
    stored = sorted(row.value for row in served.ratings().values())
    assert stored == sorted(expected)
    assert all(row.played and row.listened_seconds >= 0.25 for row in served.ratings().values())
    listener.evaluate("() => document.querySelector('#next').focus()")
    press(listener, "Enter")
    listener.wait("() => JSON.parse(document.querySelector('#page-data')?.textContent ?? '{}').number === 2")
    # The last events may come after the page that they tell of.
    served.wait_for_events(listener, "switch", 6)
    audio = served.events("audio")[0].detail
    assert audio["sample_rate"] == 44100
    assert audio["state"] == "running"
    assert [len(served.events(kind)) for kind in ("play", "switch", "meter_failed")] == [1, 6, 0]


def test_a_device_that_stalls_is_logged_as_a_drop_out_of_about_that_length(listener, served, sound_server):
    wake(listener, "a")
    listener.wait("() => document.querySelector('.strip.playing.heard')")
    listener.wait(
        "() => performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/drop-outs.js'))"
    )
    # The meter compares half seconds, and the first ones after a start are not counted.
    time.sleep(3)
    sound_server.stall(0.8)
    lost = 0
    for _ in range(150):
        time.sleep(0.2)
        lost = sum(event.detail["lost_ms"] for event in served.events("drop_out"))
        if lost >= 500:
            break
    # A device's buffers bridge a part of it; a busy machine may add some.
    assert 500 <= lost <= 2000
