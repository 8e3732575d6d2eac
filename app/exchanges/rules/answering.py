"""Answers and seats. A seat is taken under the session's row lock; who gets a freed one is decided in ``seating``."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l

from app.accounts.models import Person
from app.audit.rules import record
from app.core.db import Json, uuid7
from app.core.errors import LinkOver, RuleBroken
from app.core.signing import settings
from app.exchanges import messages
from app.exchanges.models import Answer, AnswerRecord, Invitation, PeerSession, Route, Seat
from app.exchanges.queries import SUBJECT, Room, lost_update, places
from app.exchanges.rules.identity import lock_and_refresh, refuse_unless_open, stamp
from app.exchanges.rules.seating import promote, seek
from app.extensions import db
from app.notifications import outbox

LONGEST_COMMENT = 2000
ON_BEHALF = (Route.SECRETARIAT, Route.STATE)
OF_A_SEAT = ("session-reminder", "session-confirmation", "session-seat", "session-offer")
"""Mails that are void once the seat is given up."""


@dataclass(frozen=True)
class Outcome:
    """What an answer led to."""

    changed: bool
    answer: Answer
    seat: Seat
    place: int | None = None  # in line, while waiting
    former_time: bool = False
    most: int | None = None  # seats of the State, all taken, where that is what one waits for


def respond(
    invitation: Invitation,
    *,
    answer: Answer,
    route: Route,
    now: datetime,
    wants_notes: bool | None = None,
    comment: str = "",
    by: Person | None = None,
    version: int | None = None,
    source: Json | None = None,
    inbound_id: uuid.UUID | None = None,
    granted: Seat | None = None,
) -> Outcome:
    """Record an answer and take, keep or free the seat. The same answer again changes nothing and tells nobody.

    ``version`` is the schedule version the answer speaks of: an old one is kept as "for the former time".
    ``granted`` is the seat that was decided for several who answer together; whoever decided it looks at the line after all.
    """
    row = lock_and_refresh(invitation)
    _refuse_if_closed(row, invitation, now)
    version = row.schedule_version if version is None else min(version, row.schedule_version)
    notes = invitation.wants_notes if wants_notes is None else wants_notes
    said = comment.strip()[:LONGEST_COMMENT]
    overtaken = (invitation.answered_version or 0) > version  # it answers for a time that was answered anew since
    before = (invitation.answer, invitation.wants_notes, invitation.answered_version, invitation.seat)
    same = before[:3] == (answer, notes, version) and said in ("", invitation.comment)
    if overtaken or (same and not _takes_more(invitation)):
        if overtaken:
            _keep(invitation, answer, notes, said, route, version, row, now, by, source, inbound_id)
        return _outcome(invitation, row, changed=False)
    kept = _keep(invitation, answer, notes, said, route, version, row, now, by, source, inbound_id)
    invitation.answer, invitation.wants_notes, invitation.answered_version = answer, notes, version
    invitation.answered_at = invitation.updated_at = now
    if said:
        invitation.comment = said
    seen = _move_seat(row, invitation, answer, now, granted)
    record(
        "session.answered", "session", row.id, by=by or invitation.person, now=now,  # no account is needed to be named
        changes={
            "answer": (before[0], answer), "seat": (before[3], invitation.seat), "invitation": (None, invitation.person.full_name),
            **({"source": (None, source)} if source else {}),
        },
        note=route.value, on_behalf_of=invitation.person.full_name if route in ON_BEHALF else None,
    )  # fmt: skip
    _tell(row, invitation, before, kept, now, seen)
    if granted is None and (seen is None or seen.line):  # whoever took the last place leaves nothing for a line that is not there
        promote(row, now=now)
    return _outcome(invitation, row, changed=True)


def _refuse_if_closed(row: PeerSession, invitation: Invitation, now: datetime) -> None:
    if invitation.uninvited_at is not None:
        raise LinkOver(_l("This invitation was taken back. Write to the secretariat if you did not expect this."))
    refuse_unless_open(
        row, now,
        (
            _l("This session is not open for answers yet."),
            _l("This session was cancelled. No answer is needed."),
            _l("This session is over. Answers are closed."),
        ),
    )  # fmt: skip
    if not invitation.asks:
        raise RuleBroken(_l("You have a copy for information. No answer is needed."))


def _keep(
    invitation: Invitation, answer: Answer, notes: bool, comment: str, route: Route, version: int, row: PeerSession,
    now: datetime, by: Person | None, source: Json | None, inbound_id: uuid.UUID | None,
) -> AnswerRecord:  # fmt: skip
    """One line of the history of answers."""
    kept = AnswerRecord(
        id=uuid7(), invitation_id=invitation.id, answer=answer, at=now, route=route, schedule_version=version,
        wants_notes=notes, comment=comment, entered_by=by.id if by and route in ON_BEHALF else None, source=source,
        source_date=_day_of(source), inbound_id=inbound_id, former_time=version < row.schedule_version,
    )  # fmt: skip
    db.session.add(kept)
    return kept


def _day_of(source: Json | None) -> date | None:
    """The date of the note verbale, e-mail or call an answer came by: the register of letters is ordered by it."""
    told = (source or {}).get("date")
    return date.fromisoformat(told) if told else None


def _takes_more(invitation: Invitation) -> bool:
    """Does the same Yes take the seat that is offered, or join the line anew after an offer passed?"""
    if invitation.answer is not Answer.YES or invitation.seat is Seat.HELD:
        return False
    return invitation.seat is Seat.NONE or places.offer_to(invitation) is not None


def _move_seat(row: PeerSession, invitation: Invitation, answer: Answer, now: datetime, granted: Seat | None) -> Room | None:
    """Yes takes a free seat or a place in line; Maybe and No give up both. Answers what was seen when a seat was sought."""
    if answer is not Answer.YES:
        invitation.seat, invitation.seat_since, invitation.waiting_since = Seat.NONE, None, None
        return None
    return seek(row, invitation, now, granted)


Before = tuple[Answer | None, bool, int | None, Seat]


def _tell(row: PeerSession, invitation: Invitation, before: Before, kept: AnswerRecord, now: datetime, seen: Room | None) -> None:
    """A confirmation for a seat, the place for the waiting list, a copy of what others recorded."""
    answer_before, _notes, version_before, seat_before = before
    on_behalf = kept.route in ON_BEHALF
    news = (answer_before, version_before, seat_before) != (invitation.answer, invitation.answered_version, invitation.seat)
    void = ["session-nudge", "session-offer"] if invitation.seat is Seat.HELD else ["session-nudge", *OF_A_SEAT]
    confirmed = invitation.may_join and news
    if confirmed:
        void.append("session-update")  # the confirmation carries the session as it is now, an update would only repeat it
        stamp(row, invitation, now)
    in_line = invitation.seat is Seat.WAITING and seat_before is not Seat.WAITING
    to = messages.recipient(invitation) if confirmed or in_line or (on_behalf and news) else None  # may give it a code: one write
    db.session.flush()
    outbox.cancel_waiting(SUBJECT, row.id, kinds=void, recipient_ids=[invitation.person_id], now=now)
    if seat_before is Seat.HELD and invitation.seat is not Seat.HELD:
        _tell_what_was_lost(row, invitation, now)
    if to is None:
        return
    if confirmed:
        letter = messages.confirmation(row, to, on_behalf=on_behalf, zones=seen.zones if seen else None)
    elif in_line:
        standing = places.standing_in_line(invitation)
        letter = messages.waiting_place(row, to, place=standing.place, most=standing.most, word=str(kept.id), on_behalf=on_behalf)
    else:
        letter = messages.answer_recorded(row, to, word=str(kept.id), source=kept.source)
    outbox.queue([letter], now=now)


def _tell_what_was_lost(row: PeerSession, invitation: Invitation, now: datetime) -> None:
    """A confirmation carried a change and did not leave before the seat was given up: the change is told by itself."""
    lost = lost_update(invitation)
    if lost is None:
        return
    stamp(row, invitation, now)
    db.session.flush()
    due_at = now + timedelta(seconds=settings().update_delay_seconds)
    former = {name: lost[name] for name in ("former_starts_at", "former_minutes")}
    to = [messages.recipient(invitation)]
    outbox.queue(messages.update(row, to, due_at=due_at, moved=lost["moved"], changed=lost["changed"], former=former), now=now)


def _outcome(invitation: Invitation, row: PeerSession, *, changed: bool) -> Outcome:
    assert invitation.answer is not None
    db.session.flush()
    standing = places.standing_in_line(invitation) if invitation.seat is Seat.WAITING else None
    return Outcome(
        changed=changed,
        answer=invitation.answer,
        seat=invitation.seat,
        place=standing.place if standing else None,
        former_time=(invitation.answered_version or 0) < row.schedule_version,
        most=standing.most if standing else None,
    )


__all__ = ["OF_A_SEAT", "ON_BEHALF", "Outcome", "promote", "respond"]
