"""The catalogue: found by words and narrowed by ground, region, State and type; paged by key, counted by facet."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    cast,
    false,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from app.accounts.access import Viewer
from app.accounts.models import Role
from app.accounts.queries import states
from app.core import lookup
from app.core.paging import Page, instant, key_of, page_of
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


def catalogue_page(viewer: Viewer, wanted: Filters, after: str | None = None, size: int = SIZE) -> Page[Record]:
    """One page of records in one statement: the best match first where words were typed, else practices, tools and
    resources, each the newest first."""
    key = key_of(after, (_whole, instant, uuid.UUID))
    plain = wanted == Filters() and key is None and size == SIZE
    query = _first_page(_alike(viewer)) if plain else _page(viewer, wanted, key, size)
    found = db.session.execute(query).all()
    page: Page[Row[Any]] = page_of(found, size, lambda row: (row.place, row.listed_at, row.object_id))
    records: list[Record] = [one for line in page.rows for one in tuple[Any, ...](line)[3:] if one is not None]
    return Page(records, page.after)


def _page(viewer: Viewer, wanted: Filters, key: Sequence[Any] | None, size: int) -> Select[Any]:
    asked = _asked(wanted)
    # a whole number, since a key travels as text and a fraction would not come back the same
    rank = cast(func.ts_rank(Entry.words, asked) * 1_000_000, Integer) if asked is not None else None
    order: Any = Entry.rank if rank is None else rank
    query = _narrowed(visible_entries(viewer), wanted, asked)
    query = query.with_only_columns(Entry.kind, Entry.object_id, Entry.listed_at, order.label("place"))
    if key is not None:
        query = query.where(tuple_(order, Entry.listed_at, Entry.object_id) < tuple_(*key))
    query = query.order_by(order.desc(), Entry.listed_at.desc(), Entry.object_id.desc())
    these = query.limit(size + 1).subquery()  # found and sorted as narrow rows, then read whole
    whole = select(these.c.object_id, these.c.listed_at, these.c.place, *MODELS.values()).select_from(these)
    for kind, model in MODELS.items():
        whole = whole.outerjoin(model, and_(these.c.kind == kind, these.c.object_id == model.id))
    return whole.order_by(these.c.place.desc(), these.c.listed_at.desc(), these.c.object_id.desc())


# The library as it opens, put together once for those who see drafts and once for everybody else.
_OFFICE, _EVERYBODY = Viewer(roles=frozenset({Role.SECRETARIAT})), Viewer()


def _alike(viewer: Viewer) -> Viewer:
    return _OFFICE if viewer.in_office else _EVERYBODY


@cache
def _first_page(viewer: Viewer) -> Select[Any]:
    return _page(viewer, Filters(), None, SIZE)


@cache
def _first_counts(viewer: Viewer) -> Select[Any]:
    return _counted(viewer, Filters())


def _whole(text: str) -> int:
    """A number the database can hold."""
    if abs(found := int(text)) >= 2**31:
        raise ValueError(text)
    return found


def facets(viewer: Viewer, wanted: Filters) -> Facets:
    """The counts beside the list, in one statement. A facet's own choices do not narrow its own counts, or nothing else
    could be chosen; States and regions are one facet in this.

    Records that say the same in all facets are counted once, off the index alone where no word was typed."""
    counts = _first_counts(_alike(viewer)) if wanted == Filters() else _counted(viewer, wanted)
    found: dict[str, Counter[str]] = {"total": Counter(), "grounds": Counter(), "places": Counter(), "types": Counter()}
    for facet, value, number in db.session.execute(counts):
        found[facet][value] += number
    by_state, by_region = _places(found["places"])
    total = found["total"][""]
    return Facets(total, _list(found["grounds"]), _list(by_state), _list(by_region), _list(found["types"]))


def _counted(viewer: Viewer, wanted: Filters) -> Select[Any]:
    asked = _asked(wanted)
    said = _narrowed(visible_entries(viewer), Filters(words=wanted.words), asked)
    columns = (Entry.grounds, Entry.states, Entry.type)
    found_once = said.with_only_columns(*columns, func.count().label("number")).group_by(*columns).cte("said")
    placeless = replace(wanted, states=(), regions=())
    every: Any = select(literal("total"), literal(""), _sum(found_once.c)).select_from(found_once)
    each = union_all(
        _chosen(every, wanted, found_once.c),
        _counts("grounds", replace(wanted, grounds=()), found_once.c, func.unnest(found_once.c.grounds)),
        _counts("places", placeless, found_once.c, func.array_to_string(found_once.c.states, ",")),
        _counts("types", replace(wanted, types=()), found_once.c, found_once.c.type),
    )
    return select(each.subquery())  # a SELECT is read without a transaction around it, a bare UNION is not


def _counts(facet: str, wanted: Filters, columns: Any, value: Any) -> Select[Any]:
    each = _chosen(select(value.label("value"), columns.number), wanted, columns).subquery()
    return select(literal(facet), each.c.value, _sum(each.c)).group_by(each.c.value)


def _sum(columns: Any) -> Any:
    return func.coalesce(cast(func.sum(columns.number), Integer), 0)


def _places(together: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """From counts of States named together, the counts of each State and of each continent: a record that names two
    States of a continent counts there once."""
    where = {s.code: continent(s.region_m49) for s in states()}
    by_state: Counter[str] = Counter()
    by_region: Counter[str] = Counter()
    for named, number in together.items():
        codes = [code for code in named.split(",") if code]
        by_state.update(dict.fromkeys(codes, number))
        by_region.update(dict.fromkeys((r for code in codes if (r := where.get(code))), number))
    return by_state, by_region


def _list(counts: Counter[str]) -> list[Count]:
    return [Count(value, number) for value, number in sorted(counts.items()) if number]


def codes_by_continent() -> dict[str, list[str]]:
    """The codes of the States in each continent."""
    found: dict[str, list[str]] = {}
    for state in states():
        region = continent(state.region_m49)
        if region is not None and state.code:
            found.setdefault(region, []).append(state.code)
    return found


def continent(region: str | None) -> str | None:
    """The continent a region lies in: the one right below the world."""
    known = regions()
    while region is not None and region in known:
        above = known[region].parent_m49
        if above in (None, WORLD):
            return region if region != WORLD else None
        region = above
    return None


def _asked(wanted: Filters) -> ColumnElement[Any] | None:
    """The search for the words. Worked out beside: PostgreSQL then takes it to be rare and goes by the index, where it would
    otherwise open the words of every entry."""
    asked = lookup.query(wanted.words)
    return select(asked).scalar_subquery() if asked is not None else None


def _narrowed(query: Select[Any], wanted: Filters, asked: ColumnElement[Any] | None) -> Select[Any]:
    """Only what fits; ``asked`` is the search for the words, built once for all that use it."""
    if wanted.words.strip():
        query = query.where(Entry.words.bool_op("@@")(asked) if asked is not None else false())
    return _chosen(query, wanted, Entry)


def _chosen(query: Select[Any], wanted: Filters, columns: Any) -> Select[Any]:
    """Only what has a chosen value of each facet; ``columns`` are those of the entries, or of some found before."""
    if wanted.grounds:
        query = query.where(columns.grounds.overlap(wanted.grounds))
    if wanted.states:
        query = query.where(columns.states.overlap(wanted.states))
    if wanted.regions:
        codes = [code for region, inside in codes_by_continent().items() if region in wanted.regions for code in inside]
        query = query.where(columns.states.overlap(codes))
    if wanted.types:
        query = query.where(columns.type.in_(wanted.types))
    return query
