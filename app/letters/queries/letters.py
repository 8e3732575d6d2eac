"""Reading letters one by one, those of a set, those to print, and how many answers are overdue."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Select, false, select, tuple_
from sqlalchemy.orm import joinedload

from app.accounts.access import P, Viewer
from app.core.paging import Page, page_of
from app.extensions import db
from app.files.models import StoredFile
from app.letters.models import About, Direction, Letter, LetterSet, SetStatus, Status

SUBJECT = "letter"
"""What the outbox calls a letter when a message speaks of one."""


def visible_to(viewer: Viewer) -> Select[Letter]:
    """All letters for those who see the register; none for anybody else."""
    query = select(Letter)
    return query if viewer.can(P.SEE_LETTERS) else query.where(false())


def sets_visible_to(viewer: Viewer) -> Select[LetterSet]:
    """Likewise what is prepared."""
    query = select(LetterSet)
    return query if viewer.can(P.SEE_LETTERS) else query.where(false())


_WHOLE = (
    joinedload(Letter.state),
    joinedload(Letter.office),
    joinedload(Letter.person),
    joinedload(Letter.replaces),
    joinedload(Letter.answered_by),
    joinedload(Letter.set).joinedload(LetterSet.signatory),
)


def letter_in_view(viewer: Viewer, letter_id: uuid.UUID) -> Letter | None:
    """This letter with what its page shows, if the viewer may see it."""
    return db.session.scalar(visible_to(viewer).where(Letter.id == letter_id).options(*_WHOLE))


def set_in_view(viewer: Viewer, set_id: uuid.UUID) -> LetterSet | None:
    """This set, if the viewer may see it."""
    return db.session.scalar(sets_visible_to(viewer).where(LetterSet.id == set_id).options(joinedload(LetterSet.signatory)))


def letters_of(of: LetterSet) -> Sequence[Letter]:
    """The letters of a set, by the State's name."""
    query = select(Letter).where(Letter.set_id == of.id).options(*_WHOLE).execution_options(populate_existing=True)
    rows = db.session.scalars(query).all()
    return sorted(rows, key=lambda letter: (letter.state.sort_name if letter.state else letter.correspondent, letter.id))


def open_sets(viewer: Viewer, after: tuple[datetime, uuid.UUID] | None = None, size: int = 30) -> Page[LetterSet]:
    """One page of what is prepared and neither issued nor discarded, newest first."""
    query = sets_visible_to(viewer).where(LetterSet.status == SetStatus.DRAFT)
    if after is not None:
        query = query.where(tuple_(LetterSet.created_at, LetterSet.id) < tuple_(*after))
    rows = db.session.scalars(query.order_by(LetterSet.created_at.desc(), LetterSet.id.desc()).limit(size + 1)).all()
    return page_of(rows, size, lambda row: (row.created_at.isoformat(), row.id))


def issued_about(kind: About, row_id: uuid.UUID, most: int = 500) -> Sequence[Letter]:
    """Letters of ours about a thing that stand, newest first."""
    query = select(Letter).where(Letter.about_kind == kind, Letter.about_id == row_id, Letter.status == Status.ISSUED)
    return db.session.scalars(
        query.options(joinedload(Letter.state)).order_by(Letter.issued_at.desc(), Letter.id).limit(most)
    ).all()


def to_print(viewer: Viewer, *, after: tuple[date, uuid.UUID] | None = None, size: int = 50) -> Page[Letter]:
    """Letters that left by no mail and wait to be printed and sent, oldest first."""
    query = visible_to(viewer).where(Letter.status == Status.ISSUED, Letter.sent_on.is_(None)).options(joinedload(Letter.state))
    if after is not None:
        query = query.where(tuple_(Letter.dated, Letter.id) > tuple_(*after))
    rows = db.session.scalars(query.order_by(Letter.dated, Letter.id).limit(size + 1)).all()
    return page_of(rows, size, lambda row: (row.dated, row.id))


def awaiting(viewer: Viewer, direction: Direction, most: int = 200) -> Sequence[Letter]:
    """Letters in this direction that wait for an answer, the longest first: a letter that comes may answer one."""
    query = visible_to(viewer).where(
        Letter.direction == direction,
        Letter.status.in_((Status.ISSUED, Status.RECEIVED)),
        Letter.answer_due.is_not(None),
        Letter.answered_on.is_(None),
    )
    return db.session.scalars(query.options(joinedload(Letter.state)).order_by(Letter.answer_due, Letter.id).limit(most)).all()


def may_answer(letter: Letter, most: int = 100) -> Sequence[Letter]:
    """Letters of the other direction with the same State that may be the answer to this one, newest first."""
    other = Direction.IN if letter.direction is Direction.OUT else Direction.OUT
    query = select(Letter).where(
        Letter.direction == other, Letter.status.in_((Status.ISSUED, Status.RECEIVED)), Letter.dated >= letter.dated
    )
    if letter.state_id is not None:
        query = query.where(Letter.state_id == letter.state_id)
    else:
        query = query.where(Letter.state_id.is_(None))
    return db.session.scalars(query.order_by(Letter.dated.desc(), Letter.id.desc()).limit(most)).all()


def replaced_by(letter: Letter) -> Letter | None:
    """The corrected letter that took the place of this one, issued or in preparation."""
    query = select(Letter).where(Letter.replaces_id == letter.id, Letter.status != Status.CANCELLED)
    return db.session.scalars(query.options(joinedload(Letter.set)).order_by(Letter.created_at.desc()).limit(1)).first()


def stands(letter_id: uuid.UUID) -> bool:
    """Is this letter issued or received, neither replaced nor cancelled?"""
    counts = Letter.status.in_((Status.ISSUED, Status.RECEIVED))
    return db.session.scalar(select(Letter.id).where(Letter.id == letter_id, counts)) is not None


def files_of(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, StoredFile]:
    """Stored files by id, in one statement."""
    wanted = [one for one in ids if one is not None]
    if not wanted:
        return {}
    return {f.id: f for f in db.session.scalars(select(StoredFile).where(StoredFile.id.in_(wanted)))}
