"""An expression of interest laid out for reading: the same sections on the check page, the status page and the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.queries import states
from app.accounts.reader import best, language
from app.core import when, zones
from app.core.db import Texts
from app.core.languages import NAMES, babel_locale
from app.core.text import size_words
from app.interests.models import Ask, Expression
from app.interests.rules.complete import LETTER, WHAT, WHO
from app.interests.words import ASKS, ENDORSEMENTS, FIELDS, KINDS, MODES
from app.practices.queries import offered_tools
from app.topics.queries import grounds, objectives_for


@dataclass(frozen=True)
class Fact:
    """A label with what was said: words that somebody typed, or choices in the reader's language."""

    label: Any
    typed: str = ""
    chosen: list[Any] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.typed or self.chosen)


def state_name(expression: Expression) -> str:
    """The State's name in the reader's language, empty without one."""
    found = next((s for s in states() if s.id == expression.state_id), None) if expression.state_id else None
    return str(best(found.names)) if found else ""


def who(expression: Expression, *, reachable: bool = True) -> list[Fact]:
    """Who we are; without ``reachable`` not how to reach the contact, which is between them and the secretariat."""
    kind = expression.organisation_kind
    place = zones.city(expression.contact_zone, babel_locale(language()))
    facts = [
        Fact(FIELDS["organisation_kind"], chosen=[KINDS[kind]] if kind else []),
        Fact(FIELDS["state_id"], chosen=[state_name(expression)] if expression.state_id else []),
        Fact(FIELDS["organisation_name"], expression.organisation_name),
        Fact(FIELDS["organisation_unit"], expression.organisation_unit),
        Fact(_l("The person we write to"), f"{expression.contact_honorific} {expression.contact_name}".strip()),
        Fact(FIELDS["contact_post"], expression.contact_post),
        Fact(FIELDS["contact_email"], expression.contact_email if reachable else ""),
        Fact(FIELDS["contact_phone"], expression.contact_phone if reachable else ""),
        Fact(FIELDS["language"], chosen=[NAMES[expression.language]]),
        Fact(FIELDS["contact_zone"], chosen=[place]),
    ]
    return [f for f in facts if f]


def what(expression: Expression, tools: Mapping[str, Texts] | None = None) -> list[Fact]:
    """What we seek and offer; the objectives are derived from the grounds. ``tools`` are the titles of its tools, where a page
    has read them already."""
    known = grounds()
    if tools is None:
        tools = {t.code: t.titles for t in offered_tools(expression.tools)} if expression.tools else {}
    start = expression.start_on
    facts = [
        Fact(FIELDS["mode"], chosen=[MODES[expression.mode][0]] if expression.mode else []),
        Fact(FIELDS["asks"], chosen=[ASKS[a] for a in Ask if a.value in expression.asks]),
        Fact(FIELDS["grounds"], chosen=[best(known[c].labels) for c in expression.grounds if c in known]),
        Fact(FIELDS["tools"], chosen=[best(tools[c]) for c in expression.tools if c in tools]),
        Fact(FIELDS["aim"], expression.aim),
        Fact(FIELDS["languages"], chosen=[NAMES[c] for c in expression.languages if c in NAMES]),
        Fact(FIELDS["start_on"], chosen=[when.date_text(start, language())] if start else []),
        Fact(FIELDS["constraints"], expression.constraints),
    ]
    return [f for f in facts if f]


def objectives(expression: Expression) -> list[tuple[int, Any]]:
    """The objectives of the Global Compact that its grounds relate to."""
    return [(o.number, best(o.labels)) for o in objectives_for(expression.grounds)]


def letter(expression: Expression, name: str = "") -> list[Fact]:
    """The official endorsement, with the file's name when there is one."""
    return [Fact(FIELDS["endorsement"], typed=name, chosen=[ENDORSEMENTS[expression.endorsement]])]


def sections(
    expression: Expression, name: str = "", *, reachable: bool = True, tools: Mapping[str, Texts] | None = None
) -> dict[int, list[Fact]]:
    """All of it by step."""
    return {WHO: who(expression, reachable=reachable), WHAT: what(expression, tools), LETTER: letter(expression, name)}


__all__ = ["Fact", "letter", "sections", "size_words", "state_name", "what", "who"]
