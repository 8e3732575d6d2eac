"""Sessions and invitations for tests, made by the room's own rules."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm.attributes import flag_modified

from app.accounts.models import Organisation, Person
from app.exchanges import rules
from app.exchanges.models import Invitation, PeerSession, SessionStatus
from app.extensions import db
from app.notifications.models import Message, State
from tests.factories.accounts import make_person, make_state

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def make_plan(**fields: Any) -> rules.Plan:
    """A session of ninety minutes on 7 December 2026, 16:00 in Nairobi, with thirty seats."""
    fields.setdefault("titles", {"en": "Family reunification when papers are missing", "fr": "Le regroupement familial"})
    fields.setdefault("purposes", {"en": "Colleagues explain how they decide."})
    fields.setdefault("local_start", datetime(2026, 12, 7, 16, 0))
    fields.setdefault("zone", "Africa/Nairobi")
    fields.setdefault("minutes", 90)
    fields.setdefault("capacity", 30)
    fields.setdefault("join_url", "https://meet.example/abc")
    fields.setdefault("dial_in", "+254 20 000 0000, 1234#")
    fields.setdefault("test_url", "https://meet.example/test")
    return rules.Plan(**fields)


def make_session(
    *, by: Person | None = None, now: datetime = NOW, status: SessionStatus = SessionStatus.SCHEDULED,
    may_be_past: bool = False, hosts: tuple[Organisation, ...] = (), **fields: Any,
) -> PeerSession:  # fmt: skip
    """A scheduled session with its own exchange."""
    row = rules.create_session(
        make_plan(**fields), by=by, now=now, status=status, may_be_past=may_be_past, host_ids=[h.id for h in hosts]
    )
    mean_the_day(row)
    return row


def mean_the_day(row: PeerSession) -> None:
    """Whatever day of the week it is, somebody wanted it so: most tests are about other things."""
    row.day_off_seen, row.updated_at = {"schedule_version": row.schedule_version, "starts_at": row.starts_at.isoformat()}, row.updated_at
    flag_modified(row, "updated_at")  # it is no change of the session
    db.session.flush()
def make_series(**fields: Any) -> rules.SeriesPlan:
    """Four Tuesdays of spring 2027 at 14:00 in Berlin."""
    session = {
        name: fields.pop(name) for name in ("zone", "minutes", "titles", "capacity", "grounds", "invite_accepted") if name in fields
    }
    hour = fields.pop("hour", (14, 0))
    fields.setdefault("count", 4)
    fields.setdefault("weekdays", frozenset({1}))
    fields.setdefault("first_day", date(2027, 3, 1))
    fields.setdefault("last_day", date(2027, 4, 30))
    session.setdefault("zone", "Europe/Berlin")
    start = datetime(fields["first_day"].year, fields["first_day"].month, fields["first_day"].day, *hour)
    return rules.SeriesPlan(session=make_plan(local_start=start, **session), **fields)


def make_invitation(
    peer_session: PeerSession, person: Person | None = None, *, organisation: Organisation | None = None,
    now: datetime = NOW, **guest: Any,
) -> Invitation:  # fmt: skip
    """An invitation of this person, or of somebody new from a new State."""
    person = person or make_person(of=organisation or make_state())
    rules.invite(peer_session, [rules.Guest(person, organisation, **guest)], by=None, now=now)
    return invitation_of(peer_session, person)


def invitation_of(peer_session: PeerSession, person: Person) -> Invitation:
    """The person's invitation as it stands."""
    return db.session.scalars(
        select(Invitation)
        .where(Invitation.peer_session_id == peer_session.id, Invitation.person_id == person.id)
        .execution_options(populate_existing=True)
    ).one()


def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)


def mark_sent(now: datetime = NOW) -> int:
    """Let everything that is queued and due have left, as a sender would."""
    claim = update(Message).where(Message.state == State.QUEUED, Message.due_at <= now)
    claimed = db.session.execute(claim.values(state=State.SENDING, lease_token=uuid.uuid4(), lease_until=now)).rowcount
    db.session.execute(update(Message).where(Message.state == State.SENDING).values(state=State.SENT, sent_at=now))
    return int(claimed)
