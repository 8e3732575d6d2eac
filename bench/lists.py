"""Every list beside the same list of a network ten times as large: it may cost no statement more, and hardly more CPU."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flask import Flask
from sqlalchemy import create_engine, make_url, text

from bench import copies, cpu, town
from bench.browser import Browser
from bench.figures import Figure
from bench.house import House, Web, analyze
from bench.pages import Page, statements
from config import load

TIMES, LIMIT = 10, 1.2
REQUESTS, ROUNDS, WARM_UP = 4, 19, 12

LISTS: tuple[tuple[str, str, str], ...] = (
    ("calls", "public", "/calls"),
    ("exchanges", "public", "/exchanges"),
    ("library", "public", "/practices"),
    ("library, searched", "public", "/practices?q=family"),
    ("pilots", "public", "/pilots"),
    ("my sessions", "participant", "/my-sessions"),
    ("my State", "focal point", "/my-state"),
    ("my State, invitations", "focal point", "/my-state/invitations"),
    ("co-lead's queue", "co-lead", "/desk/expressions"),
    ("desk", "secretariat", "/desk"),
    ("desk, audit log", "secretariat", "/desk/audit"),
    ("desk, calls", "secretariat", "/desk/calls"),
    ("desk, circulars", "secretariat", "/desk/circulars"),
    ("desk, designations", "secretariat", "/desk/designations"),
    ("desk, exchanges", "secretariat", "/desk/exchanges"),
    ("desk, queue", "secretariat", "/desk/expressions"),
    ("desk, imports", "secretariat", "/desk/imports"),
    ("desk, letters", "secretariat", "/desk/letters"),
    ("desk, letters to print", "secretariat", "/desk/letters/to-print"),
    ("desk, library", "secretariat", "/desk/practices"),
    ("desk, organisations", "secretariat", "/desk/organisations"),
    ("desk, outbox", "secretariat", "/desk/outbox"),
    ("desk, people", "secretariat", "/desk/people"),
    ("desk, people searched", "secretariat", "/desk/people?q=a"),
    ("desk, by phone", "secretariat", "/desk/phone"),
    ("desk, pilots", "secretariat", "/pilots"),
    ("desk, replies", "secretariat", "/desk/replies"),
    ("desk, sessions", "secretariat", "/desk/sessions"),
    ("desk, mails to read", "secretariat", "/desk/templates"),
    ("desk, gaps", "secretariat", "/desk/texts"),
    ("desk, wordings", "secretariat", "/desk/wordings"),
)
"""Name, who reads, address in English."""
_GROWN = "pathways_grown"


@dataclass(frozen=True)
class Side:
    """One of the two networks, as it is served."""

    app: Flask
    web: Web


def measure(house: House, only: str | None = None) -> Iterator[Figure]:
    """Both networks stand side by side, so that what else the machine does weighs on both."""
    settled = town.settle(house)
    large = _grown(house)  # first: a database is copied while nobody reads it
    small = Side(house.app, house.web())
    for name, reader, path in LISTS:
        if only in (None, name):
            yield from _compare(house, small, large, Page(name, f"/en{path}", settled.readers[reader], "</html>"))


def _grown(house: House) -> Side:
    """The same network in a database beside, every record ten times."""
    from app import create_app

    owner = make_url(house.env["MIGRATION_DATABASE_URL"])
    outside = create_engine(owner.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with house.app.app_context():
        from app.extensions import db

        db.engine.dispose()
    with outside.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {_GROWN} TEMPLATE {owner.database}"))
    outside.dispose()
    env = dict(house.env)
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL"):
        env[name] = make_url(env[name]).set(database=_GROWN).render_as_string(hide_password=False)
    engine = create_engine(env["MIGRATION_DATABASE_URL"])
    with house.app.app_context(), engine.begin() as connection:
        copies.times(connection, TIMES)
    engine.dispose()
    analyze(load(house.env))
    analyze(load(env))
    grown = replace(house, env=env)
    return Side(create_app(load(env)), grown.web())


def _compare(house: House, small: Side, large: Side, page: Page) -> Iterator[Figure]:
    few, many = (Browser(side.web, page.cookies) for side in (small, large))
    for _ in range(WARM_UP):
        few.get(page.path)
        many.get(page.path)
    costs: dict[str, list[float]] = {"few": [], "many": [], "ratio": []}
    for number in range(ROUNDS):  # neighbours are compared, each the first one in turn
        if number % 2:
            one, ten = _cost(house, small.web, few, page.path), _cost(house, large.web, many, page.path)
        else:
            ten, one = _cost(house, large.web, many, page.path), _cost(house, small.web, few, page.path)
        costs["few"].append(one)
        costs["many"].append(ten)
        costs["ratio"].append(ten / one)
    sent = {name: statements(side.app, page) for name, side in (("few", small), ("many", large))}
    middle = {name: statistics.median(values) for name, values in costs.items()}
    yield Figure(f"{page.name}: 10 x rows", middle["ratio"], f"x {middle['few']:.1f} CPU-ms", LIMIT)
    yield Figure(f"{page.name}: more SQL", abs(sent["many"] - sent["few"]), f"beside {sent['few']} statements", 0)


def _cost(house: House, web: Web, browser: Browser, path: str) -> float:
    """CPU of web process and PostgreSQL for one page, counted finely: few requests a round, many rounds side by side."""
    roots = web.pid, house.postgres_pid()
    before = [cpu.each(pid) for pid in roots]
    for _ in range(REQUESTS):
        browser.get(path)
    return sum(cpu.since(was, cpu.each(pid)) for pid, was in zip(roots, before, strict=True)) * 1000 / REQUESTS
