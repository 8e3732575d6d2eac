"""One object of each builder, with all that it can hold, and what is expected of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from app.notifications.calendar import (
    Attendee,
    Conference,
    Day,
    Feed,
    Invite,
    Organizer,
    cancel_event,
    decline_counter,
    publish,
    request,
    uninvite,
)
from app.notifications.publishing import publish_many
from app.notifications.stencil import compile_invite
from tests.conformance.checks import CANCEL, DECLINE, FEED, PUBLISH, REQUEST, UNINVITE, Expected

PAGE = "https://network.example/fr/sessions/1"
JOIN = "https://network.example/fr/join/abc"
STAMP = datetime(2027, 2, 1, 9, 30, 15, tzinfo=UTC)
START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
INVITE = Invite(
    uid="session-0190f5a2-0000-7000-8000-000000000001@network.example", sequence=3, dtstamp=STAMP, start=START, minutes=90,
    summary="Regroupement familial; papiers, preuves", organizer=Organizer("Réseau des voies", "sessions@network.example"),
    attendee=Attendee("Adaeze Morrow", "a.morrow@alvania.example", "fr"),
    description=f"Apportez un obstacle.\nRejoindre : {JOIN}\n{PAGE}", location=JOIN, url=PAGE,
    conferences=(Conference(JOIN, "Français"),),
)  # fmt: skip
DAY = Day("milestone-1@network.example", 1, STAMP, date(2027, 3, 12), "À rendre", f"Projet\n\n{PAGE}", PAGE)
WANTED = Expected(
    kind=REQUEST, organizer="sessions@network.example", organizer_name="Réseau des voies", reader="a.morrow@alvania.example",
    reader_name="Adaeze Morrow", language="fr", sequence=3, dtstamp=STAMP, start=START, minutes=90, summary=INVITE.summary,
    uid=INVITE.uid, page=PAGE, joins=True,
)  # fmt: skip
PUBLIC = replace(INVITE, attendee=None, description=f"Apportez un obstacle.\n{PAGE}", location="", conferences=())
OPEN = replace(WANTED, reader="", reader_name="", joins=False)


def _stencil(method: str) -> bytes:
    """The same object the way mails are made: compiled once, filled for a person."""
    return compile_invite(method, INVITE).fill(sequence=3, dtstamp=STAMP, attendee=INVITE.attendee, values={})


OBJECTS: dict[str, tuple[bytes, Expected]] = {
    "request": (request(INVITE), WANTED),
    "request, filled": (_stencil("request"), WANTED),
    "cancel": (cancel_event(INVITE), replace(WANTED, kind=CANCEL)),
    "cancel, filled": (_stencil("cancel"), replace(WANTED, kind=CANCEL)),
    "uninvite": (uninvite(INVITE), replace(WANTED, kind=UNINVITE)),
    "uninvite, filled": (_stencil("uninvite"), replace(WANTED, kind=UNINVITE)),
    "decline": (decline_counter(INVITE), replace(WANTED, kind=DECLINE)),
    "decline, filled": (_stencil("decline_counter"), replace(WANTED, kind=DECLINE)),
    "download": (publish([PUBLIC]), replace(OPEN, kind=PUBLISH)),
    "feed of one's own": (
        publish([replace(INVITE, busy="TENTATIVE")], Feed("Mes séances", f"{PAGE}.ics"), [DAY]),
        replace(OPEN, kind=FEED, joins=True, uid=None, sequence=None, dtstamp=None, summary=None),
    ),
    "feed of one's own, filled": (
        publish_many([replace(INVITE, busy="TENTATIVE")], Feed("Mes séances", f"{PAGE}.ics"), [DAY]),
        replace(OPEN, kind=FEED, joins=True, uid=None, sequence=None, dtstamp=None, summary=None),
    ),
}  # fmt: skip
