"""The outbox with a million mails beside the outbox with a few: its page, and what a sender waits for its next mails."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import create_engine, text

from app.accounts.models import Role
from app.core import clock
from app.extensions import db
from app.notifications import claims
from bench import rows
from bench.browser import Browser
from bench.figures import Figure
from bench.house import House, Web, analyze
from bench.pages import Page, statements
from config import load

FEW, MANY = 100, 1_000_000
REQUESTS, ROUNDS, WARM_UP = 30, 5, 15
LIMIT, CLAIM = 2.0, 2.0
SCRAPE = 20.0
CLAIMS = 40
_MAILS = """
INSERT INTO messages (id, key, kind, priority, recipient_name, salutation, address, locale, zone, facts, template_version,
    at_most_once, restored_hold, due_at, state, attempts, created_at, sent_at, error_class, last_error)
SELECT (lpad(to_hex((extract(epoch FROM t.at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
        || substr(md5(n::text), 5, 15))::uuid,
    'bench:' || n, 'session-reminder', 5, 'Person ' || n, '', 'person' || n || '@bench.example', 'en', 'UTC', '{}', 1, false, false,
    t.at, CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'sent' END, 1, t.at, CASE WHEN n % 50 = 0 THEN NULL ELSE t.at END,
    CASE WHEN n % 50 = 0 THEN 'rejected' END, CASE WHEN n % 50 = 0 THEN '550 no such mailbox' END
FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n,
    LATERAL (SELECT CAST(:until AS timestamptz) - (CAST(:last AS int) - n) * interval '20 seconds' AS at) t
"""
"""Mails of months, one in fifty of which did not arrive."""
_BARE_CLAIM = """
UPDATE bare_queue q SET state = 1
FROM (SELECT id FROM bare_queue WHERE state = 0 ORDER BY id FOR UPDATE SKIP LOCKED LIMIT :most) due
WHERE q.id = due.id AND q.state = 0 RETURNING q.id
"""


def measure(house: House) -> Iterator[Figure]:
    """The page with a hundred mails, then with a million; the claim of the next fifty among them."""
    with house.app.app_context():
        office = rows.cookie(house.app, rows.person("Secretary", Role.SECRETARIAT))
        db.session.commit()
    page = Page("outbox", "/en/desk/outbox", office, "Person ")
    failed = Page("outbox", "/en/desk/outbox?state=failed", office, "Person ")
    web = house.web()
    _write(house, 1, FEW)
    few = _cost(house, web, page)
    before = statements(house.app, page)
    start = time.monotonic()
    _write(house, FEW + 1, MANY)
    wrote = time.monotonic() - start
    many = _cost(house, web, page)
    yield Figure("outbox: page of 1,000,000 mails", many / few, f"x {few:.1f} CPU-ms", LIMIT)
    yield Figure("outbox: more SQL", abs(statements(house.app, page) - before), "statements", 0)
    yield Figure("outbox: those that failed", _cost(house, web, failed), "CPU-ms")
    scrape = Page("figures", "/metrics", office, "pathways_outbox_messages")
    yield Figure("outbox: figures for a monitor", _cost(house, web, scrape), "CPU-ms", SCRAPE)
    yield Figure("outbox: claim of the next 50", _claim(house), "ms", CLAIM)
    yield Figure("outbox: the same of bare rows", _bare_claim(house), "ms")
    yield Figure("outbox: writing the rows took", wrote, "s")


def _write(house: House, first: int, last: int) -> None:
    owner = create_engine(house.env["MIGRATION_DATABASE_URL"])
    with owner.begin() as connection:  # a trigger holds how a mail comes to its state; these are history
        connection.execute(text("ALTER TABLE messages DISABLE TRIGGER USER"))
        connection.execute(text(_MAILS), {"first": first, "last": last, "until": clock.now()})
        connection.execute(text("ALTER TABLE messages ENABLE TRIGGER USER"))
    owner.dispose()
    analyze(load(house.env))


def _cost(house: House, web: Web, page: Page) -> float:
    """CPU of web process and PostgreSQL for one page."""
    browser = Browser(web, page.cookies)
    for _ in range(WARM_UP):
        if page.shows not in browser.get(page.path):
            raise SystemExit(f"bench: {page.path} does not show {page.shows!r}")
    rounds = []
    for _ in range(ROUNDS):
        before = web.cpu() + house.postgres_cpu()
        for _ in range(REQUESTS):
            browser.get(page.path)
        rounds.append((web.cpu() + house.postgres_cpu() - before) * 1000 / REQUESTS)
    return statistics.median(rounds)


def _claim(house: House) -> float:
    """What a sender waits for a batch of mails that are due."""
    owner = create_engine(house.env["MIGRATION_DATABASE_URL"])
    due = _MAILS.replace("CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'sent' END, 1", "'queued', 0").replace(
        "CASE WHEN n % 50 = 0 THEN NULL ELSE t.at END", "NULL"
    )
    with owner.begin() as connection:
        connection.execute(text(due), {"first": MANY + 1, "last": MANY + CLAIMS * claims.BATCH, "until": clock.now()})
    analyze(load(house.env))
    with house.app.app_context():
        connection_of_sender = claims.connect(db.engine)
    claimant = claims.Claimant(connection_of_sender)
    took = []
    for _ in range(CLAIMS):
        start = time.perf_counter()
        got = claimant.claim(clock.now() + timedelta(seconds=1))
        took.append((time.perf_counter() - start) * 1000)
        if len(got) != claims.BATCH:
            raise SystemExit(f"bench: a sender got {len(got)} of {claims.BATCH} mails")
    connection_of_sender.close()
    owner.dispose()
    return statistics.median(took)


def _bare_claim(house: House) -> float:
    """What PostgreSQL itself takes for as many short rows of a short table."""
    owner = create_engine(house.env["MIGRATION_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    took = []
    with owner.connect() as connection:
        connection.execute(text("CREATE TABLE bare_queue AS SELECT n AS id, 0 AS state FROM generate_series(1, 20000) n"))
        connection.execute(text("CREATE INDEX ON bare_queue (id) WHERE state = 0"))
        connection.execute(text("ANALYZE bare_queue"))
        for _ in range(CLAIMS):
            start = time.perf_counter()
            connection.execute(text(_BARE_CLAIM), {"most": claims.BATCH}).fetchall()
            took.append((time.perf_counter() - start) * 1000)
        connection.execute(text("DROP TABLE bare_queue"))
    owner.dispose()
    return statistics.median(took)
