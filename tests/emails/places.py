"""Mails about places: a seat that is offered, a quota that is full, the other sitting, a place that somebody asks for."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app.exchanges import rules
from app.exchanges.models import Answer, PeerSession, Registration, Route
from app.exchanges.rules import Hour, PlaceRules, registering
from app.exchanges.rules.registering import Wish
from app.extensions import db
from app.notifications.models import Message
from app.notifications.rendering import job_of
from tests.emails.world import NOW, Reader, World
from tests.factories.accounts import make_designation, make_person
from tests.factories.exchanges import make_invitation, mark_sent, minutes

KINDS = {"session-offer", "place-confirm", "place-asked", "place-declined", "place-to-decide"}


def told(reader: Reader, language: str) -> dict[str, Message]:
    """Each of them to this reader."""
    world = World(reader, language)
    world._number = 800  # addresses of their own, beside those of the other stories
    since = db.session.scalar(select(Message.id).order_by(Message.id.desc()).limit(1))
    _offer(world)
    _sittings(world)
    _asked(world)
    db.session.flush()
    found: dict[str, Message] = {}
    query = select(Message).where(Message.locale == language, *([Message.id > since] if since else [])).order_by(Message.id)
    for message in db.session.scalars(query):
        if message.recipient_name == f"{reader.given_name} {reader.family_name}":
            name = _name_of(message)
            if name is not None:
                found.setdefault(name, message)
    return found


def _name_of(message: Message) -> str | None:
    common = job_of(message).common
    if message.kind in KINDS:
        return message.kind
    if message.kind == "session-waiting" and common.get("most"):
        return "session-waiting-quota"
    if message.kind == "session-uninvite" and common.get("other_starts_at"):
        return "session-uninvite-sitting"
    return "session-invite-sittings" if message.kind == "session-invite" and common.get("other_sittings") else None


def _says(invitation: object, answer: Answer, after: int, to: PeerSession | None = None) -> None:
    rules.answer_for(invitation, to, answer=answer, route=Route.PAGE, now=NOW + minutes(after))  # type: ignore[arg-type]


def _placed(world: World, row: PeerSession, **fields: object) -> None:
    rules.set_places(row, PlaceRules(**fields), version=row.version, by=world.officer, now=NOW)  # type: ignore[arg-type]


def _offer(world: World) -> None:
    row = world.session(capacity=2)
    _placed(world, row, offer_hours=24, quota=1)
    holder, other = (make_invitation(row) for _ in range(2))
    of_us = make_invitation(row, make_person("Former", of=world.state), organisation=world.state)
    reader, closed = world.invite(row), world.invite(row)
    for number, one in enumerate((holder, other, reader)):
        _says(one, Answer.YES, number + 1)
    _says(holder, Answer.NO, 4)  # the reader is next
    _says(of_us, Answer.YES, 5)
    _says(closed, Answer.YES, 6)  # and their State has its one seat


def _sittings(world: World) -> None:
    row = world.session()
    second = rules.add_sitting(row, Hour(datetime(2026, 12, 8, 5, 0), "Asia/Amman", 30), tell=False, by=world.officer, now=NOW)
    reader = world.invite(row)
    mark_sent()
    _says(reader, Answer.YES, 5, second)


def _asked(world: World) -> None:
    row = world.session()
    _placed(world, row, registration=Registration.APPROVAL, hosts_approve=True)
    host = world.person()
    make_designation(world.host, host)
    reader = world.person()
    kind = Wish("Wen", "Castle", "wen@castle.example", world.language, "Asia/Tokyo", world.state.id, "Ministry of Interior")
    registering.confirm(registering.ask(row, kind, now=NOW), now=NOW + minutes(1))
    own = Wish(reader.given_name, reader.family_name, reader.email or "", world.language, reader.zone)
    request = registering.ask(row, own, now=NOW)
    registering.confirm(request, now=NOW + minutes(1))
    sentence = "This session is for the States that host it."  # as it was written: nobody translates it
    registering.decline(request, sentence=sentence, by=world.officer, now=NOW + timedelta(hours=1))
