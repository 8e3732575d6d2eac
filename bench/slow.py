"""A whole expression of interest in Chromium, over a line of 400 ms a round trip that loses a packet in twenty."""

from __future__ import annotations

import time
from collections.abc import Iterator

from app.extensions import db
from bench import chromium, rows, walking
from bench.figures import Figure
from bench.house import House
from bench.line import Line

DELAY, LOSS = 0.4, 0.05
MOST_KB = 250
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def measure(house: House) -> Iterator[Figure]:
    """The bytes of the whole way, both directions with the headers of each packet; how long it takes is for comparison."""
    program = chromium.program()
    if program is None:
        raise SystemExit("bench: slow needs Chromium; CHROMIUM names its program")
    from playwright.sync_api import sync_playwright

    with house.app.app_context():
        rows.states()
        call = f"/en/calls/{rows.call().id}"
        db.session.commit()
    web = house.web()
    line = Line(web.port, delay=DELAY, loss=LOSS)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_context(base_url=line.url, locale="en-GB").new_page()
        start = time.monotonic()
        told = walking.apply(page, call)
        took = time.monotonic() - start
        browser.close()
    line.close()
    if "EOI-" not in told:
        raise SystemExit(f"bench: the expression of interest did not arrive: {told[:300]}")
    yield Figure("slow line: expression of interest", line.carried / 1000, "kB", MOST_KB)
    yield Figure("slow line: packets lost", line.lost, "packets")
    yield Figure("slow line: all pages waited for", took, "s")
