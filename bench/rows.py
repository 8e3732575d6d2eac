"""Rows for the figures: written in bulk, in the shapes that the rules write."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, select

from app.accounts import sessions
from app.accounts.models import Membership, Organisation, OrganisationKind, Person, Role, RoleGrant
from app.core import clock
from app.core.db import uuid7
from app.core.text import fold
from app.exchanges import rules
from app.exchanges.models import Capacity, Invitation, PeerSession, Seat, SessionStatus
from app.extensions import db
from app.interests.models import Call, Expression, Mode, Source, Status

LANGUAGES = ("en", "fr", "ar", "es", "ru", "zh")
TITLES = {
    "en": "Family reunification when papers are missing", "fr": "Le regroupement familial sans papiers d’état civil",
    "ar": "لم شمل الأسرة عند غياب الوثائق", "es": "La reunificación familiar sin documentos",
    "ru": "Воссоединение семьи без документов", "zh": "缺少证件时的家庭团聚",
}  # fmt: skip
AGENDA = "1. **Opening** by the hosts\n2. How two services decide\n3. Questions\n\nMore at [the page](https://example.org/a)."
GROUNDS = ("family", "child", "work", "study")


def long_ago(now: datetime) -> datetime:
    """Before every reminder's moment."""
    return now - timedelta(days=120)


def states() -> Sequence[Organisation]:
    """The States of the reference data, by name."""
    query = select(Organisation).where(Organisation.kind == OrganisationKind.STATE).order_by(Organisation.sort_name)
    return db.session.scalars(query).all()


