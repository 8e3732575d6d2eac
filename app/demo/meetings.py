"""The demonstration's exchanges and sessions: past, coming, full, cancelled, planned; made by the same rules as any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Organisation, Person
from app.demo.calendar import Calendar
from app.demo.data_files import Record, read
from app.demo.network import Network
from app.exchanges.models import Answer, Capacity, Exchange, Invitation, ListShown, PeerSession, Route, SessionStatus
from app.exchanges.rules import answering, changing, inviting, listing, planning, series
from app.exchanges.rules.inviting import Guest
from app.extensions import db

PLANNED = -46  # days from the anchor
INVITED = {"past": -40, "coming": -10}
CANCELLED = -4
NEW = frozenset({"trafficking"})
"""Sessions whose invitations go out at the load itself, so that a newcomer sees mail arrive."""


@dataclass
class Meetings:
    """The sessions by their short names, with what is still to be said at the moment of the load."""

    sessions: dict[str, PeerSession] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)


def history(network: Network, calendar: Calendar) -> Meetings:
    """Everything up to the day before: planned, invited, answered, cancelled."""
    made = Meetings()
    for row in read("exchanges"):
        exchange = _exchange(row, network, calendar)
        for session in row["sessions"]:
            made.records[session["key"]] = session
            made.sessions[session["key"]] = _session(session, row, exchange, network, calendar)
        if "series" in row:
            _series(row["series"], exchange, network, calendar)
        _list(row.get("invited", ()), exchange, network, calendar)
    for key, session in made.records.items():
        if key not in NEW and not session.get("draft"):
            _invite_and_answer(made.sessions[key], session, network, calendar)
    for key, session in made.records.items():
        if session.get("cancelled"):
            changing.cancel(
                made.sessions[key], reason=session["cancelled"], tell=True, version=made.sessions[key].version,
                by=network.secretariat, now=calendar.moment(CANCELLED),
            )  # fmt: skip
    return made


def present(made: Meetings, network: Network, now: datetime) -> None:
    """What happens at the load itself: the newest session invites, and those who were not asked yet are."""
    for key, session in made.records.items():
        if session.get("draft") or session.get("past") or session.get("cancelled"):
            continue
        late = [_guest(row, network) for row in session["invitations"] if key in NEW or _is_late(key, row)]
        if late:
            inviting.invite(made.sessions[key], late, by=network.secretariat, now=now)


def _is_late(key: str, row: Record) -> bool:
    """In the session on missing papers, those without an answer are asked at the load."""
    return key == "papers" and row["answer"] is None


def _exchange(row: Record, network: Network, calendar: Calendar) -> Exchange:
    return planning.create_exchange(
        planning.ExchangePlan(
            themes=row["themes"],
            purposes=row["purposes"],
            grounds=tuple(row["grounds"]),
            host_ids=tuple(network.states[code].id for code in row["hosts"]),
            languages=tuple(row.get("languages", ())),
            list_shown=ListShown(row.get("list_shown", ListShown.HOSTS)),
        ),
        by=network.secretariat,
        now=calendar.moment(PLANNED),
        illustrative=True,
    )


def _session(row: Record, of: Record, exchange: Exchange, network: Network, calendar: Calendar) -> PeerSession:
    room = f"https://meet.network.example/{row['key']}"
    plan = planning.Plan(
        titles=row["titles"],
        purposes=row["purposes"],
        agendas=row["agendas"],
        local_start=calendar.wall(row["date"], row["time"]),
        zone=row["zone"],
        fold=0,
        minutes=row["minutes"],
        capacity=row["capacity"],
        languages=tuple(row["languages"]),
        join_url=room,
        dial_in="+998 20 555 0199, 4711#",
        test_url=f"{room}/test",
        grounds=tuple(of["grounds"]),
        invite_accepted=bool(row.get("invite_accepted")),
    )
    return planning.create_session(
        plan,
        by=network.secretariat,
        now=calendar.moment(PLANNED, 10),
        exchange=exchange,
        status=SessionStatus.DRAFT if row.get("draft") else SessionStatus.SCHEDULED,
        illustrative=True,
    )


def _series(row: Record, exchange: Exchange, network: Network, calendar: Calendar) -> None:
    """A series planned as a whole. Nobody is invited to its sessions yet."""
    first, last = calendar.day(row["first"]), calendar.day(row["last"])
    session = planning.Plan(
        titles=row["titles"],
        purposes=row["purposes"],
        agendas=row["agendas"],
        local_start=calendar.wall(row["first"], row["time"]),
        zone=row["zone"],
        minutes=row["minutes"],
        capacity=row["capacity"],
        languages=tuple(row["languages"]),
        join_url=f"https://meet.network.example/{row['key']}",
        grounds=tuple(exchange.grounds),
    )
    plan = series.SeriesPlan(
        session, row["count"], frozenset(row["weekdays"]), first, last, rhythm=series.Rhythm(row["every"]), numbered=True
    )
    either = {(first + timedelta(days=n)).isoformat(): "0" for n in range((last - first).days + 1)}
    made, _invited = series.plan_series(
        exchange, plan, either, status=SessionStatus.SCHEDULED, by=network.secretariat, now=calendar.moment(PLANNED, 10)
    )
    for one in made:
        one.illustrative = True


def _list(codes: Sequence[str], exchange: Exchange, network: Network, calendar: Calendar) -> None:
    """The States invited to an exchange as a whole."""
    states = [network.states[code] for code in codes]
    if states:
        listing.put_on_list(exchange, organisations=states, by=network.secretariat, now=calendar.moment(PLANNED, 11))


def _guest(row: Record, network: Network) -> Guest:
    person = network.people[row["person"]]
    return Guest(person, state_of(person), Capacity(row.get("capacity", "participant")))


def state_of(person: Person) -> Organisation | None:
    """The State or body a person comes for."""
    organisation = person.memberships[0].organisation
    return organisation.parent or organisation


def _invite_and_answer(session: PeerSession, row: Record, network: Network, calendar: Calendar) -> None:
    invited = calendar.moment(INVITED["past" if row.get("past") else "coming"])
    rows = [r for r in row["invitations"] if not _is_late(row["key"], r)]
    inviting.invite(session, [_guest(r, network) for r in rows], by=network.secretariat, now=invited)
    db.session.flush()
    found = db.session.scalars(select(Invitation).where(Invitation.peer_session_id == session.id))
    of = {invitation.person_id: invitation for invitation in found}
    answered = invited + timedelta(hours=5)
    for r in rows:
        if r["answer"]:
            person = network.people[r["person"]]
            answering.respond(of[person.id], answer=Answer(r["answer"]), route=Route.PAGE, now=answered, by=person)
            answered += timedelta(hours=3)
