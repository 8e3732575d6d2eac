"""What calendars that people subscribe to show, how it stands now, and when it last changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, String, and_, case, cast, func, literal, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import defer, joinedload

from app.accounts.models import Person
from app.core.db import UtcDateTime
from app.exchanges.models import Answer, Invitation, PeerSession, SessionStatus, Visibility
from app.extensions import db

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


def _shown(now: datetime, choice: Choice) -> ColumnElement[bool]:
    """Sessions to come, those of the last months, and cancelled ones for a while, so that programs see it."""
    cancelled = and_(
        PeerSession.status == SessionStatus.CANCELLED,
        or_(PeerSession.cancelled_at > now - KEEPS_CANCELLED, PeerSession.starts_at > now),
    )
    wanted = [or_(PeerSession.status == SessionStatus.SCHEDULED, cancelled), PeerSession.starts_at > now - KEEPS_PAST]
    if choice.themes:
        wanted.append(PeerSession.grounds.overlap(sorted(choice.themes)))
    if choice.spoken:
        wanted.append(PeerSession.languages.overlap(sorted(choice.spoken)))
    return and_(*wanted)


def _mine(person: Person) -> ColumnElement[bool]:
    """Not what was declined or taken back."""
    return and_(
        Invitation.person_id == person.id,
        Invitation.uninvited_at.is_(None),
        or_(Invitation.answer.is_(None), Invitation.answer != Answer.NO),
    )


def feed_invitations(person: Person, now: datetime, choice: Choice | None = None, most: int = MOST) -> list[Invitation]:
    """A person's own sessions."""
    query = (
        select(Invitation)
        .join(PeerSession)
        .where(_mine(person), _shown(now, choice or Choice()))
        .options(joinedload(Invitation.peer_session).defer(PeerSession.agendas))
        .order_by(PeerSession.starts_at, Invitation.id)
        .limit(most)
    )
    return list(db.session.scalars(query))


def public_feed(now: datetime, choice: Choice | None = None, most: int = MOST) -> list[PeerSession]:
    """The sessions anybody may see, whoever asks."""
    query = (
        select(PeerSession)
        .where(PeerSession.visibility == Visibility.PUBLIC, _shown(now, choice or Choice()))
        .options(defer(PeerSession.agendas))
        .order_by(PeerSession.starts_at, PeerSession.id)
        .limit(most)
    )
    return list(db.session.scalars(query))


def feed_standing(person: Person, now: datetime, choice: Choice) -> Standing:
    """How a person's feed stands. Two statements that read no row whole."""
    seat = [Invitation.updated_at, Invitation.sequence_raise, Invitation.answer, Invitation.seat, Invitation.join_nonce]
    entries = select(_mark(Invitation.id, seat)).join(PeerSession).where(_mine(person), _shown(now, choice))
    ever = select(func.max(func.greatest(Invitation.updated_at, PeerSession.updated_at)), func.max(_left(now)))
    ever = ever.select_from(Invitation).join(PeerSession).where(Invitation.person_id == person.id)
    return _standing(entries, ever)


def public_standing(now: datetime, choice: Choice) -> Standing:
    """How the feed of public sessions stands."""
    entries = select(_mark(PeerSession.id, [])).where(PeerSession.visibility == Visibility.PUBLIC, _shown(now, choice))
    return _standing(entries, select(func.max(PeerSession.updated_at), func.max(_left(now))))


def _standing(entries: Any, ever: Any) -> Standing:
    mark = db.session.scalar(entries) or ""
    changed: Iterable[datetime | None] = db.session.execute(ever).one()
    return Standing(mark, max((c for c in changed if c is not None), default=None))


def _mark(row: Any, more: list[Any]) -> ColumnElement[str]:
    """One mark of all entries: each with its identity and every version that its lines are made of."""
    pieces = [row, PeerSession.version, PeerSession.sequence, PeerSession.updated_at, *more]
    one = func.concat_ws("/", *(cast(piece, String) for piece in pieces))
    return func.md5(func.string_agg(one, aggregate_order_by(literal(";"), row)))


def _left(now: datetime) -> ColumnElement[datetime | None]:
    """The moment at which a session left the feeds by itself, where that has come: nobody wrote a row then."""
    past = PeerSession.starts_at + literal(KEEPS_PAST, Interval())
    called_off = func.greatest(PeerSession.cancelled_at + literal(KEEPS_CANCELLED, Interval()), PeerSession.starts_at)
    ends = func.least(past, called_off)  # of a session that takes place the second is nothing, and not looked at
    return case((ends <= now, type_coerce(ends, UtcDateTime())), else_=None)
