"""A browser without scripts: one kept connection, its cookies, forms by their fields."""

from __future__ import annotations

import html
import http.client
import re
import time
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from bench.house import Web

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="csrf_token"')


class Browser:
    """One reader."""

    def __init__(self, web: Web, cookies: dict[str, str] | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
        self.cookies = dict(cookies or {})
        self.answered = 0.0  # when the last answer was there, on the machine's monotonic clock
        self.took = 0.0
        self.location = ""  # where the last answer led
        self.etag = ""  # of the last answer

    def get(self, path: str, expect: int = 200, headers: dict[str, str] | None = None) -> str:
        """A page."""
        return self._ask("GET", path, None, expect, headers)

    def post(self, path: str, fields: dict[str, str] | list[tuple[str, str]], expect: int = 303) -> str:
        """A form."""
        return self._ask("POST", path, urlencode(fields), expect)

    def forget(self) -> None:
        """Be somebody else from now on, over the same connection."""
        self.cookies.clear()

    def _ask(self, method: str, path: str, body: str | None, expect: int, more: dict[str, str] | None = None) -> str:
        headers = {"Host": "127.0.0.1:8000", "Accept": "text/html", "Accept-Language": "en", "User-Agent": "Mozilla/5.0"}
        headers |= more or {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://127.0.0.1:8000",
                        "Referer": f"http://127.0.0.1:8000{path}"}  # fmt: skip
        start = time.monotonic()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        page = response.read().decode()
        self.answered = time.monotonic()
        self.took = self.answered - start
        self.location = response.headers.get("Location", "")
        self.etag = response.headers.get("ETag", "")
        for header in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        if response.status != expect:
            words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
            raise SystemExit(f"bench: {method} {path} answered {response.status}, not {expect}: {words[:600]}")
        return page


def token_of(page: str) -> str:
    """The CSRF token of a page's form."""
    found = TOKEN.search(page)
    if found is None:
        raise SystemExit("bench: a page without a form where one was expected")
    return html.unescape(found[1] or found[2])
