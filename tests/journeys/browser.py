"""A browser without scripts over real HTTP: cookies, redirects, and forms filled in as a person would."""

from __future__ import annotations

import uuid
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener

import lxml.html


class Browser:
    """One person's browser."""

    def __init__(self, base: str, language: str = "en") -> None:
        self.base, self.language = base, language
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.url, self.status, self.text = base, 0, ""
        self.headers: dict[str, str] = {}

    def open(self, address: str, body: bytes | None = None, kind: str | None = None) -> Browser:
        """Go to an address, following redirects."""
        request = Request(urljoin(self.url, address), data=body)
        request.add_header("Accept-Language", self.language)
        if kind:
            request.add_header("Content-Type", kind)
            request.add_header("Origin", self.base)
        try:
            with self.opener.open(request, timeout=30) as answer:
                self.status, self.url, raw, headers = answer.status, answer.url, answer.read(), answer.headers
        except HTTPError as error:
            self.status, self.url, raw, headers = error.code, error.url, error.read(), error.headers
        self.headers = {k.lower(): v for k, v in headers.items()}
        self.raw = raw
        self.text = raw.decode("utf-8", "replace")
        assert self.status < 500, self.text[:2000]
        return self

    @property
    def page(self):
        """The page as a tree."""
        return lxml.html.fromstring(self.text, base_url=self.url)

    def words(self) -> str:
        """What a person reads."""
        return " ".join(self.page.xpath("//main")[0].text_content().split())

    def follow(self, part: str) -> Browser:
        """Follow the first link whose address holds this."""
        links = [a.get("href") for a in self.page.xpath("//a[@href]") if part in a.get("href")]
        assert links, f"no link to {part} at {self.url}"
        return self.open(links[0])

    def submit(self, part: str = "", files: dict[str, tuple[str, bytes]] | None = None, press: str = "", **fields) -> Browser:
        """Fill in and send the form whose action holds ``part``; a list is several choices of one name."""
        forms = [f for f in self.page.xpath("//main//form") if part in (f.get("action") or self.url) and f.method == "POST"]
        assert forms, f"no form to {part!r} at {self.url}: {self.words()[:800]}"

        def fits(one: Any) -> bool:
            names = {str(e.get("name")) for e in one.xpath(".//*[@name]")}
            return all(k in names or any(n.endswith(f"-{k}") for n in names) for k in fields)

        form = next(filter(fits, forms), forms[0])
        values: list[tuple[str, str]] = []
        known = {e.get("name") for e in form.xpath(".//*[@name]")}
        # a page with several forms puts a prefix before each form's names
        fields = {k if k in known else next((n for n in known if n.endswith(f"-{k}")), k): v for k, v in fields.items()}
        unknown = {k for k in fields if k not in known}
        assert not unknown, f"no field {unknown} at {self.url}; there are {sorted(known)}"
        for name, value in form.form_values():
            if name not in fields:
                values.append((name, value))
        for name, value in fields.items():
            values += [(name, v) for v in (value if isinstance(value, list) else [value])]
        if press:
            values.append((press, form.xpath(f".//button[@name='{press}']")[0].get("value") or "1"))
        target = form.get("action") or self.url
        if files or "multipart" in (form.get("enctype") or ""):
            body, kind = _multipart(values, files or {})
        else:
            body, kind = urlencode(values).encode(), "application/x-www-form-urlencoded"
        return self.open(target, body, kind)


def _multipart(values: list[tuple[str, str]], files: dict[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    edge = uuid.uuid4().hex
    parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in values if n not in files]
    for name, (filename, content) in files.items():
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"
