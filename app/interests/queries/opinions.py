"""Who can be asked about an expression of interest, who is left out, and what a co-lead was asked."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Exists, Select, Uuid, bindparam, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.models import Membership, Organisation, Person, Role, RoleGrant
from app.core import days
from app.extensions import db
from app.interests.models import Expression
from app.interests.opinion_models import LeftOut, Opinion, OpinionRequest, WithdrawnConflict

_NOW_CO_LEADS = select(RoleGrant.person_id).where(RoleGrant.role == Role.CO_LEAD, RoleGrant.ended_at.is_(None))


HERE: Any = bindparam("here", type_=Uuid)


def _to_ask(expression_id: Any) -> Select[Person]:
    """Who can be asked: active co-leads who have not declared a conflict of interest over it, by name."""
    out = select(LeftOut.person_id).where(LeftOut.expression_id == expression_id)
    query = select(Person).where(Person.id.in_(_NOW_CO_LEADS), Person.active, Person.id.not_in(out))
    return query.order_by(Person.sort_name, Person.id)


CO_LEADS_TO_ASK = _to_ask(HERE)
"""The same as a part of a statement that is given the expression as ``here``."""


def co_leads(expression: Expression) -> list[Person]:
    """Who can be asked about it."""
    return list(db.session.scalars(_to_ask(expression.id)))


def left_out(person_id: Any, expression_id: Any) -> Exists:
    """Did this person declare a conflict of interest over it? As a part of a statement."""
    return select(LeftOut.id).where(LeftOut.expression_id == expression_id, LeftOut.person_id == person_id).exists()


def is_left_out(person_id: uuid.UUID, expression: Expression) -> bool:
    """The same, asked by itself."""
    return bool(db.session.scalar(select(left_out(person_id, expression.id))))


def declaration(expression: Expression, declaration_id: uuid.UUID) -> LeftOut | WithdrawnConflict | None:
    """A declaration about this very record, whether it holds or was taken back."""
    row = db.session.get(LeftOut, declaration_id) or db.session.get(WithdrawnConflict, declaration_id)
    return row if row is not None and row.expression_id == expression.id else None


def open_request(expression: Expression) -> OpinionRequest | None:
    """The request that still runs; there is at most one."""
    query = select(OpinionRequest).where(OpinionRequest.expression_id == expression.id, OpinionRequest.closed_at.is_(None))
    return db.session.scalar(query)


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
