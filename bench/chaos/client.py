"""A browser that finds its forms by their fields, and lives with a server that dies under it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

HOST = "127.0.0.1:8000"
"""As in BASE_URL, whatever port the process has."""


class Unexpected(Exception):  # noqa: N818 - what a scenario reports
    """A page that is not the one a person would see."""


@dataclass
class PageForm:
    """A form as it came: its address and all its fields, choices as they stand."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)  # of unticked boxes and buttons too
    boxes: list[tuple[str, str]] = field(default_factory=list)  # unticked, to be ticked on purpose
    needed: list[tuple[str, str]] = field(default_factory=list)  # of these, those that must be ticked
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def with_values(self, values: Mapping[str, str | Iterable[str]]) -> list[tuple[str, str]]:
        """The fields, with these in place of what stands there."""
        kept = [(name, value) for name, value in self.fields if name not in values]
        for name, value in values.items():
            kept += [(name, value)] if isinstance(value, str) else [(name, one) for one in value]
        return kept


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._form: PageForm | None = None
        self._select = self._area = ""
        self._chosen: list[str] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name, value = told.get("name") or "", told.get("value") or ""
        if tag == "form" and (told.get("method") or "").lower() == "post":
            self._form = PageForm(told.get("action") or "")
            self.forms.append(self._form)
        if self._form is None:
            return
        if name:
            self._form.names.add(name)
        if tag == "input" and name:
            self._input(self._form, told, name, value)
        elif tag == "button" and name:
            self._form.buttons.append((name, value))
        elif tag == "select":
            self._select, self._chosen = name, []
        elif tag == "option" and self._select and ("selected" in told or not self._chosen):
            self._chosen = [*(self._chosen if "multiple" in told else []), value]
        elif tag == "textarea":
            self._area, self._text = name, ""

    def _input(self, form: PageForm, told: dict[str, str | None], name: str, value: str) -> None:
        kind = told.get("type") or "text"
        if kind in ("checkbox", "radio"):
            if "checked" in told:
                form.fields.append((name, value or "on"))
            else:
                form.boxes.append((name, value or "on"))
                if "required" in told and kind == "checkbox":
                    form.needed.append((name, value or "on"))
        elif kind == "submit":
            form.buttons.append((name, value))
        elif kind != "file":
            form.fields.append((name, value))

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if self._form is None:
            return
        if tag == "form":
            self._form = None
        elif tag == "select" and self._select:
            self._form.fields += [(self._select, value) for value in self._chosen]
            self._select = ""
        elif tag == "textarea" and self._area:
            self._form.fields.append((self._area, self._text.removeprefix("\n")))
            self._area = ""


def forms(page: str) -> list[PageForm]:
    """All forms of a page that change something."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form_with(page: str, *names: str) -> PageForm:
    """The form that has fields of these names."""
    for one in forms(page):
        if set(names) <= one.names:
            return one
    raise Unexpected(f"no form with {', '.join(names)} on the page")


@dataclass
class Answer:
    """What came back."""

    status: int
    page: str
    location: str = ""


class Client:
    """One person at a desk. ``port`` is asked for at each request: the server may have come back on another."""

    def __init__(self, port: Callable[[], int], cookies: Mapping[str, str] | None = None) -> None:
        self.port, self.cookies = port, dict(cookies or {})

    def get(self, path: str) -> Answer:
        """A page."""
        return self._ask("GET", path, None)

    def post(self, path: str, fields: list[tuple[str, str]]) -> Answer:
        """A form."""
        return self._ask("POST", path, urlencode(fields))

    def patiently(self, ask: Callable[[], Answer], seconds: float = 60) -> Answer:
        """Ask as a person does who presses the button again: while nobody answers, or the answer is to come back later."""
        until = time.monotonic() + seconds
        while True:
            try:
                answer = ask()
                if answer.status < 500:
                    return answer
                problem = f"status {answer.status}"
            except (OSError, http.client.HTTPException) as error:
                problem = type(error).__name__
            if time.monotonic() > until:
                raise Unexpected(f"no answer within {seconds:g} s: {problem}")
            time.sleep(0.2)

    def send(self, path: str, form: PageForm, values: Mapping[str, str | Iterable[str]]) -> Answer:
        """Fill a form in and send it, to where it says."""
        return self.post(urlsplit(urljoin(path, form.action)).path if form.action else path, form.with_values(values))

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=60)
        headers = {"Host": HOST, "Accept": "text/html", "Accept-Language": "en", "User-Agent": "Mozilla/5.0"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{HOST}"}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            page = response.read().decode(errors="replace")
        finally:
            connection.close()
        for header in response.headers.get_all("Set-Cookie", []):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, page, response.headers.get("Location", ""))
