"""The register: what came is entered, what left otherwise is noted, answers are told, letters are corrected or cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.accounts.models import Organisation, Person
from app.audit.rules import record
from app.core import text
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.core.zones import to_wall
from app.extensions import db
from app.files import rules as files
from app.letters import messages
from app.letters.models import Direction, Letter, LetterSet, Means, SetStatus, Status
from app.letters.queries.subjects import Subject
from app.letters.rules.drafting import hold, refuse_unless_ready
from app.letters.rules.issuing import next_number
from app.notifications.outbox import cancel_waiting


def receive(fields: Mapping[str, Any], scan: FileStorage | None, *, by: Person, now: datetime) -> Letter:
    """Enter a letter that came: it gets a number of the register, whatever number it carries."""
    today = to_wall(now, settings().default_zone).date()
    _refuse_later(fields["dated"], today, "dated")
    _refuse_later(fields["came_on"], today, "came_on")
    if fields["came_on"] < fields["dated"]:
        raise RuleBroken(_("A letter cannot come before it is written. Compare the two days."), field="came_on")
    state = db.session.get(Organisation, fields["state_id"]) if fields["state_id"] else None
    if state is None and not fields["correspondent"]:
        raise RuleBroken(_("Choose the State, or enter who wrote."), field="state_id")
    if fields["answer_due"] is not None and fields["answer_due"] < fields["dated"]:
        raise RuleBroken(_("Enter a day after that of the letter."), field="answer_due")
    letter = Letter(
        direction=Direction.IN, status=Status.RECEIVED, kind=fields["kind"], their_number=fields["their_number"],
        dated=fields["dated"], subject=fields["subject"], language=fields["language"], state_id=state.id if state else None,
        correspondent=fields["correspondent"], answer_due=fields["answer_due"], means=fields["means"], sent_on=fields["came_on"],
        number=next_number(Direction.IN, fields["came_on"]), issued_at=now, issued_by=by.id, created_at=now, updated_at=now,
    )  # fmt: skip
    letter.search = text.fold(f"{letter.number} {letter.their_number} {letter.subject} {letter.correspondent}")
    db.session.add(letter)
    db.session.flush()
    if scan:
        letter.scan_id = files.store(scan, "letter-scan", "letter", letter.id, by, now, field="scan").id
    changes = {"number": (None, letter.number), "subject": (None, letter.subject)}
    record("letter.received", "letter", letter.id, by=by, now=now, changes=changes)
    if fields["answers_id"] is not None:
        asked = db.session.get(Letter, fields["answers_id"])
        if asked is None or asked.direction is not Direction.OUT:
            raise RuleBroken(_("Choose one from the list."), field="answers_id")
        answered(asked, by_letter=letter, on=fields["came_on"], by=by, now=now, field="answers_id")
    db.session.flush()
    return letter


def sent(letter: Letter, *, means: Means, on: date, by: Person, now: datetime) -> None:
    """Note that a printed letter left, and how. Noting the same again changes nothing."""
    hold(letter)
    if letter.direction is not Direction.OUT or letter.status is not Status.ISSUED or letter.dated is None:
        raise RuleBroken(_("Only a letter that is issued can be sent."))
    _refuse_later(on, to_wall(now, settings().default_zone).date(), "on")
    if on < letter.dated:
        raise RuleBroken(_("Enter a day on or after that of the letter."), field="on")
    if means is Means.MAIL:
        raise RuleBroken(_("Letters by e-mail leave when they are issued."), field="means")
    if (letter.means, letter.sent_on) == (means, on):
        return
    changes = {"means": (letter.means, means), "sent_on": (letter.sent_on, on)}
    letter.means, letter.sent_on, letter.updated_at = means, on, now
    db.session.flush()
    record("letter.sent", "letter", letter.id, by=by, now=now, changes=changes)


def answered(letter: Letter, *, by_letter: Letter | None, on: date, by: Person, now: datetime, field: str = "answer_id") -> None:
    """Note that an answer came or went, and by which letter: it need not be in the register."""
    hold(letter)
    if not letter.counts or letter.dated is None:
        raise RuleBroken(_("This letter is replaced or cancelled: no answer is waited for."), field=field)
    if by_letter is not None and (by_letter.direction is letter.direction or not by_letter.counts):
        raise RuleBroken(_("Choose one from the list."), field=field)
    if letter.answered_on is not None:
        if (letter.answered_by_id, letter.answered_on) == (by_letter.id if by_letter else None, on):
            return
        raise RuleBroken(_("An answer to this letter is noted already."), field=field)
    _refuse_later(on, to_wall(now, settings().default_zone).date(), "on")
    if on < letter.dated:
        raise RuleBroken(_("Enter a day on or after that of the letter."), field="on")
    letter.answered_on, letter.answered_by_id, letter.updated_at = on, by_letter.id if by_letter else None, now
    db.session.flush()
    changes = {"answered_on": (None, on), "answered_by": (None, by_letter.number if by_letter else None)}
    record("letter.answered", "letter", letter.id, by=by, now=now, changes=changes)


def cancel(letter: Letter, reason: str, *, by: Person, now: datetime) -> None:
    """Take a letter back. Its number stays with it, its files stay; mails that wait do not leave."""
    if not reason.strip():
        raise RuleBroken(_("Say why the letter is cancelled."), field="reason")
    hold(letter)
    if letter.status is Status.CANCELLED and letter.cancel_reason == reason.strip():
        return
    if not letter.counts:
        raise RuleBroken(_("This letter is replaced or cancelled already."))
    letter.status, letter.cancelled_at, letter.cancelled_by = Status.CANCELLED, now, by.id
    letter.cancel_reason, letter.updated_at = reason.strip(), now
    for asked in db.session.scalars(select(Letter).where(Letter.answered_by_id == letter.id)):
        asked.answered_by_id = asked.answered_on = None  # what it answered waits again
    cancel_waiting(messages.SUBJECT, letter.id, now=now)
    db.session.flush()
    record("letter.cancelled", "letter", letter.id, by=by, now=now, note=reason.strip())


def correct(letter: Letter, subject: Subject | None, *, by: Person, now: datetime) -> LetterSet:
    """Prepare the letter that takes the place of this one, with a number of its own. Asked twice, it is one draft."""
    hold(letter)
    if letter.direction is not Direction.OUT or letter.status is not Status.ISSUED or letter.set is None:
        raise RuleBroken(_("This letter is replaced or cancelled already."))
    if subject is None or letter.about_kind is None or letter.about_id is None:
        raise RuleBroken(_("What this letter is about is no longer there."))
    under_way = db.session.scalar(
        select(LetterSet)
        .join(Letter, Letter.set_id == LetterSet.id)
        .where(Letter.replaces_id == letter.id, LetterSet.status == SetStatus.DRAFT)
    )
    if under_way is not None:
        return under_way
    refuse_unless_ready(subject, now)
    former = letter.set
    shared = [{**item, "shared": True} for item in former.annexes.get("items", ())]
    due = former.answer_due if former.answer_due and former.answer_due > to_wall(now, settings().default_zone).date() else None
    made = LetterSet(
        about_kind=letter.about_kind, about_id=letter.about_id, signatory_id=former.signatory_id, answer_due=due,
        annexes={"items": shared}, made_by=by.id, created_at=now, updated_at=now,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    draft = Letter(
        direction=Direction.OUT, status=Status.DRAFT, kind=letter.kind, language=letter.language, state_id=letter.state_id,
        office_id=letter.office_id, person_id=letter.person_id, addressed=letter.addressed, about_kind=letter.about_kind,
        about_id=letter.about_id, correspondent=letter.correspondent if letter.state_id is None else "", set_id=made.id,
        own=letter.own, own_basis=letter.own_basis, replaces_id=letter.id, created_at=now, updated_at=now,
    )  # fmt: skip
    db.session.add(draft)
    db.session.flush()
    record("letter.prepared", "letter_set", made.id, by=by, now=now, changes={"letters": (None, 1)}, note=letter.number)
    return made


def _refuse_later(on: date, today: date, field: str) -> None:
    if on > today:
        raise RuleBroken(_("Enter a day that is not in the future."), field=field)
