"""Calls and expressions of interest as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.reader import best, name_of
from app.accounts.tables import STATE_CODE
from app.interests.models import Call, Expression
from app.interests.words import ASKS, ENDORSEMENTS, FIELDS, KINDS, MODES, SOURCES, STATUSES
from app.practices.queries import offered_tools
from app.tables.writing import Column, listed, word
from app.topics.queries import grounds


def ground_words() -> Mapping[str, Any]:
    """The grounds by code, in the reader's words."""
    return {code: best(ground.labels) for code, ground in grounds().items()}


def tool_words() -> Mapping[str, Any]:
    """The tools by code, likewise."""
    return {tool.code: best(tool.titles) for tool in offered_tools()}


def ask_words() -> Mapping[str, Any]:
    """What is asked for, likewise."""
    return {ask.value: label for ask, label in ASKS.items()}


def kind_words() -> Mapping[str, Any]:
    """Kinds of applicants, likewise."""
    return {kind.value: label for kind, label in KINDS.items()}


CALLS: Sequence[Column[Call]] = (
    Column("title", _l("Title"), lambda c: str(best(c.titles))),
    Column("published", _l("Published"), lambda c: c.published),
    Column("opens_at", _l("Opens (UTC)"), lambda c: c.opens_at),
    Column("closes_at", _l("Closes (UTC)"), lambda c: c.closes_at),
    Column("zone", _l("Time zone"), lambda c: c.zone),
    listed("asks", _l("What the call asks for"), lambda c: c.asks, ask_words),
    listed("who_may_apply", _l("Who may apply"), lambda c: c.who_may_apply, kind_words),
    Column("id", _l("Number of the record"), lambda c: str(c.id)),
)


def queue() -> Sequence[Column[Expression]]:
    """Expressions of interest. The lists of words are read once for a whole table."""
    ground, tool = ground_words(), tool_words()
    return (
        Column("reference", _l("Reference"), lambda e: e.reference),
        Column("call", _l("Call"), lambda e: str(best(e.call.titles))),
        word("status", _l("Status"), lambda e: e.status, STATUSES),
        Column("submitted_at", _l("Sent (UTC)"), lambda e: e.submitted_at),
        word("source", _l("How it came"), lambda e: e.source, SOURCES),
        Column("source_number", _l("Number of the letter"), lambda e: e.source_number),
        Column("source_date", _l("Date of the letter or call"), lambda e: e.source_date),
        word("organisation_kind", FIELDS["organisation_kind"], lambda e: e.organisation_kind, KINDS),
        Column("state", STATE_CODE, lambda e: e.state.code if e.state else None),
        Column("state_name", FIELDS["state_id"], lambda e: name_of(e.state) if e.state else None),
        Column("organisation_name", FIELDS["organisation_name"], lambda e: e.organisation_name),
        Column("organisation_unit", FIELDS["organisation_unit"], lambda e: e.organisation_unit),
        Column("honorific", FIELDS["contact_honorific"], lambda e: e.contact_honorific),
        Column("given_name", FIELDS["contact_given_name"], lambda e: e.contact_given_name),
        Column("family_name", FIELDS["contact_family_name"], lambda e: e.contact_family_name),
        Column("post", FIELDS["contact_post"], lambda e: e.contact_post),
        Column("email", FIELDS["contact_email"], lambda e: e.contact_email),
        Column("phone", FIELDS["contact_phone"], lambda e: e.contact_phone),
        Column("language", FIELDS["language"], lambda e: e.language),
        Column("zone", FIELDS["contact_zone"], lambda e: e.contact_zone),
        word("mode", FIELDS["mode"], lambda e: e.mode, MODES),
        listed("asks", FIELDS["asks"], lambda e: e.asks, ask_words),
        listed("grounds", FIELDS["grounds"], lambda e: e.grounds, lambda: ground),
        listed("tools", FIELDS["tools"], lambda e: e.tools, lambda: tool),
        Column("languages", FIELDS["languages"], lambda e: "; ".join(e.languages)),
        Column("aim", FIELDS["aim"], lambda e: e.aim),
        Column("start_on", FIELDS["start_on"], lambda e: e.start_on),
        Column("constraints", FIELDS["constraints"], lambda e: e.constraints),
        word("endorsement", FIELDS["endorsement"], lambda e: e.endorsement, ENDORSEMENTS),
        Column("assignee", _l("Assigned to"), lambda e: e.assignee.full_name if e.assignee else None),
        Column("decided_at", _l("Decided (UTC)"), lambda e: e.decided_at),
        Column("decision_reason", _l("Reason"), lambda e: e.decision_reason),
    )
