"""Who is asked to come: States by their route, organisations, people; and who is no longer asked."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import Uuid, any_, cast, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounts.models import Organisation, Person
from app.accounts.queries import Addressee
from app.audit.rules import record
from app.core.codes import fresh_digest
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.core.tokens import fresh_nonce
from app.exchanges import messages
from app.exchanges.messages import Recipient
from app.exchanges.models import Capacity, Invitation, PeerSession, Seat
from app.exchanges.queries import (
    SUBJECT,
    accepted_on_grounds,
    last_taken_out,
    never_sent,
    places,
    seats_held,
    written_just_now,
)
from app.exchanges.rules.answering import promote
from app.exchanges.rules.days_off import OnADayOff, refuse_days_off
from app.exchanges.rules.identity import APART, lock, moment, refresh, refuse_unless_open, stamp
from app.extensions import db
from app.notifications import leaving, outbox

FIRST_MAILS = ("session-invite", "session-copy")


@dataclass(frozen=True)
class Guest:
    """A person to invite, for which State or organisation, in what capacity, and why."""

    person: Addressee
    organisation: Organisation | None = None
    capacity: Capacity = Capacity.PARTICIPANT
    because: str = "by_hand"


@dataclass(frozen=True)
class Invited:
    """What came of inviting."""

    new: int = 0
    again: int = 0
    already: int = 0
    without_address: int = 0

    @property
    def total(self) -> int:
        """How many invitations were made."""
        return self.new + self.again


def invite(
    peer_session: PeerSession, guests: Sequence[Guest], *, by: Person | None, now: datetime, telling: bool = True
) -> Invited:
    """Invite these people, each once. Who was uninvited is invited again; who is invited already stays as they are."""
    row = lock(peer_session.id)
    refuse_unless_open(
        row, now,
        (
            _l("This session is a draft. Schedule it before you invite."),
            _l("This session was cancelled. Nobody can be invited to it."),
            _l("This session is over. Nobody can be invited to it."),
        ),
    )  # fmt: skip
    wanted = list({g.person.id: g for g in reversed(guests)}.values())[::-1]
    if telling:  # who takes a place over comes instead of somebody who was asked
        refuse_days_off(row, [g.organisation for g in wanted if g.organisation is not None])
    elsewhere = places.invited_elsewhere(row, [g.person.id for g in wanted if g.because != "sitting"])
    known = _known(row, [g.person.id for g in wanted])
    fresh = [g for g in wanted if g.person.id not in known and g.person.id not in elsewhere]
    again = [g for g in wanted if g.person.id in known and g.person.id not in elsewhere and _to_ask_again(known[g.person.id], g)]
    if again:  # an uninvitation that has not left is not sent: the invitation says what holds
        taken_back = [g.person.id for g in again]
        outbox.cancel_waiting(SUBJECT, row.id, kinds=["session-uninvite"], recipient_ids=taken_back, now=now)
    recipients = _add(row, fresh, by, now) + [_ask_again(row, known[g.person.id], g, by, now) for g in again]
    if telling:
        outbox.queue(messages.invitation_letters(row, recipients, now=now), now=now)
    done = Invited(
        new=len(fresh),
        again=len(again),
        already=len(wanted) - len(fresh) - len(again),
        without_address=sum(1 for g in (*fresh, *again) if not g.person.email),
    )
    asked = {g.person.id for g in (*fresh, *again)}
    leaving.without(leaving.Missed(g.person.full_name, "already") for g in wanted if g.person.id not in asked)
    if done.total:
        record(
            "session.invited", "session", row.id, by=by, now=now,
            changes={"invitations": (None, done.total)}, note=", ".join(sorted({g.because for g in (*fresh, *again)})),
        )  # fmt: skip
    return done


def _known(row: PeerSession, person_ids: list[uuid.UUID]) -> dict[uuid.UUID, Invitation]:
    found: dict[uuid.UUID, Invitation] = {}
    for invitation in db.session.scalars(
        select(Invitation)
        .where(Invitation.peer_session_id == row.id, Invitation.person_id == any_(cast(person_ids, ARRAY(Uuid))))
        .execution_options(populate_existing=True)
    ):
        found[invitation.person_id] = invitation
    return found


def _to_ask_again(invitation: Invitation, guest: Guest) -> bool:
    """Uninvited before, or so far only informed and now to be asked."""
    informed = invitation.capacity is Capacity.INFORMATION and guest.capacity is not Capacity.INFORMATION
    return invitation.uninvited_at is not None or informed


def _add(row: PeerSession, guests: list[Guest], by: Person | None, now: datetime) -> list[Recipient]:
    """New invitations in one bulk insert, and whom to write to."""
    at, keys = moment(now), settings().secret_keys
    taken_out = last_taken_out(row, [guest.person.id for guest in guests])
    named = [(guest, uuid7(), fresh_nonce()) for guest in guests]
    recipients = [
        Recipient(
            invitation_id=invitation_id, person=guest.person, capacity=guest.capacity, because=guest.because,
            organisation=guest.organisation.names if guest.organisation else {},
            sequence=max(row.sequence, taken_out.get(guest.person.id, -1) + 1), dtstamp=at, nonce=nonce, join_nonce=fresh_nonce(),
            code_digest=fresh_digest(keys, "answer", invitation_id, nonce),
        )
        for guest, invitation_id, nonce in named
    ]  # fmt: skip
    if recipients:
        db.session.flush()
        given = [
            {
                "id": str(one.invitation_id), "person_id": str(guest.person.id), "capacity": one.capacity.value,
                "organisation_id": str(guest.organisation.id) if guest.organisation else None, "because": one.because,
                "nonce": one.nonce, "join_nonce": one.join_nonce, "code_digest": one.code_digest,
                "sequence": one.sequence,
            }
            for one, guest in zip(recipients, guests, strict=True)
        ]  # fmt: skip
        same = {"session": row.id, "by": by.id if by else None, "now": now, "at": at, "base": row.sequence}
        db.session.connection().exec_driver_sql(_INSERT, {**same, "given": json.dumps(given)})
    return recipients


_INSERT = """
INSERT INTO invitations (id, peer_session_id, person_id, organisation_id, capacity, invited_because, nonce, join_nonce, code_digest,
    invited_at, invited_by, dtstamp, sequence, sequence_raise, requested, seat, wants_notes, comment, created_at, updated_at)
