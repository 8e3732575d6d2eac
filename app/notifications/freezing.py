"""No mail leaves until an operator says go: after a restore, or when an operator wants it so.

What was waiting in a backup may have left before the restore, so those rows are held on their own: ``go`` sends them
or cancels them, as the operator decides, or tells by the relay's log which of them left.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import func, select, text, update

from app.core.errors import RuleBroken
from app.core.signing import settings
from app.extensions import db
from app.notifications import nudge
from app.notifications.models import Freeze, Message, State

RESTORED = "restored"
_HELD = (Message.state == State.QUEUED, Message.restored_hold)


def frozen() -> Freeze | None:
    """The freeze that lasts now."""
    return db.session.scalar(select(Freeze).where(Freeze.ended_at.is_(None)))


def held() -> int:
    """How many mails were waiting in the backup that was restored."""
    query = select(func.count()).where(*_HELD)
    return db.session.scalar(query) or 0


def freeze(reason: str, *, now: datetime) -> bool:
    """Let no mail leave from now on; ``False`` when that was so already. Mails in a sender's hands still leave."""
    if frozen() is not None:
        return False
    db.session.add(Freeze(frozen_at=now, reason=reason))
    db.session.flush()
    return True


def named_in(log: Iterable[str]) -> set[uuid.UUID]:
    """The held mails whose Message-ID stands in a relay's log, whatever else its lines say."""
    waiting = {str(row) for row in db.session.scalars(select(Message.id).where(*_HELD))}
    domain = re.escape(settings().mail_domain)
    ours = re.compile(rf"([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})@{domain}(?!\.?[\w-])", re.I)
    return {uuid.UUID(found) for line in log for found in ours.findall(line) if found.lower() in waiting}


def go(*, cancel_held: bool | None, now: datetime, left: Collection[uuid.UUID] = ()) -> int:
    """End the freeze; answers how many held mails were let go or cancelled. With held ones, somebody has to choose.

    Those that ``left`` before the restore are marked as sent, and neither leave again nor are cancelled.
    """
    there = frozen()
    if there is None:
        raise RuleBroken("The outbox is not frozen.")
    if left:
        _mark_as_sent(left, there.frozen_at)
    waiting = held()
    if waiting and cancel_held is None:
        raise RuleBroken(
            f"{waiting} mails were waiting in the backup, and some may have left before it was restored. "
            "Say --left FILE with the relay's log to send only those that did not, --send-held to send all of them, "
            "or --cancel-held to cancel them."
        )
    rows = update(Message).where(*_HELD)
    if cancel_held:
        db.session.execute(rows.values(state=State.CANCELLED, error_class="restored", restored_hold=False))
    else:
        db.session.execute(rows.values(restored_hold=False))
    there.ended_at = now
    db.session.flush()
    db.session.execute(text("SELECT pg_notify('outbox', '')"))
    nudge.after_commit()
    return waiting


def _mark_as_sent(rows: Collection[uuid.UUID], at: datetime) -> None:
    """By way of a sender's hands, for no mail is sent without having been there."""
    those = update(Message).where(Message.id.in_(rows), Message.restored_hold).execution_options(synchronize_session=False)
    taken = {"state": State.SENDING, "lease_token": uuid.uuid4(), "lease_until": at, "attempts": Message.attempts + 1}
    sent = {"state": State.SENT, "sent_at": at, "smtp_reply": "in the relay's log", "restored_hold": False}
    db.session.execute(those.where(Message.state == State.QUEUED).values(taken))
    db.session.execute(those.where(Message.state == State.SENDING).values({**sent, "lease_token": None, "lease_until": None}))
