"""What calendars that people subscribe to show, how it stands now, and when it last changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Interval,
    Select,
    String,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.accounts.models import Person
from app.core.db import UtcDateTime
from app.exchanges.models import Answer, Capacity, Invitation, PeerSession, Seat, SessionStatus, Visibility
from app.extensions import db

_Query = Select[*tuple[Any, ...]]
KEEPS_PAST = timedelta(days=90)
KEEPS_CANCELLED = timedelta(days=30)
MOST = 500


@dataclass(frozen=True)
class Choice:
    """What of it a calendar shows: sessions on any of these grounds, held in any of these languages; all where none is named."""

    themes: frozenset[str] = frozenset()
    spoken: frozenset[str] = frozenset()

    def query(self) -> list[tuple[str, str]]:
        """As the query of an address, always in one order."""
        return [("theme", t) for t in sorted(self.themes)] + [("spoken", s) for s in sorted(self.spoken)]


@dataclass(frozen=True)
class Standing:
    """How a feed stands: a mark that differs whenever its entries do, and when something in it, or taken out of it, changed."""

    mark: str
    changed: datetime | None


class Shown(Protocol):
    """What an entry shows of a session: a row, or the columns of one."""

    id: Any
    uid: Any
    sequence: Any
    updated_at: Any
    starts_at: Any
    minutes: Any
    titles: Any
    purposes: Any
    cancelled_at: Any
    dial_in: Any
    test_url: Any


class OwnShown(Shown, Protocol):
    """And of a person's invitation to it."""

    invitation_id: Any
    invitation_updated_at: Any
    sequence_raise: Any
    join_nonce: Any
    asks: Any
    may_join: Any


@dataclass(frozen=True)
class Reader:
    """Whose feed it is."""

    id: uuid.UUID
    language: str
    zone: str
    feed_nonce: str
    updated_at: datetime


# Asked by every program of every subscriber, some each quarter of an hour: put together once, for each pair of filters.
# Who reads, and how their feed stands, is one statement.
_NOW = bindparam("now", type_=UtcDateTime())
_WHOSE = Invitation.person_id == bindparam("whose", type_=Uuid)
_READER = (Person.id, Person.language, Person.zone, Person.feed_nonce, Person.updated_at)


def _in_language(texts: Any) -> ColumnElement[Any]:
    """A text in the reader's language alone, where there is one; else in all it has. Six times less to read."""
    locale = bindparam("locale", type_=Text())
    there = texts.op("->>")(locale).op("~", is_comparison=True)(r"\S")
    return case((there, func.jsonb_build_object(locale, texts.op("->")(locale))), else_=texts)


_COLUMNS = (
    PeerSession.id, PeerSession.uid, PeerSession.sequence, PeerSession.updated_at, PeerSession.starts_at, PeerSession.minutes,
    type_coerce(_in_language(PeerSession.titles), JSONB()).label("titles"),
    type_coerce(_in_language(PeerSession.purposes), JSONB()).label("purposes"),
    PeerSession.cancelled_at, PeerSession.dial_in, PeerSession.test_url,
)  # fmt: skip
_OWN_COLUMNS = (
    Invitation.id.label("invitation_id"), Invitation.updated_at.label("invitation_updated_at"), Invitation.sequence_raise,
    Invitation.join_nonce, (Invitation.capacity != Capacity.INFORMATION).label("asks"),
    func.coalesce(and_(Invitation.answer == Answer.YES, Invitation.seat == Seat.HELD), False).label("may_join"),
)  # fmt: skip
"""``asks`` and ``may_join`` as the properties of an invitation say them, of one that stands (``_MINE``)."""
_MINE = and_(
    _WHOSE,
    Invitation.uninvited_at.is_(None),  # not what was declined or taken back
    or_(Invitation.answer.is_(None), Invitation.answer != Answer.NO),
)
_PUBLIC = PeerSession.visibility == Visibility.PUBLIC


def _shown(themes: bool, spoken: bool) -> ColumnElement[bool]:
    """Sessions to come, those of the last months, and cancelled ones for a while, so that programs see it."""
    cancelled = and_(
        PeerSession.status == SessionStatus.CANCELLED,
        or_(PeerSession.cancelled_at > _NOW - literal(KEEPS_CANCELLED, Interval()), PeerSession.starts_at > _NOW),
    )
    wanted = [
        or_(PeerSession.status == SessionStatus.SCHEDULED, cancelled),
        PeerSession.starts_at > _NOW - literal(KEEPS_PAST, Interval()),
    ]
    if themes:
        wanted.append(PeerSession.grounds.overlap(bindparam("themes", type_=PeerSession.grounds.type)))
    if spoken:
        wanted.append(PeerSession.languages.overlap(bindparam("spoken", type_=PeerSession.languages.type)))
    return and_(*wanted)


