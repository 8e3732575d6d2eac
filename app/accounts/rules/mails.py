"""What a person chooses of the mails they get: by themselves, by the link of a mail, or through the secretariat on request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _l

from app.accounts.models import Person
from app.accounts.rules import people
from app.accounts.words import MAIL_FIELDS, MODES
from app.audit.queries import saved_since, shown
from app.core.errors import Conflict, RuleBroken
from app.core.zones import to_wall
from app.notifications import choices
from app.notifications.kinds import OFFERED, Mode, Topic


@dataclass(frozen=True)
class Wanted:
    """What a form says: how each topic comes, until when there is quiet, and in which language and zone."""

    modes: Mapping[Topic, Mode]
    quiet_until: date | None
    language: str
    zone: str
    version: int  # of the choices the form was made from
    person_version: int


def choose(person: Person, wanted: Wanted, *, by: Person, now: datetime) -> None:
    """Keep a person's choices. ``by`` somebody else it is on the person's request, and the log says who wrote it down."""
    today = to_wall(now, wanted.zone).date()
    if wanted.quiet_until is not None and wanted.quiet_until < today:
        raise RuleBroken(_l("This day is over. Enter today or a later day, or leave it empty."), field="quiet_until")
    if wanted.quiet_until is not None and wanted.quiet_until - today > choices.LATEST:
        raise RuleBroken(_l("This is more than a year away. Enter an earlier day."), field="quiet_until")
    unchanged = _unchanged(person, wanted, now)
    spoken = {"language": wanted.language, "zone": wanted.zone}
    people.change(person, spoken, version=wanted.person_version, by=by, now=now)
    if unchanged:
        choices.choose(person.id, wanted.modes, wanted.quiet_until, zone=person.zone, by=by, now=now)


def _unchanged(person: Person, wanted: Wanted, now: datetime) -> bool:
    """Refuse where somebody else chose meanwhile and it differs; ``False`` where nothing differs from what there is."""
    row = choices.choices_of(person.id)
    quiet = choices.quiet_until(row, now)
    modes = {topic: choices.mode_of(row, topic) for topic in OFFERED}
    differ = [
        (MAIL_FIELDS[f"mails_{topic}"], str(MODES[modes[topic]]), str(MODES[mode]))
        for topic, mode in wanted.modes.items()
        if modes[topic] is not mode
    ]
    if quiet != wanted.quiet_until:
        differ.append((MAIL_FIELDS["quiet_until"], shown(quiet), shown(wanted.quiet_until)))
    present = row.version if row is not None else 0
    if differ and present != wanted.version:
        raise Conflict(
            _l("Somebody else changed this record while you were editing it. Compare, then save again to keep your version."),
            differ,
            saved_since("person", person.id, max(1, present - wanted.version)),
        )
    return bool(differ)
