"""No mail leaves until an operator says go: after a restore, or when an operator wants it so.

What was waiting in a backup may have left before the restore, so those rows are held on their own: ``go`` sends them
or cancels them, as the operator decides.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, text, update

from app.core.errors import RuleBroken
from app.extensions import db
from app.notifications import nudge
from app.notifications.models import Freeze, Message, State

RESTORED = "restored"


def frozen() -> Freeze | None:
    """The freeze that lasts now."""
    return db.session.scalar(select(Freeze).where(Freeze.ended_at.is_(None)))


def held() -> int:
    """How many mails were waiting in the backup that was restored."""
    query = select(func.count()).where(Message.state == State.QUEUED, Message.restored_hold)
    return db.session.scalar(query) or 0


def freeze(reason: str, *, now: datetime) -> bool:
    """Let no mail leave from now on; ``False`` when that was so already. Mails in a sender's hands still leave."""
    if frozen() is not None:
        return False
    db.session.add(Freeze(frozen_at=now, reason=reason))
    db.session.flush()
    return True


def go(*, cancel_held: bool | None, now: datetime) -> int:
    """End the freeze; answers how many held mails were let go or cancelled. With held ones, somebody has to choose."""
    there = frozen()
    if there is None:
        raise RuleBroken("The outbox is not frozen.")
    waiting = held()
    if waiting and cancel_held is None:
        raise RuleBroken(
            f"{waiting} mails were waiting in the backup, and some may have left before it was restored. "
            "Say --send-held to send them, or --cancel-held to cancel them."
        )
    rows = update(Message).where(Message.state == State.QUEUED, Message.restored_hold)
    if cancel_held:
        db.session.execute(rows.values(state=State.CANCELLED, error_class="restored", restored_hold=False))
    else:
        db.session.execute(rows.values(restored_hold=False))
    there.ended_at = now
    db.session.flush()
    db.session.execute(text("SELECT pg_notify('outbox', '')"))
    nudge.after_commit()
    return waiting
