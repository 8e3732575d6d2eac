"""Home, session page and queue: CPU of the web process beside a bare page's, PostgreSQL's beside that, SQL statements."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import create_engine, event

from app.accounts.models import Role
from app.extensions import db
from bench import bare, rows
from bench.browser import Browser
from bench.figures import Figure
from bench.house import House, Web, analyze

REQUESTS, ROUNDS, WARM_UP = 60, 9, 40
CPU_LIMIT, BARE_LIMIT, STATEMENT_LIMIT = 8.0, 4.0, 6


@dataclass(frozen=True)
class Page:
    """An address, who reads it, and words that show it is that page."""

    name: str
    path: str
    cookies: dict[str, str]
    shows: str


@dataclass
class Network:
    """What the pages show; ``grow`` makes it ten times as much."""

    app: Flask
    pages: list[Page]
    parts: dict[str, Any]
    size: int = 0

    def grow(self) -> None:
        """From 30 invitations, 300 expressions and 20 sessions to ten times that."""
        start, self.size = self.size, 10 * self.size if self.size else 1
        parts, step = self.parts, self.size - start
        of = rows.states()
        with_invitations = db.session.merge(parts["session"])
        people = rows.people(30 * step, f"guest{self.size}x", of)
        rows.invitations(with_invitations, people, of, held=20 * step)
        rows.expressions(300 * step, f"{self.size}x", db.session.merge(parts["call"]), db.session.merge(parts["secretariat"]))
        for number in range(20 * step):
            rows.meeting(20 + number % 200, hosts=[of[number % len(of)]], title=f"Session {self.size} {number}")
        for number in range(step):
            rows.call(f"Call {self.size} {number}")
        db.session.commit()


def _network(house: House) -> Network:
    app = house.app
    with app.app_context():
        secretariat = rows.person("Secretary", Role.SECRETARIAT, zone="Europe/Paris")
        guest = rows.person("Guest", Role.PARTICIPANT, zone="America/Bogota")
        session = rows.meeting(14, hosts=rows.states()[:2])
        rows.invitations(session, [guest.id], rows.states())
        call = rows.call()
        office, reader = rows.cookie(app, secretariat), rows.cookie(app, guest)
        pages = [
            Page("home", "/en/", {}, "Session 1 0"),
            Page("session", f"/en/sessions/{session.id}", reader, "How two services decide"),
            Page("queue", "/en/desk/expressions", office, "EOI-"),
        ]
        db.session.commit()
        network = Network(app, pages, {"session": session, "call": call, "secretariat": secretariat})
        network.grow()
    return network


def measure(house: House, only: str | None = None) -> Iterator[Figure]:
    """All three pages, or one."""
    network = _network(house)
    wanted = [page for page in network.pages if only in (None, page.name)]
    few = {page.name: statements(house.app, page) for page in wanted}
    with house.app.app_context():
        network.grow()
    owner = create_engine(house.env["MIGRATION_DATABASE_URL"])
    bare.fill(owner)
    owner.dispose()
    from config import load

    analyze(load(house.env))
    web, plain = house.web(), house.web("bench.bare:create_app()")
    for page in wanted:
        yield from _page(house, web, plain, page, few[page.name])


def _page(house: House, web: Web, plain: Web, page: Page, few: int) -> Iterator[Figure]:
    ours, theirs, database = [], [], []
    browser, other = Browser(web, page.cookies), Browser(plain)
    for _ in range(WARM_UP):
        if page.shows not in browser.get(page.path):
            raise SystemExit(f"bench: {page.path} does not show {page.shows!r}")
        other.get("/")
    for _ in range(ROUNDS):  # side by side, so that what else the machine does weighs on both
        theirs.append(cpu_of(plain, other, "/"))
        before = house.postgres_cpu()
        ours.append(cpu_of(web, browser, page.path))
        database.append((house.postgres_cpu() - before) * 1000 / REQUESTS)
    mine, bare_page = statistics.median(ours), statistics.median(theirs)
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))  # of neighbours: both felt the same machine
    many = statements(house.app, page)
    yield Figure(f"{page.name}: web process", mine, "CPU-ms", CPU_LIMIT)
    yield Figure(f"{page.name}: against a bare page", ratio, f"x {bare_page:.2f} CPU-ms", BARE_LIMIT)
    yield Figure(f"{page.name}: PostgreSQL", statistics.median(database), "CPU-ms")
    yield Figure(f"{page.name}: SQL", many, "statements", STATEMENT_LIMIT)
    yield Figure(f"{page.name}: more SQL with 10 x rows", abs(many - few), "statements", 0)


def cpu_of(web: Web, browser: Browser, path: str) -> float:
    """CPU of the web process for one request, in thousandths of a second."""
    before = web.cpu()
    for _ in range(REQUESTS):
        browser.get(path)
    return (web.cpu() - before) * 1000 / REQUESTS


def statements(app: Flask, page: Page) -> int:
    """How many statements one request sends, once the process has what it keeps in memory.

    The fewest of three: now and then a request also asks whether a wording was changed, whatever its page."""
    client = app.test_client()
    for name, value in page.cookies.items():
        client.set_cookie(name, value, domain="127.0.0.1")
    headers = {"Host": "127.0.0.1:8000"}
    client.get(page.path, headers=headers)
    sent = []
    for _ in range(3):
        with counted(app) as seen:
            answer = client.get(page.path, headers=headers)
        if answer.status_code != 200:
            raise SystemExit(f"bench: {page.path} answered {answer.status_code}")
        sent.append(len(seen))
    return min(sent)


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that the app sends meanwhile."""
    with app.app_context():
        engine = db.engine
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
