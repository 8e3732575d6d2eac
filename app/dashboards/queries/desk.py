"""What the secretariat's desk shows: what waits for a person, what comes up, and how much of each. Three statements."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from app.accounts.models import Designation, Organisation, Person
from app.core.db import Json, Texts
from app.core.signing import settings
from app.core.zones import to_wall
from app.dashboards.queries import MOST, bounded
from app.exchanges.models import (
    Asked,
    Capacity,
    ClockChange,
    Invitation,
    PeerSession,
    PlaceRequest,
    Poll,
    PollAsked,
    Seat,
    SessionStatus,
)
from app.extensions import db
from app.interests.models import Expression, Status
from app.letters.models import Letter
from app.letters.models import Status as Kept
from app.notifications.models import InboundMail, Message, State, Verdict
from app.pilots import deadlines
from app.pilots.models import Milestone, Pilot
from app.texts.models import TextGap
from app.texts.states import State as Gap
from app.wordings.models import TemplateReview

LOOK_BACK = timedelta(days=14)
"""Failed mail older than this is history: nobody will act on it today."""
MOST_TEMPLATES = 1000
"""Templates and languages are few: they are counted to the end."""
LOOK_AHEAD = timedelta(days=14)
TROUBLE = (State.FAILED, State.BOUNCED, State.UNKNOWN, State.EXPIRED)
OPEN = (Status.SUBMITTED, Status.UNDER_REVIEW, Status.CLARIFICATION_ASKED)


@dataclass(frozen=True)
class Counts:
    """How much waits, each bounded."""

    to_review: int
    waiting: int  # every expression of interest without a decision
    replies: int
    failed: int
    designations: int
    unanswered: int
    overdue: int  # milestones of pilots
    letters: int  # whose answer is overdue
    oldest: datetime | None  # when the oldest expression without a decision was submitted
    out_of_date: int = 0  # texts whose source changed since
    untranslated: int = 0
    unreviewed: int = 0
    unread: int = 0  # templates that nobody has read as they are
    hours: int = 0  # sessions whose hour somebody has to decide about, since clock rules changed
    polls: int = 0  # date polls to close: everybody answered, or the deadline has passed
    places: int = 0  # people who ask for one


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for a person: an expression to review, an unclear answer, a failed mail, a designation."""

    kind: str
    id: uuid.UUID
    at: datetime
    facts: Json


@dataclass(frozen=True)
class Coming:
    """A session of the next two weeks with its seats and those who have not answered."""

    id: uuid.UUID
    titles: Texts
    starts_at: datetime
    minutes: int
    capacity: int
    held: int
    unanswered: int


# The statements are put together once: a page only gives them their values.
NOW: BindParameter[datetime] = bindparam("now")
_SINCE: BindParameter[datetime] = bindparam("since")
_UNTIL: BindParameter[datetime] = bindparam("until")
MOST_LINES: BindParameter[int] = bindparam("most")

_WITHOUT_ANSWER = (
    Invitation.answer.is_(None),
    Invitation.uninvited_at.is_(None),
    Invitation.capacity != Capacity.INFORMATION,
)
_SOON = (PeerSession.status == SessionStatus.SCHEDULED, PeerSession.starts_at.between(NOW, _UNTIL))
_TO_VERIFY = (Designation.verified_at.is_(None), Designation.refused_at.is_(None))


def _failed() -> Select[Any]:
    """Mails of the last two weeks that did not arrive and were not sent again, newest first.

    Only the newest of each state are looked at, each by its index: a year of failures costs what a day does.
    """
    by_state = [
        select(Message.id, Message.created_at).where(Message.state == state).order_by(Message.id.desc()).limit(MOST)
        for state in TROUBLE
    ]
    newest = union_all(*(select(few.subquery()) for few in by_state)).subquery()
    again = aliased(Message)
    sent_again = select(again.id).where(again.resend_of == newest.c.id).exists()
    return select(newest.c.id).where(newest.c.created_at > _SINCE, ~sent_again).order_by(newest.c.id.desc())


_OVERDUE = (
    select(Milestone.id)
    .join(Pilot, Pilot.id == Milestone.pilot_id)
    .join(Organisation, Organisation.id == Pilot.state_id)
    .where(deadlines.overdue_in_sql())
    .order_by(Milestone.due_on, Milestone.id)
)
_LATE = (
    select(Letter.id)
    .where(
        Letter.answer_due < bindparam("office_day", type_=Date), Letter.answered_on.is_(None), Letter.answer_due.is_not(None),
        Letter.status.in_((Kept.ISSUED, Kept.RECEIVED)),
    )
    .order_by(Letter.answer_due, Letter.id)
)  # fmt: skip
_UNANSWERED = select(Invitation.id).join(PeerSession, Invitation.peer_session_id == PeerSession.id).where(*_SOON, *_WITHOUT_ANSWER)

