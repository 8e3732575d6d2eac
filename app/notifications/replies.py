"""An iTIP answer in a mail, read tolerantly: only what a REPLY may say is looked at, the rest of the object is ignored.

The content lines are read one by one, never built into a calendar: time zones, alarms and recurrences of strangers
are not evaluated, so they cannot cost anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from icalendar.parser import Contentline
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from app.core import zones
from app.core.db import Json
from app.core.text import clean
from app.core.text import line as one_line
from app.notifications.letterbox import Opened, Part, decoded

MOST_BYTES = 512 * 1024
MOST_LINES = 5_000
MOST_ATTENDEES = 500
PARTSTATS = frozenset({"ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED", "NEEDS-ACTION"})
ANSWERS = frozenset({"REPLY", "COUNTER", "REFRESH"})
"""Methods that carry an answer, a proposal, or ask for the entry again; a forwarded REQUEST, for one, is no answer."""
MOST_MINUTES = 24 * 60
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Between these years somebody may propose a time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer says. ``problem`` names why it cannot be taken for certain, else it is empty."""

    method: str
    uid: str
    attendee: str
    partstat: str
    sequence: int
    dtstamp: datetime | None
    comment: str = ""
    organizer: str = ""
    delegated_to: str = ""
    delegate_name: str = ""
    delegated_from: str = ""
    starts_at: datetime | None = None  # of a proposal of another time
    minutes: int | None = None
    problem: str = ""

    def facts(self, received_at: datetime) -> Json:
        """The answer as it is stored: an absent DTSTAMP is the hour it arrived."""
        told = self.dtstamp or received_at
        facts: Json = {
            "method": self.method, "uid": self.uid, "attendee": self.attendee, "partstat": self.partstat,
            "sequence": self.sequence, "dtstamp": told.isoformat(), "comment": self.comment,
            "organizer": self.organizer, "delegated_to": self.delegated_to, "problem": self.problem,
        }  # fmt: skip
        more = {
            "delegate_name": self.delegate_name, "delegated_from": self.delegated_from, "minutes": self.minutes,
            "starts_at": self.starts_at.isoformat() if self.starts_at else None,
        }  # fmt: skip
        return facts | {name: value for name, value in more.items() if value}


@dataclass(slots=True)
class _Line:
    name: str
    parameters: dict[str, str]
    value: str


def find_reply(mail: Opened) -> Reply | None:
    """The answer in a mail, wherever its calendar part stands; ``None`` when there is none."""
    problem: Reply | None = None
    for part in mail.parts:
        if not _is_calendar(part):
            continue
        reply = read(part, mail.sender)
        if reply is None:
            continue
        if not reply.problem:
            return reply
        problem = problem or reply
    return problem


def _is_calendar(part: Part) -> bool:
    return part.kind in ("text/calendar", "application/ics") or part.filename.endswith(".ics")


def read(part: Part, sender: str) -> Reply | None:
    """One calendar part; METHOD in the body holds over the one of the MIME header, as Outlook has it."""
    if len(part.content) > MOST_BYTES:
        return _unreadable(part.method)
    text = re.sub("\r\n?", "\n", decoded(part).replace("\0", ""))
    rows = re.sub(r"\n[ \t]", "", text).split("\n")
    if len(rows) > MOST_LINES:
        return _unreadable(part.method)
    method, events = _events(rows)
    method = method or part.method
    if method not in ANSWERS:
        return None
    if not events:
        return _unreadable(method)
    return _reply(method, events[0], sender, several_events=len({_value(e, "UID") for e in events}) > 1)


def _unreadable(method: str) -> Reply | None:
    return Reply(method, "", "", "", 0, None, problem="unreadable") if method in ANSWERS else None


def _events(rows: Iterable[str]) -> tuple[str, list[list[_Line]]]:
    """METHOD, and the lines of each VEVENT; those of anything inside or beside one are left out."""
    method = ""
    path: list[str] = []
    events: list[list[_Line]] = []
    for row in rows:
        head = row.strip().upper()
        if head.startswith("BEGIN:"):
            path.append(head[6:])
            if path[-1] == "VEVENT":
                events.append([])
        elif head.startswith("END:"):
            if path:
                path.pop()
        elif path and path[-1] == "VCALENDAR" and head.startswith("METHOD:"):
            method = head[7:].strip()
        elif path and path[-1] == "VEVENT" and row.strip() and (parsed := _parsed(row)):
            events[-1].append(parsed)
    return method, events


_WANTED = re.compile(r"\s*(UID|SEQUENCE|DTSTAMP|DTSTART|DTEND|DURATION|ATTENDEE|ORGANIZER|COMMENT)\s*[;:]", re.IGNORECASE)


def _parsed(row: str) -> _Line | None:
    if not _WANTED.match(row):
        return None
    try:
        name, parameters, value = Contentline(row).parts()  # type: ignore[no-untyped-call]
    except (ValueError, AssertionError):
        return None
    plain = {str(k).upper(): v if isinstance(v, str) else ",".join(map(str, v)) for k, v in parameters.items()}
    return _Line(name.upper(), plain, str(value).strip())


def _value(lines: list[_Line], name: str) -> str:
    return next((row.value for row in lines if row.name == name), "")


