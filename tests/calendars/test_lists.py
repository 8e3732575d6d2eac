"""The days of the installed lists: sixty dates checked by hand, read once, and what a later release changes."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from app.accounts.models import Organisation
from app.calendars import queries
from app.calendars.models import CountryDay, CountryList, DayChange, Override
from app.calendars.rules import lists, overrides
from app.calendars.state import DayKind, Reason
from app.extensions import db
from tests.conftest import NOW
from tests.factories.accounts import make_person

HERE = Path(__file__).resolve().parent


def what(calendar, day):
    off, known = calendar.off(day), calendar.days.get(day)
    if off is None:
        return "worked" if known is not None and known.kind is DayKind.WORKING else "ordinary"
    return {Reason.WEEKEND: "weekend", Reason.ESTIMATED: "estimated"}.get(off.reason, "holiday")


@pytest.mark.slow
def test_the_lists_agree_with_what_was_checked_by_hand_and_are_read_once_a_release(within):
    with within():
        checked = list(csv.DictReader((HERE / "country_dates.csv").read_text(encoding="utf-8").splitlines()))
        assert len(checked) == 60
        codes = {row["code"] for row in checked}
        states = {o.code: o for o in db.session.scalars(select(Organisation).where(Organisation.code.in_(codes)))}
        assert overrides.load_reference(NOW) == 5 and overrides.load_reference(NOW) == 0
        assert lists.renew(NOW) and not lists.renew(NOW)
        calendars = queries.calendars_of(states.values(), date(2026, 1, 1), date(2027, 12, 31))
        said = [(row, what(calendars[states[row["code"]].id], date.fromisoformat(row["day"]))) for row in checked]
        wrong = [(row, found) for row, found in said if found != {"moved": "holiday"}.get(row["is"], row["is"])]
        assert [w for w in wrong if w[0]["is"] in ("weekend", "ordinary", "worked")] == []
        days = [row for row in checked if row["is"] in ("holiday", "moved", "estimated")]
        assert len(wrong) <= 0.02 * len(days), wrong
        named = db.session.get(CountryDay, ("EG", "", date(2027, 7, 23)))
        assert named.names["ar"] == "عيد ثورة ٢٣ يوليو" and named.original_language == "ar-EG"
        assert db.session.get(CountryDay, ("UN", "", date(2027, 3, 26))).names == {"en": "Good Friday"}
        assert queries.calendars_of([states["EG"]], date(2027, 2, 1), date(2027, 2, 2))
        _another_release()


def _another_release():
    """The former release had one day more and another one as an estimate: both are told, and nothing else."""
    db.session.execute(update(CountryList).values(release="0.1"))
    db.session.execute(text("INSERT INTO country_days VALUES ('KE', '', '2027-06-02', 'holiday', '{\"en\": \"Gone\"}', '', '')"))
    db.session.execute(update(CountryDay).where(CountryDay.code == "FR", CountryDay.day == date(2027, 7, 14)).values(kind="estimated"))
    assert lists.renew(NOW)
    found = [(c.code, c.day.isoformat(), c.was, c.becomes, c.from_release) for c in db.session.scalars(select(DayChange).order_by(DayChange.day))]
    assert found == [("KE", "2027-06-02", "holiday", None, "0.1"), ("FR", "2027-07-14", "estimated", "holiday", "0.1")]
    assert db.session.get(CountryDay, ("KE", "", date(2027, 6, 2))) is None
    assert db.session.scalar(select(func.count()).select_from(CountryDay)) > 15_000
    assert len(queries.changes_to_see(NOW.date())) == 2
    lists.mark_seen(queries.changes_to_see(NOW.date()), by=make_person("Berg"), now=NOW)
    assert queries.changes_to_see(NOW.date()) == []


def test_reference_corrections_name_source_and_date(within):
    with within():
        overrides.load_reference(NOW)
        rows = db.session.scalars(select(Override)).all()
        assert all(r.source.startswith("https://") and r.source_date < NOW.date() and r.key for r in rows)
