"""Memory of all processes of the platform after a day's work: a thousand requests on each page, a thousand mails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench import inviting, reading, town
from bench.browser import Browser
from bench.figures import Figure
from bench.house import House, Web, analyze
from bench.pages import Page
from bench.sink import Asking
from config import load

REQUESTS, MAILS, READERS, LIMIT = 1000, 1000, 8, 400.0


def measure(house: House) -> Iterator[Figure]:
    """Two web processes with their master, the worker and beat, as ``make run`` starts them."""
    settled = town.settle(house)
    path, cookies, chosen = inviting.network(house, MAILS)
    analyze(load(house.env))
    web, worker, beat, sink = house.web(workers=2), house.worker(), house.beat(), Asking(house.sink_port)
    yield Figure("memory: at the start", sum(_pss(pid) for pid in (web.pid, worker, beat)), "MB PSS")
    pages = [*reading.pages(settled), *_walked(settled)]
    for page in pages:
        _read(web, page)
    browser = Browser(web, cookies)
    browser.post(path, inviting.checked(browser, path, chosen, MAILS))
    told = sink.wait_for(MAILS, 60)
    held = {"web": _pss(web.pid), "worker": _pss(worker), "beat": _pss(beat)}
    yield Figure("memory: requests on each page", REQUESTS, f"x {len(pages)} pages")
    yield Figure("memory: mails sent", told["mails"], "mails", MAILS, at_least=True)
    for name, size in held.items():
        yield Figure(f"memory: {name}", size, "MB PSS")
    yield Figure("memory: all processes", sum(held.values()), "MB PSS", LIMIT)


def _walked(settled: town.Town) -> list[Page]:
    """The three pages of the first figures."""
    return [
        Page("home", "/en/", {}, "</h1>"),
        Page("session", f"/en/sessions/{settled.ids['session']}", settled.readers["participant"], "</h1>"),
        Page("queue", "/en/desk/expressions", settled.readers["secretariat"], "EOI-"),
    ]


def _read(web: Web, page: Page) -> None:
    """A thousand requests by a few readers at once."""

    def few() -> None:
        browser = Browser(web, page.cookies)
        for _ in range(REQUESTS // READERS):
            browser.get(page.path)
        browser.connection.close()

    readers = [threading.Thread(target=few) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()


def _pss(pid: int) -> float:
    """Megabytes of a process and its children, shared pages counted once among those who share them."""
    root = psutil.Process(pid)
    return sum(_own(one.pid) for one in (root, *root.children(recursive=True)))


def _own(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"bench: the kernel does not tell the memory of {pid}")
