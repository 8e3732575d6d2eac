"""A network with everything in it: the demonstration, with letters, circulars and imports, many times over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import create_engine, select

from app.accounts.models import Person, Role
from app.circulars.models import Audience, Circular
from app.core import clock
from app.demo.load import load_demo
from app.demo.sign_ins import ADDRESSES
from app.exchanges.models import PeerSession
from app.extensions import db
from app.files.models import StoredFile
from app.interests.models import Expression
from app.interests.opinion_models import Opinion, OpinionRequest, View
from app.letters import rules as letters
from app.letters.models import LetterKind, Means
from app.pilots.models import Evidence, Milestone, Pilot
from app.practices.models import Practice, Resource, Tool
from app.transfers.models import Import, ImportState, Kind
from bench import copies, rows
from bench.house import House

COPIES = 12
"""How many demonstrations the smaller network is: every list is longer than a page."""
MILESTONES = 24
"""Milestones of the pilot whose page is read: two years, one a month."""
OPINIONS = 3
"""Co-leads who were asked about the expression whose decision page is read."""


@dataclass(frozen=True)
class Town:
    """Cookies of those who read, and the records whose pages are read."""

    readers: dict[str, dict[str, str]]  # by role, as the demonstration calls it
    ids: dict[str, str]


def settle(house: House) -> Town:
    """Fill the house with the smaller network."""
    with house.app.test_request_context(base_url=house.env["BASE_URL"]):
        now = clock.now()
        load_demo(now)
        people = {role: db.session.scalars(select(Person).where(Person.email_folded == a)).one() for role, a in ADDRESSES.items()}
        office = people["secretariat"]
        _letters(office)
        _circulars(office)
        _imports(office)
        for number in range(3):
            rows.call(f"Call {number}")
        readers = {role: rows.cookie(house.app, person) for role, person in people.items()} | {"public": {}}
        db.session.commit()
        _grow(house, COPIES)
        ids = _ids()
        _milestones(ids["pilot"], office)
        _opinions(ids["expression"], office, people["co-lead"])
        db.session.commit()
    return Town(readers, {name: str(value) for name, value in ids.items()})


def _grow(house: House, factor: int) -> None:
    """Everything ``factor`` times."""
    owner = create_engine(house.env["MIGRATION_DATABASE_URL"])
    with owner.begin() as connection:
        copies.times(connection, factor)
    owner.dispose()


def _ids() -> dict[str, Any]:
    """The first of each kind: those that the demonstration made, and their copies are later."""
    kinds = (("practice", Practice.code), ("tool", Tool.code), ("resource", Resource.code))
    codes = {name: db.session.scalars(select(code).where(code.not_like("%-_")).order_by(code)).first() for name, code in kinds}
    asked = select(OpinionRequest.expression_id).where(OpinionRequest.closed_at.is_(None))
    under_review = (Expression.status == "under_review", Expression.id.not_in(asked))  # nobody can be asked twice at a time
    one = {
        "pilot": select(Pilot.id).where(Pilot.published).order_by(Pilot.code),
        "expression": select(Expression.id).where(*under_review).order_by(Expression.reference),
        "session": select(PeerSession.id).where(PeerSession.status == "scheduled").order_by(PeerSession.starts_at, PeerSession.id),
    }
    return codes | {name: db.session.scalars(query).first() for name, query in one.items()}


def _milestones(pilot_id: Any, by: Person) -> None:
    """Two years of a pilot, one milestone a month, each of the past with what shows that it is done."""
    pilot = db.session.get(Pilot, pilot_id)
    assert pilot is not None
    now = clock.now()
    start = now.date() - timedelta(days=365)
    pilot.starts_on, pilot.ends_on = start, start + timedelta(days=730)
    there = list(db.session.scalars(select(Milestone).where(Milestone.pilot_id == pilot.id)))
    for number in range(MILESTONES - len(there)):
        due = start + timedelta(days=30 * (number + 1))
        made = Milestone(
            pilot_id=pilot.id, titles={"en": f"Milestone {number}", "fr": f"Étape {number}"}, evidence_asked={}, baseline_on=due,
            due_on=due, post="Director", owner_id=by.id, done_on=due if due < now.date() else None,
            done_note="Done." if due < now.date() else None, done_by=by.id if due < now.date() else None,
        )  # fmt: skip
        db.session.add(made)
        db.session.flush()
        if made.done_on:
            db.session.add(
                Evidence(milestone_id=made.id, title="The text", url="https://example.org/a", visibility="public",
                         added_by=by.id, added_at=now)
            )  # fmt: skip


def _opinions(expression_id: Any, by: Person, co_lead: Person) -> None:
    now = clock.now()
    asked = OpinionRequest(
        expression_id=expression_id, asked_by=by.id, asked_at=now, due_on=now.date() + timedelta(days=7), text="What do you think?",
        visibility="all_co_leads",
    )  # fmt: skip
    db.session.add(asked)
    db.session.flush()
    others = [rows.person(f"Lead{number}", Role.CO_LEAD) for number in range(OPINIONS - 1)]
    for person, view in zip([co_lead, *others], (View.SUPPORT, View.CONCERN, None), strict=True):
        db.session.add(
            Opinion(request_id=asked.id, person_id=person.id, view=view, reason="A reason." if view else "",
                    given_at=now if view else None)
        )  # fmt: skip


def _letters(by: Person) -> None:
    now = clock.now()
    letters.save_signatory(None, "Wanjiru Kamau", {"en": "Head of the secretariat"}, True, version=0, by=by, now=now)
    for number, state in enumerate(rows.states()[:8]):
        given = {
            "kind": LetterKind.NOTE_VERBALE, "their_number": f"NV/{number}", "dated": now.date() - timedelta(days=20 + number),
            "came_on": now.date() - timedelta(days=15 + number), "means": Means.POST, "state_id": state.id, "correspondent": "",
            "subject": "Papers for the next session", "language": "en",
            "answer_due": now.date() + timedelta(days=number - 4), "answers_id": None,
        }  # fmt: skip
        letters.receive(given, None, by=by, now=now)


def _circulars(by: Person) -> None:
    for number in range(3):
        words = {"en": f"Circular {number}", "fr": f"Circulaire {number}"}
        everyone = {"audience": Audience.WORKING_GROUP, "chosen": ["everyone"]}
        db.session.add(
            Circular(subjects=words, texts={"en": "It **moved**."}, fallback="en", zone="UTC", made_by=by.id, **everyone)
        )


def _imports(by: Person) -> None:
    file = db.session.scalars(select(StoredFile)).first()
    assert file is not None
    done = {"state": ImportState.DONE, "rows": 10, "rows_done": 10, "report": {}, "options": {}, "ended_at": clock.now()}
    for number in range(4):
        name = f"people{number}.xlsx"
        db.session.add(Import(kind=Kind.PEOPLE, file_name=name, file_id=file.id, language="en", by_id=by.id, **done))
