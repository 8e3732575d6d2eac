"""What this room does on news of people: mail of circulars that had not left moves with them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.accounts import holdings
from app.accounts.events import AddressChanged, HandedOver
from app.accounts.models import Person
from app.circulars.rules import taking_over as rules
from app.core import clock
from app.extensions import db

holdings.register("circulars", _l("Circulars that have not left yet"), rules.count_waiting)


def take_over(event: HandedOver) -> None:
    """Somebody took over: circulars on their way to the former go to the successor, and links to those that left end."""
    former, successor, by = (db.session.get_one(Person, i) for i in (event.from_id, event.to_id, event.by_id))
    rules.take_over(former, successor, event.mails, by=by, now=clock.now())


def renew_links(event: AddressChanged) -> None:
    """An address was corrected: links that went to the former one end."""
    rules.renew(db.session.get_one(Person, event.person_id))
