"""Plain facts of a session to iCalendar bytes: METHOD, UID, SEQUENCE and DTSTAMP live here, nowhere else.

Times are UTC without a VTIMEZONE, one person per message, no alarm, no recurrence. Cancelling a session and
uninviting one person are two builders, since RFC 5546 demands STATUS in one and forbids it in the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from icalendar import Calendar, Event, vCalAddress, vText, vUri

from app.core.text import clean
from app.core.text import line as one_line

ROLES = ("REQ-PARTICIPANT", "OPT-PARTICIPANT", "NON-PARTICIPANT")
PRODID = "-//Pathways Exchange//Sessions//EN"


@dataclass(frozen=True, slots=True)
class Organizer:
    """The mailbox that sends, is answered to, and is read by us."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attendee:
    """The one person a message is for. ``role`` as RFC 5545 names it; who is only informed is not asked."""

    name: str
    address: str
    language: str = "en"
    role: str = "REQ-PARTICIPANT"
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Conference:
    """A way to join: a link or a telephone number, with its label in the reader's language."""

    uri: str
    label: str = ""
    features: tuple[str, ...] = ("AUDIO", "VIDEO")


@dataclass(frozen=True, slots=True)
class Invite:
    """What a calendar entry says. ``start`` and ``dtstamp`` are aware; ``status`` is CONFIRMED or TENTATIVE."""

    uid: str
    sequence: int
    dtstamp: datetime
    start: datetime
    minutes: int
    summary: str
    organizer: Organizer
    attendee: Attendee | None = None
    description: str = ""
    location: str = ""
    url: str = ""
    conferences: tuple[Conference, ...] = ()
    status: str = "CONFIRMED"
    busy: str = ""  # how Outlook shows the time in a feed: BUSY, TENTATIVE; nothing where we do not say


@dataclass(frozen=True, slots=True)
class Day:
    """An entry for a whole day, such as a date by which something is due. It blocks nobody's time."""

    uid: str
    sequence: int
    dtstamp: datetime
    day: date
    summary: str
    description: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """How a subscribed calendar presents itself."""

    name: str
    source: str = ""
    color: str = "teal"


def request(invite: Invite) -> bytes:
    """The first invitation, an update of it, or the entry again with the joining link: METHOD:REQUEST."""
    if invite.status not in ("CONFIRMED", "TENTATIVE"):
        raise ValueError(f"a request cannot have the status {invite.status}")
    event = _event(invite)
    _add_person(event, invite, asks=True)
    _add_details(event, invite)
    event.add("status", invite.status)
    return _wrap("REQUEST", [event])


def cancel_event(invite: Invite) -> bytes:
    """The session will not take place: METHOD:CANCEL with STATUS:CANCELLED, for each person ever invited."""
    event = _event(invite)
    _add_person(event, invite, asks=False)
    event.add("status", "CANCELLED")
    return _wrap("CANCEL", [event])


def uninvite(invite: Invite) -> bytes:
    """The session takes place without this person: METHOD:CANCEL and no STATUS, or it would end for all."""
    event = _event(invite)
    _add_person(event, invite, asks=False)
    return _wrap("CANCEL", [event])


def decline_counter(invite: Invite) -> bytes:
    """Another time that somebody proposed is not taken: METHOD:DECLINECOUNTER, with the SEQUENCE the proposal named."""
    event = _event(invite)
    _add_person(event, invite, asks=False)
    return _wrap("DECLINECOUNTER", [event])


def publish(invites: Iterable[Invite], feed: Feed | None = None, days: Iterable[Day] = ()) -> bytes:
    """A file to download, or with ``feed`` a calendar to subscribe to: METHOD:PUBLISH, nobody's address but ours."""
    events = [_day(one) for one in days]
    for invite in invites:
        event = _event(invite)
        event.add("organizer", _address(invite.organizer))
        _add_details(event, invite)
        event.add("status", invite.status)
        if invite.busy:
            event.add("x-microsoft-cdo-busystatus", invite.busy)
        events.append(event)
    return _wrap("PUBLISH", events, feed)


