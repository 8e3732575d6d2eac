"""The register of templates: which of them a named person has read in each language, as they are today.

A room names its templates once (``register``): what each is made of, which sentences it says, how it looks when filled
with invented people. When its text or the wording of one of its sentences changes, it is unread again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.audit.rules import Actor, record
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.core.languages import LANGUAGES
from app.extensions import db
from app.wordings.models import TemplateReview
from app.wordings.queries import all_wordings, review_of, reviews
from app.wordings.sentences import name_of, sentences


@dataclass(frozen=True)
class Made:
    """What a template is made of in one language: its own text, and the sentences (context, words) it may say."""

    text: str
    says: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Sample:
    """A template filled with invented people: its heading, its text, and HTML where it has some."""

    heading: str
    text: str
    html: str = ""
    calendar: str = ""


@dataclass(frozen=True)
class Sort:
    """One sort of templates: mails, formulas of letters."""

    name: str
    label: Any
    names: Callable[[], Collection[str]]
    label_of: Callable[[str], Any]
    made_of: Callable[[str, str], Made]  # name and language
    samples: Callable[[str, str], list[Sample]]


_sorts: dict[str, Sort] = {}


def register(sort: Sort) -> None:
    """Count these templates. Registering again changes nothing."""
    _sorts.setdefault(sort.name, sort)


def known() -> dict[str, Sort]:
    """Every sort by its name."""
    return dict(_sorts)


def judge(languages: Iterable[str] = LANGUAGES) -> None:
    """Note what each template is made of today; who read another text has not read this one. The caller commits."""
    asked = tuple(languages)
    today = _today(asked)
    there = {(r.sort, r.name, r.language): r.digest for r in reviews() if r.language in asked}
    fresh = [
        {"id": uuid7(), "sort": key[0], "name": key[1], "language": key[2], "digest": digest}
        for key, digest in today.items()
        if there.get(key) != digest
    ]
    if fresh:
        query = insert(TemplateReview)
        keep = {"digest": query.excluded.digest}
        db.session.execute(query.on_conflict_do_update(index_elements=["sort", "name", "language"], set_=keep), fresh)
    gone = sorted(there.keys() - today.keys())
    if gone:
        named = tuple_(TemplateReview.sort, TemplateReview.name, TemplateReview.language)
        db.session.execute(delete(TemplateReview).where(named.in_(gone)))
    if fresh or gone:
        db.session.flush()
        for row in [r for r in db.session if isinstance(r, TemplateReview)]:
            db.session.expire(row)


def _today(languages: Collection[str]) -> dict[tuple[str, str, str], str]:
    found: dict[tuple[str, str, str], str] = {}
    known_sentences = sentences()
    for language in languages:
        own = {row.sentence: tuple(row.forms) for row in all_wordings(language)}
        for sort in _sorts.values():
            for name in sort.names():
                made = sort.made_of(name, language)
                digest = hashlib.sha256(made.text.encode())
                for context, words in sorted(made.says):
                    sentence = known_sentences.get(name_of(context, words))
                    said = sentence.said.get(language, ()) if sentence else ()
                    digest.update(repr((context, words, own.get(name_of(context, words), said))).encode())
                found[sort.name, name, language] = digest.hexdigest()[:32]
    return found


def reviewed(sort: str, name: str, language: str, *, seen: str, by: Actor, now: datetime) -> bool:
    """Somebody read it and says that it is right; ``seen`` names what was on the page. ``False`` when it was said already."""
    judge([language])
    row = review_of(sort, name, language)
    if row is None:
        return False
    db.session.refresh(row, with_for_update=True)
    if row.digest != seen:
        raise RuleBroken(_l("The text changed while you were reading. Look again, then say that it is right."))
    if row.is_reviewed:
        return False
    row.reviewed_digest, row.reviewed_at, row.reviewed_by, row.reviewed_name = row.digest, now, by.id, by.full_name
    changes = {"language": (None, language), "template": (None, f"{sort}/{name}")}
    record("template.reviewed", "template", row.id, by=by, now=now, changes=changes)
    db.session.flush()
    return True
