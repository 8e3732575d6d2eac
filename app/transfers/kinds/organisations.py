"""Organisations: found by a name within the State or body they are part of. States come from reference data."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts.models import MailRoute, Organisation, OrganisationKind
from app.accounts.rules import organisations as rules
from app.accounts.tables import ORGANISATIONS, name_label
from app.accounts.words import FIELDS, ORGANISATION_KINDS, ROUTES
from app.core.languages import LANGUAGES
from app.core.signing import settings
from app.core.text import fold
from app.extensions import db
from app.transfers.cells import Field, Planned, Row, words_of
from app.transfers.kinds.base import Importer, Place, Told, nothing, places, twice

_OFFERED = {kind: label for kind, label in ORGANISATION_KINDS.items() if kind is not OrganisationKind.STATE}
FIELDS_OF = (
    Field("kind", FIELDS["kind"], "ministry; mission; un_entity; civil_society; academia; regional_body", needed=True),
    *(Field(f"name_{code}", name_label(code), _l("At least one name, in any language")) for code in LANGUAGES),
    Field("part_of", FIELDS["parent_id"], _l("The State's two letters or name, or another organisation")),
    Field("zone", FIELDS["zone"], _l("Such as Africa/Nairobi; else where they belong")),
    Field("mail_route", FIELDS["mail_route"], "capital; mission; both"),
)


def plan(rows: list[Row], told: Told) -> tuple[list[Planned], Callable[[], None]]:
    """What each row will do."""
    where, kinds, routes = places(), words_of(_OFFERED), words_of(ROUTES)
    read = [(row, _said(row, where, kinds, routes)) for row in rows]
    keys = {row.number: _key(fields) for row, fields in read if fields["names"]}
    twice(rows, lambda row: keys.get(row.number), "name_en")
    planned = []
    for row, fields in read:
        if row.problems:
            continue
        names = {fold(name) for name in fields["names"].values()}
        known = next((where.named[n, fields["parent_id"]] for n in sorted(names) if (n, fields["parent_id"]) in where.named), None)
        planned.append(_planned(row, known, fields, told))
    return planned, nothing


def _said(row: Row, where: Any, kinds: dict[str, Any], routes: dict[str, Any]) -> dict[str, Any]:
    kind = row.one("kind", kinds)
    if kind is None and not row.problems:
        row.wrong("kind", _("Say what kind of organisation it is"))
    names = {code: name for code in LANGUAGES if (name := row.text(f"name_{code}"))}
    if not names:
        row.wrong("name_en", _("Enter the name in at least one language."))
    parent = _parent(row, where)
    zone = row.zone("zone")
    if kind in (OrganisationKind.MINISTRY, OrganisationKind.MISSION) and parent is None and not row.text("part_of"):
        row.wrong("part_of", _("Choose the State it belongs to."))
    return {
        "kind": kind,
        "names": names,
        "parent_id": parent.id if parent else None,
        "zone": zone or (parent.zone if parent else settings().default_zone),
        "mail_route": row.one("mail_route", routes),
        "said_zone": bool(zone),
    }


def _parent(row: Row, where: Any) -> Place | None:
    said = fold(row.text("part_of"))
    if not said:
        return None
    found: Place | None = where.states.get(said) or next(iter(where.anywhere.get(said, [])), None)
    if found is None:
        row.wrong("part_of", _("No State is known by this code or name. Enter its two-letter code, such as KE."))
    return found


def _key(fields: dict[str, Any]) -> tuple[Any, ...]:
    return (fields["parent_id"], *sorted((code, fold(name)) for code, name in fields["names"].items()))


def _planned(row: Row, known: Place | None, fields: dict[str, Any], told: Told) -> Planned:
    who = fields["names"].get("en") or next(iter(fields["names"].values()))
    if known is None:
        return Planned(row.number, "new", who, partial(_create, fields, told))
    if not told.update:
        return Planned(row.number, "left", who, nothing)
    there = db.session.get_one(Organisation, known.id)
    changes = _changes(there, fields)
    if not changes:
        return Planned(row.number, "left", who, nothing)
    return Planned(row.number, "updated", who, partial(_change, there, changes, told))


def _changes(there: Organisation, fields: dict[str, Any]) -> dict[str, Any]:
    wanted = {"kind": fields["kind"], "names": {**there.names, **fields["names"]}}
    if fields["said_zone"]:
        wanted["zone"] = fields["zone"]
    if fields["mail_route"]:
        wanted["mail_route"] = fields["mail_route"]
    changed = any(getattr(there, name) != value for name, value in wanted.items())
    return {**wanted, "parent_id": there.parent_id} if changed else {}


def _create(fields: dict[str, Any], told: Told) -> None:
    given = {name: fields[name] for name in ("kind", "names", "parent_id", "zone")}
    route = fields["mail_route"] or MailRoute.CAPITAL
    rules.create({**given, "mail_route": route, "weekend": ["6", "7"]}, by=told.by, now=told.now)


def _change(there: Organisation, changes: dict[str, Any], told: Told) -> None:
    rules.change(there, changes, version=there.version, by=told.by, now=told.now)


IMPORTER = Importer(FIELDS_OF, plan, lambda: ORGANISATIONS)
