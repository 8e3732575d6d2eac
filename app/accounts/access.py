"""Who may do what: permissions, the role table, the decorators every view wears, and the viewer of a request."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, abort
from flask_login import current_user

from app.accounts.models import Person, Role


class Permission(StrEnum):
    """What a role may do. A view asks for one; a template may ask ``viewer.can(...)`` before it prints a link."""

    SEE_DESK = "see_desk"
    SEE_PEOPLE = "see_people"
    MANAGE_PEOPLE = "manage_people"
    VERIFY_DESIGNATIONS = "verify_designations"
    GRANT_ROLES = "grant_roles"
    MANAGE_CALLS = "manage_calls"
    SEE_EXPRESSIONS = "see_expressions"
    REVIEW_EXPRESSIONS = "review_expressions"  # notes, questions, assignee, enter on behalf, decide
    SEE_ALL_EXCHANGES = "see_all_exchanges"
    MANAGE_EXCHANGES = "manage_exchanges"
    SEE_ALL_PILOTS = "see_all_pilots"
    MANAGE_PILOTS = "manage_pilots"
    MANAGE_LIBRARY = "manage_library"  # write, review, publish and hide tools, practices and resources
    MANAGE_CIRCULARS = "manage_circulars"  # write to many at once
    RECORD_CALLS = "record_calls"  # who was told by phone, and what came of it
    SEE_OUTBOX = "see_outbox"
    MANAGE_OUTBOX = "manage_outbox"  # send again, send now
    JUDGE_REPLIES = "judge_replies"
    MANAGE_WORDINGS = "manage_wordings"  # see gaps of translations, type other words for sentences, say that a template is right
    READ_AUDIT = "read_audit"
    SEE_LETTERS = "see_letters"
    MANAGE_LETTERS = "manage_letters"  # prepare, issue, enter, cancel; wording and signatories
    SEE_MY_STATE = "see_my_state"  # from a verified designation only
    ANSWER_FOR_STATE = "answer_for_state"  # likewise
    CHOOSE_DELEGATES = "choose_delegates"  # likewise


P = Permission
_READ = {
    P.SEE_DESK, P.SEE_PEOPLE, P.SEE_EXPRESSIONS, P.SEE_ALL_EXCHANGES, P.SEE_ALL_PILOTS, P.SEE_OUTBOX, P.READ_AUDIT, P.SEE_LETTERS,
}  # fmt: skip
_OFFICE = _READ | {
    P.MANAGE_PEOPLE, P.VERIFY_DESIGNATIONS, P.MANAGE_CALLS, P.REVIEW_EXPRESSIONS, P.MANAGE_EXCHANGES,
    P.MANAGE_LIBRARY, P.MANAGE_PILOTS, P.MANAGE_OUTBOX, P.JUDGE_REPLIES,
    P.MANAGE_CIRCULARS, P.RECORD_CALLS, P.MANAGE_LETTERS, P.MANAGE_WORDINGS,
}  # fmt: skip

ROLES: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(_OFFICE | {P.GRANT_ROLES}),
    Role.SECRETARIAT: frozenset(_OFFICE),
    Role.CO_LEAD: frozenset({P.SEE_EXPRESSIONS, P.SEE_ALL_EXCHANGES, P.SEE_ALL_PILOTS}),
    Role.FOCAL_POINT: frozenset({P.SEE_MY_STATE, P.ANSWER_FOR_STATE, P.CHOOSE_DELEGATES}),
    Role.PARTICIPANT: frozenset(),
    Role.OBSERVER: frozenset(),
    Role.AUDITOR: frozenset(_READ),
}
"""The role table. Signed-in people may always see and answer what is addressed to them."""


@dataclass(frozen=True)
class Viewer:
    """Who looks at this page: a person with roles, or nobody. Flask-Login's user."""

    person: Person | None = None
    roles: frozenset[Role] = frozenset()
    state_ids: frozenset[uuid.UUID] = frozenset()  # by a verified designation in force
    organisation_ids: frozenset[uuid.UUID] = frozenset()  # by membership today
    of_un_entity: bool = False  # one of these is a UN entity: tells a UN co-lead from the others
    token: str = ""  # the session's random id, never a person's
    sign_in_id: uuid.UUID | None = None
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        allowed = frozenset[Permission]().union(*(ROLES[r] for r in self.roles))
        object.__setattr__(self, "permissions", allowed)

    def can(self, *wanted: Permission) -> bool:
        """Has the viewer every one of these permissions?"""
        return self.permissions.issuperset(wanted)

    @property
    def in_office(self) -> bool:
        """Does the viewer work at the secretariat (or audit it)?"""
        return P.SEE_DESK in self.permissions

    @property
    def is_authenticated(self) -> bool:
        """Flask-Login: signed in?"""
        return self.person is not None

    @property
    def is_active(self) -> bool:
        """Flask-Login: may sign in?"""
        return self.person is not None and self.person.active

    @property
    def is_anonymous(self) -> bool:
        """Flask-Login: nobody?"""
        return self.person is None

    def get_id(self) -> str:
        """Flask-Login: the session's random id."""
        return self.token


def viewer() -> Viewer:
    """Who looks at this page."""
    found: Viewer = current_user._get_current_object()
    return found


def me() -> Person:
    """The signed-in person's row; 401 when nobody is signed in."""
    person = viewer().person
    if person is None:
        abort(401)
    return person


def grantable(viewer: Viewer) -> tuple[Role, ...]:
    """The roles this viewer may give: those that allow something only by who may give roles, the others by the office."""
    if viewer.can(P.GRANT_ROLES):
        return tuple(r for r in Role if r is not Role.FOCAL_POINT)
    if viewer.can(P.MANAGE_PEOPLE):
        return tuple(r for r, allowed in ROLES.items() if not allowed)
    return ()


View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What a view declares: open to all, to the signed in, or to those with permissions."""

    kind: str  # "public", "signed_in", "requires"
    permissions: tuple[Permission, ...] = ()


def public(view: View) -> View:
    """Open to everyone; views behind a signed link wear this too and check their token themselves."""
    view.access = Access("public")  # type: ignore[attr-defined]
    return view


def anybody_posts(view: View) -> View:
    """A POST may come from any origin and without a form of ours: its token alone is the right (RFC 8058)."""
    view.anybody_posts = True  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Open to everyone who is signed in; the view's query decides what they see."""
    view.access = Access("signed_in")  # type: ignore[attr-defined]
    return view


def requires(*permissions: Permission) -> Callable[[View], View]:
    """Open to those who hold all of these permissions; signed out 401, otherwise 404."""

    def wear(view: View) -> View:
        view.access = Access("requires", permissions)  # type: ignore[attr-defined]
        return view

    return wear


def declared(app: Flask, endpoint: str) -> Access | None:
    """What the view behind an endpoint declares."""
    return getattr(app.view_functions.get(endpoint), "access", None)


def check_every_view(app: Flask) -> None:
    """Refuse to start while any view declares nothing."""
    bare = sorted({r.endpoint for r in app.url_map.iter_rules() if declared(app, r.endpoint) is None})
    if bare:
        raise RuntimeError(f"views that declare no access: {', '.join(bare)}")


def enforce(app: Flask, endpoint: str | None) -> None:
    """Before each request: 401 for the signed out, 404 for those who may not. Closed by default."""
    if endpoint is None:
        return
    access = declared(app, endpoint)
    if access is None:
        abort(404)
    if access.kind == "public":
        return
    if viewer().person is None:
        abort(401)
    if not viewer().can(*access.permissions):
        abort(404)
