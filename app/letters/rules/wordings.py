"""Change and review the wording of letters, and say who signs them."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.audit.queries import saved_since
from app.audit.rules import record, two_versions
from app.core import text
from app.core.db import Texts
from app.core.errors import Conflict, RuleBroken
from app.core.languages import LANGUAGES
from app.extensions import db
from app.letters.models import Formula, Signatory
from app.letters.queries.formulas import Standing, standings
from app.letters.wording import may_name, must_name, names_in
from app.texts.states import State

MOST_TEXT = 1500


def holding(key: str, language: str) -> Standing:
    """What holds now."""
    return next(s for s in standings([key])[key] if s.language == language)


def change(key: str, language: str, said: str, *, revision: int, by: Person, now: datetime) -> bool:
    """A new revision of one formula in one language; it waits for a review. ``False`` when it says what it said."""
    before = holding(key, language)
    said = text.clean(said).strip()
    if said == before.text:
        return False
    if revision != before.revision:
        raise Conflict(_("Somebody else changed this while you were writing."), [(_("Text"), before.text, said)])
    _check(key, said)
    _add(Formula(
        key=key, language=language, revision=before.revision + 1, text=said, written_at=now, written_by=by.id,
        written_name=by.full_name,
    ))  # fmt: skip
    _log("formula.changed", key, language, by, now, before.text, said)
    return True


def review(key: str, language: str, *, revision: int, by: Person, now: datetime) -> bool:
    """Somebody read this wording and stands by it under their name. ``False`` when it was said already, of the same source."""
    before = holding(key, language)
    if before.state is State.REVIEWED and before.revision == revision:
        return False
    if revision != before.revision:
        raise RuleBroken(_("Somebody else changed this wording meanwhile. Read it again."))
    if before.revision == 0:
        _add(Formula(
            key=key, language=language, revision=1, text=before.text, written_at=now, written_by=None, written_name="",
            reviewed_at=now, reviewed_by=by.id, reviewed_name=by.full_name,
        ))  # fmt: skip
    else:
        row = db.session.scalars(
            select(Formula).where(Formula.key == key, Formula.language == language, Formula.revision == revision).with_for_update()
        ).one()
        row.reviewed_at, row.reviewed_by, row.reviewed_name = now, by.id, by.full_name
        db.session.flush()
    _log("formula.reviewed", key, language, by, now, None, before.text)
    return True


def _add(row: Formula) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:  # another request wrote the same revision a moment ago
        raise Conflict(_("Somebody else changed this while you were writing.")) from None


def _check(key: str, said: str) -> None:
    if not said:
        raise RuleBroken(_("Enter the text."), field="text")
    if len(said) > MOST_TEXT:
        raise RuleBroken(_("Shorten this text: %(most)s characters fit on the paper.", most=MOST_TEXT), field="text")
    unknown = [name for name in names_in(said) if name not in may_name(key)]
    if unknown or said.count("{") != said.count("}"):
        names = " ".join(f"{{{name}}}" for name in may_name(key))
        raise RuleBroken(_("Only these can be filled in here: %(names)s.", names=names), field="text")
    missing = [name for name in must_name(key) if name not in names_in(said)]
    if missing:
        names = " ".join(f"{{{name}}}" for name in missing)
        raise RuleBroken(_("The text must contain %(names)s: it is filled in for each letter.", names=names), field="text")


def _log(action: str, key: str, language: str, by: Person, now: datetime, before: str | None, after: str) -> None:
    row_id = db.session.scalar(
        select(Formula.id).where(Formula.key == key, Formula.language == language).order_by(Formula.revision.desc()).limit(1)
    )
    assert row_id is not None  # written a moment ago
    record(action, "formula", row_id, by=by, now=now, changes={"text": (before, after), "language": (None, language)}, note=key)


def save_signatory(
    row: Signatory | None, name: str, posts: Texts, active: bool, *, version: int, by: Person, now: datetime
) -> Signatory:
    """Add somebody who signs, or change how they sign. Issued letters keep what they say."""
    name = text.line(name)
    posts = {code: text.line(said) for code, said in posts.items() if code in LANGUAGES and said.strip()}
    if not name:
        raise RuleBroken(_("Enter the name."), field="name")
    if not posts:
        raise RuleBroken(_("Enter the post in at least one language."), field="posts")
    if row is None:
        twin = db.session.scalar(select(Signatory).where(func.lower(Signatory.name) == name.lower(), Signatory.active))
        if twin is not None:
            raise RuleBroken(_("This person signs already. Change the entry that is there."), field="name")
        row = Signatory(name=name, posts=posts, active=active, created_at=now, updated_at=now)
        db.session.add(row)
        db.session.flush()
        record("signatory.added", "signatory", row.id, by=by, now=now, changes={"name": (None, name), "posts": ({}, posts)})
        return row
    db.session.refresh(row, with_for_update=True)
    before = {"name": row.name, "posts": row.posts, "signs": row.active}
    after = {"name": name, "posts": posts, "signs": active}
    changes = {field: (before[field], after[field]) for field in before if before[field] != after[field]}
    if not changes:
        return row
    if row.version != version:
        saved = saved_since("signatory", row.id, row.version - version)
        raise Conflict(_("Somebody else changed this while you were writing."), two_versions("signatory", changes), saved)
    row.name, row.posts, row.active, row.updated_at = name, posts, active, now
    db.session.flush()
    record("signatory.changed", "signatory", row.id, by=by, now=now, changes=changes)
    return row
