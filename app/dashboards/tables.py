"""The outbox, and the texts to translate or review, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.reader import best
from app.dashboards import words
from app.dashboards.queries.gaps import Gap
from app.tables.writing import Column, word
from app.texts.kinds import FOR_EVER
from app.texts.words import STATES as TEXT_STATES


def _why(row: Any) -> str | None:
    return str(words.WHY_NOT.get(row.error_class, row.error_class)) if row.error_class else None


OUTBOX: Sequence[Column[Any]] = (
    Column("created_at", _l("Written (UTC)"), lambda m: m.created_at),
    Column("due_at", _l("Due (UTC)"), lambda m: m.due_at),
    Column("sent_at", _l("Sent (UTC)"), lambda m: m.sent_at),
    Column("kind", _l("What it is about"), lambda m: str(words.kind_word(m.kind)), lambda m: m.kind),
    Column("to", _l("To"), lambda m: m.recipient_name),
    Column("address", _l("E-mail address"), lambda m: m.address),
    Column("language", _l("Language"), lambda m: m.locale),
    word("state", _l("Where it stands"), lambda m: m.state, words.STATES),
    Column("attempts", _l("Tries"), lambda m: m.attempts),
    Column("why", _l("Why it did not arrive"), _why, lambda m: m.error_class),
    Column("reply", _l("Answer of the mail server"), lambda m: m.smtp_reply),
    Column("id", _l("Number of the record"), lambda m: str(m.id)),
)

GAPS: Sequence[Column[Gap]] = (
    Column("title", _l("Title"), lambda g: str(best(g.titles))),
    Column("kind", _l("What it is"), lambda g: str(g.kind.label), lambda g: g.kind.name),
    Column("language", _l("Language"), lambda g: g.language),
    word("state", _l("State of the translation"), lambda g: g.state, TEXT_STATES),
    Column("source", _l("Written first in"), lambda g: g.source),
    Column("until", _l("Read until (UTC)"), lambda g: g.until if g.until < FOR_EVER else None),
    Column("id", _l("Number of the record"), lambda g: str(g.id)),
)
