"""Programs killed without warning: workers, beat and web; Redis flushed, killed, absent; PostgreSQL killed."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import timedelta

import redis

from app.core import clock
from app.core.signing import sign
from app.exchanges import rules
from app.exchanges.models import SessionStatus
from app.extensions import db
from bench import rows
from bench.chaos.client import Unexpected, form_with
from bench.chaos.mailing import Mailing, Row, mailing
from bench.chaos.stage import WORKERS, Stage
from bench.figures import Figure

INVITED, KILLS = 5_000, 20
SLOW = 0.05
"""Seconds the relay takes for a reply: the mailing then lasts as long as all the kills."""
FEW, NEAR = 600, 0.03
ANSWERS, REMINDED = 60, 20
BEAT_AWAY = 120.0
"""A worker names a task that beat has not named for its minute and 45 seconds; it looks each quarter of a minute."""


class Watch:
    """How long the web was away, at the longest; looked at five times a second."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.longest, self._gone = stage, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        seen = time.monotonic()
        while not self._gone.wait(0.2):
            if self.stage.answers():
                self.longest, seen = max(self.longest, time.monotonic() - seen), time.monotonic()

    def stop(self) -> float:
        """The longest time without an answer."""
        self._gone.set()
        self._thread.join()
        return self.longest


def kills(stage: Stage) -> Row:
    """Twenty times ``kill -9`` while 5,000 invitations are written and sent: the web in the press of the button, too."""
    dice = stage.chance("kills")
    work = mailing(stage, "kills", INVITED)
    stage.ways(delay=SLOW)
    victims = ["web", "web", *dice.choices((*WORKERS, "beat", "web"), (4, 4, 1, 2), k=KILLS - 2)]
    moments = [0, 0, *sorted(dice.uniform(0.01, 0.96) * INVITED for _ in range(KILLS - 2))]
    watch, allowed = Watch(stage), 0
    pressing = threading.Thread(target=_press, args=(work,))
    pressing.start()
    for number, moment in enumerate(moments):
        if moment:
            work.wait(int(moment), 120)
        time.sleep(dice.uniform(0.05, 0.6))
        victims[number] = victim = _alive(stage, victims[number])
        allowed += stage.kill(victim)
    pressing.join(120)
    ended = time.time()
    work.settle()
    row = work.row("20 x kill -9 of workers, beat, web", allowed=allowed, ended=ended)
    away = watch.stop()
    row.figures = [
        Figure("kills: of workers", sum(v in WORKERS for v in victims), "kills"),
        Figure("kills: web away at the longest", away, "s", 60.0),
        Figure("kills: invitations written", _invitations(stage, work), "people", INVITED, at_least=True),
    ]
    killed = {name: victims.count(name) for name in (*WORKERS, "beat", "web")}
    row.held = (
        f"kills of the two workers {killed['worker']} and {killed['second']}, of beat {killed['beat']}, of the web {killed['web']},"
        " two of these while it saved the invitations"
    )
    stage.ways(delay=0.0)
    return row


def _alive(stage: Stage, victim: str) -> str:
    """This one, or another that lives: a program killed often is started again later each time."""
    order = (victim, *WORKERS, "web", "beat")
    return next((name for name in order if stage.pid(name)), victim)


def _press(work: Mailing) -> None:
    with suppress(Unexpected):  # then nobody has a mail, and the row says so
        work.invite()


def _invitations(stage: Stage, work: Mailing) -> int:
    return int(stage.ask("SELECT count(*) FROM invitations WHERE peer_session_id = %s", work.session_id)[0][0])


def redis_flushed(stage: Stage) -> Row:
    """Everything in Redis forgotten, three times."""
    work = _few(stage, "flushed")
    with redis.from_url(stage.env["REDIS_URL"]) as server:
        for part in (0.1, 0.3, 0.6):
            work.wait(int(FEW * part), 60)
            server.flushall()
    ended = time.time()
    return _row(stage, work, "Redis flushed, 3 times", 0, ended)


def redis_killed(stage: Stage) -> Row:
    """``kill -9`` of Redis, twice; the supervisor starts it again."""
    work = _few(stage, "rkilled")
    for part in (0.2, 0.6):
        work.wait(int(FEW * part), 60)
        stage.kill("redis")
        stage.wait_for("redis")
    return _row(stage, work, "kill -9 of Redis, twice", 0, time.time())


