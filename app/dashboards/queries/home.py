"""What the first page shows: to everyone, to those who are invited, to those who speak for a State."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.models import Capacity as Standing
from app.accounts.models import Designation, Organisation, OrganisationKind, Person
from app.core.db import Json, Texts
from app.core.paging import Page, instant, key_of, page_of
from app.dashboards.queries import bounded
from app.exchanges.models import (
    Answer,
    Capacity,
    Exchange,
    Invitation,
    PeerSession,
    Seat,
    SessionStatus,
    Visibility,
    exchange_hosts,
)
from app.extensions import db
from app.interests.models import Call, Expression, Status


@dataclass(frozen=True)
class Upcoming:
    """A session that is still to come or running: what a list says of it, and how many places are left."""

    id: uuid.UUID
    titles: Texts
    starts_at: datetime
    minutes: int
    zone: str
    languages: list[str]
    capacity: int
    taken: int
    hosts: list[Json]  # names and zone of each, by code

    @property
    def ends_at(self) -> datetime:
        """The instant it ends."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def places(self) -> int:
        """How many places are left."""
        return max(self.capacity - self.taken, 0)


# The statements are put together once: a page only gives them their values.
NOW: BindParameter[datetime] = bindparam("now")
TODAY: BindParameter[date] = bindparam("today")
MOST: BindParameter[int] = bindparam("most")
STATES: BindParameter[list[uuid.UUID]] = bindparam("states", expanding=True)
_LAST_DAY: BindParameter[datetime] = bindparam("last_day")  # lets the index do the work before the exact end is worked out
NOT_OVER = (
    PeerSession.starts_at > _LAST_DAY,
    PeerSession.starts_at + func.make_interval(0, 0, 0, 0, 0, PeerSession.minutes) > NOW,
)
IN_FORCE = (
    Designation.verified_at.is_not(None),
    Designation.refused_at.is_(None),
    Designation.valid_from <= TODAY,
    Designation.valid_to.is_(None) | (Designation.valid_to >= TODAY),
)
"""A designation that gives rights on this day."""

_TAKEN = (
    select(func.count())
    .where(Invitation.peer_session_id == PeerSession.id, Invitation.seat == Seat.HELD)
    .correlate(PeerSession)
    .scalar_subquery()
)
_HOST = func.jsonb_build_object("names", Organisation.names, "zone", Organisation.zone)
_HOSTS = (
    select(func.coalesce(func.jsonb_agg(aggregate_order_by(_HOST, Organisation.code)), literal([], JSONB)))
    .join(exchange_hosts, exchange_hosts.c.organisation_id == Organisation.id)
    .where(exchange_hosts.c.exchange_id == PeerSession.exchange_id)
    .correlate(PeerSession)
    .scalar_subquery()
)
_UPCOMING = (
    select(
        PeerSession.id,
        PeerSession.titles,
        PeerSession.starts_at,
        PeerSession.minutes,
        PeerSession.zone,
        PeerSession.languages,
        PeerSession.capacity,
        _TAKEN,
        _HOSTS,
    )
    .join(PeerSession.exchange)
    .where(
        PeerSession.status == SessionStatus.SCHEDULED,
        PeerSession.visibility == Visibility.PUBLIC,
        Exchange.visibility == Visibility.PUBLIC,
        *NOT_OVER,
    )
    .order_by(PeerSession.starts_at, PeerSession.id)
    .limit(MOST)
)
_OPEN = select(Call).where(Call.published, Call.opens_at <= NOW, Call.closes_at > NOW).order_by(Call.closes_at, Call.id).limit(1)
_SESSIONS = select(PeerSession.id).where(PeerSession.status == SessionStatus.SCHEDULED)
_FIGURES = select(
    bounded(
        select(Organisation.id).where(
            Organisation.kind == OrganisationKind.STATE,
            select(Designation.id).where(Designation.state_id == Organisation.id, *IN_FORCE).exists(),
        )
    ),
    bounded(select(Expression.id).where(Expression.status != Status.DRAFT)),
    bounded(_SESSIONS.where(PeerSession.starts_at <= NOW)),
    bounded(_SESSIONS.where(PeerSession.starts_at > NOW)),
    _OPEN.with_only_columns(Call.id).scalar_subquery(),
)
_MINE = (
    select(Invitation)
    .join(Invitation.peer_session)
    .options(contains_eager(Invitation.peer_session))
    .where(
        Invitation.person_id == bindparam("person"),
        Invitation.uninvited_at.is_(None),
        PeerSession.status != SessionStatus.DRAFT,
        *NOT_OVER,
    )
    .order_by(PeerSession.starts_at, Invitation.id)
    .limit(MOST)
)
# Which rows are shown is found among narrow ones; only those are then read whole.
_SENT_AT = func.coalesce(Expression.submitted_at, Expression.created_at)  # one withdrawn before it was sent has no such day
_LATEST = (Expression.submitted_at.desc(), Expression.id.desc())
_SOONEST = (PeerSession.starts_at, Invitation.id)
_SENT = select(Expression.id).where(Expression.state_id.in_(STATES), Expression.status != Status.DRAFT)
_INVITED = (
    select(Invitation.id)
    .join(Invitation.peer_session)
    .where(
        Invitation.organisation_id.in_(STATES),
        Invitation.uninvited_at.is_(None),
        PeerSession.status == SessionStatus.SCHEDULED,
        *NOT_OVER,
    )
)
_FAMILY_NAME = select(Person.family_name).where(Person.id == Designation.person_id).correlate(Designation).scalar_subquery()
_SPEAKS = select(Designation.id).where(Designation.state_id.in_(STATES), *IN_FORCE)
_SPEAKS_FIRST = (Designation.capacity.desc(), _FAMILY_NAME, Designation.id)
_OF_STATE: dict[str, Select[Any]] = {
    "expressions": select(Expression).where(Expression.id.in_(_SENT.order_by(*_LATEST).limit(MOST))).order_by(*_LATEST),
    "invitations": (
        select(Invitation)
        .join(Invitation.peer_session)
        .options(contains_eager(Invitation.peer_session), joinedload(Invitation.person))
        .where(Invitation.id.in_(_INVITED.order_by(*_SOONEST).limit(MOST)))
        .order_by(*_SOONEST)
    ),
    "speakers": (
        select(Designation)
        .join(Designation.person)
        .options(contains_eager(Designation.person), joinedload(Designation.state))
        .where(Designation.id.in_(_SPEAKS.order_by(*_SPEAKS_FIRST).limit(MOST)))
        .order_by(Designation.capacity.desc(), Person.family_name, Designation.id)
    ),
}


