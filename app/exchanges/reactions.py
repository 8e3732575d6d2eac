"""What this room does on news from below."""

from __future__ import annotations

from app.core import clock
from app.exchanges.queries import SUBJECT, open_sessions_on, present_revisions
from app.exchanges.rules import invite_accepted_expressions, judge
from app.extensions import db
from app.interests.events import ExpressionAccepted
from app.interests.models import Expression
from app.notifications.events import ReplyReceived
from app.notifications.models import InboundMail, Verdict
from app.notifications.outbox import register_revision_check

register_revision_check(SUBJECT, present_revisions)  # a mail of a former time is void, even in a sender's hands


def invite_to_open_sessions(event: ExpressionAccepted) -> None:
    """An expression of interest was accepted: sessions that ask for such ones invite its contact and focal points."""
    expression = db.session.get(Expression, event.expression_id)
    if expression is None or not expression.grounds:
        return
    now = clock.now()
    for peer_session in open_sessions_on(expression.grounds, now):
        invite_accepted_expressions(peer_session, by=None, now=now, expression_id=expression.id)


def judge_reply(event: ReplyReceived) -> None:
    """A mail reached the mailbox: apply the answer it carries, or leave it to the desk."""
    mail = db.session.get(InboundMail, event.inbound_id)
    if mail is not None and mail.verdict is Verdict.RECEIVED:
        judge(mail, now=clock.now())
