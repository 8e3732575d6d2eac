"""A State answers through its focal point, or by note verbale, e-mail or phone: answers and delegates on behalf."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.accounts.models import Person
from app.accounts.queries.reach import focal_points_of
from app.audit.rules import record
from app.core.db import Json
from app.core.errors import RuleBroken
from app.core.zones import to_wall
from app.exchanges import messages
from app.exchanges.models import Answer, Invitation, PeerSession, Route, Seat
from app.exchanges.queries import places
from app.exchanges.rules.answering import Outcome, respond
from app.exchanges.rules.identity import lock, refresh, stamp
from app.exchanges.rules.inviting import Guest, invite, uninvite
from app.exchanges.rules.seating import promote, together
from app.exchanges.rules.switching import answer_for
from app.extensions import db
from app.notifications import outbox
from app.notifications.models import InboundMail, Message

MOST_PROPOSALS = 3
"""So many mails a day tell a focal point of one person's proposals; the page shows them all."""


@dataclass(frozen=True)
class Source:
    """By what an answer or a delegate came: note verbale, e-mail or phone, its number, date and scan."""

    kind: str
    number: str = ""
    on: date | None = None
    scan_id: uuid.UUID | None = None

    def facts(self) -> Json:
        """As it is kept beside the answer."""
        return {
            "kind": self.kind,
            "number": self.number,
            "date": self.on.isoformat() if self.on else None,
            "scan_id": str(self.scan_id) if self.scan_id else None,
        }


def answer_on_behalf(
    invitation: Invitation,
    *,
    answer: Answer,
    by: Person,
    now: datetime,
    source: Source | None = None,
    wants_notes: bool | None = None,
    comment: str = "",
    sitting: PeerSession | None = None,
) -> Outcome:
    """Record an answer for somebody: the secretariat with its source, a focal point without. The person gets a copy.

    ``sitting`` is the one they come to, where the session has two.
    """
    if source is not None and source.on is not None and source.on > now.date():
        raise RuleBroken(_l("Enter a date that is not in the future."), field="source_date")
    return answer_for(
        invitation,
        sitting,
        answer=answer,
        route=Route.STATE if source is None else Route.SECRETARIAT,
        wants_notes=wants_notes,
        comment=comment,
        by=by,
        source=source.facts() if source else None,
        now=now,
    )[1]


def name_delegate(
    invitation: Invitation, person: Person, *, replace: bool, by: Person, now: datetime, source: Source | None = None
) -> Invitation:
    """The State sends this person: beside the one who was invited, or in their place, until an hour before the start.

    In their place, the seat stays with the State: it is kept for the new person until they answer. A colleague who is invited
    already and has no seat can have it too.
    """
    row = lock(invitation.peer_session_id)
    refresh(invitation)
    if row.is_open and row.delegates_until <= now:
        raise RuleBroken(_l("Delegates can be named until one hour before the session starts."))
    if invitation.uninvited_at is not None:
        raise RuleBroken(_l("This invitation was taken back already. Choose another person of the State."))
    if person.id == invitation.person_id:
        raise RuleBroken(_l("This person is invited already."), field="email")
    if not person.active:
        raise RuleBroken(_l("This person is not active. Activate the record first."), field="email")
    before = _invitation_of(row, person)
    kept = invitation.has_seat and replace
    if before is not None and before.uninvited_at is None and before.asks:
        if not kept or before.has_seat or before.organisation_id != invitation.organisation_id:
            raise RuleBroken(_l("This person is invited already."), field="email")
        return _pass_seat(row, invitation, before, by=by, now=now, source=source)
    if places.invited_elsewhere(row, [person.id]):
        raise RuleBroken(_l("This person is invited to the other sitting."), field="email")
    guest = Guest(person, invitation.organisation, invitation.capacity, "delegate")
    invite(row, [guest], by=by, now=now, telling=False)
    made = _invitation_of(row, person)
    assert made is not None
    made.delegate_of = invitation.id
    if kept:  # hand the seat over before the former invitation ends: nobody in line may slip between
        invitation.seat, invitation.seat_since = Seat.NONE, None
        made.seat, made.seat_since = Seat.HELD, now
        db.session.flush()
    outbox.queue(messages.invitation_letters(row, [messages.recipient(made)], now=now), now=now)
    record(
        "session.delegate_named", "session", row.id, by=by, now=now,
        changes={"delegate": (invitation.person_id if replace else None, person.id), **_source_change(source)},
    )  # fmt: skip
    if replace:
        uninvite(invitation, tell=True, by=by, now=now, delegate=person.full_name)
    return made


