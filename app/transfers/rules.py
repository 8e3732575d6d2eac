"""An import from upload to done. Checking only reads; importing does all rows in one transaction, or none.

Progress and signs of life are written in short transactions beside it, so that the page sees them and a stop is heard.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, update

from app.accounts.models import Person
from app.audit.rules import record
from app.core import clock
from app.core.db import own_transaction, uuid7
from app.core.errors import RuleBroken
from app.core.languages import babel_locale
from app.extensions import db
from app.files import rules as files
from app.tables.reading import MOST_BYTES, Unreadable, read
from app.transfers.cells import Planned, Problem
from app.transfers.kinds import IMPORTERS, Told
from app.transfers.models import BUSY, Import, ImportState, Kind
from app.transfers.queries import SILENT
from app.transfers.sheets import rows_of

SMALL = 300
"""So many rows are dealt with while the page is being made; more go to the worker."""
SHOWN = 300
_EVERY = 50
NAMES = ("new", "updated", "left", "wrong")


class Stopped(Exception):
    """Somebody asked to stop, or another process took the work over."""


def begin(data: bytes, name: str, kind: Kind, *, options: dict[str, Any], language: str, by: Person, now: datetime) -> Import:
    """Keep an uploaded table, to be checked."""
    if not data:
        raise RuleBroken(_l("Choose a file."), field="file")
    if len(data) > MOST_BYTES:
        raise Unreadable("too_large")
    made = Import(
        id=uuid7(), kind=kind, file_name=name[:200] or "table", options=options, language=language, by_id=by.id,
        created_at=now, updated_at=now,
    )  # fmt: skip
    media = "application/octet-stream"  # it is read, and never handed out
    made.file_id = files.keep(data, made.file_name, media, "import", "import", made.id, by, now).id
    db.session.add(made)
    db.session.flush()
    record("import.uploaded", "import", made.id, by=by, now=now, changes={"kind": (None, kind), "file": (None, made.file_name)})
    return made


def is_small(data: bytes) -> bool:
    """Can it be dealt with at once? A workbook packs about as many rows into a kilobyte as it has kilobytes of them."""
    return len(data) < 40_000 and (data[:2] == b"PK" or data.count(b"\n") <= SMALL)


def confirm(row: Import, counts: str, *, by: Person, now: datetime) -> None:
    """Begin the import of what was checked; ``counts`` are the figures the page showed. Pressed twice at once, it begins once."""
    _hold(row)
    if row.state is not ImportState.CHECKED:
        raise RuleBroken(_l("This table is not waiting for your word any more."))
    if counts != figures(row):
        raise RuleBroken(_l("The figures have changed since. Look at them again, and confirm then."))
    row.state, row.run, row.alive_at, row.rows_done, row.stop_asked_at = ImportState.RUNNING, None, None, 0, None
    row.by_id = by.id
    db.session.flush()


def _hold(row: Import) -> None:
    """The row as it is now, and nobody else's until the transaction ends: another press may have been faster."""
    db.session.flush()
    db.session.refresh(row, with_for_update={"of": Import})


def figures(row: Import) -> str:
    """What is confirmed: how many rows are new, updated, left."""
    return "-".join(str(row.counts.get(name, 0)) for name in ("new", "updated", "left"))


def stop(row: Import, *, by: Person, now: datetime) -> None:
    """Ask whoever works on it to stop; when nobody does, it is stopped at once. Nothing was changed."""
    _hold(row)
    if row.state not in (*BUSY, ImportState.CHECKED, ImportState.REFUSED):
        raise RuleBroken(_l("This table is not waiting for your word any more."))
    row.stop_asked_at = now
    if not row.is_busy or row.run is None or (row.alive_at and row.alive_at < now - SILENT):
        row.state, row.ended_at, row.run = ImportState.STOPPED, now, None
    db.session.flush()
    record("import.stopped", "import", row.id, by=by, now=now)


def work(import_id: uuid.UUID, *, now: datetime) -> bool:
    """Do what is due on an import: check it, or carry it out. The caller commits; ``False`` when another is at it."""
    run = _claim(import_id, now)
    if run is None:
        return False
    row = db.session.get_one(Import, import_id, populate_existing=True)
    with force_locale(babel_locale(row.language)):
        try:
            if row.state is ImportState.CHECKING:
                _check(row, run)
            else:
                _carry_out(row, run, now)
        except Stopped:
            db.session.rollback()
            _leave(import_id, run, state=ImportState.STOPPED, ended_at=clock.now())
        except BaseException:  # whatever it was: nothing half done, and the work is free to be taken up again
            db.session.rollback()
            _leave(import_id, run)
            raise
    return True


def _claim(import_id: uuid.UUID, now: datetime) -> uuid.UUID | None:
    """Hold the work, unless somebody alive does."""
    run = uuid.uuid4()
    free = or_(Import.run.is_(None), Import.alive_at < now - SILENT)
    with own_transaction() as session:
        mine = update(Import).where(Import.id == import_id, Import.state.in_(BUSY), free)
        done = session.execute(mine.values(run=run, alive_at=clock.now(), rows_done=0))
        return run if done.rowcount == 1 else None  # type: ignore[attr-defined]


