"""From a calendar file to the spans in which its owner is busy. What an entry is called, where and with whom is never looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from app.calendars.addresses import Refused
from app.core import zones

MOST_PARTS = 5_000
MOST_SPANS = 5_000
_QUICK = ("SECONDLY", "MINUTELY", "HOURLY")
_FINE = ("BYSECOND", "BYMINUTE", "BYHOUR")
MOST_OF_ONE = 24 * 4
"""Times a day at which one entry may come."""

Span = tuple[datetime, datetime]


def busy(body: bytes, *, zone: str, since: datetime, until: datetime) -> list[Span]:
    """The busy spans between two instants, in order and apart. Times without a zone are those of the owner's zone."""
    import icalendar
    import recurring_ical_events

    if not body.lstrip(b"\xef\xbb\xbf \r\n\t").upper().startswith(b"BEGIN:VCALENDAR"):
        raise Refused("file")
    if body.upper().count(b"BEGIN:") > MOST_PARTS:
        raise Refused("many")
    try:
        calendar: Any = icalendar.Calendar.from_ical(body)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise Refused("file") from None
    _refuse_floods(calendar.walk("VEVENT"))
    own = zones.zone(zone)
    try:
        events = recurring_ical_events.of(calendar, components=["VEVENT"], skip_bad_series=True).between(since, until)
        spans = [*_of_events(events, own), *_of_lists(calendar.walk("VFREEBUSY"), own)]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise Refused("file") from None
    merged = _merged((max(a, since), min(b, until)) for a, b in spans if a < until and b > since)
    if len(merged) > MOST_SPANS:
        raise Refused("many")
    return merged


def _refuse_floods(events: Iterable[Any]) -> None:
    """An entry that comes back each minute would fill the memory before anybody could count its days."""
    for event in events:
        rules = event.get("RRULE")
        for rule in rules if isinstance(rules, list) else [rules] if rules else []:
            if any(str(freq).upper() in _QUICK for freq in rule.get("FREQ", [])):
                raise Refused("many")
            often = 1
            for part in _FINE:
                often *= max(1, len(rule.get(part, [])))
            if often > MOST_OF_ONE:
                raise Refused("many")


def _of_events(events: Iterable[Any], own: tzinfo) -> Iterator[Span]:
    for event in events:
        if str(event.get("TRANSP", "OPAQUE")).upper() == "TRANSPARENT" or str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        start, end = event.start, event.end
        yield _instant(start, own), _instant(end, own)


def _of_lists(lists: Iterable[Any], own: tzinfo) -> Iterator[Span]:
    for one in lists:
        told = one.get("FREEBUSY", [])
        for prop in told if isinstance(told, list) else [told]:
            if str(getattr(prop, "params", {}).get("FBTYPE", "BUSY")).upper() == "FREE":
                continue
            for period in getattr(prop, "dts", None) or [prop]:
                start, end = getattr(period, "dt", period)
                start = _instant(start, own)
                yield start, start + end if isinstance(end, timedelta) else _instant(end, own)


def _instant(when: date | datetime, own: tzinfo) -> datetime:
    """The instant; a date is its midnight, and what has no zone is on the owner's clocks."""
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return (when if when.tzinfo is not None else when.replace(tzinfo=own)).astimezone(UTC)


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(s for s in spans if s[1] > s[0]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
