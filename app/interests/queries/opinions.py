"""What co-leads were asked and think of an expression of interest, who is left out, and which labelled rows a viewer sees."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Exists, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.access import Viewer
from app.accounts.models import Membership, Organisation, Person, Role, RoleGrant
from app.accounts.visibility import may_see
from app.core import days
from app.extensions import db
from app.interests.models import Expression
from app.interests.opinion_models import LeftOut, Opinion, OpinionRecord, OpinionRequest, WithdrawnConflict

_NOW_CO_LEADS = select(RoleGrant.person_id).where(RoleGrant.role == Role.CO_LEAD, RoleGrant.ended_at.is_(None))


def co_leads(expression: Expression) -> list[Person]:
    """Who can be asked: active co-leads who have not declared a conflict of interest over it, by name."""
    out = select(LeftOut.person_id).where(LeftOut.expression_id == expression.id)
    query = select(Person).where(Person.id.in_(_NOW_CO_LEADS), Person.active, Person.id.not_in(out))
    return list(db.session.scalars(query.order_by(Person.sort_name, Person.id)))


def left_out(person_id: uuid.UUID, expression: Expression) -> Exists:
    """Did this person declare a conflict of interest over it? As a part of a statement."""
    return select(LeftOut.id).where(LeftOut.expression_id == expression.id, LeftOut.person_id == person_id).exists()


def is_left_out(person_id: uuid.UUID, expression: Expression) -> bool:
    """The same, asked by itself."""
    return bool(db.session.scalar(select(left_out(person_id, expression))))


def left_out_of(expression: Expression) -> list[LeftOut]:
    """Those who are left out by their own declaration, in the order they declared it."""
    query = select(LeftOut).options(joinedload(LeftOut.person)).where(LeftOut.expression_id == expression.id)
    return list(db.session.scalars(query.order_by(LeftOut.declared_at, LeftOut.id)))


def declaration(expression: Expression, declaration_id: uuid.UUID) -> LeftOut | WithdrawnConflict | None:
    """A declaration about this very record, whether it holds or was taken back."""
    row = db.session.get(LeftOut, declaration_id) or db.session.get(WithdrawnConflict, declaration_id)
    return row if row is not None and row.expression_id == expression.id else None


def withdrawn_of(expression: Expression) -> list[WithdrawnConflict]:
    """Declarations that were taken back, the oldest first."""
    query = (
        select(WithdrawnConflict)
        .options(joinedload(WithdrawnConflict.person), joinedload(WithdrawnConflict.by))
        .where(WithdrawnConflict.expression_id == expression.id)
    )
    return list(db.session.scalars(query.order_by(WithdrawnConflict.withdrawn_at, WithdrawnConflict.id)))


def open_request(expression: Expression) -> OpinionRequest | None:
    """The request that still runs; there is at most one."""
    query = select(OpinionRequest).where(OpinionRequest.expression_id == expression.id, OpinionRequest.closed_at.is_(None))
    return db.session.scalar(query)


@dataclass(frozen=True)
class Said:
    """One co-lead of a request as the page shows them."""

    opinion: Opinion
    left_out: bool
    former: list[OpinionRecord]  # what they thought before, newest first


@dataclass(frozen=True)
class Asked:
    """A request with what came of it, as far as this viewer may read it."""

    request: OpinionRequest
    said: list[Said]
    may_read: bool

    @property
    def waiting(self) -> list[Said]:
        """Those who have not said anything, and could."""
        return [s for s in self.said if s.opinion.view is None and not s.left_out]


def asked_of(expression: Expression, viewer: Viewer, left_out: Collection[LeftOut]) -> list[Asked]:
    """All requests, newest first. Who may not read the opinions reads their own alone. Two statements."""
    query = (
        select(OpinionRequest)
        .options(joinedload(OpinionRequest.opinions).joinedload(Opinion.person))
        .where(OpinionRequest.expression_id == expression.id)
        .order_by(OpinionRequest.asked_at.desc(), OpinionRequest.id.desc())
    )
    out = {row.person_id for row in left_out}
    me = viewer.person.id if viewer.person is not None else None
    read: list[tuple[OpinionRequest, list[Opinion], bool]] = []
    for request in db.session.scalars(query).unique():
        may_read = viewer.in_office or (me not in out and may_see(viewer, request.visibility, None))
        mine = [o for o in request.opinions if may_read or (o.person_id == me and me not in out)]
        if may_read or mine:
            read.append((request, sorted(mine, key=lambda o: (o.person.sort_name, o.id)), may_read))
    former = _records([o for _request, opinions, _may_read in read for o in opinions])
    return [
        Asked(request, [Said(o, o.person_id in out, former[o.id][1:]) for o in opinions], may_read)
        for request, opinions, may_read in read
    ]


def _records(opinions: Collection[Opinion]) -> dict[uuid.UUID, list[OpinionRecord]]:
    found: dict[uuid.UUID, list[OpinionRecord]] = {o.id: [] for o in opinions}
    query = select(OpinionRecord).where(OpinionRecord.opinion_id.in_(found))
    for row in db.session.scalars(query.order_by(OpinionRecord.at.desc(), OpinionRecord.id.desc())) if found else ():
        found[row.opinion_id].append(row)
    return found


def opinion_of(person: Person, expression: Expression) -> Opinion | None:
    """What this person was asked last about it."""
    query = (
        select(Opinion)
        .join(Opinion.request)
        .options(contains_eager(Opinion.request))
        .where(Opinion.person_id == person.id, OpinionRequest.expression_id == expression.id)
        .order_by(OpinionRequest.asked_at.desc(), OpinionRequest.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def opinions_awaited(person: Person) -> list[Opinion]:
    """What a co-lead is still asked for, the soonest deadline first."""
    out = select(LeftOut.expression_id).where(LeftOut.person_id == person.id)
    query = (
        select(Opinion)
        .join(Opinion.request)
        .options(contains_eager(Opinion.request).joinedload(OpinionRequest.expression).joinedload(Expression.state))
        .where(
            Opinion.person_id == person.id,
            Opinion.view.is_(None),
            OpinionRequest.closed_at.is_(None),
            OpinionRequest.expression_id.not_in(out),
            Opinion.person_id.in_(_NOW_CO_LEADS),
        )
        .order_by(OpinionRequest.due_on, Opinion.id)
        .limit(50)
    )
    return list(db.session.scalars(query))


def silent_co_leads(since: date, until: date, after: uuid.UUID | None, most: int) -> list[Opinion]:
    """Who was asked until a day of this span and has not answered, could and still is a co-lead; by id, a batch at a time."""
    out = select(LeftOut.id).where(LeftOut.expression_id == OpinionRequest.expression_id, LeftOut.person_id == Opinion.person_id)
    query = (
        select(Opinion)
        .join(Opinion.request)
        .join(Opinion.person)
        .options(
            contains_eager(Opinion.request)
            .joinedload(OpinionRequest.expression)
            .options(joinedload(Expression.state), joinedload(Expression.call)),
            contains_eager(Opinion.person),
        )
        .where(
            Opinion.view.is_(None),
            OpinionRequest.closed_at.is_(None),
            OpinionRequest.due_on.between(since, until),
            Opinion.person_id.in_(_NOW_CO_LEADS),
            Person.active,
            ~out.exists(),
        )
        .order_by(Opinion.id)
        .limit(most)
    )
    if after is not None:
        query = query.where(Opinion.id > after)
    return list(db.session.scalars(query))


def weekends_of(people: Collection[uuid.UUID], today: date) -> Mapping[uuid.UUID, list[str]]:
    """The days off of these people's organisations; Saturday and Sunday where none are known."""
    query = (
        select(Membership.person_id, Organisation.weekend)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            Membership.person_id.in_(people),
            Membership.valid_from <= today,
            Membership.valid_to.is_(None) | (Membership.valid_to >= today),
        )
        .order_by(Membership.valid_from.desc(), Membership.id)
    )
    known: dict[uuid.UUID, list[str]] = {}
    for row in db.session.execute(query) if people else ():
        if row.weekend:
            known.setdefault(row.person_id, row.weekend)
    return {person: known.get(person, list(days.SATURDAY_AND_SUNDAY)) for person in people}


def last_moment(request: OpinionRequest, zones: Collection[str]) -> datetime:
    """When the last of those who were asked has no more time."""
    return max((days.end_of(request.due_on, zone) for zone in zones), default=days.end_of(request.due_on, "UTC"))


REACH = timedelta(days=21)
"""How far around a deadline reminders can lie, weekends and all."""
