"""Exchanges and sessions come into being: themes, hosts, a wall time in a zone, seats, reminder rules."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified

from app.accounts.models import Organisation, Person
from app.audit.queries import saved_since
from app.audit.rules import differences, record
from app.core import zones
from app.core.db import Texts, uuid7
from app.core.errors import Conflict, RuleBroken
from app.core.signing import settings
from app.exchanges.models import Audience, Exchange, ListShown, PeerSession, ReminderRule, SessionStatus, Visibility
from app.exchanges.rules.identity import lock
from app.exchanges.words import FIELDS
from app.extensions import db
from app.texts import rules as texts

DAY = 24 * 60
USUAL_REMINDERS: tuple[tuple[int, Audience], ...] = (
    (7 * DAY, Audience.SEAT_HOLDERS),
    (DAY, Audience.SEAT_HOLDERS),
    (60, Audience.SEAT_HOLDERS),
    (5 * DAY, Audience.NOT_ANSWERED),
)
"""Seven days, one day and one hour before to all who hold a seat; one nudge five days before to those who have not answered."""


class ClockFold(RuleBroken):
    """The wall time happens twice that day; ``first`` and ``second`` are the two instants to choose from."""

    def __init__(self, first: datetime, second: datetime) -> None:
        super().__init__(_l("Clocks go back that day, so this time happens twice. Choose which of the two you mean."), field="fold")
        self.first = first
        self.second = second


@dataclass(frozen=True)
class Plan:
    """What an organiser says about a session."""

    titles: Texts
    local_start: datetime
    zone: str
    minutes: int
    capacity: int
    purposes: Texts = field(default_factory=dict)
    agendas: Texts = field(default_factory=dict)
    fold: int | None = None
    keeps_instant: bool = False  # when clock rules of the zone change: the moment, not what clocks show
    languages: tuple[str, ...] = ()
    join_url: str = ""
    dial_in: str = ""
    test_url: str = ""
    visibility: Visibility = Visibility.PUBLIC
    grounds: tuple[str, ...] = ()
    invite_accepted: bool = False
    reminders: tuple[tuple[int, Audience], ...] = USUAL_REMINDERS
    source: str | None = None  # the language its texts were written in first; None where nobody says

    def columns(self) -> dict[str, Any]:
        """The plan as columns of a session; the instant is worked out here, so gaps and folds are refused."""
        starts_at = instant_of(self)
        twice = self.fold is not None and _happens_twice(self.local_start, self.zone)
        return {
            "titles": self.titles,
            "purposes": self.purposes,
            "agendas": self.agendas,
            "local_start": self.local_start,
            "zone": self.zone,
            "fold": self.fold if twice else 0,
            "starts_at": starts_at,
            "keeps_instant": self.keeps_instant,
            "minutes": self.minutes,
            "capacity": self.capacity,
            "languages": list(self.languages),
            "join_url": self.join_url,
            "dial_in": self.dial_in,
            "test_url": self.test_url,
            "visibility": self.visibility,
            "grounds": sorted(self.grounds),
            "invite_accepted": self.invite_accepted,
        }


def _happens_twice(wall: datetime, zone: str) -> bool:
    try:
        zones.to_instant(wall, zone)
    except zones.Fold:
        return True
    return False


def instant_of(plan: Plan) -> datetime:
    """The instant a plan starts at; a wall time that never happens is refused with the next one that does."""
    try:
        return zones.to_instant(plan.local_start, plan.zone, plan.fold)
    except zones.UnknownZone:
        raise RuleBroken(_l("Choose a time zone from the list."), field="zone") from None
    except zones.Gap as gap:
        raise RuleBroken(
            _l(
                "Clocks go forward that day, so %(asked)s does not happen. The next time that does is %(next)s.",
                asked=plan.local_start.strftime("%H:%M"),
                next=gap.next_valid.strftime("%H:%M"),
            ),
            field="start_time",
        ) from None
    except zones.Fold as fold:
        raise ClockFold(fold.first, fold.second) from None


@dataclass(frozen=True)
class ExchangePlan:
    """What an organiser says about an exchange."""

    themes: Texts
    purposes: Texts = field(default_factory=dict)
    grounds: tuple[str, ...] = ()
    host_ids: tuple[uuid.UUID, ...] = ()
    visibility: Visibility = Visibility.PUBLIC
    source: str | None = None
    languages: tuple[str, ...] = ()
    list_shown: ListShown = ListShown.HOSTS


def create_exchange(plan: ExchangePlan, *, by: Person | None, now: datetime, illustrative: bool = False) -> Exchange:
    """A new exchange: its theme, purpose and hosts."""
    if not plan.themes:
        raise RuleBroken(_l("Enter the theme in at least one language."), field="themes")
    exchange = Exchange(
        id=uuid7(),
        themes=plan.themes,
        purposes=plan.purposes,
        grounds=sorted(plan.grounds),
        languages=list(plan.languages),
        visibility=plan.visibility,
        list_shown=plan.list_shown,
        illustrative=illustrative,
        hosts=_hosts(plan.host_ids),
        created_at=now,
        updated_at=now,
    )
    db.session.add(exchange)
    record("exchange.created", "exchange", exchange.id, by=by, now=now, changes={"themes": (None, plan.themes)})
    texts.saved(exchange, former=None, source=plan.source, by=by, now=now)
    return exchange


def edit_exchange(exchange: Exchange, plan: ExchangePlan, *, version: int, by: Person, now: datetime) -> bool:
    """Change theme, purpose, hosts; answers whether anything did."""
    exchange = db.session.scalars(
        select(Exchange).where(Exchange.id == exchange.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if not plan.themes:
        raise RuleBroken(_l("Enter the theme in at least one language."), field="themes")
    columns = {
        "themes": plan.themes, "purposes": plan.purposes, "grounds": sorted(plan.grounds), "visibility": plan.visibility,
        "hosts": _hosts(plan.host_ids), "languages": list(plan.languages), "list_shown": plan.list_shown,
    }  # fmt: skip
    changes = differences(exchange, columns)
    former = {"themes": exchange.themes, "purposes": exchange.purposes}
    if not changes:  # nothing to choose between, whatever happened meanwhile
        texts.saved(exchange, former=former, source=plan.source, by=by, now=now)
        return False
    if version != exchange.version:
        raise conflict("exchange", exchange, version, changes)
    for name, value in columns.items():
        setattr(exchange, name, value)
    exchange.updated_at = now
    flag_modified(exchange, "updated_at")  # hosts alone are a change too: the next editor's version is an old one
    if not exchange.made_for_session or "themes" in changes:
        exchange.made_for_session = False  # somebody named it: it stands by itself now
    told = {**changes}
    if "hosts" in told:
        told["hosts"] = ([str(h.id) for h in changes["hosts"][0]], [str(h.id) for h in changes["hosts"][1]])
    record("exchange.changed", "exchange", exchange.id, by=by, now=now, changes=told)
    texts.saved(exchange, former=former, source=plan.source, by=by, now=now)
    return True


def conflict(kind: str, row: Exchange | PeerSession, version: int, changes: dict[str, tuple[Any, Any]]) -> Conflict:
    """Somebody saved meanwhile: who and when, what stands there now, and what you typed."""
    return Conflict(
        _l("Somebody else changed this while you were editing. Nothing of yours was saved yet."),
        [(FIELDS.get(name, name), theirs, yours) for name, (theirs, yours) in changes.items() if name != "starts_at"],
        saved_since(kind, row.id, row.version - version),
    )


def _hosts(ids: Sequence[uuid.UUID]) -> list[Organisation]:
    if not ids:
        return []
    in_order = (Organisation.code, Organisation.sort_name, Organisation.id)  # the order in which the exchange has them
    return list(db.session.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(*in_order)))


def create_session(
    plan: Plan,
    *,
    by: Person | None,
    now: datetime,
    exchange: Exchange | None = None,
    host_ids: Sequence[uuid.UUID] = (),
    status: SessionStatus = SessionStatus.SCHEDULED,
    submission_key: str | None = None,
    illustrative: bool = False,
    may_be_past: bool = False,
) -> PeerSession:
    """A new session. Without an exchange it makes its own; the same form sent twice makes one session."""
    before = _made_by(submission_key)
    if before is not None:
        return before
    columns = plan.columns()
    check(plan, columns["starts_at"], now, may_be_past=may_be_past)
    try:
        with db.session.begin_nested():
            if exchange is None:
                exchange = create_exchange(
                    ExchangePlan(plan.titles, plan.purposes, plan.grounds, tuple(host_ids), plan.visibility, plan.source),
                    by=by, now=now, illustrative=illustrative,
                )  # fmt: skip
                exchange.made_for_session = True
                db.session.flush()
            row_id = uuid7()
            row = PeerSession(
                id=row_id,
                uid=f"session-{row_id}@{settings().mail_domain}",
                exchange_id=exchange.id,
                status=status,
                tzdb_version=zones.iana_version(),
                scheduled_at=now,
                submission_key=submission_key,
                illustrative=illustrative,
                created_at=now,
                updated_at=now,
                reminder_rules=[ReminderRule(minutes_before=m, audience=a) for m, a in dict.fromkeys(plan.reminders)],
                **columns,
            )
            db.session.add(row)
            db.session.flush()
    except IntegrityError:  # the same form was being saved by another request
        before = _made_by(submission_key)
        if before is None:
            raise
        return before
    record("session.created", "session", row.id, by=by, now=now, changes={k: (None, v) for k, v in columns.items()})
    texts.saved(row, former=None, source=plan.source, by=by, now=now)
    return row


def _made_by(submission_key: str | None) -> PeerSession | None:
    if submission_key is None:
        return None
    return db.session.scalar(select(PeerSession).where(PeerSession.submission_key == submission_key))


def check(plan: Plan, starts_at: datetime, now: datetime, *, may_be_past: bool = False) -> None:
    """What must be true of every plan."""
    if not plan.titles:
        raise RuleBroken(_l("Enter the title in at least one language."), field="titles")
    if not 5 <= plan.minutes <= DAY:
        raise RuleBroken(_l("Enter a length between 5 and 1440 minutes."), field="minutes")
    if not 1 <= plan.capacity <= 100_000:
        raise RuleBroken(_l("Enter a number of seats between 1 and 100 000."), field="capacity")
    if starts_at <= now and not may_be_past:
        raise RuleBroken(_l("Enter a start that is still to come."), field="start_date")
    if starts_at > now + timedelta(days=3653):
        raise RuleBroken(_l("Enter a start within the next ten years."), field="start_date")
    if plan.invite_accepted and not plan.grounds:
        raise RuleBroken(_l("Choose the grounds whose accepted expressions of interest are invited."), field="grounds")
    if any(not 5 <= minutes <= 90 * DAY for minutes, _audience in plan.reminders):
        raise RuleBroken(_l("Enter reminders between 5 minutes and 90 days before the start."), field="reminders")


def schedule(peer_session: PeerSession, *, by: Person, now: datetime) -> PeerSession:
    """A draft becomes a session that people see and are invited to."""
    row = lock(peer_session.id)
    if row.status is SessionStatus.CANCELLED:
        raise RuleBroken(_l("This session was cancelled. Plan a new one."))
    if row.status is SessionStatus.SCHEDULED:
        return row
    if row.starts_at <= now:
        raise RuleBroken(_l("Enter a start that is still to come."), field="start_date")
    row.status = SessionStatus.SCHEDULED
    row.scheduled_at = row.updated_at = now
    record(
        "session.scheduled", "session", row.id, by=by, now=now,
        changes={"status": (SessionStatus.DRAFT, SessionStatus.SCHEDULED)},
    )  # fmt: skip
    return row
