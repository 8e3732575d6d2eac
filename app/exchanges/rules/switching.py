"""A person changes from one sitting of a session to the other: no seat is lost on the way."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l

from app.accounts.models import Person
from app.audit.rules import record
from app.core.errors import RuleBroken
from app.exchanges import messages
from app.exchanges.models import Answer, Invitation, PeerSession, Route, Seat
from app.exchanges.queries import places
from app.exchanges.rules.answering import Outcome, respond
from app.exchanges.rules.identity import lock, refresh
from app.exchanges.rules.inviting import Guest, invite, uninvite
from app.exchanges.rules.seating import may_change_to
from app.extensions import db
from app.notifications import outbox


def change_sitting(
    invitation: Invitation, to: PeerSession, *, answer: Answer, route: Route, now: datetime, by: Person | None = None,
    wants_notes: bool | None = None, comment: str = "", **told: object,
) -> tuple[Invitation, Outcome]:  # fmt: skip
    """Answer for the other sitting: the former entry leaves the calendar, the new one comes, in one transaction.

    Whoever has a seat or a place in line keeps it when no seat of the other sitting is free.
    """
    other = lock(to.id)
    row = lock(invitation.peer_session_id)
    refresh(invitation)
    if other.meeting_id != row.meeting_id or not other.is_open or other.starts_at <= now:
        raise RuleBroken(_l("This sitting takes no answers now. Choose the other one."), field="sitting")
    had, since, waits = invitation.seat, invitation.seat_since, invitation.waiting_since
    _step_out(invitation)
    if answer is Answer.YES and had is not Seat.NONE and not may_change_to(other, invitation):
        invitation.seat, invitation.seat_since, invitation.waiting_since = had, since, waits
        raise RuleBroken(
            _l("All seats of the other sitting are taken. You keep your seat in this one.")
            if had is Seat.HELD else _l("All seats of the other sitting are taken. You keep your place in line in this one."),
            field="sitting",
        )  # fmt: skip
    guest = Guest(invitation.person, invitation.organisation, invitation.capacity, "sitting")
    invite(other, [guest], by=by, now=now, telling=False)
    made = places.own_of(other, invitation.person_id)
    assert made is not None
    made.delegate_of, made.wants_notes, made.comment = invitation.delegate_of, invitation.wants_notes, invitation.comment
    outcome = respond(
        made, answer=answer, route=route, now=now, by=by, wants_notes=wants_notes, comment=comment, **told,  # type: ignore[arg-type]
    )  # fmt: skip
    record(
        "session.sitting_changed", "session", row.meeting_id, by=by or invitation.person, now=now,
        changes={"starts_at": (row.starts_at, other.starts_at), "invitation": (None, invitation.person.full_name)},
    )  # fmt: skip
    if row.is_open and not row.is_over(now):
        uninvite(invitation, tell=True, by=by, now=now, other=other)
    else:
        invitation.uninvited_at = now
    if answer is Answer.MAYBE:
        _send_entry(other, made, now)
    return made, outcome


def _step_out(invitation: Invitation) -> None:
    """For as long as it is decided: the seat that is given up counts for nobody."""
    invitation.seat, invitation.seat_since, invitation.waiting_since = Seat.NONE, None, None
    db.session.flush()


def _send_entry(row: PeerSession, made: Invitation, now: datetime) -> None:
    """Who says Maybe has the hour they mean in their calendar."""
    outbox.queue(messages.invitation_letters(row, [messages.recipient(made)], now=now), now=now)


def answer_for(
    invitation: Invitation, sitting: PeerSession | None, *, answer: Answer, route: Route, now: datetime, **said: object
) -> tuple[Invitation, Outcome]:
    """An answer that may name the other sitting; No is No to both, wherever it is said."""
    if sitting is None or sitting.id == invitation.peer_session_id or answer is Answer.NO:
        return invitation, respond(invitation, answer=answer, route=route, now=now, **said)  # type: ignore[arg-type]
    return change_sitting(invitation, sitting, answer=answer, route=route, now=now, **said)  # type: ignore[arg-type]
