"""Keep the catalogue in step with the records: whatever is saved through the mapper is found by its new words at once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event, select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Organisation, OrganisationKind
from app.core import lookup
from app.extensions import db
from app.practices.models import CatalogueEntry, Kind, Practice, Resource, Tool
from app.topics.queries import grounds

Record = Tool | Practice | Resource
KINDS: dict[type[Any], Kind] = {Tool: Kind.TOOL, Practice: Kind.PRACTICE, Resource: Kind.RESOURCE}
RANKS = {Kind.PRACTICE: 3, Kind.TOOL: 2, Kind.RESOURCE: 1}
TEXTS: dict[Kind, tuple[str, ...]] = {
    Kind.TOOL: ("titles", "summaries", "audiences", "descriptions"),
    Kind.PRACTICE: ("titles", "summaries", "points"),
    Kind.RESOURCE: ("titles", "summaries"),
}
"""The texts of a record that people write and translate, and that searches look into."""


def kind_of(record: Record) -> Kind:
    """Which kind a record is of."""
    return KINDS[type(record)]


def type_of(record: Record) -> str:
    """Its type, as the catalogue is narrowed by it."""
    return "tool" if isinstance(record, Tool) else record.type.value


def texts_of(record: Record) -> dict[str, dict[str, str]]:
    """Its texts by field."""
    return {name: getattr(record, name) or {} for name in TEXTS[kind_of(record)]}


def index(connection: Connection, record: Record) -> None:
    """Write the line of the catalogue for a record."""
    titles, *others = texts_of(record).values()
    rest = {language: " ".join(t[language] for t in others if t.get(language)) for t in others for language in t}
    states = record.states if isinstance(record, Practice) else []
    line = {
        "kind": kind_of(record),
        "object_id": record.id,
        "type": type_of(record),
        "grounds": record.grounds or [],
        "states": states or [],
        "languages": sorted(language for language, text in titles.items() if text),
        "published": bool(record.published),
        "rank": RANKS[kind_of(record)],
        "listed_at": record.published_at or record.created_at,
        "words": lookup.vector(titles, rest, [*_facts(record), *_labels(record), *_names(connection, states or [])]),
    }
    query = insert(CatalogueEntry).values(**line)
    keep = {name: query.excluded[name] for name in line if name not in ("kind", "object_id")}
    connection.execute(query.on_conflict_do_update(index_elements=["kind", "object_id"], set_=keep))


def _facts(record: Record) -> list[str]:
    """Words of no language: its code, who leads it, its sources."""
    if isinstance(record, Practice):
        return [record.code, record.lead_body or "", *(str(s.get("title", "")) for s in record.sources or [])]
    return [record.code, record.publisher or ""] if isinstance(record, Resource) else [record.code]


def _labels(record: Record) -> list[str]:
    """The names of its grounds in all languages: who types one finds what stands on it."""
    known = grounds()
    return [label for code in record.grounds or [] if code in known for label in known[code].labels.values()]


def _names(connection: Connection, codes: list[str]) -> list[str]:
    """All names that people may type for its States."""
    if not codes:
        return []
    query = select(Organisation.search).where(Organisation.kind == OrganisationKind.STATE, Organisation.code.in_(codes))
    return [names.replace("|", " ") for names in connection.scalars(query)]


def index_missing() -> None:
    """Write the lines of those tools that were loaded past the mapper."""
    there = select(CatalogueEntry.object_id).where(CatalogueEntry.kind == Kind.TOOL)
    for tool in db.session.scalars(select(Tool).where(Tool.id.not_in(there))):
        index(db.session.connection(), tool)


def _after(_mapper: Any, connection: Connection, record: Any) -> None:
    index(connection, record)


for _model in KINDS:
    event.listen(_model, "after_insert", _after)
    event.listen(_model, "after_update", _after)
