"""The demonstration's pilots: started, moved, done and told of by the same rules as any other, on the days of the data."""

from __future__ import annotations

from datetime import UTC, datetime, time

from sqlalchemy import select

from app.demo.calendar import Calendar
from app.demo.data_files import Record, read
from app.demo.network import Network
from app.documents.blocks import Document, Paragraph
from app.extensions import db
from app.files import rules as files
from app.files.content import DOCX
from app.files.models import StoredFile
from app.interests.models import Expression
from app.links import rules as links
from app.links.models import LinkType, Ref
from app.pilots import rules
from app.pilots.models import Milestone, Pilot, Visibility
from app.pilots.queries import SUBJECT
from app.pilots.rules import MilestonePlan, PilotPlan, Shown
from app.practices.models import Practice


def build(network: Network, expressions: dict[str, Expression], calendar: Calendar) -> None:
    """Write all of them, each up to the day before the load."""
    for row in read("pilots"):
        pilot = _started(row, network, expressions, calendar)
        for milestone in row["milestones"]:
            _course(pilot, milestone, network, calendar)
        for update in row["updates"]:
            rules.write_update(
                pilot, update["text"], visibility=Visibility(update["visibility"]), by=network.people[update["by"]],
                now=calendar.on(update["on"], 14),
            )  # fmt: skip
        for practice in db.session.scalars(select(Practice).where(Practice.code.in_(row["inspired_by"])).order_by(Practice.code)):
            links.link(
                Ref("pilot", pilot.id), LinkType.INSPIRED_BY, Ref("practice", practice.id), by=network.secretariat,
                now=pilot.created_at, name=practice.code,
            )  # fmt: skip
        if row["published"]:
            rules.publish(pilot, by=network.secretariat, now=calendar.on(row["started"], 15))


def _started(row: Record, network: Network, expressions: dict[str, Expression], calendar: Calendar) -> Pilot:
    plan = PilotPlan(
        titles=row["titles"],
        objectives=row["objectives"],
        state_id=network.states[row["state"]].id,
        lead_id=network.organisations[row["lead"]].id,
        partner_ids=tuple(network.organisations[key].id for key in row["partners"]),
        co_lead_id=network.people[row["co_lead"]].id if row["co_lead"] else None,
        tools=tuple(row["tools"]),
        grounds=tuple(row["grounds"]),
        starts_on=calendar.day(row["starts_on"]),
        ends_on=calendar.day(row["ends_on"]),
    )
    return rules.start(
        plan, by=network.secretariat, now=calendar.on(row["started"]), expression=expressions.get(row["expression"] or ""),
        illustrative=True,
    )  # fmt: skip


def _course(pilot: Pilot, row: Record, network: Network, calendar: Calendar) -> None:
    """A milestone from its first date over each change to its end, if it has one."""
    plan = MilestonePlan(
        titles=row["titles"],
        due_on=calendar.day(row["baseline"]),
        weight=row["weight"],
        post=row["post"],
        owner_id=network.people[row["owner"]].id,
        evidence_asked=row["evidence_asked"],
    )
    milestone = rules.add_milestone(pilot, plan, by=network.secretariat, now=pilot.created_at)
    for move in row["moves"]:
        rules.move(
            milestone, calendar.day(move["to"]), reason=move["reason"], version=None, by=network.people[move["by"]],
            now=calendar.on(move["on"], 10),
        )  # fmt: skip
    if row["done"]:
        _finish(milestone, row, network, calendar)


def _finish(milestone: Milestone, row: Record, network: Network, calendar: Calendar) -> None:
    by, day = network.people[row["done"]["by"]], calendar.day(row["done"]["on"])
    at = datetime.combine(day, time(13), UTC)
    for evidence in row["evidence"]:
        stored = _file(milestone, evidence, at)
        rules.add_evidence(milestone, Shown(evidence["title"], Visibility(evidence["visibility"]), stored=stored), by=by, now=at)
    rules.finish(milestone, on=day, note=row["done"]["note"], version=None, by=by, now=at)
    db.session.flush()


def _file(milestone: Milestone, row: Record, at: datetime) -> StoredFile:
    """A file that opens and says what it is: an example."""
    words = [Paragraph("This file belongs to the demonstration. The network, its States and its documents are invented.")]
    from app.documents.word import to_docx  # a library that the web process never loads

    data = to_docx(Document(row["title"], milestone.pilot.code, "en", False, "Demonstration", [*words]), at)
    return files.keep(data, row["file"], DOCX, "evidence", SUBJECT, milestone.id, None, at)
