"""What this room does on news of people: milestones and pilots move with them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.accounts import holdings
from app.accounts.events import AddressChanged, HandedOver
from app.accounts.models import Person
from app.core import clock
from app.extensions import db
from app.pilots.rules import taking_over as rules

holdings.register("milestones", _l("Milestones to reach"), rules.count_milestones)
holdings.register("pilots", _l("Pilots to look after as co-lead"), rules.count_led)


def take_over(event: HandedOver) -> None:
    """Somebody took over: open milestones, and pilots a co-lead looks after."""
    former, successor, by = (db.session.get_one(Person, i) for i in (event.from_id, event.to_id, event.by_id))
    rules.take_over(former, successor, by=by, now=clock.now())


def renew_links(event: AddressChanged) -> None:
    """An address was corrected: links that went to the former one end."""
    rules.renew(db.session.get_one(Person, event.person_id), now=clock.now())
