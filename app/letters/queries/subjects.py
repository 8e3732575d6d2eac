"""What letters are about, and to whom each goes: the invited States of a session, the sender of an interest, a State."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.access import Viewer
from app.accounts.models import Designation, MailRoute, Organisation, OrganisationKind, Person, form_of_address
from app.accounts.queries import designation_in_view, routes_for
from app.accounts.queries.designations import visible_to as designations_visible_to
from app.core.languages import LANGUAGES
from app.core.signing import settings
from app.core.zones import to_wall
from app.exchanges.models import Invitation, PeerSession
from app.exchanges.queries import session_for
from app.exchanges.queries import visible_to as sessions_visible_to
from app.extensions import db
from app.interests.models import Expression, Status
from app.interests.queries import visible_to as expressions_visible_to
from app.letters.models import About, Addressed, LetterSet

DECIDED = (Status.ACCEPTED, Status.WAITLISTED, Status.DECLINED)


@dataclass(frozen=True)
class Subject:
    """What letters are about: one row of a room below."""

    kind: About
    row: PeerSession | Expression | Designation

    @property
    def id(self) -> uuid.UUID:
        """The row's."""
        return self.row.id


@dataclass(frozen=True)
class Recipient:
    """One mailbox a letter is sent to."""

    name: str
    address: str
    language: str
    zone: str
    salutation: str
    person_id: uuid.UUID | None


@dataclass(frozen=True)
class Party:
    """Whom one letter goes to."""

    state: Organisation | None
    office: Organisation | None
    addressed: Addressed
    person: Person | None
    language: str
    zone: str
    name: str = ""  # of an organisation that has no record
    recipients: tuple[Recipient, ...] = ()

    @property
    def key(self) -> str:
        """What the form calls it."""
        return str(self.state.id) if self.state is not None else "one"


def subject_of(viewer: Viewer, kind: About, row_id: uuid.UUID) -> Subject | None:
    """The session, expression of interest or designation, if the viewer may see it."""
    row: PeerSession | Expression | Designation | None
    if kind is About.SESSION:
        row = session_for(viewer, row_id)
    elif kind is About.EXPRESSION:
        whole = joinedload(Expression.call), joinedload(Expression.state), joinedload(Expression.contact)
        row = db.session.scalar(expressions_visible_to(viewer).where(Expression.id == row_id).options(*whole))
    else:
        row = designation_in_view(viewer, row_id)
    return None if row is None else Subject(kind, row)


def subjects_of(viewer: Viewer, sets: Iterable[LetterSet]) -> dict[uuid.UUID, Subject]:
    """What each of several sets is about, by the set: one statement for each kind."""
    ids: dict[About, dict[uuid.UUID, list[uuid.UUID]]] = {}
    for of in sets:
        ids.setdefault(of.about_kind, {}).setdefault(of.about_id, []).append(of.id)
    found = {}
    for kind, wanted in ids.items():
        rows: Iterable[PeerSession | Expression | Designation]
        if kind is About.SESSION:
            rows = db.session.scalars(sessions_visible_to(viewer).where(PeerSession.id.in_(wanted)))
        elif kind is About.EXPRESSION:
            rows = db.session.scalars(expressions_visible_to(viewer).where(Expression.id.in_(wanted)))
        else:
            rows = db.session.scalars(designations_visible_to(viewer).where(Designation.id.in_(wanted)))
        found.update({set_id: Subject(kind, row) for row in rows for set_id in wanted[row.id]})
    return found


def parties(subject: Subject, now: datetime, only: Collection[uuid.UUID] | None = None) -> list[Party]:
    """Whom letters about this go to, one for each State, by name; ``only`` keeps some States."""
    if isinstance(subject.row, PeerSession):
        return _invited(subject.row, _today(now), only)
    if isinstance(subject.row, Expression):
        return [_applicant(subject.row)]
    return _of_states([subject.row.state], {}, _today(now))


def on_paper(subject: Subject, now: datetime) -> list[Party]:
    """Of a session: the States that nobody could invite, for no address of theirs is known. A letter on paper can."""
    if not isinstance(subject.row, PeerSession):
        return []
    invited = select(Invitation.organisation_id).where(
        Invitation.peer_session_id == subject.row.id, Invitation.uninvited_at.is_(None), Invitation.organisation_id.is_not(None)
    )
    query = select(Organisation).where(Organisation.kind == OrganisationKind.STATE, Organisation.id.not_in(invited))
    states = list(db.session.scalars(query.order_by(Organisation.sort_name, Organisation.id)))
    routes = routes_for(states, _today(now)) if states else {}
    return _of_states([state for state in states if not routes[state.id].people], {}, _today(now))


