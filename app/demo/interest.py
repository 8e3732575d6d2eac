"""The demonstration's call and its expressions of interest, each led to its stage by the same rules as any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from app.accounts.models import OrganisationKind, Person
from app.accounts.visibility import Label
from app.demo.calendar import Calendar
from app.demo.data_files import Record, read
from app.demo.network import Network
from app.interests.models import Call, Endorsement, Expression, Mode, Source
from app.interests.opinion_models import View
from app.interests.rules import behalf, drafts, opinions, review, sending
from app.interests.rules import calls as call_rules

STEP = timedelta(days=3)
QUESTIONS = {
    "EOI-04": "Your alternate sent this expression of interest. Does the official focal point confirm it?",
}
OPINIONS = {
    "EOI-02": (
        "Would the tools in French suit a ministry of justice?",
        {"hana": (View.SUPPORT, "The questionnaire was tried in French last year, and the ministry has officers for it.")},
    ),
}
"""What the co-leads are asked, and who has answered."""
ASKED, ANSWERED, DUE = -3, -1, "2026-12-01"  # days from the anchor; the last day for an opinion
NOTES = {
    "EOI-02": "Asked for interpretation between French and English. The session on recovery would fit.",
    "EOI-06": "Only hours from 20:00 UTC suit Kiritimati in the morning. Good first case for the exchange on storms.",
}


def build(network: Network, calendar: Calendar) -> dict[str, Expression]:
    """Open the call and let everything come in, in the order of the dates; answers the expressions by their short names."""
    call = _call(network, calendar)
    steps: list[tuple[datetime, int, Callable[[datetime], None]]] = []
    received: dict[str, Expression] = {}
    for number, row in enumerate(sorted(read("expressions"), key=lambda r: str(r["received_on"]))):
        expression = received[str(row["key"])] = _received(call, row, network, calendar)
        steps += [(at, number, step) for at, step in _course(expression, row, network, calendar)]
    for at, _number, step in sorted(steps, key=lambda s: s[:2]):
        step(at)
    return received


def ask_co_leads(expressions: dict[str, Expression], network: Network, calendar: Calendar) -> None:
    """A question to the co-leads that is still open: some have answered, some have not."""
    for key, (text, given) in OPINIONS.items():
        request = opinions.ask_opinions(
            expressions[key], calendar.day(DUE), text=text, visibility=Label.ALL_CO_LEADS, by=network.secretariat,
            now=calendar.moment(ASKED),
        )  # fmt: skip
        people = {network.people[name].id: (network.people[name], said) for name, said in given.items()}
        for opinion in request.opinions:
            if opinion.person_id in people:
                person, (view, reason) = people[opinion.person_id]
                opinions.give_opinion(opinion, view, reason=reason, by=person, now=calendar.moment(ANSWERED, 5))


def _call(network: Network, calendar: Calendar) -> Call:
    row = read("calls")[0]
    opens, closes = calendar.wall(row["opens"]), calendar.wall(row["closes"])
    fields = {
        "titles": row["titles"], "texts": row["texts"], "zone": row["zone"], "asks": row["asks"], "illustrative": True,
        "opens_local": opens, "closes_local": closes, "opens_fold": 0, "closes_fold": 0,
    }  # fmt: skip
    written = calendar.on("2026-08-31")
    call = call_rules.create_call(fields, by=network.secretariat, now=written)
    call_rules.publish(call, by=network.secretariat, now=written)
    return call


def _received(call: Call, row: Record, network: Network, calendar: Calendar) -> Expression:
    """Sent with the form by its contact, or entered by the secretariat with number and date of the letter."""
    at, source = calendar.on(row["received_on"], 8), Source(row["source"])
    fields = _fields(row, network, calendar)
    if source is not Source.WEB_FORM:
        fields["endorsement"] = Endorsement.RECEIVED
        came = behalf.Came(source, number=row["source_number"] or "", on=at.date())
        return behalf.enter(call, fields, came, by=network.secretariat, now=at)
    draft = drafts.start(call, language=row["language"], zone=fields["contact_zone"], now=at)
    drafts.keep_step(draft, {**fields, "endorsement": Endorsement.LATER}, step=4, now=at)
    sending.submit(draft, now=at)
    sending.confirm_address(draft, now=at + timedelta(minutes=20))
    return draft


def _fields(row: Record, network: Network, calendar: Calendar) -> dict[str, Any]:
    """What the form asks, as its columns."""
    contact: Person = network.people[row["contact"]]
    return {
        "language": row["language"],
        "organisation_kind": OrganisationKind.MINISTRY,
        "state_id": network.states[row["state"]].id,
        "organisation_id": network.organisations[row["organisation"]].id,
        "organisation_name": row["organisation_name"],
        "organisation_unit": row["organisation_unit"],
        "contact_honorific": contact.honorifics.get(row["language"], ""),
        "contact_given_name": contact.given_name,
        "contact_family_name": contact.family_name,
        "contact_post": row["contact_post"],
        "contact_email": contact.email or "",
        "contact_phone": contact.phone or "",
        "contact_zone": contact.zone,
        "mode": Mode(row["mode"]),
        "asks": row["asks"],
        "grounds": row["grounds"],
        "tools": row["tools"],
        "languages": [row["language"]],
        "aim": row["aim"],
        "constraints": row["constraints"],
        "start_on": calendar.day(row["start_on"]),
        "illustrative": True,
    }


def _course(
    expression: Expression, row: Record, network: Network, calendar: Calendar
) -> list[tuple[datetime, Callable[[datetime], None]]]:
    """The steps that lead to its stage, one every three days."""
    office, received = network.secretariat, calendar.on(row["received_on"], 9)
    steps: list[Callable[[datetime], None]] = []
    if row["key"] in NOTES:
        text, seen = NOTES[row["key"]], Label.ALL_CO_LEADS
        steps.append(lambda at: _quietly(review.note(expression, text, visibility=seen, by=office, now=at)))
    if row["status"] != "submitted":
        steps.append(lambda at: _quietly(review.begin_review(expression, by=office, now=at)))
    if row["status"] == "clarification_asked":
        steps.append(lambda at: _quietly(review.ask(expression, QUESTIONS[row["key"]], by=office, now=at)))
    if row["status"] == "accepted":
        steps.append(lambda at: _quietly(review.accept(expression, reason=row["reason"], by=office, now=at)))
    return [(received + STEP * (n + 1), step) for n, step in enumerate(steps)]


def _quietly(_outcome: object) -> None:
    """What a step answers is of no use here."""
