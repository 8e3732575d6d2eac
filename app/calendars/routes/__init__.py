"""Pages of calendars: the secretariat's corrections, and everybody's own times without sessions."""

from __future__ import annotations

from flask import Blueprint

from app.accounts.reader import language
from app.accounts.words import WEEKDAYS
from app.calendars import words
from app.calendars.state import Day

blueprint = Blueprint("calendars", __name__)


def _day_name(day: Day | None) -> tuple[str, str, str]:
    """What a day is called, in which language, and that language's name where it is not the reader's."""
    said, spoken = words.day_name(day, language())
    other = words.language_name(spoken) if said and spoken.split("-")[0] != language() else ""
    return said, spoken, other


@blueprint.app_context_processor
def _words() -> dict[str, object]:
    """The room's labels, for its templates and those of rooms above."""
    return {"calendar_words": words, "day_name": _day_name, "weekday_words": WEEKDAYS}


from app.calendars.routes import desk, own  # noqa: E402 - they add their views to the blueprint

__all__ = ["blueprint", "desk", "own"]
