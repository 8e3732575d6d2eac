"""Date polls for tests, made by the room's own rules."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import Organisation, Person
from app.exchanges.models import Exchange, PeerSession, Poll, PollAsked, Route, Vote
from app.exchanges.rules import ExchangePlan, Guest, create_exchange
from app.exchanges.rules import polls as rules
from app.exchanges.rules.poll_answers import answer_poll
from app.exchanges.rules.polls import PollPlan, Wall
from app.extensions import db
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import NOW

ZONE = "Africa/Nairobi"
TITLES = {"en": "Family reunification when papers are missing", "fr": "Le regroupement familial"}
TIMES = (datetime(2026, 12, 7, 16), datetime(2026, 12, 8, 10), datetime(2026, 12, 9, 10))
DEADLINE = datetime(2026, 12, 1, 18)


def walls(*times: datetime, zone: str = ZONE) -> tuple[Wall, ...]:
    """These wall times in Nairobi, as a form has them."""
    return tuple(Wall(time, zone, None, str(n)) for n, time in enumerate(times, 1))


def make_poll_plan(**fields: Any) -> PollPlan:
    """Three times in December, to be answered by the first of the month."""
    fields.setdefault("titles", TITLES)
    fields.setdefault("minutes", 90)
    fields.setdefault("deadline", Wall(DEADLINE, ZONE, None, "deadline"))
    fields.setdefault("slots", walls(*TIMES))
    return PollPlan(**fields)


def make_exchange(**fields: Any) -> Exchange:
    """An exchange that stands by itself."""
    exchange = create_exchange(ExchangePlan(themes=fields.pop("themes", TITLES), **fields), by=None, now=NOW)
    db.session.flush()
    return exchange


def make_poll(*, draft: PeerSession | None = None, exchange: Exchange | None = None, now: datetime = NOW, **fields: Any) -> Poll:
    """An open poll that nobody is asked in yet."""
    about = draft.exchange if draft is not None else exchange or make_exchange()
    return rules.create(make_poll_plan(**fields), exchange=about, peer_session=draft, by=None, now=now)


def make_asked(
    poll: Poll,
    person: Person | None = None,
    *,
    organisation: Organisation | None = None,
    now: datetime = NOW,
    because: str = "state",
) -> PollAsked:
    """This person, or somebody new of a new State, is asked."""
    organisation = organisation or (make_state() if person is None else None)
    person = person or make_person(of=organisation)
    rules.ask(poll, [Guest(person, organisation, because=because)], by=None, now=now)
    return asked_in(poll, person)


def asked_in(poll: Poll, person: Person) -> PollAsked:
    """How the person is asked in a poll."""
    wanted = select(PollAsked).where(PollAsked.poll_id == poll.id, PollAsked.person_id == person.id)
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one()


def say(asked: PollAsked, *votes: Vote, now: datetime = NOW, route: Route = Route.PAGE, **more: Any) -> bool:
    """Answer the times in their order."""
    said: dict[uuid.UUID, Vote] = dict(zip((slot.id for slot in asked.poll.to_answer(now)), votes, strict=True))
    return answer_poll(asked, said, route=route, now=now, by=more.pop("by", asked.person), **more)
