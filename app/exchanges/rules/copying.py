"""An exchange is copied as a template: what it is about, who is invited to it, and its sessions as drafts on other dates.

Nothing is sent and no state comes along: no answers, seats, invitations, marks of what was sent, identity of calendar
entries or links to meetings. The copy is made by the rules that make any exchange and any session.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Person
from app.audit.rules import record
from app.core.db import Texts, uuid7
from app.core.errors import RuleBroken
from app.exchanges.models import Exchange, ExchangeGuest, PeerSession, SessionStatus
from app.exchanges.rules.planning import ExchangePlan, create_exchange, create_session
from app.exchanges.rules.walls import Wall, kept_of, plan_of, refuse_open, worked_out
from app.extensions import db
from app.texts.queries import source_of_row


@dataclass(frozen=True)
class CopyPlan:
    """What an organiser says about a copy. ``first_day``: the date of its first session; the others keep their distance."""

    themes: Texts
    source: str | None = None
    sessions: tuple[uuid.UUID, ...] = ()
    first_day: date | None = None
    guests: bool = True


def to_copy(exchange: Exchange) -> list[PeerSession]:
    """The sessions a copy can have: all but those that were cancelled, in order."""
    return [row for row in exchange.sessions if row.status is not SessionStatus.CANCELLED]


def walls_of_copy(rows: Sequence[PeerSession], first_day: date | None, answers: Mapping[str, str], now: datetime) -> list[Wall]:
    """Where each copied session lies: the same hour in its zone, as many days later as the first one."""
    if not rows:
        return []
    if first_day is None:
        raise RuleBroken(_l("Enter the date of the first session."), field="first_day")
    shift = first_day - rows[0].local_start.date()
    walls = []
    for row in rows:
        try:
            wall = row.local_start + shift
        except OverflowError:
            raise RuleBroken(_l("Enter a start within the next ten years."), field="first_day") from None
        walls.append(worked_out(str(row.id), wall, row.zone, answers.get(str(row.id)), may_leave_out=True))
    if any(wall.starts_at is not None and wall.starts_at <= now for wall in walls):
        raise RuleBroken(_l("Enter a date that is still to come."), field="first_day")
    return walls


def copy_exchange(exchange: Exchange, plan: CopyPlan, answers: Mapping[str, str], *, by: Person, now: datetime) -> Exchange:
    """A new exchange after the pattern of this one. Its sessions are drafts; nobody is invited and nothing is sent."""
    rows = [row for row in to_copy(exchange) if row.id in plan.sessions]
    walls = walls_of_copy(rows, plan.first_day, answers, now)
    refuse_open(walls)
    made = create_exchange(
        ExchangePlan(
            themes=plan.themes, purposes=exchange.purposes, grounds=tuple(exchange.grounds), languages=tuple(exchange.languages),
            host_ids=tuple(host.id for host in exchange.hosts), visibility=exchange.visibility, list_shown=exchange.list_shown,
            source=plan.source,
        ),
        by=by, now=now,
    )  # fmt: skip
    db.session.flush()
    kept = {wall.key: wall for wall in (kept_of(walls) if walls else ())}
    for row in rows:
        if str(row.id) in kept:
            _copy_session(row, kept[str(row.id)], made, by, now)
    guests = _copy_guests(exchange, made, by, now) if plan.guests else 0
    told: dict[str, tuple[Any, Any]] = {
        "copied_from": (None, exchange.themes),
        "sessions": (None, len(kept)),
        "guests": (None, guests),
    }
    record("exchange.copied", "exchange", made.id, by=by, now=now, changes=told)
    return made


def _copy_session(row: PeerSession, wall: Wall, into: Exchange, by: Person, now: datetime) -> None:
    """The words and the frame; a link to join, a number to dial belong to the meeting that was."""
    plan = replace(plan_of(row, wall), join_url="", dial_in="", test_url="", source=source_of_row(row))
    try:
        create_session(plan, by=by, now=now, exchange=into, status=SessionStatus.DRAFT)
    except RuleBroken as refused:
        if refused.field == "start_date":
            raise RuleBroken(refused.message, field="first_day") from None
        raise


def _copy_guests(exchange: Exchange, made: Exchange, by: Person, now: datetime) -> int:
    rows = db.session.scalars(
        select(ExchangeGuest).where(ExchangeGuest.exchange_id == exchange.id).order_by(ExchangeGuest.id)
    ).all()
    db.session.add_all(
        ExchangeGuest(
            id=uuid7(), exchange_id=made.id, organisation_id=one.organisation_id, person_id=one.person_id, capacity=one.capacity,
            added_at=now, added_by=by.id,
        )
        for one in rows
    )  # fmt: skip
    db.session.flush()
    return len(rows)
