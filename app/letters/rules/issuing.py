"""Issue letters: numbers without gaps, the bytes kept, one mail to each mailbox, the rest to be printed. All or nothing."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person
from app.audit.rules import record
from app.core import text
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.core.zones import to_wall
from app.documents.blocks import Letter as Tree
from app.documents.pdf import letters_to_pdf
from app.documents.writer import letters_to_docx
from app.extensions import db
from app.files import rules as files
from app.files.content import DOCX, PDF
from app.files.models import StoredFile
from app.interests.models import ReferenceCounter
from app.letters import messages, paper
from app.letters.models import Direction, Letter, LetterSet, Means, SetStatus, Signatory, Status
from app.letters.queries.letters import letters_of
from app.letters.queries.subjects import Subject
from app.letters.rules.drafting import Proof, hold, proofs, refuse_issued, refuse_past, refuse_unless_ready
from app.notifications.outbox import cancel_waiting

MOST_BYTES = 10 * 1024 * 1024
"""What one mail carries: the letter and its annexes. Many mail servers refuse more than twice as much, encoded."""

_SERIES = {Direction.OUT: "L", Direction.IN: "I"}


def next_number(direction: Direction, on: date) -> str:
    """The next number of the year: PX/2026/L-0012. Its counter stays locked until the transaction ends: no gaps, no doubles."""
    prefix = f"{settings().registry_prefix}/{on.year}/{_SERIES[direction]}"
    fresh = insert(ReferenceCounter).values(prefix=prefix, last=1)
    one_more = fresh.on_conflict_do_update(index_elements=["prefix"], set_={"last": ReferenceCounter.last + 1})
    number = db.session.scalar(one_more.returning(ReferenceCounter.last))
    return f"{prefix}-{number:04d}"


def seen(made: Sequence[Proof]) -> str:
    """What a person looked at before they issued it: any other text, addressee, annex or mailbox gives another word."""
    told = [(str(p.letter.id), p.written.digest, p.letter.kind.value, [r.address for r in p.party.recipients]) for p in made]
    return hashlib.sha256(repr(sorted(told)).encode()).hexdigest()[:32]


def issue(of: LetterSet, subject: Subject, *, looked_at: str, by: Person, now: datetime) -> list[Letter]:
    """Give each letter its number, keep its bytes, and write to its mailboxes. Pressed twice, it is done once."""
    hold(of)
    if of.status is SetStatus.ISSUED:
        return []
    refuse_issued(of)
    refuse_unless_ready(subject, now)
    _refuse_unsigned(of)
    refuse_past(of.answer_due, now)
    letters = list(letters_of(of))
    for letter in letters:
        _lock_former(letter)
    made = proofs(of, letters, subject, now)
    _refuse_stale(made)
    if looked_at != seen(made):
        raise RuleBroken(_("Something changed since you looked at these letters. Look at them again, then issue them."))
    today = to_wall(now, settings().default_zone).date()
    trees = [paper.numbered(proof.written.tree, next_number(Direction.OUT, today), today) for proof in made]
    annexes = _annexes(of)
    for proof, tree, pdf, word in zip(made, trees, letters_to_pdf(trees), letters_to_docx(trees, now), strict=True):
        _refuse_heavy(len(pdf) + sum(a["size"] for a in annexes))
        _keep(proof, tree, (pdf, word), today, by, now)
        _send(proof, of, annexes, today, now)
        _tell(proof.letter, by, now)
    of.status, of.issued_at, of.updated_at = SetStatus.ISSUED, now, now
    db.session.flush()
    return letters


def _refuse_unsigned(of: LetterSet) -> None:
    """Somebody must sign, and still does."""
    signatory = db.session.get(Signatory, of.signatory_id)
    if signatory is None or not signatory.active or not signatory.name.strip() or not any(signatory.posts.values()):
        raise RuleBroken(_("Nobody signs these letters. Choose a signatory with a name and a post, then prepare them again."))


def _refuse_stale(made: Sequence[Proof]) -> None:
    stale = [proof for proof in made if proof.stale]
    if stale:
        named = ", ".join(_called(proof.letter) for proof in stale[:5])
        raise RuleBroken(
            _(
                "What these letters are about changed after you wrote their text by hand: %(names)s. Open them and save them.",
                names=named,
            )
        )


def _called(letter: Letter) -> str:
    if letter.state is None:
        return letter.correspondent
    return str(text.best(letter.state.names, settings().default_language, settings().language_order))


def _refuse_heavy(size: int) -> None:
    if size > MOST_BYTES:
        raise RuleBroken(_("A letter and its annexes are larger than 10 MB together. Leave an annex out, or make it smaller."))


def _lock_former(letter: Letter) -> None:
    """The letter that this one replaces, still in force."""
    if letter.replaces_id is None:
        return
    former = letter.replaces
    if former is not None:
        hold(former)
    if former is None or former.status is not Status.ISSUED:
        raise RuleBroken(_("The letter that this one replaces is replaced or cancelled already."))


def _annexes(of: LetterSet) -> list[dict[str, Any]]:
    """The annexes that are files, as the mail carries them."""
    ids = [uuid.UUID(item["file"]) for item in of.annexes.get("items", ()) if item["file"]]
    stored = {f.id: f for f in db.session.scalars(select(StoredFile).where(StoredFile.id.in_(ids)))} if ids else {}
    return [messages.attached(stored[one], stored[one].original_name) for one in ids]


def _keep(proof: Proof, tree: Tree, made: tuple[bytes, bytes], today: date, by: Person, now: datetime) -> None:
    """Freeze what the letter says, and keep its files."""
    letter, number = proof.letter, tree.head[0][1]
    as_pdf, as_word = messages.file_name(number, "pdf"), messages.file_name(number, "docx")
    kept = files.keep(made[0], as_pdf, PDF, "letter-pdf", "letter", letter.id, by, now)
    also = files.keep(made[1], as_word, DOCX, "letter-docx", "letter", letter.id, by, now)
    letter.pdf_id, letter.docx_id = kept.id, also.id
    letter.number, letter.dated, letter.status = number, today, Status.ISSUED
    letter.issued_at, letter.issued_by, letter.updated_at = now, by.id, now
    letter.subject, letter.answer_due = tree.subject[1], letter.set.answer_due if letter.set else None
    letter.correspondent = tree.addressee[0] if tree.addressee else letter.correspondent
    letter.content = paper.frozen(tree)
    letter.search = text.fold(f"{number} {letter.subject}")
    people = [{"name": r.name, "address": r.address, "person": str(r.person_id or "")} for r in proof.party.recipients]
    letter.recipients = {"people": people}


def _send(proof: Proof, of: LetterSet, annexes: list[dict[str, Any]], today: date, now: datetime) -> None:
    """To each mailbox by mail; a State without one waits in the list of letters to print."""
    letter = proof.letter
    if proof.party.recipients:
        letter.means, letter.sent_on = Means.MAIL, today
    db.session.flush()
    if proof.party.recipients:
        pdf = db.session.get(StoredFile, letter.pdf_id)
        assert pdf is not None  # kept a moment ago
        messages.send(letter, of, proof.party.recipients, annexes, pdf, now)


def _tell(letter: Letter, by: Person, now: datetime) -> None:
    """The log's line; and the letter that this one replaces is told so."""
    pdf = db.session.get(StoredFile, letter.pdf_id)
    changes = {"number": (None, letter.number), "sha256": (None, pdf.sha256 if pdf else None)}
    record("letter.issued", "letter", letter.id, by=by, now=now, changes=changes)
    if letter.replaces is not None:
        former = letter.replaces
        former.status, former.updated_at = Status.REPLACED, now
        cancel_waiting(messages.SUBJECT, former.id, now=now)
        record("letter.replaced", "letter", former.id, by=by, now=now, changes={"number": (former.number, letter.number)})
