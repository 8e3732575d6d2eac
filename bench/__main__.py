"""``python -m bench [name]``: measure all figures, or one group; exit code 1 when any falls short."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

from bench import (
    answering,
    clocks,
    delivery,
    exchanges,
    feeding,
    inviting,
    lanes,
    lists,
    machine,
    memory,
    network,
    outbox,
    pages,
    reading,
    reminding,
    slow,
    starting,
)
from bench.figures import Figure
from bench.house import House, house

GROUPS: dict[str, Callable[[House], Iterator[Figure]]] = {
    "home": lambda place: pages.measure(place, "home"),
    "session": lambda place: pages.measure(place, "session"),
    "queue": lambda place: pages.measure(place, "queue"),
    "answer": answering.measure,
    "invite": inviting.measure,
    "clocks": clocks.measure,
    "lanes": lanes.measure,
    "network": network.measure,
    "slow": slow.measure,
    "reading": reading.measure,
    "lists": lists.measure,
    "outbox": outbox.measure,
    "mailing": delivery.measure,
    "slow-relay": delivery.slow_relay,
    "reminders": reminding.measure,
    "feeds": feeding.measure,
    "start": starting.measure,
    "memory": memory.measure,
    "exchanges": exchanges.measure,
}
SETS = {"delivery": ("mailing", "slow-relay", "reminders", "feeds", "outbox")}
"""Several groups by one name, each in a house of its own."""
WALKED = ("home", "session", "queue")
"""Pages that share a house when all figures are measured."""


def main(names: list[str]) -> int:
    """Measure and print; each group has a house of its own, the three pages share one."""
    names = [one for name in names for one in SETS.get(name, (name,))]
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        sys.stderr.write(f"bench: no figure is called {unknown[0]}; there are: {', '.join((*GROUPS, *SETS))}\n")
        return 2
    start = time.monotonic()
    others = [run for name, run in GROUPS.items() if name not in WALKED]
    runs = [GROUPS[name] for name in names] if names else [pages.measure, *others]
    for figure in machine.measure():
        print(figure.line(), flush=True)
    short = 0
    for run in runs:
        with house() as place:
            for figure in run(place):
                print(figure.line(), flush=True)
                short += figure.is_short
    print(f"{short} short" if short else "all ok", f"({time.monotonic() - start:.0f} s)", flush=True)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
