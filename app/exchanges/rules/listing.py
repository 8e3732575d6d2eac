"""Who is invited to an exchange as a whole: States, other organisations and people, and the press that invites them to sessions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import Membership, Organisation, Person
from app.accounts.queries import Addressee, cards_of, routes_for
from app.accounts.reader import best, name_of
from app.audit.rules import record
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.core.zones import to_wall
from app.exchanges.models import Capacity, Exchange, ExchangeGuest, PeerSession, SessionStatus
from app.exchanges.queries.sessions import lasting
from app.exchanges.rules.days_off import OnADayOff
from app.exchanges.rules.inviting import Guest, Invited, invite
from app.exchanges.rules.series import locked
from app.extensions import db

MOST_GUESTS = 1000


@dataclass
class Meant:
    """The people meant by States, organisations and names, each once; and what the organiser should know of them."""

    guests: dict[uuid.UUID, Guest] = field(default_factory=dict)
    notes: list[Any] = field(default_factory=list)

    def _add(self, people: Iterable[Addressee], organisation: Organisation | None, capacity: Capacity, because: str) -> None:
        for person in people:
            self.guests.setdefault(person.id, Guest(person, organisation, capacity, because))

    def add_states(self, states: Sequence[Organisation], capacity: Capacity, today: date) -> None:
        """Whoever gets the mail of these States."""
        routes = routes_for(states, today) if states else {}
        for state in states:
            people = routes[state.id].people
            if not people:
                self.notes.append(
                    _l("Nobody of %(state)s can be reached by mail. Add a person, or make a letter to print.", state=name_of(state))
                )
            self._add(people, state, capacity, "state")

    def add_organisation(self, organisation: Organisation, capacity: Capacity, today: date) -> None:
        """All people of an organisation."""
        people = cards_of(organisation, today)
        if not people:
            self.notes.append(_l("%(organisation)s has no people yet.", organisation=name_of(organisation)))
        self._add(people, state_or_self(organisation), capacity, "organisation")

    def add_person(self, person: Person, capacity: Capacity, today: date) -> None:
        """Somebody by name."""
        self._add([person], state_of(person, today), capacity, "by_hand")


def state_or_self(organisation: Organisation) -> Organisation:
    """An invitation to a ministry or mission is one to its State."""
    parent = organisation.parent
    return parent if parent is not None and parent.is_state else organisation


def state_of(person: Person, today: date) -> Organisation | None:
    """The State, else the organisation, a person belongs to today."""
    for membership in person.memberships:
        if membership.valid_from <= today and (membership.valid_to is None or membership.valid_to >= today):
            return state_or_self(membership.organisation)
    return None


def put_on_list(
    exchange: Exchange,
    *,
    organisations: Sequence[Organisation] = (),
    people: Sequence[Person] = (),
    capacity: Capacity = Capacity.PARTICIPANT,
    by: Person | None,
    now: datetime,
) -> int:
    """Put these on the list of those invited to the exchange; who is on it gets the capacity given now. Nothing is sent."""
    exchange = locked(exchange)
    there = {g.organisation_id or g.person_id: g for g in _guests(exchange)}
    wanted: list[Organisation | Person] = [*organisations, *people]
    if not wanted:
        raise RuleBroken(_l("Choose at least one State, organisation or person."), field="states")
    fresh = [one for one in wanted if one.id not in there]
    if len(there) + len(fresh) > MOST_GUESTS:
        raise RuleBroken(_l("A list holds at most %(most)s States, organisations and people.", most=MOST_GUESTS), field="states")
    changed = [one for one in wanted if one.id in there and there[one.id].capacity is not capacity]
    for one in changed:
        there[one.id].capacity = capacity
    for one in fresh:
        whom = {"organisation_id": one.id} if isinstance(one, Organisation) else {"person_id": one.id}
        db.session.add(
            ExchangeGuest(
                id=uuid7(), exchange_id=exchange.id, capacity=capacity, added_at=now, added_by=by.id if by else None, **whom
            )
        )
    if fresh or changed:
        names = sorted(_name(one) for one in (*fresh, *changed))
        record(
            "exchange.listed",
            "exchange",
            exchange.id,
            by=by,
            now=now,
            changes={"guests": (None, names), "capacity": (None, capacity)},
        )
    db.session.flush()
    return len(fresh)


def take_off_list(guest: ExchangeGuest, *, by: Person | None, now: datetime) -> None:
    """Take one off the list. Invitations to sessions stay as they are: each is taken back by itself, with a word."""
    locked(guest.exchange)
    whom = guest.organisation or guest.person
    record(
        "exchange.unlisted", "exchange", guest.exchange_id, by=by, now=now,
        changes={"guests": ([_name(whom)] if whom is not None else None, None)},
    )  # fmt: skip
    db.session.delete(guest)
    db.session.flush()


def _name(one: Organisation | Person) -> str:
    return one.full_name if isinstance(one, Person) else name_of(one)


def _guests(exchange: Exchange) -> Sequence[ExchangeGuest]:
    return db.session.scalars(select(ExchangeGuest).where(ExchangeGuest.exchange_id == exchange.id)).all()


def meant_by_list(exchange: Exchange, today: date) -> Meant:
    """Everyone the list means today; closed records and organisations are passed over."""
    query = select(ExchangeGuest).where(ExchangeGuest.exchange_id == exchange.id).order_by(ExchangeGuest.id)
    belongs = selectinload(Person.memberships).joinedload(Membership.organisation).joinedload(Organisation.parent)
    rows = db.session.scalars(
        query.options(
            joinedload(ExchangeGuest.organisation).joinedload(Organisation.parent),
            joinedload(ExchangeGuest.person).options(belongs),
        )
    ).all()
    meant = Meant()
    for capacity in Capacity:
        states = [g.organisation for g in rows if g.organisation and g.organisation.is_state and g.capacity is capacity]
        meant.add_states([s for s in states if s.active], capacity, today)
    for guest in rows:
        if guest.organisation is not None and not guest.organisation.is_state and guest.organisation.active:
            meant.add_organisation(guest.organisation, guest.capacity, today)
        elif guest.person is not None and guest.person.active:
            meant.add_person(guest.person, guest.capacity, today)
    return meant


def invite_listed(exchange: Exchange, rows: Sequence[PeerSession], *, by: Person, now: datetime) -> list[Invited]:
    """Invite everyone on the list to these sessions, soonest first: one mail for each person and session."""
    if not rows:
        raise RuleBroken(_l("Choose at least one session."), field="sessions")
    done = []
    for row in sorted(rows, key=lambda one: (one.starts_at, one.id)):
        meant = meant_by_list(exchange, to_wall(now, row.zone).date())
        if not meant.guests:
            raise RuleBroken(" ".join(str(note) for note in meant.notes[:3]) or _l("Nobody is on the list yet."))
        try:
            done.append(invite(row, list(meant.guests.values()), by=by, now=now))
        except OnADayOff as refused:  # which of them it is; its own page lets somebody say that the day is meant
            raise RuleBroken(f"{best(row.titles)}: {refused.message}", field="sessions") from refused
    return done


def _places_to_come(person: Person, now: datetime) -> Sequence[ExchangeGuest]:
    """A person's places on lists of exchanges of which something is to come, or nothing was yet."""
    goes_on = PeerSession.exchange_id == ExchangeGuest.exchange_id, PeerSession.status != SessionStatus.CANCELLED
    begun = select(PeerSession.id).where(*goes_on).exists()
    ahead = select(PeerSession.id).where(*goes_on, or_(PeerSession.status == SessionStatus.DRAFT, lasting(now))).exists()
    query = select(ExchangeGuest).where(ExchangeGuest.person_id == person.id, or_(~begun, ahead))
    return db.session.scalars(query.options(joinedload(ExchangeGuest.exchange)).order_by(ExchangeGuest.id)).all()


def count_places(person: Person, now: datetime) -> int:
    """On the lists of how many exchanges to come the person stands."""
    return len(_places_to_come(person, now))


def hand_over_places(former: Person, successor: Person, *, by: Person, now: datetime) -> None:
    """The successor stands on the lists in the place of the former; nobody stands on one twice."""
    for guest in _places_to_come(former, now):
        there = select(ExchangeGuest.id).where(
            ExchangeGuest.exchange_id == guest.exchange_id, ExchangeGuest.person_id == successor.id
        )
        if db.session.scalar(there) is None:
            guest.person_id = successor.id
        else:
            db.session.delete(guest)
        changes = {"guests": ([former.full_name], [successor.full_name])}
        record("exchange.listed", "exchange", guest.exchange_id, by=by, now=now, changes=changes)
    db.session.flush()


def give_up_places(person: Person, *, by: Person, now: datetime) -> None:
    """The record was closed: nobody is invited by these lists any more."""
    for guest in _places_to_come(person, now):
        take_off_list(guest, by=by, now=now)
