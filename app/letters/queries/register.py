"""The register: letters in and out, and those that other rooms already hold, in one list without double entry.

An expression of interest entered from a note verbale, a designation's letter and an answer entered on behalf stay where
they are; here they appear with a link. Each part is read by its own index and cut before the parts are put together.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Date, Select, Text, Uuid, cast, false, func, literal, null, or_, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from app.accounts.access import P, Viewer
from app.accounts.models import Designation, Organisation, Person
from app.core import text
from app.core.db import Json, Texts
from app.core.paging import Page, page_of
from app.exchanges.models import AnswerRecord, Invitation, PeerSession
from app.extensions import db
from app.interests.models import Expression, Source
from app.letters.models import About, Direction, Letter, LetterKind, Status


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to."""

    direction: Direction | None = None
    kind: LetterKind | None = None
    state_id: uuid.UUID | None = None
    words: str = ""
    overdue: bool = False
    to_print: bool = False  # left by no mail, and nobody noted how
    today: date = date.min


@dataclass(frozen=True)
class Entry:
    """One line of the register."""

    held: str  # "letter", or the kind of record that holds it
    id: uuid.UUID
    dated: date
    direction: str
    kind: str
    number: str
    their_number: str
    status: str
    states: Texts | None
    correspondent: str
    facts: Json
    answer_due: date | None
    answered_on: date | None
    answered_by: str | None  # number of the letter
    answered_by_id: uuid.UUID | None


def page(viewer: Viewer, filters: Filters, *, after: tuple[date, uuid.UUID] | None = None, size: int = 50) -> Page[Entry]:
    """One page of the register, newest first."""
    if not viewer.can(P.SEE_LETTERS):
        return Page([], None)
    parts = [part for part in (_letters, _expressions, _designations, _answers) if (part is _letters) or _asked(filters)]
    cut = [_cut(part(filters), after, size) for part in parts]
    whole = union_all(*(select(part.subquery()) for part in cut)).subquery()
    rows = db.session.execute(select(whole).order_by(whole.c.dated.desc(), whole.c.id.desc()).limit(size + 1))
    return page_of([Entry(*row) for row in rows], size, lambda entry: (entry.dated, entry.id))


def every(viewer: Viewer, filters: Filters) -> Iterator[Entry]:
    """The whole register under these filters, a few hundred lines at a time."""
    after: tuple[date, uuid.UUID] | None = None
    while True:
        found = page(viewer, filters, after=after, size=500)
        yield from found.rows
        if found.after is None:
            return
        after = (found.rows[-1].dated, found.rows[-1].id)


def _asked(filters: Filters) -> bool:
    """Can what other rooms hold be among what is asked for? It came, and its answer is not waited for here."""
    return filters.direction is not Direction.OUT and not filters.overdue and not filters.to_print


def _cut(query: tuple[Select[Any], Any, Any], after: tuple[date, uuid.UUID] | None, size: int) -> Select[Any]:
    found, dated, id_ = query
    if after is not None:
        found = found.where(tuple_(dated, id_) < tuple_(*after))
    return found.order_by(dated.desc(), id_.desc()).limit(size + 1)


def _line(held: str, id_: Any, dated: Any, **told: Any) -> list[Any]:
    """The columns of one part, in the order of ``Entry``."""
    word, no_word, no_day = literal("", Text), cast(null(), Text), cast(null(), Date)
    nothing = {
        "direction": literal("in", Text), "kind": no_word, "number": word, "their_number": word,
        "status": literal("received", Text), "states": cast(null(), JSONB), "correspondent": word,
        "facts": cast(literal("{}", Text), JSONB), "answer_due": no_day,
        "answered_on": no_day, "answered_by": no_word, "answered_by_id": cast(null(), Uuid),
    }  # fmt: skip
    columns = {**nothing, **told}
    return [literal(held, Text).label("held"), id_.label("id"), dated.label("dated")] + [
        columns[name].label(name) for name in nothing
    ]


def _facts(**told: Any) -> Any:
    pairs = [piece for name, value in told.items() for piece in (literal(name, Text), value)]
    return func.jsonb_build_object(*pairs, type_=JSONB)


