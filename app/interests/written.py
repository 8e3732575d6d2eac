"""The texts of calls that people write in several languages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.accounts.access import P
from app.interests.models import Call
from app.texts.kinds import TextKind

CALLS = TextKind(
    name="call", label=_l("Calls"), model=Call, fields={"titles": _l("Title"), "texts": _l("Text")},
    endpoint="interests.edit_call", id_name="call_id", permission=P.MANAGE_CALLS,
    until=lambda row: row.closes_at, watched=("closes_at",),
)  # fmt: skip
