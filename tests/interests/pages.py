"""Forms of a page, read as a browser without scripts reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)

    def filled(self, **values: Any) -> dict[str, Any]:
        """What is sent: the page's own values, with these in their place; ``None`` leaves one out."""
        sent: dict[str, Any] = {k: list(v) for k, v in self.fields.items()}
        for name, value in values.items():
            sent.pop(name, None)
            if value is not None:
                sent[name] = value
        return sent


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.errors: list[str] = []
        self.text: list[str] = []
        self._area = self._select = None
        self._words = ""

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self.forms.append(Form(a.get("action", ""), a.get("method", "get")))
        if not self.forms:
            return
        here = self.forms[-1].fields
        if tag == "input" and a.get("name") and a.get("type") not in ("file", "submit"):
            if a.get("type") in ("checkbox", "radio") and "checked" not in a:
                return
            here.setdefault(a["name"], []).append(a.get("value") or "")
        elif tag == "textarea":
            self._area, self._words = a.get("name"), ""  # one without a name is not sent
        elif tag == "select":
            self._select = a["name"]
        elif tag == "option" and self._select and "selected" in a:
            here.setdefault(self._select, []).append(a.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "textarea" and self._area:
            # a browser drops the first line break of a text area
            self.forms[-1].fields[self._area] = [self._words.removeprefix("\r\n").removeprefix("\n")]
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data):
        if self._area:
            self._words += data
        else:
            self.text.append(data)


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


def form_of(html: str, having: str = "csrf_token", action: str = "") -> Form:
    """The form that has this field, and this in its action."""
    found = [
        f for f in read(html).forms if any(name.endswith(having) for name in f.fields) and action in f.action and f.method == "post"
    ]
    assert found, f"no form with {having}"
    return found[-1]


def words(html: str) -> str:
    return " ".join(" ".join(read(html).text).split())
