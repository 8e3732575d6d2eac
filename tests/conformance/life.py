"""A session's life, told by chance: what happens to it and to two people who are invited, and what leaves for them."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import joinedload

from app.core.errors import RuleBroken
from app.dashboards import rules as office
from app.exchanges import reminders, rules
from app.exchanges.models import Answer, Capacity, Invitation, PeerSession, Route, SessionStatus
from app.extensions import db
from app.notifications.models import Message, MessageFacts, State
from app.notifications.rendering import Job, entry
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import NOW, make_plan, make_session

_LEAVE = text("""
WITH away AS (
    UPDATE messages SET state = 'sending', lease_token = :token, lease_until = :now
    FROM peer_sessions s
    WHERE state = 'queued' AND due_at <= :now AND expires_at > :now AND s.id = messages.subject_id
      AND (subject_revision IS NULL OR (s.status = 'scheduled' AND s.schedule_version = subject_revision))
    RETURNING messages.id)
SELECT id FROM away
""")
_LEFT = text("UPDATE messages SET state = 'sent', sent_at = :now WHERE state = 'sending'")


@dataclass
class Said:
    """A calendar object that was written, and what the platform held to be true at that moment."""

    id: uuid.UUID
    person: uuid.UUID
    method: str
    uid: str
    sequence: int
    dtstamp: datetime
    truth: dict[str, object] | None


@dataclass
class Stage:
    """What all lives begin with: made once, and there again after each; two invitations are written."""

    row: PeerSession
    people: list[Any]
    by: Any
    said: list[Said] = field(default_factory=list)


@dataclass
class Life:
    """One history: every change is made by the platform's own rules."""

    stage: Stage
    now: datetime = NOW
    quiet: bool = False  # was anything changed without telling?
    said: list[Said] = field(init=False)
    left: list[uuid.UUID] = field(default_factory=list)
    moves: int = 0
    answered: int = 0

    def __post_init__(self) -> None:
        self.said = list(self.stage.said)

    @property
    def row(self) -> PeerSession:
        """The session as it stands."""
        return db.session.get_one(PeerSession, self.stage.row.id)

    def invitation(self, number: int) -> Invitation | None:
        """A person's invitation as it stands."""
        query = db.select(Invitation).where(
            Invitation.peer_session_id == self.row.id, Invitation.person_id == self.stage.people[number].id
        )
        return db.session.scalar(query.options(joinedload(Invitation.person)).execution_options(populate_existing=True))

    def do(self, step: tuple[str, ...]) -> None:
        """One thing happens; what the rules refuse does not. Then note what was written."""
        name, *rest = step
        with suppress(RuleBroken):
            getattr(self, name)(*rest)
        if name not in ("pass_time", "leave", "remind"):  # these write no calendar object
            self._note()

    def pass_time(self, seconds: int) -> None:
        """The clock goes on."""
        self.now += timedelta(seconds=seconds)

    def invite(self, number: int, copy: bool) -> None:
        """Somebody is invited, or gets a copy for information."""
        kind = Capacity.INFORMATION if copy else Capacity.PARTICIPANT
        rules.invite(self.row, [rules.Guest(self.stage.people[number], capacity=kind)], by=None, now=self.now)

    def answer(self, number: int, word: str) -> None:
        """Somebody answers."""
        found = self.invitation(number)
        if found is not None:
            rules.respond(found, answer=Answer(word), route=Route.PAGE, now=self.now)

    def move(self, tell: bool) -> None:
        """Another hour and length."""
        self.moves += 1
        self._change(tell, local_start=datetime(2026, 12, 8, 6, 0) + timedelta(minutes=self.moves), minutes=60 + self.moves)

    def word(self, tell: bool) -> None:
        """Another title."""
        self.moves += 1
        self._change(tell, titles={"en": f"Title {self.moves}"})

    def _change(self, tell: bool, **fields: Any) -> None:
        row = self.row
        same = {"titles": row.titles, "local_start": row.local_start, "minutes": row.minutes, "capacity": 1}
        rules.change(row, make_plan(**{**same, **fields}), version=row.version, tell=tell, by=self.stage.by, now=self.now)
        self.quiet = self.quiet or not tell

    def uninvite(self, number: int, tell: bool) -> None:
        """Somebody is no longer invited."""
        found = self.invitation(number)
        if found is not None:
            rules.uninvite(found, tell=tell, by=self.stage.by, now=self.now)
            self.quiet = self.quiet or not tell

    def cancel(self, tell: bool) -> None:
        """The session will not take place."""
        rules.cancel(self.row, reason="", tell=tell, version=self.row.version, by=self.stage.by, now=self.now)
        self.quiet = self.quiet or not tell

    def ask_again(self) -> None:
        """Who has not answered is asked once more."""
        rules.ask_again(self.row, by=self.stage.by, now=self.now)

    def send_again(self, number: int) -> None:
        """The secretariat sends a mail once more that left at some time."""
        mine = [s for s in self.said if s.id in self.left and s.person == self.stage.people[number].id]
        for one in mine[:1] + mine[-1:]:
            office.send_again(db.session.get_one(Message, one.id), by=self.stage.by, now=self.now)

    def remind(self) -> None:
        """The reminders' minute comes."""
        reminders.queue_due(self.now)

    def leave(self) -> None:
        """A sender takes what is due."""
        db.session.flush()
        self.left += db.session.scalars(_LEAVE, {"now": self.now, "token": uuid.uuid4()}).all()
        db.session.execute(_LEFT, {"now": self.now})

    def _note(self) -> None:
        db.session.flush()
        known = {s.id for s in self.said}
        found = db.session.execute(
            db.select(
                Message.id, Message.recipient_id, Message.ical_method, Message.ical_uid, Message.ical_sequence, Message.dtstamp
            )
            .where(Message.subject_id == self.stage.row.id, Message.ical_method.is_not(None))
            .order_by(Message.dtstamp)
        ).all()
        fresh = [r for r in found if r[0] not in known]
        if fresh:
            truth = self.truth()
            self.said += [Said(*r, truth=truth if r[2] == "REQUEST" else None) for r in fresh]

    def truth(self) -> dict[str, object]:
        """The session as the platform holds it."""
        row = self.row
        return {"start": _iso(row.starts_at), "end": _iso(row.ends_at), "summary": row.titles["en"]}

    def finish(self) -> None:
        """Let what waits leave."""
        self.now += timedelta(minutes=5)
        self.leave()

    def stands(self, number: int) -> bool:
        """Should the session be in this person's calendar?"""
        found = self.invitation(number)
        return found is not None and found.uninvited_at is None and self.row.status is SessionStatus.SCHEDULED


