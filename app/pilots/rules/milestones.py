"""Milestones: added, moved with a reason that stays, done with a note and what shows it, opened again, dropped."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.audit.rules import differences
from app.core.db import Texts, uuid7
from app.core.errors import RuleBroken
from app.core.tokens import fresh_nonce
from app.extensions import db
from app.notifications import outbox
from app.pilots import deadlines
from app.pilots.models import DueChange, Evidence, Milestone, Pilot
from app.pilots.queries import SUBJECT
from app.pilots.rules.common import line, lock, refuse_if_changed, refuse_unless_open
from app.pilots.rules.evidence import Shown, add_evidence

HEAVIEST = 1000


@dataclass(frozen=True)
class MilestonePlan:
    """What is said of a milestone. ``due_on`` is asked once, as the baseline; later it moves with ``move``."""

    titles: Texts
    due_on: date
    weight: int = 1
    post: str = ""
    owner_id: uuid.UUID | None = None
    evidence_asked: Texts = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """What may be edited later."""
        return {
            "titles": self.titles,
            "weight": self.weight,
            "post": self.post,
            "owner_id": self.owner_id,
            "evidence_asked": self.evidence_asked,
        }


def add_milestone(
    pilot: Pilot, plan: MilestonePlan, *, by: Person | None, now: datetime, submission_key: str | None = None
) -> Milestone:
    """A milestone whose baseline and present date are the same day. The same form sent twice adds one."""
    before = _made_by(submission_key)
    if before is not None:
        return before
    check(plan)
    try:
        with db.session.begin_nested():
            milestone = Milestone(
                id=uuid7(now),
                pilot_id=pilot.id,
                pilot=pilot,
                baseline_on=plan.due_on,
                due_on=plan.due_on,
                submission_key=submission_key,
                created_at=now,
                updated_at=now,
                **plan.columns(),
            )
            db.session.add(milestone)
            db.session.flush()
    except IntegrityError:
        before = _made_by(submission_key)
        if before is None:
            raise
        return before
    changes = {"baseline_on": (None, plan.due_on), "weight": (None, plan.weight), "post": (None, plan.post or None)}
    line("milestone_added", pilot, by=by, now=now, changes=changes, about=milestone)
    return milestone


def _made_by(submission_key: str | None) -> Milestone | None:
    if submission_key is None:
        return None
    return db.session.scalar(select(Milestone).where(Milestone.submission_key == submission_key))


def check(plan: MilestonePlan) -> None:
    """Refuse what cannot be a milestone, at its field."""
    if not plan.titles:
        raise RuleBroken(_l("Enter a title in at least one language."), field="titles")
    if not 0 <= plan.weight <= HEAVIEST:
        raise RuleBroken(_l("Enter a weight from 0 to 1,000."), field="weight")


def edit_milestone(milestone: Milestone, plan: MilestonePlan, *, version: int | None, by: Person, now: datetime) -> bool:
    """Save its words, weight and owner; ``False`` when nothing differs. A new owner is reminded from now on, not the former."""
    lock(milestone)
    columns = plan.columns()
    changes: dict[str, tuple[Any, Any]] = dict(differences(milestone, columns))
    if not changes:
        return False
    said = {**changes, **_owners(changes)}
    refuse_if_changed(milestone, version, said)
    if milestone.dropped_at is not None:
        raise RuleBroken(_l("This milestone was dropped. It cannot be changed any more."))
    check(plan)
    for name in changes:
        setattr(milestone, name, columns[name])
    milestone.updated_at = now
    if "owner_id" in changes:
        milestone.owner_nonce = fresh_nonce()
    line("milestone_changed", milestone.pilot, by=by, now=now, changes=said, about=milestone)
    db.session.flush()
    db.session.expire(milestone, ["owner"])
    if "owner_id" in changes:
        outbox.cancel_waiting(SUBJECT, milestone.id, kinds=("pilot-due", "pilot-overdue"), now=now)
    return True


def _owners(changes: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    if "owner_id" not in changes:
        return {}
    before, after = (db.session.get(Person, i) if i else None for i in changes["owner_id"])
    return {"owner_id": (before, after)}


def move(milestone: Milestone, to: date, *, reason: str, version: int | None, by: Person | None, now: datetime) -> DueChange | None:
    """Another present date, with a reason that stays. The date that stands already is no change: two clicks are one."""
    lock(milestone)
    if to == milestone.due_on:
        return None
    refuse_if_changed(milestone, version, {"due_on": (milestone.due_on, to)})
    refuse_unless_open(milestone)
    if not reason:
        raise RuleBroken(_l("Write why the date moves. The reason stays with it."), field="reason")
    change = DueChange(
        id=uuid7(now), milestone_id=milestone.id, before=milestone.due_on, after=to, reason=reason, by_id=by.id if by else None,
        by_name=by.full_name if by else "", at=now,
    )  # fmt: skip
    db.session.add(change)
    changes = {"due_on": (milestone.due_on, to), "reason": (None, reason)}
    milestone.due_on, milestone.updated_at = to, now
    milestone.due_version += 1
    line("milestone_moved", milestone.pilot, by=by, now=now, changes=changes, about=milestone)
    db.session.flush()
    outbox.cancel_waiting(SUBJECT, milestone.id, now=now)
    return change


def finish(
    milestone: Milestone, *, on: date, note: str, version: int | None, by: Person, now: datetime, shown: Shown | None = None
) -> bool:
    """It is done: a day, a note, and a link or a file that shows it. ``False`` when just that was said before."""
    lock(milestone)
    if milestone.done_on == on and milestone.done_note == note:
        return False
    refuse_if_changed(milestone, version, {"done_on": (milestone.done_on, on), "due_on": (milestone.due_on, milestone.due_on)})
    refuse_unless_open(milestone)
    if on > deadlines.today_in(milestone.pilot.state.zone, now):
        raise RuleBroken(_l("Enter a day that is not in the future."), field="done_on")
    if not note:
        raise RuleBroken(_l("Write in a sentence what was reached."), field="done_note")
    if shown is not None:
        add_evidence(milestone, shown, by=by, now=now)
    elif not _has_evidence(milestone):
        raise RuleBroken(_l("Add a link or a file that shows it."), field="url")
    milestone.done_on, milestone.done_note, milestone.done_by, milestone.updated_at = on, note, by.id, now
    changes = {"done_on": (None, on), "done_note": (None, note)}
    line("milestone_done", milestone.pilot, by=by, now=now, changes=changes, about=milestone)
    db.session.flush()
    outbox.cancel_waiting(SUBJECT, milestone.id, now=now)
    return True


def _has_evidence(milestone: Milestone) -> bool:
    return db.session.scalar(select(Evidence.id).where(Evidence.milestone_id == milestone.id).limit(1)) is not None


def reopen(milestone: Milestone, *, reason: str, by: Person, now: datetime) -> None:
    """It was not done after all, with the reason. Twice is once; the evidence stays."""
    lock(milestone)
    if milestone.done_on is None:
        return
    if not reason:
        raise RuleBroken(_l("Write why it is opened again."), field="reason")
    changes = {"done_on": (milestone.done_on, None), "done_note": (milestone.done_note, None), "reason": (None, reason)}
    milestone.done_on = milestone.done_note = milestone.done_by = None
    milestone.updated_at = now
    line("milestone_reopened", milestone.pilot, by=by, now=now, changes=changes, about=milestone)
    db.session.flush()


def drop(milestone: Milestone, *, reason: str, by: Person, now: datetime) -> None:
    """It will not be reached and counts no more. It stays in the record with the reason. Twice is once."""
    lock(milestone)
    if milestone.dropped_at is not None:
        return
    refuse_unless_open(milestone)
    if not reason:
        raise RuleBroken(_l("Write why it is dropped."), field="reason")
    milestone.dropped_at, milestone.drop_reason, milestone.updated_at = now, reason, now
    line("milestone_dropped", milestone.pilot, by=by, now=now, changes={"reason": (None, reason)}, about=milestone)
    db.session.flush()
    outbox.cancel_waiting(SUBJECT, milestone.id, now=now)
