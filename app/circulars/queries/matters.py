"""Whom to phone about what, as narrow rows: everything the order of the call list is made of, in one statement."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Date,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from app.accounts.models import CallOutcome, Membership, Organisation, OrganisationKind, Person, PhoneCall
from app.circulars.models import Circular, CircularRecipient, Trouble
from app.circulars.queries.records import SUBJECT
from app.exchanges.models import Capacity, Invitation, PeerSession, SessionStatus
from app.exchanges.queries import SUBJECT as SESSION
from app.extensions import db
from app.notifications.models import Message, State
from app.notifications.rendering import SECRET_KINDS

LOOK_BACK = timedelta(days=60)
"""A mail that failed before that is history: nobody phones about it today."""
DID_NOT_ARRIVE = (State.FAILED, State.BOUNCED)


class Why(StrEnum):
    """Why somebody is to be phoned."""

    NOT_ANSWERED = "not_answered"
    MAIL_FAILED = "mail_failed"
    NO_ADDRESS = "no_address"


class Line(NamedTuple):
    """One person and one matter, each record by its id as text: a long list is sorted without reading what it shows."""

    person: str
    about: str
    why: Why
    invitation: str | None
    circular: str | None
    message: str | None
    sort_name: str
    zone: str
    state: str | None
    weekend: str | None  # the days off of that State, "6,7"
    told: bool

    @property
    def days_off(self) -> list[str]:
        """ISO weekdays off, where the State told them."""
        return self.weekend.split(",") if self.weekend else []


_NOW: BindParameter[datetime] = bindparam("now", type_=PeerSession.starts_at.type)
_LAST_DAY: BindParameter[datetime] = bindparam("last_day", type_=PeerSession.starts_at.type)
_SINCE: BindParameter[datetime] = bindparam("since", type_=PeerSession.starts_at.type)
_TODAY: BindParameter[Any] = bindparam("today", type_=Date)
_SESSION: BindParameter[Any] = bindparam("session", type_=PeerSession.id.type)
WITHOUT_ADDRESS = or_(Person.email.is_(None), Person.email == literal_column("''"))  # as its index has it
LIVE = (PeerSession.status == SessionStatus.SCHEDULED, Invitation.uninvited_at.is_(None))


def _matter(why: Why, part: int, person: Any, **of: Any) -> Select[Any]:
    """One source of the list. Of two that say the same of a person, the one of the lower part counts, then the newer mail."""
    kinds = {"invitation": Uuid, "circular": Uuid, "message": Uuid, "kind": Text, "about": Uuid}
    columns = [of.get(name, cast(null(), kind)).label(name) for name, kind in kinds.items()]
    return select(literal(why.value, Text).label("why"), literal(part).label("part"), person.label("person"), *columns)


def _failed() -> Select[Any]:
    """The newest copy of each mail of the last weeks that did not arrive, with what it spoke of.

    Of a session that is over or an invitation that was taken back there is nothing to tell any more.
    """
    again = aliased(Message)
    live = (
        select(Invitation.id)
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .where(*LIVE, _lasts(), Message.subject_kind == SESSION)
        .where(Invitation.peer_session_id == Message.subject_id, Invitation.person_id == Message.recipient_id)
        .limit(1)
        .correlate(Message)
        .lateral("live")
    )
    written = (
        select(Circular.id)
        .where(Message.subject_kind == SUBJECT, Circular.id == Message.subject_id, Circular.taken_back_at.is_(None))
        .limit(1)
        .correlate(Message)
        .lateral("written")
    )
    query = _matter(
        Why.MAIL_FAILED, 1, Message.recipient_id, invitation=live.c.id, circular=written.c.id, message=Message.id,
        kind=Message.subject_kind, about=Message.subject_id,
    )  # fmt: skip
    query = query.select_from(Message).outerjoin(live, true()).outerjoin(written, true())
    return query.where(
        Message.state.in_(DID_NOT_ARRIVE), Message.created_at > _SINCE, Message.recipient_id.is_not(None),
        Message.kind.not_in(SECRET_KINDS), ~select(again.id).where(again.resend_of == Message.id).exists(),
        or_(Message.subject_kind.is_distinct_from(SESSION), Message.subject_id.is_(None), live.c.id.is_not(None)),
    )  # fmt: skip


def _lasts() -> Any:
    """Not over yet; no session lasts longer than a day."""
    return and_(
        PeerSession.starts_at > _LAST_DAY,
        PeerSession.starts_at + func.make_interval(0, 0, 0, 0, 0, PeerSession.minutes) > _NOW,
    )


def _invited_without_address() -> Select[Any]:
    live = (
        select(Invitation.id, Invitation.peer_session_id)
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .where(*LIVE, _lasts(), Invitation.person_id == Person.id)
        .offset(literal_column("0"))  # looked up person by person: few have no address, and many are invited
        .correlate(Person)
        .lateral("live")
    )
    query = _matter(Why.NO_ADDRESS, 2, Person.id, invitation=live.c.id, kind=literal(SESSION, Text), about=live.c.peer_session_id)
    return query.select_from(Person).join(live, true()).where(Person.active, WITHOUT_ADDRESS)


def _circular_without_mail() -> Select[Any]:
    """Those of circulars that left whom no mail reached, and in whose place nobody got it."""
    query = _matter(
        Why.NO_ADDRESS, 3, CircularRecipient.person_id, circular=Circular.id, kind=literal(SUBJECT, Text), about=Circular.id
    )
    return query.join(Circular, Circular.id == CircularRecipient.circular_id).where(
        Circular.sent_at > _SINCE, or_(Circular.not_before.is_(None), Circular.not_before <= _NOW),
        Circular.taken_back_at.is_(None), CircularRecipient.person_id.is_not(None), CircularRecipient.route.is_(None),
        CircularRecipient.trouble.is_not(None), CircularRecipient.trouble.in_((Trouble.NO_ADDRESS, Trouble.UNDELIVERABLE)),
    )  # fmt: skip


def _unanswered() -> Select[Any]:
    """Those of one session who have not answered."""
    query = _matter(
        Why.NOT_ANSWERED, 1, Invitation.person_id, invitation=Invitation.id, kind=literal(SESSION, Text),
        about=Invitation.peer_session_id,
    )  # fmt: skip
    return query.where(
        Invitation.peer_session_id == _SESSION, Invitation.answer.is_(None), Invitation.uninvited_at.is_(None),
        Invitation.capacity != Capacity.INFORMATION,
    )  # fmt: skip


def _lines(*sources: Select[Any]) -> Select[Any]:
    """Each matter of a person once, with what places it in the list."""
    every = union_all(*sources).subquery() if len(sources) > 1 else sources[0].subquery()
    about = func.coalesce(every.c.about, every.c.message)
    which = (every.c.person, func.coalesce(every.c.kind, ""), about)
    first = (
        select(*every.c, about.label("which"))
        .ext(distinct_on(*which))
        .order_by(*which, every.c.part, every.c.message.desc().nulls_last(), every.c.invitation)
        .cte("first")
    )
    person = (
        select(Person.sort_name, Person.zone)
        .where(Person.id == first.c.person, Person.active)
        .limit(1)  # looked up one by one: there are many people, and few of them to phone
        .correlate(first)
        .lateral("person")
    )
    own = _own_state(first)
    invited, last = _invited_state(first, own), _last_calls(first)
    return (
        select(
            cast(first.c.person, Text), cast(first.c.which, Text), first.c.why, cast(first.c.invitation, Text),
            cast(first.c.circular, Text), cast(first.c.message, Text), person.c.sort_name, person.c.zone,
            cast(func.coalesce(own.c.id, invited.c.id), Text),
            func.array_to_string(func.coalesce(own.c.weekend, invited.c.weekend), ","), func.coalesce(last.c.told, False),
        )
        .select_from(first)
        .join(person, true())
        .outerjoin(own, true())
        .outerjoin(invited, true())
        .outerjoin(last, and_(last.c.person == first.c.person, last.c.which == first.c.which))
    )  # fmt: skip


def _own_state(line: Any) -> Any:
    """The State a person belongs to today, by the oldest membership that says one."""
    organisation, parent = aliased(Organisation), aliased(Organisation)
    is_state = organisation.kind == OrganisationKind.STATE
    return (
        select(
            case((is_state, organisation.id), else_=parent.id).label("id"),
            case((is_state, organisation.weekend), else_=parent.weekend).label("weekend"),
        )
        .select_from(Membership)
        .join(organisation, organisation.id == Membership.organisation_id)
        .outerjoin(parent, and_(parent.id == organisation.parent_id, ~is_state))
        .where(Membership.person_id == line.c.person, Membership.valid_from <= _TODAY)
        .where(or_(Membership.valid_to.is_(None), Membership.valid_to >= _TODAY))
        .where(or_(is_state, parent.kind == OrganisationKind.STATE))
        .order_by(Membership.valid_from, Membership.id)
        .limit(1)
        .correlate(line)
        .lateral("own")
    )


def _invited_state(line: Any, own: Any) -> Any:
    """The State a person was invited for: it counts where their record names none."""
    return (
        select(Organisation.id, Organisation.weekend)
        .join(Invitation, Invitation.organisation_id == Organisation.id)
        .where(own.c.id.is_(None), Invitation.id == line.c.invitation, Organisation.kind == OrganisationKind.STATE)
        .limit(1)
        .correlate(line, own)
        .lateral("invited")
    )


def _last_calls(line: Any) -> Any:
    """Did the last call about it tell them? One about the subject counts before one that only names the mail."""
    about = and_(PhoneCall.subject_kind == line.c.kind, PhoneCall.subject_id == line.c.about)
    told = cast(PhoneCall.outcome, Text) == CallOutcome.TOLD.value
    key = (line.c.person, line.c.which)
    newest = (*key, func.coalesce(about, False).desc(), PhoneCall.called_at.desc(), PhoneCall.id.desc())
    query = select(*key, told.label("told")).join(PhoneCall, PhoneCall.person_id == line.c.person)
    return query.where(or_(about, PhoneCall.message_id == line.c.message)).ext(distinct_on(*key)).order_by(*newest).subquery("last")


# Put together once: a page only gives them their values.
_OF_SESSION = _lines(_unanswered())
_UNREACHED = _lines(_failed(), _invited_without_address(), _circular_without_mail())


def lines(now: datetime, session: PeerSession | None) -> list[Line]:
    """Of one session those who have not answered, else everyone whom no mail reaches. One statement, in no order."""
    if session is not None:
        found = db.session.execute(_OF_SESSION, {"session": session.id, "today": now.date()})
    else:
        times = {"now": now, "last_day": now - timedelta(days=1), "since": now - LOOK_BACK, "today": now.date()}
        found = db.session.execute(_UNREACHED, times)
    return [Line(*row) for row in found]
