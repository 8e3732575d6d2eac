"""Ten thousand personal invitations in all zones and six languages, taken by the project's own mail catcher; and a slow relay.

Beside them, in the same run and into the same catcher, what a bare loop with ready-made mails reaches.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.accounts.models import Role
from app.core.zones import selectable
from app.extensions import db
from bench import cpu, rows
from bench.browser import Browser
from bench.figures import Figure
from bench.house import CHECKOUT, House, analyze, free_port, wait_for
from bench.inviting import checked
from config import load

PEOPLE, ORGANISATIONS, PROCESSES = 10_000, 40, 2
FIRST, CPU, SHARE = 0.5, 10.0, 0.5
DELAY, CONNECTIONS, MANY = 0.05, 8, 3_000
REACHED = 0.9 * CONNECTIONS / DELAY
BARE = 4_000


def measure(house: House) -> Iterator[Figure]:
    """One press of the button, and what follows."""
    caught = _catcher(house)
    port = int(house.env["MAIL_PORT"])
    path, cookies, chosen = network(house, PEOPLE)
    analyze(load(house.env))
    web, workers = house.web(), [house.worker() for _ in range(PROCESSES)]
    browser = Browser(web, cookies)
    form = checked(browser, path, chosen, PEOPLE)
    _settle(workers)
    before, database = sum(cpu.of_tree(pid) for pid in workers), house.postgres_cpu()
    browser.post(path, form)
    answered = time.time() - (time.monotonic() - browser.answered)
    moments = _wait_for(caught, PEOPLE, 180)
    used, database = sum(cpu.of_tree(pid) for pid in workers) - before, house.postgres_cpu() - database
    rate = len(moments) / max(moments[-1] - moments[0], 0.001)
    for pid in workers:
        house.stop(pid)
    raw = _bare(port, caught, house.folder)
    yield Figure("delivery: first mail after confirm", moments[0] - answered, "s", FIRST)
    yield Figure("delivery: worker, all mails", used, "CPU-s", CPU)
    yield Figure("delivery: PostgreSQL, all mails", database, "CPU-s")
    yield Figure("delivery: rate", rate, "mails/s")
    yield Figure("delivery: bare loop, same catcher", raw, "mails/s")
    yield Figure("delivery: share of the bare loop", rate / raw, "", SHARE, at_least=True)
    yield from _told(house, caught)


def slow_relay(house: House) -> Iterator[Figure]:
    """A relay that takes 50 ms for its reply to the final dot: eight connections, and how near to 160 a second."""
    log, port, control = house.folder / "copies.jsonl", free_port(), free_port()
    line = [sys.executable, "-m", "bench.chaos.relay", str(port), str(control), str(log)]
    relay = subprocess.Popen(line, cwd=CHECKOUT, stdin=subprocess.DEVNULL)
    house.ending.callback(relay.wait)
    house.ending.callback(relay.kill)
    wait_for(control, relay)
    from bench.chaos.relay import told, ways

    ways(control, delay=DELAY)
    house.env["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    path, cookies, chosen = network(house, MANY)
    analyze(load(house.env))
    web, workers = house.web(), [house.worker() for _ in range(CONNECTIONS // 4)]
    browser = Browser(web, cookies)
    form = checked(browser, path, chosen, MANY)
    _settle(workers)
    browser.post(path, form)
    until = time.monotonic() + 120
    while len(copies := told(log)) < MANY and time.monotonic() < until:
        time.sleep(0.3)
    moments = sorted(copy["at"] for copy in copies)
    first, last = len(moments) // 10, len(moments) * 9 // 10  # while all are at work: not the first to start, nor the last to end
    yield Figure("slow relay: connections at a time", _at_a_time(copies), "connections", CONNECTIONS)
    yield Figure("slow relay: most that is possible", CONNECTIONS / DELAY, "mails/s")
    yield Figure("slow relay: rate", (last - first) / (moments[last] - moments[first]), "mails/s", REACHED, at_least=True)
    yield Figure("slow relay: with start and end", len(moments) / (moments[-1] - moments[0]), "mails/s")
    yield Figure("slow relay: mails too many", len(copies) - len({copy["to"] for copy in copies}), "mails", 0)


def _at_a_time(copies: list[dict[str, Any]]) -> int:
    """How many connections were in use at once: each from its first mail to its last."""
    ends: list[tuple[float, int]] = []
    for connection in {copy["connection"] for copy in copies}:
        own = [copy["at"] for copy in copies if copy["connection"] == connection]
        ends += [(min(own), 1), (max(own), -1)]
    count = most = 0
    for _moment, step in sorted(ends):
        count += step
        most = max(most, count)
    return most


def network(house: House, people: int) -> tuple[str, dict[str, str], list[str]]:
    """As for ``inviting``, with every person in a zone of their own choice: all there are, each in all six languages."""
    with house.app.app_context():
        secretariat = rows.person("Secretary", Role.SECRETARIAT)
        session = rows.meeting(14, capacity=people, hosts=rows.states()[:2])
        organisations = rows.clubs(ORGANISATIONS)
        rows.people(people, "guest", organisations, zones=selectable(), domains=200)
        cookies = rows.cookie(house.app, secretariat)
        db.session.commit()
        return f"/en/desk/sessions/{session.id}/invite", cookies, [str(o.id) for o in organisations]


def _catcher(house: House) -> Path:
    """The mail catcher of ``make run`` in its own process; the platform is told of it. Answers its folder."""
    folder = house.folder / "caught"
    (folder / "mail").mkdir(parents=True)
    house.env |= {"MAIL_PORT": str(free_port()), "MAIL_WEB_PORT": str(free_port())}
    env = house.env | {"VAR_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, "-m", "catcher"], cwd=CHECKOUT, env=env, stdin=subprocess.DEVNULL)
    house.ending.callback(process.wait)
    house.ending.callback(process.kill)
    wait_for(int(house.env["MAIL_PORT"]), process)
    house.env["SMTP_URL"] = f"smtp://127.0.0.1:{house.env['MAIL_PORT']}"
    return folder / "mail"


def _settle(workers: list[int], seconds: float = 60) -> None:
    """Wait until the workers have started and rest, so that their start is not counted."""
    until, last = time.monotonic() + seconds, -1.0
    while time.monotonic() < until:
        used = sum(cpu.of_tree(pid) for pid in workers)
        if used - last < 0.02 and used > 0.5 * len(workers):
            return
        last = used
        time.sleep(1)


def _wait_for(folder: Path, mails: int, seconds: float) -> list[float]:
    """The moments at which mails were taken, as their files' names tell."""
    until = time.monotonic() + seconds
    while True:
        names = [entry.name for entry in os.scandir(folder) if entry.name.endswith(".eml")]
        if len(names) >= mails or time.monotonic() > until:
            return sorted(int(name[:20]) / 1e9 for name in names)
        time.sleep(0.5)


