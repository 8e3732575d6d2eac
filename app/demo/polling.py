"""The demonstration's date poll: about the session that is still a draft, half answered. By the rules of any other."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.demo.calendar import Calendar
from app.demo.data_files import Record, read
from app.demo.meetings import Meetings, state_of
from app.demo.network import Network
from app.exchanges.models import Poll, PollAsked, Route, Vote
from app.exchanges.rules import polls as rules
from app.exchanges.rules.inviting import Guest
from app.exchanges.rules.poll_answers import answer_poll
from app.exchanges.rules.polls import PollPlan, Wall
from app.extensions import db


def build(network: Network, made: Meetings, calendar: Calendar) -> None:
    """Every poll of the data, with its answers."""
    for row in read("polls"):
        poll = _poll(row, network, made, calendar)
        _ask_and_answer(poll, row, network, calendar)


def _poll(row: Record, network: Network, made: Meetings, calendar: Calendar) -> Poll:
    draft = made.sessions[row["session"]]
    times = tuple(Wall(calendar.wall(time), row["zone"], None, str(n)) for n, time in enumerate(row["times"], 1))
    deadline = Wall(calendar.wall(row["deadline"]), row["zone"], None, "deadline")
    return rules.create(
        PollPlan(draft.titles, row["minutes"], deadline, slots=times), exchange=draft.exchange, peer_session=draft,
        by=network.secretariat, now=calendar.moment(row["asked_days"]), illustrative=True,
    )  # fmt: skip


def _ask_and_answer(poll: Poll, row: Record, network: Network, calendar: Calendar) -> None:
    now = calendar.moment(row["asked_days"], 10)
    people = [network.people[one["person"]] for one in row["asked"]]
    rules.ask(poll, [Guest(person, state_of(person), because="state") for person in people], by=network.secretariat, now=now)
    asked = {one.person_id: one for one in db.session.scalars(select(PollAsked).where(PollAsked.poll_id == poll.id))}
    for one in row["asked"]:
        now += timedelta(hours=1)
        if one["said"]:
            person = network.people[one["person"]]
            votes = {slot.id: Vote(said) for slot, said in zip(poll.slots, one["said"], strict=True)}
            answer_poll(asked[person.id], votes, route=Route.PAGE, comment=one.get("comment", ""), by=person, now=now)
