"""A session that other clock rules reach in three ways, told to one person: it moved, their own clocks changed, the hour stays."""

from __future__ import annotations

from sqlalchemy import select

from app.core import rulebook
from app.exchanges import rules
from app.exchanges.models import Answer, Route
from app.extensions import db
from app.notifications.models import Message
from tests import former_rules
from tests.emails.world import ALVANIA, ELMARA, NOW, PURPOSES, TITLES, Reader
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import make_invitation, make_session, mark_sent, minutes

STORIES = {
    "session-clocks-moved": ("Africa/Casablanca", "Africa/Nairobi"), "session-clocks-own": ("Africa/Nairobi", "Africa/Casablanca"),
    "session-clocks-same": ("Africa/Casablanca", "Africa/El_Aaiun"),
}  # fmt: skip
"""Name of the mail to the zone of the session and that of the reader."""


def told(reader: Reader, language: str) -> dict[str, Message]:
    """Each of the three, to this reader; they have a seat where the hour stays."""
    state, host = make_state(names=ALVANIA, zone="Africa/Nairobi"), make_state(names=ELMARA, zone="Asia/Amman")
    if db.session.get(rulebook.ClockRules, former_rules.VERSION) is None:
        former_rules.keep(NOW)
    found = {}
    for name, (anchor, own) in STORIES.items():
        row = former_rules.by_former_rules(make_session(zone=anchor, titles=TITLES, purposes=PURPOSES, hosts=(host,)))
        person = make_person(
            reader.family_name, given_name=reader.given_name, of=state, language=language, zone=own,
            forms_of_address=reader.forms, email=f"{name.rpartition('-')[2]}@alvania.example",
        )  # fmt: skip
        invitation = make_invitation(row, person, organisation=state, because="state")
        mark_sent()
        if name == "session-clocks-same":
            rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(1))
            mark_sent(NOW + minutes(1))
        rules.check_clocks(NOW + minutes(2), commit=db.session.flush)
        asked = select(Message).where(Message.kind == "session-clocks", Message.subject_id == row.id)
        found[name] = db.session.scalars(asked).one()
    return found
