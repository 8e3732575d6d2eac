"""Designations: recorded from a letter, verified or refused by the secretariat, ended by a later letter."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts import sessions
from app.accounts.models import Designation, Organisation, Person
from app.accounts.rules.conflicts import lock, unchanged_since
from app.audit.rules import differences, record
from app.core.errors import RuleBroken
from app.extensions import db


def record_letter(fields: dict[str, Any], *, by: Person, now: datetime) -> Designation:
    """Record what a letter says. It gives no right until it is verified."""
    _check(fields)
    designation = Designation(**fields, recorded_by=by.id)
    db.session.add(designation)
    db.session.flush()
    changes = {_RENAMED.get(k, k): (None, v) for k, v in fields.items() if v}
    record("designation.recorded", "designation", designation.id, by=by, now=now, changes=changes)
    return designation


_RENAMED = {"state_id": "state", "person_id": "person", "replaces_id": "replaces"}
"""What the log calls fields that hold an id."""


def correct(designation: Designation, fields: dict[str, Any], *, version: int, by: Person, now: datetime) -> bool:
    """Mend what was typed wrongly, while nobody has decided on the letter. Answers whether anything changed."""
    lock(designation)
    _refuse_decided(designation)
    unchanged_since(designation, version, fields, "designation")
    _check({**fields, "person_id": designation.person_id})
    changes = differences(designation, fields)
    if not changes:
        return False
    for name, value in fields.items():
        setattr(designation, name, value)
    db.session.flush()
    named = {_RENAMED.get(k, k): v for k, v in changes.items()}
    record("designation.corrected", "designation", designation.id, by=by, now=now, changes=named)
    return True


def _check(fields: dict[str, Any]) -> None:
    state = db.session.get(Organisation, fields["state_id"])
    if state is None or not state.is_state:
        raise RuleBroken(_l("Choose a State from the list."), field="state_id")
    person = db.session.get(Person, fields["person_id"])
    if person is None or not person.active:
        raise RuleBroken(_l("Choose an active person."), field="person_id")
    valid_to = fields.get("valid_to")
    if valid_to is not None and valid_to < fields["valid_from"]:
        raise RuleBroken(_l("Enter a last day on or after the first day."), field="valid_to")
    replaces_id = fields.get("replaces_id")
    if replaces_id is not None:
        former = db.session.get(Designation, replaces_id)
        if former is None or former.state_id != state.id:
            raise RuleBroken(_l("Choose a designation of the same State."), field="replaces_id")
        _begins_after(former, fields["valid_from"])


def _begins_after(former: Designation, valid_from: date) -> None:
    if valid_from <= former.valid_from:
        raise RuleBroken(_l("Enter a first day after the one on which the replaced designation began."), field="valid_from")


def verify(designation: Designation, *, by: Person, now: datetime, version: int | None = None) -> None:
    """Confirm that the letter is the State's. The designation it replaces ends the day before.

    ``version`` is that of the record the letter was compared with: one that was corrected since is compared again.
    """
    if designation.person_id == by.id:
        raise RuleBroken(_l("This letter names you. Ask a colleague to compare and verify it."))
    lock(designation)
    if designation.verified_by == by.id and designation.refused_at is None:
        return  # pressed twice
    _refuse_decided(designation)
    if version is not None and version != designation.version:
        raise RuleBroken(_l("Somebody corrected this designation meanwhile. Compare it with the letter once more."))
    former = db.session.get(Designation, designation.replaces_id) if designation.replaces_id else None
    if former is not None:
        lock(former)
        _begins_after(former, designation.valid_from)
    designation.verified_at, designation.verified_by = now, by.id
    db.session.flush()
    sessions.end_all(designation.person_id, now, "designation")  # what the person may do changes, so they sign in anew
    record("designation.verified", "designation", designation.id, by=by, now=now, changes={"verified_at": (None, now)})
    if former is not None:
        last = designation.valid_from - timedelta(days=1)
        if former.valid_to is None or former.valid_to > last:
            _end(former, last, by=by, now=now)


def refuse(designation: Designation, reason: str, *, by: Person, now: datetime) -> None:
    """Say that the letter cannot be relied on, and why."""
    if not reason.strip():
        raise RuleBroken(_l("Say why the designation is refused."), field="reason")
    lock(designation)
    if designation.refused_at is not None and designation.refused_reason == reason.strip():
        return  # pressed twice
    _refuse_decided(designation)
    designation.refused_at, designation.refused_reason = now, reason.strip()
    db.session.flush()
    record("designation.refused", "designation", designation.id, by=by, now=now, note=reason.strip())


def _refuse_decided(designation: Designation) -> None:
    if designation.verified_at is not None or designation.refused_at is not None:
        raise RuleBroken(_l("Somebody decided on this designation already. Look at the page again."))


def end(designation: Designation, last_day: date, *, by: Person, now: datetime) -> None:
    """It is in force until this day, and no longer."""
    lock(designation)
    if designation.verified_at is None or designation.refused_at is not None:
        raise RuleBroken(_l("Only a verified designation can be ended."))
    if last_day < designation.valid_from:
        raise RuleBroken(_l("Enter a last day on or after the first day."), field="last_day")
    if designation.valid_to == last_day:
        return
    _end(designation, last_day, by=by, now=now)


def _end(designation: Designation, last_day: date, *, by: Person, now: datetime) -> None:
    before, designation.valid_to = designation.valid_to, last_day
    db.session.flush()
    record("designation.ended", "designation", designation.id, by=by, now=now, changes={"valid_to": (before, last_day)})


def attach_scan(designation: Designation, scan_id: uuid.UUID, *, by: Person, now: datetime) -> None:
    """Keep the scan of the letter with the record."""
    before, designation.scan_id = designation.scan_id, scan_id
    db.session.flush()
    record("designation.scan_added", "designation", designation.id, by=by, now=now, changes={"scan": (before, scan_id)})
