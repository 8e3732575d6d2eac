"""The date of a milestone as an entry in its owner's calendar: a whole day, without anybody's name or address."""

from __future__ import annotations

from flask_babel import gettext as _

from app.core.signing import external_url, settings
from app.core.text import best
from app.notifications.calendar import Day
from app.pilots.models import Milestone


def due_day(milestone: Milestone, locale: str) -> Day:
    """The present date; a moved one keeps the identity and rises in sequence, so that calendars move the entry."""
    pilot, order = milestone.pilot, settings().language_order
    page = external_url("pilots.milestone", locale, pilot_id=pilot.id, milestone_id=milestone.id)
    return Day(
        uid=f"milestone-{milestone.id}@{settings().mail_domain}",
        sequence=milestone.due_version - 1,
        dtstamp=milestone.updated_at,
        day=milestone.due_on,
        summary=_("Due: %(milestone)s (%(code)s)", milestone=best(milestone.titles, locale, order), code=pilot.code),
        description=f"{best(pilot.titles, locale, order)}\n\n{page}",
        url=page,
    )
