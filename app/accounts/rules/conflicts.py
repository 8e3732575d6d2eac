"""Two people edit one record: the second sees what the first changed, and nothing is lost."""

from __future__ import annotations

from typing import Any, Protocol

from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect

from app.accounts.words import FIELDS
from app.audit.queries import shown
from app.core.errors import Conflict
from app.extensions import db


class Versioned(Protocol):
    """A row whose version counts its changes."""

    version: Any


def lock(row: object) -> None:
    """Read the row's columns again and lock it until the transaction ends; what hangs on it is left alone."""
    columns = [attribute.key for attribute in inspect(type(row)).column_attrs]
    db.session.refresh(row, attribute_names=columns, with_for_update=True)


def unchanged_since(row: Versioned, version: int, wanted: dict[str, Any]) -> None:
    """Lock the row; ``Conflict`` with the fields that differ from ``wanted`` when it has another version by now."""
    lock(row)
    if row.version == version:
        return
    changes = [
        (FIELDS.get(name, name), shown(_plain(getattr(row, name))), shown(_plain(value)))
        for name, value in wanted.items()
        if getattr(row, name) != value
    ]
    raise Conflict(
        _l("Somebody else changed this record while you were editing it. Compare, then save again to keep your version."),
        changes,
    )


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)
