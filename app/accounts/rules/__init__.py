"""Every change of people, organisations, designations, roles and sign-ins, as verbs. Each writes its audit line."""

from app.accounts.rules.contacts import belong, find_or_make_contact
from app.accounts.rules.joining import invite, set_password

__all__ = ["belong", "find_or_make_contact", "invite", "set_password"]
