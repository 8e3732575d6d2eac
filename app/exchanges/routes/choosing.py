"""The check-lists of the page that invites: States by region, other organisations by kind, people by name; all without scripts.

With words in the search box only what they find is listed. What was ticked stays ticked, whatever is searched for next.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import aliased

from app.accounts.access import Viewer
from app.accounts.models import Organisation, OrganisationKind, Person
from app.accounts.queries import people_in_view, people_page
from app.accounts.reader import best
from app.accounts.words import ORGANISATION_KINDS
from app.core.text import fold
from app.extensions import db
from app.topics.queries import regions

MOST_PEOPLE = 30
STATES, ORGANISATIONS, PEOPLE = "states", "organisations", "people"


@dataclass(frozen=True)
class Option:
    """Something to tick: the field it belongs to, its id, and what it is called."""

    field: str
    value: str
    label: str


@dataclass(frozen=True)
class Group:
    """Options under one heading that opens and closes."""

    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Lists:
    """What the page offers: what is chosen, the groups below it, and the people who were found."""

    chosen: tuple[Option, ...]
    states: tuple[Group, ...]
    organisations: tuple[Group, ...]
    people: tuple[Person, ...]
    nothing: bool  # words were given, and nothing fits


def lists(viewer: Viewer, words: str, ticked: dict[str, set[str]], people_ids: Collection[uuid.UUID]) -> Lists:
    """Everything to choose from, in the reader's language and order."""
    rows = _organisations()
    options = {str(row.id): _option(row) for row in rows}
    kept = [o for key, o in options.items() if key in ticked[o.field]]
    kept += [Option(PEOPLE, str(p.id), p.full_name) for p in people_in_view(viewer, people_ids)] if people_ids else []
    wanted = fold(words).split()
    fitting = [r for r in rows if str(r.id) not in ticked[options[str(r.id)].field] and _fits(r, options[str(r.id)], wanted)]
    found = people_page(viewer, words=words, size=MOST_PEOPLE).rows if words else []
    people = tuple(p for p in found if str(p.id) not in ticked[PEOPLE])
    return Lists(
        chosen=tuple(sorted(kept, key=lambda o: fold(o.label))),
        states=_groups((r for r in fitting if r.kind is OrganisationKind.STATE), options, _region),
        organisations=_groups((r for r in fitting if r.kind is not OrganisationKind.STATE), options, _kind),
        people=people,
        nothing=bool(words) and not fitting and not people,
    )


def _organisations() -> list[Row[Any]]:
    parent = aliased(Organisation)
    query = (
        select(
            Organisation.id, Organisation.kind, Organisation.names, Organisation.search, Organisation.region_m49,
            parent.names.label("parent_names"),
        )
        .outerjoin(parent, parent.id == Organisation.parent_id)
        .where(Organisation.active)
    )  # fmt: skip
    return list(db.session.execute(query))


def _option(row: Row[Any]) -> Option:
    name = str(best(row.names))
    label = f"{best(row.parent_names)} – {name}" if row.parent_names else name
    return Option(STATES if row.kind is OrganisationKind.STATE else ORGANISATIONS, str(row.id), label)


def _fits(row: Row[Any], option: Option, words: list[str]) -> bool:
    """Every word is in the name the reader sees, or in a name people may type."""
    where = f"{fold(option.label)} {row.search}"
    return all(word in where for word in words)


def _region(row: Row[Any]) -> str:
    found = regions().get(row.region_m49 or "")
    return str(best(found.names)) if found else ""


def _kind(row: Row[Any]) -> str:
    return str(ORGANISATION_KINDS[row.kind])


def _groups(rows: Iterable[Row[Any]], options: dict[str, Option], named: Callable[[Any], str]) -> tuple[Group, ...]:
    """Groups by heading, both in the language's order; what has no heading comes last."""
    found: dict[str, list[Option]] = {}
    for row in rows:
        found.setdefault(named(row), []).append(options[str(row.id)])
    ordered = sorted(found.items(), key=lambda pair: (not pair[0], fold(pair[0])))
    return tuple(Group(label, tuple(sorted(group, key=lambda o: fold(o.label)))) for label, group in ordered)
