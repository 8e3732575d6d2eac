"""Reading edges: those of a record, and what a viewer may see at their other ends."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, Uuid, and_, bindparam, cast, or_, select, union_all

from app.core.db import as_list
from app.extensions import db
from app.links import kinds, words
from app.links.kinds import Shown
from app.links.models import Edge, Link, LinkType, Ref

MOST = 500
"""Edges read for one page; a record that many others speak of shows the newest."""


@dataclass(frozen=True)
class Related:
    """A record at the other end of an edge, as this viewer may see it."""

    ref: Ref
    shown: Shown
    at: datetime | None


@dataclass(frozen=True)
class Group:
    """The records at the other end of edges that say the same thing: "Tested in", then the pilots."""

    label: Any
    kind: str
    related: Sequence[Related]


HERE: Any = bindparam("here", type_=Uuid)
"""The record whose edges are asked for, in statements that are put together once for each kind."""


@lru_cache(maxsize=64)
def _edges(kind: str, _tellers: tuple[kinds.Teller, ...]) -> Select[Any]:
    at_start = and_(Link.start_kind == kind, Link.start_id == HERE)
    at_end = and_(Link.end_kind == kind, Link.end_id == HERE)
    columns = (Link.start_kind, Link.start_id, cast(Link.type, Text).label("type"), Link.end_kind, Link.end_id, Link.at)
    stored = select(*columns).where(or_(at_start, at_end)).order_by(Link.at.desc(), Link.id.desc()).limit(MOST)
    parts = [stored, *kinds.told(Ref(kind, HERE))]
    every = union_all(*(select(part.subquery()) for part in parts)).subquery()
    return select(*every.c)


def edges_of(kind: str) -> ColumnElement[Any]:
    """Every edge of a record of this kind as one value of a statement that is given its id as ``here``; ``edges_from`` reads it."""
    query = _edges(kind, kinds.tellers())
    return as_list(query, *query.selected_columns)


def edges_from(found: Sequence[Sequence[Any]]) -> list[Edge]:
    """The edges of ``edges_of``."""
    return [
        Edge(Ref(start, uuid.UUID(start_id)), LinkType(type_), Ref(end, uuid.UUID(end_id)), at and datetime.fromisoformat(at))
        for start, start_id, type_, end, end_id, at in found
    ]  # fmt: skip


def links_of(kind: str, id_: uuid.UUID) -> list[Edge]:
    """Every edge of a record, in both directions, newest first: the stored ones and those that rooms tell. One statement."""
    rows = db.session.execute(_edges(kind, kinds.tellers()), {"here": id_})
    return [Edge(Ref(r.start_kind, r.start_id), LinkType(r.type), Ref(r.end_kind, r.end_id), r.at) for r in rows]


def ends_of(start: Ref, type_: LinkType, end_kind: str) -> list[uuid.UUID]:
    """The ids at the end of the stored edges of one type that start here, oldest first."""
    query = select(Link.end_id).filter_by(start_kind=start.kind, start_id=start.id, type=type_, end_kind=end_kind)
    return list(db.session.scalars(query.order_by(Link.at, Link.id)))


def related_to(kind: str, id_: uuid.UUID, viewer: Any) -> list[Group]:
    """What is tied to a record and may be seen by this viewer, grouped by what the edge says, for its page.

    One query, and one for each room whose records stand at the other ends, however many edges there are.
    """
    return related(Ref(kind, id_), links_of(kind, id_), viewer)


def related(here: Ref, edges: Iterable[Edge], viewer: Any, *, but: Collection[str] = ()) -> list[Group]:
    """The same of edges that were read; records of some kinds may stay out, and are then not asked for."""
    outward: dict[tuple[LinkType, bool, str], list[tuple[Ref, datetime | None]]] = {}
    for edge in edges:
        forwards = edge.start == here
        other = edge.end if forwards else edge.start
        if other.kind not in but:
            outward.setdefault((edge.type, forwards, other.kind), []).append((other, edge.at))
    ids: dict[str, set[uuid.UUID]] = {}
    for (_type, _forwards, other_kind), found in outward.items():
        ids.setdefault(other_kind, set()).update(ref.id for ref, _at in found)
    shown: dict[str, dict[uuid.UUID, Shown]] = {}
    for alike in kinds.together(ids):
        found_here = kinds.describe(alike[0], {one for other_kind in alike for one in ids[other_kind]}, viewer)
        shown |= {other_kind: {i: found_here[i] for i in ids[other_kind] if i in found_here} for other_kind in alike}
    groups = []
    for way in sorted(outward, key=words.order):
        seen = [Related(ref, shown[way[2]][ref.id], at) for ref, at in outward[way] if ref.id in shown[way[2]]]
        if seen:
            groups.append(Group(words.label(way[0], forwards=way[1], kind=way[2]), way[2], seen))
    return groups
