"""Every read about exchanges, sessions and invitations. Lists start at what the viewer may see."""

from app.exchanges.queries.invitations import (
    SUBJECT,
    Counts,
    by_link,
    counts,
    everyone_told,
    invitation,
    invitations_of,
    my_invitations,
    my_past,
    not_sent_yet,
    of_states,
    own_invitation,
    pending_update,
    place_in_line,
    seats_by_session,
    seats_held,
    waiting_updates,
)
from app.exchanges.queries.mails import invitations_for_mail, unclear_mails
from app.exchanges.queries.outreach import accepted_on_grounds, open_sessions_on
from app.exchanges.queries.sessions import (
    exchange_for,
    exchanges,
    exchanges_visible_to,
    of_exchange,
    past,
    place_zones,
    session_for,
    upcoming,
    visible_to,
)

__all__ = [
    "SUBJECT", "Counts", "accepted_on_grounds", "by_link", "counts", "everyone_told", "exchange_for", "exchanges",
    "exchanges_visible_to", "invitation", "invitations_for_mail", "invitations_of", "my_invitations", "my_past", "not_sent_yet", "of_exchange",
    "of_states", "open_sessions_on", "own_invitation", "past", "pending_update", "place_in_line", "place_zones", "seats_by_session",
    "seats_held", "session_for", "unclear_mails", "upcoming", "visible_to", "waiting_updates",
]  # fmt: skip
