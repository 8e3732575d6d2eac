"""Whom to phone: who has not answered an invitation, whose mail did not arrive, who has no address. In reach now first."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, load_only

from app.accounts.access import Viewer
from app.accounts.models import CallOutcome, Organisation, Person, PhoneCall
from app.accounts.queries import people_in_view
from app.accounts.queries.people import visible_to
from app.accounts.queries.phoning import last_about
from app.circulars.hours import Office, office
from app.circulars.models import Circular
from app.circulars.queries import matters
from app.circulars.queries.audience import states_of_people
from app.circulars.queries.matters import LIVE, Line
from app.circulars.queries.matters import Why as Why
from app.circulars.queries.records import SUBJECT
from app.core.paging import instant, key_of, key_text
from app.exchanges.models import Invitation, PeerSession
from app.exchanges.queries import SUBJECT as SESSION
from app.exchanges.queries.sessions import lasting
from app.extensions import db
from app.notifications.models import Message

SIZE = 12
TOGETHER = 200
"""Lines that are read whole at a time where all of them are asked for."""
STAYS = timedelta(hours=1)
"""How long the following pages keep the order in which the first one was shown."""


@dataclass(frozen=True)
class Matter:
    """What a call is about: at most one of session, circular and mail leads; a failed mail may speak of the others."""

    why: Why
    invitation: Invitation | None = None
    circular: Circular | None = None
    message: Message | None = None

    @property
    def subject(self) -> tuple[str, uuid.UUID] | None:
        """Kind and id as the outbox has them."""
        if self.invitation is not None:
            return (SESSION, self.invitation.peer_session_id)
        if self.circular is not None:
            return (SUBJECT, self.circular.id)
        if self.message is not None and self.message.subject_kind and self.message.subject_id:
            return (self.message.subject_kind, self.message.subject_id)
        return None


@dataclass(frozen=True)
class ToCall:
    """One person and one matter, with the office hours there and the last call about it."""

    person: Person
    matter: Matter
    state: Organisation | None
    office: Office
    call: PhoneCall | None

    @property
    def told(self) -> bool:
        """Was the person told already?"""
        return self.call is not None and self.call.outcome is CallOutcome.TOLD


@dataclass(frozen=True)
class CallPage:
    """One page of the list, where the next one begins, and how many lines the whole list has."""

    rows: Sequence[ToCall]
    after: str | None
    total: int
    goes_on: bool  # something stands before it


def page(viewer: Viewer, now: datetime, session: PeerSession | None = None, after: str | None = None) -> CallPage:
    """One page of the list: of one session those who have not answered, else everyone whom no mail reaches.

    The order turns with the clock. So a page says at which moment its first one was put in order, and the next one goes
    on in that order: nobody is passed over because an office closed meanwhile.
    """
    key = key_of(after, (instant, int, int, instant, str, str, str))
    moment: datetime = key[0] if key and now - STAYS <= key[0] <= now else now
    lines = _ordered(now, session, moment)
    goes_on_at = tuple(key[1:]) if key and moment == key[0] else None
    further = [one for one in lines if one[0] > goes_on_at] if goes_on_at else lines
    shown = further[:SIZE]
    last = shown[-1][0] if len(further) > SIZE else None
    following = key_text((moment.isoformat(), int(last[0]), int(last[1]), last[2].isoformat(), *last[3:])) if last else None
    return CallPage(_whole(viewer, [line for _at, line in shown], now), following, len(lines), goes_on_at is not None)


def to_call(viewer: Viewer, now: datetime, session: PeerSession | None = None) -> Iterator[ToCall]:
    """The whole list in its order, a few hundred lines at a time."""
    lines = [line for _at, line in _ordered(now, session, now)]
    for start in range(0, len(lines), TOGETHER):
        yield from _whole(viewer, lines[start : start + TOGETHER], now)


Place = tuple[bool, bool, datetime, str, str, str]


def _ordered(now: datetime, session: PeerSession | None, moment: datetime) -> list[tuple[Place, Line]]:
    """Those in their office now first, whose day ends soonest at the top; then who comes next. Told ones come last.

    Office hours are worked out once for each zone with the days off of a State: there are few, however long the list is.
    """
    hours: dict[tuple[str, str | None], tuple[bool, datetime]] = {}
    found = []
    for line in matters.lines(now, session):
        where = (line.zone, line.weekend)
        if where not in hours:
            hours[where] = _place(office(moment, line.zone, line.days_off))
        found.append(((line.told, *hours[where], line.sort_name, line.person, line.about), line))
    found.sort(key=lambda one: one[0])
    return found


def _place(hours: Office) -> tuple[bool, datetime]:
    return (not hours.is_open, hours.closes_at if hours.is_open else hours.opens_at)


def _whole(viewer: Viewer, lines: Sequence[Line], now: datetime) -> list[ToCall]:
    """These lines with what they show of their records, in a few statements however many they are."""
    if not lines:
        return []
    people = _by_id(visible_to(viewer).options(load_only(*_OF_PERSON)), Person.id, (line.person for line in lines))
    states = _by_id(select(Organisation).options(_OF_STATE), Organisation.id, (line.state for line in lines))
    invited = _by_id(select(Invitation).options(_TITLE), Invitation.id, (line.invitation for line in lines))
    sent = _by_id(select(Circular).options(load_only(Circular.subjects)), Circular.id, (line.circular for line in lines))
    mails = _by_id(select(Message).options(load_only(*_OF_MAIL)), Message.id, (line.message for line in lines))
    found = []
    for line in lines:
        if line.person in people:
            of = invited.get(line.invitation), sent.get(line.circular), mails.get(line.message)
            found.append((people[line.person], Matter(Why(line.why), *of), states.get(line.state)))
    return _with_calls(found, now)


_OF_PERSON = (Person.given_name, Person.family_name, Person.phone, Person.email, Person.language, Person.zone)
_OF_STATE = load_only(Organisation.names, Organisation.code, Organisation.weekend)
_OF_MAIL = (Message.subject_kind, Message.subject_id, Message.created_at)
_TITLE = joinedload(Invitation.peer_session).load_only(PeerSession.titles)


def _by_id(query: Any, key: Any, ids: Iterable[str | None]) -> dict[str | None, Any]:
    """The records of these ids, by id as text."""
    wanted = {uuid.UUID(text) for text in ids if text}
    return {str(row.id): row for row in db.session.scalars(query.where(key.in_(wanted)))}


def _failed_matter(
    mail: Message, invited: dict[tuple[uuid.UUID, uuid.UUID], Invitation], sent: dict[uuid.UUID, Circular]
) -> Matter | None:
    """What a mail that did not arrive spoke of; nothing where there is nothing to tell any more."""
    about = mail.subject_id
    if mail.recipient_id is None or about is None or mail.subject_kind not in (SESSION, SUBJECT):
        return Matter(Why.MAIL_FAILED, message=mail)
    if mail.subject_kind == SUBJECT:
        return Matter(Why.MAIL_FAILED, circular=sent.get(about), message=mail)
    invitation = invited.get((mail.recipient_id, about))  # none: the session is over, or the invitation was taken back
    return Matter(Why.MAIL_FAILED, invitation, message=mail) if invitation is not None else None


def of_message(mail: Message, person: Person, now: datetime) -> Matter:
    """The matter of a call about one mail, whatever became of what it spoke of."""
    invited = _invitations({(person.id, mail.subject_id)}, now) if mail.subject_kind == SESSION else {}
    sent = {c.id: c for c in _circulars({mail.subject_id})} if mail.subject_kind == SUBJECT and mail.subject_id else {}
    return _failed_matter(mail, invited, sent) or Matter(Why.MAIL_FAILED, message=mail)


def _invitations(
    wanted: Collection[tuple[uuid.UUID | None, uuid.UUID | None]], now: datetime
) -> dict[tuple[uuid.UUID, uuid.UUID], Invitation]:
    """Invitations by person and session, of sessions that still take place."""
    if not wanted:
        return {}
    query = (
        select(Invitation)
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .where(*LIVE, lasting(now), Invitation.person_id.in_({p for p, _s in wanted if p}))
        .where(Invitation.peer_session_id.in_({s for _p, s in wanted if s}))
        .options(joinedload(Invitation.peer_session), joinedload(Invitation.organisation))
    )
    return {(row.person_id, row.peer_session_id): row for row in db.session.scalars(query)}


def _circulars(ids: Collection[uuid.UUID]) -> Iterable[Circular]:
    return db.session.scalars(select(Circular).where(Circular.id.in_(ids), Circular.taken_back_at.is_(None))) if ids else ()


def _with_calls(found: Sequence[tuple[Person, Matter, Organisation | None]], now: datetime) -> list[ToCall]:
    """These matters with the office hours there and the last call about each."""
    last = last_about(
        {(person.id, *m.subject) for person, m, _s in found if m.subject}, {m.message.id for _p, m, _s in found if m.message}
    )
    lines = []
    for person, matter, state in found:
        call = last.about.get((person.id, *matter.subject)) if matter.subject else None
        call = call or (last.beside.get(matter.message.id) if matter.message else None)
        hours = office(now, person.zone, state.weekend if state else ())
        lines.append(ToCall(person, matter, state, hours, call))
    return lines


def _state(matter: Matter, own: Organisation | None) -> Organisation | None:
    """The State a person works for; where their record names none, the one they were invited for."""
    if own is not None:
        return own
    organisation = matter.invitation.organisation if matter.invitation else None
    return organisation if organisation is not None and organisation.is_state else None


def one(viewer: Viewer, person: Person, matter: Matter, now: datetime) -> ToCall:
    """The same for one person and one matter."""
    if not person.active or not people_in_view(viewer, {person.id}):
        return ToCall(person, matter, None, office(now, person.zone, ()), None)
    return _with_calls([(person, matter, _state(matter, states_of_people({person.id}, now).get(person.id)))], now)[0]
