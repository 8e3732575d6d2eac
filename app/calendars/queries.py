"""Every read of this room. ``calendars_of`` answers for many organisations at once, by a handful of statements."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import Select, false, func, or_, select, tuple_

from app.accounts.access import P, Viewer
from app.accounts.models import Membership, Organisation, OrganisationKind, Person
from app.accounts.queries.organisations import visible_to as organisations_visible_to
from app.calendars.models import (
    EVERYWHERE,
    UNITED_NATIONS,
    BusyFeed,
    BusyTime,
    CalendarChoice,
    CountryDay,
    CountryList,
    DayChange,
    Listed,
    NeverHours,
    Override,
    OverrideKind,
)
from app.calendars.state import DAY, HALF, Day, DayKind, Never, Span, StateCalendar, Week
from app.core.db import Texts
from app.core.paging import Page, page_of
from app.core.text import fold
from app.extensions import db

Place = tuple[str, str]
"""A country's code and a subdivision, which may be empty."""
LISTS = "holidays"


def calendars_of(organisations: Iterable[Organisation], first_day: date, last_day: date) -> dict[uuid.UUID, StateCalendar]:
    """The calendar of each, for these dates. A ministry or mission has its State's days, and a UN entity those of the UN."""
    wanted = list({o.id: o for o in organisations}.values())
    if not wanted:
        return {}
    ids = [o.id for o in wanted]
    states = _states(wanted)
    choices = choices_of({*ids, *states})
    places = {o.id: (_code(o, states), _subdivision(o, choices)) for o in wanted}
    known = days_of(set(places.values()), first_day, last_day)
    never, busy = _kept(NeverHours.organisation_id, BusyTime.organisation_id, ids, first_day, last_day)
    return {
        o.id: _calendar(o, places[o.id], known, _choice(o, choices), never.get(o.id, ()), busy.get(o.id, ()))
        for o in wanted
    }  # fmt: skip


def calendars_of_people(people: Iterable[Person], first_day: date, last_day: date) -> dict[uuid.UUID, StateCalendar]:
    """The same for people: their own clocks, never hours and busy times, and the days off of where they belong."""
    wanted = list({p.id: p for p in people}.values())
    ids = [p.id for p in wanted]
    belong = _belonging(ids, first_day)
    of_where = calendars_of(belong.values(), first_day, last_day)
    never, busy = _kept(NeverHours.person_id, BusyTime.person_id, ids, first_day, last_day)
    found = {}
    for person in wanted:
        where = belong.get(person.id)
        base = of_where[where.id] if where is not None else StateCalendar(None, person.zone)
        found[person.id] = replace(
            base, zone=person.zone, never=tuple(never.get(person.id, ())), busy=tuple(busy.get(person.id, ()))
        )
    return found


def _belonging(people: Collection[uuid.UUID], today: date) -> dict[uuid.UUID, Organisation]:
    query = (
        select(Membership.person_id, Organisation)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            Membership.person_id.in_(people), Membership.valid_from <= today,
            Membership.valid_to.is_(None) | (Membership.valid_to >= today),
        )
        .order_by(Membership.valid_from, Membership.id)
    )  # fmt: skip
    return {row[0]: row[1] for row in db.session.execute(query)} if people else {}


def choices_of(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, CalendarChoice]:
    """What these organisations chose, where they did."""
    query = select(CalendarChoice).where(CalendarChoice.organisation_id.in_(ids))
    return {c.organisation_id: c for c in db.session.scalars(query)} if ids else {}


def _states(organisations: Sequence[Organisation]) -> dict[uuid.UUID, Organisation]:
    """The States that parts of States belong to, in one statement."""
    parents = {o.parent_id for o in organisations if not o.is_state and o.parent_id is not None}
    here = {o.id: o for o in organisations if o.id in parents}
    missing = parents - set(here)
    rows = db.session.scalars(select(Organisation).where(Organisation.id.in_(missing))) if missing else ()
    return {**here, **{o.id: o for o in rows}}


def _code(organisation: Organisation, states: Mapping[uuid.UUID, Organisation]) -> str:
    if organisation.is_state:
        return organisation.code or ""
    if organisation.kind is OrganisationKind.UN_ENTITY:
        return UNITED_NATIONS
    parent = states.get(organisation.parent_id) if organisation.parent_id else None
    return (parent.code or "") if parent is not None and parent.is_state else ""


