"""What rooms above may want to hear of expressions of interest."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class ExpressionAccepted:
    """An expression of interest was accepted."""

    expression_id: uuid.UUID
