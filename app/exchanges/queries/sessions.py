"""Reading exchanges and sessions. Lists start at what the viewer may see."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, Text, Uuid, and_, bindparam, exists, func, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.accounts.access import Permission, Viewer
from app.accounts.models import Organisation
from app.core.paging import Page, instant, key_of, page_of
from app.exchanges.models import (
    Exchange,
    ExchangeGuest,
    Invitation,
    PeerSession,
    Seat,
    SessionStatus,
    Visibility,
    exchange_hosts,
)
from app.extensions import db

_SITTING = aliased(PeerSession)
_SECOND = select(_SITTING.id).where(_SITTING.sitting_of == PeerSession.id).correlate(PeerSession).scalar_subquery()


def _condition(sees_all: bool, person: Any, states: Any, hosting: Any = None) -> ColumnElement[bool]:
    """The rule, for a person, States, and organisations that may host, given as values or as bound names; ``None``: none."""
    if sees_all:
        return true()
    seen: list[ColumnElement[bool]] = [PeerSession.visibility == Visibility.PUBLIC]
    if person is not None:
        whom = Invitation.person_id == person
        if states is not None:  # or a State the viewer answers for
            whom = or_(whom, Invitation.organisation_id.in_(states))
        of_it = Invitation.peer_session_id.in_((PeerSession.id, PeerSession.sitting_of, _SECOND))  # either sitting shows both
        invited = of_it, Invitation.uninvited_at.is_(None), whom
        seen.append(select(Invitation.id).where(*invited).exists())
    if hosting is not None:
        hosts = exchange_hosts.c.exchange_id == PeerSession.exchange_id, exchange_hosts.c.organisation_id.in_(hosting)
        seen.append(select(exchange_hosts.c.exchange_id).where(*hosts).exists())
    return and_(PeerSession.status != SessionStatus.DRAFT, or_(*seen))


def may_see(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on ``PeerSession`` that every list and page starts with."""
    person = viewer.person.id if viewer.person is not None else None
    return _condition(viewer.can(Permission.SEE_ALL_EXCHANGES), person, viewer.state_ids or None, hosting(viewer) or None)


def hosting(viewer: Viewer) -> frozenset[uuid.UUID]:
    """The organisations whose exchanges the viewer reads as a host: those they belong to, and States they answer for."""
    return viewer.organisation_ids | viewer.state_ids


def visible_to(viewer: Viewer) -> Select[PeerSession]:
    """The sessions this viewer may see."""
    return select(PeerSession).where(may_see(viewer))


def exchanges_visible_to(viewer: Viewer) -> Select[Exchange]:
    """The exchanges this viewer may see: public ones, those with a session the viewer may see, those the viewer hosts, and,
    once a session is scheduled, those the viewer or a State of theirs is invited to as a whole."""
    if viewer.can(Permission.SEE_ALL_EXCHANGES):
        return select(Exchange)
    session = select(PeerSession.id).where(PeerSession.exchange_id == Exchange.id)
    seen: list[ColumnElement[bool]] = [Exchange.visibility == Visibility.PUBLIC, session.where(may_see(viewer)).exists()]
    if hosting(viewer):
        hosts = exchange_hosts.c.exchange_id == Exchange.id, exchange_hosts.c.organisation_id.in_(hosting(viewer))
        seen.append(select(exchange_hosts.c.exchange_id).where(*hosts).exists())
    if viewer.person is not None:
        listed = select(ExchangeGuest.id).where(ExchangeGuest.exchange_id == Exchange.id, is_on_list(viewer)).exists()
        seen.append(and_(listed, session.where(PeerSession.status != SessionStatus.DRAFT).exists()))
    return select(Exchange).where(or_(*seen))


def is_on_list(viewer: Viewer) -> ColumnElement[bool]:
    """Is it the viewer, an organisation of theirs or a State they answer for? Of somebody who is signed in."""
    assert viewer.person is not None
    mine: list[ColumnElement[bool]] = [ExchangeGuest.person_id == viewer.person.id]
    if hosting(viewer):
        mine.append(ExchangeGuest.organisation_id.in_(hosting(viewer)))
    return or_(*mine)


def session_for(viewer: Viewer, session_id: uuid.UUID) -> PeerSession | None:
    """One session with its exchange and hosts, if the viewer may see it: in one statement, for hosts are few."""
    found = session_page(viewer, session_id)
    return found.row if found is not None else None


@dataclass(frozen=True)
class SessionPage:
    """What a session's page shows of it, beside the reader's own invitation."""

    row: PeerSession
    held: int  # how many seats are taken
    zones: tuple[str, ...]  # of those who are invited, the largest groups first


