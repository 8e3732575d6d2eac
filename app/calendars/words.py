"""What this room's records are called, and the sentences about addresses that cannot be read."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit.words import register, register_values
from app.calendars.models import Listed, OverrideKind
from app.calendars.state import Day, DayKind, Reason
from app.core.languages import NAMES

KINDS: dict[OverrideKind, Any] = {
    OverrideKind.DAY_OFF: _l("Day off"),
    OverrideKind.WORKING_DAY: _l("Working day"),
    OverrideKind.WORKING_WEEK: _l("Working week"),
    OverrideKind.EVENT: _l("Event"),
}
DAY_KINDS: dict[DayKind, tuple[Any, str]] = {
    DayKind.HOLIDAY: (_l("Public holiday"), ""),
    DayKind.ESTIMATED: (_l("Estimated, a day earlier or later is as likely"), "warn"),
    DayKind.DAY_OFF: (_l("Day off, entered by the secretariat"), "brand"),
    DayKind.WORKING: (_l("Worked, though of the weekend or a holiday"), "good"),
}
LISTED: dict[str, Any] = {
    Listed.HOLIDAY.value: _l("Public holiday"),
    Listed.ESTIMATED.value: _l("Estimated holiday"),
    Listed.WORKING.value: _l("Worked weekend day"),
    Listed.ORDINARY.value: _l("Ordinary day"),
    "": _l("Ordinary day"),
}
REASONS: dict[Reason, Any] = {
    Reason.WEEKEND: _l("Weekend"),
    Reason.HOLIDAY: _l("Public holiday"),
    Reason.ESTIMATED: _l("Estimated holiday"),
    Reason.NIGHT: _l("Night"),
    Reason.EARLY: _l("Early"),
    Reason.LATE: _l("Late"),
    Reason.PRAYER: _l("Friday prayer"),
    Reason.RAMADAN: _l("After hours in Ramadan"),
    Reason.IFTAR: _l("Breaking of the fast"),
}
TROUBLES: dict[str, Any] = {
    "address": _l("This is not an address that can be read. Copy it again from your calendar program."),
    "scheme": _l("Enter an address that starts with https:// or webcal://"),
    "port": _l("Only addresses at the usual port for https are read. Remove the port."),
    "private": _l("This address belongs to a private network. Enter one that can be reached from the internet."),
    "unknown": _l("No server of this name was found. Check the address."),
    "unreachable": _l("The server did not answer. We try again later."),
    "slow": _l("The server was too slow. We try again later."),
    "tls": _l("The server could not show that it is the right one (its certificate is wrong). Tell whoever runs it."),
    "closed": _l("The server asks for a password. Publish the calendar at an address that needs none."),
    "gone": _l("Nothing stands at this address any more. Enter the new one."),
    "answer": _l("The server answered with something that cannot be read. We try again later."),
    "redirects": _l("The server sends from one address to the next. Enter the last one."),
    "large": _l("The calendar is too large. Publish free and busy times only."),
    "file": _l("What stands there is not a calendar. Copy the address of the ICS or free/busy file."),
    "many": _l("The calendar has too many entries. Publish free and busy times only."),
}
FIELDS: dict[str, Any] = {
    "calendar": _l("Calendar"),
    "kind": _l("What it says"),
    "first_day": _l("First day"),
    "last_day": _l("Last day"),
    "weekend": _l("Days off in the week"),
    "names": _l("Name of the day"),
    "source": _l("Source"),
    "source_date": _l("Date of the source"),
    "subdivision": _l("Part of the State"),
    "ramadan": _l("Shorter hours in Ramadan"),
    "friday_prayer": _l("Friday noon is for prayer"),
}

register(
    {
        "calendar.corrected": _l("Calendar corrected"),
        "calendar.correction_ended": _l("Correction of a calendar ended"),
        "calendar.chosen": _l("Calendar chosen"),
        "calendar.changes_seen": _l("Changed dates looked at"),
        "times.changed": _l("Times without sessions changed"),
    },
    FIELDS,
    {"override": _l("Correction of a calendar"), "day_change": _l("Changed date")},
)
register_values({"override.kind": KINDS})


def day_name(day: Day | None, language: str) -> tuple[str, str]:
    """What a day is called and in which language: the reader's where the list has it, else as it is called there."""
    if day is None:
        return "", language
    base = day.language.split("-")[0]
    for key, spoken in ((language, language), (base, day.language), ("", day.language)):
        if said := day.names.get(key):
            return said, spoken
    return next(((said, spoken) for spoken, said in day.names.items() if said and spoken), ("", language))


def language_name(tag: str) -> str:
    """A language by its own name."""
    from babel import Locale, UnknownLocaleError

    if tag in NAMES:
        return NAMES[tag]
    try:
        return str(Locale.parse(tag, sep="-").get_display_name() or tag)
    except (UnknownLocaleError, ValueError):
        return tag
