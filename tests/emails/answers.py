"""Mails that follow from what came back: a delegate, a proposed time, an answer of somebody not invited, an address that fails."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from app.accounts.rules.reach import mark_unreachable
from app.exchanges import rules
from app.exchanges.models import Invitation
from app.extensions import db
from app.notifications.models import InboundMail, Message, Verdict
from app.notifications.rendering import job_of
from tests.emails.world import NOW, Reader, World
from tests.factories.accounts import make_designation, make_person
from tests.factories.exchanges import make_invitation, mark_sent, minutes


def told(reader: Reader, language: str) -> dict[str, Message]:
    """Each of them to this reader."""
    world = World(reader, language)
    world._number = 500  # addresses of their own, beside those of the other stories
    row = world.session()
    invited, kept, sending = world.invite(row), world.invite(row), world.invite(row)
    former = make_person("Former", of=world.state, email=f"former.{language}@alvania.example")
    delegator = make_invitation(row, former, organisation=world.state)
    mark_sent()
    _decide(world, rules.refuse, _mail(invited, "counter", starts_at=(row.starts_at + timedelta(days=1)).isoformat()))
    _decide(world, rules.refuse, _mail(kept, "delegated", delegated_to="wen@alvania.example", delegate_name="Wen Castle"))
    rules.name_delegate(sending, make_person("Castle", given_name="Wen"), replace=True, by=world.officer, now=NOW + minutes(1))
    stranger = world.person()
    _decide(world, rules.refuse, _mail(invited, "unknown_replier", attendee=stranger.email))
    make_designation(world.state, world.person())
    rules.judge(
        _mail(delegator, None, partstat="DELEGATED", delegated_to="wen@alvania.example", delegate_name="Wen Castle"), now=NOW
    )
    mark_unreachable(former.email or "", now=NOW)
    db.session.flush()
    wanted = {"session-proposal-declined", "delegate-refused", "session-not-invited", "delegate-proposed", "address-failed"}
    found = {}
    for message in db.session.scalars(select(Message).where(Message.locale == language).order_by(Message.id)):
        if message.recipient_name == f"{reader.given_name} {reader.family_name}":
            if message.kind in wanted:
                found.setdefault(message.kind, message)
            if message.kind == "session-uninvite" and job_of(message).common.get("delegate"):
                found.setdefault("session-uninvite-delegate", message)
    return found


def _mail(invitation: Invitation, reason: str | None, **more: str) -> InboundMail:
    row = invitation.peer_session
    reply = {"method": "REPLY", "uid": row.uid, "attendee": invitation.person.email, "partstat": "ACCEPTED", "sequence": 0,
             "dtstamp": NOW.isoformat(), **more}  # fmt: skip
    mail = InboundMail(
        id=uuid.uuid4(), received_at=NOW, source="imap", sha256=uuid.uuid4().hex, raw=b"", subject="Re", body="",
        sender=str(reply["attendee"]), reply=reply, reason=reason, person_id=invitation.person_id, subject_kind="session",
        subject_id=row.id,
    )  # fmt: skip
    db.session.add(mail)
    db.session.flush()
    return mail


def _decide(world: World, verb: Callable[..., None], mail: InboundMail) -> None:
    mail.verdict = Verdict.UNCLEAR
    db.session.flush()
    verb(mail, by=world.officer, now=NOW + minutes(1))