def _letters(filters: Filters) -> tuple[Select[Any], Any, Any]:
    answer = aliased(Letter)
    columns = _line(
        "letter", Letter.id, Letter.dated,
        direction=cast(Letter.direction, Text), kind=cast(Letter.kind, Text), number=Letter.number,
        their_number=Letter.their_number, status=cast(Letter.status, Text), states=Organisation.names,
        correspondent=Letter.correspondent, facts=_facts(subject=Letter.subject), answer_due=Letter.answer_due,
        answered_on=Letter.answered_on, answered_by=answer.number, answered_by_id=answer.id,
    )  # fmt: skip
    query = (
        select(*columns)
        .outerjoin(Organisation, Organisation.id == Letter.state_id)
        .outerjoin(answer, answer.id == Letter.answered_by_id)
        .where(Letter.status != Status.DRAFT)
    )
    if filters.direction is not None:
        query = query.where(Letter.direction == filters.direction)
    if filters.kind is not None:
        query = query.where(Letter.kind == filters.kind)
    if filters.state_id is not None:
        query = query.where(Letter.state_id == filters.state_id)
    for word in text.fold(filters.words).split():
        query = query.where(Letter.search.contains(word, autoescape=True))
    if filters.overdue:
        late = Letter.answer_due.is_not(None), Letter.answered_on.is_(None), Letter.answer_due < filters.today
        query = query.where(*late, Letter.status.in_((Status.ISSUED, Status.RECEIVED)))
    if filters.to_print:
        query = query.where(Letter.status == Status.ISSUED, Letter.sent_on.is_(None))
    return query, Letter.dated, Letter.id


def _expressions(filters: Filters) -> tuple[Select[Any], Any, Any]:
    row = Expression
    ours = (
        select(Letter.number, Letter.id, Letter.dated)
        .where(Letter.about_kind == About.EXPRESSION, Letter.about_id == row.id, Letter.status == Status.ISSUED)
        .order_by(Letter.issued_at.desc(), Letter.id)
        .limit(1)
        .correlate(row)
        .lateral()
    )
    columns = _line(
        "expression", row.id, row.source_date,
        kind=cast(row.source, Text), their_number=func.coalesce(row.source_number, ""), states=Organisation.names,
        correspondent=row.organisation_name, facts=_facts(reference=row.reference),
        answered_on=ours.c.dated, answered_by=ours.c.number, answered_by_id=ours.c.id,
    )  # fmt: skip
    query = (
        select(*columns)
        .outerjoin(Organisation, Organisation.id == row.state_id)
        .outerjoin(ours, literal(True))
        .where(row.source_date.is_not(None), row.source.in_((Source.NOTE_VERBALE, Source.EMAIL)))
    )
    if filters.kind is not None:
        query = query.where(row.source == filters.kind.value) if filters.kind is not LetterKind.LETTER else query.where(false())
    if filters.state_id is not None:
        query = query.where(row.state_id == filters.state_id)
    for word in text.fold(filters.words).split():
        query = query.where(row.search.contains(word, autoescape=True))
    return query, row.source_date, row.id


def _designations(filters: Filters) -> tuple[Select[Any], Any, Any]:
    row = Designation
    columns = _line(
        "designation", row.id, row.letter_date,
        kind=literal("letter", Text), their_number=row.letter_number, states=Organisation.names, correspondent=row.signatory,
        facts=_facts(person=func.concat_ws(" ", Person.given_name, Person.family_name)),
    )  # fmt: skip
    query = select(*columns).join(Organisation, Organisation.id == row.state_id).join(Person, Person.id == row.person_id)
    if filters.kind is not None and filters.kind is not LetterKind.LETTER:
        query = query.where(false())
    if filters.state_id is not None:
        query = query.where(row.state_id == filters.state_id)
    for word in text.fold(filters.words).split():
        among = (func.lower(row.letter_number), Person.search, func.lower(row.signatory))
        query = query.where(or_(*(part.contains(word, autoescape=True) for part in among)))
    return query, row.letter_date, row.id


def _answers(filters: Filters) -> tuple[Select[Any], Any, Any]:
    row = AnswerRecord
    number, kind = row.source["number"].astext, row.source["kind"].astext
    columns = _line(
        "invitation", row.id, row.source_date,
        kind=kind, their_number=func.coalesce(number, ""), states=Organisation.names,
        facts=_facts(titles=PeerSession.titles, invitation=cast(Invitation.id, Text), answer=cast(row.answer, Text)),
    )  # fmt: skip
    query = (
        select(*columns)
        .join(Invitation, Invitation.id == row.invitation_id)
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
        .where(row.source_date.is_not(None), kind.in_(("note_verbale", "email")))
    )
    if filters.kind is not None:
        query = query.where(kind == filters.kind.value)
    if filters.state_id is not None:
        query = query.where(Invitation.organisation_id == filters.state_id)
    for word in text.fold(filters.words).split():
        query = query.where(func.lower(number).contains(word, autoescape=True))
    return query, row.source_date, row.id
