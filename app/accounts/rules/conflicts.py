"""Two people edit one record: the second sees what the first changed, and nothing is lost."""

from __future__ import annotations

import uuid
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect

from app.accounts.models import Channel, MailRoute, Organisation, OrganisationKind
from app.accounts.reader import name_of
from app.accounts.words import CHANNELS, FIELDS, ORGANISATION_KINDS, ROUTES, WEEKDAYS
from app.audit.queries import saved_since, shown
from app.core.errors import Conflict
from app.core.languages import NAMES
from app.extensions import db


class Versioned(Protocol):
    """A row with an id, whose version counts its changes."""

    id: Any
    version: Any


def lock(row: object) -> None:
    """Read the row's columns again and lock it until the transaction ends; what hangs on it is left alone."""
    columns = [attribute.key for attribute in inspect(type(row)).column_attrs]
    db.session.refresh(row, attribute_names=columns, with_for_update=True)


def unchanged_since(row: Versioned, version: int, wanted: dict[str, Any], kind: str) -> None:
    """Lock the row; ``Conflict`` with the fields that differ from ``wanted`` when it has another version by now.

    Where nothing differs there is nothing to choose: the same form was sent twice, or both wrote the same.
    """
    lock(row)
    if row.version == version:
        return
    changes = [
        (FIELDS.get(name, name), _in_words(name, getattr(row, name)), _in_words(name, value))
        for name, value in wanted.items()
        if getattr(row, name) != value
    ]
    if changes:
        raise Conflict(
            _l("Somebody else changed this record while you were editing it. Compare, then save again to keep your version."),
            changes,
            saved_since(kind, row.id, row.version - version),
        )


_WORDS: dict[type, dict[Any, Any]] = {OrganisationKind: ORGANISATION_KINDS, MailRoute: ROUTES, Channel: CHANNELS}


def _in_words(name: str, value: Any) -> str:
    """A value as the two editors know it from the form."""
    if isinstance(value, uuid.UUID):
        other = db.session.get(Organisation, value)
        return name_of(other) if other is not None else "–"
    if name == "weekend":
        return ", ".join(str(WEEKDAYS.get(day, day)) for day in value or ()) or "–"
    if name == "language":
        return NAMES.get(value, str(value))
    if type(value) in _WORDS:
        return str(_WORDS[type(value)][value])
    return shown(value)
