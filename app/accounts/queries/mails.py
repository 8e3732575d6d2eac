"""What somebody chose of their mails, as the secretariat reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.accounts.models import Person
from app.accounts.reader import language
from app.accounts.words import MAIL_FIELDS, MODES, TOPICS
from app.core.when import date_text
from app.notifications import choices
from app.notifications.kinds import OFFERED, Mode


def in_words(person: Person, now: datetime) -> list[tuple[Any, Any]]:
    """What differs from all of them at once: topic and how it comes, and the last day of a quiet that lasts."""
    row = choices.choices_of(person.id)
    modes = [(topic, choices.mode_of(row, topic)) for topic in OFFERED]
    chosen: list[tuple[Any, Any]] = [(TOPICS[topic][0], MODES[mode]) for topic, mode in modes if mode is not Mode.AT_ONCE]
    quiet = choices.quiet_until(row, now)
    return [*chosen, (MAIL_FIELDS["quiet_until"], date_text(quiet, language()))] if quiet is not None else chosen
