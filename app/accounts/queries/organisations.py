"""Reading organisations."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import CTE, Select, or_, select, tuple_
from sqlalchemy.orm import selectinload

from app.accounts.access import P, Viewer
from app.accounts.models import Organisation, OrganisationKind
from app.accounts.reader import best
from app.core import text
from app.core.db import Texts
from app.core.paging import Page, page_of
from app.core.signing import settings
from app.extensions import db

_KEEP_SECONDS = 60.0


def visible_to(viewer: Viewer) -> Select[Organisation]:
    """Which organisations a viewer may see: all for those who see people, else one's own and those of one's State."""
    query = select(Organisation)
    if viewer.can(P.SEE_PEOPLE):
        return query
    return query.where(
        or_(
            Organisation.id.in_(viewer.organisation_ids | viewer.state_ids),
            Organisation.parent_id.in_(viewer.state_ids),
        )
    )


def _listed(viewer: Viewer, words: str, kind: OrganisationKind | None) -> Select[Organisation]:
    query = visible_to(viewer).options(selectinload(Organisation.parent))
    for word in text.fold(words).split():
        query = query.where(Organisation.search.contains(word, autoescape=True))
    if kind is not None:
        query = query.where(Organisation.kind == kind)
    return query.order_by(Organisation.sort_name, Organisation.id)


def organisations_page(
    viewer: Viewer,
    *,
    words: str = "",
    kind: OrganisationKind | None = None,
    after: tuple[str, uuid.UUID] | None = None,
    size: int = 50,
) -> Page[Organisation]:
    """One page of organisations by name, with their parents."""
    query = _listed(viewer, words, kind)
    if after is not None:
        query = query.where(tuple_(Organisation.sort_name, Organisation.id) > tuple_(*after))
    return page_of(db.session.scalars(query.limit(size + 1)).all(), size, lambda o: (o.sort_name, o.id))


def all_organisations(viewer: Viewer, *, words: str = "", kind: OrganisationKind | None = None) -> Iterator[Organisation]:
    """Every organisation the list shows under these filters, a few hundred rows at a time."""
    return iter(db.session.scalars(_listed(viewer, words, kind).execution_options(yield_per=500)))


def organisation_in_view(viewer: Viewer, organisation_id: uuid.UUID) -> Organisation | None:
    """This organisation, if the viewer may see it."""
    return db.session.scalar(
        visible_to(viewer).options(selectinload(Organisation.parent)).where(Organisation.id == organisation_id)
    )


def children_of(organisation_id: uuid.UUID) -> list[Organisation]:
    """Ministries, missions and other parts, by name."""
    query = select(Organisation).where(Organisation.parent_id == organisation_id)
    return list(db.session.scalars(query.order_by(Organisation.sort_name, Organisation.id)))


def under(state_ids: Collection[uuid.UUID]) -> CTE:
    """These States and everything below them: columns ``id``, ``state_id``, ``kind``."""
    top = select(Organisation.id, Organisation.id.label("state_id"), Organisation.kind).where(Organisation.id.in_(state_ids))
    tree = top.cte("of_states", recursive=True)
    below = select(Organisation.id, tree.c.state_id, Organisation.kind).join(tree, Organisation.parent_id == tree.c.id)
    return tree.union(below)


@dataclass(frozen=True)
class StateChoice:
    """What selects and names of States need, kept between requests."""

    id: uuid.UUID
    code: str | None
    names: Texts
    zone: str
    illustrative: bool
    region_m49: str | None


_kept: tuple[float, tuple[StateChoice, ...]] | None = None


def states() -> tuple[StateChoice, ...]:
    """All active States, read at most once a minute in each process (each time in tests: they roll back)."""
    global _kept
    if _kept is not None and settings().env != "test" and time.monotonic() - _kept[0] < _KEEP_SECONDS:
        return _kept[1]
    columns = (
        Organisation.id, Organisation.code, Organisation.names, Organisation.zone, Organisation.illustrative,
        Organisation.region_m49,
    )  # fmt: skip
    query = select(*columns).where(Organisation.kind == OrganisationKind.STATE, Organisation.active)
    found = tuple(StateChoice(*row) for row in db.session.execute(query.order_by(Organisation.sort_name)))
    _kept = (time.monotonic(), found)
    return found


def forget_states() -> None:
    """Read the States again at the next question: a name changed."""
    global _kept
    _kept = None


def state_choices(language: str) -> list[tuple[str, str]]:
    """States for a select: id and name in this language, in its order."""
    named = [(str(s.id), str(text.best(s.names, language, settings().language_order))) for s in states()]
    return sorted(named, key=lambda choice: text.fold(choice[1]))


def organisation_choices(language: str, kinds: Collection[OrganisationKind] = ()) -> list[tuple[str, str]]:
    """Active organisations for a select, a part named after its State: "Ministry of Interior, Astoria"."""
    query = select(Organisation).options(selectinload(Organisation.parent)).where(Organisation.active)
    if kinds:
        query = query.where(Organisation.kind.in_(kinds))
    order = settings().language_order
    named = []
    for found in db.session.scalars(query):
        name = str(text.best(found.names, language, order))
        if found.parent is not None:
            name = f"{text.best(found.parent.names, language, order)} – {name}"
        named.append((str(found.id), name))
    return sorted(named, key=lambda choice: text.fold(choice[1]))


def organisation_names(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What these are called in the reader's language, in one statement."""
    query = select(Organisation.id, Organisation.names).where(Organisation.id.in_(ids))
    return {row.id: str(best(row.names)) for row in db.session.execute(query)}
