"""What every change of this room begins and ends with: the row's lock, the version somebody read, the line in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.models import Organisation, Person
from app.audit.queries import saved_since
from app.audit.rules import record
from app.core.errors import Conflict, RuleBroken
from app.core.signing import settings
from app.core.text import best
from app.extensions import db
from app.pilots.models import Milestone, Pilot
from app.pilots.words import FIELDS

Changes = Mapping[str, tuple[Any, Any]]


def lock_pilot(pilot: Pilot) -> None:
    """Read the row again and hold it until the transaction ends: two edits at once are two in a row."""
    db.session.flush()
    db.session.refresh(pilot, with_for_update={"of": Pilot})


def lock(milestone: Milestone) -> None:
    """The same for one milestone."""
    db.session.flush()
    db.session.refresh(milestone, with_for_update={"of": Milestone})


def refuse_if_changed(row: Pilot | Milestone, version: int | None, wanted: Changes) -> None:
    """Somebody else was faster: say what stands there now beside what was wanted. ``None`` does not ask."""
    if version is not None and row.version != version:
        raise Conflict(
            _l("Somebody else changed this while you were writing. Compare, then save again if yours still holds."),
            [(FIELDS.get(name, name), theirs, yours) for name, (theirs, yours) in wanted.items()],
            saved_since("pilot", row.id if isinstance(row, Pilot) else row.pilot_id, row.version - version),
        )


def refuse_unless_open(milestone: Milestone) -> None:
    """A milestone that is done or dropped has no date to move."""
    if milestone.dropped_at is not None:
        raise RuleBroken(_l("This milestone was dropped. It cannot be changed any more."))
    if milestone.done_on is not None:
        raise RuleBroken(_l("This milestone is done. Open it again first."))


def line(
    action: str, pilot: Pilot, *, by: Person | None, now: datetime, changes: Changes | None = None, about: Milestone | None = None
) -> None:
    """One line in the log, under the pilot: its page shows all of them. ``about`` names the milestone."""
    note = str(best(about.titles, settings().default_language, settings().language_order)) if about is not None else None
    record(f"pilot.{action}", "pilot", pilot.id, by=by, now=now, changes=dict(named(changes or {})), note=note)


def named(changes: Changes) -> Changes:
    """Changes as the log keeps them: people and organisations by name."""
    return {field: (_name(before), _name(after)) for field, (before, after) in changes.items()}


def _name(value: Any) -> Any:
    if isinstance(value, Person):
        return value.full_name
    if isinstance(value, Organisation):
        return str(best(value.names, settings().default_language, settings().language_order))
    if isinstance(value, list | tuple):
        return [_name(v) for v in value]
    return value
