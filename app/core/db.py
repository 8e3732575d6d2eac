"""The base of every table: names of constraints, ids made here, aware UTC instants."""

from __future__ import annotations

import os
import select
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TypeVar

from flask import current_app
from flask_sqlalchemy.session import Session as AppSession
from sqlalchemy import ColumnElement, Date, DateTime, Dialect, Engine, MetaData, String, Text, TypeDecorator, event, func
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, registry

from app.core import clock

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Texts = dict[str, str]
"""One text in several languages: language code to text. Missing languages are absent."""

Json = dict[str, Any]


class UtcDateTime(TypeDecorator[datetime]):
    """A ``timestamptz`` that refuses naive values and always answers in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a datetime without a zone: it would silently be read in the server's."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Answer in UTC whatever the connection's zone is."""
        return value if value is None else value.astimezone(UTC)


def as_list(query: Any, *columns: Any) -> ColumnElement[Any]:
    """These columns of a statement's rows as one value, a list of lists in the statement's order: several short lists are
    then read by one statement. Ids, dates and instants come as text."""
    rows = query.with_only_columns(func.json_build_array(*columns))
    return func.to_json(func.array(rows.scalar_subquery(), type_=ARRAY(JSON)), type_=JSON)


def checked(kind: type[Enum], name: str) -> SqlEnum:
    """A checked text column for an enum whose check needs a name of its own: two columns of one kind in a table."""
    return SqlEnum(
        kind, native_enum=False, create_constraint=True, length=40, name=name, values_callable=lambda e: [m.value for m in e]
    )


class Base(DeclarativeBase):
    """Declarative base; the map of types keeps models short."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            datetime: UtcDateTime(),
            date: Date(),
            Texts: JSONB(),
            Json: JSONB(),
            list[str]: ARRAY(String()),
            str: Text(),
            # a checked text column: easier to extend without a lock than a native type
            Enum: SqlEnum(
                Enum, native_enum=False, create_constraint=True, length=40, values_callable=lambda e: [m.value for m in e]
            ),
        },
    )


class _Order:
    """The last millisecond and counter of one row of ids, so that the next is later."""

    def __init__(self) -> None:
        self._lock, self._ms, self._counter = threading.Lock(), -1, 0

    def after(self, ms: int, *, never_back: bool) -> tuple[int, int]:
        """Millisecond and 42-bit counter of the next id: a new millisecond begins at a random number, the same one goes on."""
        with self._lock:
            if never_back:
                ms = max(ms, self._ms)
            same = ms == self._ms
            self._ms, self._counter = ms, self._counter + 1 if same else int.from_bytes(os.urandom(5), "big")
            return self._ms, self._counter


_by_clock, _by_hand = _Order(), _Order()


def uuid7(at: datetime | None = None) -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7): 48 bits of milliseconds, a counter of 42 bits, 32 random bits.

    Ids made one after the other by a process are in that order also within a millisecond (section 6.2, method 1): lists
    and logs that are read by id tell what happened first. ``at``: of that moment; ids of the same moment keep their order.
    """
    if at is None:
        ms, counter = _by_clock.after(time.time_ns() // 1_000_000, never_back=True)
    else:
        ms, counter = _by_hand.after(int(at.timestamp() * 1000), never_back=False)
    high, low = counter >> 30 & 0xFFF, counter & (1 << 30) - 1
    tail = int.from_bytes(os.urandom(4), "big")
    value = (ms & (1 << 48) - 1) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low << 32 | tail
    return uuid.UUID(int=value)


class Id:
    """A UUID primary key made in Python."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)


class Timestamps:
    """When the row was made and last changed, by the platform's clock."""

    created_at: Mapped[datetime] = mapped_column(default=clock.now, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now, sort_order=91)


@contextmanager
def own_transaction() -> Iterator[Session]:
    """A short transaction beside the request's, for what must stay when the request is refused: a count, a last visit.

    The session is asked of the app, since nothing down here knows the extensions.
    """
    with current_app.extensions["sqlalchemy"].session.session_factory() as session, session.begin():
        yield session


View = TypeVar("View", bound=Callable[..., Any])


def reading(view: View) -> View:
    """A view that only reads. Each of its statements stands by itself: no BEGIN before the first, no ROLLBACK after the last.

    Under READ COMMITTED every statement sees the data as they are when it starts, in a transaction or out of one, so
    the page shows the same. What would write from such a view is refused (``PageSession``).
    """
    view.reads = True  # type: ignore[attr-defined]
    return view


class PageSession(AppSession):
    """The session of a request; ``info["reads"]`` says that its view only reads."""

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **kwargs: Any) -> Any:
        """The engine; for a statement that only reads, in a view that does, without a transaction around it."""
        found = super().get_bind(mapper=mapper, clause=clause, bind=bind, **kwargs)
        if not self.info.get("reads") or not isinstance(found, Engine) or not _only_selects(clause):
            return found
        kept = self.info.get("alone")
        if kept is None:
            kept = self.info["alone"] = _alone(found)
        return kept


def _only_selects(clause: Any) -> bool:
    return getattr(clause, "is_select", False) and getattr(clause, "_for_update_arg", None) is None


_readers: dict[int, tuple[Engine, Engine]] = {}


def _alone(engine: Engine) -> Engine:
    """The same engine and pool, each statement its own transaction."""
    if id(engine) not in _readers:
        _readers[id(engine)] = (engine, engine.execution_options(isolation_level="AUTOCOMMIT"))
    return _readers[id(engine)][1]


@event.listens_for(PageSession, "before_flush")
def _only_reads(session: Session, _context: Any, _instances: Any) -> None:
    if session.info.get("reads"):
        raise RuntimeError("a view that only reads was about to write")


ASKED_AGAIN = 30.0
"""Seconds after which a pooled connection is asked whether it still lives, and not only looked at."""


def lively(engine: Engine) -> None:
    """Hand out no dead connection of the pool, without asking the server before each page as ``pool_pre_ping`` does.

    A server that ended has closed the connection, which the socket tells at once. Where it has nothing to tell and the
    connection was in use half a minute ago, that is enough; else the server is asked.
    """

    @event.listens_for(engine, "checkout")
    def look(connection: Any, record: Any, _proxy: Any) -> None:
        now = time.monotonic()
        seen: float | None = record.info.get("seen")
        record.info["seen"] = now
        if seen is None or (now - seen < ASKED_AGAIN and not _speaks(connection.fileno())):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as problem:
            if engine.dialect.is_disconnect(problem, connection, None):
                raise InvalidatePoolError from problem
            raise


def _speaks(file: int) -> bool:
    """Is there something to read, where nothing was asked? The end of a connection reads so, and a server's last words."""
    poll = select.poll()
    poll.register(file, select.POLLIN | select.POLLPRI)
    return bool(poll.poll(0))
