"""One row for each thing that has to happen again and again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Json

SWEEP = "sweep"
"""A worker looked through the outbox by itself."""
BEAT = "beat"
"""Beat named its tasks."""
MAILBOX = "notifications.poll_mailbox"
"""The mailbox was read, not only tried. Periodic tasks go by their own names."""
RELAY = "relay"
"""A worker reached the relay."""
RELAY_AWAY = "relay-away"
"""A worker did not reach the relay."""
RESTORE = "restore"
"""A backup was restored into a database made for it, and was what its manifest said."""


class Heartbeat(Base):
    """When something last happened (``at``), and when somebody last took it upon himself (``claimed_at``).

    Both are of the real clock, which the demonstration does not move: they are about processes.
    """

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    by: Mapped[str] = mapped_column(default="", server_default="")  # host and process
    version: Mapped[str] = mapped_column(default="", server_default="")  # of the time zone data that process uses
    told: Mapped[Json] = mapped_column(default=dict, server_default="{}")