def _today(now: datetime) -> date:
    return to_wall(now, settings().default_zone).date()


def _invited(row: PeerSession, today: date, only: Collection[uuid.UUID] | None) -> list[Party]:
    query = (
        select(Organisation, Person)
        .join(Invitation, Invitation.organisation_id == Organisation.id)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.peer_session_id == row.id, Invitation.uninvited_at.is_(None), Organisation.kind == OrganisationKind.STATE)
        .order_by(Organisation.sort_name, Organisation.id, Invitation.invited_at, Invitation.id)
    )
    if only is not None:
        query = query.where(Organisation.id.in_(only))
    people: dict[uuid.UUID, list[Person]] = {}
    states: dict[uuid.UUID, Organisation] = {}
    for state, person in db.session.execute(query):
        states[state.id] = state
        people.setdefault(state.id, []).append(person)
    return _of_states(list(states.values()), people, today)


def _of_states(states: list[Organisation], people: dict[uuid.UUID, list[Person]], today: date) -> list[Party]:
    """One party for each State: those named, else those its mail reaches; a fixed number of statements."""
    routes = routes_for(states, today) if states else {}
    offices = _offices([state.id for state in states])
    found = []
    for state in states:
        reached = [p for p in people.get(state.id, []) if p.active and p.email and p.email_undeliverable_at is None]
        reached = reached or routes[state.id].people
        known = reached or people.get(state.id, [])
        office = _office(state, offices.get(state.id, []))
        language = known[0].language if known else next((c for c in state.un_languages if c in LANGUAGES), "")
        found.append(
            Party(
                state=state,
                office=office,
                addressed=Addressed(office.kind.value) if office is not None else Addressed.OTHER,
                person=known[0] if known else None,
                language=language or settings().default_language,
                zone=state.zone,
                recipients=tuple(_recipient(person) for person in reached),
            )
        )
    return found


def _recipient(person: Person) -> Recipient:
    spoken = person.language
    return Recipient(person.full_name, person.email or "", spoken, person.zone, person.salutation(spoken), person.id)


def _offices(state_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Organisation]]:
    """The Permanent Missions and Ministries of these States, by name."""
    query = select(Organisation).where(
        Organisation.parent_id.in_(list(state_ids)),
        Organisation.kind.in_((OrganisationKind.MISSION, OrganisationKind.MINISTRY)),
        Organisation.active,
    )
    found: dict[uuid.UUID, list[Organisation]] = {}
    for office in db.session.scalars(query.order_by(Organisation.sort_name, Organisation.id)):
        assert office.parent_id is not None  # asked for above
        found.setdefault(office.parent_id, []).append(office)
    return found


def _office(state: Organisation, offices: list[Organisation]) -> Organisation | None:
    """The office a State's letters go to: as its mail does, to capital or to the mission."""
    first = OrganisationKind.MINISTRY if state.mail_route is MailRoute.CAPITAL else OrganisationKind.MISSION
    return next((o for o in offices if o.kind is first), offices[0] if offices else None)


def _applicant(row: Expression) -> Party:
    """The applicant of an expression of interest, by what it says of itself."""
    kinds = {OrganisationKind.MISSION: Addressed.MISSION, OrganisationKind.MINISTRY: Addressed.MINISTRY}
    kind = row.organisation_kind
    contact = row.contact
    form = contact.salutation(row.language) if contact is not None else ""
    form = form or form_of_address(None, row.contact_honorific, row.contact_family_name)
    reached: tuple[Recipient, ...] = ()
    if row.contact_email:
        to = Recipient(row.contact_name, row.contact_email, row.language, row.contact_zone, form, row.contact_id)
        reached = (to,)
    return Party(
        state=row.state,
        office=None,
        addressed=kinds.get(kind, Addressed.OTHER) if kind is not None else Addressed.OTHER,
        person=contact,
        language=row.language if row.language in LANGUAGES else settings().default_language,
        zone=row.contact_zone or (row.state.zone if row.state else "UTC"),
        name=row.organisation_name or "",
        recipients=reached,
    )
