"""Mails of a date poll: the question, asked again for new times and taken over, a reminder, a copy, and the end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.exchanges import poll_reminders
from app.exchanges.models import Exchange, Poll, Route, Vote
from app.exchanges.rules import poll_closing, poll_handing
from app.exchanges.rules import polls as rules
from app.exchanges.rules.delegating import Source
from app.exchanges.rules.inviting import Guest
from app.exchanges.rules.polls import Wall
from app.extensions import db
from app.notifications.models import Message
from app.notifications.rendering import job_of
from tests.emails.world import NOW, TITLES, Reader, World
from tests.factories.accounts import make_person
from tests.factories.exchanges import mark_sent, minutes
from tests.factories.polls import asked_in, make_exchange, make_poll, say, walls

KINDS = {"poll-asked", "poll-reminder", "poll-recorded", "poll-closed"}


def told(reader: Reader, language: str) -> dict[str, Message]:
    """Each of them to this reader."""
    world = World(reader, language)
    world._number = 700  # addresses of their own, beside those of the other stories
    exchange = make_exchange(themes=TITLES)
    _asked_and_reminded(world, exchange)
    _answered(world, exchange)
    _taken_over(world, exchange, language)
    db.session.flush()
    found: dict[str, Message] = {}
    for message in db.session.scalars(select(Message).where(Message.locale == language).order_by(Message.created_at, Message.id)):
        if message.kind in KINDS and message.recipient_name == f"{reader.given_name} {reader.family_name}":
            why = job_of(message).common.get("why")
            found.setdefault(f"{message.kind}-{why}" if why else message.kind, message)
    return found


def _poll(exchange: Exchange) -> Poll:
    return make_poll(exchange=exchange, titles=TITLES)


def _asked_and_reminded(world: World, exchange: Exchange) -> None:
    poll = _poll(exchange)
    rules.ask(poll, [Guest(world.person(), world.state, because="state")], by=world.officer, now=NOW)
    mark_sent()
    poll_reminders.queue_due(poll.deadline_at - minutes(24 * 60))
    poll_closing.close_without(poll, tell=True, version=poll.version, by=world.officer, now=poll.deadline_at)


def _answered(world: World, exchange: Exchange) -> None:
    poll, person = _poll(exchange), world.person()
    rules.ask(poll, [Guest(person, world.state, because="state")], by=world.officer, now=NOW)
    verbal = Source("note_verbale", "NV/77", NOW.date())
    asked = asked_in(poll, person)
    say(asked, Vote.YES, Vote.IF_NEEDED, Vote.NO, route=Route.SECRETARIAT, by=world.officer, source=verbal, now=NOW + minutes(1))
    times = walls(datetime(2026, 12, 10, 16))
    rules.add_slots(poll, times, asking=True, version=poll.version, by=world.officer, now=NOW + minutes(2))
    silent = world.person()
    rules.ask(poll, [Guest(silent, world.state, because="state")], by=world.officer, now=NOW + minutes(3))
    mark_sent(NOW + minutes(3))
    poll_closing.close_without(poll, tell=False, version=poll.version, by=world.officer, now=NOW + minutes(4))
    later = Wall(datetime(2026, 12, 3, 18), "Africa/Nairobi", None, "deadline")
    poll_closing.reopen(poll, later, asking=True, version=poll.version, by=world.officer, now=NOW + minutes(5))


def _taken_over(world: World, exchange: Exchange, language: str) -> None:
    poll = _poll(exchange)
    former = make_person("Former", of=world.state, email=f"former.poll.{language}@alvania.example")
    rules.ask(poll, [Guest(former, world.state, because="state")], by=world.officer, now=NOW)
    poll_handing.take_over_polls(former, world.person(), by=world.officer, now=NOW + minutes(1))
