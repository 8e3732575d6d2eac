"""Claim, render, ask once more, hand over, write down: one sending thread's work, mail by mail.

Delivery is at least once. Each accepted mail is committed before the next one starts, so a killed sender repeats
at most the one mail in its hand, under the same Message-ID.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import logs
from app.core import clock
from app.heartbeats.models import RELAY, RELAY_AWAY
from app.notifications.claims import ANY_LANE, BATCH, GIVE_UP, Claimant, Claimed, next_try
from app.notifications.models import State
from app.notifications.pauses import HANGS, Domains, Waiting, domain_of, relay_away, relay_back
from app.notifications.rendering import Job, Rendered, message_id, render
from app.notifications.revisions import Known, Subject
from app.notifications.transport import Envelope, Outcome, Result, Transport

log = logging.getLogger(__name__)

_OF_A_MAILBOX = re.compile(r"4\.2\.\d")
"""Enhanced status (RFC 3463) of one mailbox, such as a full one: its domain takes mail for all others."""
BATCH_SECONDS = 2.0
"""After so long a sender gives the rest back: what is urgent must not wait behind a slow batch."""
PROBE = 4
"""After so many mails of a full batch a sender decides whether another one would help."""
BUSY = 0.3
"""From this share of its time in computing on, another thread of the process would only be in the way."""


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

    def failed(self) -> bool:
        """A connection failed; is the breaker open now?"""
        with self._lock:
            self.failures += 1
            if self.failures == self.limit:
                self._next_probe = time.monotonic() + self.pause
                log.warning("the relay failed %s times, pausing; next probe in %s s", self.failures, self.pause)
            return self.failures >= self.limit

    def worked(self) -> bool:
        """A connection works; was the breaker open until now?"""
        with self._lock:
            was_open, self.failures = self.failures >= self.limit, 0
            return was_open


@dataclass
class Sender:
    """One thread's loop body. Runs inside an app context; ``stopping`` ends it between two mails."""

    claimant: Claimant
    transport: Transport
    breaker: Breaker = field(default_factory=Breaker)
    waiting: Waiting = field(default_factory=Waiting)
    known: Known = field(default_factory=Known)  # shared by the senders of a process, as the two above
    stopping: Callable[[], bool] = lambda: False
    more: Callable[[], None] = lambda: None  # called when a full batch was due: another sender may help
    below: int = ANY_LANE  # a sender kept free for what cannot wait leaves the slower lanes alone
    _limit: int = BATCH
    _ahead: tuple[uuid.UUID, Rendered] | None = None  # the next mail, made while the last one was answered
    _commons: dict[uuid.UUID, dict[str, Any]] = field(default_factory=dict)
    _more: bool = True  # may there be more that was due when the last batch was claimed?

    def __post_init__(self) -> None:
        self.domains = Domains(self.claimant.connection)

    def drain(self) -> int:
        """Send what is due until nothing is, or the relay is away; answers how many rows were dealt with.

        A batch that is not full was all there was. What was written since wakes a sender by itself.
        """
        done = 0
        while not self.stopping() and self.breaker.allows():
            if self.below != ANY_LANE and not self.claimant.is_due(clock.now(), below=self.below):
                break  # kept free: it holds no connection that it does not need
            if not self.transport.open():
                self._relay_failed("no connection")
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
        now = clock.now()
        busy = [*self.domains.look(now), *self.waiting.taken()]
        rows = self.claimant.claim(now, self._limit, below=self.below, busy=busy)
        self._more = full = len(rows) == self._limit
        self._prepare(rows)
        patient: list[Claimed] = []
        start = began = time.monotonic()
        used = time.thread_time()
        for at, row in enumerate(rows):
            late = time.monotonic() - start
            if at and (late > BATCH_SECONDS or self.stopping()):
                self._leave(rows[at:], patient)
                self._limit = max(5, at)
                return at
            if not self._one(row, rows[at + 1 :], patient):
                self._leave(rows[at + 1 :], patient)
                return at
            if at == 0:  # the first mail of a kind is rendered from its templates, which says nothing of the others
                began, used = time.monotonic(), time.thread_time()
            elif at == PROBE and full:
                self._call_another(time.monotonic() - began, time.thread_time() - used)
        self._leave([], patient)
        self._limit, self._more = BATCH, full
        return len(rows)

    def _leave(self, rest: Sequence[Claimed], patient: Sequence[Claimed]) -> None:
        """Give back what was not begun, and what waits for its domain."""
        self.claimant.give_back(rest)
        self.claimant.give_back(patient, "domain_busy")
        self._more = True

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
        self.known.look(filter(None, map(_subject, rows)))

    def _one(self, row: Claimed, rest: Sequence[Claimed], patient: list[Claimed]) -> bool:
        """Deal with one row; ``False`` when the relay is gone and the rest must wait. Rows of a busy domain are only put aside."""
        logs.message_id.set(str(row.id))
        now = clock.now()
        if self._is_busy(row, now):
            patient.append(row)
            return True
        try:
            mail = self._rendered(row, now)
        except Exception as problem:  # noqa: BLE001 - whatever a fact does to a template, it fails alone
            log.exception("message %s cannot be rendered", row.id)
            self.claimant.ended(row, State.FAILED, "poisoned", f"{type(problem).__name__}: {problem}"[:500])
            return True
        envelope, began = Envelope(mail.envelope_sender, mail.recipient, mail.content), time.monotonic()
        with self.waiting.on(domain_of(row.address), self.claimant.hold_on(rest)):
            outcome = self.transport.deliver(envelope, lambda: self._still_wanted(row), lambda: self._render_ahead(rest))
        return self._settle(row, outcome, mail.sha256, hung=time.monotonic() - began > HANGS)

    def _render_ahead(self, rest: Sequence[Claimed]) -> None:
        """Make the next mail while the relay thinks about this one. One with files is left to its turn: it may be large."""
        if rest and not rest[0].facts.get("attachments"):
            with suppress(Exception):  # it fails again in its turn, and is dealt with there
                self._ahead = (rest[0].id, render(self._job(rest[0]), now=clock.now()))

    def _rendered(self, row: Claimed, now: datetime) -> Rendered:
        (of, mail), self._ahead = self._ahead or (None, None), None
        return mail if mail is not None and of == row.id else render(self._job(row), now=now)

    def _is_busy(self, row: Claimed, now: datetime) -> bool:
        """Did its domain ask for patience, or does it keep another sender waiting at this moment?"""
        if self.domains.busy(row.address, now) or domain_of(row.address) in self.waiting.taken():
            return True
        if not self.waiting.too_long(domain_of(row.address)):  # it answered lately, and hangs now
            return False
        self.domains.slow_down(row.address, now, "no answer for some seconds")
        return True

    def _still_wanted(self, row: Claimed) -> bool:
        subject, revision = _subject(row), row.subject_revision
        if subject is not None and revision is not None:
            if not self.known.is_fresh(subject):
                self.known.look([subject])
            if self.known.speaks_of_another(subject, revision):
                self.known.look([subject], since=time.monotonic())  # the row may be younger than the look
                if self.known.speaks_of_another(subject, revision):
                    return False
        return self.claimant.still_wanted(row, clock.now())

    def _settle(self, row: Claimed, outcome: Outcome, sha256: str, *, hung: bool = False) -> bool:
        now = clock.now()
        log.log(
            logging.INFO if outcome.result in (Result.SENT, Result.WITHDRAWN) else logging.WARNING, "delivery",
            extra={"result": outcome.result.value, "code": outcome.code, "kind": row.kind, "attempts": row.attempts},
        )  # fmt: skip
        told = f"{outcome.code} {outcome.reply}".strip() if outcome.code else outcome.reply
        if hung and outcome.result in (Result.UNREACHABLE, Result.AMBIGUOUS):
            self.waiting.answered(domain_of(row.address), well=False)
            self.domains.slow_down(row.address, now, told)  # perhaps the relay hangs for this domain alone
        match outcome.result:
            case Result.UNREACHABLE:
                self._relay_failed(told)
                self.claimant.again(row, now, "relay_unreachable", told, used=False)
                return False
            case Result.SENT:
                if not self.claimant.sent(row, now, told, sha256):
                    log.error("message %s was accepted, but its row had been freed meanwhile", row.id)
                self.domains.worked(row.address)
                self.waiting.answered(domain_of(row.address), well=True)
            case Result.REFUSED:
                self.claimant.ended(row, State.FAILED, "refused", told)
            case Result.WITHDRAWN:
                self.claimant.not_wanted(row, "withdrawn", "changed before it left")
            case Result.AMBIGUOUS if row.at_most_once:
                self.claimant.ended(row, State.UNKNOWN, "ambiguous", told)
            case Result.AMBIGUOUS:
                self._later(row, now, "ambiguous", told)
            case Result.POSTPONED:
                if outcome.by_recipient and not _OF_A_MAILBOX.match(outcome.reply):
                    self.domains.slow_down(row.address, now, told)
                self._later(row, now, "postponed", told)
        if self.breaker.worked():
            relay_back(self.claimant.connection)
        return True

    def _relay_failed(self, told: str) -> None:
        if self.breaker.failed():
            relay_away(self.claimant.connection, clock.now(), self.breaker.pause, told)

    def _later(self, row: Claimed, now: datetime, word: str, told: str) -> None:
        due = next_try(row, now, unsure=word == "ambiguous")
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


def _subject(row: Claimed) -> Subject | None:
    """What a row speaks of in one revision. A cancellation speaks of none, and of whatever session there is."""
    if row.subject_kind is None or row.subject_id is None or row.subject_revision is None:
        return None
    return row.subject_kind, row.subject_id