def session_page(viewer: Viewer, session_id: uuid.UUID) -> SessionPage | None:
    """One session with its exchange, hosts, seats and zones, if the viewer may see it. One statement."""
    sees_all, ours = viewer.can(Permission.SEE_ALL_EXCHANGES), hosting(viewer)
    query = _whole(sees_all, viewer.person is not None, bool(viewer.state_ids), bool(ours))
    values = {"of": session_id, "most": MOST_PLACES}
    if viewer.person is not None:
        values |= {"viewer": viewer.person.id, "states": list(viewer.state_ids), "hosting": list(ours)}
    found = db.session.execute(query, values).unique().one_or_none()
    return None if found is None else SessionPage(found[0], found[1], found[2])


@lru_cache(maxsize=16)
def _whole(sees_all: bool, signed_in: bool, for_states: bool, hosts: bool) -> Select[Any]:
    """The statement for viewers of this kind: asked with every page of a session, so put together once."""
    condition = _condition(
        sees_all,
        bindparam("viewer", type_=Uuid) if signed_in else None,
        bindparam("states", type_=Uuid, expanding=True) if for_states else None,
        bindparam("hosting", type_=Uuid, expanding=True) if hosts else None,
    )
    return (
        select(PeerSession, *_BESIDE)
        .where(condition, PeerSession.id == bindparam("of", type_=Uuid))
        .options(joinedload(PeerSession.exchange).joinedload(Exchange.hosts))
    )


def exchange_for(viewer: Viewer, exchange_id: uuid.UUID) -> Exchange | None:
    """One exchange with its hosts, if the viewer may see it."""
    return db.session.scalar(exchanges_visible_to(viewer).where(Exchange.id == exchange_id).options(selectinload(Exchange.hosts)))


def ended(now: datetime) -> ColumnElement[bool]:
    """Has it ended?"""
    return PeerSession.starts_at + func.make_interval(0, 0, 0, 0, 0, PeerSession.minutes) <= now


def lasting(now: datetime) -> ColumnElement[bool]:
    """Not over; no session lasts longer than a day, so the index on the start narrows it first."""
    return and_(PeerSession.starts_at > now - timedelta(days=1), ~ended(now))


def upcoming(viewer: Viewer, now: datetime, *, after: str | None = None, most: int = 20) -> Page[PeerSession]:
    """Sessions that are not over, soonest first."""
    query = visible_to(viewer).where(lasting(now))
    return _page(query, after, most, rising=True)


def past(viewer: Viewer, now: datetime, *, after: str | None = None, most: int = 20) -> Page[PeerSession]:
    """Sessions that are over, latest first."""
    return _page(visible_to(viewer).where(PeerSession.starts_at <= now, ended(now)), after, most, rising=False)


def all_sessions(viewer: Viewer, now: datetime, *, is_past: bool) -> Iterator[tuple[PeerSession, int]]:
    """Every session the list shows, with the seats taken, a few hundred at a time."""
    which = (PeerSession.starts_at <= now, ended(now)) if is_past else (lasting(now),)
    held = select(func.count()).where(Invitation.peer_session_id == PeerSession.id, Invitation.seat == Seat.HELD)
    order = (PeerSession.starts_at.desc(), PeerSession.id.desc()) if is_past else (PeerSession.starts_at, PeerSession.id)
    query = visible_to(viewer).where(*which).add_columns(held.correlate(PeerSession).scalar_subquery())
    query = query.options(selectinload(PeerSession.exchange)).order_by(*order)
    return ((row[0], row[1]) for row in db.session.execute(query.execution_options(yield_per=200)))


def all_exchanges(viewer: Viewer) -> Iterator[Exchange]:
    """Every exchange the list shows, newest first."""
    query = exchanges_visible_to(viewer).where(Exchange.made_for_session.is_(False)).options(selectinload(Exchange.hosts))
    query = query.order_by(Exchange.created_at.desc(), Exchange.id)
    return iter(db.session.scalars(query.execution_options(yield_per=200)))


def of_exchange(viewer: Viewer, exchange: Exchange) -> Sequence[PeerSession]:
    """The sessions of one exchange that the viewer may see, in order."""
    return db.session.scalars(
        visible_to(viewer).where(PeerSession.exchange_id == exchange.id).order_by(PeerSession.starts_at, PeerSession.id)
    ).all()


def place_in_series(viewer: Viewer, peer_session: PeerSession) -> tuple[int, int] | None:
    """Which session of how many this is, among those of its exchange that go on; ``None`` for one that stands alone."""
    if peer_session.exchange.made_for_session or peer_session.status is SessionStatus.CANCELLED:
        return None
    row = PeerSession.starts_at, PeerSession.id
    before = tuple_(*row) <= tuple_(peer_session.starts_at, peer_session.id)
    of_series = (
        PeerSession.exchange_id == peer_session.exchange_id, PeerSession.status != SessionStatus.CANCELLED,
        PeerSession.sitting_of.is_(None),
    )  # fmt: skip
    number, total = db.session.execute(
        select(func.count().filter(before), func.count()).select_from(PeerSession).where(may_see(viewer), *of_series)
    ).one()
    return (number, total) if total > 1 else None


