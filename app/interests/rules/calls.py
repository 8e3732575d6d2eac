"""Write, change, publish and hide calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts.models import Person
from app.audit.queries import saved_since, shown
from app.audit.rules import differences, record
from app.core import zones
from app.core.errors import Conflict, RuleBroken
from app.extensions import db
from app.interests.models import Call
from app.interests.words import ASKS, KINDS
from app.texts import rules as texts

LABELS: dict[str, Any] = {
    "titles": _l("Title"),
    "texts": _l("Text"),
    "zone": _l("Time zone"),
    "opens_local": _l("Opens"),
    "closes_local": _l("Closes"),
    "asks": _l("What the call asks for"),
    "who_may_apply": _l("Who may apply"),
}


def create_call(fields: dict[str, Any], *, by: Person, now: datetime, source: str | None = None) -> Call:
    """Write a call; it is not on the site before it is published. Folds come as ``opens_fold`` and ``closes_fold``."""
    call = Call(**_with_instants(fields))
    db.session.add(call)
    db.session.flush()
    record("call.created", "call", call.id, by=by, now=now, changes={"titles": ({}, call.titles)})
    texts.saved(call, former=None, source=source, by=by, now=now)
    return call


def change_call(call: Call, fields: dict[str, Any], *, version: int, by: Person, now: datetime, source: str | None = None) -> Call:
    """Change a call, unless somebody else did so since it was read."""
    db.session.flush()
    db.session.refresh(call, with_for_update=True)
    wanted = _with_instants(fields)
    changes = differences(call, wanted)
    if changes and call.version != version:
        raise Conflict(
            _("Somebody else changed this call while you were writing."),
            [(LABELS[k], _in_words(theirs), _in_words(yours)) for k, (theirs, yours) in changes.items() if k in LABELS],
            saved_since("call", call.id, call.version - version),
        )
    former = {name: getattr(call, name) for name in ("titles", "texts")}
    for name, value in wanted.items():
        setattr(call, name, value)
    if changes:
        record("call.changed", "call", call.id, by=by, now=now, changes=changes)
        db.session.flush()
    texts.saved(call, former=former, source=source, by=by, now=now)
    return call


_CODES: dict[str, Any] = {**{a.value: w for a, w in ASKS.items()}, **{k.value: w for k, w in KINDS.items()}}


def _in_words(value: Any) -> str:
    """A value as the two editors know it from the form."""
    return shown([_CODES.get(v, v) for v in value] if isinstance(value, list) else value)


def publish(call: Call, *, by: Person, now: datetime) -> None:
    """Put a call on the site."""
    _show(call, True, by, now)


def hide(call: Call, *, by: Person, now: datetime) -> None:
    """Take a call off the site. What was sent to it stays; drafts cannot be sent while it is hidden."""
    _show(call, False, by, now)


def _show(call: Call, shown: bool, by: Person, now: datetime) -> None:
    if call.published is shown:
        return
    call.published = shown
    changes = {"published": (not shown, shown)}
    record("call.published" if shown else "call.hidden", "call", call.id, by=by, now=now, changes=changes)
    db.session.flush()


def _with_instants(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with both wall times turned into instants, each refusal at its own field."""
    found = {k: v for k, v in fields.items() if k not in ("opens_fold", "closes_fold")}
    if not any(found.get("titles", {}).values()):
        raise RuleBroken(_("Enter a title in at least one language."), field="titles")
    for end in ("opens", "closes"):
        found[f"{end}_at"] = _instant(found[f"{end}_local"], found["zone"], fields.get(f"{end}_fold"), f"{end}_on")
    if found["closes_at"] <= found["opens_at"]:
        raise RuleBroken(_("Enter a time to close that is after the time to open."), field="closes_on")
    return found


def _instant(wall: datetime, zone: str, fold: int | None, field: str) -> datetime:
    try:
        return zones.to_instant(wall, zone, fold)
    except zones.Gap as gap:
        said = _(
            "Clocks in this zone skip %(time)s on that day. The next time there is %(next)s.",
            time=wall.strftime("%H:%M"),
            next=gap.next_valid.strftime("%H:%M"),
        )
        raise RuleBroken(said, field=field) from None
    except zones.Fold:
        said = _("Clocks in this zone show %(time)s twice on that day. Say which one is meant.", time=wall.strftime("%H:%M"))
        raise RuleBroken(said, field=field.replace("_on", "_fold")) from None
