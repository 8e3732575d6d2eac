"""The words of this room. Labels only; nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from babel import Locale
from babel.lists import format_list
from flask_babel import lazy_gettext as _l

from app.accounts.models import MailRoute
from app.accounts.words import CALL_OUTCOMES as CALL_OUTCOMES
from app.audit.words import register, register_values
from app.circulars.models import Audience, Circular, Part, Trouble, Visibility
from app.core.languages import NAMES, babel_locale
from app.core.signing import settings
from app.core.text import best
from app.interests.models import Status
from app.interests.words import STATUSES
from app.notifications.models import State
from app.topics.queries import grounds

FIELDS: dict[str, Any] = {
    "subjects": _l("Subject"),
    "texts": _l("Text"),
    "fallback": _l("Where a language is missing, it is sent in"),
    "exchange_id": _l("Exchange"),
    "call_id": _l("Call"),
    "grounds": _l("Grounds of admission and stay"),
    "chosen": _l("Who among them"),
    "visibility": _l("Who may read its page"),
    "not_before_local": _l("Not before"),
    "zone": _l("Time zone"),
    "fold": _l("Which of the two times"),
}

AUDIENCES: dict[Audience, Any] = {
    Audience.EXCHANGE: _l("An exchange"),
    Audience.CALL: _l("A call"),
    Audience.GROUND: _l("A ground"),
    Audience.WORKING_GROUP: _l("The working group"),
}
"""Whom it is for, on the choice of a new one."""


class Standing(StrEnum):
    """Where a circular stands at a moment."""

    DRAFT = "draft"
    WAITS = "waits"
    SENT = "sent"
    TAKEN_BACK = "taken_back"

    @classmethod
    def of(cls, row: Circular, now: datetime) -> Standing:
        """The one of a circular."""
        if row.taken_back_at is not None:
            return cls.TAKEN_BACK
        if row.is_draft:
            return cls.DRAFT
        return cls.SENT if row.is_out(now) else cls.WAITS


STANDINGS: dict[Standing, tuple[Any, str]] = {
    Standing.DRAFT: (_l("Draft"), "warn"),
    Standing.WAITS: (_l("Waits for its hour"), "warn"),
    Standing.SENT: (_l("Sent"), "good"),
    Standing.TAKEN_BACK: (_l("Taken back"), "line"),
}
"""Word and tone."""

PARTS: dict[Part, Any] = {
    Part.INVITED: _l("Everyone invited to one of its sessions"),
    Part.SEAT: _l("Those who hold a seat"),
    Part.NOT_ANSWERED: _l("Those who have not answered an invitation to a session to come"),
    Part.FOCAL_POINTS: _l("Focal points of States"),
    Part.CO_LEADS: _l("Co-leads"),
    Part.EVERYONE: _l("Everyone: focal points, alternates, co-leads, participants and observers"),
}

VISIBILITIES: dict[Visibility, Any] = {
    Visibility.RECIPIENTS: _l("Those it is sent to, and the secretariat"),
    Visibility.PUBLIC: _l("Everyone"),
}

TROUBLES: dict[Trouble, Any] = {
    Trouble.NO_ADDRESS: _l("has no e-mail address"),
    Trouble.UNDELIVERABLE: _l("mail to this address comes back"),
    Trouble.UNCONFIRMED: _l("has not confirmed the address"),
}

ROUTES: dict[MailRoute, Any] = {
    MailRoute.CAPITAL: _l("Goes to the capital instead"),
    MailRoute.MISSION: _l("Goes to the Permanent Mission instead"),
    MailRoute.BOTH: _l("Goes to the capital and the Permanent Mission instead"),
}
"""Where a State's mail goes when one of its people cannot be reached."""

OUTCOMES: dict[State, tuple[Any, str]] = {
    State.QUEUED: (_l("Waiting"), "warn"),
    State.SENDING: (_l("Being sent"), "warn"),
    State.SENT: (_l("Sent"), "good"),
    State.BOUNCED: (_l("Returned"), "bad"),
    State.FAILED: (_l("Failed"), "bad"),
    State.EXPIRED: (_l("Too late"), "bad"),
    State.CANCELLED: (_l("Cancelled"), ""),
    State.SUPPRESSED: (_l("Not sent"), ""),
    State.UNKNOWN: (_l("Not known"), "bad"),
}

BECAUSE: dict[str, Any] = {
    "invited": _l("Invited to the exchange"),
    "seat": _l("Holds a seat"),
    "not_answered": _l("Has not answered"),
    "call": _l("Contact of an expression of interest"),
    "ground": _l("Contact or focal point of an accepted expression"),
    "focal_point": _l("Focal point"),
    "alternate": _l("Alternate"),
    "co_lead": _l("Co-lead"),
    "member": _l("Member of the working group"),
    "in_place": _l("In place of somebody who cannot be reached"),
}
"""Why somebody gets it, on the list of recipients."""

WHY: dict[str, Any] = {
    "not_answered": _l("Has not answered the invitation"),
    "mail_failed": _l("The mail did not arrive"),
    "no_address": _l("Has no e-mail address"),
}
"""Why somebody is to be phoned."""


def chosen(row: Circular) -> str:
    """Which of those people it is for, in words."""
    if row.audience is Audience.CALL:
        return ", ".join(str(STATUSES[Status(word)][0]) for word in row.chosen)
    return ", ".join(str(PARTS[Part(word)]) for word in row.chosen)


def ground_names(codes: Iterable[str], language: str) -> str:
    """The names of grounds in a language, as a list."""
    known = grounds()
    named = [str(best(known[code].labels, language, settings().language_order)) for code in codes if code in known]
    return str(format_list(named, locale=Locale.parse(babel_locale(language)))) if named else ""


register(
    {
        "circular.created": _l("Circular written"),
        "circular.handed_over": _l("Mail goes to the successor"),
        "circular.changed": _l("Circular changed"),
        "circular.discarded": _l("Draft of a circular thrown away"),
        "circular.sent": _l("Circular sent"),
        "circular.taken_back": _l("Circular taken back"),
    },
    {
        **FIELDS,
        "audience": _l("To whom"),
        "corrects_id": _l("Corrects"),
        "mails": _l("Mails"),
        "unreached": _l("Without a mail"),
    },
    {"circular": _l("Circular")},
)
register_values({
    "audience": AUDIENCES, "circular.visibility": VISIBILITIES, "fallback": NAMES,
    "chosen": {**PARTS, **STATUSES},
})  # fmt: skip
