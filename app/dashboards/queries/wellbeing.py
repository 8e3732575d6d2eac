"""What is to be known to say whether the platform is well: one statement, and a look at the disk and the broker."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ScalarSelect, Text, bindparam, cast, column, or_, select, table, union_all
from sqlalchemy.orm import aliased

from app.core import broker, clock, migrations, zones
from app.core.signing import settings
from app.dashboards.queries import MOST, bounded
from app.exchanges.models import PeerSession, SessionStatus
from app.extensions import db
from app.heartbeats.queries import Sign, all_signs, signs_of
from app.notifications.digests import leaves_or_lies
from app.notifications.models import AddressTrouble, Freeze, InboundMail, Message, Priority, State, Verdict
from app.notifications.pauses import is_reachable

LANES: Mapping[str, Priority] = {"urgent": Priority.URGENT, "normal": Priority.NORMAL, "bulk": Priority.BULK}
"""The lanes of the outbox, most urgent first."""
FRESH = timedelta(days=3)
"""A mail that failed longer ago is history: the desk's list still shows it."""


@dataclass(frozen=True)
class Facts:
    """How everything stands at one moment. No names, no addresses: monitors read it."""

    now: datetime  # by the platform's clock, as mails are due
    real: datetime  # by the machine's, as processes live
    oldest: Mapping[str, datetime | None]  # lane to when its oldest mail was due that could have left
    signs: Mapping[str, Sign] = field(default_factory=dict)
    frozen_since: datetime | None = None
    frozen_why: str = ""
    held: int = 0  # of a backup that was restored
    undelivered: int = 0  # failed or not known, lately, and not sent again
    unclear: int = 0  # inbound mails to decide
    bounced: int = 0  # addresses nothing is sent to
    zones_here: str = ""
    zones_of_sessions: str | None = None  # another release of clock rules that sessions to come were planned by
    migration: str | None = None  # where the database stands
    release: str | None = None  # where this release wants it
    release_knows: bool = True  # is the database's migration one of this release?
    disk_free: int = 0
    disk_size: int = 0
    broker: bool = True
    mailbox: bool = False  # is there one to read?
    production: bool = False


NOW: BindParameter[datetime] = bindparam("now")


def _oldest(priority: Priority) -> ScalarSelect[Any]:
    """The oldest of a lane that is due by itself. What waits for a domain that asked for patience is none: it is not tried
    before; nor is what a digest gathers, unless none took it."""
    return (
        select(Message.due_at)
        .where(
            Message.state == State.QUEUED, Message.priority == int(priority), Message.due_at <= NOW, ~Message.restored_hold,
            or_(Message.expires_at.is_(None), Message.expires_at > NOW), is_reachable(NOW),
            leaves_or_lies(NOW),
        )
        .order_by(Message.due_at)
        .limit(1)
        .scalar_subquery()
    )  # fmt: skip


def _undelivered() -> ScalarSelect[int]:
    """Mails of the last days that did not arrive and were not sent again. Of each state only the newest are looked at."""
    parts = [
        select(Message.id, Message.created_at).where(Message.state == state).order_by(Message.id.desc()).limit(MOST).subquery()
        for state in (State.FAILED, State.UNKNOWN)
    ]
    newest = union_all(*(select(part) for part in parts)).subquery()
    again = aliased(Message)
    sent_again = select(again.id).where(again.resend_of == newest.c.id).exists()
    return bounded(select(newest.c.id).where(newest.c.created_at > bindparam("since"), ~sent_again))


_FROZEN = select(Freeze.frozen_at, Freeze.reason).where(Freeze.ended_at.is_(None)).limit(1).subquery()
_FACTS = select(
    *(_oldest(priority) for priority in LANES.values()),
    all_signs(),
    select(_FROZEN.c.frozen_at).scalar_subquery(),
    select(_FROZEN.c.reason).scalar_subquery(),
    bounded(select(Message.id).where(Message.state == State.QUEUED, Message.restored_hold)),
    _undelivered(),
    bounded(select(InboundMail.id).where(InboundMail.verdict == Verdict.UNCLEAR)),
    bounded(select(AddressTrouble.id).where(AddressTrouble.hard_at.is_not(None))),
    select(PeerSession.tzdb_version)
    .where(
        PeerSession.status == SessionStatus.SCHEDULED, PeerSession.starts_at > NOW,
        PeerSession.tzdb_version != bindparam("zones", type_=Text),
    )
    .limit(1)
    .scalar_subquery(),
    select(cast(column("version_num"), Text)).select_from(table("alembic_version")).limit(1).scalar_subquery(),
)  # fmt: skip
_STATES = select(
    *(bounded(select(Message.id).where(Message.state == state), bindparam("most")) for state in State),  # type: ignore[arg-type]
)


def facts(now: datetime) -> Facts:
    """How everything stands. One statement, whatever the tables hold."""
    ours, zones_here = settings(), zones.iana_version()
    row = db.session.execute(_FACTS, {"now": now, "since": now - FRESH, "zones": zones_here}).one()
    lanes = len(LANES)
    signs, frozen_since, frozen_why, held, undelivered, unclear, bounced, other_zones, migration = row[lanes:]
    release, known = _release()
    disk = shutil.disk_usage(ours.var_dir if ours.var_dir.is_dir() else ours.var_dir.anchor)
    return Facts(
        now=now, real=clock.unshifted(), oldest=dict(zip(LANES, row[:lanes], strict=True)), signs=signs_of(signs),
        frozen_since=frozen_since, frozen_why=frozen_why or "", held=held, undelivered=undelivered, unclear=unclear,
        bounced=bounced, zones_here=zones_here, zones_of_sessions=other_zones, migration=migration, release=release,
        release_knows=migration in known, disk_free=disk.free, disk_size=disk.total,
        broker=broker.answers(ours.redis_url), mailbox=bool(ours.imap_url), production=ours.production,
    )  # fmt: skip


def states(most: int = MOST) -> dict[State, int]:
    """How many mails stand in each state, each counted up to ``most``. One statement."""
    return dict(zip(State, db.session.execute(_STATES, {"most": most}).one(), strict=True))


@cache
def _release() -> tuple[str | None, frozenset[str]]:
    """The newest migration of the code that runs, and all of them: it does not change while it runs."""
    return migrations.head(), frozenset(migrations.known())