def redis_absent(stage: Stage) -> Row:
    """No Redis from start to end: pages, answers, mail and reminders without it."""
    stage.stop()
    stage.start(redis=False)
    try:
        moment, reminded = _soon(stage)
        work = _few(stage, "absent")
        ended = time.time()
        work.settle()
        answered = _answer(stage, _paths(stage, work, 20))
        row = work.row("Redis absent for the whole run", ended=ended)
        told, late = _reminders(stage, reminded, moment)
        row.figures = [
            Figure("redis-absent: answers taken", answered, "answers", 20, at_least=True),
            Figure("redis-absent: reminded", told, "people", len(reminded), at_least=True),
            Figure("redis-absent: reminded after the moment", late, "s", BEAT_AWAY),
        ]
        row.held = f"20 answers were taken, and {told} people were reminded within {late:.0f} s, though beat reaches nobody"
    finally:
        stage.ways(delay=0.0)
        stage.stop()
        stage.start()
    return row


def _soon(stage: Stage) -> tuple[float, set[str]]:
    """A session in an hour and some seconds, with seats taken: when its last reminder falls due, and to whom."""
    with stage.inside():
        now = clock.now()
        plan = rules.Plan(
            titles={"en": "Session without a broker"}, zone="UTC", minutes=60, capacity=50,
            local_start=(now + timedelta(minutes=60, seconds=15)).replace(tzinfo=None, microsecond=0),
        )  # fmt: skip
        session = rules.create_session(plan, by=None, now=now, status=SessionStatus.SCHEDULED)
        db.session.flush()
        organisations = rows.clubs(1)
        rows.invitations(session, rows.people(REMINDED, "absent-seat-", organisations), organisations, held=REMINDED)
        db.session.commit()
    return time.time() + 15, {f"absent-seat-{n}@bench.example" for n in range(REMINDED)}


def _reminders(stage: Stage, addresses: set[str], moment: float) -> tuple[int, float]:
    """How many were reminded, and how long after the moment the last one was."""
    until = moment + 2 * BEAT_AWAY
    while True:
        found = {copy["to"]: copy["at"] for copy in stage.copies() if copy["to"] in addresses}
        if len(found) >= len(addresses) or time.time() > until:
            return len(found), max(found.values(), default=until) - moment
        time.sleep(0.5)


def postgres_killed(stage: Stage) -> Row:
    """``kill -9`` of PostgreSQL, twice, while mails leave and people answer; the supervisor starts it again."""
    work = _few(stage, "database")
    allowed, taken, paths = 0, list[int](), _paths(stage, work, ANSWERS)
    answering = threading.Thread(target=lambda: taken.append(_answer(stage, paths)))
    work.wait(FEW // 5, 60)
    answering.start()
    for part in (0.3, 0.7):
        work.wait(int(FEW * part), 60)
        allowed += sum(stage.connections(stage.pid(name)) for name in WORKERS)
        stage.kill("postgres")
        stage.wait_for("postgres")
    ended = time.time()
    answering.join(120)
    row = _row(stage, work, "kill -9 of PostgreSQL, twice", allowed, ended)
    kept = stage.ask("SELECT count(*) FROM invitations WHERE peer_session_id = %s AND answer = 'yes'", work.session_id)[0][0]
    lost = (taken[0] if taken else ANSWERS) - int(kept)
    row.figures = [Figure("postgres-killed: acknowledged answers lost", max(lost, 0), "answers", 0)]
    row.held = f"all of the {taken[0] if taken else 0} answers acknowledged meanwhile are there"
    return row


def _few(stage: Stage, name: str) -> Mailing:
    work = mailing(stage, name, FEW)
    stage.ways(delay=NEAR)
    work.invite()
    return work


def _row(stage: Stage, work: Mailing, fault: str, allowed: int, ended: float) -> Row:
    work.settle()
    stage.ways(delay=0.0)
    return work.row(fault, allowed=allowed, ended=ended)


def _paths(stage: Stage, work: Mailing, count: int) -> list[str]:
    """The answer pages of some who were invited."""
    found = stage.ask("SELECT id, nonce FROM invitations WHERE peer_session_id = %s ORDER BY id LIMIT %s", work.session_id, count)
    with stage.inside():
        return [f"/en/answer/{sign('answer', row, nonce)}" for row, nonce in found]


def _answer(stage: Stage, paths: list[str]) -> int:
    """People answer Yes on their pages, each until it is acknowledged; answers how many were."""
    done = 0
    for path in paths:
        client = stage.client()
        page = client.patiently(lambda c=client, at=path: c.get(at))  # type: ignore[misc]
        form = form_with(page.page, "answer")
        told = client.patiently(lambda c=client, at=path, f=form: c.send(at, f, {"answer": "yes"}))  # type: ignore[misc]
        done += told.status == 303
    return done
