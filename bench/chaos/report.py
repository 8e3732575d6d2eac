"""The table: printed, and put into the page that promises it."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.chaos.mailing import Row
from bench.house import CHECKOUT

PAGE = CHECKOUT / "docs" / "reliability.md"
START, END = "<!-- table of make chaos: begin -->", "<!-- table of make chaos: end -->"
HEAD = (
    "| fault | people | 0 copies | 1 | 2 or more | refused | repeats (allowed) | same identity | all out after | |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | --- |",
)


def table(rows: list[Row]) -> str:
    """All faults, a line each."""
    return "\n".join((*HEAD, *(_line(row) for row in rows)))


def _line(row: Row) -> str:
    same = "yes" if not row.differing else f"{row.differing} differ"
    back = "–" if row.back is None else f"{row.back:.0f} s"
    well = "ok" if not any(figure.is_short for figure in row.checks()) else "short"
    cells = (
        row.fault, f"{row.people:,}", row.none, f"{row.once:,}", row.more, row.refused, f"{row.repeats} ({row.allowed})",
        same, back, well,
    )  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def write(rows: list[Row], *, seed: int, took: float, names: list[str], page: Path = PAGE) -> None:
    """Put the table with its day, seed and machine in place of the one that stands there."""
    text = page.read_text()
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    only = f'ONLY="{" ".join(names)}" ' if names else ""
    told = [
        f"Printed on {datetime.now(UTC):%d %B %Y} by `make chaos {only}SEED={seed} WRITE=1` in {took / 60:.1f} minutes, on"
        f" {psutil.cpu_count()} cores and {psutil.virtual_memory().total / 2**30:.0f} GB ({platform.system()},"
        f" Python {platform.python_version()}).",
        "", table(rows), "",
        *(f"- {row.fault}: {row.held}." for row in rows if row.held),
    ]  # fmt: skip
    page.write_text(f"{before}{START}\n" + "\n".join(told) + f"\n{END}{after}")
