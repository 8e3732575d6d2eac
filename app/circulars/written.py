"""The texts of circulars that people write in several languages. Once a circular is sent its texts stay as they are."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.access import P
from app.circulars.models import Circular
from app.circulars.words import FIELDS
from app.texts.kinds import TextKind


def _draft(row: Any) -> bool:
    return bool(row.is_draft)


CIRCULARS = TextKind(
    name="circular", label=_l("Circulars"), model=Circular, fields={n: FIELDS[n] for n in ("subjects", "texts")},
    endpoint="circulars.desk_circular", id_name="circular_id", permission=P.MANAGE_CIRCULARS,
    counts=_draft, may_change=_draft, watched=("sent_at",),
)  # fmt: skip
