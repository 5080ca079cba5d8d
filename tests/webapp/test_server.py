import contextlib
import http.client
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.database import open_database
from mixeval.errors import ServeError, SimulationError
from mixeval.models import Rating
from mixeval.settings import database_url
from mixeval_webapp.app import create_app
from mixeval_webapp.server import Server
from mixeval_webapp.simulate.browser import Browser, read_page


class Rater:
    """A browser with one page open over real HTTP, which saves its ratings as fast as it can."""

    def __init__(self, url):
        self.browser = Browser(url)
        form = read_page(self.browser.get("/"))
        self.browser.submit(form.action, form.fields)
        self.page = read_page(self.browser.get("/test")).data
        self.acknowledged = {}

    def save(self, sequence):
        ratings = [
            {
                "stimulus": stimulus["token"],
                "attribute": "preference",
                "value": sequence % 101,
                "moved": True,
                "played": True,
                "listened_seconds": 1.0,
                "sequence": sequence,
            }
            for stimulus in self.page["stimuli"]
        ]
        answer = self.browser.send("PUT", self.page["ratings_url"], {"ratings": ratings})
        for saved in answer["saved"]:
            self.acknowledged[saved["stimulus"]] = saved["sequence"]


@pytest.fixture
def new_rater():
    """Make raters whose connections are closed when the test ends."""
    raters = []

    def make(url):
        raters.append(Rater(url))
        return raters[-1]

    yield make
    for rater in raters:
        rater.browser.close()


def check_stored(study_folder, raters):
    """Every acknowledged rating is stored, as it was or newer, once; return how many."""
    database = open_database(database_url(study_folder, {}))
    with database.read() as db:
        rows = db.query(Rating).all()
        assert db.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    database.close()
    stored = {row.stimulus_token: row for row in rows}
    assert len(stored) == len(rows)
    for rater in raters:
        for token, sequence in rater.acknowledged.items():
            assert stored[token].sequence >= sequence
            assert stored[token].value == stored[token].sequence % 101
    return len(stored)


def test_savers_at_once_lose_nothing_and_double_nothing(app, serve, study_folder, new_rater):
    with serve(app) as url, ThreadPoolExecutor(8) as pool:
        raters = list(pool.map(new_rater, [url] * 8))

        def save_all(rater):
            for sequence in range(1, 26):
                rater.save(sequence)

        list(pool.map(save_all, raters))
        # And one participant from many tabs, in any order.
        list(pool.map(lambda sequence: save_from_another_tab(raters[0], sequence), range(26, 58)))
    assert all(set(rater.acknowledged.values()) == {25} for rater in raters)
    raters[0].acknowledged = dict.fromkeys(raters[0].acknowledged, 57)
    assert check_stored(study_folder, raters) == 32


def save_from_another_tab(rater, sequence):
    """Open the same session once more, by its resume link, and save there."""
    other = object.__new__(Rater)
    other.page, other.acknowledged = rater.page, {}
    link = urllib.parse.urlsplit(rater.page["resume_url"])
    other.browser = Browser(f"{link.scheme}://{link.netloc}/")
    other.browser.get(link.path)
    other.save(sequence)
    other.browser.close()


def test_stalled_downloads_do_not_stop_a_save(app, serve, new_rater):
    with serve(app, threads=4) as url:
        rater = new_rater(url)
        place = urllib.parse.urlsplit(url)
        stalled = []
        for number in range(12):
            connection = socket.create_connection((place.hostname, place.port))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            audio = rater.page["stimuli"][number % 4]["url"]
            cookie = "; ".join(f"{c.name}={c.value}" for c in rater.browser._cookies)
            connection.sendall(f"GET {audio} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode())
            stalled.append(connection)
        rater.save(1)
        assert len(rater.acknowledged) == 4
        for connection in stalled:
            connection.close()


def test_a_hundred_browsers_that_keep_their_connections_shut_nobody_out(app, serve, new_rater):
    with serve(app) as url, contextlib.ExitStack() as idle:
        place = urllib.parse.urlsplit(url)
        for _ in range(130):
            idle.enter_context(socket.create_connection((place.hostname, place.port)))
        rater = new_rater(url)
        rater.save(1)
        assert len(rater.acknowledged) == 4


@pytest.mark.parametrize(("proxies", "secure"), [(0, False), (1, True)])
def test_forwarded_headers_arrive_and_are_believed_from_a_trusted_proxy_only(
    open_app, study_folder, serve, proxies, secure
):
    with serve(open_app(study_folder, trusted_proxies=proxies)) as url:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
        connection.request("GET", "/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "lab.test"})
        cookie = connection.getresponse().headers["Set-Cookie"]
        connection.close()
    assert ("Secure" in cookie) == secure


def test_a_port_in_use_is_one_clear_sentence(app):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=f"port {port} of 127.0.0.1 is in use"):
            Server(app, port=port)


def test_the_command_says_so_too_and_exits_with_1(study_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["serve", str(study_folder), "--port", str(port)])
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert line.startswith(f"Error: port {port} of 127.0.0.1 is in use by another program; stop that program")


def test_an_address_of_another_machine_is_refused(app):
    with pytest.raises(ServeError, match="cannot be listened on"):
        Server(app, host="192.0.2.1")


def test_a_stop_finishes_the_request_that_has_begun(open_app, study_folder):
    app = open_app(study_folder)
    begun, may_end = threading.Event(), threading.Event()

    @app.get("/slow")
    def slow():
        begun.set()
        may_end.wait(60)
        return "finished"

    server = Server(app)
    running = threading.Thread(target=server.run)
    running.start()
    place = urllib.parse.urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    connection.request("GET", "/slow")
    begun.wait(60)
    server.stop()
    may_end.set()
    assert connection.getresponse().read() == b"finished"
    connection.close()
    running.join(60)
    assert not running.is_alive()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((place.hostname, place.port))


@pytest.fixture
def start_process(study_folder):
    """Start `mixeval serve` in a process of its own and return it with its address."""
    started = []

    def start(port=0):
        process = subprocess.Popen(
            [
                *(sys.executable, "-u", "-c"),
                f"import sys; sys.path[:0] = {sys.path!r}; from mixeval.cli import main; main()",
                *("serve", str(study_folder), "--port", str(port)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        line = process.stdout.readline()
        return process, re.search(r"http://\S+/", line).group()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_sigterm_ends_the_command_in_good_order(start_process, study_folder, new_rater):
    process, url = start_process()
    rater = new_rater(url)
    rater.save(1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert check_stored(study_folder, [rater]) == 4


@pytest.mark.slow
def test_no_acknowledged_rating_is_lost_when_the_server_is_killed(start_process, study_folder, new_rater):
    raters = []
    for _ in range(5):
        process, url = start_process()
        newcomers = [new_rater(url) for _ in range(6)]
        raters += newcomers

        def save_until_the_end(rater):
            sequence = 0
            with contextlib.suppress(SimulationError):
                while True:
                    sequence += 1
                    rater.save(sequence)

        threads = [threading.Thread(target=save_until_the_end, args=(rater,)) for rater in newcomers]
        for thread in threads:
            thread.start()
        while sum(max(rater.acknowledged.values(), default=0) for rater in newcomers) < 300:
            threads[0].join(0.01)
        process.kill()
        for thread in threads:
            thread.join()
        check_stored(study_folder, raters)
    app = create_app(study_folder)
    with_old = app.test_client()
    for rater in raters:
        link = urllib.parse.urlsplit(rater.page["resume_url"])
        assert with_old.get(link.path).status_code == 303
    app.extensions["mixeval"].database.close()
    assert check_stored(study_folder, raters) == 5 * 6 * 4
