"""What the tests of accounts share: forms read from pages as a browser would send them back."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from app.accounts.models import Role
from app.accounts.rules import joining
from app.core import clock
from tests.accounts.leaving import LATER, Leaving
from tests.factories.accounts import NOW, make_person

PASSWORD = "lantern otter forty fjord"


class _Forms(HTMLParser):
    """Every form of a page: its action, and its fields as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []
        self._select: str | None = None
        self._area: str | None = None
        self._first = False

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self.found.append({"action": a.get("action", ""), "method": a.get("method", "get"), "fields": {}})
        elif not self.found:
            return
        elif tag == "input" and "name" in a:
            if a.get("type") in ("checkbox", "radio") and "checked" not in a:
                return
            if a.get("type") == "checkbox" and a["name"] in self.fields:
                self.fields[a["name"]] = [*self._list(a["name"]), a.get("value", "on")]
            elif a.get("type") != "file":
                self.fields[a["name"]] = a.get("value") or ""
        elif tag == "select" and "name" in a:
            self._select, self._first = a["name"], True
        elif tag == "option" and self._select and ("selected" in a or self._first):
            self.fields[self._select] = a.get("value", "")
            self._first = False
        elif tag == "textarea" and "name" in a:
            self._area = a["name"]
            self.fields[a["name"]] = ""

    @property
    def fields(self):
        return self.found[-1]["fields"]

    def _list(self, name):
        kept = self.fields[name]
        return kept if isinstance(kept, list) else [kept]

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data):
        if self._area:
            self.fields[self._area] += data


def forms_of(response) -> list[dict[str, Any]]:
    """The forms of a page."""
    parser = _Forms()
    parser.feed(response.get_data(as_text=True))
    return parser.found


def form_of(response, action: str | None = None) -> dict[str, Any]:
    """The fields of the first POST form with this action; without one, of the form that posts to its own page."""
    for form in forms_of(response):
        if form["method"] == "post" and form["action"] == (action or ""):
            return dict(form["fields"])
    raise AssertionError(f"no form for {action!r}")


def send(client, url: str, action: str | None = None, at: str | None = None, **values: Any):
    """Open a page, fill its form, send it."""
    page = client.get(url)
    assert page.status_code == 200, (page.status_code, url)
    return client.post(at or (url if action is None else action), data={**form_of(page, action), **values})


@pytest.fixture
def browser_of(within, sign_in):
    """A browser of somebody with these roles, and the person."""

    def signed_in_as(*roles: Role, **fields: Any):
        with within():
            person = make_person(**fields)
        return sign_in(person, *roles), person

    return signed_in_as


@pytest.fixture
def office(browser_of):
    """A browser of the secretariat."""
    return browser_of(Role.SECRETARIAT, family_name="Office", given_name="Tomas")[0]


@pytest.fixture
def administrator(browser_of):
    """A browser of an administrator."""
    return browser_of(Role.ADMINISTRATOR, family_name="Root", given_name="Ines")[0]


@pytest.fixture
def person(within):
    with within():
        made = make_person("Morrow", email="Adaeze.Morrow@astoria.example")
        joining.set_password(made, PASSWORD, now=NOW - timedelta(days=1), tell=False)
    return made


@pytest.fixture
def at(monkeypatch):
    """Let the platform's clock show another moment."""
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def leaving(session, monkeypatch):
    found = Leaving()
    monkeypatch.setattr(clock, "now", lambda: LATER)
    return found
