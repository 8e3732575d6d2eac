"""Answers that came by mail. What is understood with certainty is applied; everything else waits on the desk with a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.accounts.queries.reach import other_addresses_of, person_behind
from app.accounts.rules.reach import add_other_address
from app.audit.rules import record
from app.core.db import Json
from app.core.errors import RuleBroken
from app.exchanges import messages
from app.exchanges.models import Answer, AnswerRecord, Invitation, PeerSession, Route
from app.exchanges.queries import SUBJECT, version_told
from app.exchanges.rules.answering import Outcome, respond
from app.exchanges.rules.delegating import Source, answer_on_behalf, propose_to_state
from app.exchanges.rules.identity import lock, moment, refresh, stamp
from app.extensions import db
from app.notifications import outbox
from app.notifications.models import InboundMail, Verdict

PARTSTATS: dict[str, Answer] = {"ACCEPTED": Answer.YES, "TENTATIVE": Answer.MAYBE, "DECLINED": Answer.NO}
ONE_ENTRY_PER = timedelta(hours=1)
"""An entry that is asked for again is sent again so often, and not more."""


MOST_CHANGES = 6
"""So often in an hour an answer may change by mail; what comes after is for a person to read."""
CLOCKS_DIFFER = timedelta(hours=1)
"""So far ahead of ours a sender's clock is believed."""


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

    method: str
    uid: str
    attendee: str
    partstat: str
    sequence: int
    dtstamp: datetime
    comment: str
    delegated_from: str
    authentic: bool | None  # what our mail server found about the sender, where it says so

    @property
    def stamp(self) -> tuple[int, datetime]:
        """What says which of two answers is the later one: SEQUENCE first, then DTSTAMP (RFC 5546, 2.1.5)."""
        return self.sequence, self.dtstamp


def judge(mail: InboundMail, *, now: datetime) -> Outcome | None:
    """Apply the answer in a mail, or put the mail on the desk. The verdict stands on the mail's row."""
    try:
        invitation, reply = _understood(mail, now)
        if reply.method == "REFRESH":
            _send_entry_again(mail, invitation, now)
            return None
        old = _is_old(invitation, reply, now)
    except Unclear as unclear:
        _set_verdict(mail, Verdict.UNCLEAR, unclear.reason, unclear.invitation)
        if unclear.row is not None:  # somebody who was not invited: the desk can do so
            mail.subject_kind, mail.subject_id = SUBJECT, unclear.row.id
        if unclear.reason in ("counter", "delegated") and not _is_latest(mail, unclear.reason, unclear.invitation):
            return None
        if unclear.reason == "delegated" and unclear.invitation is not None:
            propose_to_state(mail, unclear.invitation, now=now)
        return None
    if old:
        _set_verdict(mail, Verdict.IGNORED, old, invitation)
        return None
    row = invitation.peer_session
    version = _version_of(row, invitation, reply)
    outcome = respond(
        invitation, answer=PARTSTATS[reply.partstat], route=Route.MAIL, comment=reply.comment, version=version,
        by=invitation.person, inbound_id=mail.id, now=now,
    )  # fmt: skip
    invitation.reply_sequence, invitation.reply_dtstamp = reply.stamp
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
        raise _stranger(row, mail, reply)
    refresh(invitation)
    reply = replace(reply, sequence=min(reply.sequence, _highest(invitation)), dtstamp=_not_to_come(reply.dtstamp, mail))
    if not _is_theirs(mail.sender, reply.attendee, invitation.person):
        raise Unclear("alias" if _answers_their_mail(mail, row, invitation) else "sender_differs", invitation)
    if reply.authentic is False:
        raise Unclear("not_authentic", invitation)
    if invitation.uninvited_at is not None:
        raise Unclear("uninvited", invitation)
    if not row.is_open or row.is_over(now):
        raise Unclear("session_over", invitation)
    if reply.method == "REFRESH":
        return invitation, reply
    if reply.method == "COUNTER":
        raise Unclear("counter" if (mail.reply or {}).get("starts_at") else "unreadable", invitation)
    if reply.partstat == "DELEGATED":
        raise Unclear("delegated", invitation)
    if reply.partstat not in PARTSTATS:
        raise Unclear("no_answer", invitation)
    if not invitation.asks:
        raise Unclear("information_copy", invitation)
    return invitation, reply


def _stranger(row: PeerSession, mail: InboundMail, reply: Reply) -> Unclear:
    """Nobody with this address is invited. Perhaps it is another address of somebody who is, or whom somebody sends."""
    theirs = _invitation(row, mail.sender)
    if theirs is not None or (theirs := _in_thread(mail, row)) is not None:
        return Unclear("alias", theirs)
    if reply.delegated_from and (sent_by := _invitation(row, reply.delegated_from)) is not None:
        return Unclear("delegate_answers", sent_by)
    return Unclear("unknown_replier", row=row)


