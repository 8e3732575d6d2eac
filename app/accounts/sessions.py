"""Server-side sessions: a row of ours; its random id in Flask's signed cookie. They end, and can be ended everywhere."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import date, datetime, timedelta
from typing import Any

from flask import has_request_context, request
from sqlalchemy import ColumnElement, Date, ScalarSelect, Text, Uuid, bindparam, cast, func, select, update

from app.accounts.access import Viewer
from app.accounts.models import (
    Designation,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    Role,
    RoleGrant,
    SignIn,
    SignInLink,
)
from app.core import clock
from app.core.db import own_transaction
from app.core.zones import to_wall
from app.extensions import db

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(days=7)
OFFICE_IDLE = timedelta(hours=1)
OFFICE_ABSOLUTE = timedelta(hours=12)
_TOUCH = timedelta(minutes=5)  # how stale last_seen_at may be: not a write on every page


# Asked with every page of a signed-in reader, so put together once, and all of it in one statement. Whose day it is
# depends on the person's zone, which the database is never asked: it gives what is valid about now, with its days.
_ABOUT = (bindparam("earliest", type_=Date), bindparam("latest", type_=Date))


def _dated(what: Any, row: type[Designation] | type[Membership], *but: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Ids with the days from and to which they are valid."""
    earliest, latest = _ABOUT
    return (
        select(func.jsonb_agg(func.jsonb_build_array(what, row.valid_from, row.valid_to)))
        .where(row.person_id == Person.id, row.valid_from <= latest, row.valid_to.is_(None) | (row.valid_to >= earliest), *but)
        .correlate(Person)
        .scalar_subquery()
    )


_OF_UN = Membership.organisation_id.in_(select(Organisation.id).where(Organisation.kind == OrganisationKind.UN_ENTITY))
_RIGHTS = (
    select(func.array_agg(cast(RoleGrant.role, Text)))
    .where(RoleGrant.person_id == Person.id, RoleGrant.ended_at.is_(None))
    .correlate(Person)
    .scalar_subquery()
    .label("roles"),
    _dated(Designation.state_id, Designation, Designation.verified_at.is_not(None), Designation.refused_at.is_(None)).label(
        "states"
    ),
    _dated(Membership.organisation_id, Membership).label("organisations"),
    _dated(Membership.organisation_id, Membership, _OF_UN).label("un_entities"),
)
_BY_TOKEN = (
    select(Person, SignIn.id.label("sign_in_id"), SignIn.expires_at, SignIn.last_seen_at, *_RIGHTS)
    .join(SignIn, SignIn.person_id == Person.id)
    .where(SignIn.token_hash == bindparam("hashed"), SignIn.ended_at.is_(None))
)
_BY_PERSON = select(*_RIGHTS).select_from(Person).where(Person.id == bindparam("who", type_=Uuid))


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
    row = db.session.execute(_BY_TOKEN, {"hashed": _hash(token), **_about(now)}).one_or_none()
    if row is None or row.expires_at <= now or not row.Person.active:
        return None
    found = _viewer(row.Person, row, now, token=token, sign_in_id=row.sign_in_id)
    idle = OFFICE_IDLE if Role.ADMINISTRATOR in found.roles else IDLE
    if row.last_seen_at + idle <= now:
        return None
    if row.last_seen_at + _TOUCH <= now:
        _touch(row.sign_in_id, now)
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


def viewer_of(person: Person, now: datetime, *, token: str = "") -> Viewer:
    """Roles, States and organisations of a person at this moment, in one statement."""
    return _viewer(person, db.session.execute(_BY_PERSON, {"who": person.id, **_about(now)}).one(), now, token=token)


def _about(now: datetime) -> dict[str, date]:
    """The days that are today somewhere."""
    day = timedelta(days=1)
    return {"earliest": (now - day).date(), "latest": (now + day).date()}


def _viewer(person: Person, row: Any, now: datetime, **session: Any) -> Viewer:
    """The viewer with these rights, as they are valid on the person's day."""
    today = today_of(person, now).isoformat()
    states = _valid(row.states, today)
    held = {Role(word) for word in row.roles or ()} | ({Role.FOCAL_POINT} if states else set())
    organisations = _valid(row.organisations, today)
    return Viewer(
        person=person, roles=frozenset(held), state_ids=states, organisation_ids=organisations,
        of_un_entity=bool(_valid(row.un_entities, today)), **session,
    )  # fmt: skip


def _valid(dated: list[tuple[str, str, str | None]] | None, today: str) -> frozenset[uuid.UUID]:
    return frozenset(uuid.UUID(of) for of, start, end in dated or () if start <= today and (end is None or end >= today))


def end(sign_in_id: uuid.UUID, now: datetime, why: str) -> None:
    """End one session."""
    db.session.execute(update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None)).values(ended_at=now, ended_why=why))


def end_all(person_id: uuid.UUID, now: datetime, why: str, *, but: uuid.UUID | None = None) -> None:
    """End every session of a person, everywhere, and the links that would open another; ``but`` keeps the one in use."""
    query = update(SignIn).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
    if but is not None:
        query = query.where(SignIn.id != but)
    db.session.execute(query.values(ended_at=now, ended_why=why))
    unused = (SignInLink.person_id == person_id, SignInLink.used_at.is_(None), SignInLink.expires_at > now)
    db.session.execute(update(SignInLink).where(*unused).values(expires_at=now))
