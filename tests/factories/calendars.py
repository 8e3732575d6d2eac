"""Calendars, no surprises."""

from __future__ import annotations

from datetime import date

from app.calendars.models import CalendarChoice, CountryDay, Listed, NeverHours, Override, OverrideKind
from app.extensions import db
from tests.factories.accounts import NOW


def make_day(code: str, day: date, kind: Listed = Listed.HOLIDAY, name: str = "A holiday", subdivision: str = "", **more) -> CountryDay:
    row = CountryDay(code=code, subdivision=subdivision, day=day, kind=kind, names={"en": name}, **more)
    db.session.add(row)
    db.session.flush()
    return row


def make_override(code: str, kind: OverrideKind = OverrideKind.DAY_OFF, first: date = date(2027, 3, 11), last: date | None = None, **more) -> Override:
    given = {"names": {"en": "Said otherwise"}, "source": "A note of the ministry", "source_date": date(2026, 11, 1)} | more
    if last is None and kind is not OverrideKind.WORKING_WEEK:
        last = first
    row = Override(code=code, kind=kind, first_day=first, last_day=last, created_at=NOW, updated_at=NOW, **given)
    db.session.add(row)
    db.session.flush()
    return row


def make_choice(organisation, **chosen) -> CalendarChoice:
    row = CalendarChoice(organisation_id=organisation.id, **chosen)
    db.session.add(row)
    db.session.flush()
    return row


def make_never(*, organisation=None, person=None, weekdays=(1, 2, 3, 4, 5), start=22 * 60, end=6 * 60) -> NeverHours:
    row = NeverHours(
        organisation_id=organisation.id if organisation else None, person_id=person.id if person else None,
        weekdays=list(weekdays), from_minute=start, to_minute=end, created_at=NOW,
    )
    db.session.add(row)
    db.session.flush()
    return row
