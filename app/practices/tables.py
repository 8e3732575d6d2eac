"""Practices, tools and resources as tables: their texts in six languages, and the state of each translation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from app.accounts.reader import best
from app.core.languages import LANGUAGES, NAMES
from app.practices.models import Kind
from app.practices.words import FIELDS, LAW, LEVELS, MEASURES, PRACTICE_TYPES, RESOURCE_TYPES, names_by_code
from app.tables.writing import Cell, Column, listed, word
from app.texts.states import Standing
from app.texts.words import STATES
from app.topics.queries import grounds

Row = tuple[Any, Mapping[str, Standing]]
"""A record, and what is known of its texts by language."""


def _of(name: str) -> Callable[[Row], Any]:
    return lambda row: getattr(row[0], name)


def _plain(name: str) -> Column[Row]:
    return Column(name, FIELDS[name], _of(name))


def _joined(name: str) -> Column[Row]:
    return Column(name, FIELDS[name], lambda row: "; ".join(str(part) for part in getattr(row[0], name)))


def _texts(name: str) -> list[Column[Row]]:
    """One column for each language."""

    def said(code: str) -> Callable[[Row], Cell]:
        return lambda row: getattr(row[0], name).get(code)

    return [Column(f"{name}_{code}", f"{FIELDS[name]} ({NAMES[code]})", said(code)) for code in LANGUAGES]


def _standing(code: str) -> Column[Row]:
    title = f"{_('State of the translation')} ({NAMES[code]})"
    return word(f"state_{code}", title, lambda row: row[1][code].state, STATES)


def _sources(row: Row) -> str:
    parts = (" ".join(str(s[key]) for key in ("title", "year", "url") if s.get(key)) for s in row[0].sources)
    return "; ".join(parts)


def _template(row: Row) -> str:
    return "; ".join(f"{best(m['titles'])} ({m['after_days']})" for m in row[0].milestones)


def _practice() -> list[Column[Row]]:
    states = names_by_code()
    return [
        word("type", FIELDS["type"], _of("type"), PRACTICE_TYPES),
        listed("states", FIELDS["states"], _of("states"), lambda: states),
        _plain("lead_body"),
        word("level", FIELDS["level"], _of("level"), LEVELS),
        word("measure", FIELDS["measure"], _of("measure"), MEASURES),
        _joined("sdg_targets"), _joined("objectives"), _joined("main_objectives"),
        _plain("year_from"), _plain("year_to"),
        word("law_status", FIELDS["law_status"], _of("law_status"), LAW),
        *_texts("points"),
        Column("sources", FIELDS["sources"], _sources),
    ]  # fmt: skip


def _tool() -> list[Column[Row]]:
    milestones = Column("milestones", _("Milestones of a pilot, with the days after its start"), _template)
    return [*_texts("audiences"), *_texts("descriptions"), _plain("offered"), milestones]


def _resource() -> list[Column[Row]]:
    type_ = word("type", FIELDS["type"], _of("type"), RESOURCE_TYPES)
    return [type_, _plain("publisher"), _plain("year"), *_texts("links")]


_OWN = {Kind.PRACTICE: _practice, Kind.TOOL: _tool, Kind.RESOURCE: _resource}


def library(kind: Kind) -> Sequence[Column[Row]]:
    """The columns of a kind. The lists of words are read once for a whole table."""
    ground = {code: best(g.labels) for code, g in grounds().items()}
    return (
        _plain("code"), *_texts("titles"), *_texts("summaries"), *_OWN[kind](),
        listed("grounds", FIELDS["grounds"], _of("grounds"), lambda: ground),
        _plain("published"),
        Column("published_at", _("On the site since (UTC)"), _of("published_at")),
        _plain("illustrative"),
        *(_standing(code) for code in LANGUAGES),
        Column("updated_at", _("Changed (UTC)"), _of("updated_at")),
        Column("id", _("Number of the record"), lambda row: str(row[0].id)),
    )  # fmt: skip
