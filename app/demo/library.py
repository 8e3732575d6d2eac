"""The demonstration's practices and resources: public facts, marked as illustrations; read, translated and discussed."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.core.languages import RIGHT_TO_LEFT
from app.core.signing import settings
from app.demo.calendar import Calendar
from app.demo.data_files import Record
from app.demo.meetings import Meetings
from app.demo.network import Network
from app.documents.blocks import Block, Document, Paragraph, Tick
from app.extensions import db
from app.files import rules as files
from app.files.content import DOCX
from app.links import rules as links
from app.links.models import LinkType, Ref
from app.practices import rules
from app.practices.indexing import Record as Kept
from app.practices.models import Kind, LawStatus, Level, Measure, PracticeType, ResourceType, Tool

DATA = Path(__file__).resolve().parent.parent / "practices" / "data"
WRITTEN = -90  # days from the anchor
DISCUSSED = {
    "registers": ("PR-08",),
    "papers": ("PR-08",),
    "child": ("PR-11",),
    "trafficking": ("PR-07", "PR-03"),
    "reasons": ("PR-03",),
    "storms": ("PR-13", "PR-10"),
}
"""Sessions by their short names, and the practices they discuss."""
FILES = {"gap_checklist": ("en", "fr", "ar", "en"), "mapping_template": ("en", "es")}
"""Tools and the languages of their sheets, in the order they were added: a language named again is a second version."""
ABOUT = {"RS-03": ("PR-11",)}


def build(network: Network, made: Meetings, calendar: Calendar) -> None:
    """Write, translate and publish everything, then tie it to what discussed it."""
    kept: dict[str, Kept] = {}
    for number, row in enumerate(_read("practices")):
        kept[row["id"]] = _published(Kind.PRACTICE, _practice(row), network, calendar.moment(WRITTEN + number))
    for number, row in enumerate(_read("resources")):
        kept[row["code"]] = _published(Kind.RESOURCE, _resource(row), network, calendar.moment(WRITTEN - 10 + number))
    for row in _read("translations"):
        _translate(kept[row["code"]], row, network, calendar.moment(WRITTEN + 20))
    for key, codes in DISCUSSED.items():
        session = made.sessions[key]
        for code in codes:
            _tie(Ref("session", session.id), LinkType.DISCUSSED, kept[code], network, session.created_at)
    for code, versions in FILES.items():
        _sheets(code, versions, network, calendar)
    for code, others in ABOUT.items():
        for other in others:
            _tie(Ref("resource", kept[code].id), LinkType.ABOUT, kept[other], network, calendar.moment(WRITTEN + 21))


def _read(name: str) -> list[Record]:
    found: list[Record] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _published(kind: Kind, fields: dict[str, Any], network: Network, now: datetime) -> Kept:
    made = rules.create(kind, fields, source="en", by=network.secretariat, now=now)
    rules.publish(made, by=network.secretariat, now=now)
    return made


def _practice(row: Record) -> dict[str, Any]:
    return {
        "code": row["id"],
        "titles": {"en": row["title"]},
        "summaries": {"en": row["summary"]},
        "grounds": row["categories"],
        "illustrative": True,
        "type": PracticeType(row["type"]),
        "states": sorted(row["countries"]),
        "lead_body": row["lead_body"],
        "level": Level(row["level"]),
        "measure": Measure(row["measure"]),
        "year_from": row["year_from"],
        "year_to": row["year_to"],
        "law_status": LawStatus(row["status"]),
        "points": {"en": "\n".join(row["points_to_explore"])},
        "sdg_targets": row["sdg_targets"],
        "objectives": row["gcm_objectives"],
        "main_objectives": row["gcm_primary"],
        "sources": [{"title": s["title"], "year": s.get("year"), "url": s.get("url", "")} for s in row["sources"]],
    }


def _resource(row: Record) -> dict[str, Any]:
    return {**row, "type": ResourceType(row["type"]), "illustrative": False}


def _translate(row: Kept, words: Record, network: Network, now: datetime) -> None:
    """Add one language; somebody who reads it says that it is right."""
    fields: dict[str, Any] = {"titles": row.titles, "summaries": row.summaries}
    for name in ("titles", "summaries", "points"):
        if name in words:
            fields[name] = {**getattr(row, name), words["language"]: words[name]}
    rules.change(row, fields, version=row.version, source="en", by=network.secretariat, now=now)
    if words["reviewed"]:
        rules.reviewed(row, words["language"], by=network.secretariat, now=now)
    db.session.flush()


def _sheets(code: str, languages: tuple[str, ...], network: Network, calendar: Calendar) -> None:
    """A sheet to keep for each language: what the tool is, and the milestones to tick."""
    from app.documents.word import to_docx  # a library that the web process never loads

    tool = db.session.scalars(select(Tool).filter_by(code=code)).one()
    for number, language in enumerate(languages):
        now = calendar.moment(WRITTEN + 30 + 15 * number)
        again = language in languages[:number]
        data = to_docx(_sheet(tool, language, whole=again), now)
        name = f"{code.replace('_', '-')}-{language}.docx"
        stored = files.keep(data, name, DOCX, "library", Kind.TOOL, tool.id, network.secretariat, now)
        rules.keep_document(tool, stored, language, note="Milestones added" if again else "", by=network.secretariat, now=now)


def _sheet(tool: Tool, language: str, *, whole: bool) -> Document:
    """Without the milestones first; the second version has them."""
    ticks: list[Block] = [Tick(m["titles"][language], [m["evidence"][language]]) for m in tool.milestones]
    return Document(
        title=tool.titles[language],
        subtitle=tool.summaries[language],
        language=language,
        right_to_left=language in RIGHT_TO_LEFT,
        author=settings().network_names[language],
        blocks=[Paragraph(tool.audiences[language]), *(ticks if whole else [])],
    )


def _tie(start: Ref, type_: LinkType, end: Kept, network: Network, now: datetime) -> None:
    kind = "practice" if end.code.startswith("PR") else "tool"
    links.link(start, type_, Ref(kind, end.id), by=network.secretariat, now=now, name=end.code)