def _reply(method: str, lines: list[_Line], sender: str, *, several_events: bool) -> Reply:
    attendees = [row for row in lines if row.name == "ATTENDEE"][:MOST_ATTENDEES]
    chosen, problem = _respondent(attendees, sender)
    if method == "COUNTER" and chosen is None:  # a proposal need not name who makes it, and may name everybody
        chosen, problem = _Line("ATTENDEE", {}, sender), "" if sender else "unreadable"
    partstat = chosen.parameters.get("PARTSTAT", "NEEDS-ACTION").strip().upper() if chosen else ""
    uid = one_line(_value(lines, "UID"))[:500]
    sequence = _number(_value(lines, "SEQUENCE"))
    if several_events:
        problem = "several_events"
    elif not uid or sequence is None or (chosen and partstat not in PARTSTATS):
        problem = "unreadable"
    comments = [row.value for row in lines if row.name == "COMMENT"]
    delegate = _of(chosen, "DELEGATED-TO")
    starts_at, minutes = _proposed(lines) if method == "COUNTER" else (None, None)
    return Reply(
        method=method,
        uid=uid,
        attendee=address_of(chosen.value) if chosen else "",
        partstat=partstat,
        sequence=sequence or 0,
        dtstamp=_instant(lines, "DTSTAMP"),
        comment=clean("\n".join(comments)).strip()[:2000],
        organizer=address_of(_value(lines, "ORGANIZER")),
        delegated_to=delegate,
        delegate_name=_name_of(attendees, delegate),
        delegated_from=_of(chosen, "DELEGATED-FROM"),
        starts_at=starts_at,
        minutes=minutes,
        problem=problem or ("unreadable" if method == "COUNTER" and starts_at is None else ""),
    )


def _of(chosen: _Line | None, parameter: str) -> str:
    """The address in a parameter; of several the first, for one person goes in one person's place."""
    told = chosen.parameters.get(parameter, "") if chosen else ""
    return address_of(re.split(r"[\",]", told.strip('" '))[0]) if told else ""


def _name_of(attendees: list[_Line], address: str) -> str:
    """What the mail calls the person with this address, where it names them."""
    found = (row.parameters.get("CN", "") for row in attendees if address and address_of(row.value) == address)
    return one_line(next(found, ""))[:200]


def _proposed(lines: list[_Line]) -> tuple[datetime | None, int | None]:
    """Start and length that a proposal names; a length that is none, or longer than a day, is left out."""
    start, end = _instant(lines, "DTSTART"), _instant(lines, "DTEND")
    if start is not None and not FIRST_YEAR <= start.year <= LAST_YEAR:
        return None, None  # a page would show it by many clocks, and the calendar ends not far from there
    length = end - start if start and end else _duration(_value(lines, "DURATION"))
    minutes = int(length.total_seconds() // 60) if length else 0
    return start, minutes if 0 < minutes <= MOST_MINUTES else None


def _duration(told: str) -> timedelta | None:
    found = re.fullmatch(r"\+?P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?", told.strip().upper())
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds) or None


def _respondent(attendees: list[_Line], sender: str) -> tuple[_Line | None, str]:
    """Who answers. Some programs list others too: then the one the mail is from, if it is from one of them."""
    by_address: dict[str, list[_Line]] = {}
    for row in attendees:
        by_address.setdefault(address_of(row.value), []).append(row)
    if not by_address:
        return None, "unreadable"
    if len(by_address) > 1:
        if sender not in by_address:
            return None, "several_attendees"
        rows = by_address[sender]
    else:
        rows = next(iter(by_address.values()))
    said = {row.parameters.get("PARTSTAT", "NEEDS-ACTION").strip().upper() for row in rows}
    if len(said) > 1:
        return rows[0], "several_attendees"
    return rows[0], ""


def address_of(told: str) -> str:
    """The address of a calendar user, lower case: with or without ``mailto:``, percent-encoded or in brackets."""
    bare = one_line(told).strip("\"'<> ")
    if bare.lower().startswith("mailto:"):
        bare = unquote(bare[7:])
    return one_line(bare).strip("\"'<> ").lower()[:254]


def _number(told: str) -> int | None:
    """SEQUENCE; absent means 0 (RFC 5546, 3.2.3), and nonsense means nothing certain."""
    if not told:
        return 0
    return int(told) if re.fullmatch(r"\+?\d{1,9}", told) else None


def _instant(lines: list[_Line], name: str) -> datetime | None:
    """An instant: DTSTAMP is UTC, and programs that write a local time are understood through its zone."""
    row = next((row for row in lines if row.name == name), None)
    found = re.fullmatch(r"(\d{8})T(\d{6})(Z?)", row.value) if row else None
    if row is None or found is None:
        return None
    try:
        wall = datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S")
    except ValueError:
        return None
    zone = None if found[3] else zone_of(row.parameters.get("TZID", ""))
    if zone is None:
        return wall.replace(tzinfo=UTC) if found[3] or name == "DTSTAMP" else None  # whose clock, nobody can tell
    try:
        return wall.replace(tzinfo=zones.zone(zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def zone_of(tzid: str) -> str | None:
    """A zone of ours for a TZID: an IANA name, one below a maker's prefix (``/maker/Europe/Berlin``), or a Windows name."""
    told = tzid.strip().strip('"')
    parts = [part for part in told.split("/") if part]
    candidates = [told, "/".join(parts[-3:]), "/".join(parts[-2:]), WINDOWS_TO_OLSON.get(told, "")]
    return next((name for name in candidates if name in zones.names()), None)
