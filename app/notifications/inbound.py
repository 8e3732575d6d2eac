"""Mail that comes back: stored with its verdict, announced to the rooms, never answered by a machine.

Whatever is not understood with certainty ends as ``unclear`` on the secretariat's desk, with the reason.
"""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from app.core.db import Json, uuid7
from app.core.events import announce
from app.core.signing import settings
from app.core.tokens import hidden
from app.extensions import db
from app.notifications import bounces, stopping
from app.notifications.authentic import is_authentic
from app.notifications.events import ReplyReceived
from app.notifications.letterbox import MOST_BYTES, Opened, Unreadable, headers_of, open_mail
from app.notifications.models import InboundMail, Message, Verdict
from app.notifications.rendering import is_bounce_token, row_of_message_id
from app.notifications.replies import Reply, find_reply
from app.notifications.reports import read_reports

log = logging.getLogger(__name__)


def receive(raw: bytes, source: str, now: datetime) -> InboundMail:
    """Store a mail and let the rooms judge it, in the present transaction. The same mail twice is one row."""
    digest = hashlib.sha256(raw).hexdigest()
    known = _known(digest)
    if known is not None:
        return known
    opened, reply, problem = _read(raw)
    mail = _store(raw, digest, opened, reply, source, now)
    if mail is None:  # another process stored the same mail at this moment
        found = _known(digest)
        assert found is not None
        return found
    try:
        with db.session.begin_nested():
            _judge(mail, opened, reply, problem, now)
            mail.subject = hidden(mail.subject)
            db.session.flush()
    except OperationalError:
        raise  # the database is away, or another holds the row: the next poll reads the mail again
    except Exception:
        log.exception("the mail %s could not be judged", mail.id)
        mail.verdict, mail.reason = Verdict.UNCLEAR, "not_judged"
        db.session.flush()
    return mail


def _read(raw: bytes) -> tuple[Opened | None, Reply | None, str]:
    """The mail, the answer in it, and why it cannot be read. Whatever a stranger wrote, it ends here as a word for the desk."""
    try:
        opened = open_mail(raw)
    except Unreadable as unreadable:
        return None, None, unreadable.problem
    try:
        return opened, find_reply(opened), ""
    except Exception:
        log.exception("the calendar part of a mail cannot be read")
        return opened, None, "unreadable"


def _known(digest: str) -> InboundMail | None:
    return db.session.scalar(select(InboundMail).where(InboundMail.sha256 == digest))


def _store(raw: bytes, digest: str, opened: Opened | None, reply: Reply | None, source: str, now: datetime) -> InboundMail | None:
    if opened is None:
        message_id, sender, subject = headers_of(raw)
        name = body = ""
    else:
        message_id, sender, name = opened.message_id, opened.sender, opened.sender_name
        subject, body = opened.subject, opened.body
    written = db.session.execute(
        insert(InboundMail)
        .values(
            id=uuid7(), received_at=now, source=source, sha256=digest, raw=raw[:MOST_BYTES], message_id=message_id or None,
            sender=sender, sender_name=name, subject=subject, body=body, reply=_facts(reply, opened, now),
            verdict=Verdict.RECEIVED,
        )
        .on_conflict_do_nothing(index_elements=["sha256"])
        .returning(InboundMail.id)
    ).scalar()  # fmt: skip
    return db.session.get(InboundMail, written) if written else None


def _facts(reply: Reply | None, opened: Opened | None, now: datetime) -> Json | None:
    """What an answer says, and whether our mail server vouches for its sender, where one is named that could."""
    if reply is None or opened is None:
        return None
    authentic = is_authentic(opened.results, settings().mail_authserv_id, opened.sender)
    facts = reply.facts(now)
    if authentic is not None:
        facts["authentic"] = authentic
    if opened.automatic:
        facts["automatic"] = True  # RFC 3834: whatever is decided about it, nothing is written back
    return facts


