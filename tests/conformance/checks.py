"""What each kind of calendar object has to be, line by line of docs/conformance.md, asked of the finished bytes.

The same questions are put to the builders' output, to every mail of every kind in six languages, and to mails that went
through the whole platform. ``test_mutations`` takes away every property and parameter in turn: one of these must notice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.conformance.objects import Component, read, text

UTC_TIME = re.compile(r"\d{8}T\d{6}Z")
OWN_UID = re.compile(r"(?:session|milestone)-[0-9a-f-]+@[\w.-]+")
DATE = re.compile(r"\d{8}")
REQUEST, CANCEL, UNINVITE, DECLINE, PUBLISH, FEED = "request", "cancel", "uninvite", "decline", "publish", "feed"
MAILS = (REQUEST, CANCEL, UNINVITE, DECLINE)
KINDS = (*MAILS, PUBLISH, FEED)
ROLES = ("REQ-PARTICIPANT", "OPT-PARTICIPANT", "NON-PARTICIPANT")
LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es")
EVENT_ALONE = {"DTSTAMP", "DTSTART", "DTEND", "UID", "SEQUENCE", "SUMMARY", "ORGANIZER", "STATUS", "DESCRIPTION", "LOCATION", "URL",
               "ATTENDEE", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS"}  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """What is known of the object from elsewhere: the facts, the row, the envelope."""

    kind: str
    organizer: str
    organizer_name: str = ""
    reader: str = ""  # the envelope's recipient
    reader_name: str = ""
    language: str = "en"
    sequence: int | None = None
    dtstamp: datetime | None = None
    start: datetime | None = None
    minutes: int | None = None
    summary: str | None = None
    uid: str | None = None
    page: str | None = None  # the session's page
    joins: bool = False  # is there a way to join in it?
    asked: bool = True


@dataclass(frozen=True)
class Built:
    """A finished object and what is known of it."""

    raw: bytes
    calendar: Component
    expected: Expected

    @property
    def events(self) -> list[Component]:
        """The events in it."""
        return self.calendar.inner

    @property
    def sessions(self) -> list[Component]:
        """Events at an hour."""
        return [e for e in self.events if "VALUE" not in (e.all("DTSTART") or [None])[0].params] if self._dated else []

    @property
    def days(self) -> list[Component]:
        """Events for a whole day."""
        return [e for e in self.events if e not in self.sessions]

    @property
    def _dated(self) -> bool:
        return all(e.all("DTSTART") for e in self.events)


@dataclass(frozen=True)
class Check:
    """One question, the line it belongs to, and the kinds it is put to."""

    line: str
    kinds: tuple[str, ...]
    holds: Callable[[Built], bool]


CHECKS: list[Check] = []


def _of(line: str, *kinds: str) -> Callable[[Callable[[Built], bool]], Callable[[Built], bool]]:
    def kept(holds: Callable[[Built], bool]) -> Callable[[Built], bool]:
        CHECKS.append(Check(line, kinds or KINDS, holds))
        return holds

    return kept


def failed(raw: bytes, expected: Expected) -> list[str]:
    """The lines that do not hold for these bytes."""
    try:
        built = Built(raw, read(raw), expected)
    except (AssertionError, ValueError):
        return ["B1"]
    return sorted({c.line for c in CHECKS if expected.kind in c.kinds and not _holds(c, built)})


def _holds(check: Check, built: Built) -> bool:
    try:
        return bool(check.holds(built))
    except (AttributeError, KeyError, IndexError, ValueError, TypeError):
        return False  # what it asks about is not there


def _moment(told: str) -> datetime:
    return datetime.strptime(told, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _bare(uri: str) -> str:
    return uri.removeprefix("mailto:")


def _is(known: object, told: object) -> bool:
    return known is None or known == told


@_of("B1")
def _version_prodid_method(b: Built) -> bool:
    c = b.calendar
    alone = c.name == "VCALENDAR" and c.value("VERSION") == "2.0" and bool(c.value("PRODID")) and bool(c.value("METHOD"))
    return alone and bool(b.events) and all(e.name == "VEVENT" for e in b.events)


@_of("B2")
def _lines(b: Built) -> bool:
    rows = b.raw.split(b"\r\n")
    whole = rows[-1] == b"" and b"\n" not in b.raw.replace(b"\r\n", b"") and b"\r" not in b.raw.replace(b"\r\n", b"")
    return whole and all(len(row) <= 75 and _decodes(row) for row in rows)


def _decodes(row: bytes) -> bool:
    try:
        row.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@_of("B3")
def _escapes(b: Built) -> bool:
    texts = [p.value for e in b.events for p in e.properties if p.name in ("SUMMARY", "DESCRIPTION", "LOCATION")]
    return all(not re.search(r"(?<!\\)(?:\\\\)*[;,]", value) for value in texts)


@_of("B4")
def _uid(b: Built) -> bool:
    uids = [e.value("UID") for e in b.events]
    people = {b.expected.reader, b.expected.reader_name} - {""}
    return all(OWN_UID.fullmatch(u) and not any(p in u for p in people) for u in uids) and _is(b.expected.uid, uids[0])


@_of("B5")
def _dtstamp(b: Built) -> bool:
    stamps = [e.value("DTSTAMP") for e in b.events]
    wanted = b.expected.dtstamp.replace(microsecond=0) if b.expected.dtstamp else None
    return all(UTC_TIME.fullmatch(s) for s in stamps) and _is(wanted, _moment(stamps[0]))


@_of("B6")
def _sequence(b: Built) -> bool:
    told = [e.value("SEQUENCE") for e in b.events]
    return all(t.isdecimal() for t in told) and _is(b.expected.sequence, int(told[0]))


@_of("B7")
def _end_without_duration(b: Built) -> bool:
    return all(e.value("DTEND") and not e.all("DURATION") for e in b.events)


@_of("B8")
def _summary(b: Built) -> bool:
    found = [e.one("SUMMARY") for e in b.events]
    return all(s is not None for s in found) and _is(b.expected.summary, text(found[0].value))


@_of("B9")
def _no_line_twice(b: Built) -> bool:
    counted = [p.name for e in b.events for p in e.properties if p.name in EVENT_ALONE]
    return all(len(e.all(name)) <= 1 for e in b.events for name in set(counted))


@_of("C1", *MAILS)
def _each_once(b: Built) -> bool:
    event = b.events[0]
    return all(event.one(name) for name in ("ORGANIZER", "ATTENDEE", "DTSTAMP", "DTSTART", "UID", "SUMMARY"))


@_of("C1", REQUEST)
def _method_request(b: Built) -> bool:
    return b.calendar.value("METHOD") == "REQUEST"


def _person(b: Built) -> dict[str, str]:
    return b.events[0].one("ATTENDEE").params


@_of("C2", *MAILS)
def _who(b: Built) -> bool:
    told = _person(b)
    named = told.get("CN", "") == b.expected.reader_name or b.expected.reader_name == "?"
    return told["CUTYPE"] == "INDIVIDUAL" and told["ROLE"] in ROLES and told["LANGUAGE"] == b.expected.language and named


@_of("C2", REQUEST)
def _asked(b: Built) -> bool:
    told = _person(b)
    return told["PARTSTAT"] == "NEEDS-ACTION" and told["RSVP"] == ("TRUE" if b.expected.asked else "FALSE")


@_of("C3", *MAILS)
def _one_attendee(b: Built) -> bool:
    return _bare(b.events[0].one("ATTENDEE").value) == b.expected.reader


@_of("C4", REQUEST)
def _status(b: Built) -> bool:
    return b.events[0].value("STATUS") in ("CONFIRMED", "TENTATIVE")


@_of("C5", REQUEST)
def _no_request_status(b: Built) -> bool:
    return not b.events[0].all("REQUEST-STATUS")


@_of("C6", *MAILS)
def _one_event(b: Built) -> bool:
    return len(b.events) == 1


@_of("D1")
def _organizer(b: Built) -> bool:
    wanted = b.expected
    people = [e.one("ORGANIZER") for e in b.sessions]
    return all(
        _bare(p.value) == wanted.organizer and p.params.get("CN") == (wanted.organizer_name or p.params["CN"]) for p in people
    )


@_of("E1", CANCEL, UNINVITE)
def _method_cancel(b: Built) -> bool:
    return b.calendar.value("METHOD") == "CANCEL"


@_of("E2", CANCEL)
def _status_cancelled(b: Built) -> bool:
    return b.events[0].value("STATUS") == "CANCELLED"


@_of("E3", CANCEL, UNINVITE)
def _nothing_to_join(b: Built) -> bool:
    event = b.events[0]
    return not event.inner and not event.all("REQUEST-STATUS") and not event.all("CONFERENCE") and not event.all("LOCATION")


@_of("F1", UNINVITE)
def _no_status(b: Built) -> bool:
    return not b.events[0].all("STATUS")


@_of("G1")
def _no_recurrence(b: Built) -> bool:
    return not any(e.all(name) for e in b.events for name in ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"))


@_of("I3", DECLINE)
def _a_proposal_is_declined(b: Built) -> bool:
    event, told = b.events[0], _person(b)
    never = ("STATUS", "REQUEST-STATUS", "CONFERENCE", "LOCATION")
    bare = not event.inner and not any(event.all(name) for name in never) and not {"PARTSTAT", "RSVP"} & told.keys()
    return b.calendar.value("METHOD") == "DECLINECOUNTER" and bare


@_of("K1", PUBLISH, FEED)
def _published(b: Built) -> bool:
    rows = b.sessions
    named = all(e.one("ORGANIZER") and e.value("STATUS") in ("CONFIRMED", "CANCELLED") for e in rows)
    return b.calendar.value("METHOD") == "PUBLISH" and named and not any(e.all("ATTENDEE") for e in b.events)


@_of("K2", FEED)
def _presents_itself(b: Built) -> bool:
    c = b.calendar
    every, source = c.one("REFRESH-INTERVAL"), c.one("SOURCE")
    return (
        bool(c.value("NAME")) and c.value("X-WR-CALNAME") == c.value("NAME") and bool(c.value("COLOR"))
        and (every.params["VALUE"], every.value) == ("DURATION", "PT1H") and c.value("X-PUBLISHED-TTL") == "PT1H"
        and source.params["VALUE"] == "URI" and source.value.startswith("http")
    )  # fmt: skip


@_of("L1", REQUEST, FEED)
def _way_to_join(b: Built) -> bool:
    return all(_joins(e, b.expected) for e in b.sessions)


def _joins(event: Component, wanted: Expected) -> bool:
    ways = event.all("CONFERENCE")
    if not wanted.joins:
        return not ways and not event.all("LOCATION")
    place = text(event.value("LOCATION"))
    good = all(w.params["VALUE"] == "URI" and w.params["FEATURE"] == "AUDIO,VIDEO" and w.params["LABEL"] for w in ways)
    labels = [w.params["LABEL"] for w in ways]
    return (
        good
        and len(set(labels)) == len(labels) > 0
        and place in [w.value for w in ways]
        and place in text(event.value("DESCRIPTION"))
    )


@_of("L2", REQUEST, PUBLISH, FEED)
def _page(b: Built) -> bool:
    return all(
        e.value("URL") and _is(b.expected.page, e.value("URL")) and e.value("URL") in text(e.value("DESCRIPTION")) for e in b.events
    )


@_of("L3")
def _no_speakers(b: Built) -> bool:
    return not any(e.inner or e.all("PARTICIPANT-TYPE") for e in b.events)


@_of("L4")
def _outlook(b: Built) -> bool:
    busy = [v for e in b.events for v in (e.value("X-MICROSOFT-CDO-BUSYSTATUS"),) if v]
    never = not any(e.all("X-MICROSOFT-CDO-APPT-SEQUENCE") or e.all("X-MICROSOFT-DISALLOW-COUNTER") for e in b.events)
    return never and all(v in ("TENTATIVE", "BUSY", "FREE") for v in busy)


@_of("L4", FEED)
def _how_it_shows(b: Built) -> bool:
    days = all(e.value("X-MICROSOFT-CDO-BUSYSTATUS") == "FREE" and e.value("TRANSP") == "TRANSPARENT" for e in b.days)
    return days and all(e.value("X-MICROSOFT-CDO-BUSYSTATUS") in ("TENTATIVE", "BUSY") for e in b.sessions)


@_of("L5")
def _no_alarm(b: Built) -> bool:
    return b"VALARM" not in b.raw


@_of("M1")
def _utc(b: Built) -> bool:
    rows = [p for e in b.sessions for p in (*e.all("DTSTART"), *e.all("DTEND"))]
    good = all(UTC_TIME.fullmatch(p.value) and not p.params for p in rows) and all(e.one("DTSTART") for e in b.events)
    start = b.expected.start
    return good and _is(start, _moment(rows[0].value)) and _ends_right(b)


def _ends_right(b: Built) -> bool:
    if b.expected.minutes is None:
        return True
    event = b.sessions[0]
    return _moment(event.value("DTEND")) - _moment(event.value("DTSTART")) == timedelta(minutes=b.expected.minutes)


@_of("M2")
def _no_zone(b: Built) -> bool:
    return b"VTIMEZONE" not in b.raw and b"TZID" not in b.raw


@_of("M4")
def _nothing_floats(b: Built) -> bool:
    return all(
        p.value.endswith("Z") or p.params.get("VALUE") == "DATE" for e in b.events for p in (*e.all("DTSTART"), *e.all("DTEND"))
    )


@_of("M6")
def _the_day_after(b: Built) -> bool:
    for event in b.days:
        first, last = event.one("DTSTART"), event.one("DTEND")
        days = [datetime.strptime(p.value, "%Y%m%d").replace(tzinfo=UTC) for p in (first, last) if DATE.fullmatch(p.value)]
        if [p.params.get("VALUE") for p in (first, last)] != ["DATE", "DATE"] or days[1] - days[0] != timedelta(days=1):
            return False
    return True


@_of("N2", *MAILS)
def _nobody_else(b: Built) -> bool:
    known = {b.expected.reader, b.expected.organizer}
    values = [p.value for e in b.events for p in e.properties if p.name != "UID"]
    return {a for v in values for a in re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", v)} <= known
