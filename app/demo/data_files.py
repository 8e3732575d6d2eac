"""Reads the demonstration's data files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent / "data"

Record = dict[str, Any]


def read(name: str) -> list[Record]:
    """The records of ``data/<name>.json``."""
    found: list[Record] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return found
