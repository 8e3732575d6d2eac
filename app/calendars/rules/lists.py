"""Bring the days of the installed lists into the table, and note on which days a new release differs."""

from __future__ import annotations

from datetime import date, datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy import text

from app.calendars.models import CountryList, DayChange
from app.calendars.process import listing
from app.calendars.queries import LISTS
from app.extensions import db

BEFORE, AFTER = 1, 3
"""So many years before and after the present one are kept."""
_LOCK = 72_025
_FRESH = "CREATE TEMP TABLE fresh_days (LIKE country_days INCLUDING DEFAULTS) ON COMMIT DROP"
_COPY = "COPY fresh_days (code, subdivision, day, kind, names, original, original_language) FROM STDIN"
_CHANGES = """
INSERT INTO day_changes (id, found_at, from_release, to_release, code, subdivision, day, was, becomes, names)
SELECT gen_random_uuid(), :now, :former, :release, code, subdivision, day, o.kind, f.kind, coalesce(f.names, o.names)
FROM country_days o FULL JOIN fresh_days f USING (code, subdivision, day)
WHERE o.kind IS DISTINCT FROM f.kind AND day >= :today AND day <= :last AND coalesce(o.kind, f.kind) <> 'ramadan'
"""
_GONE = """
DELETE FROM country_days o WHERE NOT EXISTS (
  SELECT 1 FROM fresh_days f WHERE f.code = o.code AND f.subdivision = o.subdivision AND f.day = o.day)
"""
_KEPT = """
INSERT INTO country_days (code, subdivision, day, kind, names, original, original_language)
SELECT code, subdivision, day, kind, names, original, original_language FROM fresh_days
ON CONFLICT (code, subdivision, day) DO UPDATE
SET kind = excluded.kind, names = excluded.names, original = excluded.original, original_language = excluded.original_language
WHERE (country_days.kind, country_days.names, country_days.original) IS DISTINCT FROM
  (excluded.kind, excluded.names, excluded.original)
"""


def installed() -> str:
    """The release of the lists that is installed; the library itself is not loaded for it."""
    return version(LISTS)


def is_current(now: datetime) -> bool:
    """Do the table's days come from the installed release, for the years around now?"""
    row = db.session.get(CountryList, LISTS)
    return row is not None and (row.release, row.first_year, row.last_year) == (installed(), now.year - BEFORE, now.year + AFTER)


def renew(now: datetime) -> bool:
    """Bring the table up to date; ``False`` when it is, or another process is at it. The caller commits."""
    if is_current(now) or not db.session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}):
        return False
    first, last = now.year - BEFORE, now.year + AFTER
    row = db.session.get(CountryList, LISTS)
    db.session.execute(text("DROP TABLE IF EXISTS pg_temp.fresh_days"))
    db.session.execute(text(_FRESH))
    with listing(first, last) as (head, pieces):
        _copy(pieces)
    release = str(head["release"])
    if row is not None and row.release != release:
        span = {"today": now.date(), "last": date(min(row.last_year, last), 12, 31)}
        db.session.execute(text(_CHANGES), {"now": now, "former": row.release, "release": release, **span})
    db.session.execute(text(_GONE))
    db.session.execute(text(_KEPT))
    told = {"release": release, "first_year": first, "last_year": last, "renewed_at": now, "subdivisions": head["subdivisions"]}
    if row is None:
        db.session.add(CountryList(name=LISTS, **told))
    else:
        for name, value in told.items():
            setattr(row, name, value)
    db.session.flush()
    db.session.expire_all()
    return True


def _copy(pieces: Any) -> None:
    """The rows straight from the program into the table: this process never holds them."""
    driver: Any = db.session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for piece in pieces:
            copy.write(piece)


def mark_seen(changes: list[DayChange], *, by: Any, now: datetime) -> None:
    """The secretariat has looked at these differences."""
    for row in changes:
        row.seen_at, row.seen_by = now, by.id
    db.session.flush()
