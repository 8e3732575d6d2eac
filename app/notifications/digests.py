"""What was gathered for somebody becomes one mail: each gathered row stands in exactly one digest, in one transaction with it.

The row of the person's choices is locked while it is done, the key of a digest holds person and local day, and what a
digest says moves to ``suppressed`` with the digest's id. A process that dies between leaves everything as it was.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update

from app.core import text, when, zones
from app.core.db import Json
from app.core.signing import settings
from app.extensions import db
from app.notifications import choices, freezing, outbox
from app.notifications.kinds import KINDS, Topic
from app.notifications.models import MailChoices, Message, State, Waits
from app.notifications.rendering import job_of, subject_of
from app.notifications.revisions import checks
from app.notifications.writing import IN_DIGEST, Letter

log = logging.getLogger(__name__)
KIND = "digest"
ORDER = (Topic.TASKS, Topic.CALLS, Topic.NEWS)
"""What asks something of its reader comes first."""
WORDS = 240
"""So many characters of a text stand below its line in a digest."""
BATCH = 500

OVERDUE = timedelta(minutes=30)
"""What was gathered and is due so long should have been in a digest: somebody has to look why it was not."""

Write = Callable[[str, Json], Letter]


def _gathered(now: datetime) -> Any:
    """Rows a digest would say now: due, not too late, and not held by a restore."""
    return and_(
        Message.state == State.QUEUED,
        Message.waits.in_((Waits.DAILY, Waits.WEEKLY, Waits.AWAY)),
        Message.due_at <= now,
        ~Message.restored_hold,
        or_(Message.expires_at.is_(None), Message.expires_at > now),
    )


def leaves_or_lies(now: Any) -> ColumnElement[bool]:
    """Of a mail that is due: it leaves by itself, or was gathered and no digest took it."""
    return or_(Message.waits.is_(None), Message.waits == Waits.LATER, Message.due_at < now - OVERDUE)


def due(now: datetime, most: int = BATCH) -> list[uuid.UUID]:
    """For whom something that was gathered is due. While the outbox is frozen nobody is."""
    if freezing.frozen() is not None:
        return []
    rows = select(Message.recipient_id).where(Message.waits.is_not(None), _gathered(now)).distinct().limit(most)
    return [one for one in db.session.scalars(rows) if one is not None]


def moments_between(after: datetime, until: datetime) -> list[datetime]:
    """The moments at which digests fall due in a span, in order: a clock that jumps can stop at each."""
    rows = select(Message.due_at).where(
        Message.state == State.QUEUED, Message.waits.is_not(None), Message.due_at > after, Message.due_at <= until
    )
    return list(db.session.scalars(rows.distinct().order_by(Message.due_at)))


def stale(now: datetime, most: int = BATCH) -> list[uuid.UUID]:
    """Whose next morning has passed without anything to say."""
    return list(db.session.scalars(select(MailChoices.person_id).where(MailChoices.daily_at <= now).limit(most)))


def gather(person_id: uuid.UUID, zone: str, language: str, write: Write, *, now: datetime) -> bool:
    """Write this person's digest, if it is time; ``False`` when there is none now, or another process writes it.

    ``write`` makes the letter of its key and its facts. After today's digest, or before eight in a new zone, what is due
    waits for the next one.
    """
    query = select(MailChoices).where(MailChoices.person_id == person_id).with_for_update(skip_locked=True)
    row = db.session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        return False
    today = zones.to_wall(now, zone).date()
    if (row.digested_on is not None and row.digested_on >= today) or choices.morning(today, zone) > now:
        choices.settle(row, zone, now)
        return False
    rows = [] if freezing.frozen() is not None else _standing(db.session.scalars(_theirs(person_id, now)).all())
    said = [(one, line) for one in rows if (line := _line(one)) is not None]
    if said:
        key = f"{KIND}:{person_id}:{today.isoformat()}"
        outbox.queue(write(key, _facts(said, today, language)), now=now)
        digest = db.session.execute(select(Message.id).where(Message.key == key)).scalar_one()
        ids = [one.id for one, _ in said]
        moved = update(Message).where(Message.id.in_(ids), Message.state == State.QUEUED)
        gone = {"state": State.SUPPRESSED, "suppressed_reason": IN_DIGEST, "waits": None, "digest_id": digest}
        db.session.execute(moved.values(**gone).execution_options(synchronize_session=False))
        row.digested_on = today
    choices.plan(row, zone, now)
    db.session.flush()
    return bool(said)


def _theirs(person_id: uuid.UUID, now: datetime) -> Any:
    mine = select(Message).where(Message.recipient_id == person_id, _gathered(now)).order_by(Message.id)
    return mine.with_for_update().execution_options(populate_existing=True)


def _standing(rows: Sequence[Message]) -> list[Message]:
    """Those that still hold: what speaks of a former revision ends here, as it would in a sender's hands."""
    asked: dict[str, set[uuid.UUID]] = {}
    for one in rows:
        if one.subject_kind in checks and one.subject_id is not None and one.subject_revision is not None:
            asked.setdefault(one.subject_kind, set()).add(one.subject_id)
    present = {(kind, of): revision for kind, ids in asked.items() for of, revision in checks[kind](ids).items()}
    kept = []
    for one in rows:
        about = (one.subject_kind or "", one.subject_id or one.id)
        if one.subject_kind in asked and one.subject_revision is not None and present.get(about) != one.subject_revision:
            one.state, one.error_class, one.waits = State.CANCELLED, "withdrawn", None
        else:
            kept.append(one)
    db.session.flush()
    return kept


def _line(one: Message) -> Json | None:
    """What the digest says of a mail: its subject, its first words, and where it leads."""
    try:
        job = job_of(one)
        kind = KINDS[one.kind]
        words = _first_words({**job.common, **job.facts}.get(kind.text) if kind.text else None, one.locale)
        line: Json = {"lang": one.locale, "subject": subject_of(job), "words": words}
    except Exception as problem:  # whatever a fact does to a template, it fails alone
        log.exception("message %s cannot be put in a digest", one.id)
        one.state, one.error_class, one.waits = State.FAILED, "poisoned", None
        one.first_error = one.last_error = f"{type(problem).__name__}: {problem}"[:500]
        db.session.flush()
        return None
    return line


def _first_words(texts: Any, language: str) -> Json:
    if not texts:
        return {}
    found = text.best(texts, language, settings().language_order)
    plain = " ".join(line.strip().removeprefix("- ") for line in text.plain(str(found)).split("\n") if line.strip())
    cut = plain if len(plain) <= WORDS else plain[:WORDS].rsplit(" ", 1)[0] + " …"
    return {found.lang: cut}


def _facts(said: Sequence[tuple[Message, Json]], today: date, language: str) -> Json:
    """Lines by topic, and their links and codes by number."""
    links: Json = {}
    codes: Json = {}
    groups: list[Json] = []
    for topic in ORDER:
        lines = []
        for one, line in said:
            if one.topic != topic:
                continue
            name, leads = f"item{len(links)}", KINDS[one.kind].link
            if leads in one.facts.get("links", {}):
                links[name] = one.facts["links"][leads]
            if leads in one.facts.get("codes", {}):
                codes[name] = one.facts["codes"][leads]
            lines.append({**line, "link": name if name in links else ""})
        if lines:
            groups.append({"topic": topic.value, "lines": lines})
    away = any(one.waits == Waits.AWAY for one, _ in said)
    day = when.date_text(today, language)
    return {"day": day, "count": len(said), "away": away, "groups": groups, "links": links, "codes": codes}
