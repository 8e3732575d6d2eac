"""What something is about: practices and tools, chosen together on one page and kept as links."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from app.accounts.access import Viewer
from app.accounts.models import Person
from app.links import rules as links
from app.links.models import LinkType, Ref
from app.links.queries import ends_of
from app.practices.models import Kind
from app.practices.queries.records import discussable

KINDS = (Kind.PRACTICE, Kind.TOOL)


def subjects_of(start: Ref, type_: LinkType) -> list[str]:
    """What a record is tied to, as a form says it: "practice:…", "tool:…"."""
    return [f"{kind.value}:{id_}" for kind in KINDS for id_ in ends_of(start, type_, kind.value)]


def set_subjects(
    start: Ref, type_: LinkType, chosen: Iterable[str], seen: Iterable[str], viewer: Viewer, *, by: Person, now: datetime
) -> bool:
    """Tie a record to what was chosen. What somebody else added since the page was read, ``seen``, stays."""
    codes = {f"{kind.value}:{row.id}": row.code for kind, row in discussable(viewer)}
    wanted = [value for value in chosen if value in codes]
    before = set(seen)
    done = False
    for kind in KINDS:
        names = {_id(value): codes[value] for value in wanted if value.startswith(f"{kind.value}:")}
        shown = [_id(value) for value in before if value in codes and value.startswith(f"{kind.value}:")]
        done = links.set_ends(start, type_, kind.value, names, seen=shown, by=by, now=now) or done
    return done


def _id(value: str) -> uuid.UUID:
    return uuid.UUID(value.partition(":")[2])
