"""Every read of circulars and of the call list. Lists of circulars begin at ``visible_to``."""

from app.circulars.queries.audience import STATUSES, Member, members_of
from app.circulars.queries.distribution import Distribution, Mail, Unreached, distribution_of, key_of
from app.circulars.queries.records import (
    LINK_LASTS,
    PURPOSE,
    SUBJECT,
    Outcome,
    all_circulars,
    all_recipients,
    by_link,
    calls_to_write_to,
    circular_in_view,
    circulars_page,
    corrections_of,
    exchanges_to_write_to,
    is_for,
    mails_by_circular,
    mails_that_left,
    recipients_page,
    states_of,
    unreached_of,
    visible_to,
)

__all__ = [
    "LINK_LASTS", "PURPOSE", "STATUSES", "SUBJECT", "Distribution", "Mail", "Member", "Outcome", "Unreached",
    "all_circulars", "all_recipients", "by_link", "calls_to_write_to", "circular_in_view", "circulars_page", "corrections_of",
    "distribution_of", "exchanges_to_write_to", "is_for", "key_of", "mails_by_circular", "mails_that_left", "members_of",
    "recipients_page", "states_of", "unreached_of", "visible_to",
]  # fmt: skip
