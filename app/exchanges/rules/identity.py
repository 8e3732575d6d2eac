"""Calendar identity, moved in the transaction of its fact: SEQUENCE never falls, DTSTAMP rises for each person.

A person's SEQUENCE is the session's (which rises with time and status) plus how often that person was uninvited
and invited again. Both parts only grow, so an untold change needs no book-keeping: the next message has the right number.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Uuid, any_, bindparam, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Person
from app.core.errors import RuleBroken
from app.exchanges import messages
from app.exchanges.models import Cause, Decision, Invitation, PeerSession
from app.exchanges.queries import invitation_of_mail, open_change
from app.extensions import db
from app.notifications.models import Message, MessageFacts
from app.notifications.writing import store_facts

_FIRST = aliased(PeerSession)
_LOCKED = (
    select(PeerSession)
    .where(
        or_(
            PeerSession.id == bindparam("of", type_=Uuid),
            PeerSession.id == select(_FIRST.sitting_of).where(_FIRST.id == bindparam("of", type_=Uuid)).scalar_subquery(),
        )
    )
    .order_by(PeerSession.sitting_of.is_not(None))  # the first sitting before the second, as everybody
    .with_for_update(of=PeerSession)
    .execution_options(populate_existing=True)
)


def lock(session_id: uuid.UUID) -> PeerSession:
    """Take the session's row lock: whoever holds it decides about seats, invitations and time alone.

    Two sittings have one lock, the first one's: their seats, quotas and lines are decided together.
    """
    return next(row for row in db.session.scalars(_LOCKED, {"of": session_id}).all() if row.id == session_id)


_BOTH_LOCKED = (
    select(PeerSession, Invitation)
    .join(Invitation, Invitation.peer_session_id == PeerSession.id)
    .where(Invitation.id == bindparam("row", type_=Uuid))
    .with_for_update(of=(PeerSession, Invitation))  # in this order, as everybody who holds both
    .execution_options(populate_existing=True)
)


def lock_and_refresh(invitation: Invitation) -> PeerSession:
    """The same for an answer: the session's row lock, and the invitation as it is once it is held. One statement.

    The invitation is locked too, since only rows that are locked are read anew after a wait. Rows that are read again
    forget what hangs on them; held here meanwhile, it is found again without asking the database.
    """
    hanging = [(invitation, "person"), (invitation, "organisation"), (invitation.__dict__.get("peer_session"), "exchange")]
    held = [(one, name, one.__dict__[name]) for one, name in hanging if one is not None and name in one.__dict__]
    if invitation.peer_session.sitting_of is not None:
        lock(invitation.peer_session_id)
    row: PeerSession = db.session.execute(_BOTH_LOCKED, {"row": invitation.id}).one()[0]
    for one, name, _kept in held:
        getattr(one, name)
    return row


def refresh(invitation: Invitation) -> None:
    """Read the invitation again once the session's lock is held: another answer may have come first."""
    db.session.refresh(invitation)


def moment(now: datetime) -> datetime:
    """A calendar object knows whole seconds."""
    return now.replace(microsecond=0)


def stamp(peer_session: PeerSession, invitation: Invitation, now: datetime) -> None:
    """Give one person's next calendar object its SEQUENCE and DTSTAMP."""
    at = moment(now)
    if invitation.dtstamp is not None:
        at = max(at, invitation.dtstamp + timedelta(seconds=1))
    invitation.sequence = max(invitation.sequence, peer_session.sequence + invitation.sequence_raise)
    invitation.dtstamp = at
    invitation.requested = True


APART = timedelta(minutes=1)
"""An entry and what takes it back leave at least so far apart: on the way one could overtake the other (RFC 5546, 5.2.1)."""


def restamp(copy: Message, now: datetime) -> None:
    """A mail sent once more is the person's next calendar object: its DTSTAMP is the latest, its SEQUENCE the present one.

    Its words are today's: a copy of those that were corrected without a mail would put the former ones back into calendars.
    """
    invitation = invitation_of_mail(copy)
    if invitation is None or copy.ical_method is None:
        return
    row = lock(invitation.peer_session_id)
    refresh(invitation)
    stamp(row, invitation, now)
    copy.ical_sequence, copy.dtstamp = invitation.sequence, invitation.dtstamp
    if copy.ical_method == "REQUEST" and copy.common_id is not None:
        former = db.session.get_one(MessageFacts, copy.common_id).facts
        copy.common_id = store_facts(db.session.connection(), messages.in_present_words(former, invitation), now)


def stamp_all(peer_session: PeerSession, ids: Iterable[uuid.UUID], now: datetime) -> None:
    """The same for many, in one statement; rows already loaded have to be read again."""
    wanted = list(ids)
    if not wanted:
        return
    db.session.flush()
    later = Invitation.dtstamp + func.make_interval(0, 0, 0, 0, 0, 0, 1)
    db.session.execute(
        update(Invitation)
        .where(Invitation.id == any_(cast(wanted, ARRAY(Uuid))))
        .values(
            sequence=func.greatest(Invitation.sequence, peer_session.sequence + Invitation.sequence_raise),
            dtstamp=func.greatest(moment(now), func.coalesce(later, moment(now))),
            requested=True,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )


def reload(ids: Iterable[uuid.UUID]) -> list[Invitation]:
    """These invitations as they are now, in a total order."""
    wanted = list(ids)
    if not wanted:
        return []
    chosen = (
        select(Invitation)
        .where(Invitation.id == any_(cast(wanted, ARRAY(Uuid))))
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Invitation.id)
    )
    return list(db.session.scalars(chosen.execution_options(populate_existing=True)))


def no_longer_asked(peer_session: PeerSession, decision: Decision, *, by: Person | None, now: datetime) -> None:
    """What became of the session answers what clock rules had asked of somebody, if they had."""
    asked = open_change(peer_session.id)
    peer_session.hour_in_doubt = False
    if asked is not None:
        asked.decision, asked.decided_at, asked.decided_by = decision, now, by.id if by else None


def moment_stands(peer_session: PeerSession) -> None:
    """Somebody gave the moment that stands as another wall time: only people whose own clocks changed are still to be told."""
    peer_session.hour_in_doubt = False
    asked = open_change(peer_session.id)
    if asked is not None:
        asked.cause, asked.wall_at, asked.second_at = Cause.PEOPLE, None, None


def refuse_unless_open(peer_session: PeerSession, now: datetime, sentences: tuple[object, object, object]) -> None:
    """Refuse with the first sentence for a draft, the second when cancelled, the third when over."""
    draft, cancelled, over = sentences
    if peer_session.cancelled_at is not None:
        raise RuleBroken(cancelled)
    if not peer_session.is_open:
        raise RuleBroken(draft)
    if peer_session.is_over(now):
        raise RuleBroken(over)
