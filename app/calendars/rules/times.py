"""What a State or a person keeps free of sessions: never hours, busy times, an address that publishes them. Theirs alone.

The audit log says that something changed, and never what: when somebody is busy is nobody else's business.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, insert, select

from app.accounts.models import Organisation, Person
from app.audit.rules import record
from app.calendars.addresses import Refused, checked
from app.calendars.models import BusyFeed, BusyTime, CalendarChoice, NeverHours
from app.calendars.process import read_feed
from app.calendars.rules.overrides import subdivisions_of
from app.calendars.words import TROUBLES
from app.core import zones
from app.core.db import uuid7
from app.core.errors import Conflict, RuleBroken
from app.core.signing import settings
from app.extensions import db

MOST_NEVER = 14
MOST_TYPED = 200
FURTHEST = timedelta(days=730)
LONGEST = timedelta(days=60)
WINDOW = timedelta(days=400)
"""So far ahead an address is read."""
EVERY = timedelta(hours=1)
AGAIN = timedelta(minutes=15)
LATEST = timedelta(hours=24)

Row = TypeVar("Row", NeverHours, BusyTime, BusyFeed)


@dataclass(frozen=True)
class Owner:
    """Whose times they are."""

    kind: str  # "organisation" or "person", as the audit log calls it
    id: uuid.UUID
    zone: str

    @staticmethod
    def of(row: Organisation | Person) -> Owner:
        """A State's, or a person's."""
        return Owner("person" if isinstance(row, Person) else "organisation", row.id, row.zone)

    @property
    def column(self) -> str:
        """The column that names it."""
        return f"{self.kind}_id"


def choose(
    organisation: Organisation, *, subdivision: str, ramadan: bool, friday_prayer: bool, version: int, code: str, by: Person,
    now: datetime,
) -> None:  # fmt: skip
    """Which part's holidays it keeps, whether its hours are shorter in Ramadan, whether Friday noon is for prayer."""
    if subdivision and subdivision not in subdivisions_of(code):
        raise RuleBroken(_l("Choose one from the list."), field="subdivision")
    row = db.session.get(CalendarChoice, organisation.id, with_for_update=True)
    if row is None:
        row = CalendarChoice(organisation_id=organisation.id, subdivision="", ramadan=False, friday_prayer=False, created_at=now)
        db.session.add(row)
    elif row.version != version:
        raise Conflict(_l("Somebody else changed this meanwhile. Look at it once more."))
    fields = {"subdivision": subdivision, "ramadan": ramadan, "friday_prayer": friday_prayer}
    changes = {name: (getattr(row, name), value) for name, value in fields.items() if getattr(row, name) != value}
    for name, value in fields.items():
        setattr(row, name, value)
    row.updated_at = now
    db.session.flush()
    if changes:
        record("calendar.chosen", "organisation", organisation.id, by=by, now=now, changes=changes)


def add_never(owner: Owner, *, weekdays: Collection[int], start: int, end: int, by: Person, now: datetime) -> NeverHours:
    """Bar hours of the week, in minutes of the owner's day; an end that is not later lies on the next day."""
    if not weekdays or not set(weekdays) <= set(range(1, 8)):
        raise RuleBroken(_l("Choose at least one day of the week."), field="weekdays")
    if start == end % 1440 and start != 0:
        raise RuleBroken(_l("Enter an end that differs from the beginning."), field="to_time")
    _room_for_one_more(NeverHours, owner, MOST_NEVER)
    row = NeverHours(id=uuid7(), weekdays=sorted(set(weekdays)), from_minute=start, to_minute=end or 1440, created_at=now)
    setattr(row, owner.column, owner.id)
    return _kept(row, owner, by, now)


def add_busy(owner: Owner, *, first: datetime | None, last: datetime | None, by: Person, now: datetime) -> BusyTime:
    """A span of two wall times on the owner's clocks."""
    if first is None or last is None:
        raise RuleBroken(_l("Enter a date and an hour."), field="start_date" if first is None else "end_date")
    start, end = _instant(first, owner.zone, "start_time"), _instant(last, owner.zone, "end_time")
    if end <= start:
        raise RuleBroken(_l("The end lies before the beginning. Enter a later one."), field="end_time")
    if end <= now:
        raise RuleBroken(_l("This is over. Enter a time to come."), field="end_date")
    if end - start > LONGEST or end > now + FURTHEST:
        raise RuleBroken(_l("Enter at most %(days)s days, within two years.", days=LONGEST.days), field="end_date")
    _room_for_one_more(BusyTime, owner, MOST_TYPED)
    row = BusyTime(id=uuid7(), starts_at=start, ends_at=end)
    setattr(row, owner.column, owner.id)
    return _kept(row, owner, by, now)


def _instant(wall: datetime, zone: str, field: str) -> datetime:
    try:
        return zones.to_instant(wall, zone)
    except zones.Gap:
        raise RuleBroken(_l("Clocks skip this hour that day. Enter another one."), field=field) from None
    except zones.Fold as fold:
        return fold.first if field == "start_time" else fold.second


