"""Changes of organisations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.models import Organisation, OrganisationKind, Person
from app.accounts.queries.organisations import forget_states
from app.accounts.rules.conflicts import unchanged_since
from app.audit.rules import differences, record
from app.core.errors import RuleBroken
from app.extensions import db

_PARTS = frozenset({OrganisationKind.MINISTRY, OrganisationKind.MISSION})


def create(fields: dict[str, Any], *, by: Person | None, now: datetime) -> Organisation:
    """Add an organisation."""
    _check(fields, None)
    organisation = Organisation(**fields)
    db.session.add(organisation)
    db.session.flush()
    forget_states()
    changes = {k: (None, v) for k, v in fields.items() if v}
    record("organisation.created", "organisation", organisation.id, by=by, now=now, changes=changes)
    return organisation


def change(organisation: Organisation, fields: dict[str, Any], *, version: int, by: Person, now: datetime) -> None:
    """Change an organisation. Names of States come from reference data; what the secretariat writes wins."""
    unchanged_since(organisation, version, fields, "organisation")
    _check(fields, organisation)
    changes = differences(organisation, fields)
    if not changes:
        return
    for name, value in fields.items():
        setattr(organisation, name, value)
    db.session.flush()
    forget_states()
    record("organisation.changed", "organisation", organisation.id, by=by, now=now, changes=changes)


def _check(fields: dict[str, Any], organisation: Organisation | None) -> None:
    kind = fields.get("kind") or (organisation.kind if organisation else None)
    if not fields.get("names"):
        raise RuleBroken(_l("Enter the name in at least one language."), field="names")
    parent_id = fields.get("parent_id")
    if kind in _PARTS and parent_id is None:
        raise RuleBroken(_l("Choose the State it belongs to."), field="parent_id")
    if kind is OrganisationKind.STATE and parent_id is not None:
        raise RuleBroken(_l("A State is not part of another organisation."), field="parent_id")
    seen = {organisation.id} if organisation else set()
    while parent_id is not None:
        if parent_id in seen:
            raise RuleBroken(_l("An organisation cannot be part of itself. Choose another one."), field="parent_id")
        seen.add(parent_id)
        parent = db.session.get(Organisation, parent_id)
        if parent is None:
            raise RuleBroken(_l("Choose one from the list."), field="parent_id")
        parent_id = parent.parent_id
