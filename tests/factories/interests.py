"""Calls and expressions of interest for tests: plain rows, no rules."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from app.accounts.models import Organisation, OrganisationKind
from app.extensions import db
from app.interests.models import Ask, Call, Endorsement, Expression, Mode, Status

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_number = itertools.count(9001)


def make_call(title: str = "Call for peers", **fields: Any) -> Call:
    """A published call, open since a week ago and for a month."""
    fields.setdefault("opens_at", NOW - timedelta(days=7))
    fields.setdefault("closes_at", NOW + timedelta(days=30))
    fields.setdefault("zone", "UTC")
    fields.setdefault("asks", [Ask.JOIN_EXCHANGE.value, Ask.PILOT_TOOL.value])
    fields.setdefault("published", True)
    call = Call(
        titles=fields.pop("titles", {"en": title, "fr": f"{title} (fr)"}),
        texts=fields.pop("texts", {"en": "We look for **peers**."}),
        opens_local=fields["opens_at"].replace(tzinfo=None),
        closes_local=fields["closes_at"].replace(tzinfo=None),
        **fields,
    )
    db.session.add(call)
    db.session.flush()
    return call


def whole(state: Organisation | None = None, **fields: Any) -> dict[str, Any]:
    """Everything a form says when nothing is missing."""
    said: dict[str, Any] = {
        "language": "en",
        "organisation_kind": OrganisationKind.MINISTRY,
        "state_id": state.id if state else None,
        "organisation_name": "Ministry of the Interior",
        "organisation_unit": "Department of Immigration",
        "contact_honorific": "Ms.",
        "contact_given_name": "Adaeze",
        "contact_family_name": "Morrow",
        "contact_post": "Director",
        "contact_email": f"adaeze{next(_number)}@interior.example",
        "contact_zone": "Africa/Nairobi",
        "mode": Mode.SEEK,
        "asks": [Ask.JOIN_EXCHANGE.value],
        "grounds": ["family", "child"],
        "languages": ["en", "fr"],
        "aim": "We wish to hear how peers keep families together when papers are missing.",
        "endorsement": Endorsement.LATER,
    }
    return {**said, **fields}


def make_draft(call: Call, state: Organisation | None = None, **fields: Any) -> Expression:
    """A draft with nothing missing."""
    fields.setdefault("draft_expires_at", NOW + timedelta(days=30))
    draft = Expression(call=call, call_id=call.id, **whole(state, **fields))
    db.session.add(draft)
    db.session.flush()
    return draft


def make_expression(call: Call, state: Organisation | None = None, **fields: Any) -> Expression:
    """One that was sent yesterday."""
    fields.setdefault("status", Status.SUBMITTED)
    fields.setdefault("reference", f"EOI-2025-{next(_number)}")
    fields.setdefault("submitted_at", NOW - timedelta(days=1))
    expression = Expression(call=call, call_id=call.id, **whole(state, **fields))
    db.session.add(expression)
    db.session.flush()
    return expression
