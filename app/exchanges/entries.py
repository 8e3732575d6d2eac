"""A session as a calendar entry to publish: nobody is asked, nobody's address is in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.core import tokens
from app.core.languages import NAMES
from app.core.signing import external_url, settings
from app.core.text import best
from app.exchanges.messages import facts
from app.exchanges.messages.facts import Describer
from app.exchanges.queries import OwnShown, Shown
from app.notifications.calendar import Conference, Invite, Organizer

SOURCES: tuple[str, ...] = (__file__, facts.__file__)
"""The programs that write an entry: what was written by others may read differently."""
_TOKEN = "T0K3N"  # noqa: S105 - stands where a person's token goes in an address


class Writer:
    """Writes entries in one language; what all of them say is looked up once."""

    def __init__(self, locale: str) -> None:
        config = settings()
        self.locale, self._order, self._label = locale, config.language_order, NAMES[locale]
        self._describer, self._keys = Describer(locale), config.secret_keys
        self._organizer = Organizer(config.network_names[locale], config.organizer_address)
        self._join = external_url("exchanges.join", locale, token=_TOKEN).removesuffix(_TOKEN)

    def published(self, row: Shown) -> Invite:
        """A session for anyone: without any way to join."""
        return self._entry(row, row.sequence, row.updated_at, self._describer.describe(row, joining=False))

    def own(self, row: OwnShown) -> Invite:
        """A session for one person's own calendar: with the personal join address.

        UID, SEQUENCE and STATUS are those of the mails; without a seat the time shows as tentative, not the session.
        """
        join_url = ""
        if row.asks:  # a copy for information leads nowhere
            join_url = self._join + tokens.sign(self._keys, "join", row.invitation_id, row.join_nonce)
        return self._entry(
            row,
            row.sequence + row.sequence_raise,
            max(row.updated_at, row.invitation_updated_at),
            self._describer.describe(row, joining=row.may_join, join_url=join_url),
            location=join_url,
            conferences=(Conference(join_url, self._label),) if join_url else (),
            busy="BUSY" if row.may_join else "TENTATIVE",
        )

    def _entry(self, row: Shown, sequence: int, dtstamp: datetime, description: str, **own: Any) -> Invite:
        return Invite(
            uid=row.uid,
            sequence=sequence,
            dtstamp=dtstamp,
            start=row.starts_at,
            minutes=row.minutes,
            summary=best(row.titles, self.locale, self._order).text,
            organizer=self._organizer,
            description=description,
            url=self._describer.page(row.id),
            status="CONFIRMED" if row.cancelled_at is None else "CANCELLED",
            **own,
        )


def published(row: Shown, locale: str) -> Invite:
    """One session for anyone."""
    return Writer(locale).published(row)