def _event(invite: Invite) -> Event:
    """What every message about a session repeats, so that clients which need it have it."""
    start = _utc(invite.start)
    event = Event()
    event.add("uid", one_line(invite.uid))
    event.add("dtstamp", _utc(invite.dtstamp))
    event.add("sequence", invite.sequence)
    event.add("dtstart", start)
    event.add("dtend", start + timedelta(minutes=invite.minutes))
    event.add("summary", one_line(invite.summary))
    return event


def _day(one: Day) -> Event:
    """A whole day: VALUE=DATE with the day after as its end, free time, for Outlook in its own property as well."""
    event = Event()
    event.add("uid", one_line(one.uid))
    event.add("dtstamp", _utc(one.dtstamp))
    event.add("sequence", one.sequence)
    event.add("dtstart", one.day)
    event.add("dtend", one.day + timedelta(days=1))
    event.add("summary", one_line(one.summary))
    event.add("transp", "TRANSPARENT")
    event.add("x-microsoft-cdo-busystatus", "FREE")
    if one.description:
        event.add("description", clean(one.description))
    if one.url:
        event.add("url", vUri(one_line(one.url)))
    return event


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a calendar never gets a time without a zone")
    return moment.astimezone(UTC).replace(microsecond=0)


def mailto(address: str) -> str:
    """The URI of a mail address; what a URI cannot hold is percent-encoded (RFC 6068)."""
    return "mailto:" + quote(one_line(address), safe="@!$&'*+-/=?^_`{|}~.")


def _address(who: Organizer | Attendee, **params: str) -> vCalAddress:
    address = vCalAddress(mailto(who.address))
    name = one_line(who.name)
    if name:
        address.params["CN"] = name
    for key, value in params.items():
        address.params[key] = value
    return address


def attendee_property(attendee: Attendee, *, asks: bool) -> vCalAddress:
    """The ATTENDEE of one message. PARTSTAT is always NEEDS-ACTION: clients ignore or mistrust anything else."""
    if attendee.role not in ROLES:
        raise ValueError(f"a person cannot be invited as {attendee.role}")
    params = {"CUTYPE": "INDIVIDUAL", "ROLE": attendee.role, "LANGUAGE": one_line(attendee.language) or "en"}
    if asks:
        params |= {"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE" if attendee.asked else "FALSE"}
    return _address(attendee, **params)


def _add_person(event: Event, invite: Invite, *, asks: bool) -> None:
    if invite.attendee is None:
        raise ValueError("a message about one invitation is for exactly one person")
    event.add("organizer", _address(invite.organizer))
    event.add("attendee", attendee_property(invite.attendee, asks=asks))


def _add_details(event: Event, invite: Invite) -> None:
    if invite.description:
        event.add("description", clean(invite.description))
    if invite.location:
        event.add("location", one_line(invite.location))
    if invite.url:
        event.add("url", vUri(one_line(invite.url)))
    for conference in invite.conferences:
        params: dict[str, Any] = {"VALUE": "URI", "FEATURE": list(conference.features)}
        if conference.label:
            params["LABEL"] = one_line(conference.label)
        event.add("conference", vUri(one_line(conference.uri), params=params))


def _wrap(method: str, events: list[Event], feed: Feed | None = None) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    if feed is not None:
        _present(calendar, feed)
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _present(calendar: Calendar, feed: Feed) -> None:
    """The name twice and the interval twice: RFC 7986 for some clients, the older X- properties for the rest."""
    name = one_line(feed.name)
    calendar.add("name", vText(name))  # the library takes a plain string here for unescaped
    calendar.add("x-wr-calname", vText(name))
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    calendar.add("color", feed.color)
    if feed.source:
        calendar.add("source", vUri(one_line(feed.source)), parameters={"VALUE": "URI"})
