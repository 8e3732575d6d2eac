"""A session as a calendar entry to publish: nobody is asked, nobody's address is in it."""

from __future__ import annotations

from app.core.languages import NAMES
from app.core.signing import external_url, settings, sign
from app.core.text import best
from app.exchanges.messages import facts
from app.exchanges.messages.facts import describe
from app.exchanges.models import Invitation, PeerSession
from app.notifications.calendar import Conference, Invite, Organizer

SOURCES: tuple[str, ...] = (__file__, facts.__file__)
"""The programs that write an entry: what was written by others may read differently."""


def published(row: PeerSession, locale: str) -> Invite:
    """A session for anyone: without any way to join."""
    return Invite(
        uid=row.uid,
        sequence=row.sequence,
        dtstamp=row.updated_at,
        start=row.starts_at,
        minutes=row.minutes,
        summary=str(best(row.titles, locale, settings().language_order)),
        organizer=Organizer(settings().network_names[locale], settings().organizer_address),
        description=describe(row, locale, joining=False),
        url=external_url("exchanges.session_page", locale, session_id=row.id),
        status="CONFIRMED" if row.cancelled_at is None else "CANCELLED",
    )


def entry(invitation: Invitation, locale: str) -> Invite:
    """A session for one person's own calendar: with the personal join address.

    UID, SEQUENCE and STATUS are those of the mails; without a seat the time shows as tentative, not the session.
    """
    row = invitation.peer_session
    join_url = ""
    if invitation.asks:  # a copy for information leads nowhere
        join_url = external_url("exchanges.join", locale, token=sign("join", invitation.id, invitation.join_nonce))
    return Invite(
        uid=row.uid,
        sequence=row.sequence + invitation.sequence_raise,
        dtstamp=max(row.updated_at, invitation.updated_at),
        start=row.starts_at,
        minutes=row.minutes,
        summary=str(best(row.titles, locale, settings().language_order)),
        organizer=Organizer(settings().network_names[locale], settings().organizer_address),
        description=describe(row, locale, joining=invitation.may_join, join_url=join_url),
        location=join_url,
        url=external_url("exchanges.session_page", locale, session_id=row.id),
        conferences=(Conference(join_url, NAMES[locale]),) if join_url else (),
        status="CONFIRMED" if row.cancelled_at is None else "CANCELLED",
        busy="BUSY" if invitation.may_join else "TENTATIVE",
    )