_ASKED = select(PollAsked.id).where(PollAsked.poll_id == Poll.id, PollAsked.withdrawn_at.is_(None)).correlate(Poll)
_SILENT = _ASKED.where(PollAsked.answered_at.is_(None)).exists()
_POLLS = (
    select(Poll.id)
    .where(Poll.closed_at.is_(None), _ASKED.exists(), or_(Poll.deadline_at <= NOW, ~_SILENT))
    .order_by(Poll.deadline_at, Poll.id)
)


def _gaps(*states: Gap) -> Select[Any]:
    """Texts of what somebody will still read that stand so."""
    return select(TextGap.kind).where(TextGap.state.in_([state.value for state in states]), TextGap.until > NOW)


_ASKING = (PlaceRequest.state == Asked.WAITING, PeerSession.starts_at > NOW)
_UNREAD = select(TemplateReview.sort).where(TemplateReview.reviewed_digest.is_distinct_from(TemplateReview.digest))
_COUNTS = select(
    bounded(select(Expression.id).where(Expression.status == Status.SUBMITTED)),
    bounded(select(Expression.id).where(Expression.status.in_(OPEN))),
    bounded(select(InboundMail.id).where(InboundMail.verdict == Verdict.UNCLEAR)),
    bounded(_failed()),
    bounded(select(Designation.id).where(*_TO_VERIFY)),
    bounded(_UNANSWERED),
    bounded(_OVERDUE),
    bounded(_LATE),
    select(func.min(Expression.submitted_at)).where(Expression.status.in_(OPEN)).scalar_subquery(),
    bounded(_gaps(Gap.OUT_OF_DATE)),
    bounded(_gaps(Gap.MISSING, Gap.PARTIAL)),
    bounded(_gaps(Gap.DRAFT)),
    bounded(_UNREAD, MOST_TEMPLATES),
    bounded(select(ClockChange.id).where(ClockChange.decision.is_(None))),
    bounded(_POLLS),
    bounded(select(PlaceRequest.id).join(PlaceRequest.peer_session).where(*_ASKING)),
)


def _line(what: str, id_: Any, at: Any, **facts: Any) -> Select[Any]:
    """One kind of work as a part of the union."""
    pairs = [piece for name, value in facts.items() for piece in (literal(name, Text), value)]
    built = func.jsonb_build_object(*pairs, type_=JSONB)
    return select(literal(what, Text).label("kind"), id_.label("id"), at.label("at"), built.label("facts"))


def _replies() -> Select[Any]:
    mail = InboundMail
    return (
        _line(
            "reply", mail.id, mail.received_at,
            sender=func.coalesce(func.nullif(mail.sender_name, ""), mail.sender), subject=mail.subject, reason=mail.reason,
        )
        .where(mail.verdict == Verdict.UNCLEAR)
        .order_by(mail.received_at, mail.id)
        .limit(MOST_LINES)
    )  # fmt: skip


def _failures() -> Select[Any]:
    newest = _failed().limit(MOST_LINES).subquery()
    return (
        _line(
            "mail", Message.id, Message.created_at,
            to=func.coalesce(func.nullif(Message.recipient_name, ""), Message.address), kind=Message.kind,
            error_class=Message.error_class, state=cast(Message.state, Text), told=Message.last_error,
        )
        .join(newest, newest.c.id == Message.id)
        .order_by(Message.id.desc())
    )  # fmt: skip


def _reviews() -> Select[Any]:
    row = Expression
    return (
        _line(
            "review", row.id, row.submitted_at,
            reference=row.reference, organisation=row.organisation_name, states=Organisation.names, grounds=row.grounds,
            confirmed=row.email_confirmed_at.is_not(None),
        )
        .outerjoin(Organisation, Organisation.id == row.state_id)
        .where(row.status == Status.SUBMITTED)
        .order_by(row.submitted_at, row.id)
        .limit(MOST_LINES)
    )  # fmt: skip


def _verifications() -> Select[Any]:
    first = select(Designation.id).where(*_TO_VERIFY).order_by(Designation.created_at, Designation.id).limit(MOST_LINES).subquery()
    return (
        _line(
            "designation", Designation.id, Designation.created_at,
            person=func.concat_ws(" ", Person.given_name, Person.family_name), states=Organisation.names,
            letter_date=func.to_char(Designation.letter_date, "YYYY-MM-DD"),
        )
        .join(first, first.c.id == Designation.id)
        .join(Person, Person.id == Designation.person_id)
        .join(Organisation, Organisation.id == Designation.state_id)
        .order_by(Designation.created_at, Designation.id)
    )  # fmt: skip


