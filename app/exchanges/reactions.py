"""What this room does on news from below."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.accounts import holdings
from app.accounts.events import AddressChanged, HandedOver, PersonClosed
from app.accounts.models import Person
from app.core import clock
from app.exchanges.queries import SUBJECT, open_sessions_on, present_revisions, still_holds
from app.exchanges.queries.polls import POLL, present_openings, still_asks
from app.exchanges.rules import invite_accepted_expressions, judge
from app.exchanges.rules import poll_handing as polls
from app.exchanges.rules import taking_over as rules
from app.exchanges.rules.listing import count_places
from app.extensions import db
from app.interests.events import ExpressionAccepted
from app.interests.models import Expression
from app.notifications.events import ReplyReceived
from app.notifications.models import InboundMail, Verdict
from app.notifications.outbox import register_revision_check
from app.notifications.revisions import register_standing_check

register_revision_check(SUBJECT, present_revisions)  # a mail of a former time is void, even in a sender's hands
register_standing_check(SUBJECT, still_holds)  # and one that was held speaks, once let go, of what holds then
register_revision_check(POLL, present_openings)
register_standing_check(POLL, still_asks)

holdings.register("invitations", _l("Invitations to sessions to come"), rules.count_to_come)
holdings.register("seats", _l("Seats, or places in line"), rules.count_seats)
holdings.register("lists", _l("Places on the lists of those invited to exchanges"), count_places)
holdings.register("notes", _l("Notes of past sessions still to come"), rules.count_notes)
holdings.register("polls", _l("Open polls to answer"), polls.count_polls)


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


def take_over(event: HandedOver) -> None:
    """Somebody took over: invitations with their answers and seats, and notes to come."""
    former, successor, by = (db.session.get_one(Person, i) for i in (event.from_id, event.to_id, event.by_id))
    rules.take_over(former, successor, by=by, now=clock.now())
    polls.take_over_polls(former, successor, by=by, now=clock.now())


def renew_links(event: AddressChanged) -> None:
    """An address was corrected: links that went to the former one end."""
    rules.renew(db.session.get_one(Person, event.person_id), now=clock.now())
    polls.renew_polls(db.session.get_one(Person, event.person_id), now=clock.now())


def let_go(event: PersonClosed) -> None:
    """A record was closed: take the places back if the secretariat wishes; else the session's page shows it."""
    if event.uninvite:
        person, by = (db.session.get_one(Person, i) for i in (event.person_id, event.by_id))
        rules.let_go(person, by=by, now=clock.now())
    polls.let_go_polls(db.session.get_one(Person, event.person_id), now=clock.now())
