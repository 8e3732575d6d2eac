"""One person takes over from another: rights, work, invitations and mail to come move at once, links of the former end.

This room moves designations, roles and memberships and takes back mail; rooms above hear ``HandedOver`` and move theirs,
all in one transaction. History is left alone: what somebody wrote, answered or decided still carries their name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from werkzeug.datastructures import FileStorage

from app.accounts import holdings, messages, sessions
from app.accounts.events import HandedOver
from app.accounts.models import Designation, HandOver, JoinInvitation, Membership, Person
from app.accounts.queries import handing_over as reads
from app.accounts.queries.people import roles_of
from app.accounts.reader import name_of
from app.accounts.rules import designations, people
from app.accounts.rules.contacts import belong
from app.audit.rules import record
from app.core.errors import RuleBroken
from app.core.events import announce
from app.core.tokens import fresh_nonce
from app.extensions import db
from app.files import rules as files
from app.notifications import choices, outbox

DAY = timedelta(days=1)


def hand_over(
    former: Person, successor: Person, *, designation: Designation | None = None, close: bool = True, by: Person, now: datetime
) -> HandOver:
    """Move everything; ``close`` also closes the former's record, so that nobody writes to them again.

    From a State's focal point it stands on the ``designation`` of the successor. Pressed twice it is done once.
    """
    _lock(former, successor)
    before = reads.handed_over(former.id, successor.id, designation.id if designation else None)
    if before is not None and not holdings.held_by(former, now):
        return before
    check(former, successor, designation, close=close, by=by, now=now)
    told = holdings.held_by(former, now)
    done = HandOver(
        from_id=former.id, to_id=successor.id, state_id=designation.state_id if designation else None,
        designation_id=designation.id if designation else None, by_id=by.id, at=now, closed=close,
    )  # fmt: skip
    db.session.add(done)
    db.session.flush()
    _move_rights(former, successor, by=by, now=now)
    mails = tuple(outbox.mails_waiting_for(former.id, former.email))
    outbox.take_back_from(former.id, former.email, now=now)
    announce(HandedOver(former.id, successor.id, done.state_id, done.designation_id, by.id, mails))
    _end_access(former, now)
    _write_down(former, successor, done, by=by, now=now)
    if close:
        former.active = False
        record("person.deactivated", "person", former.id, by=by, now=now, changes={"active": (True, False)})
    db.session.flush()
    outbox.take_back_from(former.id, former.email, now=now)  # whatever a reaction may have caused: nothing goes to the former
    messages.took_over(successor, former, done, told, now)
    return done


@dataclass(frozen=True)
class Letter:
    """The State's letter that names the successor, where it is recorded together with the hand-over."""

    number: str
    date: date
    signatory: str
    upload: FileStorage | None = None


def from_letter(
    former: Person, successor: Person, replaced: Designation, letter: Letter, *, close: bool, by: Person, now: datetime
) -> HandOver:
    """Record and verify the successor's designation, and hand over on it: one step, or nothing."""
    before = reads.stands_on(former, successor, sessions.today_of(successor, now))
    if before is not None:  # pressed twice
        return hand_over(former, successor, designation=before, close=close, by=by, now=now)
    fields = {
        "state_id": replaced.state_id, "person_id": successor.id, "capacity": replaced.capacity,
        "letter_number": letter.number, "letter_date": letter.date, "signatory": letter.signatory,
        "replaces_id": replaced.id, "valid_from": sessions.today_of(successor, now), "valid_to": None,
    }  # fmt: skip
    made = designations.record_letter(fields, by=by, now=now)
    if letter.upload:
        scan = files.store(letter.upload, "designation-letter", "designation", made.id, by, now, field="scan")
        designations.attach_scan(made, scan.id, by=by, now=now)
    designations.verify(made, by=by, now=now)
    return hand_over(former, successor, designation=made, close=close, by=by, now=now)


def _lock(*two: Person) -> None:
    """Both rows, in one order for everybody, so that two hand-overs at once are two in a row."""
    ids = sorted({person.id for person in two})
    db.session.flush()
    query = select(Person).where(Person.id.in_(ids)).order_by(Person.id)
    db.session.execute(query.with_for_update().execution_options(populate_existing=True)).all()


def check(former: Person, successor: Person, designation: Designation | None, *, close: bool, by: Person, now: datetime) -> None:
    """Refuse what would hand over to nobody, to oneself, in a circle, or a State's voice without its letter."""
    _check_people(former, successor, close=close, by=by, now=now)
    _check_states(former, successor, designation, now)
    _refuse_circle(former, successor, designation)


def _check_people(former: Person, successor: Person, *, close: bool, by: Person, now: datetime) -> None:
    if former.id == successor.id:
        raise RuleBroken(_l("Nobody can hand over to themselves. Choose another person."), field="successor_id")
    if not successor.active:
        raise RuleBroken(_l("This person is not active. Activate the record first."), field="successor_id")
    if successor.id == by.id:
        raise RuleBroken(_l("This would hand everything over to you. Ask a colleague to do it."), field="successor_id")
    if not holdings.held_by(former, now):
        raise RuleBroken(_l("This person holds nothing that could be handed over."))
    if close and former.id == by.id:
        raise RuleBroken(_l("You cannot deactivate yourself. Ask a colleague."))
    people.refuse_above(former, by)


