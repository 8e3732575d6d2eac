"""Write a circular, change it while it is a draft, and say that a translation was read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts.models import Person
from app.audit.queries import saved_since
from app.audit.rules import differences, record, two_versions
from app.circulars.models import PARTS, Audience, Circular, Visibility
from app.circulars.queries import STATUSES, SUBJECT
from app.core import zones
from app.core.db import Texts
from app.core.errors import Conflict, RuleBroken
from app.core.languages import LANGUAGES
from app.exchanges.models import Exchange
from app.extensions import db
from app.interests.models import Call
from app.texts import rules as text_rules
from app.texts.states import Fields
from app.topics.queries import grounds


class ClockFold(RuleBroken):
    """The wall time happens twice that day; ``first`` and ``second`` are the two instants to choose from."""

    def __init__(self, first: datetime, second: datetime) -> None:
        super().__init__(_l("Clocks go back that day, so this time happens twice. Choose which of the two you mean."), field="fold")
        self.first = first
        self.second = second


class Unread(RuleBroken):
    """The text is another by now than the one that was read."""


@dataclass(frozen=True)
class Plan:
    """What the secretariat says about a circular."""

    audience: Audience
    subjects: Texts
    texts: Texts
    source: str
    fallback: str
    zone: str
    exchange_id: uuid.UUID | None = None
    call_id: uuid.UUID | None = None
    grounds: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    visibility: Visibility = Visibility.RECIPIENTS
    not_before: datetime | None = None  # a wall time in ``zone``
    fold: int | None = None

    def columns(self) -> dict[str, Any]:
        """The plan as columns; the instant is worked out here, so gaps and folds are refused."""
        at, twice = _instant(self.not_before, self.zone, self.fold) if self.not_before else (None, False)
        return {
            "audience": self.audience,
            "subjects": self.subjects,
            "texts": self.texts,
            "fallback": self.fallback,
            "exchange_id": self.exchange_id if self.audience is Audience.EXCHANGE else None,
            "call_id": self.call_id if self.audience is Audience.CALL else None,
            "grounds": sorted(self.grounds) if self.audience is Audience.GROUND else [],
            "chosen": list(self.chosen) if self.audience is not Audience.GROUND else [],
            "visibility": self.visibility,
            "not_before_local": self.not_before,
            "zone": self.zone,
            "fold": (self.fold or 0) if twice else 0,
            "not_before": at,
        }


def _instant(wall: datetime, zone: str, fold: int | None) -> tuple[datetime, bool]:
    """When clocks in the zone show this, and whether they do so twice. A time that never happens is refused."""
    try:
        return zones.to_instant(wall, zone), False
    except zones.UnknownZone:
        raise RuleBroken(_l("Choose a time zone from the list."), field="zone") from None
    except zones.Gap as gap:
        raise RuleBroken(
            _l(
                "Clocks go forward that day, so %(asked)s does not happen. The next time that does is %(next)s.",
                asked=wall.strftime("%H:%M"),
                next=gap.next_valid.strftime("%H:%M"),
            ),
            field="start_time",
        ) from None
    except zones.Fold as twice:
        if fold is None:
            raise ClockFold(twice.first, twice.second) from None
        return (twice.second if fold else twice.first), True


def fields_of(row: Circular) -> Fields:
    """The texts whose translations are looked after."""
    return {"subjects": row.subjects, "texts": row.texts}


def write(plan: Plan, *, corrects: Circular | None = None, by: Person, now: datetime) -> Circular:
    """Write a new one, a draft that nobody outside the office sees; ``corrects`` names one that was sent."""
    _check(plan)
    if corrects is not None and not corrects.is_sent:
        raise RuleBroken(_l("This circular was not sent, so there is nothing to correct. Change it instead."))
    row = Circular(**plan.columns(), corrects_id=corrects.id if corrects else None, made_by=by.id, created_at=now, updated_at=now)
    db.session.add(row)
    db.session.flush()
    text_rules.written(SUBJECT, row.id, fields_of(row), source=plan.source, by=by, now=now)
    record("circular.created", SUBJECT, row.id, by=by, now=now, changes={"subjects": ({}, row.subjects)})
    return row


def change(row: Circular, plan: Plan, *, version: int, by: Person, now: datetime) -> bool:
    """Change a draft, unless somebody else did so since it was read; ``False`` when nothing is new."""
    lock(row)
    _refuse_unless_draft(row)
    _check(plan)
    wanted = {**plan.columns(), "audience": row.audience}
    changes = differences(row, wanted)
    told = {name: pair for name, pair in changes.items() if name != "not_before"}
    if row.version != version and changes:
        raise Conflict(
            _("Somebody else changed this while you were writing."),
            two_versions(SUBJECT, told),
            saved_since(SUBJECT, row.id, row.version - version),
        )
    for name, value in wanted.items():
        setattr(row, name, value)
    if changes:
        row.updated_at = now
        record("circular.changed", SUBJECT, row.id, by=by, now=now, changes=told)
    db.session.flush()
    text_rules.written(SUBJECT, row.id, fields_of(row), source=plan.source, by=by, now=now)
    return bool(changes)


def reviewed(row: Circular, language: str, *, by: Person, now: datetime, version: int | None = None) -> bool:
    """Somebody read the text in this language beside its source and says that it is right; ``version`` is what they read."""
    lock(row)
    if version is not None and row.version != version:
        raise Unread(_l("The texts changed while you were reading. Look again, then say that they are right."))
    _refuse_unless_draft(row)
    return text_rules.reviewed(SUBJECT, row.id, fields_of(row), language, by=by, now=now)


def discard(row: Circular, *, by: Person, now: datetime) -> None:
    """Throw a draft away. Nothing of it went to anybody; the log keeps that it was there."""
    lock(row)
    _refuse_unless_draft(row)
    text_rules.written(SUBJECT, row.id, {}, source=row.fallback, by=by, now=now)
    record("circular.discarded", SUBJECT, row.id, by=by, now=now, changes={"subjects": (row.subjects, {})})
    db.session.delete(row)
    db.session.flush()


def lock(row: Circular) -> None:
    """Read the row as it is now and keep others from changing it until the transaction ends."""
    db.session.flush()
    db.session.refresh(row, with_for_update=True)


def _refuse_unless_draft(row: Circular) -> None:
    if not row.is_draft:
        raise RuleBroken(_l("This circular was sent and stays as it is. Write a correction that refers to it."))


def _check(plan: Plan) -> None:
    """What must be true of every circular, also of a draft."""
    if plan.source not in LANGUAGES or plan.fallback not in LANGUAGES:
        raise RuleBroken(_l("Choose one from the list."), field="fallback")
    if not plan.subjects.get(plan.source, "").strip():
        raise RuleBroken(_l("Enter the subject in the language that you write first."), field="subjects")
    _CHECKS[plan.audience](plan)


def _check_exchange(plan: Plan) -> None:
    if plan.exchange_id is None or db.session.get(Exchange, plan.exchange_id) is None:
        raise RuleBroken(_l("Choose the exchange."), field="exchange_id")
    _check_part(plan)


def _check_call(plan: Plan) -> None:
    if plan.call_id is None or db.session.get(Call, plan.call_id) is None:
        raise RuleBroken(_l("Choose the call."), field="call_id")
    if not plan.chosen or not set(plan.chosen) <= {s.value for s in STATUSES}:
        raise RuleBroken(_l("Choose whose contacts you write to."), field="statuses")


def _check_ground(plan: Plan) -> None:
    if not plan.grounds or not set(plan.grounds) <= set(grounds()):
        raise RuleBroken(_l("Choose at least one ground."), field="grounds")


def _check_part(plan: Plan) -> None:
    if len(plan.chosen) != 1 or plan.chosen[0] not in {part.value for part in PARTS[plan.audience]}:
        raise RuleBroken(_l("Choose which of them you write to."), field="part")


_CHECKS = {
    Audience.EXCHANGE: _check_exchange,
    Audience.CALL: _check_call,
    Audience.GROUND: _check_ground,
    Audience.WORKING_GROUP: _check_part,
}
