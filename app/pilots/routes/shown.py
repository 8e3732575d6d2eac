"""What pages of pilots say: sentences about dates, the parts of a pilot as a reader may see them, differences in words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from app.accounts.access import P, Viewer
from app.accounts.models import Organisation, Person
from app.accounts.reader import best, language
from app.core.errors import Conflict
from app.core.text import LocalText
from app.core.when import date_text
from app.pilots import access, deadlines, queries
from app.pilots.deadlines import Progress, Standing
from app.pilots.models import Milestone
from app.pilots.queries import ShownEvidence, ShownMilestone, ShownPilot
from app.pilots.queries.shown import Beside
from app.pilots.timeline import Timeline, timeline
from app.pilots.words import SHORT_VISIBILITIES
from app.topics.queries import grounds


@dataclass(frozen=True)
class Row:
    """One milestone as the page shows it."""

    milestone: ShownMilestone
    title: LocalText
    standing: Standing
    sentence: str
    moved: str  # "" where the present date is the baseline
    baseline: str
    due: str
    done: str
    slip: int | None
    drawing: Markup
    evidence: list[ShownEvidence]


class Page:
    """A pilot as one reader may see it: asked once, used by page, files and forms."""

    def __init__(self, pilot: ShownPilot, viewer: Viewer, now: datetime) -> None:
        self.pilot = pilot
        self.viewer = viewer
        self.today = deadlines.today_in(pilot.state.zone, now)
        self.milestones = pilot.milestones
        self.owns = queries.owns_any(viewer, self.milestones)
        self.classes = access.readable(viewer, pilot, self.owns)
        self.sees_people = access.sees_people(viewer, pilot, self.owns)
        self.may_plan = access.may_plan(viewer)
        self.may_write = access.may_write(viewer, pilot, self.owns)
        self.counted = [m for m in self.milestones if m.dropped_at is None]  # without those that were dropped
        self.shown = self.milestones if self.sees_people else self.counted  # the public sees those that count

    @cached_property
    def timeline(self) -> Timeline:
        """The months it spans."""
        return timeline(self.pilot, self.counted, self.today)

    @cached_property
    def beside(self) -> Beside:
        """Updates, evidence, what it is tied to and its log, as far as the viewer may read them."""
        return queries.beside(self.pilot, self.shown, self.classes, with_log=self.viewer.can(P.READ_AUDIT))

    @property
    def standing(self) -> Standing:
        """How the whole pilot stands."""
        return deadlines.whole(self.pilot, self.milestones, self.today)

    @cached_property
    def progress(self) -> Progress:
        """How much is done, by weight."""
        return deadlines.progress(self.milestones)

    def rows(self) -> list[Row]:
        """Its milestones with their drawings and what shows that they are done."""
        return [self._row(m, self.beside.evidence[m.id]) for m in self.shown]

    def _row(self, milestone: ShownMilestone, evidence: list[ShownEvidence]) -> Row:
        standing = deadlines.standing(milestone, self.pilot.state, self.today)
        drawing = self.timeline.row(milestone, standing)
        sentence = when_sentence(milestone, standing, self.pilot.state, self.today)
        done = _day(milestone.done_on) if milestone.done_on is not None else ""
        return Row(
            milestone, best(milestone.titles), standing, sentence, moved_sentence(milestone), _day(milestone.baseline_on),
            _day(milestone.due_on), done, milestone.slip_days, drawing, evidence,
        )  # fmt: skip

    def months(self) -> tuple[int, int] | None:
        """In which month of how many it is, while it runs."""
        first, last = self.pilot.starts_on, self.pilot.ends_on
        if not first <= self.today <= last or self.pilot.ended_on is not None:
            return None
        return _months(first, self.today), _months(first, last)

    def grounds(self) -> list[LocalText]:
        """The labels of its grounds."""
        known = grounds()
        return [best(known[code].labels) for code in self.pilot.grounds if code in known]


def _months(first: date, day: date) -> int:
    return (day.year - first.year) * 12 + day.month - first.month + 1


def page_or_404(pilot_id: uuid.UUID, viewer: Viewer, now: datetime) -> Page:
    """The pilot, if the viewer may see it."""
    pilot = queries.pilot_to_show(viewer, pilot_id)
    return Page(pilot, viewer, now) if pilot is not None else abort(404)


def when_sentence(milestone: Milestone | ShownMilestone, standing: Standing, state: deadlines.OfState, today: date) -> str:
    """When it was or is to be done, in words."""
    if standing is Standing.DROPPED:
        return str(_("Dropped. It counts no more."))
    if standing is Standing.DONE:
        return _done(milestone)
    day = _day(milestone.due_on)
    if standing is Standing.OVERDUE:
        late = deadlines.days_overdue(milestone, state, today)
        said = ngettext("Was due %(date)s, %(num)s day overdue", "Was due %(date)s, %(num)s days overdue", late, date=day)
        return str(said)
    left = (milestone.due_on - today).days
    if left == 0:
        return str(_("Due today, %(date)s", date=day))
    if standing is Standing.DUE_SOON and left > 0:
        return str(ngettext("Due %(date)s, in %(num)s day", "Due %(date)s, in %(num)s days", left, date=day))
    return str(_("Due %(date)s", date=day))


def _done(milestone: Milestone | ShownMilestone) -> str:
    assert milestone.done_on is not None
    day, slip = _day(milestone.done_on), milestone.slip_days or 0
    if slip > 0:
        late = ngettext(
            "Done %(date)s, %(num)s day after the baseline", "Done %(date)s, %(num)s days after the baseline", slip, date=day
        )
        return str(late)
    if slip < 0:
        soon = ngettext(
            "Done %(date)s, %(num)s day before the baseline", "Done %(date)s, %(num)s days before the baseline", -slip, date=day
        )
        return str(soon)
    return str(_("Done %(date)s, on the day of the baseline", date=day))


def moved_sentence(milestone: Milestone | ShownMilestone) -> str:
    """The baseline, where an open milestone has left it."""
    if milestone.done_on is not None or milestone.dropped_at is not None or milestone.due_on == milestone.baseline_on:
        return ""
    return str(_("Baseline: %(date)s", date=_day(milestone.baseline_on)))


def _day(day: date) -> str:
    return date_text(day, language(), style="long")


def differences(conflict: Conflict) -> Conflict:
    """What differs, in the reader's words: field, what stands there now, what was typed; and who saved it."""
    told = [(str(label), _value(theirs), _value(yours)) for label, theirs, yours in conflict.changes]
    return Conflict(conflict.message, told, conflict.saved)


def _value(value: Any) -> str:
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, Mapping):
        return str(best(value)) or "–"
    if isinstance(value, Person):
        return value.full_name
    if isinstance(value, Organisation):
        return str(best(value.names))
    if isinstance(value, list | tuple):
        return ", ".join(_value(v) for v in value) or "–"
    return str(value) if value not in (None, "") else "–"


def visibility_word(value: str) -> Any:
    """Who may see it, in two words."""
    return _SHORT.get(value, value)


_SHORT = {one.value: words for one, words in SHORT_VISIBILITIES.items()}
