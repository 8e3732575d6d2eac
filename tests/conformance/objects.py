"""A calendar object read by a few lines of our own, so that what is checked does not go through the library that wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PIECES = re.compile(r'((?:[^:;"]|"[^"]*")*)([:;]?)')


@dataclass
class Property:
    """One content line."""

    name: str
    params: dict[str, str]
    value: str


@dataclass
class Component:
    """BEGIN to END, with what is inside."""

    name: str
    properties: list[Property] = field(default_factory=list)
    inner: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[Property]:
        """Every line of this name."""
        return [p for p in self.properties if p.name == name]

    def one(self, name: str) -> Property | None:
        """The line of this name, if there is exactly one."""
        found = self.all(name)
        return found[0] if len(found) == 1 else None

    def value(self, name: str) -> str | None:
        """The value of the one line of this name."""
        found = self.one(name)
        return found.value if found is not None else None


def unfolded(raw: bytes) -> list[str]:
    """Content lines."""
    return re.sub(rb"\r\n[ \t]", b"", raw).decode("utf-8").split("\r\n")[:-1]


def line_of(text: str) -> Property:
    """A content line taken apart; quotes around a parameter's value are taken off."""
    position, pieces = 0, []
    while True:
        found = _PIECES.match(text, position)
        assert found is not None
        pieces.append(found[1])
        position = found.end()
        if found[2] != ";":
            break
    assert found[2] == ":", f"a line without a value: {text}"
    params = dict(p.split("=", 1) for p in pieces[1:])
    return Property(pieces[0].upper(), {k.upper(): v.strip('"') for k, v in params.items()}, text[position:])


def read(raw: bytes) -> Component:
    """The outermost component; lines outside it, and a component that does not end, are an error."""
    top, open_ = None, []
    for text in unfolded(raw):
        line = line_of(text)
        if line.name == "BEGIN":
            made = Component(line.value)
            if open_:
                open_[-1].inner.append(made)
            else:
                assert top is None, "more than one object"
                top = made
            open_.append(made)
        elif line.name == "END":
            assert open_ and open_[-1].name == line.value, "an end without its beginning"
            open_.pop()
        else:
            assert open_, "a line outside of everything"
            open_[-1].properties.append(line)
    assert top is not None and not open_, "a component without its end"
    return top


def text(value: str) -> str:
    """A TEXT value without its escapes."""
    return re.sub(r"\\([\\;,nN])", lambda m: "\n" if m[1] in "nN" else m[1], value)