def _choice(organisation: Organisation, choices: Mapping[uuid.UUID, CalendarChoice]) -> CalendarChoice | None:
    own = choices.get(organisation.id)
    return own or (choices.get(organisation.parent_id) if organisation.parent_id else None)


def _subdivision(organisation: Organisation, choices: Mapping[uuid.UUID, CalendarChoice]) -> str:
    chosen = choices.get(organisation.id)
    return chosen.subdivision if chosen is not None else ""


class Known:
    """What lists and corrections say of some places and dates."""

    def __init__(self) -> None:
        self.days: dict[Place, dict[date, Day]] = {}
        self.weeks: dict[Place, tuple[Week, ...]] = {}
        self.ramadan: tuple[tuple[date, date], ...] = ()


def days_of(places: Collection[Place], first_day: date, last_day: date) -> Known:
    """The days that are not like others in these places: what the lists say, corrected."""
    since, until = first_day - 3 * DAY, last_day + 3 * DAY  # an estimated one reaches a day further
    codes = {code for code, _ in places if code} | {EVERYWHERE}
    listed: dict[str, list[CountryDay]] = defaultdict(list)
    query = select(CountryDay).where(CountryDay.code.in_(codes), CountryDay.day.between(since, until))
    for row in db.session.scalars(query.order_by(CountryDay.code, CountryDay.subdivision, CountryDay.day)):
        listed[row.code].append(row)
    said: dict[str, list[Override]] = defaultdict(list)
    for one in open_overrides(codes, since, until):
        said[one.code].append(one)
    release = release_text()
    found = Known()
    for place in places:
        code, subdivision = place
        here = [o for o in said[code] if o.subdivision in ("", subdivision)]
        rows = [r for r in listed[code] if r.subdivision in ("", subdivision)]
        found.days[place] = _corrected(rows, here, release)
        found.weeks[place] = tuple(
            Week(frozenset(int(d) for d in o.weekend), o.first_day, o.last_day)
            for o in here if o.kind is OverrideKind.WORKING_WEEK
        )  # fmt: skip
    found.ramadan = _months(sorted(r.day for r in listed[EVERYWHERE] if r.kind is Listed.RAMADAN))
    return found


def open_overrides(codes: Collection[str], since: date, until: date) -> list[Override]:
    """The corrections that hold for these calendars in a span; wider ones first, so that a later line wins."""
    query = (
        select(Override)
        .where(
            Override.code.in_(codes), Override.ended_at.is_(None), Override.first_day <= until,
            or_(Override.last_day.is_(None), Override.last_day >= since),
        )
        .order_by(Override.subdivision, Override.first_day, Override.created_at, Override.id)
    )  # fmt: skip
    return list(db.session.scalars(query))


def release_text() -> str:
    """The release of the lists, as a source is named."""
    row = db.session.get(CountryList, LISTS)
    return f"{LISTS} {row.release}" if row is not None else ""


_KINDS = {Listed.HOLIDAY: DayKind.HOLIDAY, Listed.ESTIMATED: DayKind.ESTIMATED, Listed.WORKING: DayKind.WORKING}


def _corrected(rows: Sequence[CountryDay], said: Sequence[Override], release: str) -> dict[date, Day]:
    """The lists' days with the subdivision's over the country's, estimated ones a day either way, corrections last."""
    plain: dict[date, CountryDay] = {}
    for row in rows:  # the country's stand before the subdivision's
        plain[row.day] = row
    spoken: dict[date, Override] = {}
    for one in said:
        if one.kind in (OverrideKind.DAY_OFF, OverrideKind.WORKING_DAY) and one.last_day is not None:
            for n in range((one.last_day - one.first_day).days + 1):
                spoken[one.first_day + n * DAY] = one
    found: dict[date, Day] = {}
    for day, row in plain.items():
        if row.kind in (Listed.HOLIDAY, Listed.WORKING):
            found[day] = _listed(row, release, 1.0)
    for day, row in plain.items():
        if row.kind is Listed.ESTIMATED and not _decided(day, spoken):
            for near in (day, day - DAY, day + DAY):
                found.setdefault(near, _listed(row, release, HALF))
    for day, one in spoken.items():
        kind = DayKind.DAY_OFF if one.kind is OverrideKind.DAY_OFF else DayKind.WORKING
        found[day] = Day(kind, one.names, "", 1.0, one.source)
    return found


