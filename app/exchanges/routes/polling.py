"""Between the forms of polls and their rules: walls out of fields, the question about an hour that comes twice, words of times."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import pgettext

from app.accounts.reader import language, viewer_zone
from app.core.errors import RuleBroken
from app.core.forms import texts_of
from app.core.when import date_text, time_text
from app.core.zones import offset_text
from app.exchanges.models import Poll, PollSlot
from app.exchanges.poll_forms import DEADLINE
from app.exchanges.rules.polls import HourTwice, PollPlan, Wall


def walls(form: Any, numbers: Iterable[str]) -> list[Wall]:
    """The wall times of a form that were filled in."""
    found = []
    for number in numbers:
        typed = form.wall(number)
        if typed is not None:
            found.append(Wall(typed[0], form.zone.data, typed[1], number))
    return found


def deadline_of(form: Any) -> Wall:
    """The deadline of a form; one that is missing is refused at its date."""
    found = walls(form, [DEADLINE])
    if not found:
        raise RuleBroken(_("Enter the date and the time of the deadline."), field=f"date_{DEADLINE}")
    return found[0]


def plan_of(form: Any, numbers: Iterable[str] = ()) -> PollPlan:
    """What the secretariat typed about a poll."""
    return PollPlan(
        titles=texts_of(form.titles), minutes=form.minutes.data or 0, deadline=deadline_of(form),
        remind=tuple(int(m) for m in form.remind.data or ()), slots=tuple(walls(form, numbers)),
    )  # fmt: skip


def refuse(form: Any, refused: RuleBroken) -> None:
    """Put a rule's sentence at its field; an hour that comes twice offers the two."""
    show_folds_again(form)
    form.refuse(refused)


def show_folds_again(form: Any) -> None:
    """Offer the two of every hour that comes twice, whatever the form comes back for."""
    for wall in walls(form, form.numbers) if form.zone.data else ():
        try:
            Wall(wall.local, wall.zone).moment()
        except HourTwice as twice:
            labels = enumerate((twice.first, twice.second))
            form.part("fold", wall.number).choices = [(str(n), _fold_label(moment, wall.zone)) for n, moment in labels]
        except RuleBroken:
            continue


def _fold_label(instant: datetime, zone: str) -> str:
    return str(
        _(
            "%(time)s, %(offset)s (%(utc)s UTC)",
            time=time_text(instant, zone), offset=offset_text(instant, zone), utc=time_text(instant, "UTC"),
        )
    )  # fmt: skip


def time_words(slot: PollSlot, minutes: int, zone: str | None = None) -> str:
    """A time on the reader's clock: "Thursday 11 March 2027, 16:00 to 17:30"."""
    here = zone or viewer_zone()
    end = slot.starts_at + timedelta(minutes=minutes)
    hours = pgettext("hours", "%(start)s to %(end)s", start=time_text(slot.starts_at, here), end=time_text(end, here))
    return str(_("%(date)s, %(time)s", date=date_text(slot.starts_at, language(), here), time=hours))


def asked_about(poll: Poll, now: datetime, *, said: Iterable[uuid.UUID] = ()) -> dict[uuid.UUID, str]:
    """The times that can still be chosen, in words; those without an answer first."""
    known = set(said)
    slots = sorted(poll.to_answer(now), key=lambda slot: slot.id in known)
    return {slot.id: time_words(slot, poll.minutes) for slot in slots}
