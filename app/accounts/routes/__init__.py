"""Pages of this room: signing in, the own profile, people, organisations, designations, the audit log."""

from flask import Blueprint

from app.accounts import words

blueprint = Blueprint("accounts", __name__)

from app.accounts.routes import (  # noqa: E402 - the views hang themselves on the blueprint
    audit_log,
    designations,
    exports,
    handing_over,
    mails,
    organisations,
    people,
    person_parts,
    preferences,
    profile,
    reach,
    sign_in,
    welcome,
)

__all__ = [
    "audit_log", "blueprint", "designations", "exports", "handing_over", "mails", "organisations", "people", "person_parts",
    "preferences", "profile", "reach", "sign_in", "welcome", "words",
]  # fmt: skip