def _leave(import_id: uuid.UUID, run: uuid.UUID, **values: Any) -> None:
    with own_transaction() as session:
        session.execute(update(Import).where(Import.id == import_id, Import.run == run).values(run=None, **values))


def _alive(import_id: uuid.UUID, run: uuid.UUID, done: int, total: int) -> None:
    """Show a sign of life and how far it is; ``Stopped`` when that is asked, or the work is another's."""
    with own_transaction() as session:
        still = (Import.id == import_id, Import.run == run, Import.stop_asked_at.is_(None))
        found = session.execute(update(Import).where(*still).values(alive_at=clock.now(), rows_done=done, rows=total))
    if found.rowcount != 1:  # type: ignore[attr-defined]
        raise Stopped


def _check(row: Import, run: uuid.UUID) -> None:
    problems, planned, _finish, total = _plan(row, run)
    state = ImportState.REFUSED if problems else ImportState.CHECKED
    _settle(row, run, state, problems, planned, total)


def _carry_out(row: Import, run: uuid.UUID, now: datetime) -> None:
    """Plan anew, for the data may have changed; then every row, in the transaction that also says it is done."""
    confirmed = figures(row)
    problems, planned, finish, total = _plan(row, run)
    counts = _counts(problems, planned)
    if problems or "-".join(str(counts[name]) for name in ("new", "updated", "left")) != confirmed:
        _settle(row, run, ImportState.REFUSED if problems else ImportState.CHECKED, problems, planned, total)
        return
    for done, one in enumerate(planned, 1):
        refused = _done(one.do, one.row)
        if refused is not None:
            db.session.rollback()
            _settle(row, run, ImportState.REFUSED, [refused], [], total)
            return
        if done % _EVERY == 0:
            _alive(row.id, run, done, total)
    refused = _done(finish, 0)
    if refused is not None:
        db.session.rollback()
        _settle(row, run, ImportState.REFUSED, [refused], [], total)
        return
    _settle(row, run, ImportState.DONE, [], planned, total, ended_at=clock.now(), rows_done=total)
    changes = {name: (None, counts[name]) for name in ("new", "updated", "left")}
    record("import.done", "import", row.id, by=row.by, now=now, changes={"kind": (None, row.kind), **changes})


def _done(act: Callable[[], None], number: int) -> Problem | None:
    try:
        act()
    except RuleBroken as refused:
        return Problem(number, "", str(refused.message))
    return None


def try_out(row: Import) -> None:
    """Do all rows as ``work`` will, for the caller to see what that writes and to roll it back."""
    with force_locale(babel_locale(row.language)):
        problems, planned, finish, _total = _plan(row, None)
        if problems:
            return  # the work finds them too, and says so
        for one in planned:
            one.do()
        finish()


def _plan(row: Import, run: uuid.UUID | None) -> tuple[list[Problem], list[Planned], Callable[[], None], int]:
    importer = IMPORTERS[row.kind]
    try:
        sheet = read(files.path_of(row.file_id).read_bytes(), importer.most)
        rows, problems = rows_of(sheet, importer)
    except Unreadable as refused:
        return [Problem(refused.row, "", str(refused.message))], [], lambda: None, 0
    if run is not None:
        _alive(row.id, run, 0, len(rows))
    if problems:
        return problems, [], lambda: None, len(rows)
    planned, finish = importer.plan(rows, told(row))
    if run is not None:
        _alive(row.id, run, 0, len(rows))
    return [p for one in rows for p in one.problems], planned, finish, len(rows)


def told(row: Import) -> Told:
    """Who imports and with which choices."""
    named = {name: uuid.UUID(row.options[name]) for name in ("session_id", "call_id") if row.options.get(name)}
    return Told(by=row.by, now=clock.now(), update=bool(row.options.get("update")), **named)


def _counts(problems: list[Problem], planned: list[Planned]) -> dict[str, int]:
    counts = dict.fromkeys(NAMES, 0)
    for one in planned:
        counts[one.what] += 1
    counts["wrong"] = len({p.row for p in problems})
    return counts


def _settle(
    row: Import, run: uuid.UUID, state: ImportState, problems: list[Problem], planned: list[Planned], total: int, **more: Any
) -> None:
    """Write down how it stands, if the work is still ours and nobody asked to stop."""
    db.session.flush()
    report = {
        "counts": _counts(problems, planned),
        "problems": [p.told() for p in problems[:SHOWN]],
        "more_problems": max(0, len(problems) - SHOWN),
        "rows": [[one.row, one.what, one.who] for one in planned[:SHOWN]],
    }
    values = {"state": state, "report": report, "rows": total, "run": None, "updated_at": clock.now(), **more}
    ours = (Import.id == row.id, Import.run == run, Import.stop_asked_at.is_(None))
    done = db.session.execute(update(Import).where(*ours).values(**values).execution_options(synchronize_session=False))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Stopped
    db.session.expire(row)