def _judge(mail: InboundMail, opened: Opened | None, reply: Reply | None, problem: str, now: datetime) -> None:
    """What can be said of a mail without knowing any room; the rest is announced."""
    told = _sent_row(opened, mail.raw)
    if told is not None:
        mail.person_id, mail.subject_kind, mail.subject_id = told.recipient_id, told.subject_kind, told.subject_id
    if problem:
        mail.verdict, mail.reason = Verdict.UNCLEAR, problem
    elif reply is None and stopping.asks_to_stop(mail):
        stopping.judge(mail, now)
    elif opened is not None and reply is None and _came_back(opened):
        mail.verdict, mail.reason = _judge_report(mail, opened, told, now)
    elif opened is not None and opened.automatic and reply is None:
        mail.verdict, mail.reason = Verdict.IGNORED, "automatic"
    elif _is_repeated(mail):
        mail.verdict, mail.reason = Verdict.IGNORED, "repeated"
    else:
        db.session.flush()
        announce(ReplyReceived(mail.id))
        if mail.verdict is Verdict.RECEIVED:  # no room took it up
            mail.verdict, mail.reason = Verdict.UNCLEAR, "not_judged"


def _came_back(opened: Opened) -> bool:
    """A delivery report; or what a server wrote to a bounce address in its own form. An absence note goes there as well."""
    if opened.report:
        return True
    return not opened.replied and any(row_of_bounce_address(one.encode("utf-8", "replace")) for one in opened.recipients)


def _judge_report(mail: InboundMail, opened: Opened, row: Message | None, now: datetime) -> tuple[Verdict, str]:
    """Apply each certain report about the mail it names; the rest is for a person."""
    reports = read_reports(opened)
    mail.reply = {"report": [{"fate": r.fate, "status": r.status, "told": r.told, "addresses": r.addresses} for r in reports]}
    if row is not None:
        mail.reply = {**mail.reply, "message_id": str(row.id), "address": row.address}
    certain = [report for report in reports if row is not None and bounces.is_certain(row, report)]
    if row is None or not certain:
        return Verdict.UNCLEAR, "delivery_report"
    word = bounces.apply(row, certain[0], now=now)
    return (Verdict.IGNORED if word == "delivered" else Verdict.APPLIED), word


def _is_repeated(mail: InboundMail) -> bool:
    """Was a mail of the same Message-ID and sender judged already? A gateway may have changed its bytes on the way."""
    if mail.message_id is None:
        return False
    earlier = select(InboundMail.id).where(
        InboundMail.message_id == mail.message_id,
        InboundMail.sender == mail.sender,
        InboundMail.reply.is_(None) if mail.reply is None else InboundMail.reply["uid"].astext == mail.reply["uid"],
        InboundMail.body == mail.body,
        InboundMail.id != mail.id,
    )
    return db.session.scalar(earlier.limit(1)) is not None


def _sent_row(opened: Opened | None, raw: bytes) -> Message | None:
    """The message of ours that a mail answers or reports about: by its bounce address, else by the Message-IDs it names."""
    if opened is None:
        return None
    ids = [found for told in opened.referred if (found := row_of_message_id(told))]
    if _came_back(opened):
        ids = [found for told in _MESSAGE_ID.findall(raw)[:50] if (found := row_of_message_id(told.decode("ascii")))] + ids
        bounced = [found for one in opened.recipients if (found := row_of_bounce_address(one.encode("utf-8", "replace")))]
        ids = bounced + [found for found in (row_of_bounce_address(raw),) if found] + ids
    for one in ids:
        row = db.session.get(Message, one)
        if row is not None:
            return row
    return None


_MESSAGE_ID = re.compile(rb"<[0-9a-f-]{36}@[A-Za-z0-9.-]{1,253}>")


def row_of_bounce_address(raw: bytes) -> uuid.UUID | None:
    """Which row the first genuine bounce address in these bytes was made for."""
    for token in re.findall(rb"bounces\+([0-9a-f]{42})@", raw.lower())[:20]:
        told = token.decode("ascii")
        row = uuid.UUID(told[:32])
        if is_bounce_token(row, told[32:]):
            return row
    return None
