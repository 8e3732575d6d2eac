"""One session held twice: a second hour with a calendar entry of its own, the same words and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l

from app.accounts.models import Person
from app.audit.rules import record
from app.core import zones
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.exchanges.messages.facts import instant
from app.exchanges.models import Audience, PeerSession, ReminderRule, SessionStatus
from app.exchanges.queries import places
from app.exchanges.rules.changing import Changed, change, tell_anew
from app.exchanges.rules.identity import lock
from app.exchanges.rules.planning import Plan, check
from app.extensions import db

SHARED = ("titles", "purposes", "agendas", "languages", "visibility", "source")
"""What both sittings say; hours, seats, links and reminders are each one's own."""


def plan_of(row: PeerSession) -> Plan:
    """A session as its plan."""
    return Plan(
        titles=row.titles, purposes=row.purposes, agendas=row.agendas, local_start=row.local_start, zone=row.zone,
        fold=row.fold, keeps_instant=row.keeps_instant, minutes=row.minutes, capacity=row.capacity,
        languages=tuple(row.languages), join_url=row.join_url, dial_in=row.dial_in, test_url=row.test_url,
        visibility=row.visibility, grounds=tuple(row.grounds), invite_accepted=row.invite_accepted,
        reminders=tuple((r.minutes_before, Audience(r.audience)) for r in row.reminder_rules),
    )  # fmt: skip


@dataclass(frozen=True)
class Hour:
    """When and where the second sitting is held."""

    local_start: datetime
    zone: str
    capacity: int
    fold: int | None = None
    join_url: str = ""
    dial_in: str = ""
    test_url: str = ""


def add_sitting(peer_session: PeerSession, hour: Hour, *, tell: bool, by: Person, now: datetime) -> PeerSession:
    """Hold a session a second time: the same words and rules, another hour, a calendar entry of its own.

    Those who are invited are invited to both: who was written to already hears of the second hour, if so chosen.
    """
    row = lock(peer_session.id)
    if row.twice:
        raise RuleBroken(_l("This session has two sittings already."))
    if row.status is SessionStatus.CANCELLED or row.is_over(now):
        raise RuleBroken(_l("This session is over or cancelled. It cannot have a second sitting."))
    own = {name: getattr(hour, name) for name in ("local_start", "zone", "capacity", "fold", "join_url", "dial_in", "test_url")}
    plan = replace(plan_of(row), **own, invite_accepted=False)  # accepted expressions are invited once, to the first
    columns = plan.columns()
    check(plan, columns["starts_at"], now)
    if row.starts_at < columns["starts_at"] + timedelta(minutes=row.minutes) and columns["starts_at"] < row.ends_at:
        raise RuleBroken(_l("Enter an hour at which the first sitting is not being held."), field="start_date")
    row.twice = True
    row.updated_at = now
    second_id = uuid7()
    second = PeerSession(
        id=second_id, uid=f"session-{second_id}@{settings().mail_domain}", exchange_id=row.exchange_id, status=row.status,
        tzdb_version=zones.iana_version(), scheduled_at=now, illustrative=row.illustrative, created_at=now, updated_at=now,
        reminder_rules=[ReminderRule(minutes_before=r.minutes_before, audience=r.audience) for r in row.reminder_rules],
        sitting_of=row.id, twice=True, **columns,
    )  # fmt: skip
    db.session.add(second)
    db.session.flush()
    record(
        "session.second_sitting", "session", row.id, by=by, now=now,
        changes={"starts_at": (None, columns["starts_at"])}, note="told" if tell else "untold",
    )  # fmt: skip
    record("session.created", "session", second.id, by=by, now=now, changes={k: (None, v) for k, v in columns.items()})
    if row.is_open:
        row.revision += 1
        former = {"former_starts_at": instant(row.starts_at), "former_minutes": row.minutes}
        tell_anew(row, tell=tell, moved=False, changed=["sitting"], former=former, now=now)
    return second


def keep_same(peer_session: PeerSession, plan: Plan, *, tell: bool, by: Person, now: datetime) -> Sequence[Changed]:
    """The other sitting says what this one was changed to say; its people are told alike. Hours and seats are its own."""
    done = []
    for other in places.sittings_of(peer_session):
        if other.id == peer_session.id or other.status is SessionStatus.CANCELLED or (other.is_open and other.is_over(now)):
            continue
        row = lock(other.id)
        shared = {name: getattr(plan, name) for name in SHARED}
        done.append(change(row, replace(plan_of(row), **shared), version=row.version, tell=tell, by=by, now=now))
    return done
