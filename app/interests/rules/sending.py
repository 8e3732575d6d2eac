"""Send the form: a reference without gaps or doubles, an acknowledgement, an address to confirm."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.dialects.postgresql import insert

from app.audit.rules import record
from app.core.errors import LinkOver, RuleBroken
from app.core.signing import settings
from app.core.tokens import fresh_nonce
from app.core.zones import to_wall
from app.extensions import db
from app.interests import messages
from app.interests.models import Expression, Move, ReferenceCounter, Status
from app.interests.rules.complete import missing
from app.interests.rules.drafts import refuse_unless_draft, refuse_unless_open
from app.interests.rules.moving import lock
from app.notifications.outbox import cancel_waiting


def submit(draft: Expression, *, now: datetime) -> Expression:
    """Send a draft. Sent twice it is sent once; what is missing is refused at its field."""
    lock(draft)
    if draft.status is not Status.DRAFT:
        return draft
    refuse_unless_draft(draft, now)
    refuse_unless_open(draft.call, now)
    for lack in missing(draft):
        raise RuleBroken(lack.sentence, field=lack.field)
    register(draft, now)
    record("expression.submitted", "expression", draft.id, by=None, now=now, changes={"reference": (None, draft.reference)})
    cancel_waiting("expression", draft.id, kinds={"expression-draft"}, now=now)
    messages.acknowledge(draft, now)
    return draft


def register(expression: Expression, now: datetime, *, by_id: object = None) -> None:
    """Give it a reference and the first dated step; used for the form and for what is entered on behalf."""
    expression.reference = next_reference(now)
    expression.status = Status.SUBMITTED
    expression.submitted_at = now
    expression.received_on = expression.received_on or to_wall(now, settings().default_zone).date()
    expression.draft_expires_at = None
    move = Move(expression_id=expression.id, before=Status.DRAFT, after=Status.SUBMITTED, at=now, by_id=by_id)
    db.session.add(move)
    db.session.flush()


def next_reference(now: datetime) -> str:
    """The next number of the year. The counter's row stays locked until the transaction ends: no gaps, no doubles."""
    prefix = f"EOI-{to_wall(now, settings().default_zone).year}"
    fresh = insert(ReferenceCounter).values(prefix=prefix, last=1)
    one_more = fresh.on_conflict_do_update(index_elements=["prefix"], set_={"last": ReferenceCounter.last + 1})
    number = db.session.scalar(one_more.returning(ReferenceCounter.last))
    return f"{prefix}-{number:04d}"


def confirm_address(expression: Expression, *, now: datetime) -> None:
    """The button behind the mailed link: the mailbox is theirs. That gives no right over a State."""
    lock(expression)
    if expression.status is Status.WITHDRAWN:
        raise LinkOver(_("This expression of interest was withdrawn. There is nothing to confirm."))
    if expression.email_confirmed_at is not None:
        return
    expression.email_confirmed_at = now
    record("expression.confirmed", "expression", expression.id, by=None, now=now)
    db.session.flush()


def ask_to_confirm_again(expression: Expression, *, now: datetime) -> None:
    """Mail the button once more; the former link ends."""
    lock(expression)
    if expression.email_confirmed_at is not None or expression.status in (Status.DRAFT, Status.WITHDRAWN):
        return
    expression.confirm_nonce = fresh_nonce()
    db.session.flush()
    messages.ask_to_confirm(expression, now)
