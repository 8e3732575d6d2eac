"""Sixty days of reminders on the platform's own clock, moved on by hand: sessions move and are cancelled, programs are
killed, and for five hours nothing runs. What arrived is held against ``due``, which knows nothing of the platform's ways."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kombu.exceptions import KombuError

from app.accounts.models import Person, Role
from app.core import clock
from app.core.signing import sign
from app.core.zones import selectable
from app.exchanges import rules
from app.exchanges.models import SessionStatus
from app.extensions import celery, db
from bench import rows
from bench.chaos import judging
from bench.chaos.client import Unexpected, form_with
from bench.chaos.due import Guest, Ledger, Meeting, instant
from bench.chaos.mailing import Mailing, Row
from bench.chaos.stage import WORKERS, Stage

DAYS, OUTAGE = 60, timedelta(hours=5)
SESSIONS, GUESTS = 20, 12
MOVES, CANCELLED, RESTARTS = 6, 3, 6
ZONES = ("Africa/Nairobi", "America/Bogota", "Europe/Paris", "Asia/Kathmandu", "Pacific/Auckland", "America/New_York", "Asia/Tokyo")
HOUR = timedelta(hours=1)


@dataclass(order=True)
class Deed:
    """Something somebody does at an hour."""

    at: datetime
    what: str
    of: int  # which session
    who: int = 0
    how: Any = field(default=None, compare=False)


@dataclass
class Sixty:
    """The days as they pass."""

    stage: Stage
    dice: random.Random
    begins: datetime
    ledger: Ledger = field(default_factory=Ledger)
    deeds: list[Deed] = field(default_factory=list)
    plans: list[tuple[datetime, str]] = field(default_factory=list)  # wall time and zone of each session
    works: list[Mailing] = field(default_factory=list)
    zones: dict[str, str] = field(default_factory=dict)  # of each address
    office: Any = None
    restarts: int = 0
    allowed: int = 0
    looks: int = 0
    outage: tuple[datetime, datetime] | None = None
    before: int = 0  # reminders that other scenarios left


def sixty_days(stage: Stage) -> Row:
    """Sixty days, and what was said in them."""
    stage.ways(keep=True)
    days = Sixty(stage, stage.chance("calendar"), clock.now().replace(minute=0, second=0, microsecond=0) + HOUR)
    _plan(days)
    _settle(days)
    days.before = _written(days)
    end = days.begins + timedelta(days=DAYS)
    while (moment := _next(days)) < end:
        _pass_to(days, moment)
    _settle(days)
    stage.ways(keep=False)
    return judging.row(stage, days.ledger, days.zones, days.allowed, _held(days))


def _held(days: Sixty) -> str:
    moved = sum(len(meeting.times) - 1 for meeting in days.ledger.meetings)
    gone = sum(meeting.cancelled_at is not None for meeting in days.ledger.meetings)
    return (
        f"{DAYS} days in {days.looks:,} steps, {len(days.ledger.meetings)} sessions, {moved} times moved and {gone} cancelled,"
        f" {days.restarts} x kill -9, nothing running for {OUTAGE.seconds // 3600} hours"
    )


def _plan(days: Sixty) -> None:
    """Sessions and people, and what will be done when."""
    dice, stage = days.dice, days.stage
    with stage.inside():
        days.office = rows.person("Secretary-calendar", Role.SECRETARIAT).id
        for number in range(SESSIONS):
            zone = ZONES[number % len(ZONES)]
            on = days.begins.date() + timedelta(days=dice.randint(10, DAYS - 2))
            wall = datetime(on.year, on.month, on.day, dice.randint(7, 20), dice.choice((0, 30)))
            organisation = rows.clubs(1)[0]
            prefix = f"sixty{number}-"
            own = dice.sample(selectable(), GUESTS)
            rows.people(GUESTS, prefix, [organisation], zones=[zone for zone in own for _ in range(6)])
            _cycle(days, prefix, own)
            session = _session(wall, zone, number)
            days.works.append(
                Mailing(stage, f"sixty-{number}", str(session.id), stage.client(), [str(organisation.id)], set(_addresses(prefix)))
            )  # fmt: skip
            days.plans.append((wall, zone))
            days.ledger.meetings.append(Meeting(str(session.id), zone, [(instant(wall, zone), clock.now())]))
            _deeds(days, number, instant(wall, zone))
        db.session.commit()
    _trouble(days)
    days.deeds.sort()


def _cycle(days: Sixty, prefix: str, own: list[str]) -> None:
    with_zones = [zone for zone in own for _ in range(6)]
    for number, address in enumerate(_addresses(prefix)):
        days.zones[address] = with_zones[number // 6 % len(with_zones)]


def _addresses(prefix: str) -> list[str]:
    return [f"{prefix}{n}@bench.example" for n in range(GUESTS)]


def _session(wall: datetime, zone: str, number: int) -> Any:
    plan = rules.Plan(
        titles={**rows.TITLES, "en": f"Session of day {number}"}, local_start=wall, zone=zone, minutes=90, capacity=50,
        join_url="https://meet.example/abc",
    )  # fmt: skip
    row = rules.create_session(plan, by=None, now=clock.now(), status=SessionStatus.SCHEDULED)
    db.session.flush()
    return row


def _deeds(days: Sixty, number: int, start: datetime) -> None:
    """Invited one to three weeks ahead; most answer, some late, some think better of it, some never do."""
    dice = days.dice
    invited = max(days.begins + HOUR, start - timedelta(hours=dice.randint(30, 500)))
    days.deeds.append(Deed(invited, "invite", number))
    for who in range(GUESTS):
        fate = dice.random()
        if fate < 0.2:
            continue
        at = invited + (start - invited) * dice.uniform(0.02, 0.97)
        if fate > 0.85:
            days.deeds.append(Deed(at, "answer", number, who, "no"))
            continue
        days.deeds.append(Deed(at, "answer", number, who, "yes"))
        if fate > 0.72:
            days.deeds.append(Deed(at + (start - at) * dice.uniform(0.1, 0.9), "answer", number, who, "no"))


def _trouble(days: Sixty) -> None:
    """Sessions move, some an hour before a reminder or just after one; three are called off."""
    dice, meetings = days.dice, days.ledger.meetings
    chosen = dice.sample(range(SESSIONS), MOVES + CANCELLED)
    for number in chosen[:MOVES]:
        start = meetings[number].start
        near = dice.choice((7 * 24 * 60, 24 * 60, 60))
        at = start - timedelta(minutes=near + dice.choice((-20, -4, 4, 25)))
        days.deeds.append(Deed(max(at, days.begins + 3 * HOUR), "move", number, 0, dice.choice((-1, 1, 2, 3, 6))))
    for number in chosen[MOVES:]:
        at = meetings[number].start - timedelta(minutes=dice.choice((24 * 60, 60)) + dice.choice((-10, 5, 90)))
        days.deeds.append(Deed(at, "cancel", number))
    quiet = dice.choice([m for n, m in enumerate(meetings) if n not in chosen])
    begins = quiet.start - timedelta(days=1) - timedelta(hours=2, minutes=17)  # a day before that one nobody is there to say so
    days.outage = (begins, begins + OUTAGE)


def _next(days: Sixty) -> datetime:
    """The next hour, deed, or moment of a rule and half a minute, whichever comes first."""
    now = clock.now()
    found = [(now + HOUR).replace(minute=0, second=0, microsecond=0)]
    if days.deeds:
        found.append(days.deeds[0].at)
    moment = days.ledger.next_moment(now - timedelta(seconds=20))
    if moment is not None:
        found.append(moment + timedelta(seconds=30))
    if days.outage is not None:
        found.append(days.outage[0])
    return max(min(found), now)


def _pass_to(days: Sixty, moment: datetime) -> None:
    """Move the clock there, do what is to be done, and let the platform look."""
    _move_clock(moment)
    if days.outage is not None and clock.now() >= days.outage[0]:
        _five_hours(days)
    while days.deeds and days.deeds[0].at <= clock.now():
        _do(days, days.deeds.pop(0))
    _look(days)


def _move_clock(moment: datetime) -> None:
    ahead = moment - clock.now()
    if ahead > timedelta(seconds=1):
        clock.advance(timedelta(seconds=-(-ahead.total_seconds() // 1)))


def _five_hours(days: Sixty) -> None:
    """Everything is killed and stays away; the clocks go on."""
    assert days.outage is not None
    for name in (*WORKERS, "beat", "web"):
        days.stage.kill(name)
    days.stage.stop()
    _move_clock(days.outage[1])
    days.outage = None
    days.stage.start()


def _look(days: Sixty) -> None:
    """Beat names the task each minute; here it is named at once, and again while nobody carries it out."""
    days.looks += 1
    fresh = days.ledger.look(clock.now())
    _name_the_task()
    if not fresh:
        return
    if days.restarts < RESTARTS and days.dice.random() < 0.2:
        days.restarts += 1
        days.allowed += days.stage.kill(days.dice.choice((*WORKERS, "beat")))
    until = time.monotonic() + 60
    said, again = len(days.ledger.said), time.monotonic() + 3
    while _written(days) < said:
        if time.monotonic() > until:
            break  # the judgement will say what is missing
        if time.monotonic() > again:
            _name_the_task()
            again = time.monotonic() + 3
        time.sleep(0.05)
    _settle(days)


def _written(days: Sixty) -> int:
    found = days.stage.ask("SELECT count(*) FROM messages WHERE kind IN ('session-reminder', 'session-nudge')")
    return int(found[0][0]) - days.before


def _name_the_task() -> None:
    try:  # a connection for each time: Redis was started anew meanwhile
        with celery.connection_for_write() as connection:
            celery.send_task("exchanges.queue_reminders", connection=connection, ignore_result=True, retry=False)
    except (KombuError, OSError) as problem:  # the next look names it again
        print(f"calendar: no task named: {type(problem).__name__}", flush=True)


def _settle(days: Sixty) -> None:
    """Wait until nothing that is due is left: a day passes in a blink here, and mail that waits would be a day late."""
    until, again = time.monotonic() + 60, 0.0
    due = "SELECT 1 FROM messages WHERE state = 'sending' OR (state = 'queued' AND due_at <= %s) LIMIT 1"
    while days.stage.ask(due, clock.now()) and time.monotonic() < until:
        if time.monotonic() > again:  # the sweep's fifteen seconds would be weeks here
            days.stage.ask("SELECT pg_notify('outbox', '')")
            again = time.monotonic() + 1
        time.sleep(0.05)


def _do(days: Sixty, deed: Deed) -> None:
    """A person does it, on the pages."""
    meeting, work = days.ledger.meetings[deed.of], days.works[deed.of]
    now = clock.now()
    if meeting.cancelled_at is not None or now >= meeting.start:
        return
    if deed.what == "answer":
        _answer(days, meeting, work, deed)
        return
    _sign_in(days, work)
    if deed.what == "invite":
        work.invite()
        meeting.guests = [Guest(a, days.zones[a], clock.now()) for a in sorted(work.addresses)]
    elif deed.what == "move":
        _move(days, meeting, work, deed)
    else:
        _cancel(meeting, work)
    _settle(days)


def _sign_in(days: Sixty, work: Mailing) -> None:
    with days.stage.inside() as app:
        office = db.session.get(Person, days.office)
        assert office is not None
        work.client.cookies = rows.cookie(app, office)
        db.session.commit()


def _answer(days: Sixty, meeting: Meeting, work: Mailing, deed: Deed) -> None:
    if not meeting.guests:
        return
    guest = next(g for g in meeting.guests if g.address.startswith(f"sixty{deed.of}-{deed.who}@"))
    found = days.stage.ask(
        "SELECT i.id, i.nonce FROM invitations i JOIN people p ON p.id = i.person_id WHERE i.peer_session_id = %s AND p.email = %s",
        meeting.session, guest.address,
    )  # fmt: skip
    with days.stage.inside():
        path = f"/en/answer/{sign('answer', *found[0])}"
    client = days.stage.client()
    page = client.patiently(lambda: client.get(path))
    told = client.patiently(lambda: client.send(path, form_with(page.page, "answer"), {"answer": str(deed.how)}))
    if told.status != 303:
        raise Unexpected(f"an answer was not taken: {told.status}")
    guest.answered = True
    guest.seat_since = (guest.seat_since or clock.now()) if deed.how == "yes" else None
    _settle(days)


def _move(days: Sixty, meeting: Meeting, work: Mailing, deed: Deed) -> None:
    """To another day, at the same wall time; everyone is told, two minutes later."""
    wall, zone = days.plans[deed.of]
    wall += timedelta(days=int(deed.how))
    if instant(wall, zone) <= clock.now() + HOUR:
        wall += timedelta(days=4)
    path = f"/en/desk/sessions/{meeting.session}/edit"
    page = work.client.patiently(lambda: work.client.get(path))
    form = form_with(page.page, "start_date", "start_time")
    values = {"start_date": f"{wall:%Y-%m-%d}", "start_time": f"{wall:%H:%M}", "tell": "everyone"}
    told = work.client.patiently(lambda: work.client.send(path, form, values))
    if told.status != 303:
        raise Unexpected(f"a session did not move: {told.status}")
    days.plans[deed.of] = (wall, zone)
    meeting.times.append((instant(wall, zone), clock.now()))
    _move_clock(clock.now() + timedelta(seconds=130))


def _cancel(meeting: Meeting, work: Mailing) -> None:
    path = f"/en/desk/sessions/{meeting.session}/cancel"
    page = work.client.patiently(lambda: work.client.get(path))
    told = work.client.patiently(lambda: work.client.send(path, form_with(page.page, "reason", "tell"), {"tell": "everyone"}))
    if told.status != 303:
        raise Unexpected(f"a session was not cancelled: {told.status}")
    meeting.cancelled_at = clock.now()


__all__ = ["UTC", "sixty_days"]