def _times(now: datetime) -> dict[str, datetime]:
    return {"now": now, "last_day": now - timedelta(days=1)}


def upcoming_public(now: datetime, most: int = 5) -> list[Upcoming]:
    """The next sessions that everyone may see, soonest first. One statement."""
    return [Upcoming(*row) for row in db.session.execute(_UPCOMING, {**_times(now), "most": most})]


def open_call(now: datetime) -> Call | None:
    """The open call that closes first."""
    return db.session.scalar(_OPEN, {"now": now})


@dataclass(frozen=True)
class Figures:
    """Four figures for everyone, each bounded, and the open call that closes first."""

    governments: int
    expressions: int
    held: int
    planned: int
    open_call: uuid.UUID | None


def figures(now: datetime, today: date) -> Figures:
    """How many governments have a focal point, what they sent, what was held and what is planned. One statement."""
    return Figures(*db.session.execute(_FIGURES, {"now": now, "today": today}).one())


def my_invitations(person_id: uuid.UUID, now: datetime, most: int = 10) -> list[Invitation]:
    """What a person is invited to and has not missed, soonest first, cancelled ones too: they should know."""
    return list(db.session.scalars(_MINE, {**_times(now), "person": person_id, "most": most}))


def answer_due(invitation: Invitation) -> bool:
    """Does somebody wait for this person's answer? Also when the session has moved since the answer."""
    return (
        invitation.capacity is not Capacity.INFORMATION
        and invitation.peer_session.status is SessionStatus.SCHEDULED
        and (invitation.answer is None or answered_former_time(invitation))
    )


def answered_former_time(invitation: Invitation) -> bool:
    """Was the answer given for a time at which the session no longer is? A no stays a no."""
    return (
        invitation.answer in (Answer.YES, Answer.MAYBE)
        and invitation.answered_version is not None
        and invitation.answered_version < invitation.peer_session.schedule_version
    )


@dataclass(frozen=True)
class MyState:
    """The first lines of what a State's focal point sees of it, and which of the lists go on."""

    expressions: Sequence[Expression]
    invitations: Sequence[Invitation]
    speakers: Sequence[Designation]
    goes_on: Collection[str] = ()


def my_state(state_ids: Collection[uuid.UUID], now: datetime, today: date, most: int = 8) -> MyState:
    """The State's expressions of interest, who of it is invited to what, and who speaks for it. Three statements."""
    values = {**_times(now), "states": list(state_ids), "most": most + 1}
    dated = {"today": today, "states": list(state_ids), "most": most + 1}
    found: dict[str, Sequence[Any]] = {
        name: db.session.scalars(query, dated if name == "speakers" else values).all() for name, query in _OF_STATE.items()
    }
    goes_on = frozenset(name for name, rows in found.items() if len(rows) > most)
    return MyState(**{name: rows[:most] for name, rows in found.items()}, goes_on=goes_on)


def state_expressions(state_ids: Collection[uuid.UUID], after: str | None = None, size: int = 30) -> Page[Expression]:
    """One page of all expressions of interest of these States, newest first."""
    query = select(Expression).where(Expression.state_id.in_(state_ids), Expression.status != Status.DRAFT)
    key = key_of(after, (instant, uuid.UUID))
    if key is not None:
        query = query.where(tuple_(_SENT_AT, Expression.id) < tuple_(*key))
    found = db.session.scalars(query.order_by(_SENT_AT.desc(), Expression.id.desc()).limit(size + 1)).all()
    return page_of(found, size, lambda row: ((row.submitted_at or row.created_at).isoformat(), row.id))


def state_speakers(state_ids: Collection[uuid.UUID], today: date, after: str | None = None, size: int = 30) -> Page[Designation]:
    """One page of all who speak for these States: focal points before alternates, by family name."""
    query = (
        select(Designation)
        .join(Designation.person)
        .options(contains_eager(Designation.person), joinedload(Designation.state))
        .where(Designation.state_id.in_(state_ids), *IN_FORCE)
    )
    key = key_of(after, (Standing, str, uuid.UUID))
    if key is not None:
        capacity, name, last = key
        further = tuple_(Person.family_name, Designation.id) > tuple_(name, last)
        query = query.where(or_(Designation.capacity < capacity, and_(Designation.capacity == capacity, further)))
    order = (Designation.capacity.desc(), Person.family_name, Designation.id)
    found = db.session.scalars(query.order_by(*order).limit(size + 1), {"today": today}).all()
    return page_of(found, size, lambda row: (row.capacity.value, row.person.family_name, row.id))
