"""Reading what decides about places: rules and quotas, both sittings, the line, seats that are offered, who asks for one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Uuid, and_, bindparam, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.models import Organisation
from app.core.signing import code_digests, code_matches, matches, row_of
from app.exchanges.line import Place, Terms, Waits, in_order, next_up
from app.exchanges.models import (
    Asked,
    Capacity,
    Invitation,
    Line,
    Offered,
    PeerSession,
    PlaceQuota,
    PlaceRequest,
    Seat,
    SeatOffer,
    SessionStatus,
)
from app.exchanges.queries.invitations import place_in_line, seats_held
from app.extensions import db


def governing(row: PeerSession) -> PeerSession:
    """The session whose rules about places hold: the first sitting's."""
    return row if row.sitting_of is None else db.session.get_one(PeerSession, row.sitting_of)


def is_plain(row: PeerSession) -> bool:
    """First come, given at once, nobody counted: what two figures decide."""
    rules = governing(row)
    return rules.quota is None and rules.line is Line.FIRST and not rules.delegation_whole and rules.offer_hours is None


def sittings_of(row: PeerSession) -> Sequence[PeerSession]:
    """The sittings of the session a row is of, in the order they are held; the row alone where there is one."""
    if not row.twice:
        return [row]
    both = select(PeerSession).where(or_(PeerSession.id == row.meeting_id, PeerSession.sitting_of == row.meeting_id))
    return db.session.scalars(both.order_by(PeerSession.starts_at, PeerSession.id)).all()


def other_sittings(row: PeerSession, now: datetime) -> list[PeerSession]:
    """The other sitting, where there is one that is still to start."""
    return [one for one in sittings_of(row) if one.id != row.id and one.is_open and one.starts_at > now]


