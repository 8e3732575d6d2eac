"""People and the organisations they belong to, what they may do, and how they sign in."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, event, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, Id, Texts, Timestamps
from app.core.text import fold
from app.core.tokens import fresh_nonce


def fold_address(email: str | None) -> str | None:
    """An e-mail address as it is found by: without outer space and case."""
    return (email or "").strip().casefold() or None


class OrganisationKind(StrEnum):
    """What an organisation is."""

    STATE = "state"
    MINISTRY = "ministry"
    MISSION = "mission"
    UN_ENTITY = "un_entity"
    CIVIL_SOCIETY = "civil_society"
    ACADEMIA = "academia"
    REGIONAL_BODY = "regional_body"


class MailRoute(StrEnum):
    """Where mail to a State goes."""

    CAPITAL = "capital"
    MISSION = "mission"
    BOTH = "both"


class Organisation(Id, Timestamps, Base):
    """A State, ministry, Permanent Mission, UN entity, civil society, academia or regional body."""

    __tablename__ = "organisations"

    kind: Mapped[OrganisationKind]
    code: Mapped[str | None] = mapped_column(unique=True)  # ISO alpha-2 of a State
    names: Mapped[Texts]
    formal_names: Mapped[Texts] = mapped_column(default=dict)
    search: Mapped[str] = mapped_column(default="")  # folded names, also everyday ones people may type
    sort_name: Mapped[str] = mapped_column(default="")  # folded, for lists paged by key
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))
    region_m49: Mapped[str | None]
    un_group: Mapped[str | None]
    zone: Mapped[str] = mapped_column(default="UTC")
    weekend: Mapped[list[str]] = mapped_column(default=list)  # ISO weekdays, "6", "7"
    un_languages: Mapped[list[str]] = mapped_column(default=list)
    mail_route: Mapped[MailRoute] = mapped_column(default=MailRoute.CAPITAL)
    illustrative: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    parent: Mapped[Organisation | None] = relationship(remote_side="Organisation.id")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_organisations_parent", "parent_id"),
        Index("ix_organisations_kind", "kind", "code"),
        Index("ix_organisations_sort", "sort_name", "id"),
    )

    @property
    def is_state(self) -> bool:
        """Is it a State?"""
        return self.kind is OrganisationKind.STATE


def form_of_address(chosen: str | None, honorific: str | None, family_name: str) -> str:
    """How a letter begins: the form a person chose, else honorific and family name, else nothing."""
    return chosen or (f"{honorific} {family_name}" if honorific else "")


class Channel(StrEnum):
    """How a person prefers to be reached."""

    EMAIL = "email"
    PHONE = "phone"
    POST = "post"


class Person(Id, Timestamps, Base):
    """Someone the network writes to. Most have no account: a signed link is enough to answer."""

    __tablename__ = "people"

    email: Mapped[str | None]  # as the person writes it
    email_folded: Mapped[str | None] = mapped_column(unique=True)  # case folded, for finding
    honorifics: Mapped[Texts] = mapped_column(default=dict)  # "Ms.", "Mme", "السيدة"
    given_name: Mapped[str] = mapped_column(default="")
    family_name: Mapped[str]
    posts: Mapped[Texts] = mapped_column(default=dict)
    forms_of_address: Mapped[Texts] = mapped_column(default=dict)  # "Madame la Ministre"
    phone: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="en")
    zone: Mapped[str] = mapped_column(default="UTC")
    channel: Mapped[Channel] = mapped_column(default=Channel.EMAIL)
    theme: Mapped[str] = mapped_column(default="device")  # device, light, dark
    lighter_pages: Mapped[bool] = mapped_column(default=False)
    email_confirmed_at: Mapped[datetime | None]
    email_undeliverable_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]  # since then there is an account; before, signed links only
    search: Mapped[str] = mapped_column(default="")  # folded name and address
    sort_name: Mapped[str] = mapped_column(default="")  # folded family name, given name
    active: Mapped[bool] = mapped_column(default=True)
    feed_nonce: Mapped[str] = mapped_column(default=fresh_nonce)  # a new one revokes the calendar address
    version: Mapped[int] = mapped_column(default=1)

    memberships: Mapped[list[Membership]] = relationship(back_populates="person", order_by="Membership.valid_from")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_people_sort", "sort_name", "id"),
        Index("ix_people_without_address", "id", postgresql_where=text("email IS NULL OR email = ''")),
    )

    @property
    def full_name(self) -> str:
        """Given and family name in the order people sign with."""
        return f"{self.given_name} {self.family_name}".strip()

    def salutation(self, language: str) -> str:
        """The form of address the person chose in this language, else honorific and family name, else ""."""
        return form_of_address(self.forms_of_address.get(language), self.honorifics.get(language), self.family_name)


@event.listens_for(Person, "before_insert")
@event.listens_for(Person, "before_update")
def _person_found_by(_mapper: Any, _connection: Any, person: Person) -> None:
    """Keep what people are found and sorted by in step with what they are called, whoever writes the row."""
    person.email_folded = fold_address(person.email)
    person.sort_name = fold(f"{person.family_name} {person.given_name or ''}")
    person.search = fold(f"{person.full_name} {person.email or ''}")


@event.listens_for(Organisation, "before_insert")
@event.listens_for(Organisation, "before_update")
def _organisation_found_by(_mapper: Any, _connection: Any, organisation: Organisation) -> None:
    """Likewise for organisations; everyday names that the reference data brought stay findable."""
    names = organisation.names
    organisation.sort_name = fold(names.get("en") or next((n for _, n in sorted(names.items()) if n), ""))
    kept = (organisation.search or "").split("|")
    organisation.search = "|".join(dict.fromkeys([*kept, *(fold(n) for n in names.values())])).strip("|")


class OtherAddress(Id, Base):
    """Another address that a person answers from: the secretariat said so once. Nothing is ever sent there."""

    __tablename__ = "other_addresses"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    address: Mapped[str] = mapped_column(unique=True)  # case folded
    added_at: Mapped[datetime]
    added_by: Mapped[uuid.UUID | None]

    __table_args__ = (Index("ix_other_addresses_person", "person_id"),)


class Membership(Id, Base):
    """A person belongs to an organisation from a day on, until a day."""

    __tablename__ = "memberships"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    person: Mapped[Person] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        Index("ix_memberships_person", "person_id"),
        Index("ix_memberships_organisation", "organisation_id"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
    )


class Role(StrEnum):
    """Roles; what each may do stands in one table in ``access``. Focal points come only from designations."""

    ADMINISTRATOR = "administrator"
    SECRETARIAT = "secretariat"
    CO_LEAD = "co_lead"
    FOCAL_POINT = "focal_point"
    PARTICIPANT = "participant"
    OBSERVER = "observer"
    AUDITOR = "auditor"


class RoleGrant(Id, Base):
    """A role given to a person, until it ends. Never ``focal_point``: that is a designation."""

    __tablename__ = "role_grants"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    role: Mapped[Role]
    granted_at: Mapped[datetime]
    granted_by: Mapped[uuid.UUID | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_role_grants_open", "person_id", "role", unique=True, postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("role <> 'focal_point'", name="not_by_grant"),
    )


class Capacity(StrEnum):
    """In what capacity a State names someone."""

    FOCAL_POINT = "focal_point"
    ALTERNATE = "alternate"


class Designation(Id, Timestamps, Base):
    """A State names its focal point or alternate by letter; the secretariat verifies it. State-wide rights come from here alone."""

    __tablename__ = "designations"

    state_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    capacity: Mapped[Capacity]
    letter_number: Mapped[str] = mapped_column(default="")
    letter_date: Mapped[date]
    signatory: Mapped[str]
    scan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    replaces_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("designations.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    refused_at: Mapped[datetime | None]
    refused_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    state: Mapped[Organisation] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    replaces: Mapped[Designation | None] = relationship(remote_side="Designation.id")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_designations_state", "state_id", "valid_from"),
        Index("ix_designations_person", "person_id"),
        Index("ix_designations_from", "valid_from", "id"),
        Index(
            "ix_designations_to_verify",
            "created_at",
            "id",
            postgresql_where=text("verified_at IS NULL AND refused_at IS NULL"),
        ),
        Index("ix_designations_letter_date", "letter_date", "id"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
    )

    def in_force(self, on: date) -> bool:
        """Does it give rights on this day? Verified, begun, not over."""
        return (
            self.verified_at is not None
            and self.refused_at is None
            and self.valid_from <= on
            and (self.valid_to is None or on <= self.valid_to)
        )


class CallOutcome(StrEnum):
    """What came of a telephone call."""

    TOLD = "told"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    CALLS_BACK = "calls_back"


class PhoneCall(Id, Base):
    """A person was called: when, by whom, about what, and what came of it. An outcome beside that of a mail."""

    __tablename__ = "phone_calls"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    called_at: Mapped[datetime]
    called_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    number: Mapped[str] = mapped_column(default="")  # as it stood on the record
    outcome: Mapped[CallOutcome]
    note: Mapped[str] = mapped_column(default="")
    subject_kind: Mapped[str | None]  # as in the outbox: "session", "circular"; no key, since those live upstairs
    subject_id: Mapped[uuid.UUID | None]
    message_id: Mapped[uuid.UUID | None]  # the mail that did not arrive; no key, since mails are erased in time
    recorded_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_phone_calls_person", "person_id", "called_at"),
        Index("ix_phone_calls_subject", "subject_kind", "subject_id"),
        Index("ix_phone_calls_message", "message_id", postgresql_where=text("message_id IS NOT NULL")),
        CheckConstraint("(subject_kind IS NULL) = (subject_id IS NULL)", name="subject"),
    )


class SignIn(Id, Base):
    """A server-side session: its random id lies in the signed cookie, hashed here."""

    __tablename__ = "sign_ins"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # absolute end
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
    method: Mapped[str]  # "password", "link", "join"
    address: Mapped[str | None]
    device: Mapped[str | None]

    person: Mapped[Person] = relationship()

    __table_args__ = (Index("ix_sign_ins_person", "person_id", "ended_at"),)


class SignInLink(Id, Base):
    """A mailed sign-in link: single use, ten minutes, bound to the browser that asked, with the code shown there."""

    __tablename__ = "sign_in_links"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    nonce: Mapped[str] = mapped_column(default=fresh_nonce)
    browser_hash: Mapped[str]
    code_hash: Mapped[str]
    wrong_codes: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_sign_in_links_person", "person_id"),)


class JoinInvitation(Id, Base):
    """An invitation to make an account: single use, expires."""

    __tablename__ = "join_invitations"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    role: Mapped[Role | None]
    nonce: Mapped[str] = mapped_column(default=fresh_nonce)
    invited_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])

    __table_args__ = (Index("ix_join_invitations_person", "person_id"),)


class HandOver(Id, Base):
    """One person took over from another, all at once; history still names both."""

    __tablename__ = "hand_overs"

    from_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    to_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    state_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))
    designation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("designations.id"))  # the new one it stands on
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    closed: Mapped[bool] = mapped_column(default=True)  # the predecessor's record was closed with it

    __table_args__ = (
        Index("ix_hand_overs_from", "from_id", "at"),
        Index("ix_hand_overs_to", "to_id", "at"),
        CheckConstraint("from_id <> to_id", name="two_people"),
    )
