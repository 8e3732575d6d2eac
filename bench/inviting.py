"""Inviting ten thousand people: the rehearsal, the request, the first mail, the worker's CPU for all, mails a second."""

from __future__ import annotations

from collections.abc import Iterator

from app.accounts.models import Role
from app.extensions import db
from bench import cpu, rows
from bench.browser import Browser, token_of
from bench.figures import Figure
from bench.house import House, analyze
from bench.sink import Asking
from config import load

PEOPLE, ORGANISATIONS = 10_000, 40
REHEARSAL, REQUEST, FIRST, CPU = 10.0, 2.0, 0.5, 10.0


def measure(house: House) -> Iterator[Figure]:
    """One press of "Invite", and what follows."""
    path, cookies, chosen = network(house, PEOPLE)
    analyze(load(house.env))
    web, worker, sink = house.web(), house.worker(), Asking(house.sink_port)
    browser = Browser(web, cookies)
    web_before = web.cpu()
    form = checked(browser, path, chosen, PEOPLE)
    yield Figure("invite: the rehearsal of all", browser.took, "s", REHEARSAL)
    yield Figure("invite: the rehearsal, web", web.cpu() - web_before, "CPU-s")
    cpu_before, database_before = cpu.of_tree(worker), house.postgres_cpu()
    browser.post(path, form)
    took, answered = browser.took, browser.answered
    told = sink.wait_for(PEOPLE, 90)
    used, database = cpu.of_tree(worker) - cpu_before, house.postgres_cpu() - database_before
    yield Figure("invite: the request", took, "s", REQUEST)
    yield Figure("invite: first mail after it", told["first"] - answered if told["mails"] else 90.0, "s", FIRST)
    yield Figure("invite: worker", used, "CPU-s", CPU)
    yield Figure("invite: PostgreSQL", database, "CPU-s")
    yield Figure("invite: rate", told["mails"] / max(told["last"] - told["first"], 0.001), "mails/s")
    yield Figure("invite: the sink's raw rate", sink.raw_rate(int(told["size"])), "mails/s")
    yield Figure("invite: people told", told["people"], "people", PEOPLE, at_least=True)
    yield Figure("invite: mails too many", told["mails"] - PEOPLE, "mails", 0)


def checked(browser: Browser, path: str, chosen: list[str], people: int) -> list[tuple[str, str]]:
    """The form that invites so many people, after the page that shows what would leave."""
    form = [("csrf_token", token_of(browser.get(path))), ("capacity", "participant"), *(("organisations", o) for o in chosen)]
    browser.post(path, [*form, ("confirmed", "")])
    took, address = browser.took, browser.location
    check = browser.get(address)
    if f"{people:,} mails leave when you confirm" not in check and f"{people} mails leave when you confirm" not in check:
        raise SystemExit("bench: the rehearsal does not say how many mails leave")
    browser.took = took  # what was waited for: the page itself only shows what was kept
    return [*form, ("confirmed", ""), ("rehearsed", address.rpartition("/")[2])]


def network(house: House, people: int) -> tuple[str, dict[str, str], list[str]]:
    """A session, and those to invite: the address of the form, the cookies of the secretariat, the organisations."""
    with house.app.app_context():
        secretariat = rows.person("Secretary", Role.SECRETARIAT)
        session = rows.meeting(14, capacity=people, hosts=rows.states()[:2])
        organisations = rows.clubs(ORGANISATIONS)
        rows.people(people, "guest", organisations)
        cookies = rows.cookie(house.app, secretariat)
        db.session.commit()
        return f"/en/desk/sessions/{session.id}/invite", cookies, [str(o.id) for o in organisations]