def person(name: str, *roles: Role, language: str = "en", zone: str = "Africa/Nairobi") -> Person:
    """Somebody with these roles."""
    now = clock.now()
    row = Person(
        given_name="Ada", family_name=name, email=f"{name.lower()}@bench.example", language=language, zone=zone, joined_at=now,
        posts={"en": "Director"}, honorifics={"en": "Ms.", "fr": "Mme"},
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    db.session.add_all(RoleGrant(person_id=row.id, role=role, granted_at=now) for role in roles)
    db.session.flush()
    return row


def cookie(app: Flask, row: Person) -> dict[str, str]:
    """A signed-in browser's cookie, as the sign-in page would set it."""
    token = sessions.begin(row, "password", clock.now())
    db.session.flush()
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return {str(app.config["SESSION_COOKIE_NAME"]): str(serializer.dumps({"_user_id": token, "_fresh": True}))}


def meeting(days: int, *, capacity: int = 400, hosts: Sequence[Organisation] = (), title: str = "") -> PeerSession:
    """A scheduled, public session in so many days."""
    now = clock.now()
    plan = rules.Plan(
        titles={**TITLES, "en": title or TITLES["en"]}, agendas={"en": AGENDA, "fr": AGENDA},
        purposes={"en": "Colleagues explain how they decide.", "fr": "Des collègues expliquent."},
        local_start=datetime.combine(now.date() + timedelta(days=days), time(16)),
        zone="Africa/Nairobi", minutes=90, capacity=capacity, languages=("en", "fr", "ar"), join_url="https://meet.example/abc",
        dial_in="+254 20 000 0000, 1234#", test_url="https://meet.example/test", grounds=("family",),
    )  # fmt: skip
    row = rules.create_session(plan, by=None, now=now, status=SessionStatus.SCHEDULED, host_ids=[h.id for h in hosts])
    db.session.flush()
    return row


def people(
    count: int, prefix: str, organisations: Sequence[Organisation], *, zones: Sequence[str] = (), domains: int = 0
) -> list[uuid.UUID]:
    """So many people in six languages and their States' zones, each a member of one organisation.

    With ``zones`` each has one of these of their own; with ``domains`` their addresses are spread over so many.
    """
    made: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    for number in range(count):
        organisation = organisations[number % len(organisations)]
        email = f"{prefix}{number}@{f'office{number % domains}.' if domains else ''}bench.example"
        name = f"Person {prefix} {number}"
        made.append({
            "id": uuid7(), "email": email, "email_folded": email, "given_name": "Ada", "family_name": name,
            "language": LANGUAGES[number % 6], "zone": _zone(number, organisation, zones), "search": fold(f"Ada {name} {email}"),
            "sort_name": fold(f"{name} Ada"), "posts": {"en": "Director"},
            "honorifics": {"en": "Ms.", "fr": "Mme", "es": "Sra.", "ar": "السيدة", "ru": "Г-жа", "zh": "女士"},
        })  # fmt: skip
        members.append({
            "id": uuid7(), "person_id": made[-1]["id"], "organisation_id": organisation.id, "valid_from": date(2020, 1, 1),
        })  # fmt: skip
    db.session.execute(insert(Person), made)
    db.session.execute(insert(Membership), members)
    db.session.flush()
    return [row["id"] for row in made]


def _zone(number: int, organisation: Organisation, zones: Sequence[str]) -> str:
    return zones[number // 6 % len(zones)] if zones else organisation.zone or "UTC"


def invitations(row: PeerSession, person_ids: Sequence[uuid.UUID], organisations: Sequence[Organisation], held: int = 0) -> None:
    """Invitations without a mail; the first ``held`` of them said Yes and hold a seat."""
    now = clock.now()
    made = []
    for number, person_id in enumerate(person_ids):
        said_yes = number < held
        made.append({
            "peer_session_id": row.id, "person_id": person_id, "organisation_id": organisations[number % len(organisations)].id,
            "capacity": Capacity.PARTICIPANT, "invited_at": now, "invited_because": "state", "requested": True,
            "answer": "yes" if said_yes else None, "answered_at": now if said_yes else None,
            "answered_version": 1 if said_yes else None, "seat": Seat.HELD if said_yes else Seat.NONE,
            "seat_since": now if said_yes else None, "dtstamp": now,
        })  # fmt: skip
    db.session.execute(insert(Invitation), made)
    db.session.flush()


def call(title: str = "Call for peers") -> Call:
    """A call that is open."""
    opens, closes = clock.now() - timedelta(days=7), clock.now() + timedelta(days=30)
    row = Call(
        titles={"en": title, "fr": f"{title} (fr)"}, texts={"en": "We look for **peers**."}, zone="UTC",
        opens_at=opens, closes_at=closes, asks=["join_exchange"], published=True,
        opens_local=opens.replace(tzinfo=None), closes_local=closes.replace(tzinfo=None),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def expressions(count: int, prefix: str, to: Call, assignee: Person) -> None:
    """Expressions of interest that wait for a decision, of all States."""
    now = clock.now()
    of = states()
    made = []
    for number in range(count):
        email = f"{prefix}{number}@ministry.example"
        made.append({
            "reference": f"EOI-{prefix}-{number}", "call_id": to.id, "language": LANGUAGES[number % 6], "step": 4,
            "status": Status.SUBMITTED if number % 3 else Status.UNDER_REVIEW,
            "source": Source.WEB_FORM if number % 5 else Source.NOTE_VERBALE,
            "organisation_kind": OrganisationKind.MINISTRY, "state_id": of[number % len(of)].id,
            "organisation_name": "Ministry of the Interior", "contact_given_name": "Ada",
            "contact_family_name": f"Person {number}",
            "contact_email": email, "contact_folded": email, "mode": Mode.SEEK, "asks": ["join_exchange"],
            "grounds": list(GROUNDS[: 1 + number % 4]), "languages": ["en", "fr"], "aim": "To hear how peers decide.",
            "submitted_at": now - timedelta(minutes=number), "email_confirmed_at": now,
            "assignee_id": assignee.id if number % 2 else None,
            "search": f"eoi-{prefix}-{number} ministry of the interior".casefold(),
        })  # fmt: skip
    db.session.execute(insert(Expression), made)
    db.session.flush()


def clubs(count: int) -> list[Organisation]:
    """Organisations that are no State, in the zones of the States."""
    zones = [state.zone for state in states() if state.zone]
    made = [
        Organisation(kind=OrganisationKind.ACADEMIA, names={"en": f"University {n}"}, zone=zones[n % len(zones)])
        for n in range(count)
    ]
    db.session.add_all(made)
    db.session.flush()
    return made
