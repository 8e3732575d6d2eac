"""Write, change, review, publish and hide tools, practices and resources. Nothing is deleted: what was on the site was read."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Integer, cast, func, select, text
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.audit.queries import saved_since
from app.audit.rules import differences, record
from app.core.errors import Conflict, RuleBroken
from app.extensions import db
from app.practices.indexing import Record, kind_of, texts_of
from app.practices.models import Kind, Practice, Resource
from app.practices.queries.records import MODELS
from app.texts import rules as text_rules

_PREFIXES = {Kind.PRACTICE: "PR", Kind.RESOURCE: "RS"}
_LOCK = 0x6C696272  # two records made at once get two numbers
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


def create(
    kind: Kind,
    fields: dict[str, Any],
    *,
    source: str,
    by: Person | None,
    now: datetime,
    submission_key: str | None = None,
) -> Record:
    """Write a record; it is a draft until it is published. The same form sent twice makes one."""
    before = _made_by(kind, submission_key)
    if before is not None:
        return before
    _check(kind, fields)
    values = dict(fields)
    if kind in _PREFIXES and not values.get("code"):
        values["code"] = _next_code(kind)
    try:
        with db.session.begin_nested():
            made: Record = MODELS[kind](**values, submission_key=submission_key, created_at=now, updated_at=now)
            db.session.add(made)
            db.session.flush()
    except IntegrityError:  # the same form was being saved by another request, or the code was taken meanwhile
        before = _made_by(kind, submission_key)
        if before is None:
            raise RuleBroken(_l("This code is taken. Choose another one."), field="code") from None
        return before
    text_rules.written(kind, made.id, texts_of(made), source=source, by=by, now=now)
    told: dict[str, tuple[Any, Any]] = {"code": (None, made.code), "titles": ({}, made.titles)}
    record(f"{kind.value}.created", kind, made.id, by=by, now=now, changes=told)
    return made


def change(row: Record, fields: dict[str, Any], *, version: int, source: str, by: Person, now: datetime) -> bool:
    """Change a record, unless somebody else did so since it was read; ``False`` when nothing is new.

    What was typed is compared with what stands there, so the same form sent twice is no conflict with itself.
    """
    db.session.flush()
    db.session.refresh(row, with_for_update=True)
    kind = kind_of(row)
    wanted = {name: value for name, value in fields.items() if name != "code"}
    _check(kind, {**wanted, "code": row.code})
    changes = differences(row, wanted)
    if row.version != version and changes:
        raise Conflict(
            _("Somebody else changed this while you were writing."),
            [(name, theirs, yours) for name, (theirs, yours) in changes.items()],
            saved_since(kind, row.id, row.version - version),
        )
    if row.published:
        _complete(wanted)
    for name, value in wanted.items():
        setattr(row, name, value)
    if changes:
        row.updated_at = now
        record(f"{kind.value}.changed", kind, row.id, by=by, now=now, changes=changes)
    db.session.flush()
    text_rules.written(kind, row.id, texts_of(row), source=source, by=by, now=now)
    return bool(changes)


def publish(row: Record, *, by: Person | None, now: datetime) -> None:
    """Put a record on the site. Publishing again what is there changes nothing."""
    db.session.flush()
    db.session.refresh(row, with_for_update=True)
    _complete({name: getattr(row, name) for name in ("titles", "summaries")})
    _show(row, True, by, now)


def hide(row: Record, *, by: Person, now: datetime) -> None:
    """Take a record off the site. It is a draft again; what is linked to it stays linked."""
    db.session.flush()
    db.session.refresh(row, with_for_update=True)
    _show(row, False, by, now)


def reviewed(row: Record, language: str, *, by: Person, now: datetime) -> bool:
    """Somebody read the texts in this language beside their source and stands by them."""
    return text_rules.reviewed(kind_of(row), row.id, texts_of(row), language, by=by, now=now)


def _show(row: Record, shown: bool, by: Person | None, now: datetime) -> None:
    if row.published is shown:
        return
    row.published = shown
    if shown and row.published_at is None:
        row.published_at = now
    row.updated_at = now
    kind = kind_of(row)
    done = "published" if shown else "hidden"
    record(f"{kind.value}.{done}", kind, row.id, by=by, now=now, changes={"published": (not shown, shown)})
    db.session.flush()


def _made_by(kind: Kind, submission_key: str | None) -> Record | None:
    if submission_key is None:
        return None
    model = MODELS[kind]
    found: Record | None = db.session.scalar(select(model).where(model.submission_key == submission_key))
    return found


def _next_code(kind: Kind) -> str:
    """The next number of its kind; numbers are never given again, since nothing is deleted."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    prefix, model = _PREFIXES[kind], Practice if kind is Kind.PRACTICE else Resource
    number = cast(func.substring(model.code, rf"^{prefix}-([0-9]{{1,6}})$"), Integer)
    last = db.session.scalar(select(func.max(number)))
    return f"{prefix}-{(last or 0) + 1:02d}"


def _check(kind: Kind, fields: dict[str, Any]) -> None:
    """What must be true of every record, draft or not."""
    if not any(fields.get("titles", {}).values()):
        raise RuleBroken(_l("Enter a title in at least one language."), field="titles")
    if kind is Kind.TOOL:
        _check_tool(fields)
    if kind is Kind.PRACTICE:
        first, last = fields.get("year_from"), fields.get("year_to")
        if first and last and last < first:
            raise RuleBroken(_l("Enter a last year that is not before the first one."), field="year_to")
        if not set(fields.get("main_objectives", [])) <= set(fields.get("objectives", [])):
            raise RuleBroken(_l("Choose the main objectives from among the objectives above."), field="main_objectives")


def _check_tool(fields: dict[str, Any]) -> None:
    if not _CODE.fullmatch(fields.get("code") or ""):
        sentence = _l("Enter a code of small letters, digits and underscores, such as gap_checklist. It begins with a letter.")
        raise RuleBroken(sentence, field="code")
    total = sum(m["weight"] for m in fields.get("milestones", []))
    if fields.get("milestones") and total != 100:
        raise RuleBroken(_l("The weights add up to %(total)s. Make them add up to 100.", total=total), field="milestones")


def _complete(fields: dict[str, Any]) -> None:
    """What a reader of the site must find."""
    if not any(fields.get("summaries", {}).values()):
        raise RuleBroken(_l("Write a summary in at least one language before it is on the site."), field="summaries")
