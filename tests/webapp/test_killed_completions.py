"""The server is killed while pages with ratings and answers are handed in: each is finished whole, or not at all."""

import contextlib
import re
import subprocess
import sys
import threading

import pytest

from mixeval.database import open_database
from mixeval.errors import SimulationError
from mixeval.models import Answer, Page, PageStimulus, ParticipantSession, Rating
from mixeval.settings import database_url
from mixeval_webapp.simulate.browser import Browser, read_page

pytestmark = pytest.mark.slow

LISTENERS = 4
KILLS = 5


class Listener:
    """Hands in one page after another, each with its ratings and a comment, and remembers what was acknowledged."""

    def __init__(self, url):
        self.browser = Browser(url)
        form = read_page(self.browser.get("/"))
        self.browser.submit(form.action, form.fields)
        self.handed_in, self.acknowledged = {}, set()

    def go_on(self, url):
        """Take the test to its end at the server's present address, with what it has of the session."""
        again = Browser(url)
        again._cookies = self.browser._cookies
        self.browser.close()
        self.browser = again
        while (page := read_page(again.get("/test")).data) is not None:
            self.hand_in(page)

    def hand_in(self, page):
        sequence = page["next_sequence"]
        ratings = [
            {
                "stimulus": stimulus["token"],
                "attribute": "preference",
                "value": 10 * place,
                "moved": True,
                "played": True,
                "listened_seconds": 1.0,
                "sequence": sequence,
            }
            for place, stimulus in enumerate(page["stimuli"])
        ]
        answers = [{"subject": "", "name": "comment", "value": f"about {page['page']}", "sequence": sequence}]
        self.handed_in[page["page"]] = (ratings, answers)
        body = {"ratings": ratings, "answers": answers, "sequence": sequence + 1}
        self.browser.send("POST", page["complete_url"], body)
        self.acknowledged.add(page["page"])


@pytest.fixture
def serve_in_process(study_folder):
    """Start `mixeval serve` in a process of its own and return it with its address."""
    started = []

    def start():
        process = subprocess.Popen(
            [
                *(sys.executable, "-u", "-c"),
                f"import sys; sys.path[:0] = {sys.path!r}; from mixeval.cli import main; main()",
                *("serve", str(study_folder), "--port", "0"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return process, next(
            found.group() for line in process.stdout if (found := re.search(r"http://\S+/", line))
        )

    yield start
    for process in started:
        process.kill()
        process.communicate()


def check_whole(study_folder, listeners):
    """Each finished page has all that was handed in with it, each unfinished one nothing of it."""
    database = open_database(database_url(study_folder, {}))
    with database.read() as db:
        finished = {page.id for page in db.query(Page) if page.completed_at is not None}
        values, comments = {}, {}
        for page_id, rating in db.query(PageStimulus.page_id, Rating).join(Rating):
            values.setdefault(page_id, []).append(rating.value)
        for answer in db.query(Answer):
            comments.setdefault(answer.page_id, []).append(answer.value)
        codes = {row.id: row.completion_code for row in db.query(ParticipantSession)}
    database.close()
    for listener in listeners:
        assert listener.acknowledged <= finished
    for page_id in {page for listener in listeners for page in listener.handed_in}:
        whole = (sorted(values.get(page_id, [])), comments.get(page_id, []))
        assert whole == (([0, 10, 20, 30], [f"about {page_id}"]) if page_id in finished else ([], []))
    return codes


def test_a_page_is_finished_with_all_its_ratings_and_answers_or_with_none(serve_in_process, study_folder):
    with (study_folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write('comments = "page"\n')
    everybody = []
    for _ in range(KILLS):
        process, url = serve_in_process()
        newcomers = [Listener(url) for _ in range(LISTENERS)]
        everybody += newcomers

        def take(listener, url=url):
            # The killed server's last requests get no answer.
            with contextlib.suppress(SimulationError):
                listener.go_on(url)

        threads = [threading.Thread(target=take, args=(listener,)) for listener in everybody]
        for thread in threads:
            thread.start()
        while not any(listener.acknowledged for listener in newcomers):
            threads[-1].join(0.001)
        process.kill()
        for thread in threads:
            thread.join()
        check_whole(study_folder, everybody)
    _, url = serve_in_process()
    for listener in everybody:
        listener.go_on(url)
    codes = check_whole(study_folder, everybody)
    assert len(codes) == len(set(codes.values())) == KILLS * LISTENERS
    for listener in everybody:
        listener.browser.close()