def _is_theirs(sender: str, attendee: str, person: Person) -> bool:
    """Does the mail come from the address it answers for, or from another one of the same person?"""
    if sender.strip().casefold() == attendee.strip().casefold():
        return True
    known = {(person.email or "").casefold(), *other_addresses_of(person)}
    return sender.strip().casefold() in known and attendee.strip().casefold() in known


def _answers_their_mail(mail: InboundMail, row: PeerSession, invitation: Invitation) -> bool:
    """Does it name a mail of ours that went to this person about this session?"""
    return mail.subject_kind == SUBJECT and mail.subject_id == row.id and mail.person_id == invitation.person_id


def _in_thread(mail: InboundMail, row: PeerSession) -> Invitation | None:
    if mail.subject_kind != SUBJECT or mail.subject_id != row.id or mail.person_id is None:
        return None
    return _of(row, mail.person_id)


def _read(told: Json | None) -> Reply:
    """The facts the mailbox parsed; what it could not read or what is no answer is said by its own reason."""
    if not told:
        raise Unclear("no_calendar_part")
    if told.get("problem"):
        raise Unclear(str(told["problem"]))
    try:
        return Reply(
            method=str(told.get("method") or "REPLY").upper(),
            uid=str(told["uid"]),
            attendee=str(told["attendee"]).strip(),
            partstat=str(told["partstat"]).upper(),
            sequence=int(told.get("sequence") or 0),
            dtstamp=_instant(told["dtstamp"]),
            comment=str(told.get("comment") or ""),
            delegated_from=str(told.get("delegated_from") or ""),
            authentic=told.get("authentic"),
        )
    except (KeyError, ValueError, TypeError):
        raise Unclear("unreadable") from None


def _instant(text: Any) -> datetime:
    found = datetime.fromisoformat(str(text))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _invitation(row: PeerSession, address: str) -> Invitation | None:
    person = person_behind(address)
    return _of(row, person.id) if person is not None and person.active else None


def _of(row: PeerSession, person_id: Any) -> Invitation | None:
    query = select(Invitation).where(Invitation.peer_session_id == row.id, Invitation.person_id == person_id)
    return db.session.scalar(query.options(joinedload(Invitation.person)))


def _highest(invitation: Invitation) -> int:
    """The highest SEQUENCE an entry of this person can have: an answer that names a higher one is none to a later entry."""
    return max(invitation.sequence, invitation.peer_session.sequence + invitation.sequence_raise)


def _not_to_come(dtstamp: datetime, mail: InboundMail) -> datetime:
    """When an answer was made: a clock that is far ahead would else make every later answer an older one."""
    return mail.received_at if dtstamp > mail.received_at + CLOCKS_DIFFER else dtstamp


def _changes_too_often(invitation: Invitation, given: AnswerRecord, reply: Reply, now: datetime) -> bool:
    """Yes and No by turns, as two programs send that answer for one person: each Yes is confirmed, and answered by both again."""
    if given.answer is PARTSTATS[reply.partstat]:
        return False
    lately = select(func.count()).where(
        AnswerRecord.invitation_id == invitation.id, AnswerRecord.route == Route.MAIL, AnswerRecord.at > now - timedelta(hours=1)
    )
    return (db.session.scalar(lately) or 0) >= MOST_CHANGES


def _is_old(invitation: Invitation, reply: Reply, now: datetime) -> str | None:
    """Was this answer, or a later one, applied already? The word that says so; in doubt the desk decides."""
    given = db.session.scalar(
        select(AnswerRecord)
        .where(AnswerRecord.invitation_id == invitation.id)
        .order_by(AnswerRecord.at.desc(), AnswerRecord.id.desc())
        .limit(1)
    )
    if invitation.reply_dtstamp is not None:
        before = (invitation.reply_sequence or 0, invitation.reply_dtstamp)
        if reply.stamp < before:
            return "older"
        if reply.stamp == before:
            if given is not None and given.route is Route.MAIL and given.answer is not PARTSTATS[reply.partstat]:
                raise Unclear("contradicts", invitation)
            return "repeated"
    if given is not None and _changes_too_often(invitation, given, reply, now):
        raise Unclear("contradicts", invitation)
    if given is None or given.route is Route.MAIL or invitation.answered_at is None:
        return None
    if reply.dtstamp < moment(invitation.answered_at) and invitation.answer is not PARTSTATS[reply.partstat]:
        raise Unclear("older_answer", invitation)  # on the page, or by the State: later than this, as far as clocks agree
    return None


def _version_of(row: PeerSession, invitation: Invitation, reply: Reply) -> int:
    """The schedule version an answer speaks of: each step of SEQUENCE back is one former time."""
    told = version_told(invitation, reply.sequence)
    if told is not None:
        return min(told, row.schedule_version)
    behind = row.sequence + invitation.sequence_raise - reply.sequence
    return max(1, row.schedule_version - max(0, behind))