def _page(query: Select[PeerSession], after: str | None, most: int, *, rising: bool) -> Page[PeerSession]:
    key = key_of(after, (instant, uuid.UUID))
    if key is not None:
        pair = tuple_(PeerSession.starts_at, PeerSession.id)
        query = query.where(pair > tuple_(*key) if rising else pair < tuple_(*key))
    order = (PeerSession.starts_at, PeerSession.id) if rising else (PeerSession.starts_at.desc(), PeerSession.id.desc())
    these = query.with_only_columns(PeerSession.id).order_by(*order).limit(most + 1)  # sorted as narrow rows, then read whole
    whole = select(PeerSession).where(PeerSession.id.in_(these)).order_by(*order)
    whole = whole.options(joinedload(PeerSession.exchange).selectinload(Exchange.hosts))
    return page_of(db.session.scalars(whole).all(), most, lambda s: (s.starts_at, s.id))


def exchanges(viewer: Viewer, most: int = 200) -> Sequence[Exchange]:
    """Exchanges the viewer may see, newest first, for choosing one."""
    return db.session.scalars(
        exchanges_visible_to(viewer)
        .where(Exchange.made_for_session.is_(False))
        .options(selectinload(Exchange.hosts))
        .order_by(Exchange.created_at.desc(), Exchange.id)
        .limit(most)
    ).all()


def exchanges_page(viewer: Viewer, *, after: str | None = None, most: int = 30) -> Page[Exchange]:
    """A page of the same, by key, for the list of them."""
    query = exchanges_visible_to(viewer).where(Exchange.made_for_session.is_(False)).options(selectinload(Exchange.hosts))
    key = key_of(after, (instant, uuid.UUID))
    if key is not None:
        query = query.where(tuple_(Exchange.created_at, Exchange.id) < tuple_(*key))
    found = db.session.scalars(query.order_by(Exchange.created_at.desc(), Exchange.id.desc()).limit(most + 1)).all()
    return page_of(found, most, lambda e: (e.created_at, e.id))


MOST_PLACES = 10
_ZONES = (
    select(Organisation.zone)
    .join(Invitation, Invitation.organisation_id == Organisation.id)
    .where(
        Invitation.peer_session_id == bindparam("of", type_=Uuid), Invitation.uninvited_at.is_(None), Organisation.zone.is_not(None)
    )
    .group_by(Organisation.zone)
    .order_by(func.count().desc(), Organisation.zone)
    .limit(bindparam("most", type_=Integer))
)


_HELD = select(func.count()).where(Invitation.peer_session_id == bindparam("of", type_=Uuid), Invitation.seat == Seat.HELD)
_BESIDE = (_HELD.scalar_subquery(), func.array(_ZONES.scalar_subquery(), type_=ARRAY(Text, as_tuple=True)))
_SEATS_AND_ZONES = select(*_BESIDE)
_WAITS = exists().where(
    Invitation.peer_session_id == bindparam("of", type_=Uuid), Invitation.seat == Seat.WAITING, Invitation.uninvited_at.is_(None)
)
_ROOM = select(*_BESIDE, _WAITS)


def seats_and_zones(session_id: uuid.UUID) -> tuple[int, tuple[str, ...]]:
    """How many seats of a session are taken, and the zones of the invited. One statement."""
    held, zones = db.session.execute(_SEATS_AND_ZONES, {"of": session_id, "most": MOST_PLACES}).one()
    return held, zones


class Room(NamedTuple):
    """What decides about a seat, and the zones that the mail about it tells the hour in."""

    held: int
    zones: tuple[str, ...]
    line: bool  # does anybody wait?


def room(session_id: uuid.UUID) -> Room:
    """How a session's seats stand. One statement; true for as long as the session's lock is held."""
    return Room(*db.session.execute(_ROOM, {"of": session_id, "most": MOST_PLACES}).one())


def place_zones(peer_session: PeerSession, invited: Sequence[str] | None = None) -> list[str]:
    """The zones a session is shown in beside the reader's: the host's, then those of the invited, largest groups first."""
    if invited is None:
        invited = [row[0] for row in db.session.execute(_ZONES, {"of": peer_session.id, "most": MOST_PLACES})]
    hosts = [peer_session.zone, *(host.zone for host in peer_session.exchange.hosts)]
    return [z for z in dict.fromkeys((*hosts, *invited)) if z and z != "UTC"][:MOST_PLACES]
