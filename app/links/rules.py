"""Make and end edges, in the caller's transaction, with a line in the log of the record they start from."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.audit.rules import Actor, record
from app.core.db import uuid7
from app.extensions import db
from app.links.models import Link, LinkType, Ref


def link(start: Ref, type_: LinkType, end: Ref, *, by: Actor | None, now: datetime, name: str = "") -> bool:
    """Make an edge; ``False`` when it was there. ``name`` is how the log calls the record at its end."""
    if start == end:
        raise ValueError("an edge needs two records")
    values = {
        "id": uuid7(now), "start_kind": start.kind, "start_id": start.id, "type": type_,
        "end_kind": end.kind, "end_id": end.id, "at": now, "by_id": by.id if by else None,
    }  # fmt: skip
    made = db.session.scalar(insert(Link).values(values).on_conflict_do_nothing().returning(Link.id))
    if made is None:
        return False
    record("links.made", start.kind, start.id, by=by, now=now, changes={type_: (None, name or str(end.id))})
    return True


def unlink(start: Ref, type_: LinkType, end: Ref, *, by: Actor | None, now: datetime, name: str = "") -> bool:
    """End an edge; ``False`` when there was none. The log keeps that it was."""
    gone = db.session.scalar(
        delete(Link)
        .filter_by(start_kind=start.kind, start_id=start.id, type=type_, end_kind=end.kind, end_id=end.id)
        .returning(Link.id)
    )
    if gone is None:
        return False
    record("links.ended", start.kind, start.id, by=by, now=now, changes={type_: (name or str(end.id), None)})
    return True


def set_ends(
    start: Ref,
    type_: LinkType,
    end_kind: str,
    names: Mapping[uuid.UUID, str],
    *,
    seen: Collection[uuid.UUID] | None = None,
    by: Actor | None,
    now: datetime,
) -> bool:
    """Make the edges of this type to records of this kind these; ``names`` is id to how the log calls it.

    ``seen`` are the ends that stood on the page that was sent: what somebody else added meanwhile stays.
    """
    query = select(Link.end_id).filter_by(start_kind=start.kind, start_id=start.id, type=type_, end_kind=end_kind)
    there = set(db.session.scalars(query))
    gone = (there if seen is None else there & set(seen)) - set(names)
    fresh = set(names) - there - (set(seen) if seen is not None else set())
    for id_ in sorted(gone):
        unlink(start, type_, Ref(end_kind, id_), by=by, now=now)
    for id_ in sorted(fresh):
        link(start, type_, Ref(end_kind, id_), by=by, now=now, name=names[id_])
    return bool(gone or fresh)
