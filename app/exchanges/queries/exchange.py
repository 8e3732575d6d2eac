"""Reading an exchange as a whole: its plan, who is invited to it, how a reader stands to it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.access import Permission, Viewer
from app.accounts.models import Organisation
from app.exchanges.models import Exchange, ExchangeGuest, Invitation, ListShown, PeerSession, SessionStatus
from app.exchanges.queries.sessions import MOST_PLACES, ended, hosting, is_on_list, lasting, may_see
from app.extensions import db


def guests_of(exchange: Exchange) -> Sequence[ExchangeGuest]:
    """Who is invited to the exchange as a whole: States, then other organisations, then people, each by name."""
    query = (
        select(ExchangeGuest)
        .outerjoin(ExchangeGuest.organisation)
        .where(ExchangeGuest.exchange_id == exchange.id)
        .options(joinedload(ExchangeGuest.organisation), joinedload(ExchangeGuest.person))
        .order_by(ExchangeGuest.person_id.is_not(None), Organisation.code.is_(None), Organisation.sort_name, ExchangeGuest.id)
    )
    return db.session.scalars(query).all()


def guest_of(exchange: Exchange, guest_id: uuid.UUID) -> ExchangeGuest | None:
    """One of them."""
    return db.session.scalar(select(ExchangeGuest).where(ExchangeGuest.exchange_id == exchange.id, ExchangeGuest.id == guest_id))


def has_guests(exchange_id: uuid.UUID) -> int:
    """How many stand on the list."""
    return db.session.scalar(select(func.count()).where(ExchangeGuest.exchange_id == exchange_id)) or 0


def is_host(viewer: Viewer, exchange: Exchange) -> bool:
    """Does the viewer read this exchange as a host?"""
    return not hosting(viewer).isdisjoint(host.id for host in exchange.hosts)


def may_see_list(viewer: Viewer, exchange: Exchange) -> bool:
    """May the viewer, who sees the exchange, see which States and organisations are invited to it?"""
    if viewer.can(Permission.SEE_ALL_EXCHANGES) or is_host(viewer, exchange) or exchange.list_shown is ListShown.PUBLIC:
        return True
    if exchange.list_shown is ListShown.HOSTS or viewer.person is None:
        return False
    whom = Invitation.person_id == viewer.person.id
    if viewer.state_ids:
        whom = or_(whom, Invitation.organisation_id.in_(viewer.state_ids))
    invited = (
        select(Invitation.id)
        .join(Invitation.peer_session)
        .where(PeerSession.exchange_id == exchange.id, Invitation.uninvited_at.is_(None), whom)
    )
    listed = select(ExchangeGuest.id).where(ExchangeGuest.exchange_id == exchange.id, is_on_list(viewer))
    return bool(db.session.scalar(select(or_(invited.exists(), listed.exists()))))


def may_see_names(viewer: Viewer, exchange: Exchange) -> bool:
    """May the viewer read people's names on the list?"""
    return viewer.can(Permission.SEE_ALL_EXCHANGES) or is_host(viewer, exchange)


def zones_of(exchange: Exchange, *, listed: bool) -> list[str]:
    """The zones the plan is shown in beside the reader's: the hosts', then those of the invited, largest groups first."""
    invited = (
        select(Organisation.zone, Organisation.id)
        .join(Invitation, Invitation.organisation_id == Organisation.id)
        .join(Invitation.peer_session)
        .where(PeerSession.exchange_id == exchange.id, Invitation.uninvited_at.is_(None))
    )
    rows = invited.subquery()
    if listed:
        on_list = ExchangeGuest.organisation_id == Organisation.id
        rows = invited.union(
            select(Organisation.zone, Organisation.id).join(ExchangeGuest, on_list).where(ExchangeGuest.exchange_id == exchange.id)
        ).subquery()
    found = db.session.scalars(
        select(rows.c.zone).where(rows.c.zone.is_not(None)).group_by(rows.c.zone)
        .order_by(func.count(func.distinct(rows.c.id)).desc(), rows.c.zone).limit(MOST_PLACES)
    )  # fmt: skip
    hosts = [*(row.zone for row in exchange.sessions[:1]), *(host.zone for host in exchange.hosts)]
    return [z for z in dict.fromkeys((*hosts, *found)) if z and z != "UTC"][:MOST_PLACES]


def own_answers(person_id: uuid.UUID, exchange: Exchange) -> dict[uuid.UUID, Invitation]:
    """A person's invitations to the sessions of an exchange, by session."""
    query = (
        select(Invitation)
        .join(Invitation.peer_session)
        .where(Invitation.person_id == person_id, Invitation.uninvited_at.is_(None), PeerSession.exchange_id == exchange.id)
        .options(joinedload(Invitation.peer_session))
    )
    return {row.peer_session_id: row for row in db.session.scalars(query)}


def ahead_of(exchange: Exchange, now: datetime) -> Sequence[PeerSession]:
    """The scheduled sessions of an exchange to which people can be invited now, soonest first."""
    query = select(PeerSession).where(
        PeerSession.exchange_id == exchange.id, PeerSession.status == SessionStatus.SCHEDULED, lasting(now)
    )
    return db.session.scalars(query.order_by(PeerSession.starts_at, PeerSession.id)).all()


class Facts(NamedTuple):
    """What a list of exchanges says of one."""

    sessions: int = 0  # that were not cancelled
    over: int = 0
    next_at: datetime | None = None


def facts_of(viewer: Viewer, ids: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, Facts]:
    """How many sessions each of these exchanges has that the viewer may see, and when the next one is. One statement."""
    if not ids:
        return {}
    is_held = PeerSession.status == SessionStatus.SCHEDULED
    rows = db.session.execute(
        select(
            PeerSession.exchange_id,
            func.count(),
            func.count().filter(is_held, ended(now)),
            func.min(PeerSession.starts_at).filter(is_held, PeerSession.starts_at > now),
        )
        .where(PeerSession.exchange_id.in_(ids), PeerSession.status != SessionStatus.CANCELLED, may_see(viewer))
        .group_by(PeerSession.exchange_id)
    )
    return {row[0]: Facts(*row[1:]) for row in rows}
