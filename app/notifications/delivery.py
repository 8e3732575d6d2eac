"""Claim, render, ask once more, hand over, write down: one sending thread's work, mail by mail.

Delivery is at least once. Each accepted mail is committed before the next one starts, so a killed sender repeats
at most the one mail in its hand, under the same Message-ID.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import logs
from app.core import clock
from app.extensions import db
from app.heartbeats.models import RELAY, RELAY_AWAY
from app.notifications.claims import BATCH, GIVE_UP, LEASE, Claimant, Claimed, next_try
from app.notifications.models import State
from app.notifications.rendering import Job, message_id, render
from app.notifications.revisions import checks
from app.notifications.transport import Envelope, Outcome, Result, Transport

log = logging.getLogger(__name__)

BATCH_SECONDS = 2.0
"""After so long a sender gives the rest back: what is urgent must not wait behind a slow batch."""
PROBE = 4
"""After so many mails of a full batch a sender decides whether another one would help."""
BUSY = 0.3
"""From this share of its time in computing on, another thread of the process would only be in the way."""
FRESH_SECONDS = 0.25
"""How old a look at the subjects' revisions may be."""


@dataclass
class Breaker:
    """After five failed connections in a row nobody calls the relay, but for a probe every 15 seconds."""

    limit: int = 5
    pause: float = 15.0
    failures: int = 0
    _next_probe: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def allows(self) -> bool:
        """May a sender try now? While the breaker is open, one may each 15 seconds."""
        with self._lock:
            if self.failures < self.limit:
                return True
            if time.monotonic() < self._next_probe - 1:  # a sweep wakes the senders in the same rhythm, not to the millisecond
                return False
            self._next_probe = time.monotonic() + self.pause
            return True

    def failed(self) -> None:
        """A connection failed."""
        with self._lock:
            self.failures += 1
            if self.failures == self.limit:
                self._next_probe = time.monotonic() + self.pause
                log.warning("the relay failed %s times, pausing; next probe in %s s", self.failures, self.pause)

    def worked(self) -> None:
        """A connection works."""
        with self._lock:
            self.failures = 0


@dataclass
class Domains:
    """Recipients' domains that asked for patience, for all senders of this process."""

    _until: dict[str, datetime] = field(default_factory=dict)
    _times: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def slow_down(self, address: str, now: datetime) -> None:
        """The domain answered 4xx: leave it alone for 30 seconds, then longer, ±20 %."""
        domain = _domain(address)
        with self._lock:
            times = self._times[domain] = self._times.get(domain, 0) + 1
            seconds = min(30 * 2 ** (times - 1), 600) * random.uniform(0.8, 1.2)  # noqa: S311 - spread, not secrecy
            self._until[domain] = now + timedelta(seconds=seconds)

    def worked(self, address: str) -> None:
        """The domain takes mail again."""
        with self._lock:
            self._until.pop(_domain(address), None)
            self._times.pop(_domain(address), None)

    def busy_until(self, address: str, now: datetime) -> datetime | None:
        """When the domain may be tried again, if not now."""
        until = self._until.get(_domain(address))
        return until if until and until > now else None


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


