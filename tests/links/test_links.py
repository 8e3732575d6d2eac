"""Edges between records: made once, ended with a line in the log, and shown to those who may see their ends."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.access import Viewer
from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.links import queries, rules
from app.links.models import Link, LinkType, Ref
from app.practices.models import Tool
from tests.conftest import NOW

PILOT = Ref("pilot", uuid.uuid4())
OFFICE = Viewer(roles=frozenset({Role.SECRETARIAT}))


@pytest.fixture
def tool(session):
    return session.scalar(select(Tool).filter_by(code="gap_checklist"))


def log_of(session, ref):
    rows = session.scalars(select(AuditEntry).filter_by(object_kind=ref.kind, object_id=ref.id).order_by(AuditEntry.id))
    return [(row.action, row.changes) for row in rows]


def test_an_edge_is_made_once_and_said_once(session, tool):
    end = Ref("tool", tool.id)
    assert rules.link(PILOT, LinkType.TESTS, end, by=None, now=NOW, name="gap_checklist") is True
    assert rules.link(PILOT, LinkType.TESTS, end, by=None, now=NOW, name="gap_checklist") is False
    assert queries.links_of("tool", tool.id) == queries.links_of("pilot", PILOT.id)
    assert [(e.start, e.type, e.end, e.at) for e in queries.links_of("tool", tool.id)] == [(PILOT, LinkType.TESTS, end, NOW)]
    assert log_of(session, PILOT) == [("links.made", {"tests": [None, "gap_checklist"]})]


def test_an_ended_edge_leaves_only_its_lines_in_the_log(session, tool):
    end = Ref("tool", tool.id)
    rules.link(PILOT, LinkType.TESTS, end, by=None, now=NOW, name="gap_checklist")
    assert rules.unlink(PILOT, LinkType.TESTS, end, by=None, now=NOW, name="gap_checklist") is True
    assert rules.unlink(PILOT, LinkType.TESTS, end, by=None, now=NOW) is False
    assert queries.links_of("tool", tool.id) == []
    assert [action for action, _changes in log_of(session, PILOT)] == ["links.made", "links.ended"]


def test_the_ends_of_one_kind_can_be_set_as_a_whole(session):
    first, second, third = session.scalars(select(Tool).order_by(Tool.code).limit(3))
    assert rules.set_ends(PILOT, LinkType.TESTS, "tool", {first.id: first.code, second.id: second.code}, by=None, now=NOW)
    assert rules.set_ends(PILOT, LinkType.TESTS, "tool", {second.id: second.code, third.id: third.code}, by=None, now=NOW)
    assert set(queries.ends_of(PILOT, LinkType.TESTS, "tool")) == {second.id, third.id}
    before = len(log_of(session, PILOT))
    assert not rules.set_ends(PILOT, LinkType.TESTS, "tool", {second.id: second.code, third.id: third.code}, by=None, now=NOW)
    assert len(log_of(session, PILOT)) == before


def test_a_record_is_never_tied_to_itself(session):
    with pytest.raises(ValueError):
        rules.link(PILOT, LinkType.TESTS, PILOT, by=None, now=NOW)
    session.add(Link(start_kind="pilot", start_id=PILOT.id, type=LinkType.TESTS, end_kind="pilot", end_id=PILOT.id, at=NOW))
    with pytest.raises(IntegrityError):
        session.flush()


def test_only_what_the_viewer_may_see_stands_at_the_other_end(session, tool):
    rules.link(PILOT, LinkType.TESTS, Ref("tool", tool.id), by=None, now=NOW)
    rules.link(PILOT, LinkType.TESTS, Ref("unheard-of", uuid.uuid4()), by=None, now=NOW)
    rules.link(PILOT, LinkType.TESTS, Ref("tool", uuid.uuid4()), by=None, now=NOW)
    [group] = queries.related_to("pilot", PILOT.id, Viewer())
    assert [(r.ref.id, r.shown.titles["en"], r.shown.values) for r in group.related] == [
        (tool.id, "Pathways gap checklist", {"code": "gap_checklist"})
    ]
    tool.published = False
    session.flush()
    assert queries.related_to("pilot", PILOT.id, Viewer()) == []
    assert [r.ref.id for g in queries.related_to("pilot", PILOT.id, OFFICE) for r in g.related] == [tool.id]


def test_as_many_queries_for_six_edges_as_for_one(session, statements):
    tools = list(session.scalars(select(Tool)))
    rules.link(PILOT, LinkType.TESTS, Ref("tool", tools[0].id), by=None, now=NOW)
    session.flush()
    statements.clear()
    queries.related_to("pilot", PILOT.id, Viewer())
    one = len(statements)
    for tool in tools[1:]:
        rules.link(PILOT, LinkType.TESTS, Ref("tool", tool.id), by=None, now=NOW)
    session.flush()
    statements.clear()
    [group] = queries.related_to("pilot", PILOT.id, Viewer())
    assert len(group.related) == len(tools) > 1
    assert len(statements) == one == 2  # the edges with what pilots tell of themselves, the tools