SELECT id, %(session)s, person_id, organisation_id, capacity, because, nonce, join_nonce, code_digest,
    %(now)s, %(by)s, %(at)s, sequence, sequence - %(base)s, true, 'none', false, '', %(now)s, %(now)s
FROM jsonb_to_recordset(%(given)s::jsonb) AS given(id uuid, person_id uuid, organisation_id uuid, capacity text,
    because text, nonce text, join_nonce text, code_digest text, sequence integer)
"""
"""Ten thousand invitations in one statement: what differs as JSON, what all share once."""


def _ask_again(row: PeerSession, invitation: Invitation, guest: Guest, by: Person | None, now: datetime) -> Recipient:
    """Invite again: same UID, a higher SEQUENCE after an uninvitation, and a clean sheet for the answer."""
    if invitation.uninvited_at is not None:
        invitation.uninvited_at = None
        invitation.sequence_raise += 1
        invitation.answer = invitation.answered_at = invitation.answered_version = None
        invitation.seat, invitation.seat_since, invitation.waiting_since = Seat.NONE, None, None
    invitation.capacity = guest.capacity
    invitation.organisation = guest.organisation
    invitation.invited_because = guest.because
    invitation.invited_at = invitation.updated_at = now
    invitation.invited_by = by.id if by else None
    stamp(row, invitation, now)
    return messages.recipient(invitation)


def uninvite(
    invitation: Invitation, *, tell: bool, by: Person | None, now: datetime, reason: str = "", delegate: str = "",
    other: PeerSession | None = None,
) -> None:  # fmt: skip
    """Take one invitation back. The seat goes to the first in line; others learn nothing.

    ``delegate`` is who comes instead, ``other`` the sitting the person changed to.
    """
    row = lock(invitation.peer_session_id)
    refresh(invitation)
    refuse_unless_open(
        row, now,
        (_l("This session is a draft."), _l("This session was cancelled."), _l("This session is over.")),
    )  # fmt: skip
    if invitation.uninvited_at is not None:
        return
    unreached = never_sent(row, FIRST_MAILS)
    on_its_way = invitation.person_id in written_just_now(row, now - APART)
    outbox.cancel_waiting(SUBJECT, row.id, recipient_ids=[invitation.person_id], now=now)
    had = invitation.seat
    invitation.uninvited_at = invitation.updated_at = now
    invitation.sequence_raise += 1
    invitation.seat, invitation.seat_since, invitation.waiting_since = Seat.NONE, None, None
    record(
        "session.uninvited", "session", row.id, by=by, now=now,
        changes={"invitation": (invitation.person.full_name, None), "seat": (had, Seat.NONE)}, note=reason or None,
    )  # fmt: skip
    if tell and invitation.requested and invitation.person_id not in unreached:
        stamp(row, invitation, now)
        due_at = now + APART if on_its_way else None
        to = messages.recipient(invitation)
        outbox.queue([messages.uninvitation(row, to, delegate=delegate, other=other, due_at=due_at)], now=now)
    promote(row, now=now)


def accepted_guests(
    grounds: Iterable[str], *, session_id: uuid.UUID | None, now: datetime, expression_id: uuid.UUID | None = None
) -> list[Guest]:
    """Contacts and focal points of accepted expressions of interest on these grounds who have no invitation yet."""
    return [
        Guest(person, organisation, Capacity.PARTICIPANT, "expression")
        for person, organisation in accepted_on_grounds(grounds, session_id, now, expression_id)
    ]


def invite_accepted_expressions(
    peer_session: PeerSession, *, by: Person | None, now: datetime, expression_id: uuid.UUID | None = None
) -> Invited:
    """What the flag on a session says: invite them while it is to come and has seats left."""
    row = lock(peer_session.id)
    if not row.invite_accepted or not row.is_open or row.starts_at <= now or seats_held(row.id) >= row.capacity:
        return Invited()
    guests = accepted_guests(row.grounds, session_id=row.id, now=now, expression_id=expression_id)
    try:
        return invite(row, guests, by=by, now=now) if guests else Invited()
    except OnADayOff:  # nobody is asked by the platform itself; the session's page says so, and lets somebody decide
        return Invited()


def refuse_empty(guests: Sequence[Guest], notes: Sequence[str] = ()) -> None:
    """Somebody has to be chosen who can be reached; ``notes`` say why nobody of the chosen can."""
    if not guests and notes:
        raise RuleBroken(" ".join(notes), field="states")
    if not guests:
        raise RuleBroken(_l("Choose at least one State, organisation or person."), field="states")
