"""The texts of practices, tools and resources that people write in several languages."""

from __future__ import annotations

from app.accounts.access import P
from app.practices.indexing import KINDS, TEXTS
from app.practices.words import FIELDS, PLURALS
from app.texts.kinds import TextKind

WRITTEN: tuple[TextKind, ...] = tuple(
    TextKind(
        name=kind.value, label=PLURALS[kind], model=model, fields={name: FIELDS[name] for name in TEXTS[kind]},
        endpoint="practices.desk_edit", id_name="record_id", permission=P.MANAGE_LIBRARY, more={"kind": kind.value},
    )
    for model, kind in KINDS.items()
)  # fmt: skip
_named = {kind.name: kind for kind in WRITTEN}
PRACTICES, TOOLS, RESOURCES = _named["practice"], _named["tool"], _named["resource"]
