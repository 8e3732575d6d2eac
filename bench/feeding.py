"""Calendars of 500 sessions to subscribe to: written out in full, and the answer to who has them already."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from app.accounts.models import Person, Role
from app.core.signing import sign
from app.extensions import db
from bench import cpu, rows
from bench.browser import Browser
from bench.figures import Figure
from bench.house import House, Web, analyze
from config import load

SESSIONS = 500
FULL, UNCHANGED = 30.0, 2.0
ROUNDS, TIMES = 7, 20


def measure(house: House) -> Iterator[Figure]:
    """The public feed and a person's own, both of 500 sessions."""
    with house.app.app_context():
        reader = rows.person("Reader", Role.PARTICIPANT, language="fr", zone="Europe/Paris")
        of = rows.states()
        for number in range(SESSIONS):
            session = rows.meeting(5 + number % 300, hosts=[of[number % len(of)]], title=f"Session {number}")
            session.titles = {**session.titles, "fr": f"Le regroupement familial, séance {number} : la pièce qui manque"}
            session.purposes = {"en": f"Colleagues explain case {number}.", "fr": f"Des collègues expliquent le cas {number}."}
            rows.invitations(session, [reader.id], of, held=number % 2)
        db.session.commit()
        person = db.session.get(Person, reader.id)
        assert person is not None
        own = f"/feeds/{sign('feed', person.id, person.feed_nonce)}.ics"
    analyze(load(house.env))
    web = house.web()
    smallest = _cost(web, "/live", None, expect=200)[0]
    yield Figure("feed: smallest answer of the web", smallest, "CPU-ms")
    for name, path in (("public", "/feeds/sessions.ics?lang=fr"), ("own", own)):
        full, size, etag = _cost(web, path, None, expect=200)
        unchanged = _cost(web, path, etag, expect=304)[0]
        yield Figure(f"feed: {name}, entries", size, "sessions", SESSIONS, at_least=True)
        yield Figure(f"feed: {name}, written in full", full, "CPU-ms", FULL)
        yield Figure(f"feed: {name}, unchanged", unchanged, "CPU-ms", UNCHANGED)


def _cost(web: Web, path: str, etag: str | None, *, expect: int) -> tuple[float, int, str]:
    """CPU-ms of one answer by the web process, the entries in it, and its mark."""
    browser = Browser(web)
    headers = {"If-None-Match": etag} if etag else {}
    for _ in range(TIMES):
        page = browser.get(path, expect=expect, headers=headers)
    rounds = []
    for _ in range(ROUNDS):
        before = cpu.each(web.pid)
        for _ in range(TIMES):
            browser.get(path, expect=expect, headers=headers)
        rounds.append(cpu.since(before, cpu.each(web.pid)) * 1000 / TIMES)
    return statistics.median(rounds), page.count("BEGIN:VEVENT"), browser.etag