def _bare(port: int, caught: Path, folder: Path) -> float:
    """Mails a second of as many bare loops as there were workers, each over one connection, with a mail of ours."""
    name = min(entry.name for entry in os.scandir(caught) if entry.name.endswith(".eml"))
    ready = folder / "ready.eml"
    ready.write_bytes((caught / name).read_bytes().split(b"\r\n", 2)[2])  # without the catcher's own two lines
    line = [sys.executable, "-m", "bench.bareloop", str(port), str(ready), str(BARE // PROCESSES)]
    loops = [subprocess.Popen(line, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    took = [float(loop.communicate()[0]) for loop in loops]
    return BARE / max(took)


def _told(house: House, caught: Path) -> Iterator[Figure]:
    """Who was told: each once, in which zones and languages."""
    recipients = [_recipient(caught / entry.name) for entry in os.scandir(caught) if entry.name.endswith(".eml")]
    ours = [one for one in recipients if one.startswith("guest")]
    with house.app.app_context():
        query = "SELECT count(DISTINCT zone), count(DISTINCT locale), count(DISTINCT (zone, locale)) FROM messages"
        zones, languages, pairs = db.session.execute(text(query + " WHERE kind = 'session-invite'")).one()
        db.session.rollback()
    yield Figure("delivery: people told", len(set(ours)), "people", PEOPLE, at_least=True)
    yield Figure("delivery: mails too many", len(ours) - len(set(ours)), "mails", 0)
    yield Figure("delivery: zones of recipients", zones, "zones", len(selectable()), at_least=True)
    yield Figure("delivery: languages", languages, "languages", 6, at_least=True)
    yield Figure("delivery: zone and language together", pairs, "pairs")


def _recipient(path: Path) -> str:
    with path.open("rb") as file:
        for line in file:
            if line.startswith(b"Delivered-To:"):
                return line.split(b":", 1)[1].strip().decode()
    return ""
