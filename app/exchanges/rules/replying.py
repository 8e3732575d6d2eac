"""Answers that came by mail. What is understood with certainty is applied; everything else waits on the desk with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.audit.rules import record
from app.core.db import Json
from app.core.errors import RuleBroken
from app.exchanges.models import Answer, Invitation, PeerSession, Route
from app.exchanges.queries import SUBJECT
from app.exchanges.rules.answering import Outcome, respond
from app.exchanges.rules.delegating import Source, answer_on_behalf
from app.exchanges.rules.identity import lock, refresh
from app.extensions import db
from app.notifications.models import InboundMail, Verdict

PARTSTATS: dict[str, Answer] = {"ACCEPTED": Answer.YES, "TENTATIVE": Answer.MAYBE, "DECLINED": Answer.NO}


class Unclear(Exception):
    """The answer is not understood with certainty; ``reason`` is the word the desk explains."""

    def __init__(self, reason: str, invitation: Invitation | None = None, row: PeerSession | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.invitation = invitation
        self.row = row


@dataclass(frozen=True)
class Reply:
    """What a calendar answer says, read from what the mailbox parsed."""

    uid: str
    attendee: str
    partstat: str
    sequence: int
    dtstamp: datetime
    comment: str
    authentic: bool | None  # what our mail server found about the sender, where it says so


def judge(mail: InboundMail, *, now: datetime) -> Outcome | None:
    """Apply the answer in a mail, or put the mail on the desk. The verdict stands on the mail's row."""
    try:
        invitation, reply = _understood(mail, now)
    except Unclear as unclear:
        _set_verdict(mail, Verdict.UNCLEAR, unclear.reason, unclear.invitation)
        if unclear.row is not None:  # somebody who was not invited: the desk can do so
            mail.subject_kind, mail.subject_id = SUBJECT, unclear.row.id
        return None
    if _is_old(invitation, reply):
        _set_verdict(mail, Verdict.IGNORED, "repeated", invitation)
        return None
    row = invitation.peer_session
    version = _version_of(row, invitation, reply)
    outcome = respond(
        invitation, answer=PARTSTATS[reply.partstat], route=Route.MAIL, comment=reply.comment, version=version,
        by=invitation.person, inbound_id=mail.id, now=now,
    )  # fmt: skip
    invitation.reply_sequence, invitation.reply_dtstamp = reply.sequence, reply.dtstamp
    _set_verdict(mail, Verdict.APPLIED, "former_time" if version < row.schedule_version else None, invitation)
    return outcome


def _understood(mail: InboundMail, now: datetime) -> tuple[Invitation, Reply]:
    """The invitation a mail answers, and how; raises ``Unclear`` with the first thing that is not certain."""
    reply = _read(mail.reply)
    row = db.session.scalar(select(PeerSession).where(PeerSession.uid == reply.uid))
    if row is None:
        raise Unclear("unknown_uid")
    lock(row.id)
    invitation = _invitation(row, reply.attendee)
    if invitation is None:
        raise Unclear("unknown_replier", row=row)
    refresh(invitation)
    if mail.sender.strip().casefold() != reply.attendee.casefold():
        raise Unclear("sender_differs", invitation)
    if reply.authentic is False:
        raise Unclear("not_authentic", invitation)
    if reply.partstat == "DELEGATED":
        raise Unclear("delegated", invitation)
    if reply.partstat not in PARTSTATS:
        raise Unclear("no_answer", invitation)
    if invitation.uninvited_at is not None:
        raise Unclear("uninvited", invitation)
    if not row.is_open or row.is_over(now):
        raise Unclear("session_over", invitation)
    if not invitation.asks:
        raise Unclear("information_copy", invitation)
    return invitation, reply


def _read(told: Json | None) -> Reply:
    """The facts the mailbox parsed; what it could not read or what is no answer is said by its own reason."""
    if not told:
        raise Unclear("no_calendar_part")
    if told.get("problem"):
        raise Unclear(str(told["problem"]))
    if str(told.get("method", "REPLY")).upper() == "COUNTER":
        raise Unclear("counter")
    try:
        return Reply(
            uid=str(told["uid"]),
            attendee=str(told["attendee"]).strip(),
            partstat=str(told["partstat"]).upper(),
            sequence=int(told.get("sequence") or 0),
            dtstamp=_instant(told["dtstamp"]),
            comment=str(told.get("comment") or ""),
            authentic=told.get("authentic"),
        )
    except (KeyError, ValueError, TypeError):
        raise Unclear("unreadable") from None


def _instant(text: Any) -> datetime:
    found = datetime.fromisoformat(str(text))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _invitation(row: PeerSession, address: str) -> Invitation | None:
    return db.session.scalar(
        select(Invitation)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.peer_session_id == row.id, func.lower(Person.email) == address.lower(), Person.active)
        .options(joinedload(Invitation.person))
    )


def _is_old(invitation: Invitation, reply: Reply) -> bool:
    """Was this answer, or a later one, applied already? SEQUENCE first, then DTSTAMP (RFC 5546, 2.1.5)."""
    if invitation.reply_dtstamp is None:
        return False
    return (reply.sequence, reply.dtstamp) <= (invitation.reply_sequence or 0, invitation.reply_dtstamp)


def _version_of(row: PeerSession, invitation: Invitation, reply: Reply) -> int:
    """The schedule version an answer speaks of: each step of SEQUENCE back is one former time."""
    behind = row.sequence + invitation.sequence_raise - reply.sequence
    return max(1, row.schedule_version - max(0, behind))


def _set_verdict(mail: InboundMail, verdict: Verdict, reason: str | None, invitation: Invitation | None) -> None:
    mail.verdict, mail.reason = verdict, reason
    if invitation is not None:
        mail.person_id = invitation.person_id
        mail.subject_kind, mail.subject_id = SUBJECT, invitation.peer_session_id


def _still_open(mail: InboundMail) -> None:
    """Two at the desk: the second learns that the first decided."""
    db.session.refresh(mail, with_for_update=True)
    if mail.verdict is not Verdict.UNCLEAR:
        raise RuleBroken(_l("Somebody decided about this mail already."))


def record_by_hand(mail: InboundMail, invitation: Invitation, *, answer: Answer, by: Person, now: datetime) -> Outcome:
    """The secretariat read the mail and records what it says."""
    _still_open(mail)
    outcome = answer_on_behalf(
        invitation, answer=answer, by=by, now=now, source=Source("email", number="", on=mail.received_at.date())
    )
    _decide(mail, by, now)
    _set_verdict(mail, Verdict.HANDLED, mail.reason, invitation)
    record(
        "reply.recorded", "inbound_mail", mail.id, by=by, now=now,
        changes={"answer": (None, answer), "invitation": (None, invitation.person.full_name)}, note=mail.reason,
    )  # fmt: skip
    return outcome


def set_aside(mail: InboundMail, *, by: Person, now: datetime) -> None:
    """The secretariat read the mail; it changes nothing."""
    _still_open(mail)
    _decide(mail, by, now)
    mail.verdict = Verdict.HANDLED
    record("reply.set_aside", "inbound_mail", mail.id, by=by, now=now, note=mail.reason)


def _decide(mail: InboundMail, by: Person, now: datetime) -> None:
    mail.decided_by, mail.decided_at = by.id, now
