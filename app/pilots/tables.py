"""Pilots and their milestones as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.models import Organisation
from app.accounts.reader import best, name_of
from app.accounts.tables import STATE_CODE
from app.pilots.models import Evidence, Pilot
from app.pilots.queries import Listed, MilestoneLine
from app.pilots.words import FIELDS, STANDINGS
from app.practices.queries import offered_tools
from app.tables.writing import Column, listed, word
from app.topics.queries import grounds


def _named(organisation: Organisation | None) -> str | None:
    return name_of(organisation) if organisation is not None else None


def _next_on(row: Listed[Pilot]) -> date | None:
    return row.next.due_on if row.next else None


def pilots(used_tools: Sequence[str] = ()) -> Sequence[Column[Listed[Pilot]]]:
    """Pilots with how they stand. The lists of words are read once for a whole table."""
    ground: Mapping[str, Any] = {code: best(g.labels) for code, g in grounds().items()}
    tool: Mapping[str, Any] = {t.code: best(t.titles) for t in offered_tools(used_tools)}
    return (
        Column("code", FIELDS["code"], lambda r: r.pilot.code),
        Column("title", FIELDS["titles"], lambda r: str(best(r.pilot.titles))),
        Column("objective", FIELDS["objectives"], lambda r: str(best(r.pilot.objectives))),
        Column("state", STATE_CODE, lambda r: r.pilot.state.code),
        Column("state_name", FIELDS["state_id"], lambda r: name_of(r.pilot.state)),
        Column("lead", FIELDS["lead_id"], lambda r: _named(r.pilot.lead) or r.pilot.lead_name),
        Column("partners", FIELDS["partners"], lambda r: "; ".join(name_of(o) for o in r.pilot.partners)),
        Column("co_lead", FIELDS["co_lead_id"], lambda r: r.pilot.co_lead.full_name if r.pilot.co_lead else None),
        listed("tools", FIELDS["tools"], lambda r: r.pilot.tools, lambda: tool),
        listed("grounds", FIELDS["grounds"], lambda r: r.pilot.grounds, lambda: ground),
        Column("starts_on", FIELDS["starts_on"], lambda r: r.pilot.starts_on),
        Column("ends_on", FIELDS["ends_on"], lambda r: r.pilot.ends_on),
        word("standing", _l("Where it stands"), lambda r: r.standing, STANDINGS),
        Column("done_percent", _l("Per cent done"), lambda r: r.progress.percent),
        Column("next", _l("Next milestone"), lambda r: str(best(r.next.titles)) if r.next else None),
        Column("next_on", _l("Next milestone due on"), _next_on),
        Column("ended_on", FIELDS["ended_on"], lambda r: r.pilot.ended_on),
        Column("end_reason", FIELDS["reason"], lambda r: r.pilot.end_reason),
        Column("expression", FIELDS["expression"], lambda r: r.pilot.expression.reference if r.pilot.expression else None),
        Column("published", FIELDS["published"], lambda r: r.pilot.published),
        Column("illustrative", _l("Illustration"), lambda r: r.pilot.illustrative),
        Column("id", _l("Number of the record"), lambda r: str(r.pilot.id)),
    )


def _shown(evidence: Evidence) -> str:
    """Its title, with the address of a link; a file is fetched on the page."""
    return f"{evidence.title} {evidence.url}" if evidence.url else evidence.title


MILESTONES: Sequence[Column[MilestoneLine]] = (
    Column("pilot", _l("Code of the pilot"), lambda r: r.pilot.code),
    Column("pilot_title", _l("Pilot"), lambda r: str(best(r.pilot.titles))),
    Column("state", STATE_CODE, lambda r: r.pilot.state.code),
    Column("state_name", FIELDS["state_id"], lambda r: name_of(r.pilot.state)),
    Column("title", _l("Milestone"), lambda r: str(best(r.milestone.titles))),
    word("standing", _l("Where it stands"), lambda r: r.standing, STANDINGS),
    Column("baseline_on", FIELDS["baseline_on"], lambda r: r.milestone.baseline_on),
    Column("due_on", FIELDS["due_on"], lambda r: r.milestone.due_on),
    Column("moved", _l("How often the date was moved"), lambda r: len(r.changes)),
    Column("why_moved", _l("Why it was moved last"), lambda r: r.changes[-1].reason if r.changes else None),
    Column("days_overdue", _l("Days overdue"), lambda r: r.days_overdue),
    Column("weight", FIELDS["weight"], lambda r: r.milestone.weight),
    Column("post", FIELDS["post"], lambda r: r.milestone.post),
    Column("owner", FIELDS["owner_id"], lambda r: r.milestone.owner.full_name if r.milestone.owner else None),
    Column("evidence_asked", FIELDS["evidence_asked"], lambda r: str(best(r.milestone.evidence_asked))),
    Column("done_on", FIELDS["done_on"], lambda r: r.milestone.done_on),
    Column("slip_days", _l("Days after the baseline"), lambda r: r.milestone.slip_days),
    Column("done_note", FIELDS["done_note"], lambda r: r.milestone.done_note),
    Column("evidence", FIELDS["evidence"], lambda r: "; ".join(_shown(e) for e in r.evidence)),
    Column("dropped_at", _l("Dropped (UTC)"), lambda r: r.milestone.dropped_at),
    Column("drop_reason", _l("Why it was dropped"), lambda r: r.milestone.drop_reason),
    Column("id", _l("Number of the record"), lambda r: str(r.milestone.id)),
)
