"""Every read of people, organisations and designations. Lists begin at a ``visible_to(viewer)``."""

from app.accounts.queries.designations import (
    designation_in_view,
    designations_of_person,
    designations_of_state,
    designations_page,
)
from app.accounts.queries.letters import Addressee, Card, cards_of, letter_for
from app.accounts.queries.organisations import (
    StateChoice,
    forget_states,
    organisation_choices,
    organisation_in_view,
    organisations_page,
    state_choices,
    states,
    under,
)
from app.accounts.queries.people import (
    join_invitation_open,
    people_in_view,
    people_of,
    people_page,
    person_by_email,
    person_in_view,
    roles_of,
)
from app.accounts.queries.routing import Routing, routes_for

__all__ = [
    "Addressee", "Card", "Routing", "StateChoice", "cards_of", "designation_in_view", "designations_of_person",
    "designations_of_state", "designations_page", "forget_states", "join_invitation_open", "letter_for",
    "organisation_choices", "organisation_in_view", "organisations_page", "people_in_view", "people_of",
    "people_page", "person_by_email", "person_in_view", "roles_of", "routes_for",
    "state_choices", "states", "under",
]  # fmt: skip