def foresee(
    former: Person, successor: Person, basis: Designation | None, replaced: Designation | None, *, by: Person, now: datetime
) -> None:
    """Say before the press what it would refuse; a letter that is still to be recorded counts as one of today."""
    if basis is None and replaced is not None:
        for held in reads.open_designations(former, sessions.today_of(former, now)):
            if held.verified_at is not None and held.state_id != replaced.state_id:
                raise RuleBroken(_elsewhere(held))
        _check_people(former, successor, close=False, by=by, now=now)
        return
    check(former, successor, basis, close=False, by=by, now=now)


def _check_states(former: Person, successor: Person, designation: Designation | None, now: datetime) -> None:
    today = sessions.today_of(former, now)
    if designation is not None:
        if designation.person_id != successor.id:
            raise RuleBroken(_l("This designation names somebody else. Choose the person it names."), field="successor_id")
        if not designation.in_force(sessions.today_of(successor, now)):
            raise RuleBroken(_l("This designation is not in force yet. Hand over once it is verified and has begun."))
    for held in reads.open_designations(former, today):
        if held.verified_at is not None and (designation is None or held.state_id != designation.state_id):
            raise RuleBroken(_elsewhere(held))


def _elsewhere(held: Designation) -> Any:
    return _l(
        "This person is designated by %(state)s. Record and verify the designation of the successor there, and hand over from it.",
        state=name_of(held.state),
    )


def _refuse_circle(former: Person, successor: Person, designation: Designation | None) -> None:
    """Back to where it came from only by a letter of the State that is younger than the way here."""
    came = reads.way_back(successor.id, former.id)
    if came is None or (designation is not None and designation.letter_date >= came.at.date()):
        return
    raise RuleBroken(
        _l("This would hand back in a circle what came from that person. A new letter of the State is needed first."),
        field="successor_id",
    )


def _move_rights(former: Person, successor: Person, *, by: Person, now: datetime) -> None:
    """Designations end, roles and memberships become the successor's."""
    today = sessions.today_of(former, now)
    for designation in reads.open_designations(former, today):
        _end_designation(designation, successor, today, by=by, now=now)
    for held in roles_of(former.id):
        people.grant(successor, held.role, by=by, now=now)
        people.end_grant(held, by=by, now=now)
    for membership in reads.open_memberships(former, today):
        belong(successor, membership.organisation_id, from_day=sessions.today_of(successor, now), by=by, now=now)
        if membership.valid_from < today:
            people.end_membership(membership, today - DAY, by=by, now=now)
        else:
            _forget_membership(membership, by=by, now=now)


def _forget_membership(membership: Membership, *, by: Person, now: datetime) -> None:
    """One that begins today or later has no last day before it: it never was."""
    changes = {"organisation": (membership.organisation_id, None), "valid_from": (membership.valid_from, None)}
    record("person.left_organisation", "person", membership.person_id, by=by, now=now, changes=changes)
    db.session.delete(membership)
    db.session.flush()


def _end_designation(designation: Designation, successor: Person, today: date, *, by: Person, now: datetime) -> None:
    """Over since yesterday; what had not begun or was never verified never will be."""
    changes: dict[str, tuple[Any, Any]]
    if designation.verified_at is not None and designation.valid_from < today:
        changes = {"valid_to": (designation.valid_to, today - DAY)}
        designation.valid_to = today - DAY
    else:
        changes = {"refused_at": (None, now)}
        designation.refused_at = now
        designation.refused_reason = _("Handed over to %(name)s", name=successor.full_name)
    db.session.flush()
    record("designation.handed_over", "designation", designation.id, by=by, now=now, changes=changes, note=successor.full_name)


def _end_access(former: Person, now: datetime) -> None:
    """Sessions, links to sign in and to join, the calendar address and the links to the choice of mails end."""
    sessions.end_all(former.id, now, "handed over")
    unused = (JoinInvitation.person_id == former.id, JoinInvitation.used_at.is_(None), JoinInvitation.expires_at > now)
    db.session.execute(update(JoinInvitation).where(*unused).values(expires_at=now))
    former.feed_nonce = fresh_nonce()
    choices.end_links(former.id)


def _write_down(former: Person, successor: Person, done: HandOver, *, by: Person, now: datetime) -> None:
    state = {"state": (None, done.state_id)} if done.state_id else {}
    given = {"successor": (None, successor.full_name), **state}
    record("person.handed_over", "person", former.id, by=by, now=now, changes=given)
    taken = {"predecessor": (None, former.full_name), **state}
    record("person.took_over", "person", successor.id, by=by, now=now, changes=taken)


holdings.register("designations", _l("Designations of a State"), reads.count_designations)
holdings.register("roles", _l("Roles"), reads.count_roles)
holdings.register("memberships", _l("Memberships of organisations"), reads.count_memberships)
holdings.register("joining", _l("Invitations to join"), reads.count_joining)
holdings.register(
    "mails", _l("Mails that have not left yet"), lambda person, _now: len(outbox.mails_waiting_for(person.id, person.email))
)
