"""Is a mail from whom it says? What our own mail server found, read from its ``Authentication-Results`` (RFC 8601).

Only headers that carry the name of our server count: it takes out those that strangers wrote in its name. An answer is
believed when DMARC passed for the sender's domain, or DKIM or SPF for that domain or one above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from app.core.text import line as one_line

_RESULT = re.compile(r"\s*([a-z0-9-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)(.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"\b(header\.(?:d|i|from)|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PLAIN = re.compile(r"[A-Za-z0-9._@-]+")
_DOMAIN_OF = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}
MOST = 50


def is_authentic(results: Iterable[str], server: str, sender: str) -> bool | None:
    """Did our server vouch for the domain of this sender? ``None`` where no server is named that could."""
    if not server:
        return None
    domain = sender.rpartition("@")[2].lower()
    return bool(domain) and any(_vouches(method, result, told, domain) for method, result, told in _results(results, server))


def _results(headers: Iterable[str], server: str) -> Iterator[tuple[str, str, str]]:
    """Each method, its result and its properties, from headers of this server."""
    for header in list(headers)[:MOST]:
        told = _without_comments(one_line(header)[:10_000])
        name, _semicolon, rest = told.partition(";")
        if name.split()[:1] and name.split()[0].lower() == server.lower():
            for part in rest.split(";")[:MOST]:
                found = _RESULT.match(part)
                if found:
                    yield found[1].lower(), found[2].lower(), found[3]


def _without_comments(told: str) -> str:
    """A header without what stands in brackets, however deep: in one pass, for strangers write it. One left open takes the rest.

    What stands in quotes is kept as far as it is one plain word: a stranger chose it too, and may have written results there.
    """
    out: list[str] = []
    depth = at = 0
    while at < len(told):
        character = told[at]
        if character == '"' and not depth:
            quoted = _QUOTED.match(told, at)
            if quoted is None:
                break
            at = quoted.end()
            plain = _PLAIN.fullmatch(quoted[1]) is not None and told[at : at + 1] != "@"
            out.append(quoted[1] if plain else "quoted")
            continue
        if character == "(":
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            out.append(" ")
        elif character == "\\" and depth:
            at += 1  # what follows stands for itself
        elif not depth:
            out.append(character)
        at += 1
    return "".join(out)


def _vouches(method: str, result: str, told: str, domain: str) -> bool:
    if result != "pass" or method not in _DOMAIN_OF:
        return False
    found = [value for key, value in _PROPERTY.findall(told) if key.lower() in _DOMAIN_OF[method]]
    named = [value.rpartition("@")[2].lower().rstrip(".") for value in found]
    if method == "dmarc":
        return domain in named
    return any("." in one and (domain == one or domain.endswith("." + one)) for one in named)
