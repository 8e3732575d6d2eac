"""Who asked for patience: recipients' domains that take few mails at a time, and the relay while it cannot be reached.

Kept in a small table, so that all processes know it and a restart forgets nothing. A claim leaves the rows of such a
domain where they are: nobody takes them in hand to give them back.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import ColumnElement, exists, func, select

from app.extensions import db
from app.notifications.models import Message, Pause

RELAY = ""
"""Under this word stands the relay itself."""
FIRST, LONGEST = 30.0, 600.0
"""Seconds of the first pause of a domain and of its longest; each is twice the one before, ±20 %."""
HANGS = 5.0
"""A domain that keeps one sender waiting so long gets no second one."""
LATELY = 60.0
"""A domain that took a mail so many seconds ago is written to by several senders at once; any other by one."""
FORGET = timedelta(hours=1)
"""So long after its end a pause is remembered, so that the next one is longer."""

_BUSY = "SELECT domain, until, since FROM mail_pauses WHERE domain <> ''"
_PAUSE = """
INSERT INTO mail_pauses AS p (domain, since, until, times, told) VALUES (%(domain)s, %(now)s, %(first)s, 1, %(told)s)
ON CONFLICT (domain) DO UPDATE SET
    times = CASE WHEN p.until > %(now)s THEN p.times ELSE p.times + 1 END,
    until = CASE WHEN p.until > %(now)s THEN p.until
                 ELSE %(now)s + make_interval(secs => least(%(start)s * 2 ^ least(p.times, 20), %(most)s) * %(spread)s) END,
    told = excluded.told
RETURNING until
"""
_AWAY = """
INSERT INTO mail_pauses AS p (domain, since, until, times, told) VALUES ('', %(now)s, %(until)s, 1, %(told)s)
ON CONFLICT (domain) DO UPDATE SET until = excluded.until, times = p.times + 1, told = excluded.told
"""


Held = tuple[uuid.UUID, list[uuid.UUID]]
"""The token of a claim, and rows that were claimed under it."""


def domain_of(address: str) -> str:
    """The part of an address that names its mail server."""
    return address.rpartition("@")[2].strip().lower()


@dataclass
class Waiting:
    """Which domains keep senders of this process waiting at this moment, since when, and what else those senders hold."""

    _since: dict[int, tuple[str, float, Callable[[], Held]]] = field(default_factory=dict)
    _answered: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def on(self, domain: str, rest: Callable[[], Held]) -> Iterator[None]:
        """This thread waits for the domain; ``rest`` tells what it has in hand besides."""
        me = threading.get_ident()
        with self._lock:
            self._since[me] = (domain, time.monotonic(), rest)
        try:
            yield
        finally:
            with self._lock:
                self._since.pop(me, None)

    def too_long(self, domain: str, seconds: float = HANGS) -> bool:
        """Has another thread been waiting for it so long?"""
        now, me = time.monotonic(), threading.get_ident()
        with self._lock:
            return any(one == domain and now - at > seconds for who, (one, at, _) in self._since.items() if who != me)

    def answered(self, domain: str, *, well: bool) -> None:
        """It took a mail, or kept somebody waiting for nothing."""
        with self._lock:
            if not well:
                self._answered.pop(domain, None)
                return
            if len(self._answered) > 5_000:
                self._answered.clear()
            self._answered[domain] = time.monotonic()

    def taken(self) -> set[str]:
        """Domains with one sender that did not answer lately: a second one waits until the first is answered."""
        now, me = time.monotonic(), threading.get_ident()
        with self._lock:
            return {
                domain
                for who, (domain, _, _) in self._since.items()
                if who != me and now - self._answered.get(domain, float("-inf")) > LATELY
            }

    def held_up(self, seconds: float = HANGS) -> list[Held]:
        """What threads hold that have been waiting so long: somebody else can take it from them."""
        now = time.monotonic()
        with self._lock:
            return [rest() for _, at, rest in self._since.values() if now - at > seconds]


class Domains:
    """Recipients' domains that asked for patience, as all senders of all processes know them."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._known: dict[str, datetime] = {}

    def look(self, now: datetime) -> list[str]:
        """Read them anew; answers those that are to be left alone now."""
        self._known = {row[0]: row[1] for row in self._connection.execute(_BUSY)}
        return [domain for domain, until in self._known.items() if until > now]

    def slow_down(self, address: str, now: datetime, told: str) -> None:
        """The domain answered 4xx, or not at all: leave it alone for 30 seconds, then longer, ±20 %."""
        domain, spread = domain_of(address), random.uniform(0.8, 1.2)  # noqa: S311 - spread, not secrecy
        values = {
            "domain": domain, "now": now, "first": now + timedelta(seconds=FIRST * spread), "start": FIRST, "most": LONGEST,
            "spread": spread, "told": told[:500],
        }  # fmt: skip
        row = self._connection.execute(_PAUSE, values).fetchone()
        assert row is not None  # the statement writes or changes one
        self._known[domain] = row[0]

    def worked(self, address: str) -> None:
        """The domain takes mail again."""
        if self._known.pop(domain_of(address), None) is not None:
            self._connection.execute("DELETE FROM mail_pauses WHERE domain = %s", (domain_of(address),))

    def busy(self, address: str, now: datetime) -> bool:
        """Is it to be left alone, as far as was known at the last look?"""
        until = self._known.get(domain_of(address))
        return until is not None and until > now


def relay_away(connection: psycopg.Connection[Any], now: datetime, seconds: float, told: str) -> None:
    """Nobody calls the relay until then, but for a probe."""
    connection.execute(_AWAY, {"now": now, "until": now + timedelta(seconds=seconds), "told": told[:500]})


def relay_back(connection: psycopg.Connection[Any]) -> None:
    """It answers again."""
    connection.execute("DELETE FROM mail_pauses WHERE domain = ''")


def forget(connection: psycopg.Connection[Any], now: datetime) -> None:
    """What ended long ago; the relay's after a minute in which nobody renewed it."""
    connection.execute(
        "DELETE FROM mail_pauses WHERE until < %s OR (domain = '' AND until < %s)", (now - FORGET, now - timedelta(minutes=1))
    )


def present(now: datetime) -> list[Pause]:
    """Who is left alone now, the relay first, then by the end of the pause."""
    lasting = (Pause.until > now) | ((Pause.domain == RELAY) & (Pause.until > now - timedelta(minutes=1)))
    return list(db.session.scalars(select(Pause).where(lasting).order_by(Pause.domain != RELAY, Pause.until, Pause.domain)))


def is_reachable(now: Any) -> ColumnElement[bool]:
    """Of a mail: its recipient's domain did not ask for patience."""
    return ~exists().where(Pause.until > now, Pause.domain == func.lower(func.split_part(Message.address, "@", -1)))
