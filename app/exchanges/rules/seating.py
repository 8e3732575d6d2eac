"""Who sits: one service for every way a seat is sought, freed, offered or passed on. The caller holds the session's lock."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.audit.rules import record
from app.core.db import uuid7
from app.exchanges import messages
from app.exchanges.models import Invitation, Offered, PeerSession, Seat, SeatOffer
from app.exchanges.queries import in_line_for_seats, places, room
from app.exchanges.queries.sessions import Room
from app.exchanges.rules.identity import lock, stamp
from app.extensions import db
from app.notifications import outbox

LAST_HOUR = timedelta(hours=1)
"""In it seats are given, not offered: who is next has no time to be asked."""


def seek(row: PeerSession, invitation: Invitation, now: datetime, granted: Seat | None = None) -> Room | None:
    """Yes takes a seat that is offered, a free one, or a place in line. Answers what was seen when a seat was sought.

    ``granted`` is what was decided for several together.
    """
    with db.session.no_autoflush:  # what is not written yet is this answer, and its seat is what is decided here
        plain = places.is_plain(row)
        offer = None if plain else places.offer_to(invitation)
        if offer is not None:
            _end(offer, Offered.TAKEN, now)
            _seat(invitation, now)
            return None
        if invitation.seat is not Seat.NONE:
            return None
        seen = room(row.id)
        free = granted is Seat.HELD if granted else seen.held < row.capacity if plain else _may_sit(row, invitation)
        last = None if free else places.last_in_line(row)  # who had to wait for the lock came later, whatever their clock said
    if free:
        _seat(invitation, now)
    else:
        since = now if last is None else max(now, last + timedelta(microseconds=1))
        invitation.seat, invitation.waiting_since = Seat.WAITING, since
    return seen


def _seat(invitation: Invitation, now: datetime) -> None:
    invitation.seat, invitation.seat_since, invitation.waiting_since = Seat.HELD, now, None


def _may_sit(row: PeerSession, invitation: Invitation) -> bool:
    """Is a seat free, for this State too, and does nobody of the delegation wait for one with whom it is kept together?"""
    if places.free_seats(row) <= 0:
        return False
    terms = places.terms(row)
    if terms.left(invitation.organisation_id) == 0:
        return False
    group = invitation.organisation_id
    return not (terms.whole and group is not None and any(one.group == group for one in places.waiting(row)))


def together(row: PeerSession, coming: Sequence[Invitation]) -> Seat:
    """What several of a State get who come together: a seat each, or a place in line each."""
    free = places.free_seats(row) >= len(coming)
    left = places.terms(row).left(coming[0].organisation_id)
    return Seat.HELD if free and (left is None or left >= len(coming)) else Seat.WAITING


def may_change_to(row: PeerSession, invitation: Invitation) -> bool:
    """Is a seat of the other sitting free for somebody who gives up theirs here?"""
    return places.free_seats(row) > 0 if places.is_plain(row) else _may_sit(row, invitation)


def promote(row: PeerSession, *, now: datetime) -> list[Invitation]:
    """Give or offer free seats to those who wait, by the rules of the session, and tell them. Once for each seat.

    Where a State's seats are counted over two sittings, one it gave up here may be one for its people there.
    """
    db.session.flush()
    lucky = _promote(row, now)
    if row.twice and not places.is_plain(row):
        for other in places.sittings_of(row):
            if other.id != row.id:
                lucky += _promote(lock(other.id), now)
    return lucky


def _promote(row: PeerSession, now: datetime) -> list[Invitation]:
    plain = places.is_plain(row)
    if not plain:
        end_offers(row, now)
    if not row.is_open or row.starts_at <= now:
        return []
    lucky = in_line_for_seats(row) if plain else places.next_in_line(row, places.free_seats(row))
    until = None if plain else _until(row, now)
    if until is None:
        give(row, lucky, now)
    else:
        _offer(row, lucky, until, now)
    return lucky


def _until(row: PeerSession, now: datetime) -> datetime | None:
    """Until when a seat would be offered: never past the last hour before the start. ``None``: it is given."""
    hours = places.governing(row).offer_hours
    latest = row.starts_at - LAST_HOUR
    return None if hours is None or latest <= now else min(now + timedelta(hours=hours), latest)


def give(row: PeerSession, lucky: Sequence[Invitation], now: datetime) -> None:
    """These have a seat from now on, and are told."""
    for invitation in lucky:
        _seat(invitation, now)
        invitation.updated_at = now
        stamp(row, invitation, now)
        _record("session.seat_found", row, invitation, (Seat.WAITING, Seat.HELD), now)
    if lucky:
        db.session.flush()
        outbox.queue([messages.seat_found(row, messages.recipient(i)) for i in lucky], now=now)


def _offer(row: PeerSession, lucky: Sequence[Invitation], until: datetime, now: datetime) -> None:
    """A seat is kept for each of these until an hour; the mail leads to the page that takes it, and asks their calendar."""
    for invitation in lucky:
        db.session.add(SeatOffer(id=uuid7(), peer_session_id=row.id, invitation_id=invitation.id, offered_at=now, until=until))
        stamp(row, invitation, now)
        _record("session.seat_offered", row, invitation, (Seat.WAITING, Seat.WAITING), now)
    if lucky:
        db.session.flush()
        outbox.queue([messages.seat_offer(row, messages.recipient(i), until=until) for i in lucky], now=now)


def _end(offer: SeatOffer, outcome: Offered, now: datetime) -> None:
    offer.outcome, offer.ended_at = outcome, now


def end_offers(row: PeerSession, now: datetime) -> int:
    """Close the offers whose time is over, or whose person is no longer in line; answers how many lapsed.

    Whoever let one lapse leaves the line, as its mail said, and can join it again. A session that moved nearer has less time.
    """
    lapsed = 0
    latest = row.starts_at - LAST_HOUR
    for offer in places.offers_open(row):
        invitation = offer.invitation
        offer.until = min(offer.until, max(latest, offer.offered_at))
        if invitation.seat is not Seat.WAITING or invitation.uninvited_at is not None or not row.is_open:
            _end(offer, Offered.LEFT, now)
        elif offer.until <= now:
            _end(offer, Offered.LAPSED, now)
            invitation.seat, invitation.waiting_since, invitation.updated_at = Seat.NONE, None, now
            _record("session.offer_lapsed", row, invitation, (Seat.WAITING, Seat.NONE), now)
            lapsed += 1
    db.session.flush()
    return lapsed


def give_offered(row: PeerSession, now: datetime) -> None:
    """Seats are no longer offered: who was offered one has it."""
    open_now = [offer for offer in places.offers_open(row) if offer.invitation.seat is Seat.WAITING]
    for offer in open_now:
        _end(offer, Offered.TAKEN, now)
    db.session.flush()
    give(row, [offer.invitation for offer in open_now], now)


def pass_on(session_id: uuid.UUID, now: datetime) -> int:
    """Offers of one session whose time is over go to the next in line; running it twice does it once."""
    row = lock(session_id)
    ended = end_offers(row, now)
    promote(row, now=now)
    return ended


def _record(action: str, row: PeerSession, invitation: Invitation, seat: tuple[Seat, Seat], now: datetime) -> None:
    changes = {"seat": seat, "invitation": (None, invitation.person.full_name)}
    record(action, "session", row.id, by=None, now=now, changes=changes)
