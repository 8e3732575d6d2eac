"""What the secretariat says instead of the lists: entered with its source and date, ended, never erased."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Organisation, OrganisationKind, Person
from app.audit.rules import record
from app.calendars.models import EVERYWHERE, UNITED_NATIONS, CountryList, Override, OverrideKind
from app.calendars.queries import LISTS
from app.core.db import Texts, uuid7
from app.core.errors import RuleBroken
from app.extensions import db

LONGEST = 60
"""Days: a day off that is longer is a slip of the pen."""
REFERENCE = Path(__file__).resolve().parent.parent / "data" / "overrides.json"


@dataclass(frozen=True)
class Correction:
    """A day off, a working day, a working week or an event, with who says so."""

    code: str
    kind: OverrideKind
    first_day: date
    last_day: date | None
    source: str
    source_date: date
    subdivision: str = ""
    weekend: tuple[str, ...] = ()
    names: Texts = field(default_factory=dict)


def add(said: Correction, *, by: Person | None, now: datetime) -> Override:
    """Enter a correction."""
    _check(said, now)
    if same(said) is not None:
        raise RuleBroken(_l("This is entered already."), field="first_day")
    row = Override(
        id=uuid7(), code=said.code, subdivision=said.subdivision, kind=said.kind, first_day=said.first_day,
        last_day=said.last_day if said.kind is OverrideKind.WORKING_WEEK else said.last_day or said.first_day,
        weekend=sorted(said.weekend) if said.kind is OverrideKind.WORKING_WEEK else [], names=said.names, source=said.source,
        source_date=said.source_date, made_by=by.id if by else None, created_at=now, updated_at=now,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    changes = {
        "calendar": (None, row.code), "kind": (None, row.kind), "first_day": (None, row.first_day),
        "last_day": (None, row.last_day), "source": (None, row.source), "source_date": (None, row.source_date),
    }  # fmt: skip
    record("calendar.corrected", "override", row.id, by=by, now=now, changes=changes)
    return row


def end(row: Override, *, version: int, by: Person, now: datetime) -> None:
    """It holds no longer, from now on; it stays readable."""
    if not row.is_open:
        return
    if row.version != version:
        raise RuleBroken(_l("Somebody else changed this meanwhile. Look at it once more."))
    row.ended_at, row.ended_by, row.updated_at = now, by.id, now
    db.session.flush()
    record("calendar.correction_ended", "override", row.id, by=by, now=now, changes={"calendar": (row.code, None)})


def same(said: Correction) -> Override | None:
    """An open correction that says exactly this."""
    query = select(Override).where(
        Override.code == said.code, Override.subdivision == said.subdivision, Override.kind == said.kind,
        Override.first_day == said.first_day, Override.ended_at.is_(None),
    )  # fmt: skip
    last = said.last_day if said.kind is OverrideKind.WORKING_WEEK else said.last_day or said.first_day
    weekend = sorted(said.weekend) if said.kind is OverrideKind.WORKING_WEEK else []
    return next((o for o in db.session.scalars(query) if o.last_day == last and o.weekend == weekend), None)


def check(said: Correction, now: datetime) -> None:
    """Refuse what cannot be, with the field it stands in."""
    _check(said, now)


def _check(said: Correction, now: datetime) -> None:
    if said.last_day is not None and said.last_day < said.first_day:
        raise RuleBroken(_l("The last day lies before the first. Enter a later one."), field="last_day")
    if said.source_date > now.date():
        raise RuleBroken(_l("The source cannot be of a day to come. Enter the day it was published."), field="source_date")
    if not said.source.strip():
        raise RuleBroken(_l("Say who says so: a gazette, a note, an address."), field="source")
    if said.kind is OverrideKind.WORKING_WEEK:
        if not set(said.weekend) <= set("1234567") or len(set(said.weekend)) > 6:
            raise RuleBroken(_l("Choose up to six days off; at least one day is worked."), field="weekend")
    elif said.last_day is not None and (said.last_day - said.first_day).days >= LONGEST:
        raise RuleBroken(_l("Enter at most %(days)s days at once.", days=LONGEST), field="last_day")
    if said.kind in (OverrideKind.DAY_OFF, OverrideKind.EVENT) and not any(said.names.values()):
        raise RuleBroken(_l("Enter the name in at least one language."), field="names")
    _check_place(said)


def _check_place(said: Correction) -> None:
    if said.code == EVERYWHERE and said.kind is not OverrideKind.EVENT:
        raise RuleBroken(_l("Choose the State. Only events are of everybody's calendar."), field="code")
    if said.code not in (EVERYWHERE, UNITED_NATIONS):
        known = select(Organisation.id).where(Organisation.kind == OrganisationKind.STATE, Organisation.code == said.code)
        if db.session.scalar(known) is None:
            raise RuleBroken(_l("Choose one from the list."), field="code")
    if said.subdivision and said.subdivision not in subdivisions_of(said.code):
        raise RuleBroken(_l("This State has no such part in the lists. Leave it empty for the whole State."), field="subdivision")


def subdivisions_of(code: str) -> dict[str, str]:
    """The parts of a State that the lists tell apart, by code."""
    row = db.session.get(CountryList, LISTS)
    found: dict[str, str] = row.subdivisions.get(code, {}) if row is not None else {}
    return found


def codes_of_states() -> dict[uuid.UUID, str]:
    """The code of each State."""
    query = select(Organisation.id, Organisation.code).where(Organisation.kind == OrganisationKind.STATE)
    return {row.id: row.code for row in db.session.execute(query) if row.code}


def load_reference(now: datetime) -> int:
    """Enter the corrections that come with the software, each once; one that was ended stays ended."""
    rows = [
        {
            **one, "id": uuid7(now), "subdivision": "", "names": {}, "created_at": now, "updated_at": now, "version": 1,
            "first_day": date.fromisoformat(one["first_day"]), "source_date": date.fromisoformat(one["source_date"]),
        }
        for one in json.loads(REFERENCE.read_text(encoding="utf-8"))
    ]  # fmt: skip
    added = db.session.execute(insert(Override).values(rows).on_conflict_do_nothing(index_elements=["key"]).returning(Override.id))
    return len(added.all())
