"""The reminder scan over 5,000 sessions to come with a hundred people each: what is due is written, and once."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import create_engine, text

from app.core import clock
from app.exchanges import reminders
from app.extensions import db
from bench import rows
from bench.figures import Figure
from bench.house import House, analyze
from config import load

SESSIONS, PEOPLE, LIMIT = 5_000, 100, 2.0
SPREAD_DAYS = 365
_SESSIONS = """
INSERT INTO peer_sessions (id, exchange_id, uid, status, titles, purposes, agendas, local_start, zone, fold, starts_at,
    scheduled_at, minutes, tzdb_version, capacity, languages, join_url, dial_in, test_url, visibility, grounds, invite_accepted,
    schedule_version, sequence, revision, illustrative, version, created_at, updated_at)
SELECT md5('session' || n)::uuid, s.exchange_id, 'bench-' || n, s.status, s.titles, s.purposes, s.agendas,
    t.at AT TIME ZONE 'UTC', 'UTC', 0, t.at, :before, s.minutes, s.tzdb_version, 400, s.languages, s.join_url, s.dial_in,
    s.test_url, s.visibility, s.grounds, false, 1, 0, 1, false, 1, :before, :before
FROM peer_sessions s, generate_series(1, :sessions) n,
    LATERAL (SELECT CAST(:now AS timestamptz) + n * make_interval(mins => :apart) AS at) t WHERE s.id = :first
"""
_RULES = """
INSERT INTO reminder_rules (id, peer_session_id, minutes_before, audience)
SELECT gen_random_uuid(), md5('session' || n)::uuid, r.minutes_before, r.audience
FROM generate_series(1, :sessions) n, reminder_rules r WHERE r.peer_session_id = :first
"""
_INVITATIONS = """
INSERT INTO invitations (id, peer_session_id, person_id, organisation_id, capacity, invited_because, nonce, join_nonce, invited_at,
    dtstamp, sequence, sequence_raise, requested, answer, answered_at, answered_version, seat, seat_since, wants_notes, comment,
    created_at, updated_at)
SELECT gen_random_uuid(), md5('session' || n)::uuid, p.id, NULL, 'participant', 'by_hand', md5('a' || n || '-' || p.number),
    md5('b' || n || '-' || p.number), t.at, t.at, 0, 0, true, CASE WHEN yes THEN 'yes' END, CASE WHEN yes THEN t.at END,
    CASE WHEN yes THEN 1 END, CASE WHEN yes THEN 'held' ELSE 'none' END, CASE WHEN yes THEN t.at END, false, '', t.at, t.at
FROM generate_series(1, :sessions) n, (SELECT CAST(:before AS timestamptz) AS at) t,
    LATERAL (SELECT id, number, number % 2 = 0 AS yes FROM bench_people WHERE number % 50 = n % 50 LIMIT :people) p
"""
"""Half of them hold a seat, half have not answered; everybody is invited to a fiftieth of the sessions."""


def measure(house: House) -> Iterator[Figure]:
    """One look at the clock with much to say, and the next one with nothing."""
    owner = create_engine(house.env["MIGRATION_DATABASE_URL"])
    now = clock.now()
    with house.app.app_context():
        first = rows.meeting(900, hosts=rows.states()[:2])
        of = rows.states()
        rows.people(50 * PEOPLE, "guest", of)
        db.session.commit()
        values = {"first": first.id, "sessions": SESSIONS, "people": PEOPLE, "now": now, "before": rows.long_ago(now),
                  "apart": SPREAD_DAYS * 24 * 60 // SESSIONS}  # fmt: skip
    with owner.begin() as connection:
        people = "SELECT id, row_number() OVER (ORDER BY id) AS number FROM people WHERE email LIKE 'guest%'"
        connection.execute(text(f"CREATE TEMP TABLE bench_people AS {people}"))
        for statement in (_SESSIONS, _RULES, _INVITATIONS):
            connection.execute(text(statement), values)
        count = connection.execute(text("SELECT count(*) FROM invitations")).scalar_one()
    owner.dispose()
    analyze(load(house.env))
    with house.app.app_context():
        reminders.queue_due(now, most=0)  # its statements are put together once
        db.session.rollback()
        written, took, used, database = _scan(house)
        again, took_again, used_again, database_again = _scan(house)
        while _scan(house)[0]:  # more than one look may write
            pass
        raw = _raw()
    yield Figure("reminders: people invited", count, "invitations", SESSIONS * PEOPLE, at_least=True)
    yield Figure("reminders: scan that writes", took, "s", LIMIT)
    yield Figure("reminders: written by it", written, "mails")
    yield Figure("reminders: of it this process", used, "CPU-s")
    yield Figure("reminders: of it PostgreSQL", database, "CPU-s")
    yield Figure("reminders: inserting as many bare rows", raw * written, "s")
    yield Figure("reminders: the next scan", took_again, "s", LIMIT)
    yield Figure("reminders: CPU of it, both", used_again + database_again, "CPU-s")
    yield Figure("reminders: the next scan writes", again, "mails", 0)


def _scan(house: House) -> tuple[int, float, float, float]:
    database, used, start = house.postgres_cpu(), time.process_time(), time.monotonic()
    written = reminders.queue_due(clock.now())
    db.session.commit()
    return written, time.monotonic() - start, time.process_time() - used, house.postgres_cpu() - database


def _raw(rows_: int = 2_000) -> float:
    """Seconds to write one short row of many in one statement."""
    with db.engine.connect() as connection:
        connection.execute(text("CREATE TEMP TABLE bare_rows (n int, said text)"))
        start = time.monotonic()
        connection.execute(text("INSERT INTO bare_rows SELECT n, md5(n::text) FROM generate_series(1, :rows) n"), {"rows": rows_})
        connection.commit()
        return (time.monotonic() - start) / rows_