def stage() -> Stage:
    """A session with one seat, and two people whose invitations have not left yet."""
    made = Stage(make_session(capacity=1), [make_person(of=make_state(zone="Africa/Nairobi")) for _ in range(2)], make_person())
    first = Life(made)
    for number in range(2):
        first.do(("invite", number, False))
    made.said = first.said
    return made


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def objects_of(life: Life, common: dict[uuid.UUID, dict[str, Any]]) -> dict[uuid.UUID, tuple[Message, bytes]]:
    """The calendar objects that left, as they were in the mails; shared facts are read once."""
    rows = db.session.scalars(db.select(Message).where(Message.id.in_(life.left), Message.ical_method.is_not(None))).all()
    missing = {r.common_id for r in rows} - set(common)
    for one, facts in db.session.execute(db.select(MessageFacts.id, MessageFacts.facts).where(MessageFacts.id.in_(missing))):
        common[one] = facts
    return {row.id: (row, entry(job_with(row, common[row.common_id]))) for row in rows}


def job_with(row: Message, common: dict[str, Any]) -> Job:
    """What rendering needs, without another question to the database."""
    return Job(
        id=row.id, kind=row.kind, address=row.address, locale=row.locale, zone=row.zone, recipient_name=row.recipient_name,
        salutation=row.salutation, facts=row.facts, common_id=row.common_id, common=common, created_at=row.created_at,
        ical_method=row.ical_method, ical_uid=row.ical_uid, ical_sequence=row.ical_sequence, dtstamp=row.dtstamp,
    )  # fmt: skip


def late_mails(life: Life, after: datetime) -> list[tuple[str, State]]:
    """Mails about the session that are not cancellations and left at or after a moment, or still wait."""
    rows = db.session.execute(
        db.select(Message.kind, Message.state).where(
            Message.subject_id == life.stage.row.id,
            Message.kind.not_in(("session-cancel", "session-uninvite")),
            db.or_(Message.state == State.QUEUED, db.and_(Message.state == State.SENT, Message.sent_at >= after)),
        )
    ).all()
    return [(r[0], r[1]) for r in rows]
