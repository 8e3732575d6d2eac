"""What this room does on news of people: their expressions of interest move with them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.accounts import holdings
from app.accounts.events import AddressChanged, HandedOver
from app.accounts.models import Person
from app.core import clock
from app.extensions import db
from app.interests.rules import taking_over as rules

holdings.register("drafts", _l("Drafts of expressions of interest"), rules.count_drafts)
holdings.register("expressions", _l("Expressions of interest, as their contact"), rules.count_sent)
holdings.register("assigned", _l("Expressions of interest to take care of"), rules.count_assigned)
holdings.register("opinions", _l("Opinions asked for"), rules.count_opinions)


def take_over(event: HandedOver) -> None:
    """Somebody took over: contact, drafts, questions, desk work and opinions."""
    former, successor, by = (db.session.get_one(Person, i) for i in (event.from_id, event.to_id, event.by_id))
    rules.take_over(former, successor, by=by, now=clock.now())


def renew_links(event: AddressChanged) -> None:
    """An address was corrected: links that went to the former one end."""
    person, by = (db.session.get_one(Person, i) for i in (event.person_id, event.by_id))
    rules.renew(person, event.former, by=by, now=clock.now())
