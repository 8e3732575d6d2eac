"""Keep the list of gaps in step with the records: whatever is saved through the mapper is judged anew at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, event, inspect, select
from sqlalchemy.dialects.postgresql import insert

from app.core.languages import LANGUAGES
from app.core.signing import settings
from app.extensions import db
from app.texts.kinds import TextKind, known
from app.texts.models import TextGap, TextMark
from app.texts.states import State, source_language, standing

SETTLED = (State.SOURCE, State.REVIEWED)
"""States that ask nobody for anything."""


def listen(kind: TextKind) -> None:
    """Follow what the mapper saves of a kind."""

    def added(_mapper: Any, connection: Connection, row: Any) -> None:
        _write(connection, kind, row, [], is_new=True)

    def changed(_mapper: Any, connection: Connection, row: Any) -> None:
        history = inspect(row).attrs
        if any(history[name].history.has_changes() for name in (*kind.fields, *kind.watched)):
            _write(connection, kind, row, _marks(connection, kind, row.id))

    def removed(_mapper: Any, connection: Connection, row: Any) -> None:
        connection.execute(_gone(kind, row.id))

    event.listen(kind.model, "after_insert", added)
    event.listen(kind.model, "after_update", changed)
    event.listen(kind.model, "after_delete", removed)


def judge(name: str, id_: uuid.UUID) -> None:
    """Judge one record anew, once its marks have changed."""
    kind = known().get(name)
    row = db.session.get(kind.model, id_) if kind is not None else None
    if kind is not None and row is not None:
        connection = db.session.connection()
        _write(connection, kind, row, _marks(connection, kind, id_))


def judge_all() -> int:
    """Judge every record anew: after an upgrade, and for rows that came past the mapper."""
    judged = 0
    db.session.flush()
    for kind in known().values():
        for row in db.session.scalars(select(kind.model).order_by(kind.model.id)).yield_per(500):
            judge(kind.name, row.id)
            judged += 1
    return judged


def _marks(connection: Connection, kind: TextKind, id_: uuid.UUID) -> Sequence[Row[Any]]:
    table = TextMark.__table__
    return connection.execute(select(table).where(TextMark.kind == kind.name, TextMark.object_id == id_)).all()


def _gone(kind: TextKind, id_: uuid.UUID) -> Any:
    return delete(TextGap.__table__).where(TextGap.kind == kind.name, TextGap.object_id == id_)  # type: ignore[arg-type]


def _write(connection: Connection, kind: TextKind, row: Any, marks: Sequence[Any], *, is_new: bool = False) -> None:
    """The gaps of a record in place of those that were noted."""
    if not is_new:
        connection.execute(_gone(kind, row.id))
    if not kind.counts(row):
        return
    fields = kind.texts(row)
    source = source_language(fields, marks, settings().language_order)
    places = {(mark.field, mark.language): mark for mark in marks}
    found = [standing(fields, language, source, places) for language in LANGUAGES]
    gaps = [
        {
            "kind": kind.name, "object_id": row.id, "language": s.language, "state": s.state.value, "source_language": source,
            "until": kind.until(row),
        }
        for s in found
        if s.state not in SETTLED
    ]  # fmt: skip
    if gaps:
        connection.execute(insert(TextGap.__table__).on_conflict_do_nothing(), gaps)  # type: ignore[arg-type]