def invited_elsewhere(row: PeerSession, person_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these people who are invited to the other sitting: nobody is in both."""
    if not row.twice:
        return set()
    others = [one.id for one in sittings_of(row) if one.id != row.id and one.is_open]
    query = select(Invitation.person_id).where(
        Invitation.peer_session_id.in_(others), Invitation.person_id.in_(list(person_ids)),
        Invitation.uninvited_at.is_(None), Invitation.capacity != Capacity.INFORMATION,
    )  # fmt: skip
    return set(db.session.scalars(query))


def now_at(invitation: Invitation) -> Invitation:
    """Where the place of this invitation is now: in the other sitting, if its person changed to it."""
    if invitation.uninvited_at is None or not invitation.peer_session.twice:
        return invitation
    return own_of_meeting(invitation.peer_session, invitation.person_id) or invitation


def own_of_meeting(row: PeerSession, person_id: uuid.UUID) -> Invitation | None:
    """A person's invitation to either sitting, unless it was taken back; the one with a seat first."""
    query = (
        select(Invitation)
        .join(Invitation.peer_session)
        .where(
            or_(PeerSession.id == row.meeting_id, PeerSession.sitting_of == row.meeting_id),
            Invitation.person_id == person_id, Invitation.uninvited_at.is_(None),
        )
        .options(contains_eager(Invitation.peer_session))
        .order_by(Invitation.seat != Seat.HELD, PeerSession.status != SessionStatus.SCHEDULED, Invitation.id)
        .limit(1)
    )  # fmt: skip
    return db.session.scalar(query)


def own_of(row: PeerSession, person_id: uuid.UUID) -> Invitation | None:
    """A person's invitation to one sitting, as it stands in the database."""
    query = select(Invitation).where(Invitation.peer_session_id == row.id, Invitation.person_id == person_id)
    return db.session.scalar(query.execution_options(populate_existing=True))


_OPEN = SeatOffer.outcome == Offered.OPEN


def offers_open(row: PeerSession) -> Sequence[SeatOffer]:
    """Seats of this sitting that are kept for somebody who was offered one."""
    query = select(SeatOffer).where(SeatOffer.peer_session_id == row.id, _OPEN)
    return db.session.scalars(query.options(joinedload(SeatOffer.invitation)).order_by(SeatOffer.until, SeatOffer.id)).all()


def offer_to(invitation: Invitation) -> SeatOffer | None:
    """The seat that is kept for this person, if one is."""
    if invitation.seat is not Seat.WAITING:
        return None
    return db.session.scalar(select(SeatOffer).where(SeatOffer.invitation_id == invitation.id, _OPEN))


def offer_lapsed(invitation: Invitation) -> bool:
    """Did a seat that was offered to this person pass on, and have they not said anything since?"""
    last = select(SeatOffer).where(SeatOffer.invitation_id == invitation.id).order_by(SeatOffer.offered_at.desc()).limit(1)
    offer = db.session.scalar(last) if invitation.seat is Seat.NONE else None
    return offer is not None and offer.outcome is Offered.LAPSED and invitation.answered_at is not None and (
        offer.ended_at is not None and invitation.answered_at <= offer.ended_at
    )  # fmt: skip


def offers_due(now: datetime, most: int = 200) -> list[uuid.UUID]:
    """The sittings in which an offer's time is over."""
    query = select(SeatOffer.peer_session_id).where(_OPEN, SeatOffer.until <= now).distinct().limit(most)
    return sorted(db.session.scalars(query))


def taken(row: PeerSession) -> dict[uuid.UUID | None, int]:
    """Seats held by and offered to each State or organisation, over both sittings."""
    ids = [one.id for one in sittings_of(row)]
    offered = select(SeatOffer.id).where(SeatOffer.invitation_id == Invitation.id, _OPEN).exists()
    query = (
        select(Invitation.organisation_id, func.count())
        .where(
            Invitation.peer_session_id.in_(ids), Invitation.uninvited_at.is_(None),
            or_(Invitation.seat == Seat.HELD, and_(Invitation.seat == Seat.WAITING, offered)),
        )
        .group_by(Invitation.organisation_id)
    )  # fmt: skip
    return {row[0]: row[1] for row in db.session.execute(query)}


def quotas(row: PeerSession) -> Sequence[PlaceQuota]:
    """The States and organisations that may have another number of seats than the others."""
    query = select(PlaceQuota).where(PlaceQuota.peer_session_id == row.meeting_id).options(joinedload(PlaceQuota.organisation))
    return sorted(db.session.scalars(query).all(), key=lambda q: (q.organisation.sort_name, q.id))


def terms(row: PeerSession) -> Terms:
    """The rules of a session's line as they stand."""
    rules = governing(row)
    own: dict[uuid.UUID | None, int] = {}
    if rules.quota is not None:
        query = select(PlaceQuota.organisation_id, PlaceQuota.most).where(PlaceQuota.peer_session_id == rules.id)
        own = {row[0]: row[1] for row in db.session.execute(query)}
    return Terms(
        fair=rules.line is Line.FAIR, whole=rules.delegation_whole, taken=taken(row), quota=rules.quota, own=own
    )  # fmt: skip


def waiting(row: PeerSession) -> list[Waits]:
    """Those who wait for a seat of this sitting and are not offered one now."""
    offered = select(SeatOffer.id).where(SeatOffer.invitation_id == Invitation.id, _OPEN).exists()
    query = select(Invitation.waiting_since, Invitation.id, Invitation.organisation_id).where(
        Invitation.peer_session_id == row.id, Invitation.seat == Seat.WAITING, Invitation.uninvited_at.is_(None), ~offered
    )
    return [Waits(since, key, group) for since, key, group in db.session.execute(query) if since is not None]


_LAST = select(func.max(Invitation.waiting_since)).where(
    Invitation.peer_session_id == bindparam("of", type_=Uuid), Invitation.seat == Seat.WAITING
)


def last_in_line(row: PeerSession) -> datetime | None:
    """When the last one joined the line of a sitting."""
    return db.session.scalar(_LAST, {"of": row.id})


def next_in_line(row: PeerSession, free: int) -> list[Invitation]:
    """Those who get the free seats, by the rules of the session, in their order."""
    if free <= 0:
        return []
    lucky = [one.key for one in next_up(waiting(row), terms(row), free)]
    found = {i.id: i for i in db.session.scalars(select(Invitation).where(Invitation.id.in_(lucky)))} if lucky else {}
    return [found[key] for key in lucky]


def line_of(row: PeerSession) -> list[Place]:
    """The whole line of a sitting, the next one first."""
    return in_order(waiting(row), terms(row))


@dataclass(frozen=True)
class InLine:
    """What somebody who waits is told of their place."""

    place: int
    most: int | None = None  # the seats their State may have, all taken: a free one is not for them


def standing_in_line(invitation: Invitation) -> InLine:
    """One's own place, by the session's rules; of others it says nothing."""
    row = invitation.peer_session
    if is_plain(row):
        return InLine(place_in_line(invitation))
    order = terms(row)
    if offer_to(invitation) is not None:
        return InLine(1)
    for number, place in enumerate(in_order(waiting(row), order), start=1):
        if place.who.key == invitation.id:
            group = invitation.organisation_id
            most = order.own.get(group, order.quota) if place.closed else None
            return InLine(number, most)
    return InLine(1)


def free_seats(row: PeerSession) -> int:
    """Seats that nobody holds or was offered."""
    return row.capacity - seats_held(row.id) - len(offers_open(row))


def _requests() -> Select[PlaceRequest]:
    return select(PlaceRequest).options(
        joinedload(PlaceRequest.organisation), joinedload(PlaceRequest.person), joinedload(PlaceRequest.asker),
        joinedload(PlaceRequest.peer_session),
    )  # fmt: skip


def requests_of(row: PeerSession, *, decided: bool = False, most: int = 200) -> Sequence[PlaceRequest]:
    """Who asks for a place in either sitting: those to decide, the first first; or the latest that were decided."""
    ids = [one.id for one in sittings_of(row)]
    states = (Asked.APPROVED, Asked.DECLINED) if decided else (Asked.WAITING,)
    order = PlaceRequest.decided_at.desc() if decided else PlaceRequest.confirmed_at
    query = _requests().where(PlaceRequest.peer_session_id.in_(ids), PlaceRequest.state.in_(states))
    return db.session.scalars(query.order_by(order, PlaceRequest.id).limit(most)).all()


def request_of(row: PeerSession, request_id: uuid.UUID) -> PlaceRequest | None:
    """One of these."""
    ids = [one.id for one in sittings_of(row)]
    query = _requests().where(PlaceRequest.id == request_id, PlaceRequest.peer_session_id.in_(ids))
    return db.session.scalar(query.where(PlaceRequest.state != Asked.UNCONFIRMED))


def pending_request(row: PeerSession, email_folded: str) -> PlaceRequest | None:
    """What this address asked for and nobody decided."""
    ids = [one.id for one in sittings_of(row)]
    pending = PlaceRequest.state.in_((Asked.UNCONFIRMED, Asked.WAITING))
    query = _requests().where(PlaceRequest.peer_session_id.in_(ids), PlaceRequest.email_folded == email_folded, pending)
    return db.session.scalars(query.order_by(PlaceRequest.id)).first()


def request_by_link(token: str) -> PlaceRequest | None:
    """The request behind the button of a mail; ``None`` for anything that is not one of ours."""
    row = row_of(token)
    found = db.session.scalar(_requests().where(PlaceRequest.id == row)) if row is not None else None
    return found if found is not None and matches("place", found.id, found.nonce, token) else None


def request_by_code(typed: str) -> tuple[uuid.UUID, str] | None:
    """The request whose page a short code opens, with the nonce of its link."""
    asked = select(PlaceRequest.id, PlaceRequest.nonce).where(PlaceRequest.code_digest.in_(code_digests(typed)))
    found = [(row, nonce) for row, nonce in db.session.execute(asked) if code_matches("place", row, nonce, typed)]
    return found[0] if found else None


def by_state(row: PeerSession) -> list[tuple[Organisation, int, int]]:
    """The States and organisations that were asked to a sitting, with the seats they hold and the places in line."""
    held, waits = (func.count().filter(Invitation.seat == seat) for seat in (Seat.HELD, Seat.WAITING))
    query = (
        select(Organisation, held, waits)
        .join(Invitation, Invitation.organisation_id == Organisation.id)
        .where(Invitation.peer_session_id == row.id, Invitation.uninvited_at.is_(None), Invitation.capacity != Capacity.INFORMATION)
        .group_by(Organisation.id)
        .order_by(Organisation.sort_name, Organisation.id)
    )
    return [(found[0], found[1], found[2]) for found in db.session.execute(query)]


def of_one_state(row: PeerSession, state_ids: Iterable[uuid.UUID]) -> Sequence[Invitation]:
    """Those of these States who are asked to this sitting, by name."""
    query = (
        select(Invitation)
        .where(
            Invitation.peer_session_id == row.id, Invitation.organisation_id.in_(list(state_ids)),
            Invitation.uninvited_at.is_(None), Invitation.capacity != Capacity.INFORMATION,
        )
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation), joinedload(Invitation.peer_session))
    )  # fmt: skip
    return sorted(db.session.scalars(query).all(), key=lambda i: (i.person.sort_name, i.id))
