"""The wording that holds: the newest revision of each formula and language, else what comes with the platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from app.core.languages import LANGUAGES
from app.core.signing import settings
from app.extensions import db
from app.letters.models import Formula, Signatory
from app.letters.wording import LABELS, defaults
from app.texts.states import State


@dataclass(frozen=True)
class Standing:
    """One formula in one language as it holds now."""

    key: str
    language: str
    text: str
    revision: int  # 0 is what comes with the platform
    written_name: str = ""
    written_at: datetime | None = None
    reviewed_name: str | None = None
    reviewed_at: datetime | None = None
    state: State = State.DRAFT


def _newest(keys: Collection[str] | None = None) -> dict[tuple[str, str], Formula]:
    newest_of_each = distinct_on(Formula.key, Formula.language)
    query = select(Formula).ext(newest_of_each).order_by(Formula.key, Formula.language, Formula.revision.desc())
    if keys is not None:
        query = query.where(Formula.key.in_(keys))
    return {(row.key, row.language): row for row in db.session.scalars(query)}


def wordings(languages: Collection[str] = LANGUAGES) -> dict[str, dict[str, str]]:
    """Language to formula to text, in one statement."""
    newest = _newest()
    found: dict[str, dict[str, str]] = {language: {} for language in languages}
    for key, texts in defaults().items():
        for language in languages:
            row = newest.get((key, language))
            found[language][key] = row.text if row is not None else texts[language]
    return found


def standings(keys: Collection[str] | None = None) -> dict[str, list[Standing]]:
    """Every formula, in the order of the page, with what holds in each language."""
    newest = _newest(keys)
    return {key: [_standing(key, language, newest) for language in LANGUAGES] for key in LABELS if keys is None or key in keys}


def _standing(key: str, language: str, newest: Mapping[tuple[str, str], Formula]) -> Standing:
    row, source = newest.get((key, language)), source_language()
    state = State.DRAFT
    if language != source and _is_older(row, newest.get((key, source))):
        state = State.OUT_OF_DATE
    elif row is not None and row.reviewed_at is not None:
        state = State.REVIEWED
    if row is None:
        return Standing(key, language, defaults()[key][language], 0, state=state)
    return Standing(
        key, language, row.text, row.revision, row.written_name, row.written_at, row.reviewed_name, row.reviewed_at, state
    )


def source_language() -> str:
    """The language letters are worded in first: the first of the installation."""
    return settings().language_order[0]


def _is_older(row: Formula | None, source: Formula | None) -> bool:
    """Was the source changed by a person after this wording was written and read? What came with the platform goes together."""
    if source is None or source.written_by is None:
        return False
    return row is None or max(row.written_at, row.reviewed_at or row.written_at) < source.written_at


def formula_gaps() -> dict[str, Counter[State]]:
    """By language: how many wordings are out of date, and how many nobody has reviewed under a name."""
    newest = _newest()
    return {language: Counter(_standing(key, language, newest).state for key in LABELS) for language in LANGUAGES}


def not_reviewed() -> int:
    """How many texts nobody stands by as they are now, over all formulas and languages; those out of date among them."""
    return sum(found[State.DRAFT] + found[State.OUT_OF_DATE] for found in formula_gaps().values())


def revisions_of(key: str, language: str, most: int = 20) -> Sequence[Formula]:
    """How a formula was worded before, newest first."""
    query = select(Formula).where(Formula.key == key, Formula.language == language)
    return db.session.scalars(query.order_by(Formula.revision.desc()).limit(most)).all()


def signatories(active: bool = True) -> Sequence[Signatory]:
    """Who signs, by name; with those who no longer do when asked."""
    query = select(Signatory)
    if active:
        query = query.where(Signatory.active)
    return db.session.scalars(query.order_by(Signatory.name, Signatory.id).limit(200)).all()
