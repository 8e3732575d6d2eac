"""The pages of pilots, practices and tools, and the decision page with opinions: CPU of the web process, SQL statements."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from bench import town
from bench.browser import Browser
from bench.figures import Figure
from bench.house import House, Web, analyze
from bench.pages import CPU_LIMIT, REQUESTS, STATEMENT_LIMIT, Page, cpu_of, statements
from config import load

ROUNDS, WARM_UP = 7, 20


def pages(settled: town.Town) -> list[Page]:
    """What is read, and by whom."""
    ids, readers = settled.ids, settled.readers
    return [
        Page("pilots", "/en/pilots", {}, "</h1>"),
        Page("pilots, at the desk", "/en/pilots", readers["secretariat"], "</h1>"),
        Page("pilot", f"/en/pilots/{ids['pilot']}", {}, "Milestone 10"),
        Page("pilot, at the desk", f"/en/pilots/{ids['pilot']}", readers["secretariat"], "Milestone 10"),
        Page("library", "/en/practices", {}, "</h1>"),
        Page("library, searched", "/en/practices?q=family", {}, "</h1>"),
        Page("practice", f"/en/practices/{ids['practice']}", {}, "</h1>"),
        Page("tool", f"/en/practices/tools/{ids['tool']}", {}, "</h1>"),
        Page("resource", f"/en/practices/resources/{ids['resource']}", {}, "</h1>"),
        Page("decision", f"/en/desk/expressions/{ids['expression']}", readers["secretariat"], "What do you think?"),
        Page("decision, co-lead", f"/en/desk/expressions/{ids['expression']}", readers["co-lead"], "What do you think?"),
    ]


def measure(house: House, only: str | None = None) -> Iterator[Figure]:
    """Each page of a network with 36 pilots, 276 entries in the library and 96 expressions of interest."""
    settled = town.settle(house)
    analyze(load(house.env))
    web = house.web()
    for page in pages(settled):
        if only in (None, page.name):
            yield from _page(house, web, page)


def _page(house: House, web: Web, page: Page) -> Iterator[Figure]:
    browser = Browser(web, page.cookies)
    for _ in range(WARM_UP):
        if page.shows not in browser.get(page.path):
            raise SystemExit(f"bench: {page.path} does not show {page.shows!r}")
    rounds = []
    before = house.postgres_cpu()
    for _ in range(ROUNDS):
        rounds.append(cpu_of(web, browser, page.path))
    yield Figure(f"{page.name}: web process", statistics.median(rounds), "CPU-ms", CPU_LIMIT)
    yield Figure(f"{page.name}: PostgreSQL", (house.postgres_cpu() - before) * 1000 / ROUNDS / REQUESTS, "CPU-ms")
    yield Figure(f"{page.name}: SQL", statements(house.app, page), "statements", STATEMENT_LIMIT)
