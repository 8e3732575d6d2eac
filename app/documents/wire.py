"""Trees of blocks as JSON and back, for the pipe to the process that writes files: each block by its name, nothing that runs."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.documents.blocks import Answer, Document, Figures, Heading, Letter, Mark, Paragraph, Tick

_BLOCKS = {kind.__name__: kind for kind in (Answer, Document, Figures, Heading, Letter, Mark, Paragraph, Tick)}


def packed(trees: Sequence[Document | Letter], made: datetime) -> bytes:
    """What the parent process writes."""
    return json.dumps({"made": made.isoformat(), "trees": [_plain(tree) for tree in trees]}).encode("ascii")


def unpacked(data: bytes) -> tuple[list[Document | Letter], datetime]:
    """The trees and the moment, as they were packed."""
    read = json.loads(data)
    return [_block(tree) for tree in read["trees"]], datetime.fromisoformat(read["made"])


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {"is": type(value).__name__, **{f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}}
    if isinstance(value, tuple):
        return {"is": "tuple", "of": [_plain(one) for one in value]}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return {"is": "bytes", "of": base64.b64encode(value).decode("ascii")}
    return value


def _block(value: Any) -> Any:
    if isinstance(value, list):
        return [_block(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value["is"]
    if kind == "tuple":
        return tuple(_block(one) for one in value["of"])
    if kind == "bytes":
        return base64.b64decode(value["of"])
    return _BLOCKS[kind](**{name: _block(part) for name, part in value.items() if name != "is"})
