"""The demonstration's letters and circulars, and a call: written, sent and recorded by the same rules as any other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.accounts.access import Viewer
from app.accounts.models import CallOutcome, Person, Role
from app.accounts.rules.phoning import record_call
from app.circulars import rules as circulars
from app.circulars.models import Audience, Circular, Part, Visibility
from app.demo.calendar import Calendar
from app.demo.data_files import Record, read
from app.demo.meetings import Meetings
from app.demo.network import Network
from app.exchanges.queries import SUBJECT as SESSION
from app.interests.models import Expression
from app.letters import queries, rules
from app.letters.models import About, LetterKind, LetterSet, Means, Signatory
from app.letters.queries import Subject

ISSUED, CALLED = -18, -4  # days from the anchor


def letters(network: Network, expressions: dict[str, Expression], calendar: Calendar) -> None:
    """One that was issued on a decision, and one that came and awaits an answer.

    One alone is issued: each costs a first start the time to typeset it.
    """
    office = network.secretariat
    signer = rules.save_signatory(
        None, office.full_name, office.posts, True, version=0, by=office, now=calendar.moment(ISSUED - 30)
    )
    at = calendar.moment(ISSUED)
    decided = _subject(office, About.EXPRESSION, expressions["EOI-03"])
    of = _prepared(decided, signer, office, at)
    seen = rules.seen(rules.proofs(of, queries.letters_of(of), decided, at))
    rules.issue(of, decided, looked_at=seen, by=office, now=at)
    for row in read("letters"):
        _came(row, network, calendar)


def to_issue(network: Network, made: Meetings, now: datetime) -> None:
    """Letters to every State that is invited to a session: prepared, and not issued yet."""
    office = network.secretariat
    _prepared(_subject(office, About.SESSION, made.sessions["papers"]), queries.signatories()[0], office, now)


def _subject(office: Person, kind: About, row: Any) -> Subject:
    found = queries.subject_of(Viewer(person=office, roles=frozenset({Role.SECRETARIAT})), kind, row.id)
    assert found is not None  # made a moment ago
    return found


def _prepared(subject: Subject, signer: Signatory, office: Person, at: datetime) -> LetterSet:
    chosen = {party.key for party in queries.parties(subject, at)}
    return rules.prepare(subject, chosen, signatory=signer, answer_due=None, annexes=(), by=office, now=at)


def _came(row: Record, network: Network, calendar: Calendar) -> None:
    fields = {
        "kind": LetterKind(row["kind"]), "their_number": row["their_number"], "dated": calendar.day(row["dated"]),
        "came_on": calendar.day(row["came_on"]), "means": Means(row["means"]), "state_id": network.states[row["state"]].id,
        "correspondent": row["correspondent"], "subject": row["subject"], "language": row["language"],
        "answer_due": calendar.day(row["answer_due"]), "answers_id": None,
    }  # fmt: skip
    rules.receive(fields, None, by=network.secretariat, now=calendar.on(row["came_on"], 13))


def circular(network: Network, made: Meetings, calendar: Calendar) -> None:
    """One that was sent to the working group, and a draft to an exchange whose translations are not finished."""
    for row in read("circulars"):
        written = _written(row, network, made, calendar)
        for code, who in row["reviewed"].items():
            circulars.reviewed(written, code, by=network.people[who], now=calendar.on(row["on"], 11))
        if row["sent"]:
            at = calendar.on(row["on"], 12)
            circulars.send(written, by=network.secretariat, now=at)


def _written(row: Record, network: Network, made: Meetings, calendar: Calendar) -> Circular:
    """With all its texts; a language without one is written to in the stated other."""
    said = row["written"]
    exchange = made.sessions[row["exchange"]].exchange if row["exchange"] else None
    plan = circulars.Plan(
        audience=Audience(row["audience"]),
        subjects={code: one["subject"] for code, one in said.items()},
        texts={code: one["text"] for code, one in said.items() if one["text"]},
        source=row["source"],
        fallback=row["fallback"],
        zone="Africa/Nairobi",
        exchange_id=exchange.id if exchange else None,
        chosen=(Part(row["part"]).value,),
        visibility=Visibility(row["visibility"]),
        not_before=calendar.wall(row["not_before"]) if row["not_before"] else None,
    )
    return circulars.write(plan, by=network.secretariat, now=calendar.on(row["on"], 10))


def call(network: Network, made: Meetings, calendar: Calendar) -> None:
    """The minister's office was phoned about her invitation: an outcome beside the mail."""
    at = calendar.moment(CALLED, 10)
    record_call(
        network.people["aminata"], called_at=at, outcome=CallOutcome.TOLD, note="Her office answers once the cabinet has met.",
        subject=(SESSION, made.sessions["child"].id), by=network.people["ines"], now=at,
    )  # fmt: skip
