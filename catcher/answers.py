"""What a mail program sends back: a calendar answer, or a person's own words."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Any

from icalendar import Calendar, Event

from catcher.box import header

ANSWERS = {"ACCEPTED": "Accept", "TENTATIVE": "Maybe", "DECLINED": "Decline"}
MEANINGS = {
    "applied": "The answer is recorded.",
    "unclear": "A person has to decide: it is on the secretariat's desk, under Answers not understood.",
    "ignored": "It changes nothing: an automatic reply, a mail that came before, or one to a list.",
}
"""What the platform's first word about a mail means."""
SUBJECTS = {"ACCEPTED": "Accepted", "TENTATIVE": "Tentative", "DECLINED": "Declined"}
COPIED = ("UID", "SEQUENCE", "RECURRENCE-ID", "DTSTART", "DTEND", "ORGANIZER", "SUMMARY")


def invite(message: EmailMessage) -> tuple[str, Any] | None:
    """Method and first event of the calendar part, if there is one that can be read."""
    for part in message.walk():
        raw = part.get_payload(decode=True) if part.get_content_type() == "text/calendar" else None
        if isinstance(raw, bytes):
            try:
                calendar = Calendar.from_ical(raw)
                return str(calendar.get("METHOD", "")).upper(), calendar.walk("VEVENT")[0]
            except (ValueError, IndexError):
                return None
    return None


def facts(message: EmailMessage) -> dict[str, str]:
    """What the calendar part says, one line for each property."""
    found = invite(message)
    if not found:
        return {}
    lines = {"METHOD": found[0]}
    for name, value in found[1].property_items(recursive=False):
        if name not in ("BEGIN", "END"):
            text = value.to_ical().decode("utf-8", "replace") if hasattr(value, "to_ical") else str(value)
            lines[name] = f"{lines[name]}, {text}" if name in lines else text
    return lines


def written_reply(message: EmailMessage, words: str) -> EmailMessage:
    """A person's own words, as a mail program sends them."""
    return _reply(message, f"Re: {header(message, 'Subject')}", words)


def calendar_reply(message: EmailMessage, partstat: str, now: datetime) -> EmailMessage | None:
    """A calendar program's answer: METHOD:REPLY, the UID and SEQUENCE asked about, one ATTENDEE. None if nothing was asked."""
    return _answer(message, "REPLY", partstat, SUBJECTS[partstat], now) if partstat in ANSWERS else None


def other_time(message: EmailMessage, start: datetime, now: datetime) -> EmailMessage | None:
    """Another time, of the same length: METHOD:COUNTER. None if nothing was asked."""
    return _answer(message, "COUNTER", "TENTATIVE", "New time proposed", now, start=start)


def delegated(message: EmailMessage, address: str, now: datetime) -> EmailMessage | None:
    """Somebody else is to come: METHOD:REPLY with DELEGATED-TO. None if nothing was asked."""
    return _answer(message, "REPLY", "DELEGATED", "Delegated", now, delegate=address) if "@" in address else None


def _answer(
    message: EmailMessage, method: str, partstat: str, word: str, now: datetime, start: datetime | None = None, delegate: str = ""
) -> EmailMessage | None:
    found = invite(message)
    if not found or found[0] != "REQUEST" or "ATTENDEE" not in found[1]:
        return None
    asked, calendar, event = found[1], Calendar(), Event()
    for name, value in (("PRODID", "-//Pathways Exchange//Mail catcher//EN"), ("VERSION", "2.0"), ("METHOD", method)):
        calendar.add(name, value)
    for name in COPIED:
        if name in asked:
            event[name] = asked[name]
    if start is not None:
        length = asked["DTEND"].dt - asked["DTSTART"].dt
        for name, moment in (("DTSTART", start), ("DTEND", start + length)):
            event.pop(name, None)
            event.add(name, moment)
    event.add("DTSTAMP", now)
    attendee = _attendee(asked, header(message, "Delivered-To"))
    attendee.params["PARTSTAT"] = partstat
    if delegate:
        attendee.params["DELEGATED-TO"] = f"mailto:{delegate}"
    attendee.params.pop("RSVP", None)
    event["ATTENDEE"] = attendee
    calendar.add_component(event)
    made = _reply(message, f"{word}: {header(message, 'Subject')}", f"{word}: {asked.get('SUMMARY', '')}")
    made.replace_header("From", _address(str(attendee)))
    if "ORGANIZER" in asked:
        made.replace_header("To", _address(str(asked["ORGANIZER"])))
    made.add_alternative(calendar.to_ical().decode(), subtype="calendar", params={"method": method})
    return made


def _reply(message: EmailMessage, subject: str, words: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = header(message, "Delivered-To")
    made["To"] = parseaddr(header(message, "Reply-To") or header(message, "From"))[1]
    made["Subject"] = " ".join(subject.split())
    made["Date"] = formatdate()
    made["Message-ID"] = make_msgid(domain="localhost")
    if asked := header(message, "Message-ID").strip():
        made["In-Reply-To"] = made["References"] = asked
    made.set_content(words)
    return made


def _attendee(event: Any, recipient: str) -> Any:
    """The attendee who got this mail, else the first."""
    attendees = event["ATTENDEE"] if isinstance(event["ATTENDEE"], list) else [event["ATTENDEE"]]
    return next((one for one in attendees if _address(str(one)).lower() == recipient.lower()), attendees[0])


def _address(uri: str) -> str:
    return uri[7:] if uri.lower().startswith("mailto:") else uri