@cache
def _own_sessions(themes: bool, spoken: bool) -> _Query:
    query = select(*_COLUMNS, *_OWN_COLUMNS).select_from(Invitation).join(PeerSession).where(_MINE, _shown(themes, spoken))
    return query.order_by(PeerSession.starts_at, Invitation.id).limit(MOST)


@cache
def _public_sessions(themes: bool, spoken: bool) -> _Query:
    query = select(*_COLUMNS).where(_PUBLIC, _shown(themes, spoken))
    return query.order_by(PeerSession.starts_at, PeerSession.id).limit(MOST)


@cache
def _own_standing(themes: bool, spoken: bool) -> _Query:
    """The mark of a person's entries, and when anything they were ever invited to changed."""
    seat = [Invitation.updated_at, Invitation.sequence_raise, Invitation.answer, Invitation.seat, Invitation.join_nonce]
    entries = select(_mark(Invitation.id, seat)).join(PeerSession).where(_MINE, _shown(themes, spoken))
    ever = select(func.max(func.greatest(Invitation.updated_at, PeerSession.updated_at)), func.max(_left()))
    reader = select(*_READER).where(Person.id == bindparam("whose", type_=Uuid), Person.active)
    return _together(reader, entries, ever.select_from(Invitation).join(PeerSession).where(_WHOSE))


@cache
def _public_standing(themes: bool, spoken: bool) -> _Query:
    entries = select(_mark(PeerSession.id, [])).where(_PUBLIC, _shown(themes, spoken))
    return _together(entries, select(func.max(PeerSession.updated_at), func.max(_left())))


def _together(*parts: _Query) -> _Query:
    """One statement of several that answer one row each and look at rows of their own."""
    first, *others = (part.subquery() for part in parts)
    joined: FromClause = first
    for other in others:
        joined = joined.join(other, true())
    return select(*(column for part in (first, *others) for column in part.c)).select_from(joined)


def feed_invitations(person: Reader, now: datetime, choice: Choice) -> Sequence[OwnShown]:
    """A person's own sessions, as many as a feed holds."""
    return _rows(_own_sessions, now, choice, person.id, person.language)


def public_feed(now: datetime, choice: Choice, language: str) -> Sequence[Shown]:
    """The sessions anybody may see, whoever asks."""
    return _rows(_public_sessions, now, choice, language=language)


def feed_standing(person_id: uuid.UUID, now: datetime, choice: Choice) -> tuple[Reader, Standing] | None:
    """The person behind a feed's address and how their feed stands, while their record is open. No row is read whole."""
    found = _rows(_own_standing, now, choice, person_id)
    return (Reader(*found[0][: len(_READER)]), _standing(found[0][len(_READER) :])) if found else None


def public_standing(now: datetime, choice: Choice) -> Standing:
    """How the feed of public sessions stands."""
    return _standing(_rows(_public_standing, now, choice)[0])


def _rows(
    of: Callable[[bool, bool], _Query], now: datetime, choice: Choice, whose: uuid.UUID | None = None, language: str | None = None
) -> Sequence[Any]:
    values: dict[str, Any] = {"now": now}
    if whose is not None:
        values["whose"] = whose
    if language is not None:
        values["locale"] = language
    if choice.themes:
        values["themes"] = sorted(choice.themes)
    if choice.spoken:
        values["spoken"] = sorted(choice.spoken)
    return db.session.execute(of(bool(choice.themes), bool(choice.spoken)), values).all()


def _standing(row: Sequence[Any]) -> Standing:
    mark, *changed = row
    return Standing(mark or "", max((moment for moment in changed if moment is not None), default=None))


def _mark(row: Any, more: list[Any]) -> ColumnElement[str]:
    """One mark of all entries: each with its identity and every version that its lines are made of."""
    pieces = [row, PeerSession.version, PeerSession.sequence, PeerSession.updated_at, *more]
    one = func.concat_ws("/", *(cast(piece, String) for piece in pieces))
    return func.md5(func.string_agg(one, aggregate_order_by(literal(";"), row)))


def _left() -> ColumnElement[datetime | None]:
    """The moment at which a session left the feeds by itself, where that has come: nobody wrote a row then."""
    past = PeerSession.starts_at + literal(KEEPS_PAST, Interval())
    called_off = func.greatest(PeerSession.cancelled_at + literal(KEEPS_CANCELLED, Interval()), PeerSession.starts_at)
    ends = func.least(past, called_off)  # of a session that takes place the second is nothing, and not looked at
    return case((ends <= _NOW, type_coerce(ends, UtcDateTime())), else_=None)
