"""What a mail would do to its reader, looked at before it leaves: whom it names, and what their calendar ends with.

Two questions are asked of every mail that goes to many. Does it hold an address that is neither its reader's nor ours?
And do the entries that went to this reader before, with this one, leave the calendar with what this one says, in
whatever order they arrive (RFC 5546, 2.1.5)?
"""

from __future__ import annotations

import email
import html
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from email.message import Message as Mail
from typing import Any
from urllib.parse import unquote

from icalendar import Calendar

from app.core.signing import settings
from app.notifications.rendering import Job, entry, render

LOCAL, DOMAIN = r"[\w.!#$%&'*+/=?^`{|}~-]+", r"[\w-]+(?:\.[\w-]+)+"
_ADDRESS = re.compile(f"{LOCAL}@{DOMAIN}")
_BESIDE = re.compile(r"^[^\x00-\x7f]+|[^\x00-\x7f]+$")  # words of scripts that set no space beside an address
_FOLD = re.compile(r"\r?\n[ \t]")
_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OWN_ID = re.compile(rf"(?:session-|milestone-)?{_ID}@(.+)")

_CHANGING = ("REQUEST", "CANCEL")  # what else is mailed leaves a calendar as it is


@dataclass(frozen=True, slots=True)
class Entry:
    """One calendar object as a program reads it."""

    method: str
    uid: str
    sequence: int
    dtstamp: datetime
    organizer: str
    attendees: tuple[str, ...]
    start: datetime | None
    end: datetime | None
    summary: str

    @property
    def version(self) -> tuple[int, datetime]:
        """Which of two objects counts: the higher SEQUENCE, then the later DTSTAMP."""
        return self.sequence, self.dtstamp


@dataclass(frozen=True, slots=True)
class Held:
    """What a calendar has of one UID: the last object that counted; ``gone`` when that one took it out."""

    entry: Entry
    gone: bool


def addresses_in(mail: bytes) -> set[str]:
    """Every address in any part of a mail and in its headers, however it is encoded; lower case."""
    parsed = email.message_from_bytes(mail)
    texts = [str(make_header(decode_header(value))) for part in parsed.walk() for value in part.values()]
    texts += [_text_of(part) for part in parsed.walk() if part.get_content_maintype() == "text" or _is_entry(part)]
    return {address for told in texts for address in addresses_named(_FOLD.sub("", told))}


def addresses_named(words: str) -> set[str]:
    """The addresses in a text, however their signs are written."""
    shapes = (words, unquote(words), html.unescape(words))
    return {address.casefold().strip(".'").removeprefix("mailto:") for shape in shapes for address in _ADDRESS.findall(shape)}


def foreign_addresses(mail: bytes, reader: str, also: Collection[str] = ()) -> set[str]:
    """Addresses in a mail that are neither its reader's nor ours; ``also`` are those that its writers meant to name."""
    return strangers(addresses_in(mail), reader, also)


def strangers(named: Collection[str], reader: str, also: Collection[str] = ()) -> set[str]:
    """Those of these addresses that are neither the reader's nor ours."""
    config = settings()
    own = {a.casefold() for a in (reader, config.organizer_address, config.contact_address, *also)}
    return {a for a in set(named) - own if _BESIDE.sub("", a) not in own and not _is_id(a, config.mail_domain)}


def _is_id(address: str, domain: str) -> bool:
    """A Message-ID or UID of ours has the form of an address, and nobody behind it."""
    found = _OWN_ID.fullmatch(address)
    return found is not None and found[1] == domain.casefold()


def _is_entry(part: Mail) -> bool:
    return part.get_content_type() in ("text/calendar", "application/ics")


def _text_of(part: Mail) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def entries_of(calendar: bytes) -> list[Entry]:
    """The objects in one calendar part."""
    parsed = Calendar.from_ical(calendar)
    method = str(parsed.get("METHOD", "")).upper()
    return [_entry(method, event) for event in parsed.walk("VEVENT")]


def _entry(method: str, event: Any) -> Entry:
    people = event.get("ATTENDEE", [])
    start = event.decoded("DTSTART", None)
    length = event.decoded("DURATION", None)
    end = event.decoded("DTEND", None) or (start + length if start is not None and isinstance(length, timedelta) else None)
    return Entry(
        method=method,
        uid=str(event["UID"]),
        sequence=int(event.get("SEQUENCE", 0)),
        dtstamp=event.decoded("DTSTAMP"),
        organizer=_bare(event.get("ORGANIZER", "")),
        attendees=tuple(_bare(one) for one in (people if isinstance(people, list) else [people])),
        start=start,
        end=end,
        summary=str(event.get("SUMMARY", "")),
    )


def _bare(uri: object) -> str:
    return unquote(str(uri)).casefold().removeprefix("mailto:")


def replayed(entries: Iterable[Entry], reader: str) -> dict[str, Held]:
    """A calendar after these objects, in the order given: UID to what is held.

    An object for somebody else, by another organizer, or older than what is held changes nothing. A cancellation that
    comes before its entry is remembered, so that the entry cannot come back behind it.
    """
    held: dict[str, Held] = {}
    for one in entries:
        known = held.get(one.uid)
        if one.method not in _CHANGING or reader.casefold() not in one.attendees:
            continue
        if known is not None and (one.organizer != known.entry.organizer or one.version <= known.entry.version):
            continue
        held[one.uid] = Held(one, gone=one.method == "CANCEL")
    return held


def problems(job: Job, before: Sequence[Job] = (), *, also: Collection[str] = (), now: datetime) -> list[str]:
    """What keeps a mail from being sent: ``foreign_address``, ``other_end``; nothing is well.

    ``before`` are the mails that went to the same reader about the same thing, oldest first.
    """
    found = []
    if foreign_addresses(render(job, now=now).content, job.address, also):
        found.append("foreign_address")
    if not _ends_with(job, before):
        found.append("other_end")
    return found


def _ends_with(job: Job, before: Sequence[Job]) -> bool:
    """Does the reader's calendar end with what this mail says, whether it is the first to arrive or the last?"""
    told = entry(job)
    if told is None:
        return True
    mine = entries_of(told)
    earlier = [one for other in before if (raw := entry(other)) is not None for one in entries_of(raw)]
    return ends_with(mine, earlier, job.address)


def ends_with(mine: Sequence[Entry], earlier: Sequence[Entry], reader: str) -> bool:
    """The same of objects that were read already."""
    ends = {one.uid: Held(one, one.method == "CANCEL") for one in mine if one.method in _CHANGING}
    for order in ([*earlier, *mine], [*mine, *reversed(earlier)]):
        after = replayed(order, reader)
        if any(after.get(uid) != held for uid, held in ends.items()):
            return False
    return True
