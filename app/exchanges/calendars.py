"""How sessions get into people's own calendars: what may be chosen, and where each program takes an entry or an address.

The addresses of Google and Microsoft are those that their own pages use for "add"; nothing is asked of them by us.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from werkzeug.datastructures import MultiDict

from app.core.languages import LANGUAGES
from app.exchanges.queries import Choice
from app.notifications.calendar import Invite
from app.topics.queries import grounds

LONGEST_WORDS = 1200
"""Longer descriptions are cut in the address of an "add" page: browsers and programs end long ones by themselves."""


@dataclass(frozen=True)
class Ways:
    """Where each calendar program takes it."""

    address: str  # of the file, or of the calendar to subscribe to
    google: str
    outlook: str  # a private account
    office: str  # an account of an organisation
    apple: str


def chosen(args: MultiDict[str, str]) -> Choice:
    """The grounds and languages an address names; what we do not know is not looked for."""
    known = grounds()
    themes = frozenset(t for t in args.getlist("theme") if t in known)
    return Choice(themes, frozenset(s for s in args.getlist("spoken") if s in LANGUAGES))


def to_subscribe(address: str, name: str) -> Ways:
    """A calendar that goes on being read."""
    webcal = "webcal://" + address.partition("://")[2]
    microsoft = urlencode({"url": address, "name": name}, quote_via=quote)
    return Ways(
        address=address,
        google=f"https://calendar.google.com/calendar/r?{urlencode({'cid': webcal}, quote_via=quote)}",
        outlook=f"https://outlook.live.com/calendar/0/addfromweb?{microsoft}",
        office=f"https://outlook.office.com/calendar/0/addfromweb?{microsoft}",
        apple=webcal,
    )


def to_add(entry: Invite, file: str) -> Ways:
    """One entry, once: a copy that nobody changes afterwards."""
    start, end = entry.start, entry.start + timedelta(minutes=entry.minutes)
    words = entry.description if len(entry.description) <= LONGEST_WORDS else f"{entry.description[:LONGEST_WORDS]}…\n\n{entry.url}"
    google = {
        "action": "TEMPLATE", "text": entry.summary, "dates": f"{_basic(start)}/{_basic(end)}", "details": words,
        "location": entry.location or entry.url,
    }  # fmt: skip
    microsoft = {
        "path": "/calendar/action/compose", "rru": "addevent", "subject": entry.summary, "startdt": _extended(start),
        "enddt": _extended(end), "body": words, "location": entry.location or entry.url,
    }  # fmt: skip
    compose = f"calendar/0/deeplink/compose?{urlencode(microsoft, quote_via=quote)}"
    return Ways(
        address=file,
        google=f"https://calendar.google.com/calendar/render?{urlencode(google, quote_via=quote)}",
        outlook=f"https://outlook.live.com/{compose}",
        office=f"https://outlook.office.com/{compose}",
        apple=file,
    )


def _basic(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _extended(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
