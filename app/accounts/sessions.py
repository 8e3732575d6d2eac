"""Server-side sessions: a row of ours; its random id in Flask's signed cookie. They end, and can be ended everywhere."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import date, datetime, timedelta

from flask import has_request_context, request
from sqlalchemy import Date, Text, Uuid, bindparam, cast, literal, null, select, update
from sqlalchemy.orm import joinedload

from app.accounts.access import Viewer
from app.accounts.models import Designation, Membership, Person, Role, RoleGrant, SignIn
from app.core import clock
from app.core.db import own_transaction
from app.core.zones import to_wall
from app.extensions import db

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(days=7)
OFFICE_IDLE = timedelta(hours=1)
OFFICE_ABSOLUTE = timedelta(hours=12)
_TOUCH = timedelta(minutes=5)  # how stale last_seen_at may be: not a write on every page


# Asked with every page of a signed-in reader, so put together once.
_BY_TOKEN = (
    select(SignIn)
    .options(joinedload(SignIn.person))
    .where(SignIn.token_hash == bindparam("hashed"), SignIn.ended_at.is_(None))
)
_WHO, _TODAY = bindparam("who", type_=Uuid), bindparam("today", type_=Date)
_NAMED = (
    select(literal("role").label("kind"), cast(RoleGrant.role, Text).label("word"), null().label("of"))
    .where(RoleGrant.person_id == _WHO, RoleGrant.ended_at.is_(None))
    .union_all(
        select(literal("state"), cast(Designation.capacity, Text), Designation.state_id).where(
            Designation.person_id == _WHO,
            Designation.verified_at.is_not(None),
            Designation.refused_at.is_(None),
            Designation.valid_from <= _TODAY,
            (Designation.valid_to.is_(None)) | (Designation.valid_to >= _TODAY),
        ),
        select(literal("member"), literal(""), Membership.organisation_id).where(
            Membership.person_id == _WHO,
            Membership.valid_from <= _TODAY,
            (Membership.valid_to.is_(None)) | (Membership.valid_to >= _TODAY),
        ),
    )
)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def begin(person: Person, method: str, now: datetime, roles: frozenset[Role] = frozenset()) -> str:
    """Open a session and answer its token, which is stored only as a hash."""
    token = secrets.token_urlsafe(32)
    absolute = OFFICE_ABSOLUTE if Role.ADMINISTRATOR in roles else ABSOLUTE
    db.session.add(
        SignIn(
            person_id=person.id,
            token_hash=_hash(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + absolute,
            method=method,
            address=request.remote_addr if has_request_context() else None,
            device=request.user_agent.string[:200] if has_request_context() else None,
        )
    )
    return token


def load(token: str) -> Viewer | None:
    """The viewer behind a token; ``None`` when the session is over, ended, or the person left."""
    now = clock.now()
    row = db.session.scalar(_BY_TOKEN, {"hashed": _hash(token)})
    if row is None or row.expires_at <= now or not row.person.active:
        return None
    found = viewer_of(row.person, now, token=token, sign_in_id=row.id)
    idle = OFFICE_IDLE if Role.ADMINISTRATOR in found.roles else IDLE
    if row.last_seen_at + idle <= now:
        return None
    if row.last_seen_at + _TOUCH <= now:
        _touch(row.id, now)
    return found


def _touch(sign_in_id: uuid.UUID, now: datetime) -> None:
    """Note that the session is in use, in a transaction of its own: a page that only reads must not carry it."""
    with own_transaction() as session:
        session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now))


def today_of(person: Person, now: datetime) -> date:
    """The day it is for a person: designations and memberships begin and end with their days."""
    return to_wall(now, person.zone).date()


def open_of(person_id: uuid.UUID, now: datetime) -> list[SignIn]:
    """The sessions of a person that still work, the latest first."""
    query = select(SignIn).where(
        SignIn.person_id == person_id,
        SignIn.ended_at.is_(None),
        SignIn.expires_at > now,
        SignIn.last_seen_at > now - IDLE,
    )
    return list(db.session.scalars(query.order_by(SignIn.last_seen_at.desc(), SignIn.id.desc()).limit(100)))


def viewer_of(person: Person, now: datetime, *, token: str = "", sign_in_id: uuid.UUID | None = None) -> Viewer:
    """Roles, States and organisations of a person at this moment, in one statement."""
    today = today_of(person, now)
    named = db.session.execute(_NAMED, {"who": person.id, "today": today}).all()
    states = frozenset(r.of for r in named if r.kind == "state")
    held = {Role(r.word) for r in named if r.kind == "role"} | ({Role.FOCAL_POINT} if states else set())
    return Viewer(
        person=person,
        roles=frozenset(held),
        state_ids=states,
        organisation_ids=frozenset(r.of for r in named if r.kind == "member"),
        token=token,
        sign_in_id=sign_in_id,
    )


def end(sign_in_id: uuid.UUID, now: datetime, why: str) -> None:
    """End one session."""
    db.session.execute(update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None)).values(ended_at=now, ended_why=why))


def end_all(person_id: uuid.UUID, now: datetime, why: str, *, but: uuid.UUID | None = None) -> None:
    """End every session of a person, everywhere; ``but`` keeps the one in use."""
    query = update(SignIn).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
    if but is not None:
        query = query.where(SignIn.id != but)
    db.session.execute(query.values(ended_at=now, ended_why=why))
