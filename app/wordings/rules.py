"""Type another wording of a sentence, or go back to the platform's own. The caller commits; every process follows in seconds."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit.rules import Actor, record
from app.core.errors import Conflict
from app.extensions import db
from app.wordings import catalogue, reviews
from app.wordings.checks import checked
from app.wordings.models import Wording, WordingVersion
from app.wordings.sentences import Sentence

_SPACE = uuid.UUID("6f0d4a5e-52c0-5b0a-9d0f-7a3f3f0b1c11")


def id_of(sentence: str, language: str) -> uuid.UUID:
    """As the audit log names a wording: the same before it is typed, and after it was taken back."""
    return uuid.uuid5(_SPACE, f"{sentence}/{language}")


def say(sentence: Sentence, language: str, typed: list[str], *, seen: list[str], by: Actor, now: datetime) -> bool:
    """Say a sentence so from now on; ``False`` when it is said so already. ``seen`` is what the editor had on the page."""
    forms = checked(sentence, language, typed)
    own = _locked(sentence.name, language)
    present = list(own.forms) if own is not None else list(sentence.said.get(language, ()))
    if forms == present:
        return False
    if seen != present:
        raise _changed_meanwhile(present, forms)
    if forms == list(sentence.said.get(language, ())):
        return take_back(sentence, language, by=by, now=now)
    if own is None:
        own = Wording(sentence=sentence.name, language=language, context=sentence.context, words=sentence.words)
        db.session.add(own)
    own.plural, own.forms = sentence.plural, forms
    own.instead_of = list(sentence.said.get(language, ()))
    own.at, own.by, own.by_name = now, by.id, by.full_name
    _log("wording.changed", sentence.name, language, present, forms, by, now)
    _in_force(language)
    return True


def take_back(sentence: Sentence, language: str, *, by: Actor, now: datetime) -> bool:
    """Say it as the platform does again; twice is once."""
    return forget(sentence.name, language, list(sentence.said.get(language, ())), by=by, now=now)


def forget(name: str, language: str, original: list[str], *, by: Actor, now: datetime) -> bool:
    """Take a wording back, also one whose sentence the platform does not say any more."""
    own = _locked(name, language)
    if own is None:
        return False
    former = list(own.forms)
    db.session.delete(own)
    _log("wording.taken_back", name, language, former, original, by, now)
    _in_force(language)
    return True


def _log(action: str, name: str, language: str, before: list[str], after: list[str], by: Actor, now: datetime) -> None:
    changes = {"language": (language, language), "wording": (" / ".join(before), " / ".join(after))}
    record(action, "wording", id_of(name, language), by=by, now=now, changes=changes)


def _locked(name: str, language: str) -> Wording | None:
    """The row, after every other change of a wording has ended: the number rises first, and one holds it at a time."""
    db.session.flush()
    raised = insert(WordingVersion).values(id=1, version=1)
    rise = {"version": WordingVersion.version + 1}
    db.session.execute(raised.on_conflict_do_update(index_elements=["id"], set_=rise))
    return db.session.get(Wording, (name, language), populate_existing=True)


def _in_force(language: str) -> None:
    """Templates that say the sentence are unread again; this process looks at once when the change is there to be seen."""
    db.session.flush()
    reviews.judge([language])
    event.listen(db.session(), "after_commit", _heard, once=True)


def _heard(_session: Session) -> None:
    catalogue.forget()


def _changed_meanwhile(present: list[str], yours: list[str]) -> Conflict:
    return Conflict(
        _l("Somebody else changed this wording while you were writing."), [(_l("Wording"), " / ".join(present), " / ".join(yours))]
    )
