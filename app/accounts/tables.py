"""The columns of this room's lists as tables. People and organisations leave in the columns in which they can come in again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.models import Designation, Organisation, Person
from app.accounts.queries.designations import standing
from app.accounts.reader import best, name_of
from app.accounts.words import CAPACITIES, FIELDS, ORGANISATION_KINDS, ROUTES, STANDINGS
from app.audit.queries import Line
from app.core.languages import LANGUAGES, NAMES
from app.tables.writing import Column, word

STATE_CODE = _l("Code of the State")
EMAIL, GIVEN, FAMILY = FIELDS["email"], FIELDS["given_name"], FIELDS["family_name"]


def own_text(texts: dict[str, str], language: str) -> str:
    """A text in a person's own language, else the best there is."""
    return texts.get(language) or str(best(texts))


def organisation_of(person: Person, today: date) -> Organisation | None:
    """Where the person belongs on this day."""
    for held in person.memberships:
        if held.valid_from <= today and (held.valid_to is None or held.valid_to >= today):
            return held.organisation
    return None


def people(today: date) -> Sequence[Column[Person]]:
    """People, each with the first organisation they belong to on this day."""

    def state(person: Person) -> str | None:
        found = organisation_of(person, today)
        parent = found.parent if found is not None else None
        return (parent.code if parent is not None else found.code) if found is not None else None

    def place(person: Person) -> str | None:
        found = organisation_of(person, today)
        return name_of(found) if found is not None else None

    return (
        Column("email", EMAIL, lambda p: p.email),
        Column("honorific", FIELDS["honorifics"], lambda p: own_text(p.honorifics, p.language)),
        Column("given_name", GIVEN, lambda p: p.given_name),
        Column("family_name", FAMILY, lambda p: p.family_name),
        Column("post", FIELDS["posts"], lambda p: own_text(p.posts, p.language)),
        Column("organisation", FIELDS["organisation"], place),
        Column("state", STATE_CODE, state),
        Column("phone", FIELDS["phone"], lambda p: p.phone),
        Column("language", FIELDS["language"], lambda p: p.language),
        Column("zone", FIELDS["zone"], lambda p: p.zone),
        Column("active", FIELDS["active"], lambda p: p.active),
    )


def _name_in(language: str) -> Callable[[Organisation], str | None]:
    return lambda o: o.names.get(language)


def name_label(language: str) -> Any:
    """The heading of a name in one language."""
    return _l("Name in %(language)s", language=NAMES[language])


def _parent(o: Organisation) -> str | None:
    return (o.parent.code or name_of(o.parent)) if o.parent is not None else None


ORGANISATIONS: Sequence[Column[Organisation]] = (
    word("kind", FIELDS["kind"], lambda o: o.kind, ORGANISATION_KINDS),
    *(Column(f"name_{code}", name_label(code), _name_in(code)) for code in LANGUAGES),
    Column("part_of", FIELDS["parent_id"], _parent),
    Column("zone", FIELDS["zone"], lambda o: o.zone),
    word("mail_route", FIELDS["mail_route"], lambda o: o.mail_route, ROUTES),
    Column("code", STATE_CODE, lambda o: o.code),
    Column("active", FIELDS["active"], lambda o: o.active),
)


def designations(today: date) -> Sequence[Column[Designation]]:
    """Designations, and where each stands on this day."""
    return (
        Column("state", FIELDS["state"], lambda d: name_of(d.state)),
        Column("code", STATE_CODE, lambda d: d.state.code),
        Column("person", FIELDS["person"], lambda d: d.person.full_name),
        Column("email", EMAIL, lambda d: d.person.email),
        word("capacity", FIELDS["capacity"], lambda d: d.capacity, CAPACITIES),
        Column("letter_number", FIELDS["letter_number"], lambda d: d.letter_number),
        Column("letter_date", FIELDS["letter_date"], lambda d: d.letter_date),
        Column("signatory", FIELDS["signatory"], lambda d: d.signatory),
        Column("valid_from", FIELDS["valid_from"], lambda d: d.valid_from),
        Column("valid_to", FIELDS["valid_to"], lambda d: d.valid_to),
        word("standing", _l("Where it stands"), lambda d: standing(d, today), STANDINGS),
        Column("verified_at", _l("Verified (UTC)"), lambda d: d.verified_at),
    )


AUDIT: Sequence[Column[Line]] = (
    Column("at", _l("When (UTC)"), lambda x: x.at),
    Column("who", _l("Who"), lambda x: x.who),
    Column("on_behalf_of", _l("On behalf of"), lambda x: x.on_behalf_of),
    Column("kind", _l("Kind of record"), lambda x: str(x.kind), lambda x: x.object_kind),
    Column("record", _l("Number of the record"), lambda x: str(x.object_id)),
    Column("action", _l("What was done"), lambda x: str(x.said), lambda x: x.action),
    Column("changes", _l("What changed"), lambda x: "; ".join(f"{c.label}: {c.before} → {c.after}" for c in x.changes)),
    Column("note", _l("Note"), lambda x: x.note),
)
