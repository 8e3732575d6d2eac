"""What stands beside an expression of interest on its record, read in one statement.

Notes, questions and files are asked for with what decides who may see them: none is read that the viewer may not see.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, Select, String, any_, bindparam, select

from app.accounts.access import P, Viewer
from app.accounts.models import Person
from app.audit.queries import Line, lines_of, log_of
from app.core.db import Json, Texts, as_list
from app.extensions import db
from app.files.models import StoredFile
from app.interests.models import Expression, Move, Note, Question, Status
from app.interests.queries.duplicates import OTHERS, Duplicate, asked_of_others, duplicates_from
from app.interests.queries.expressions import FILES_IN_ORDER, NEWEST_MOVES, NEWEST_NOTES, NEWEST_QUESTIONS, seen_here
from app.interests.queries.opinions import CO_LEADS_TO_ASK
from app.interests.queries.queue import STAFF
from app.interests.queries.voices import HERE, LISTS, Named, Voices, full_name, instant, voices_from
from app.practices.models import Tool


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file by its name."""

    id: uuid.UUID
    original_name: str
    size: int
    visibility: str


@dataclass(frozen=True, slots=True)
class ShownMove:
    """A dated step, and who made it."""

    at: datetime
    after: Status
    reason: str | None
    by: Named | None


@dataclass(frozen=True, slots=True)
class ShownNote:
    """A note with who wrote it."""

    id: uuid.UUID
    at: datetime
    text: str
    visibility: str
    author: Named


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """A question to the applicant, and its answer."""

    id: uuid.UUID
    asked_at: datetime
    answered_at: datetime | None
    text: str
    answer: str | None
    answered_via: str | None
    source: Json | None
    visibility: str


@dataclass(frozen=True, slots=True)
class Beside:
    """All of it, the newest first."""

    voices: Voices
    files: dict[uuid.UUID, ShownFile]  # the oldest first
    moves: list[ShownMove]
    notes: list[ShownNote]
    questions: list[ShownQuestion]
    duplicates: list[Duplicate]
    tools: dict[str, Texts]  # the titles of those it asks for
    staff: list[tuple[str, str]]  # id and name of those who can be given it, for who may give it
    co_leads: int  # how many can be asked, for who may ask
    lines: list[Line]  # of the log, for who may read it


def _statement(viewer: Viewer, reviews: bool, with_log: bool) -> Select[Any]:
    files = select(StoredFile).join(Expression, Expression.id == StoredFile.object_id)
    files = files.where(StoredFile.object_kind == "expression", StoredFile.object_id == HERE)
    moves = select(Move).outerjoin(Person, Person.id == Move.by_id).where(Move.expression_id == HERE)
    notes = select(Note).join(Expression, Expression.id == Note.expression_id).join(Person, Person.id == Note.author_id)
    notes = notes.where(Note.expression_id == HERE, _seen(viewer, Note.visibility))
    questions = select(Question).join(Expression, Expression.id == Question.expression_id)
    questions = questions.where(Question.expression_id == HERE, _seen(viewer, Question.visibility))
    columns = [
        *LISTS,
        as_list(
            files.where(_seen(viewer, StoredFile.visibility)).order_by(*FILES_IN_ORDER),
            StoredFile.id, StoredFile.original_name, StoredFile.size, StoredFile.visibility,
        ),
        as_list(moves.order_by(*NEWEST_MOVES), Move.at, Move.after, Move.reason, full_name(Person)),
        as_list(notes.order_by(*NEWEST_NOTES), Note.id, Note.at, Note.text, Note.visibility, full_name(Person)),
        as_list(
            questions.order_by(*NEWEST_QUESTIONS),
            Question.id, Question.asked_at, Question.answered_at, Question.text, Question.answer, Question.answered_via,
            Question.source, Question.visibility,
        ),
        OTHERS,
        as_list(select(Tool).where(Tool.code == any_(bindparam("tools", type_=ARRAY(String)))), Tool.code, Tool.titles),
    ]  # fmt: skip
    if reviews:
        columns += [as_list(STAFF, Person.id, full_name(Person)), as_list(CO_LEADS_TO_ASK, Person.id)]
    return select(*columns, *([log_of("expression", HERE)] if with_log else []))


def _seen(viewer: Viewer, label: Any) -> Any:
    return seen_here(viewer, HERE, bindparam("me"), label)


_once = lru_cache(maxsize=64)(_statement)


def beside(expression: Expression, viewer: Viewer) -> Beside:
    """What this viewer may see beside the expression. One statement, put together once for all who see the same."""
    reviews, with_log = viewer.can(P.REVIEW_EXPRESSIONS), viewer.can(P.READ_AUDIT)
    # who it is stands in the statement as a value: all else that decides is in this copy
    alike = replace(viewer, person=None, organisation_ids=frozenset(), token="", sign_in_id=None)  # noqa: S106 - nobody's
    asked = {
        "here": expression.id, "me": viewer.person.id if viewer.person is not None else None, "tools": expression.tools,
        **asked_of_others(expression),
    }  # fmt: skip
    found = list(db.session.execute(_once(alike, reviews, with_log), asked).one())
    lines = lines_of("expression", expression.id, found.pop()) if with_log else []
    staff, co_leads = found[-2:] if reviews else ([], [])
    files, moves, notes, questions, others, tools = found[len(LISTS) : len(LISTS) + 6]
    return Beside(
        voices_from(found[: len(LISTS)]),
        {one.id: one for one in (ShownFile(uuid.UUID(id_), *rest) for id_, *rest in files)},
        [ShownMove(instant(at), Status(after), why, Named(by) if by else None) for at, after, why, by in moves],
        [ShownNote(uuid.UUID(id_), instant(at), text, visibility, Named(by)) for id_, at, text, visibility, by in notes],
        [ShownQuestion(uuid.UUID(id_), instant(at), instant(then), *rest) for id_, at, then, *rest in questions],
        duplicates_from(expression, others),
        dict(tools),
        [(id_, name) for id_, name in staff],
        len(co_leads),
        lines,
    )
