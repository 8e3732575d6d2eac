"""Reading telephone calls: about a record, or of one person."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select, tuple_

from app.accounts.models import PhoneCall
from app.accounts.queries.people import names_of
from app.extensions import db
from app.notifications.models import Message

Matter = tuple[uuid.UUID, str, uuid.UUID]
"""Person, kind and id of what the call was about."""


@dataclass(frozen=True)
class Told:
    """A call, and the name of who made it."""

    call: PhoneCall
    caller: str


@dataclass(frozen=True)
class Last:
    """The newest calls, by what they were about and by the mail they name."""

    about: dict[Matter, PhoneCall]
    beside: dict[uuid.UUID, PhoneCall]


def calls_of(person_id: uuid.UUID, most: int = 50) -> list[Told]:
    """Calls to one person, newest first."""
    return _with_names(PhoneCall.person_id == person_id, most)


def calls_about(person_id: uuid.UUID, subject_kind: str, subject_id: uuid.UUID, most: int = 50) -> list[Told]:
    """Calls to one person about one thing, newest first."""
    about = and_(PhoneCall.subject_kind == subject_kind, PhoneCall.subject_id == subject_id)
    return _with_names(and_(PhoneCall.person_id == person_id, about), most)


def calls_beside(message: Message, most: int = 50) -> list[Told]:
    """Calls in place of a mail: those that name it, and those to its recipient about the same thing."""
    beside = PhoneCall.message_id == message.id
    if message.recipient_id is not None and message.subject_id is not None:
        same = and_(PhoneCall.subject_kind == message.subject_kind, PhoneCall.subject_id == message.subject_id)
        beside = or_(beside, and_(PhoneCall.person_id == message.recipient_id, same))
    return _with_names(beside, most)


def _with_names(condition: object, most: int) -> list[Told]:
    query = select(PhoneCall).where(condition).order_by(PhoneCall.called_at.desc(), PhoneCall.id.desc()).limit(most)  # type: ignore[arg-type]
    found = db.session.scalars(query).all()
    names = names_of({call.called_by for call in found})
    return [Told(call, names.get(call.called_by, "")) for call in found]


def last_calls(matters: Collection[Matter]) -> dict[Matter, PhoneCall]:
    """The newest call about each of these matters, in one statement."""
    if not matters:
        return {}
    key = tuple_(PhoneCall.person_id, PhoneCall.subject_kind, PhoneCall.subject_id)
    query = select(PhoneCall).where(key.in_(list(matters))).order_by(PhoneCall.called_at, PhoneCall.id)
    return {(c.person_id, c.subject_kind or "", c.subject_id or c.person_id): c for c in _rows(query)}


def last_about(matters: Collection[Matter], message_ids: Collection[uuid.UUID]) -> Last:
    """The newest call about each of these matters, and the newest that names each of these mails. One statement."""
    key = tuple_(PhoneCall.person_id, PhoneCall.subject_kind, PhoneCall.subject_id)
    asked = or_(key.in_(list(matters)), PhoneCall.message_id.in_(message_ids))
    about: dict[Matter, PhoneCall] = {}
    beside: dict[uuid.UUID, PhoneCall] = {}
    for call in _rows(select(PhoneCall).where(asked).order_by(PhoneCall.called_at, PhoneCall.id)):
        if call.subject_kind is not None and call.subject_id is not None:
            about[call.person_id, call.subject_kind, call.subject_id] = call
        if call.message_id is not None:
            beside[call.message_id] = call
    return Last(about, beside)


def _rows(query: object) -> Sequence[PhoneCall]:
    return db.session.scalars(query).all()  # type: ignore[call-overload, no-any-return]
