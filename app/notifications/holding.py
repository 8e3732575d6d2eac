"""What waits may have to wait longer: until somebody decided whether what it says still holds."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, case, func, or_, update

from app.extensions import db
from app.notifications.models import Message, State


def hold(subject_kind: str, subject_id: uuid.UUID, kinds: Collection[str], *, until: datetime, now: datetime) -> None:
    """Let these kinds about this subject not leave before ``until``; one in a sender's hands is taken back.

    ``outbox.send_now`` lets them go earlier.
    """
    waits, claimed = Message.state == State.QUEUED, Message.state == State.SENDING
    db.session.execute(
        update(Message)
        .where(
            Message.subject_kind == subject_kind, Message.subject_id == subject_id, Message.kind.in_(kinds),
            or_(waits, and_(claimed, Message.withdrawn_at.is_(None))),
        )
        .values(
            due_at=case((waits, func.greatest(Message.due_at, until)), else_=Message.due_at),
            withdrawn_at=case((claimed, now), else_=Message.withdrawn_at),
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
