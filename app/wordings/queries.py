"""Reading the installation's own wordings and the register of read templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import func, or_, select

from app.core.text import fold
from app.extensions import db
from app.wordings.models import TemplateReview, Wording
from app.wordings.sentences import Sentence


def wordings_of(names: Iterable[str]) -> dict[tuple[str, str], Wording]:
    """Own wordings of these sentences: by sentence and language."""
    rows = db.session.scalars(select(Wording).where(Wording.sentence.in_(list(names))))
    return {(row.sentence, row.language): row for row in rows}


def all_wordings(language: str | None = None) -> list[Wording]:
    """Every own wording, for the list and the exports."""
    query = select(Wording).order_by(Wording.words, Wording.sentence, Wording.language)
    return list(db.session.scalars(query.where(Wording.language == language) if language else query))


def holding(asked: str) -> list[str]:
    """Sentences whose own wording holds these words."""
    wanted = fold(asked)
    return [row.sentence for row in all_wordings() if any(wanted in fold(form) for form in row.forms)] if wanted else []


def now_said(sentence: Sentence, language: str, own: Mapping[tuple[str, str], Wording]) -> tuple[str, ...]:
    """What readers of a language see today; nothing where neither the platform nor the installation has a translation."""
    row = own.get((sentence.name, language))
    return tuple(row.forms) if row is not None else sentence.said.get(language, ())


def reviews(sort: str | None = None) -> list[TemplateReview]:
    """The register, template by template."""
    query = select(TemplateReview).order_by(TemplateReview.sort, TemplateReview.name, TemplateReview.language)
    return list(db.session.scalars(query.where(TemplateReview.sort == sort) if sort else query))


def review_of(sort: str, name: str, language: str) -> TemplateReview | None:
    """One line of the register."""
    return db.session.get(TemplateReview, (sort, name, language))


def unread(languages: Iterable[str] = ()) -> int:
    """How many templates nobody has read as they are."""
    asked = list(languages)
    query = select(func.count()).select_from(TemplateReview).where(
        or_(TemplateReview.reviewed_digest.is_(None), TemplateReview.reviewed_digest != TemplateReview.digest)
    )  # fmt: skip
    return db.session.scalar(query.where(TemplateReview.language.in_(asked)) if asked else query) or 0
