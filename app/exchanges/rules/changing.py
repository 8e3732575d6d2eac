"""A session moves, gets other words, or is cancelled; everyone is told, or nobody, as the organiser chose."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete
from sqlalchemy.orm.attributes import flag_modified

from app.accounts.models import Person
from app.audit.rules import differences, record
from app.core import zones
from app.core.db import Json
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.exchanges import messages
from app.exchanges.messages.facts import instant
from app.exchanges.models import Decision, PeerSession, ReminderRule, SessionStatus, Visibility
from app.exchanges.queries import (
    SUBJECT,
    counts,
    everyone_told,
    never_sent,
    not_sent_yet,
    pending_update,
    places,
    seats_held,
    to_ask_again,
    waiting_words,
    written_just_now,
)
from app.exchanges.rules.answering import promote
from app.exchanges.rules.identity import APART, lock, moment_stands, no_longer_asked, refuse_unless_open, reload, stamp_all
from app.exchanges.rules.inviting import FIRST_MAILS, Invited, invite_accepted_expressions
from app.exchanges.rules.moderating import take_proposals
from app.exchanges.rules.planning import Plan, check, conflict
from app.extensions import db
from app.notifications import outbox
from app.texts import rules as texts

SHOWN = ("titles", "purposes", "agendas", "languages", "join_url", "dial_in", "test_url", "zone")
"""Fields whose change people may be told of; a change of time is judged by the instant and the length."""
TEXTS = ("titles", "purposes", "agendas")
LIVE_MAILS = (*FIRST_MAILS, "session-update", "session-clocks", "session-confirmation", "session-seat", "session-offer")
"""Mails with the calendar entry in it: one that waits while the session changes is written anew."""
PLAIN_MAILS = ("session-waiting", "answer-recorded")
"""Mails without an entry that name the hour."""
REMINDERS = ("session-reminder", "session-nudge")
TIMED_MAILS = (*LIVE_MAILS, *PLAIN_MAILS, *REMINDERS)
"""All that is void once the hour changed."""


@dataclass(frozen=True)
class Changed:
    """What an edit did."""

    moved: bool = False
    worded: bool = False
    told: int = 0
    promoted: int = 0
    invited: Invited = field(default_factory=Invited)

    @property
    def anything(self) -> bool:
        """Did people-shown facts change?"""
        return self.moved or self.worded


def change(peer_session: PeerSession, plan: Plan, *, version: int, tell: bool, by: Person, now: datetime) -> Changed:
    """Save an edited plan. A new time raises schedule version and SEQUENCE; other words only the revision."""
    row = lock(peer_session.id)
    if row.status is SessionStatus.CANCELLED:
        raise RuleBroken(_l("This session was cancelled. It cannot be changed any more."))
    columns = plan.columns()
    changes = differences(row, columns)
    reminders = _reminder_changes(row, plan)
    wordings = {name: getattr(row, name) for name in TEXTS}
    if not changes and not reminders:  # nothing to choose between, whatever happened meanwhile
        texts.saved(row, former=wordings, source=plan.source, by=by, now=now)
        return Changed(invited=invite_accepted_expressions(row, by=by, now=now))  # those of a day when all seats were taken
    if version != row.version:
        raise conflict("session", row, version, {**changes, **reminders})
    if (row.hour_in_doubt or "starts_at" in changes) and not {"local_start", "zone", "fold"}.intersection(changes):
        # nobody moved it: clock rules did, and that is no part of an edit of other things
        raise RuleBroken(_l("Clock rules changed, and the hour of this session is open. Decide that first, or enter another time."))
    moved = "starts_at" in changes or "minutes" in changes
    _refuse_bad(row, plan, columns, moved, now)
    former = {"former_starts_at": instant(row.starts_at), "former_minutes": row.minutes}
    worded = any(name in changes for name in SHOWN)
    for name in changes:
        setattr(row, name, columns[name])
    if reminders:
        _set_reminders(row, plan)
    row.updated_at = now
    flag_modified(row, "updated_at")  # reminders alone are a change too: the next editor's version is an old one
    if moved:
        row.schedule_version += 1
        row.sequence += 1
        row.scheduled_at = now
        row.tzdb_version = zones.iana_version()
    if row.hour_in_doubt and moved:
        no_longer_asked(row, Decision.EDITED, by=by, now=now)
    elif row.hour_in_doubt:
        moment_stands(row)
        outbox.send_now(SUBJECT, row.id, kinds=REMINDERS, now=now)  # what waited for the hour says it
    row.revision += 1 if moved or worded else 0
    record("session.changed", "session", row.id, by=by, now=now, changes={**changes, **reminders}, note=_note(row, tell))
    db.session.flush()
    texts.saved(row, former=wordings, source=plan.source, by=by, now=now)
    told = 0
    if moved:
        take_proposals(row, by=by, now=now)
    if row.is_open and (moved or worded):
        told = tell_anew(row, tell=tell, moved=moved, changed=[n for n in SHOWN if n in changes], former=former, now=now)
    return Changed(
        moved=moved,
        worded=worded,
        told=told,
        promoted=len(promote(row, now=now)),
        invited=invite_accepted_expressions(row, by=by, now=now),
    )


def _refuse_bad(row: PeerSession, plan: Plan, columns: dict[str, Any], moved: bool, now: datetime) -> None:
    if row.is_open and row.is_over(now):
        raise RuleBroken(_l("This session is over. It cannot be changed any more."))
    check(plan, columns["starts_at"], now, may_be_past=not moved)
    held = seats_held(row.id)
    if columns["capacity"] < held:
        raise RuleBroken(
            _l("%(held)s seats are taken. Enter that number or more, or uninvite people first.", held=held), field="capacity"
        )


def _reminder_changes(row: PeerSession, plan: Plan) -> dict[str, tuple[Any, Any]]:
    have = sorted((r.minutes_before, r.audience) for r in row.reminder_rules)
    want = sorted(set(plan.reminders))
    return {} if have == want else {"reminders": (have, want)}


def _set_reminders(row: PeerSession, plan: Plan) -> None:
    want = set(plan.reminders)
    for rule in list(row.reminder_rules):
        if (rule.minutes_before, rule.audience) in want:
            want.discard((rule.minutes_before, rule.audience))
        else:
            db.session.execute(delete(ReminderRule).where(ReminderRule.id == rule.id))
    db.session.add_all(ReminderRule(peer_session_id=row.id, minutes_before=m, audience=a) for m, a in want)
    db.session.flush()
    db.session.expire(row, ["reminder_rules"])


def _note(row: PeerSession, tell: bool) -> str | None:
    return None if not row.is_open else "told" if tell else "untold"


def tell_anew(row: PeerSession, *, tell: bool, moved: bool, changed: list[str], former: Json, now: datetime) -> int:
    """Void what waits with the former facts, write it anew, and tell everyone else if so chosen."""
    pending = not_sent_yet(row, (*LIVE_MAILS, *PLAIN_MAILS) if moved else LIVE_MAILS)
    untold = pending_update(row)
    hours = waiting_words(row) if any("session-clocks" in kinds for kinds in pending.values()) else {}
    says_moved = moved
    if untold is not None:  # an edit replaces the update that waits, and says what that one would have said
        changed = sorted({*changed, *untold["changed"]})
        if untold["moved"]:
            says_moved, former = True, {k: untold[k] for k in former}
    outbox.cancel_waiting(SUBJECT, row.id, kinds=TIMED_MAILS if moved else LIVE_MAILS, now=now)
    to = everyone_told(row)
    wanted = {i.id for i in to if tell or i.person_id in pending}
    stamp_all(row, wanted, now)
    groups: dict[str, list[messages.Recipient]] = {"first": [], "confirmation": [], "seat": [], "offer": [], "update": []}
    clocks: list[messages.Hour] = []
    for invitation in reload(wanted):
        word = _word(pending.get(invitation.person_id, set()), moved)
        told = hours.get(invitation.person_id) if word == "update" and not moved else None
        if told is not None:  # they still have to learn that their hour is another one
            clocks.append(messages.Hour(messages.recipient(invitation), *told))
        else:
            groups[word].append(messages.recipient(invitation))
    due_at = now + timedelta(seconds=settings().update_delay_seconds)
    letters = [
        *messages.invitation_letters(row, groups["first"], now=now),
        *(messages.confirmation(row, one) for one in groups["confirmation"]),
        *(messages.seat_found(row, one) for one in groups["seat"]),
        *offers_again(row, groups["offer"]),
        *messages.update(row, groups["update"], due_at=due_at, moved=says_moved, changed=changed, former=former),
        *messages.clocks(row, clocks, changed=changed),
    ]
    outbox.queue(letters, now=now)
    return sum(1 for i in to if i.person.email) if tell else 0


def offers_again(row: PeerSession, to: list[messages.Recipient]) -> list[outbox.Letter]:
    """Offers of a seat that had not left, with the words of now."""
    until = {offer.invitation_id: offer.until for offer in places.offers_open(row)} if to else {}
    return [messages.seat_offer(row, one, until=until[one.invitation_id]) for one in to if one.invitation_id in until]


def _word(waiting: set[str], moved: bool) -> str:
    """As what the session is told anew: what has not left yet is not an update to anybody."""
    if waiting & set(FIRST_MAILS):
        return "first"
    if not moved and "session-confirmation" in waiting:
        return "confirmation"
    if not moved and "session-seat" in waiting:
        return "seat"
    if "session-offer" in waiting:
        return "offer"
    return "update"


def cancel(peer_session: PeerSession, *, reason: str, tell: bool, version: int, by: Person, now: datetime) -> int:
    """The session will not take place. Everyone ever sent an invitation and not uninvited is told, also who declined."""
    row = lock(peer_session.id)
    if row.status is SessionStatus.CANCELLED:
        return 0
    if row.is_open and row.is_over(now):
        raise RuleBroken(_l("This session is over. It cannot be cancelled any more."))
    if version != row.version:
        raise conflict("session", row, version, {})
    unreached = never_sent(row, FIRST_MAILS)
    later = dict.fromkeys(written_just_now(row, now - APART), now + APART)
    outbox.cancel_waiting(SUBJECT, row.id, kinds=TIMED_MAILS, now=now)  # who was uninvited has still to learn of that
    before = row.status
    row.status = SessionStatus.CANCELLED
    row.cancelled_at = row.updated_at = now
    row.cancel_reason = reason.strip() or None
    row.sequence += 1
    row.revision += 1
    if row.hour_in_doubt:
        no_longer_asked(row, Decision.CANCELLED, by=by, now=now)
    if before is SessionStatus.DRAFT:  # nobody heard of it, and nobody does now
        row.visibility = Visibility.INVITED
    record(
        "session.cancelled", "session", row.id, by=by, now=now,
        changes={"status": (before, SessionStatus.CANCELLED)}, note=row.cancel_reason,
    )  # fmt: skip
    db.session.flush()
    if not tell:
        return 0
    affected = [i.id for i in everyone_told(row) if i.person_id not in unreached]
    stamp_all(row, affected, now)
    told = reload(affected)
    outbox.queue(messages.cancellation(row, [messages.recipient(i) for i in told], later=later), now=now)
    return sum(1 for i in told if i.person.email)


def told_of_cancelling(peer_session: PeerSession) -> int:
    """How many people a cancellation would be told to: not those whose invitation has not left yet."""
    return counts(peer_session).told - len(never_sent(peer_session, FIRST_MAILS))


ASK_AGAIN_AFTER = timedelta(days=1)
"""Nobody is asked twice in a day."""


def ask_again(peer_session: PeerSession, *, by: Person, now: datetime) -> int:
    """Ask those who have not answered for the present time once more: the same entry, SEQUENCE as it is (RFC 5546, 3.2.2.7).

    Answers how many are asked; who was written to in the last day, or has a mail waiting, is left in peace.
    """
    row = lock(peer_session.id)
    refuse_unless_open(
        row, now,
        (
            _l("This session is a draft. Schedule it before you invite."),
            _l("This session was cancelled. No answer is needed."),
            _l("This session is over. Answers are closed."),
        ),
    )  # fmt: skip
    wanted = to_ask_again(row, now - ASK_AGAIN_AFTER)
    if not wanted:
        return 0
    stamp_all(row, wanted, now)
    outbox.queue(messages.invitation_letters(row, [messages.recipient(i) for i in reload(wanted)], now=now, again=True), now=now)
    record("session.asked_again", "session", row.id, by=by, now=now, changes={"messages": (None, len(wanted))})
    return len(wanted)


def send_updates_now(peer_session: PeerSession, *, by: Person, now: datetime) -> int:
    """Do not wait: every update of this session that still waits is due."""
    moved = outbox.send_now(SUBJECT, peer_session.id, kinds=["session-update"], now=now)
    if moved:
        record("session.updates_sent", "session", peer_session.id, by=by, now=now, changes={"messages": (None, moved)})
    return moved