def _decided(day: date, spoken: Mapping[date, Override]) -> bool:
    """Did the secretariat enter on which day this one falls? Then the estimate says nothing any more."""
    near = (spoken.get(day + n * DAY) for n in (-1, 0, 1))
    return any(one is not None and one.kind is OverrideKind.DAY_OFF for one in near)


def _listed(row: CountryDay, release: str, weight: float) -> Day:
    names = {**row.names, "": row.original} if row.original else row.names
    return Day(_KINDS[row.kind], names, row.original_language, weight, release)


def _months(days: Sequence[date]) -> tuple[tuple[date, date], ...]:
    """First and last day of each run of days."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and day - found[-1][1] == DAY:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return tuple(found)


def _calendar(
    organisation: Organisation, place: Place, known: Known, choice: CalendarChoice | None, never: Sequence[Never],
    busy: Sequence[Span],
) -> StateCalendar:  # fmt: skip
    base = Week(frozenset(int(d) for d in organisation.weekend))
    return StateCalendar(
        organisation.id, organisation.zone, (base, *known.weeks[place]), MappingProxyType(known.days[place]), *place,
        never=tuple(never), busy=tuple(busy), friday_prayer=choice is not None and choice.friday_prayer,
        ramadan=known.ramadan if choice is not None and choice.ramadan else (),
    )  # fmt: skip


def _kept(
    never_owner: Any, busy_owner: Any, ids: Collection[uuid.UUID], first_day: date, last_day: date
) -> tuple[dict[uuid.UUID, list[Never]], dict[uuid.UUID, list[Span]]]:
    """The never hours and busy times of these owners around these dates, whatever their zone."""
    never: dict[uuid.UUID, list[Never]] = defaultdict(list)
    busy: dict[uuid.UUID, list[Span]] = defaultdict(list)
    if not ids:
        return never, busy
    rules = select(never_owner, NeverHours.weekdays, NeverHours.from_minute, NeverHours.to_minute).where(never_owner.in_(ids))
    for owner, weekdays, start, end in db.session.execute(rules.order_by(NeverHours.from_minute, NeverHours.id)):
        never[owner].append(Never(frozenset(weekdays), start, end))
    since = datetime.combine(first_day - timedelta(days=2), time(), UTC)
    until = datetime.combine(last_day + timedelta(days=2), time(), UTC)
    spans = select(busy_owner, BusyTime.starts_at, BusyTime.ends_at).where(
        busy_owner.in_(ids), BusyTime.starts_at < until, BusyTime.ends_at > since
    )
    for owner, start, end in db.session.execute(spans.order_by(BusyTime.starts_at, BusyTime.id)):
        busy[owner].append((start, end))
    return never, busy


def events_between(first_day: date, last_day: date) -> list[Texts]:
    """The names of big meetings on these dates."""
    held = open_overrides((EVERYWHERE, UNITED_NATIONS), first_day, last_day)
    return [one.names for one in held if one.kind is OverrideKind.EVENT]


# ------------------------------------------------------------------ pages


def lists() -> CountryList | None:
    """The release the days come from, once they were read."""
    return db.session.get(CountryList, LISTS)


def code_of(organisation: Organisation) -> str:
    """Whose calendar an organisation keeps: a State's code, "UN", or nothing."""
    return _code(organisation, {organisation.parent.id: organisation.parent} if organisation.parent is not None else {})


def choice_version(organisation_id: uuid.UUID) -> int:
    """The version of what it chose; 0 where it has not."""
    return db.session.scalar(select(CalendarChoice.version).where(CalendarChoice.organisation_id == organisation_id)) or 0


