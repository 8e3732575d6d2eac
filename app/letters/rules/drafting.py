"""Prepare letters about one thing, write one by hand where the wording does not fit, leave one out, or discard them all."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.accounts.models import Person
from app.audit.queries import saved_since
from app.audit.rules import record, two_versions
from app.core import text
from app.core.db import uuid7
from app.core.errors import Conflict, RuleBroken
from app.core.languages import LANGUAGES
from app.core.signing import settings
from app.core.zones import to_wall
from app.exchanges.models import PeerSession
from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile
from app.interests.models import Expression
from app.letters import paper
from app.letters.models import (
    Addressed,
    Direction,
    Letter,
    LetterKind,
    LetterSet,
    SetStatus,
    Signatory,
    Status,
)
from app.letters.queries.formulas import wordings
from app.letters.queries.subjects import DECIDED, Party, Subject, on_paper, parties

MOST = 200
"""So many letters at once; each is typeset while the page waits."""
MOST_ANNEXES = 3
MOST_ANNEX_BYTES = 8 * 1024 * 1024
"""What all annexes weigh together: they travel in one mail, a third larger than they are."""
MOST_BODY = 6000


@dataclass(frozen=True)
class Annex:
    """A title in the list of annexes, and the file that is attached, if there is one."""

    title: str
    upload: FileStorage | None
    field: str  # of the form, for a refusal


def prepare(
    subject: Subject,
    chosen: Collection[str],
    *,
    signatory: Signatory | None,
    answer_due: date | None,
    annexes: Sequence[Annex],
    by: Person,
    now: datetime,
) -> LetterSet:
    """Make a draft for each chosen party. Nothing has a number yet and nobody is written to."""
    refuse_unless_ready(subject, now)
    if signatory is None or not signatory.active:
        raise RuleBroken(_("Choose who signs. A letter without a signatory cannot be issued."), field="signatory_id")
    refuse_past(answer_due, now)
    _refuse_too_late(answer_due, subject)
    known = parties(subject, now)
    wanted = [party for party in known if party.key in chosen]
    if set(chosen) - {party.key for party in known}:
        wanted += [party for party in on_paper(subject, now) if party.key in chosen]
    if not wanted:
        raise RuleBroken(_("Choose at least one State."), field="states")
    if len(wanted) > MOST:
        raise RuleBroken(
            ngettext(
                "You chose %(num)s letter; %(most)s can be made at once. Make them in two or more parts.",
                "You chose %(num)s letters; %(most)s can be made at once. Make them in two or more parts.",
                len(wanted), most=MOST,
            ),
            field="states",
        )  # fmt: skip
    made = LetterSet(
        about_kind=subject.kind, about_id=subject.id, signatory_id=signatory.id, signatory=signatory, answer_due=answer_due,
        made_by=by.id, created_at=now, updated_at=now,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    made.annexes = {"items": _kept(made, annexes, by, now)}
    for party in wanted:
        db.session.add(_draft(made, subject, party, uuid7(), now))  # in the order of the register
    db.session.flush()
    record("letter.prepared", "letter_set", made.id, by=by, now=now, changes={"letters": (None, len(wanted))})
    return made


def refuse_unless_ready(subject: Subject, now: datetime) -> None:
    """A letter speaks of what is settled: a session that takes place, a decision, a verified designation."""
    row = subject.row
    if isinstance(row, PeerSession):
        if not row.is_open or row.is_over(now):
            raise RuleBroken(_("Letters are made for a session that is scheduled and not over."))
    elif isinstance(row, Expression):
        if row.status not in DECIDED or row.erased_at is not None:
            raise RuleBroken(_("Letters are made once the expression of interest is decided."))
    elif row.verified_at is None or row.refused_at is not None:
        raise RuleBroken(_("Letters are made once the designation is verified."))


def refuse_past(answer_due: date | None, now: datetime) -> None:
    """An answer can be asked for from tomorrow on."""
    if answer_due is not None and answer_due <= to_wall(now, settings().default_zone).date():
        raise RuleBroken(_("Enter a day in the future, or leave it empty."), field="answer_due")


def _refuse_too_late(answer_due: date | None, subject: Subject) -> None:
    """An answer to an invitation is of use before the session."""
    row = subject.row
    if answer_due is not None and isinstance(row, PeerSession) and answer_due > to_wall(row.starts_at, row.zone).date():
        raise RuleBroken(_("Enter a day before the session."), field="answer_due")


def _kept(made: LetterSet, annexes: Sequence[Annex], by: Person, now: datetime) -> list[dict[str, str | None]]:
    """The annexes with their files, each refused at its own place; together no more than one mail carries."""
    found: list[dict[str, str | None]] = []
    weight = 0
    for annex in annexes[:MOST_ANNEXES]:
        stored: StoredFile | None = None
        if annex.upload:
            stored = files.store(annex.upload, "letter-annex", "letter_set", made.id, by, now, field=annex.field)
            weight += stored.size
            if weight > MOST_ANNEX_BYTES:
                raise RuleBroken(_("The annexes are larger than 8 MB together. Mail programs refuse that."), field=annex.field)
        title = annex.title or (stored.original_name if stored else "")
        if title:
            found.append({"title": title, "file": str(stored.id) if stored else None})
    return found


def _draft(made: LetterSet, subject: Subject, party: Party, row_id: uuid.UUID, now: datetime) -> Letter:
    official = party.addressed is not Addressed.OTHER or (party.state is not None and not party.name)
    return Letter(
        id=row_id,
        direction=Direction.OUT,
        kind=LetterKind.NOTE_VERBALE if official else LetterKind.LETTER,
        status=Status.DRAFT,
        language=party.language,
        state_id=party.state.id if party.state else None,
        office_id=party.office.id if party.office else None,
        person_id=party.person.id if party.person else None,
        addressed=party.addressed,
        correspondent=party.name,
        about_kind=subject.kind,
        about_id=subject.id,
        set_id=made.id,
        created_at=now,
        updated_at=now,
    )


def party_of(letter: Letter, subject: Subject, found: Sequence[Party]) -> Party:
    """Whom a draft goes to, as things stand: the one of its State, else what the draft itself says."""
    for party in found:
        if letter.state_id is None or (party.state is not None and party.state.id == letter.state_id):
            return Party(
                state=party.state, office=letter.office or party.office, addressed=letter.addressed, person=letter.person,
                language=letter.language, zone=party.zone, name=party.name, recipients=party.recipients,
            )  # fmt: skip
    zone = letter.state.zone if letter.state else settings().default_zone
    return Party(
        state=letter.state, office=letter.office, addressed=letter.addressed, person=letter.person, language=letter.language,
        zone=zone, name=letter.correspondent,
    )  # fmt: skip


@dataclass(frozen=True)
class Proof:
    """A draft beside the letter it would be."""

    letter: Letter
    party: Party
    written: paper.Written

    @property
    def stale(self) -> bool:
        """Was something written by hand that stood on what is another text by now?"""
        return bool(self.letter.own) and self.letter.own_basis != self.written.basis


def proofs(of: LetterSet, letters: Sequence[Letter], subject: Subject, now: datetime) -> list[Proof]:
    """Each letter as it would be issued now."""
    only = [letter.state_id for letter in letters if letter.state_id is not None]
    found = parties(subject, now, only or None)
    spoken = wordings({letter.language for letter in letters})
    today = to_wall(now, settings().default_zone).date()
    made = []
    for letter in letters:
        party = party_of(letter, subject, found)
        made.append(Proof(letter, party, paper.written(letter, of, subject, party, spoken[letter.language], today)))
    return made


def edit(
    letter: Letter, subject: Subject, *, kind: LetterKind, language: str, addressed: Addressed, own: Mapping[str, str],
    version: int, by: Person, now: datetime,
) -> None:  # fmt: skip
    """Change how one letter is written. What is left as the wording has it follows the wording, also in another language."""
    of = lock_draft(letter)
    if language not in LANGUAGES or kind not in (LetterKind.NOTE_VERBALE, LetterKind.LETTER):
        raise RuleBroken(_("Choose one from the list."), field="kind")
    before = proofs(of, [letter], subject, now)[0]
    written = _by_hand(before, own)
    stood = {"kind": letter.kind, "language": letter.language, "addressed": letter.addressed, **(letter.own or {})}
    wanted = {"kind": kind, "language": language, "addressed": addressed, **written}
    changes = {name: (stood.get(name), wanted.get(name)) for name in {**stood, **wanted} if stood.get(name) != wanted.get(name)}
    if not changes:  # looked at again: it stands on what its facts are now
        letter.own_basis = before.written.basis if written else None
        return
    if letter.version != version:
        raise Conflict(
            _("Somebody else changed this letter while you were writing. Look at it again."),
            two_versions("letter", changes),
            saved_since("letter_set", of.id, letter.version - version),
        )
    letter.kind, letter.language, letter.addressed, letter.own = kind, language, addressed, written
    letter.updated_at = now
    letter.own_basis = proofs(of, [letter], subject, now)[0].written.basis if written else None
    db.session.flush()
    note = letter.state.names.get("en") if letter.state else None
    record("letter.edited", "letter_set", of.id, by=by, now=now, changes=changes, note=note)


def _by_hand(before: Proof, own: Mapping[str, str]) -> dict[str, str]:
    """What was really written by hand: what differs from what the wording says."""
    found = {}
    for name in paper.OWN:
        said = text.clean(own.get(name) or "").strip()
        if not said or said == before.written.automatic[name].strip():
            continue
        if name == "body" and len(said) > MOST_BODY:
            raise RuleBroken(_("Shorten this text: %(most)s characters fit on the paper.", most=MOST_BODY), field="body")
        found[name] = said
    return found


def leave_out(letter: Letter, *, by: Person, now: datetime) -> None:
    """One letter fewer. The last one is discarded with its set."""
    of = lock_draft(letter)
    rest = db.session.scalar(select(Letter.id).where(Letter.set_id == of.id, Letter.id != letter.id).limit(1))
    if rest is None:
        raise RuleBroken(_("This is the last letter. Discard them all instead."))
    record("letter.left_out", "letter_set", of.id, by=by, now=now, note=letter.state.names.get("en") if letter.state else None)
    db.session.delete(letter)
    db.session.flush()


def discard(of: LetterSet, *, by: Person, now: datetime) -> None:
    """Forget what was prepared. Nothing had a number, and nobody was written to."""
    hold(of)
    if of.status is SetStatus.DISCARDED:
        return
    refuse_issued(of)
    for letter in db.session.scalars(select(Letter).where(Letter.set_id == of.id)):
        db.session.delete(letter)
    for item in of.annexes.get("items", ()):
        own = item["file"] and not item.get("shared")  # a corrected letter carries the annexes of the one before
        stored = db.session.get(StoredFile, uuid.UUID(item["file"])) if own else None
        if stored is not None:
            files.discard(stored)
    of.annexes, of.status, of.updated_at = {"items": []}, SetStatus.DISCARDED, now
    db.session.flush()
    record("letter.discarded", "letter_set", of.id, by=by, now=now)


def hold(row: Letter | LetterSet) -> None:
    """The row as it stands, and nobody else's until the transaction ends."""
    db.session.flush()
    db.session.refresh(row, with_for_update={"of": type(row)})


def lock_draft(letter: Letter) -> LetterSet:
    """The set of a draft, held until the transaction ends; refused once it is issued."""
    of = letter.set
    if of is None:
        raise RuleBroken(_("This letter is issued. It can be corrected by another one, but not changed."))
    hold(of)
    refuse_issued(of)
    db.session.refresh(letter)
    return of


def refuse_issued(of: LetterSet) -> None:
    """What is issued stays as it is."""
    if of.status is not SetStatus.DRAFT:
        raise RuleBroken(_("These letters are issued or discarded already. Look at the page again."))
