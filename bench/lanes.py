"""Sign-in links during mail to ten thousand: a relay that takes 50 ms for each mail, and hangs for one domain in ten."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from app.core import clock
from app.core.signing import external_url
from app.extensions import db
from app.notifications import outbox
from app.notifications.models import Priority
from bench.figures import Figure
from bench.house import House
from bench.sink import Asking

MAILS, EVERY, SAMPLES = 10_000, 10, 20
P95 = 10.0


def measure(house: House) -> Iterator[Figure]:
    """All senders are busy from beginning to end; every second somebody asks for a link."""
    sink = Asking(house.sink_port)
    sink.tell("SLOW 50 hangs.example")
    with house.app.app_context():
        outbox.queue((_mail(n) for n in range(MAILS)), now=clock.now())
        db.session.commit()
        house.worker()
        sink.wait_for(50, 60)
        waited = []
        for n in range(SAMPLES):
            address = f"asker{n}@{'hangs' if n % EVERY == EVERY - 1 else 'alvania'}.example"
            began = time.monotonic()
            outbox.queue(_mail(n, address=address, priority=Priority.URGENT, key=f"urgent:{n}"), now=clock.now())
            db.session.commit()
            if "hangs" in address:  # it hangs too, and must hold up nobody
                continue
            while not sink.took(address) and time.monotonic() - began < 30:
                time.sleep(0.02)
            waited.append(time.monotonic() - began)
            time.sleep(max(0.0, 1 - (time.monotonic() - began)))
        left = db.session.scalar(db.text("SELECT count(*) FROM messages WHERE state = 'queued' AND priority = 20"))
    yield Figure("lanes: urgent mail during mail to many, p95", sorted(waited)[int(len(waited) * 0.95) - 1], "s", P95)
    yield Figure("lanes: the slowest", max(waited), "s")
    yield Figure("lanes: mails to many still waiting then", left, "mails", 1, at_least=True)


def _mail(n: int, address: str = "", priority: Priority = Priority.NORMAL, key: str = "") -> outbox.Letter:
    domain = "hangs" if n % EVERY == 0 else f"d{n % 37}"
    sign_in = external_url("accounts.sign_in", "en")
    return outbox.Letter(
        kind="password-changed", key=key or f"bulk:{n}", address=address or f"p{n}@{domain}.example", locale="en", zone="UTC",
        recipient_name=f"Person {n}", priority=priority, expires_at=clock.now() + timedelta(hours=1),
        facts={"links": {"sign_in": sign_in}, "at": "2026-11-23T09:00:00+00:00", "contact": "s@pathways.example"},
    )  # fmt: skip
