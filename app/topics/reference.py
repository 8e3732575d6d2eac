"""Load the reference data: grounds, objectives, regions and States. Loading again changes only what nobody has changed.

The secretariat may override a State's names, zone, weekend and languages. So each load remembers what the data said
(``ReferenceValue``); the next one replaces a value only where the record still holds exactly that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Organisation, OrganisationKind
from app.core.db import Base, Json
from app.core.text import fold
from app.extensions import db
from app.topics.models import Ground, Objective, ReferenceValue, Region

DATA = Path(__file__).resolve().parent / "data"
FILES = ("states.json", "regions.json", "objectives.json", "grounds.json")
_LOADER = "2"  # raise it when the loader itself starts to write something else from the same files

Record = dict[str, Any]


def read(path: Path) -> list[Record]:
    """The records of one data file."""
    found: list[Record] = json.loads(path.read_text(encoding="utf-8"))
    return found


def fingerprint(paths: list[Path], loader: str) -> str:
    """A hash of files and loader: equal means there is nothing to load."""
    told = hashlib.sha256(loader.encode())
    for path in paths:
        told.update(path.read_bytes())
    return told.hexdigest()


@cache
def _ours() -> str:
    return fingerprint([DATA / name for name in FILES], _LOADER)


def already_loaded(code: str, print_: str) -> bool:
    """Was exactly this data loaded into this database before?"""
    said = db.session.scalar(select(ReferenceValue.said).filter_by(kind="fingerprint", code=code))
    return said is not None and said.get("sha256") == print_


def remember_load(code: str, print_: str, now: datetime) -> None:
    """Note what was loaded, so that the next start has nothing to do."""
    _remember("fingerprint", {code: {"sha256": print_, "at": now.isoformat()}})


def load_reference(now: datetime) -> bool:
    """Bring the reference data into the database; ``False`` when it was all there already. The caller commits."""
    if already_loaded("topics", _ours()):
        return False
    _replace(Region, [{"m49": r["m49"], "parent_m49": r["parent"], "names": r["names"]} for r in read(DATA / "regions.json")])
    _replace(Objective, read(DATA / "objectives.json"))
    _replace(Ground, [{**g, "position": n} for n, g in enumerate(read(DATA / "grounds.json"), start=1)])
    load_states(read(DATA / "states.json"))
    remember_load("topics", _ours(), now)
    return True


def _replace(model: type[Base], records: list[Record]) -> None:
    """Make a table of shared vocabulary hold exactly these records; nothing else refers to its rows by key."""
    db.session.execute(delete(model))
    db.session.execute(insert(model), records)


def _remember(kind: str, said: Mapping[str, Json]) -> None:
    query = insert(ReferenceValue)
    query = query.on_conflict_do_update(index_elements=["kind", "code"], set_={"said": query.excluded.said})
    db.session.execute(query, [{"kind": kind, "code": code, "said": value} for code, value in said.items()])


def load_states(records: list[Record], *, illustrative: bool = False) -> None:
    """Add the missing States; renew those values that still are what the data said last time."""
    before = {v.code: v.said for v in db.session.scalars(select(ReferenceValue).filter_by(kind="state"))}
    here = {o.code: o for o in db.session.scalars(select(Organisation).filter(Organisation.kind == OrganisationKind.STATE))}
    told: dict[str, Json] = {}
    for record in records:
        code = str(record["code"])
        told[code] = _values(record)
        state = here.get(code)
        if state is None:
            state = Organisation(kind=OrganisationKind.STATE, code=code, illustrative=illustrative, **told[code])
            db.session.add(state)
        else:
            _renew(state, told[code], before.get(code, {}))
        state.search = searchable(state, record.get("also_known_as", []))
    db.session.flush()
    _remember("state", told)


def _values(record: Record) -> Json:
    """The columns of a State that the data speaks of."""
    return {
        "names": record["names"],
        "formal_names": record.get("formal_names", {}),
        "region_m49": record["region"],
        "un_group": record["un_group"],
        "zone": record["zone"],
        "weekend": record["weekend"],
        "un_languages": record["un_languages"],
    }


def _renew(state: Organisation, fresh: Json, last: Json) -> None:
    """Take a new value only where the old one was ours; names are compared language by language."""
    for field, value in fresh.items():
        held = getattr(state, field)
        if isinstance(value, dict):
            was = last.get(field, {})
            kept = {lang: text for lang, text in held.items() if text != was.get(lang)}
            merged = {**value, **kept}
        else:
            merged = value if held == last.get(field) else held
        if merged != held:
            setattr(state, field, merged)


def searchable(state: Organisation, also_known_as: list[str]) -> str:
    """All names people may type for a State, folded, each once."""
    words = [*state.names.values(), *state.formal_names.values(), *also_known_as, state.code or ""]
    return "|".join(dict.fromkeys(fold(word) for word in words if word))
