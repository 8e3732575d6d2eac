"""Who may read the page of a circular. Pure answers, and the same as a condition."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true

from app.accounts.access import Permission, Viewer
from app.circulars.models import Circular, CircularRecipient, Visibility


def may_see(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    """The condition on ``Circular`` that every page starts with: the office sees all, others what left and is for them."""
    if viewer.can(Permission.SEE_DESK):
        return true()
    return seen_by(viewer.person.id if viewer.person is not None else None, now)


def seen_by(person_id: uuid.UUID | None, now: datetime) -> ColumnElement[bool]:
    """What left and is for everyone, or for this person."""
    leaves = func.greatest(Circular.sent_at, func.coalesce(Circular.not_before, Circular.sent_at))
    out = and_(Circular.sent_at.is_not(None), Circular.taken_back_at.is_(None), leaves <= now)
    mine: ColumnElement[bool] = false()
    if person_id is not None:
        mine = (
            select(CircularRecipient.id)
            .where(CircularRecipient.circular_id == Circular.id, CircularRecipient.person_id == person_id)
            .exists()
        )
    return and_(out, or_(Circular.visibility == Visibility.PUBLIC, mine))


def may_edit(viewer: Viewer, circular: Circular) -> bool:
    """May the viewer change it? A sent one is corrected by another."""
    return circular.is_draft and viewer.can(Permission.MANAGE_CIRCULARS)