def _overdue() -> Select[Any]:
    late = _OVERDUE.limit(MOST_LINES).subquery()
    return (
        _line(
            "milestone", Milestone.id, func.timezone("UTC", cast(Milestone.due_on, DateTime(timezone=False))),
            titles=Milestone.titles, pilot=cast(Pilot.id, Text), code=Pilot.code, states=Organisation.names,
        )
        .join(late, late.c.id == Milestone.id)
        .join(Pilot, Pilot.id == Milestone.pilot_id)
        .join(Organisation, Organisation.id == Pilot.state_id)
        .order_by(Milestone.due_on, Milestone.id)
    )  # fmt: skip


def _letters() -> Select[Any]:
    late = _LATE.limit(MOST_LINES).subquery()
    return (
        _line(
            "letter", Letter.id, func.timezone("UTC", cast(Letter.answer_due, DateTime(timezone=False))),
            number=Letter.number, subject=Letter.subject, direction=cast(Letter.direction, Text),
            states=Organisation.names, correspondent=Letter.correspondent,
        )
        .join(late, late.c.id == Letter.id)
        .outerjoin(Organisation, Organisation.id == Letter.state_id)
        .order_by(Letter.answer_due, Letter.id)
    )  # fmt: skip


def _hours() -> Select[Any]:
    """Sessions whose hour is to be decided about: the soonest first, and before everything else."""
    return (
        _line("hours", ClockChange.id, PeerSession.starts_at, titles=PeerSession.titles, cause=cast(ClockChange.cause, Text))
        .join(PeerSession, PeerSession.id == ClockChange.peer_session_id)
        .where(ClockChange.decision.is_(None))
        .order_by(PeerSession.starts_at, ClockChange.id)
        .limit(MOST_LINES)
    )


def _polls() -> Select[Any]:
    """Date polls that wait for somebody to close them."""
    first = _POLLS.limit(MOST_LINES).subquery()
    return (
        _line("poll", Poll.id, Poll.deadline_at, titles=Poll.titles, complete=~_SILENT)
        .join(first, first.c.id == Poll.id)
        .order_by(Poll.deadline_at, Poll.id)
    )


def _places() -> Select[Any]:
    """Who asks for a place in a session to come, the first first."""
    return (
        _line(
            "place", PlaceRequest.id, PlaceRequest.confirmed_at, session=cast(PlaceRequest.peer_session_id, Text),
            person=func.concat_ws(" ", PlaceRequest.given_name, PlaceRequest.family_name), titles=PeerSession.titles,
        )
        .join(PlaceRequest.peer_session)
        .where(*_ASKING)
        .order_by(PlaceRequest.confirmed_at, PlaceRequest.id)
        .limit(MOST_LINES)
    )  # fmt: skip


def _count_of(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    """How many invitations of the session of the outer row are so."""
    return (
        select(func.count())
        .where(Invitation.peer_session_id == PeerSession.id, *conditions)
        .correlate(PeerSession)
        .scalar_subquery()
    )


_PARTS = (_hours(), _polls(), _replies(), _places(), _failures(), _reviews(), _verifications(), _overdue(), _letters())
_WAITING = select(union_all(*(select(part.subquery()) for part in _PARTS)).subquery())
_COMING = (
    select(
        PeerSession.id,
        PeerSession.titles,
        PeerSession.starts_at,
        PeerSession.minutes,
        PeerSession.capacity,
        _count_of(Invitation.seat == Seat.HELD),
        _count_of(*_WITHOUT_ANSWER),
    )
    .where(*_SOON)
    .order_by(PeerSession.starts_at, PeerSession.id)
    .limit(MOST_LINES)
)


def counts(now: datetime) -> Counts:
    """All counts of the desk in one statement."""
    office = {"office_day": _office_day(now)}
    times = {"now": now, "since": now - LOOK_BACK, "until": now + LOOK_AHEAD, **deadlines.days_at(now), **office}
    return Counts(*db.session.execute(_COUNTS, times).one())


def waiting(now: datetime, most: int = 5) -> list[Waiting]:
    """The first few of each kind of work, in one statement: what is most pressing first."""
    values = {"now": now, "since": now - LOOK_BACK, "most": most, **deadlines.days_at(now), "office_day": _office_day(now)}
    rows = db.session.execute(_WAITING, values)
    return [Waiting(r.kind, r.id, r.at, r.facts) for r in rows]


def _office_day(now: datetime) -> date:
    """The day at the secretariat."""
    return to_wall(now, settings().default_zone).date()


def coming(now: datetime, most: int = 10) -> list[Coming]:
    """The sessions of the next two weeks, soonest first. One statement."""
    rows = db.session.execute(_COMING, {"now": now, "until": now + LOOK_AHEAD, "most": most})
    return [Coming(*row) for row in rows]
