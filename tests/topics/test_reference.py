"""Reference data: complete, loaded once, and never over what the secretariat has changed."""

from __future__ import annotations

import json
import time

from sqlalchemy import func, select

from app.accounts.models import Organisation
from app.core.languages import LANGUAGES
from app.core.text import fold
from app.core.zones import zone
from app.extensions import db
from app.practices import reference as tools_reference
from app.practices.models import Tool
from app.topics import queries, reference
from app.topics.models import Ground, Objective, ReferenceValue, Region


def state(code: str) -> Organisation:
    return db.session.scalars(select(Organisation).filter_by(code=code)).one()


def empty() -> None:
    """As on a fresh database, whatever an earlier fixture loaded."""
    for model in (ReferenceValue, Tool, Ground, Objective, Region):
        db.session.execute(model.__table__.delete())
    db.session.execute(Organisation.__table__.delete())
    db.session.expire_all()
    queries.forget()


def test_everything_is_loaded_in_six_languages(session, now):
    empty()
    assert tools_reference.load_all(now)
    counts = [db.session.scalar(select(func.count()).select_from(m)) for m in (Organisation, Region, Objective, Ground, Tool)]
    assert counts == [195, 30, 23, 12, 6]
    for found in db.session.scalars(select(Organisation)):
        assert set(found.names) == set(found.formal_names) == set(LANGUAGES)
        assert zone(found.zone) and found.weekend and not found.illustrative
    for ground in queries.grounds().values():
        assert set(ground.labels) == set(ground.scope) == set(LANGUAGES)
    for tool in db.session.scalars(select(Tool)):
        assert set(tool.titles) == set(tool.summaries) == set(LANGUAGES) and tool.illustrative
    assert all(set(o.labels) == set(LANGUAGES) for o in queries.objectives().values())
    assert all(set(r.names) == set(LANGUAGES) for r in queries.regions().values())


def test_names_people_type_are_found_and_names_shown_are_the_united_nations_own(session, now):
    empty()
    tools_reference.load_all(now)
    bolivia = state("BO")
    assert bolivia.names["en"] == "Bolivia (Plurinational State of)"
    for typed in ("Bolivia", "BOLIVIE", "بوليفيا", "Боливия", "玻利维亚", "bol", "bo"):
        assert fold(typed) in bolivia.search.split("|"), typed


def test_a_second_load_does_nothing_and_is_quick(session, now):
    empty()
    tools_reference.load_all(now)
    versions = dict(db.session.execute(select(Organisation.code, Organisation.version)).all())
    start = time.perf_counter()
    assert not tools_reference.load_all(now)
    assert time.perf_counter() - start < 0.3
    assert dict(db.session.execute(select(Organisation.code, Organisation.version)).all()) == versions


def test_what_the_secretariat_changed_survives_new_data_and_the_rest_is_renewed(session, now, tmp_path, monkeypatch):
    empty()
    reference.load_reference(now)
    kenya = state("KE")
    kenya.names = {**kenya.names, "fr": "République du Kenya (nom choisi)"}
    kenya.weekend = ["5", "6"]
    db.session.flush()
    states = reference.read(reference.DATA / "states.json")
    for record in states:
        if record["code"] == "KE":
            record["names"] |= {"fr": "Le Kenya", "es": "Kenia nueva"}
            record["weekend"], record["zone"] = ["7"], "Africa/Kampala"
    for name in reference.FILES:
        (tmp_path / name).write_bytes((reference.DATA / name).read_bytes())
    (tmp_path / "states.json").write_text(json.dumps(states), encoding="utf-8")
    monkeypatch.setattr(reference, "DATA", tmp_path)
    reference._ours.cache_clear()
    try:
        assert reference.load_reference(now)
    finally:
        reference._ours.cache_clear()
    kenya = state("KE")
    assert kenya.names["fr"] == "République du Kenya (nom choisi)" and kenya.weekend == ["5", "6"]
    assert kenya.names["es"] == "Kenia nueva" and kenya.zone == "Africa/Kampala"
    assert fold("Kenia nueva") in kenya.search and fold("nom choisi") in kenya.search
    assert db.session.scalar(select(func.count()).select_from(Organisation)) == 195


def test_objectives_come_from_grounds(session, now):
    empty()
    tools_reference.load_all(now)
    assert [o.number for o in queries.objectives_for(["disaster", "worker", "no-such-ground"])] == [2, 5, 6, 7]
    assert queries.objectives_for([]) == []


def test_the_vocabulary_is_read_once_and_an_empty_table_is_not_kept(session, now, statements):
    empty()
    assert not queries.grounds()
    tools_reference.load_all(now)
    assert len(queries.grounds()) == 12
    statements.clear()
    queries.grounds(), queries.objectives_for(["family"])
    queries.objectives_for(["family"])
    assert len(statements) == 1  # the objectives, once
