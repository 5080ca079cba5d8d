"""As much of a browser as a listener needs: one connection, cookies, the consent form and the page data."""

import http.client
import http.cookiejar
import json
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from mixeval.errors import SimulationError

ATTEMPTS = 5
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    location: str | None


class Browser:
    """Talk to one server; requests are repeated when the connection drops or the server asks for patience."""

    def __init__(self, url: str) -> None:
        """Open no connection yet. Raises SimulationError when `url` is no http(s) address."""
        self._parts = urllib.parse.urlsplit(url)
        if self._parts.scheme not in {"http", "https"} or not self._parts.hostname:
            raise SimulationError(
                f"{url} is not an address", remedy="write one such as http://127.0.0.1:8000/"
            )
        query = f"?{self._parts.query}" if self._parts.query else ""
        self.home = f"{self._parts.path or '/'}{query}"
        self._cookies = http.cookiejar.CookieJar()
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> bytes:
        """Fetch `path`, following redirects."""
        for _ in range(5):
            answer = self._request("GET", path, None, {})
            if answer.location is None:
                return self._accept(answer, path)
            path = urllib.parse.urljoin(path, answer.location)
        raise SimulationError(f"{path} redirects without end", remedy="check the server's log")

    def submit(self, path: str, fields: dict[str, str]) -> None:
        """Send a form, and leave what it redirects to for later."""
        body = urllib.parse.urlencode(fields).encode()
        answer = self._request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        if answer.location is None:
            self._accept(answer, path)

    def send(self, method: str, path: str, document: object) -> Any:
        """Send JSON as the rating page does, and return the JSON that comes back."""
        headers = {"Content-Type": "application/json", "X-Mixeval": "1"}
        answer = self._request(method, path, json.dumps(document).encode(), headers)
        return json.loads(self._accept(answer, path))

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self._cookies}

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        problem: object = None
        for attempt in range(ATTEMPTS):
            try:
                answer = self._once(method, path, body, headers)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                problem = error
            else:
                if answer.status not in {502, 503, 507}:
                    return answer
                problem = f"status {answer.status}"
            time.sleep(0.1 * 2**attempt)
        raise SimulationError(
            f"{self._parts.netloc} does not answer ({problem})", remedy="check that the server runs there"
        )

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self._connection is None:
            kind = (
                http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            )
            self._connection = kind(self._parts.netloc, timeout=TIMEOUT_SECONDS)
        # The jar reads and writes urllib's requests, which are never opened here.
        described = urllib.request.Request(  # noqa: S310 - the scheme was checked above
            urllib.parse.urlunsplit((self._parts.scheme, self._parts.netloc, path, "", ""))
        )
        self._cookies.add_cookie_header(described)
        self._connection.request(method, path, body, headers | dict(described.header_items()))
        response = self._connection.getresponse()
        content = response.read()
        self._cookies.extract_cookies(response, described)
        location = response.getheader("Location") if 300 <= response.status < 400 else None
        return Answer(response.status, content, location)

    def _accept(self, answer: Answer, path: str) -> bytes:
        if answer.status != http.HTTPStatus.OK:
            raise SimulationError(
                f"{path} answered {answer.status} ({_detail(answer.body)})", remedy="check the server's log"
            )
        return answer.body


@dataclass(frozen=True)
class Page:
    """What a listener's browser takes from an HTML page."""

    action: str | None
    """Where the form goes, if there is one."""
    fields: dict[str, str]
    """The form's hidden fields, and its boxes that must be ticked."""
    data: Any
    """The page data, if there is any."""


def read_page(html: bytes) -> Page:
    """Take form and page data from a page."""
    parser = _PageParser()
    parser.feed(html.decode("utf-8"))
    parser.close()
    return Page(parser.action, parser.fields, json.loads(parser.data) if parser.data else None)


class _PageParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.data = ""
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and values.get("method", "").lower() == "post":
            self.action = values.get("action", "")
        ticked = values.get("type") == "checkbox" and "required" in values
        if tag == "input" and (values.get("type") == "hidden" or ticked):
            self.fields[values.get("name", "")] = values.get("value", "")
        self._in_data = tag == "script" and values.get("id") == "page-data"

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in_data = False

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data += data


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"]).rstrip(".")
    except (ValueError, KeyError, TypeError):
        return "no reason given"
