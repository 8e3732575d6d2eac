"""What an expression of interest has to say before it can be sent; the forms show the same sentences at their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app.interests.models import Endorsement, Expression

WHO, WHAT, LETTER, CHECK = 1, 2, 3, 4

SENTENCES: dict[str, Any] = {
    "organisation_kind": _l("Say what kind of organisation you are"),
    "state_id": _l("Choose the State you speak for"),
    "organisation_name": _l("Enter the name of your ministry or organisation"),
    "contact_family_name": _l("Enter the family name of the person we write to"),
    "contact_email": _l("Enter an e-mail address, such as name@ministry.example."),
    "mode": _l("Say whether you seek experience, offer it, or both"),
    "asks": _l("Choose at least one"),
    "grounds": _l("Choose at least one ground"),
    "aim": _l("Say what you seek or offer"),
    "endorsement": _l("Say how the official letter comes"),
    "endorsement_file": _l("Choose the file, or send the letter later by mail"),
}


@dataclass(frozen=True)
class Missing:
    """Something that is still to be said: at which step, in which field, and the sentence that asks for it."""

    step: int
    field: str
    sentence: Any


def missing(expression: Expression) -> list[Missing]:
    """Everything that keeps it from being sent, in the order of the form."""
    found = []

    def need(step: int, field: str, there: object) -> None:
        if not there:
            found.append(Missing(step, field, SENTENCES[field]))

    taken = expression.organisation_kind in expression.call.kinds
    need(WHO, "organisation_kind", taken)
    need(WHO, "state_id", expression.state_id or not expression.of_a_state)
    need(WHO, "organisation_name", expression.organisation_name)
    need(WHO, "contact_family_name", expression.contact_family_name)
    need(WHO, "contact_email", expression.contact_email)
    need(WHAT, "mode", expression.mode)
    need(WHAT, "asks", expression.asks or not expression.call.asks)
    need(WHAT, "grounds", expression.grounds)
    need(WHAT, "aim", expression.aim)
    # only governments need a letter; others may leave the choice at "none"
    need(LETTER, "endorsement", expression.endorsement is not Endorsement.NONE or not expression.of_a_state)
    uploaded = expression.endorsement is Endorsement.UPLOADED
    need(LETTER, "endorsement_file", expression.endorsement_file_id or not uploaded)
    return found