def _pass_seat(
    row: PeerSession, invitation: Invitation, to: Invitation, *, by: Person, now: datetime, source: Source | None
) -> Invitation:
    """The seat goes to a colleague who is invited already: held at once where they said Yes, kept until they answer where not."""
    invitation.seat, invitation.seat_since = Seat.NONE, None
    to.seat, to.seat_since, to.waiting_since, to.updated_at = Seat.HELD, now, None, now
    stamp(row, to, now)
    db.session.flush()
    letters = [messages.seat_found(row, messages.recipient(to))]
    if not to.may_join:
        letters = messages.invitation_letters(row, [messages.recipient(to)], now=now)
    outbox.queue(letters, now=now)
    record(
        "session.delegate_named", "session", row.id, by=by, now=now,
        changes={"delegate": (invitation.person_id, to.person_id), **_source_change(source)},
    )  # fmt: skip
    uninvite(invitation, tell=True, by=by, now=now, delegate=to.person.full_name)
    return to


def answer_together(invitations: Sequence[Invitation], *, by: Person, now: datetime, source: Source | None = None) -> Seat:
    """Several of a State come: Yes for each of them in one step. Where delegations are kept together, seats for all or for none.

    Answers what they got: seats, or places in line. Those of them who have a seat keep it.
    """
    if not invitations:
        raise RuleBroken(_l("Choose at least one person."), field="people")
    row = lock(invitations[0].peer_session_id)
    for one in invitations:
        refresh(one)
    coming = [one for one in invitations if not one.has_seat]
    left = places.terms(row).left(invitations[0].organisation_id)
    whole = places.governing(row).delegation_whole
    if whole and left is not None and len(coming) > left:
        raise RuleBroken(
            _l("Seats that are left for your State: %(left)s. Choose no more people than that.", left=left), field="people"
        )
    granted = together(row, coming) if whole and coming else None
    route = Route.STATE if source is None else Route.SECRETARIAT
    told = source.facts() if source else None
    for one in invitations:
        respond(one, answer=Answer.YES, route=route, by=by, source=told, now=now, granted=None if one.has_seat else granted)
    promote(row, now=now)
    return Seat.HELD if all(one.has_seat for one in invitations) else Seat.WAITING


def propose_to_state(mail: InboundMail, invitation: Invitation, *, now: datetime) -> None:
    """Somebody wants to send another person: their State decides, and those who speak for it are told."""
    told = mail.reply or {}
    delegate = str(told.get("delegate_name") or told.get("delegated_to") or "")
    if invitation.organisation_id is None or not told.get("delegated_to"):
        return
    today = to_wall(now, invitation.person.zone).date()
    for focal in focal_points_of({invitation.organisation_id}, today, but=invitation.person_id):
        letter = messages.delegate_proposed(invitation, focal, delegate=delegate, word=f"{mail.id}:{focal.id}")
        told_today = select(func.count()).where(Message.thread == letter.thread, Message.created_at > now - timedelta(days=1))
        if (db.session.scalar(told_today) or 0) < MOST_PROPOSALS:
            outbox.queue([letter], now=now)


def _source_change(source: Source | None) -> dict[str, tuple[object, object]]:
    return {"source": (None, source.facts())} if source else {}


def _invitation_of(row: PeerSession, person: Person) -> Invitation | None:
    return db.session.scalar(
        select(Invitation)
        .where(Invitation.peer_session_id == row.id, Invitation.person_id == person.id)
        .execution_options(populate_existing=True)
    )
