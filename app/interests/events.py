"""What rooms above may want to hear of expressions of interest."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ExpressionAccepted:
    """An expression of interest was accepted."""

    expression_id: uuid.UUID


@dataclass(frozen=True)
class ExpressionsErased:
    """Names, texts and files of these were deleted: they had been kept as long as was said."""

    expression_ids: tuple[uuid.UUID, ...]
    at: datetime
