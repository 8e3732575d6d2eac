"""Answering an invitation: the page, the press of the button, the confirmation on its way; web and worker together."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from app.core.signing import sign
from app.exchanges.models import Invitation
from app.extensions import db
from bench import cpu, rows
from bench.browser import Browser, token_of
from bench.figures import Figure
from bench.house import House, analyze
from bench.sink import Asking
from config import load

ANSWERS, WARM_UP = 300, 20
LIMIT = 20.0


def measure(house: House) -> Iterator[Figure]:
    """CPU of one answer, from opening the page until the relay has the confirmation."""
    paths = _invited(house, ANSWERS + WARM_UP)
    analyze(load(house.env))
    web, worker, sink = house.web(), house.worker(), Asking(house.sink_port)
    browser = Browser(web)
    for path in paths[:WARM_UP]:
        _answer(browser, path)
    warm = sink.wait_for(WARM_UP, 30)
    if warm["mails"] < WARM_UP:
        raise SystemExit(f"bench: the worker sent {warm['mails']} of {WARM_UP} confirmations")
    before = web.cpu(), cpu.of_tree(worker), house.postgres_cpu()
    for path in paths[WARM_UP:]:
        _answer(browser, path)
    told = sink.wait_for(len(paths), 60)
    after = web.cpu(), cpu.of_tree(worker), house.postgres_cpu()
    in_web, in_worker, in_database = ((b - a) * 1000 / ANSWERS for a, b in zip(before, after, strict=True))
    yield Figure("answer: page, post and mail", in_web + in_worker, "CPU-ms", LIMIT)
    yield Figure("answer: of it web process", in_web, "CPU-ms")
    yield Figure("answer: of it worker", in_worker, "CPU-ms")
    yield Figure("answer: PostgreSQL", in_database, "CPU-ms")
    yield Figure("answer: people told", told["people"], "people", len(paths), at_least=True)
    yield Figure("answer: mails too many", told["mails"] - len(paths), "mails", 0)


def _answer(browser: Browser, path: str) -> None:
    browser.forget()
    page = browser.get(path)
    browser.post(path, {"csrf_token": token_of(page), "answer": "yes", "comment": ""})


def _invited(house: House, count: int) -> list[str]:
    with house.app.app_context():
        of = rows.states()
        session = rows.meeting(14, capacity=count, hosts=of[:2])
        rows.invitations(session, rows.people(count, "guest", of), of)
        db.session.commit()
        found = db.session.scalars(select(Invitation).where(Invitation.peer_session_id == session.id))
        return [f"/en/answer/{sign('answer', one.id, one.nonce)}" for one in found]
