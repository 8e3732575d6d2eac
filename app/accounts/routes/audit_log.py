"""The whole audit log. It stands here because the log's own room knows neither pages nor who may see them."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from app.accounts.access import P, requires
from app.accounts.forms.desk import id_of
from app.accounts.queries.people import names_of
from app.accounts.reader import viewer_zone
from app.accounts.routes import blueprint
from app.accounts.routes.common import page
from app.audit import queries, words
from app.core import paging, zones


@blueprint.get("/desk/audit")
@requires(P.READ_AUDIT)
def audit_log() -> ResponseReturnValue:
    """All lines, newest first, by kind of record, person and day."""
    asked, filters = asked_of_the_log()
    after = paging.key_of(request.args.get("after"), (paging.instant, uuid.UUID))
    rows = queries.page(**asked, after=(after[0], after[1]) if after and after[0].tzinfo else None)
    actor_id = asked["actor_id"]
    actor = names_of({actor_id}).get(actor_id, "") if actor_id else ""
    return page("audit_log", page=rows, filters=filters, actor=actor, kinds=words.known_kinds())


def asked_of_the_log() -> tuple[dict[str, Any], dict[str, str | None]]:
    """The filters of the address: as the query takes them, and as an address carries them."""
    kind = request.args.get("kind")
    kind = kind if kind in words.known_kinds() else None
    actor_id = id_of(request.args.get("actor"))
    day = paging.day_or_none(request.args.get("day"))
    asked = {
        "kind": kind,
        "actor_id": actor_id,
        "since": _midnight(day) if day else None,
        "until": _midnight(day + timedelta(days=1)) if day else None,
    }
    return asked, {"kind": kind, "actor": str(actor_id) if actor_id else None, "day": day.isoformat() if day else None}


def _midnight(day: date) -> datetime:
    """When the day begins for the reader; where clocks skip midnight, with the first moment after it."""
    wall = datetime.combine(day, time())
    try:
        return zones.to_instant(wall, viewer_zone(), fold=0)
    except zones.Gap as gap:
        return zones.to_instant(gap.next_valid, viewer_zone(), fold=0)
