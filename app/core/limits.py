"""Rate limits in PostgreSQL, so that they hold in every process and without Redis.

Two shapes. ``hit`` counts over a sliding window: public forms, one client's tries. ``slow_down`` lets a few tries
through, then makes each next one wait longer, up to an hour and never for good: the password of one account.
Both count in a transaction of their own: a refused request saves nothing else, its count must stay.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from flask_babel import ngettext
from sqlalchemy import BigInteger, Index, case, delete, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, own_transaction
from app.core.errors import TooMany

WAITS = (0, 0, 5, 20, 900, 1800, 3600)
"""Seconds to wait after the 1st, 2nd … wrong try; the last holds for all that follow."""
FORGET = timedelta(hours=2)
"""Quiet time after which wrong tries are forgotten."""


class RateCount(Base):
    """How often something happened in a window."""

    __tablename__ = "rate_counts"

    bucket: Mapped[str] = mapped_column(primary_key=True)  # "sign-in:account:<hash>"
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # start, seconds since the epoch; 0 for slow_down
    count: Mapped[int] = mapped_column(default=0)
    ends_at: Mapped[datetime]  # for slow_down: when the next try may come

    __table_args__ = (Index("ix_rate_counts_ends_at", "ends_at"),)


def bucket(what: str, who: str | None) -> str:
    """The name of a count: what is counted, and for whom as a hash, so that no address lies in the table."""
    return f"{what}:{hashlib.sha256((who or '').strip().casefold().encode()).hexdigest()[:32]}"


def client(address: str | None) -> str:
    """Who a client is for a count: the address, of IPv6 the network of one line, in which a client has as many as it likes."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((found.packed[:8] + bytes(8), 64)))
    return str(found)


def network(address: str | None) -> str:
    """The network a client is in, for a second, wider count: 256 addresses, or what one customer is given of IPv6."""
    try:
        found = ip_address(client(address).partition("/")[0])
    except ValueError:
        return address or ""
    return str(ip_network((found, 48 if isinstance(found, IPv6Address) else 24), strict=False))


def hit(bucket: str, most: int, per: timedelta, now: datetime) -> None:
    """Count one; ``TooMany`` when there were ``most`` already within ``per``. Refused ones do not count."""
    seconds = int(per.total_seconds())
    start = int(now.timestamp()) // seconds * seconds
    passed = now.timestamp() - start
    with own_transaction() as session:
        earlier = session.scalar(select(RateCount.count).where(RateCount.bucket == bucket, RateCount.window == start - seconds))
        room = most - int((earlier or 0) * (1 - passed / seconds))
        fresh = insert(RateCount).values(
            bucket=bucket, window=start, count=1, ends_at=datetime.fromtimestamp(start + 2 * seconds, UTC)
        )
        one_more = fresh.on_conflict_do_update(
            index_elements=["bucket", "window"], set_={"count": RateCount.count + 1}, where=RateCount.count < room
        )
        counted = session.scalar(one_more.returning(RateCount.count)) if room > 0 else None
    if counted is None:
        raise too_many(timedelta(seconds=seconds - passed))


def slow_down(bucket: str, now: datetime) -> None:
    """Count one try; ``TooMany`` while the wait after the last ones is not over. Refused ones do not count."""

    def after(seconds: int) -> object:
        return literal(now + timedelta(seconds=seconds), RateCount.ends_at.type)

    total = case((RateCount.ends_at < now - FORGET, 1), else_=RateCount.count + 1)
    waits = case(*((total == n, after(s)) for n, s in enumerate(WAITS, 1)), else_=after(WAITS[-1]))
    fresh = insert(RateCount).values(bucket=bucket, window=0, count=1, ends_at=now + timedelta(seconds=WAITS[0]))
    one_more = fresh.on_conflict_do_update(
        index_elements=["bucket", "window"], set_={"count": total, "ends_at": waits}, where=RateCount.ends_at <= now
    )
    with own_transaction() as session:
        counted = session.scalar(one_more.returning(RateCount.count))
        ends = session.scalar(select(RateCount.ends_at).where(RateCount.bucket == bucket, RateCount.window == 0))
    if counted is None:
        raise too_many((ends or now) - now)


def forgive(bucket: str) -> None:
    """Forget the wrong tries: the right one came."""
    with own_transaction() as session:
        session.execute(delete(RateCount).where(RateCount.bucket == bucket))


def too_many(wait: timedelta) -> TooMany:
    """The refusal, with the time to wait in words and in seconds."""
    seconds = max(int(wait.total_seconds()), 1)
    if seconds < 60:
        sentence = ngettext(
            "There were too many tries. Try again in %(num)s second.",
            "There were too many tries. Try again in %(num)s seconds.",
            seconds,
        )
    else:
        sentence = ngettext(
            "There were too many tries. Try again in %(num)s minute.",
            "There were too many tries. Try again in %(num)s minutes.",
            -(-seconds // 60),
        )
    return TooMany(sentence, retry_after=seconds)


def clear_what_is_over(now: datetime) -> int:
    """Delete the counts that no longer matter; answers how many."""
    over = delete(RateCount).where(RateCount.ends_at < now - FORGET).returning(RateCount.bucket)
    with own_transaction() as session:
        return len(session.execute(over).all())