def _room_for_one_more(model: Any, owner: Owner, most: int) -> None:
    query = select(func.count()).select_from(model).where(getattr(model, owner.column) == owner.id)
    if model is BusyTime:
        query = query.where(BusyTime.feed_id.is_(None))
    if (db.session.scalar(query) or 0) >= most:
        raise RuleBroken(_l("%(count)s lines are the most. Remove one first.", count=most))


def _kept(row: Row, owner: Owner, by: Person, now: datetime) -> Row:
    db.session.add(row)
    db.session.flush()
    record("times.changed", owner.kind, owner.id, by=by, now=now)
    return row


def remove(row: NeverHours | BusyTime | BusyFeed, owner: Owner, *, by: Person, now: datetime) -> None:
    """Take a line, or an address with all that came from it, away."""
    if isinstance(row, BusyFeed):
        db.session.execute(delete(BusyTime).where(BusyTime.feed_id == row.id))
    db.session.delete(row)
    db.session.flush()
    record("times.changed", owner.kind, owner.id, by=by, now=now)


def set_feed(owner: Owner, address: str, *, by: Person, now: datetime) -> BusyFeed:
    """The address at which the owner publishes when they are busy; it takes the place of a former one and is read soon."""
    if not settings().busy_feeds:
        raise RuleBroken(_l("Reading addresses is not switched on here. Ask the secretariat."), field="address")
    try:
        checked(address)
    except Refused as refused:
        raise RuleBroken(TROUBLES[refused.word], field="address") from None
    former = db.session.scalar(select(BusyFeed).where(getattr(BusyFeed, owner.column) == owner.id).with_for_update())
    if former is not None:
        db.session.execute(delete(BusyTime).where(BusyTime.feed_id == former.id))
        db.session.delete(former)
        db.session.flush()
    row = BusyFeed(id=uuid7(), address=address, due_at=now, created_at=now, updated_at=now)
    setattr(row, owner.column, owner.id)
    return _kept(row, owner, by, now)


def read_now(row: BusyFeed, *, now: datetime) -> None:
    """Read it at the next turn; one that was read a moment ago waits a little."""
    if row.read_at is None or row.read_at < now - timedelta(minutes=5):
        row.due_at = min(row.due_at, now)


Ask = Callable[[dict[str, Any]], dict[str, Any]]


def question(feed_id: uuid.UUID, *, now: datetime) -> dict[str, Any] | None:
    """What the reading program is asked; the row is put off first, so that no other worker asks the same. The caller commits."""
    query = select(BusyFeed).where(BusyFeed.id == feed_id, BusyFeed.due_at <= now)
    row = db.session.scalar(query.with_for_update(skip_locked=True))
    if row is None:
        return None
    row.due_at = now + AGAIN
    owner = db.session.get_one(Person, row.person_id) if row.person_id else db.session.get_one(Organisation, row.organisation_id)
    today = datetime.combine(now.date(), datetime.min.time(), now.tzinfo)
    fresh = row.read_at is not None and row.read_at.date() == now.date()  # each day once whole: other days have come into reach
    return {
        "address": row.address, "etag": row.etag if fresh else "", "modified": row.modified if fresh else "", "zone": owner.zone,
        "since": today.isoformat(), "until": (today + WINDOW).isoformat(),
    }  # fmt: skip


def settle(feed_id: uuid.UUID, address: str, found: dict[str, Any], *, now: datetime) -> None:
    """Keep what came: the spans and nothing else; in trouble, the word, while what was read before stands."""
    row = db.session.scalar(select(BusyFeed).where(BusyFeed.id == feed_id, BusyFeed.address == address).with_for_update())
    if row is None:
        return  # taken away meanwhile
    row.updated_at = now
    if "trouble" in found:
        row.trouble, row.tries = found["trouble"], row.tries + 1
        row.due_at = now + min(AGAIN * 2 ** min(row.tries, 10), LATEST)
        return
    row.trouble, row.tries, row.read_at, row.due_at = "", 0, now, now + EVERY
    if found.get("same"):
        return
    row.etag, row.modified = found["etag"], found["modified"]
    db.session.execute(delete(BusyTime).where(BusyTime.feed_id == row.id))
    whose = {"feed_id": row.id, "organisation_id": row.organisation_id, "person_id": row.person_id}
    spans = [{"id": uuid7(), **whose, "starts_at": _read(a), "ends_at": _read(b)} for a, b in found["spans"]]
    if spans:
        db.session.execute(insert(BusyTime), spans)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def due(now: datetime, most: int = 50) -> list[uuid.UUID]:
    """The addresses to be read now."""
    if not settings().busy_feeds:
        return []
    return list(db.session.scalars(select(BusyFeed.id).where(BusyFeed.due_at <= now).order_by(BusyFeed.due_at).limit(most)))


def ask(told: dict[str, Any]) -> dict[str, Any]:
    """The program that reads; tests ask a server on loopback in its place."""
    return read_feed(told)


def tidy(now: datetime) -> None:
    """Busy times that are over are of no use to anybody."""
    db.session.execute(delete(BusyTime).where(BusyTime.ends_at < now - timedelta(days=7)))
