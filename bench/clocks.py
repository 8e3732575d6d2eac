"""Other clock rules: ten thousand pairs of a session and a person held against them, those it touches found, settled and told."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from app.accounts.models import Person, Role
from app.core import clock, rulebook, zones
from app.exchanges import rules
from app.exchanges.models import ClockMove, Invitation, PeerSession
from app.extensions import db
from app.notifications.models import Message, State
from bench import rows
from bench.figures import Figure
from bench.house import House, analyze
from config import load

SESSIONS, PEOPLE = 20, 500
FORMER = Path(sys.prefix) / "former-tzdata" / "tzdata"
LIMIT, AGAIN = 5.0, 0.5


def measure(house: House) -> Iterator[Figure]:
    """An upgrade from the zone data of 2025, half of the sessions planned where they differ, and the check after it."""
    with house.app.app_context():
        pairs = _town()
        db.session.commit()
    analyze(load(house.env))
    with house.app.app_context():
        due = _due()
        took, done = _checked()
        yield Figure("clocks: pairs", pairs, "pairs", SESSIONS * PEOPLE, at_least=True)
        yield Figure("clocks: found, settled and told", took, "s", LIMIT)
        yield Figure("clocks: people it reaches", done.mails, "people")
        recorded = db.session.scalar(select(func.count()).select_from(ClockMove)) or 0
        yield Figure("clocks: people too many or missed", abs(due - recorded), "people", 0)
        took, done = _checked()
        yield Figure("clocks: the check after it", took, "s", AGAIN)
        yield Figure("clocks: mails of that", done.mails, "mails", 0)


def _checked() -> tuple[float, rules.Checked]:
    began = time.monotonic()
    done = rules.check_clocks(clock.now(), commit=db.session.commit)
    return time.monotonic() - began, done


def _former() -> rulebook.Book:
    names = (FORMER / "zones").read_text(encoding="ascii").split()
    return rulebook.Book("2025b", {name: (FORMER / "zoneinfo" / name).read_bytes() for name in names})


def _town() -> int:
    """Sessions and invitations as a process of the former release left them: planned, told, sent."""
    now, former = clock.now(), _former()
    db.session.add(
        rulebook.ClockRules(version="2025b", files=rulebook.pack(former.files), kept_at=now, seen_at=now - timedelta(days=1))
    )
    rows.people(PEOPLE, "guest", rows.clubs(20))
    everywhere = zones.selectable()
    guests = list(db.session.scalars(select(Person).where(Person.email.like("guest%")).order_by(Person.id)))
    for number, person in enumerate(guests):
        person.zone = everywhere[number % len(everywhere)]
    rows.person("Secretary", Role.SECRETARIAT)
    db.session.flush()
    for number in range(SESSIONS):
        zone = "Africa/Casablanca" if number % 2 else "Africa/Nairobi"
        row = rows.meeting(20 + number, capacity=PEOPLE)
        row.zone, row.local_start, row.tzdb_version = zone, row.local_start.replace(hour=10, minute=0), "2025b"
        row.starts_at = row.local_start.replace(tzinfo=former.zone(zone)).astimezone(UTC)
        rules.invite(row, [rules.Guest(person) for person in guests], by=None, now=now)
    waiting = update(Message).where(Message.state == State.QUEUED)
    claimed = waiting.values(state=State.SENDING, lease_token=Message.id, lease_until=now)
    db.session.execute(claimed)
    sent = update(Message).where(Message.state == State.SENDING)
    db.session.execute(sent.values(state=State.SENT, sent_at=now, clock_rules="2025b"))
    return db.session.scalar(select(func.count()).select_from(Invitation)) or 0


def _due() -> int:
    """How many pairs are touched, worked out pair by pair from the two releases."""
    former, found = _former(), 0
    query = select(PeerSession.local_start, PeerSession.zone, PeerSession.starts_at, Person.zone).select_from(Invitation)
    for wall, anchor, was_at, zone in db.session.execute(query.join(PeerSession).join(Person, Person.id == Invitation.person_id)):
        becomes_at: datetime = zones.to_instant(wall, anchor)
        before, after = former.wall(was_at, zone), zones.to_wall(becomes_at, zone).replace(tzinfo=None)
        found += becomes_at != was_at or before != after
    return found
