"""A series is planned as a whole: so many sessions of one length on some days of the week between two dates.

Each becomes a session of its own, with its own calendar identity: no entry ever repeats itself (invitations.md, C6 and G).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm.attributes import flag_modified

from app.accounts.models import Person
from app.audit.rules import record
from app.core.db import Texts
from app.core.errors import RuleBroken
from app.exchanges.models import Exchange, PeerSession, SessionStatus
from app.exchanges.rules.inviting import Invited, invite_accepted_expressions
from app.exchanges.rules.planning import Plan, check, create_session
from app.exchanges.rules.walls import Wall, kept_of, refuse_open, worked_out
from app.extensions import db

MOST_SESSIONS = 52
LONGEST = timedelta(days=3 * 366)


class Rhythm(StrEnum):
    """How the sessions lie between the two dates."""

    EVEN = "even"  # as far apart from each other as the days allow
    WEEKLY = "1"
    SECOND_WEEK = "2"
    THIRD_WEEK = "3"
    FOURTH_WEEK = "4"


@dataclass(frozen=True)
class SeriesPlan:
    """What an organiser says about a series; ``session`` is what all sessions share, its start the hour on the first date."""

    session: Plan
    count: int
    weekdays: frozenset[int]  # 0 is Monday
    first_day: date
    last_day: date
    rhythm: Rhythm = Rhythm.EVEN
    numbered: bool = True

    @property
    def hour(self) -> time:
        """What clocks in the zone show when a session starts."""
        return self.session.local_start.time()


def days_of(plan: SeriesPlan) -> list[date]:
    """The dates of a series; refused at the field that leaves too little room."""
    if not 1 <= plan.count <= MOST_SESSIONS:
        raise RuleBroken(_l("Enter a number of sessions from 1 to %(most)s.", most=MOST_SESSIONS), field="count")
    if not plan.weekdays:
        raise RuleBroken(_l("Choose at least one day of the week."), field="weekdays")
    if plan.last_day < plan.first_day:
        raise RuleBroken(_l("The last date comes before the first. Enter a later one."), field="last_day")
    if plan.last_day - plan.first_day > LONGEST:
        raise RuleBroken(_l("Enter two dates that are at most three years apart."), field="last_day")
    fitting = _fitting(plan)
    if len(fitting) < plan.count:
        raise RuleBroken(
            _l(
                "%(count)s sessions are too many: %(found)s such days lie between these dates. Choose more days of the week, "
                "a later last date or fewer sessions.",
                count=plan.count, found=len(fitting),
            ),
            field="last_day",
        )  # fmt: skip
    return _spread(fitting, plan.count) if plan.rhythm is Rhythm.EVEN else fitting[: plan.count]


def _fitting(plan: SeriesPlan) -> list[date]:
    every = range((plan.last_day - plan.first_day).days + 1)
    days = [day for day in (plan.first_day + timedelta(days=n) for n in every) if day.weekday() in plan.weekdays]
    if plan.rhythm is Rhythm.EVEN or not days:
        return days
    monday, step = days[0] - timedelta(days=days[0].weekday()), int(plan.rhythm)
    return [day for day in days if (day - monday).days // 7 % step == 0]


def _spread(days: Sequence[date], count: int) -> list[date]:
    """So many of these days, the first and the last among them, the others at equal distances, as near as the days allow."""
    if count == 1:
        return [days[0]]
    gaps, last = count - 1, len(days) - 1
    return [days[(2 * n * last + gaps) // (2 * gaps)] for n in range(count)]


def walls_of(plan: SeriesPlan, answers: Mapping[str, str], now: datetime) -> list[Wall]:
    """Every date of the series as an instant, or with what has to be chosen for it first."""
    walls = []
    for day in days_of(plan):
        key = day.isoformat()
        walls.append(worked_out(key, datetime.combine(day, plan.hour), plan.session.zone, answers.get(key), may_leave_out=True))
    for wall in walls:
        if wall.starts_at is not None:
            _check(plan.session, wall.starts_at, now)
    return walls


def _check(session: Plan, starts_at: datetime, now: datetime) -> None:
    try:
        check(session, starts_at, now)
    except RuleBroken as refused:
        if refused.field == "start_date":  # a series says it at its first date
            raise RuleBroken(refused.message, field="first_day") from None
        raise


def plan_series(
    exchange: Exchange, plan: SeriesPlan, answers: Mapping[str, str], *, status: SessionStatus, by: Person, now: datetime
) -> tuple[list[PeerSession], Invited]:
    """Plan all sessions of a series. Scheduled at once, those are invited whom the sessions invite by themselves."""
    exchange = locked(exchange)
    walls = walls_of(plan, answers, now)
    refuse_open(walls)
    before = _numbered_so_far(exchange) if plan.numbered else 0
    made = []
    for number, wall in enumerate(kept_of(walls), before + 1):
        titles = numbered(plan.session.titles, number) if plan.numbered else plan.session.titles
        one = replace(plan.session, titles=titles, local_start=wall.local, fold=wall.fold)
        made.append(create_session(one, by=by, now=now, exchange=exchange, status=status))
    stands_by_itself(exchange, now)
    told = {"sessions": (None, len(made)), "status": (None, status)}
    record("exchange.series_planned", "exchange", exchange.id, by=by, now=now, changes=told)
    invited = [invite_accepted_expressions(row, by=by, now=now) for row in made]
    return made, Invited(new=sum(i.new for i in invited), again=sum(i.again for i in invited))


def locked(exchange: Exchange) -> Exchange:
    """Take the exchange's row lock: whoever holds it changes what belongs to the exchange alone."""
    return db.session.scalars(
        select(Exchange).where(Exchange.id == exchange.id).with_for_update().execution_options(populate_existing=True)
    ).one()


def stands_by_itself(exchange: Exchange, now: datetime) -> None:
    """An exchange that a single session made is one of its own once it has more."""
    if exchange.made_for_session:
        exchange.made_for_session = False
        exchange.updated_at = now
        flag_modified(exchange, "updated_at")


def _numbered_so_far(exchange: Exchange) -> int:
    """How many sessions of the exchange go on; the next of a series gets the number after them."""
    goes_on = PeerSession.exchange_id == exchange.id, PeerSession.status != SessionStatus.CANCELLED
    return db.session.scalar(select(func.count()).select_from(PeerSession).where(*goes_on)) or 0


def numbered(titles: Texts, number: int) -> Texts:
    """The number of a session behind its title; digits and brackets read the same in every language."""
    return {code: f"{text} ({number})" for code, text in titles.items()}