def states_page(viewer: Viewer, words: str, after: tuple[str, uuid.UUID] | None, size: int = 50) -> Page[Organisation]:
    """One page of States by name."""
    query = organisations_visible_to(viewer).where(Organisation.kind == OrganisationKind.STATE, Organisation.active)
    for word in fold(words).split():
        query = query.where(Organisation.search.contains(word, autoescape=True))
    if after is not None:
        query = query.where(tuple_(Organisation.sort_name, Organisation.id) > tuple_(*after))
    found = db.session.scalars(query.order_by(Organisation.sort_name, Organisation.id).limit(size + 1)).all()
    return page_of(found, size, lambda o: (o.sort_name, o.id))


def visible_to(viewer: Viewer) -> Select[Override]:
    """The corrections a viewer may see: the office sees all."""
    query = select(Override)
    return query if viewer.can(P.SEE_PEOPLE) else query.where(false())


def overrides_page(viewer: Viewer, *, ended: bool, after: tuple[datetime, uuid.UUID] | None, size: int = 50) -> Page[Override]:
    """One page of corrections, the newest first: those that hold, or those that were ended."""
    query = visible_to(viewer).where(Override.ended_at.is_not(None) if ended else Override.ended_at.is_(None))
    if after is not None:
        query = query.where(tuple_(Override.created_at, Override.id) < tuple_(*after))
    found = db.session.scalars(query.order_by(Override.created_at.desc(), Override.id.desc()).limit(size + 1)).all()
    return page_of(found, size, lambda o: (o.created_at.isoformat(), o.id))


def override_in_view(viewer: Viewer, override_id: uuid.UUID) -> Override | None:
    """This correction, if the viewer may see it."""
    return db.session.scalar(visible_to(viewer).where(Override.id == override_id))


def overrides_of(code: str) -> list[Override]:
    """The open corrections of one calendar, the newest day first."""
    query = select(Override).where(Override.code == code, Override.ended_at.is_(None)) if code else None
    return list(db.session.scalars(query.order_by(Override.first_day.desc(), Override.id))) if query is not None else []


class Whose(Protocol):
    """An owner of times."""

    @property
    def column(self) -> str:
        """The column that names the owner."""

    @property
    def id(self) -> uuid.UUID:
        """The owner's id."""


@dataclass(frozen=True)
class OwnTimes:
    """What one owner keeps free of sessions."""

    never: list[NeverHours]
    typed: list[BusyTime]
    feed: BusyFeed | None
    from_feed: int


def own_times(owner: Whose, now: datetime) -> OwnTimes:
    """Everything of one owner that is not over."""

    def mine(model: Any) -> Any:
        return select(model).where(getattr(model, owner.column) == owner.id)

    busy = mine(BusyTime).where(BusyTime.ends_at > now)
    typed = busy.where(BusyTime.feed_id.is_(None)).order_by(BusyTime.starts_at, BusyTime.id)
    read = select(func.count()).select_from(busy.where(BusyTime.feed_id.is_not(None)).subquery())
    never = mine(NeverHours).order_by(NeverHours.created_at, NeverHours.id)
    return OwnTimes(
        list(db.session.scalars(never)), list(db.session.scalars(typed)), db.session.scalar(mine(BusyFeed)),
        db.session.scalar(read) or 0,
    )  # fmt: skip


def own_row(owner: Whose, what: str, row_id: uuid.UUID) -> Any:
    """One line of this owner's, or nothing."""
    model: Any = {"never": NeverHours, "busy": BusyTime, "address": BusyFeed}[what]
    return db.session.scalar(select(model).where(model.id == row_id, getattr(model, owner.column) == owner.id))


def my_states(viewer: Viewer) -> list[Organisation]:
    """The States the viewer speaks for."""
    if not viewer.state_ids or not viewer.can(P.ANSWER_FOR_STATE):
        return []
    query = select(Organisation).where(Organisation.id.in_(viewer.state_ids)).order_by(Organisation.sort_name)
    return list(db.session.scalars(query))


def changes_to_see(today: date, most: int = 200) -> list[DayChange]:
    """Days to come on which the last releases of the lists differ, and that nobody has looked at."""
    query = select(DayChange).where(DayChange.seen_at.is_(None), DayChange.day >= today)
    return list(db.session.scalars(query.order_by(DayChange.day, DayChange.code, DayChange.id).limit(most)))
