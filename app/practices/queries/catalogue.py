"""The catalogue: found by words and narrowed by ground, region, State and type; paged by key, counted by facet."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Row, Select, String, cast, false, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounts.access import Viewer
from app.accounts.models import Organisation, OrganisationKind
from app.core import lookup
from app.core.paging import Page, key_of, page_of
from app.extensions import db
from app.practices.indexing import Record
from app.practices.models import CatalogueEntry
from app.practices.queries.records import MODELS
from app.topics.queries import regions

SIZE = 10
WORLD = "001"
Entry = CatalogueEntry


@dataclass(frozen=True)
class Filters:
    """What the catalogue is narrowed to. Several values of one facet widen it, several facets narrow it."""

    words: str = ""
    grounds: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()  # continents by M49 code
    states: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many values are chosen."""
        return len(self.grounds) + len(self.regions) + len(self.states) + len(self.types)


@dataclass(frozen=True)
class Count:
    """A value of a facet and how many records it would leave."""

    value: str
    number: int


@dataclass(frozen=True)
class Facets:
    """For each facet its values with counts, as the other filters leave them; and the total."""

    total: int
    grounds: Sequence[Count]
    states: Sequence[Count]
    regions: Sequence[Count]
    types: Sequence[Count]


def visible_entries(viewer: Viewer) -> Select[Any]:
    """The lines of the catalogue that a viewer may see: drafts are the office's."""
    query = select(Entry)
    return query if viewer.in_office else query.where(Entry.published)


def catalogue(viewer: Viewer, wanted: Filters, after: str | None = None, size: int = SIZE) -> Page[Record]:
    """One page of records: the best match first where words were typed, else practices, tools, resources, each newest first."""
    asked = lookup.query(wanted.words)
    # a whole number, since a key travels as text and a fraction would not come back the same
    rank = cast(func.ts_rank(Entry.words, asked) * 1_000_000, Integer) if asked is not None else None
    order: Any = Entry.rank if rank is None else rank
    query = _narrowed(visible_entries(viewer), wanted)
    query = query.with_only_columns(Entry.kind, Entry.object_id, Entry.listed_at, order.label("place"))
    key = key_of(after, (_whole, _instant, uuid.UUID))
    if key is not None:
        query = query.where(tuple_(order, Entry.listed_at, Entry.object_id) < tuple_(*key))
    query = query.order_by(order.desc(), Entry.listed_at.desc(), Entry.object_id.desc())
    found = db.session.execute(query.limit(size + 1)).all()
    page: Page[Row[Any]] = page_of(found, size, lambda row: (row.place, row.listed_at, row.object_id))
    return Page(_records(page.rows), page.after)


def _whole(text: str) -> int:
    """A number the database can hold."""
    if abs(found := int(text)) >= 2**31:
        raise ValueError(text)
    return found


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def _records(lines: Sequence[Row[Any]]) -> list[Record]:
    """The records behind these lines, in their order: one statement for each kind among them."""
    by_id: dict[uuid.UUID, Record] = {}
    for kind in sorted({line.kind for line in lines}):
        model = MODELS[kind]
        ids = [line.object_id for line in lines if line.kind is kind]
        by_id.update({row.id: row for row in db.session.scalars(select(model).where(model.id.in_(ids)))})
    return [by_id[line.object_id] for line in lines if line.object_id in by_id]


def facets(viewer: Viewer, wanted: Filters) -> Facets:
    """The counts beside the list. A facet's own choices do not narrow its own counts, or nothing else could be chosen."""
    everything = visible_entries(viewer)
    states = _counts(everything, replace(wanted, states=(), regions=()), func.unnest(Entry.states))
    total = db.session.scalar(select(func.count()).select_from(_narrowed(everything, wanted).subquery())) or 0
    return Facets(
        total=total,
        grounds=_counts(everything, replace(wanted, grounds=()), func.unnest(Entry.grounds)),
        states=states,
        regions=_by_region(everything, replace(wanted, states=(), regions=()), states),
        types=_counts(everything, replace(wanted, types=()), Entry.type),
    )


def _counts(everything: Select[Any], wanted: Filters, value: Any) -> list[Count]:
    each = _narrowed(everything, wanted).with_only_columns(value.label("value")).subquery()
    query = select(each.c.value, func.count()).group_by(each.c.value).order_by(func.count().desc(), each.c.value)
    return [Count(*row) for row in db.session.execute(query)]


def _by_region(everything: Select[Any], wanted: Filters, states: Sequence[Count]) -> list[Count]:
    """How many records each continent has; one that names two of its States counts once."""
    where = continents([c.value for c in states])
    if not where:
        return []
    counts = []
    for region in sorted(set(where.values())):
        codes = tuple(code for code, found in where.items() if found == region)
        counts.append((region, func.count().filter(Entry.states.overlap(codes))))
    row = db.session.execute(_narrowed(everything, wanted).with_only_columns(*(c.label(f"r{r}") for r, c in counts))).one()
    return [Count(region, number) for (region, _c), number in zip(counts, row, strict=True) if number]


def continents(codes: Sequence[str]) -> Mapping[str, str]:
    """For each State its continent by M49 code."""
    query = select(Organisation.code, Organisation.region_m49)
    query = query.where(Organisation.kind == OrganisationKind.STATE, Organisation.code.in_(codes))
    return {str(code): found for code, region in db.session.execute(query) if (found := continent(region)) is not None}


def continent(region: str | None) -> str | None:
    """The continent a region lies in: the one right below the world."""
    known = regions()
    while region is not None and region in known:
        above = known[region].parent_m49
        if above in (None, WORLD):
            return region if region != WORLD else None
        region = above
    return None


def _narrowed(query: Select[Any], wanted: Filters) -> Select[Any]:
    if wanted.words.strip():
        asked = lookup.query(wanted.words)
        query = query.where(Entry.words.bool_op("@@")(asked) if asked is not None else false())
    if wanted.grounds:
        query = query.where(Entry.grounds.overlap(wanted.grounds))
    if wanted.states:
        query = query.where(Entry.states.overlap(wanted.states))
    if wanted.regions:
        query = query.where(Entry.states.overlap(_codes_in(wanted.regions)))
    if wanted.types:
        query = query.where(Entry.type.in_(wanted.types))
    return query


def _codes_in(wanted: Sequence[str]) -> Any:
    """The codes of all States in these continents, as an array that the database makes itself."""
    inside = [m49 for m49 in regions() if continent(m49) in wanted]
    codes = select(Organisation.code).where(Organisation.kind == OrganisationKind.STATE, Organisation.region_m49.in_(inside))
    return cast(func.array(codes.scalar_subquery()), ARRAY(String))
