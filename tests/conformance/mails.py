"""A whole mail held to the lines: its structure, its head, its object, and whom it names."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

from app.core.signing import settings as installation
from app.notifications.rendering import Job
from app.notifications.replay import foreign_addresses
from tests.conformance.checks import CANCEL, DECLINE, REQUEST, UNINVITE, Expected, failed
from tests.conformance.objects import read

OF_MAILS = {
    "session-cancel": CANCEL, "session-uninvite": UNINVITE, "session-not-invited": UNINVITE, "session-proposal-declined": DECLINE,
}  # fmt: skip
ALTERNATIVES = ["text/plain", "text/html"]


def broken_lines(job: Job, sent: bytes) -> list[str]:
    """The lines that the mail of this row, as it leaves, does not hold."""
    kind = OF_MAILS.get(job.kind, REQUEST)
    asks = bool(job.common.get("asks", True))
    expected = Expected(
        kind=kind, organizer=installation().organizer_address, organizer_name=installation().network_names[job.locale],
        reader=job.address, reader_name=job.recipient_name, language=job.locale, sequence=job.ical_sequence, dtstamp=job.dtstamp,
        uid=job.ical_uid, minutes=job.common.get("minutes"), joins=kind == REQUEST and asks, asked=asks,
        page=job.common.get("page_url"),
    )  # fmt: skip
    mail = email.message_from_bytes(sent, policy=email.policy.default)
    found = broken_mail(mail, expected, has_entry=job.ical_method is not None)
    if foreign_addresses(sent, job.address):
        found.append("N2")
    return found


def broken_lines_of(recipient: str, mail: EmailMessage) -> list[str]:
    """The lines that a mail does not hold, of which no more is known than its envelope."""
    parts = [p for p in mail.walk() if p.get_content_type() == "text/calendar"]
    kind, joins = REQUEST, True
    if parts:
        calendar = read(parts[0].get_payload(decode=True))
        if calendar.value("METHOD") == "CANCEL":
            kind = CANCEL if calendar.inner[0].all("STATUS") else UNINVITE
        joins = kind == REQUEST and calendar.inner[0].one("ATTENDEE").params["RSVP"] == "TRUE"
    expected = Expected(
        kind=kind, organizer=mail["From"].addresses[0].addr_spec, reader=recipient, reader_name="?",
        language=mail["Content-Language"], joins=joins, asked=joins,
    )  # fmt: skip
    return broken_mail(mail, expected, has_entry=bool(parts))


def broken_mail(mail: EmailMessage, expected: Expected, *, has_entry: bool) -> list[str]:
    """The lines that a mail does not hold, as its recipient got it."""
    parts = {p.get_content_type(): p for p in mail.walk() if not p.is_multipart()}
    alone = [p for p in mail.walk() if p.get_content_type() == "multipart/alternative"]
    inside = [p.get_content_type() for p in alone[0].iter_parts()] if len(alone) == 1 else []
    found = []
    if not set(ALTERNATIVES) <= set(parts):
        found.append("A4")
    if (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) != ("auto-generated", "OOF, DR, RN, NRN, AutoReply"):
        found.append("P1")
    if [a.addr_spec for a in mail["To"].addresses] != [expected.reader] or mail["Cc"] or mail["Bcc"]:
        found.append("P9")
    if not mail["Message-ID"] or mail["Content-Language"] != expected.language:
        found.append("P8")
    if has_entry:
        found += _entry(mail, parts, inside, expected)
    elif "text/calendar" in parts or inside != ALTERNATIVES:
        found.append("A5")
    return found


def _entry(mail: EmailMessage, parts: dict[str, EmailMessage], inside: list[str], expected: Expected) -> list[str]:
    calendar, found = parts["text/calendar"], []
    raw = calendar.get_payload(decode=True)
    outer = [p.get_content_type() for p in mail.iter_parts()]
    if (mail.get_content_type(), outer[0], inside) != (
        "multipart/mixed",
        "multipart/alternative",
        [*ALTERNATIVES, "text/calendar"],
    ):
        found.append("A5")
    if outer[1] != "application/ics" or parts["application/ics"].get_payload(decode=True) != raw:
        found.append("A5")
    if calendar.get_param("method") != read(raw).value("METHOD"):
        found.append("A1")
    if calendar.get_param("charset") != "UTF-8" or calendar["Content-Transfer-Encoding"] not in ("base64", "quoted-printable"):
        found.append("A2")
    if {mail[n].addresses[0].addr_spec for n in ("From", "Reply-To")} != {expected.organizer}:
        found.append("A7")
    return found + failed(raw, expected)