@dataclass
class Sender:
    """One thread's loop body. Runs inside an app context; ``stopping`` ends it between two mails."""

    claimant: Claimant
    transport: Transport
    breaker: Breaker = field(default_factory=Breaker)
    domains: Domains = field(default_factory=Domains)
    stopping: Callable[[], bool] = lambda: False
    more: Callable[[], None] = lambda: None  # called when a full batch was due: another sender may help
    _limit: int = BATCH
    _commons: dict[uuid.UUID, dict[str, Any]] = field(default_factory=dict)
    _revisions: dict[tuple[str, uuid.UUID], int | None] = field(default_factory=dict)
    _looked: float = float("-inf")
    _more: bool = True  # may there be more that was due when the last batch was claimed?

    def drain(self) -> int:
        """Send what is due until nothing is, or the relay is away; answers how many rows were dealt with.

        A batch that is not full was all there was. What was written since wakes a sender by itself.
        """
        done = 0
        while not self.stopping() and self.breaker.allows():
            if not self.transport.open():
                self.breaker.failed()
                self.claimant.sign(RELAY_AWAY)
                break
            self.claimant.sign(RELAY)
            dealt = self.batch()
            logs.message_id.set("")
            done += dealt
            if not dealt or not self._more:
                break
        return done

    def batch(self) -> int:
        """Claim one batch and deal with it. No row is claimed before the relay has been reached."""
        rows = self.claimant.claim(clock.now(), self._limit)
        full = self._more = len(rows) == self._limit
        start = began = time.monotonic()
        used = time.thread_time()
        self._prepare(rows)
        for at, row in enumerate(rows):
            late = time.monotonic() - start
            if at and (late > BATCH_SECONDS or late > LEASE.total_seconds() / 2 or self.stopping()):
                self.claimant.give_back(rows[at:])
                self._limit, self._more = max(5, at), True
                return at
            if not self._one(row):
                self.claimant.give_back(rows[at + 1 :])
                self._more = True
                return at
            if at == 0:  # the first mail of a kind is rendered from its templates, which says nothing of the others
                began, used = time.monotonic(), time.thread_time()
            elif at == PROBE and full:
                self._call_another(time.monotonic() - began, time.thread_time() - used)
        self._limit = BATCH
        return len(rows)

    def _call_another(self, took: float, used: float) -> None:
        """Another sender helps while this one waits for the relay, not while it computes: threads share one processor."""
        if used < took * BUSY:
            self.more()

    def _prepare(self, rows: list[Claimed]) -> None:
        missing = {row.common_id for row in rows if row.common_id} - self._commons.keys()
        if len(self._commons) + len(missing) > 200:
            self._commons.clear()
            missing = {row.common_id for row in rows if row.common_id}
        if missing:
            self._commons |= self.claimant.commons(missing)
        self._look(rows)

    def _look(self, rows: list[Claimed], *, afresh: bool = False) -> None:
        """Ask the rooms for the present revisions of what these rows speak of, where the last look is not fresh enough."""
        if afresh or time.monotonic() - self._looked > FRESH_SECONDS:
            self._revisions, self._looked = {}, time.monotonic()
        asked: dict[str, set[uuid.UUID]] = {}
        for row in rows:
            kind, one = row.subject_kind, row.subject_id
            if kind in checks and one is not None and row.subject_revision is not None and (kind, one) not in self._revisions:
                asked.setdefault(kind, set()).add(one)
        for about, ids in asked.items():
            try:
                found = checks[about](ids)
                self._revisions |= {(about, one): found.get(one) for one in ids}
            finally:
                db.session.rollback()

    def _one(self, row: Claimed) -> bool:
        """Deal with one row; ``False`` when the relay is gone and the rest must wait."""
        logs.message_id.set(str(row.id))
        now = clock.now()
        if busy := self.domains.busy_until(row.address, now):
            self.claimant.again(row, busy, "domain_busy", "the recipient's domain asked for patience", used=False)
            return True
        try:
            mail = render(self._job(row), now=now)
        except Exception as problem:  # noqa: BLE001 - whatever a fact does to a template, it fails alone
            log.exception("message %s cannot be rendered", row.id)
            self.claimant.ended(row, State.FAILED, "poisoned", f"{type(problem).__name__}: {problem}"[:500])
            return True
        envelope = Envelope(mail.envelope_sender, mail.recipient, mail.content)
        outcome = self.transport.deliver(envelope, lambda: self._still_wanted(row))
        return self._settle(row, outcome, mail.sha256)

    def _still_wanted(self, row: Claimed) -> bool:
        if time.monotonic() - self._looked > FRESH_SECONDS or (row.subject_kind, row.subject_id) not in self._revisions:
            self._look([row])
        if self._speaks_of_another(row):
            self._look([row], afresh=True)  # the row may be younger than the look
            if self._speaks_of_another(row):
                return False
        return self.claimant.still_wanted(row, clock.now())

    def _speaks_of_another(self, row: Claimed) -> bool:
        """Of another revision than the present one? A cancellation speaks of none, and of whatever session there is."""
        key = (row.subject_kind or "", row.subject_id or row.id)
        return row.subject_revision is not None and self._revisions.get(key, row.subject_revision) != row.subject_revision

    def _settle(self, row: Claimed, outcome: Outcome, sha256: str) -> bool:
        now = clock.now()
        log.log(
            logging.INFO if outcome.result in (Result.SENT, Result.WITHDRAWN) else logging.WARNING, "delivery",
            extra={"result": outcome.result.value, "code": outcome.code, "kind": row.kind, "attempts": row.attempts},
        )  # fmt: skip
        told = f"{outcome.code} {outcome.reply}".strip() if outcome.code else outcome.reply
        match outcome.result:
            case Result.UNREACHABLE:
                self.breaker.failed()
                self.claimant.again(row, now, "relay_unreachable", told, used=False)
                return False
            case Result.SENT:
                if not self.claimant.sent(row, now, told, sha256):
                    log.error("message %s was accepted, but its row had been freed meanwhile", row.id)
                self.domains.worked(row.address)
            case Result.REFUSED:
                self.claimant.ended(row, State.FAILED, "refused", told)
            case Result.WITHDRAWN:
                self.claimant.ended(row, State.CANCELLED, "withdrawn", "changed before it left")
            case Result.AMBIGUOUS if row.at_most_once:
                self.claimant.ended(row, State.UNKNOWN, "ambiguous", told)
            case Result.AMBIGUOUS:
                self._later(row, now, "ambiguous", told)
            case Result.POSTPONED:
                if outcome.by_recipient:
                    self.domains.slow_down(row.address, now)
                self._later(row, now, "postponed", told)
        self.breaker.worked()
        return True

    def _later(self, row: Claimed, now: datetime, word: str, told: str) -> None:
        due = next_try(row, now)
        if row.expires_at is not None and due >= row.expires_at:
            self.claimant.ended(row, State.EXPIRED, word, told)
        elif due - row.created_at > GIVE_UP:
            self.claimant.ended(row, State.FAILED, "gave_up", told)
        else:
            self.claimant.again(row, due, word, told, used=True)

    def _job(self, row: Claimed) -> Job:
        root = row.in_reply_to or (message_id(row.first_id) if row.first_id else None)
        common = self._commons.get(row.common_id, {}) if row.common_id else {}
        return Job(
            id=row.id, kind=row.kind, address=row.address, locale=row.locale, zone=row.zone,
            recipient_name=row.recipient_name, salutation=row.salutation, facts=row.facts, common_id=row.common_id,
            common=common, created_at=row.created_at, template_version=row.template_version,
            ical_method=row.ical_method, ical_uid=row.ical_uid, ical_sequence=row.ical_sequence,
            dtstamp=row.dtstamp, thread_root=root, recipient_id=row.recipient_id, topic=row.topic, nonce=row.nonce,
        )  # fmt: skip