def _send_entry_again(mail: InboundMail, invitation: Invitation, now: datetime) -> None:
    """METHOD:REFRESH: the entry as it stands, same SEQUENCE and new DTSTAMP, to the address we know, and not too often."""
    if (mail.reply or {}).get("automatic"):
        _set_verdict(mail, Verdict.IGNORED, "automatic", invitation)
        return
    recent = select(func.count()).where(
        InboundMail.person_id == invitation.person_id, InboundMail.subject_id == invitation.peer_session_id,
        InboundMail.verdict == Verdict.APPLIED, InboundMail.reason == "refreshed", InboundMail.received_at > now - ONE_ENTRY_PER,
        InboundMail.id != mail.id,
    )  # fmt: skip
    if db.session.scalar(recent):
        _set_verdict(mail, Verdict.IGNORED, "refreshed_before", invitation)
        return
    row = invitation.peer_session
    stamp(row, invitation, now)
    to = messages.recipient(invitation)
    db.session.flush()
    letters = [messages.confirmation(row, to)] if invitation.may_join else messages.invitation_letters(row, [to], now=now)
    outbox.queue(letters, now=now)
    record(
        "session.entry_sent_again", "session", row.id, by=invitation.person, now=now,
        changes={"invitation": (None, invitation.person.full_name)},
    )  # fmt: skip
    _set_verdict(mail, Verdict.APPLIED, "refreshed", invitation)


def _is_latest(mail: InboundMail, reason: str, invitation: Invitation | None) -> bool:
    """Of several times, or people, that somebody proposes one after the other, the latest waits for a decision.

    One that came before, word for word, is not decided again.
    """
    others = select(InboundMail).where(
        InboundMail.verdict.in_((Verdict.UNCLEAR, Verdict.HANDLED)), InboundMail.reason == reason,
        InboundMail.person_id == mail.person_id, InboundMail.subject_id == mail.subject_id, InboundMail.id != mail.id,
    )  # fmt: skip
    found = list(db.session.scalars(others.with_for_update(skip_locked=True)).all())
    if any(_proposed(other) == _proposed(mail) for other in found):
        mail.verdict, mail.reason = Verdict.IGNORED, "repeated"
        return False
    for other in found:
        if other.verdict is not Verdict.UNCLEAR:
            continue
        if _stamp_of(other, invitation) > _stamp_of(mail, invitation):
            mail.verdict, mail.reason = Verdict.IGNORED, "older"
            return False
        other.verdict, other.reason = Verdict.IGNORED, "older"
    return True


def _proposed(mail: InboundMail) -> tuple[object, ...]:
    told = mail.reply or {}
    return tuple(told.get(name) for name in ("sequence", "dtstamp", "delegated_to", "starts_at", "minutes"))


def _stamp_of(mail: InboundMail, invitation: Invitation | None) -> tuple[int, datetime]:
    told = mail.reply or {}
    sequence = int(told.get("sequence") or 0)
    return min(sequence, _highest(invitation)) if invitation else sequence, _not_to_come(_instant(told["dtstamp"]), mail)


def _set_verdict(mail: InboundMail, verdict: Verdict, reason: str | None, invitation: Invitation | None) -> None:
    mail.verdict, mail.reason = verdict, reason
    if invitation is not None:
        mail.person_id = invitation.person_id
        mail.subject_kind, mail.subject_id = SUBJECT, invitation.peer_session_id


def still_open(mail: InboundMail) -> None:
    """Two at the desk: the second learns that the first decided."""
    db.session.refresh(mail, with_for_update=True)
    if mail.verdict is not Verdict.UNCLEAR:
        raise RuleBroken(_l("Somebody decided about this mail already."))


def record_by_hand(
    mail: InboundMail, invitation: Invitation, *, answer: Answer, by: Person, now: datetime, remember: bool = False
) -> Outcome:
    """The secretariat read the mail and records what it says; ``remember`` takes the sender's address for one of the person's."""
    still_open(mail)
    outcome = answer_on_behalf(
        invitation, answer=answer, by=by, now=now, source=Source("email", number="", on=mail.received_at.date())
    )
    if remember:
        add_other_address(invitation.person, mail.sender, by=by, now=now)
    decide(mail, by, now)
    _set_verdict(mail, Verdict.HANDLED, mail.reason, invitation)
    record(
        "reply.recorded", "inbound_mail", mail.id, by=by, now=now,
        changes={"answer": (None, answer), "invitation": (None, invitation.person.full_name)}, note=mail.reason,
    )  # fmt: skip
    return outcome


def set_aside(mail: InboundMail, *, by: Person, now: datetime) -> None:
    """The secretariat read the mail; it changes nothing."""
    still_open(mail)
    decide(mail, by, now)
    record("reply.set_aside", "inbound_mail", mail.id, by=by, now=now, note=mail.reason)


def decide(mail: InboundMail, by: Person, now: datetime) -> None:
    """A person decided about this mail."""
    mail.verdict, mail.decided_by, mail.decided_at = Verdict.HANDLED, by.id, now
