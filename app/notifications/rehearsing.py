"""Mail to many before it leaves: what the rows of a transaction would say, to whom, in which hour, and to whom not.

The transaction has done everything: its rows are read as a sender would claim them, then it is rolled back, and only then
every mail is looked at. Whoever confirms lets the same transaction run once more, and it must come to the same ``digest``.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Text, Uuid, any_, cast, delete, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.core import clock
from app.core.db import Json
from app.core.languages import direction
from app.core.zones import offset, to_wall
from app.extensions import db
from app.notifications.leaving import Leaving, Missed
from app.notifications.looking import Looker
from app.notifications.models import Message, MessageFacts, State, Tally
from app.notifications.rendering import SECRET_KINDS, Job, preview_of

SHOWN = 3
"""So many mails are shown at once."""
SAMPLES = 12
"""So many more can be picked."""
NAMES = 200
"""So many names are listed; all are counted."""
KEEP = timedelta(days=2)
"""So long a rehearsal is kept: it holds names, and mails to them."""
_GONE = (State.SENT, State.BOUNCED, State.SENDING, State.UNKNOWN, State.QUEUED)
_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_DIGEST = text(f"""
SELECT count(*) FILTER (WHERE m.state = 'queued'), md5(coalesce(string_agg(m.line, '' ORDER BY m.line), ''))
FROM (
    SELECT r.state, md5(concat_ws(E'\\x1f', r.kind, lower(r.address), r.locale, r.zone, r.recipient_name, r.salutation, r.state,
        r.suppressed_reason, r.waits, r.subject_kind, r.subject_revision, r.ical_method, r.facts ->> 'personal', said.what,
        regexp_replace((r.facts - '{{links,codes,personal,attachments}}'::text[])::text, '{_ID}', '', 'g'))) AS line
    FROM messages r LEFT JOIN (
        SELECT f.id, md5(regexp_replace(f.facts::text, '{_ID}', '', 'g')) AS what FROM message_facts f
        WHERE f.id IN (SELECT common_id FROM messages WHERE id = ANY(:ids))
    ) said ON said.id = r.common_id
    WHERE r.id = ANY(:ids)
) m
""")  # noqa: S608 - the pattern is a constant; keys, nonces and moments are new in every run, what is said and to whom is not


@dataclass(frozen=True)
class Planned:
    """What would leave, read before the transaction that wrote it was rolled back."""

    digest: str
    jobs: tuple[Job, ...]
    due: Mapping[uuid.UUID, datetime]  # of those that leave by themselves
    before: Mapping[uuid.UUID, Sequence[Job]]  # what went to the same reader about the same thing, oldest first
    missed: tuple[Missed, ...] = ()
    remarks: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()  # for what each of the others waits because its reader chose so


@dataclass
class Found:
    """What a look at all of them found."""

    problems: dict[str, list[str]] = field(default_factory=dict)  # machine word to whom
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """May they leave?"""
        return not self.problems


def weigh(ids: Sequence[uuid.UUID]) -> tuple[int, str]:
    """How many of these rows leave, and the digest of who is told what."""
    row = db.session.execute(_DIGEST.bindparams(ids=list(ids))).one()
    return int(row[0]), str(row[1])


def read(notes: Leaving, digest: str) -> Planned:
    """The rows of this transaction, as a sender will have them."""
    rows = _rows(Message.id == any_(cast(notes.ids, ARRAY(Uuid))))
    leaving = [row for row in rows if row.state is State.QUEUED]
    threads = [row.thread for row in leaving if row.ical_method in ("REQUEST", "CANCEL") and row.thread]
    own = {row.id for row in rows}
    earlier = [] if not threads else _rows(
        Message.thread == any_(cast(threads, ARRAY(Text))), Message.ical_method.in_(("REQUEST", "CANCEL")), Message.state.in_(_GONE)
    )  # fmt: skip
    commons = _commons({row.common_id for row in (*leaving, *earlier) if row.common_id})
    by_thread: dict[str, list[Job]] = {}
    for row in sorted(earlier, key=lambda one: one.id):
        if row.id not in own:
            by_thread.setdefault(row.thread, []).append(_job(row, commons))
    return Planned(
        digest=digest,
        jobs=tuple(_job(row, commons) for row in leaving),
        due={row.id: row.due_at for row in leaving if not row.waits},
        before={row.id: by_thread[row.thread] for row in leaving if row.thread in by_thread},
        missed=(*notes.missed, *_not_sent(rows, notes.missed)),
        remarks=tuple(notes.remarks),
        waits=tuple(row.waits for row in leaving if row.waits),
    )


def read_held(left: Collection[uuid.UUID], now: datetime) -> Planned:
    """The rows that were waiting in a backup, as they would leave; those that ``left`` before it was restored do not,
    nor what is too late by now."""
    in_time = or_(Message.expires_at.is_(None), Message.expires_at > now)
    held = Message.state == State.QUEUED, Message.restored_hold, Message.id.not_in(left), in_time
    return read(Leaving(ids=list(db.session.scalars(select(Message.id).where(*held)))), "")


_COLUMNS = (
    Message.id, Message.kind, Message.address, Message.locale, Message.zone, Message.recipient_name, Message.salutation,
    Message.facts, Message.common_id, Message.created_at, Message.template_version, Message.ical_method, Message.ical_uid,
    Message.ical_sequence, Message.dtstamp, Message.in_reply_to, Message.thread, Message.state, Message.suppressed_reason,
    Message.due_at, Message.recipient_id, Message.topic, Message.waits,
)  # fmt: skip


def _rows(*where: Any) -> list[Any]:
    """Rows in the order in which rendering finds most of its work done already."""
    found = select(*_COLUMNS).where(*where).order_by(Message.kind, Message.locale, Message.zone, Message.id)
    return list(db.session.execute(found))


def _commons(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Json]:
    rows = db.session.execute(select(MessageFacts.id, MessageFacts.facts).where(MessageFacts.id.in_(list(ids))))
    return {row[0]: row[1] for row in rows}


def _job(row: Any, commons: Mapping[uuid.UUID, Json]) -> Job:
    return Job(
        id=row.id, kind=row.kind, address=row.address, locale=row.locale, zone=row.zone, recipient_name=row.recipient_name,
        salutation=row.salutation, facts=row.facts, common_id=row.common_id, common=commons.get(row.common_id, {}),
        created_at=row.created_at, template_version=row.template_version, ical_method=row.ical_method, ical_uid=row.ical_uid,
        ical_sequence=row.ical_sequence, dtstamp=row.dtstamp, thread_root=row.in_reply_to,
        recipient_id=row.recipient_id, topic=row.topic,
    )  # fmt: skip


def _not_sent(rows: Iterable[Any], told: Iterable[Missed]) -> list[Missed]:
    """Rows that are written and not sent, but for those that the room spoke of itself."""
    known = {one.name for one in told}
    return [
        Missed(row.recipient_name or row.address, row.suppressed_reason or row.state.value)
        for row in rows
        if row.state is not State.QUEUED and row.recipient_name not in known
    ]


def look(planned: Planned, *, now: datetime) -> Found:
    """Look at every mail: does it name a stranger, and does its reader's calendar end with what it says?"""
    began, looker, found = time.process_time(), Looker(now), Found()
    for job in planned.jobs:
        for word in looker.problems(job, planned.before.get(job.id, ())):
            found.problems.setdefault(word, []).append(job.recipient_name or job.address)
    found.seconds = time.process_time() - began
    return found


def told(planned: Planned, found: Found) -> Json:
    """What the page says of it, as it is kept."""
    jobs = planned.jobs
    moment, of_event = _moment(planned)
    return {
        "languages": _counted(job.locale for job in jobs),
        "kinds": _counted(job.kind for job in jobs),
        "zones": _zones(jobs, moment),
        "moment": moment.isoformat() if moment else "",
        "of_event": of_event,
        "leaves": max(planned.due.values()).isoformat() if planned.due else "",
        "waits": _counted(planned.waits),
        "samples": [] if "poisoned" in found.problems else [_sample(job) for job in chosen(jobs) if job.kind not in SECRET_KINDS],
        "missed": {
            "counts": _counted(one.why for one in planned.missed),
            "people": [[one.name, one.why, one.instead] for one in planned.missed[:NAMES]],
        },
        "problems": {word: {"count": len(names), "names": names[:20]} for word, names in found.problems.items()},
        "remarks": list(planned.remarks),
        "seconds": round(found.seconds, 2),
    }  # fmt: skip


def _counted(words: Iterable[str]) -> list[list[Any]]:
    return [[word, count] for word, count in sorted(Counter(words).items(), key=lambda pair: (-pair[1], pair[0]))]


def _moment(planned: Planned) -> tuple[datetime | None, bool]:
    """The hour that matters to all readers: of what all mails speak of, else at which all leave, if there is one."""
    starts = {str(job.common.get("starts_at") or job.facts.get("starts_at") or "") for job in planned.jobs}
    if len(starts) == 1 and (start := starts.pop()):
        return datetime.fromisoformat(start).astimezone(UTC), True
    due = {moment.replace(second=0, microsecond=0) for moment in planned.due.values()}
    return (due.pop(), False) if len(due) == 1 else (None, False)


def _zones(jobs: Sequence[Job], moment: datetime | None) -> list[Json]:
    """Readers by their clock, from west to east: those whose clocks show the same are one line."""
    counted = Counter(job.zone for job in jobs)
    at = moment or clock.now()
    groups: dict[Any, list[str]] = {}
    for zone in counted:
        groups.setdefault(offset(at, zone), []).append(zone)
    lines = []
    for _, zones in sorted(groups.items()):
        zones.sort(key=lambda zone: (-counted[zone], zone))
        lines.append(
            {"zones": zones[:4], "more": max(0, len(zones) - 4), "count": sum(counted[z] for z in zones),
             "wall": to_wall(moment, zones[0]).isoformat() if moment else ""}
        )  # fmt: skip
    return lines


def chosen(jobs: Sequence[Job], most: int = SAMPLES) -> list[Job]:
    """Mails that differ from each other: in the direction of writing, the language, the kind, the hour."""
    first: dict[tuple[str, str, str], Job] = {}
    for job in jobs:
        first.setdefault((job.kind, job.locale, job.zone), job)
    left, taken = list(first.values())[:600], list[Job]()
    seen: set[tuple[str, str]] = set()
    while left and len(taken) < most:
        best = max(left, key=lambda job: sum(worth for worth, mark in _marks(job) if mark not in seen))
        left.remove(best)
        taken.append(best)
        seen.update(mark for _, mark in _marks(best))
    return [*taken, *(job for job in jobs if job not in taken)][: max(SHOWN, len(taken))] if len(taken) < SHOWN else taken


def _marks(job: Job) -> tuple[tuple[int, tuple[str, str]], ...]:
    return (
        (8, ("direction", direction(job.locale))), (4, ("language", job.locale)), (2, ("kind", job.kind)), (1, ("zone", job.zone)),
    )  # fmt: skip


def _sample(job: Job) -> Json:
    """A mail as its reader will see it, its links blanked."""
    shown = preview_of(job)
    return {
        "name": job.recipient_name, "locale": job.locale, "zone": job.zone, "kind": job.kind, "subject": shown.subject,
        "text": shown.text, "html": shown.html, "calendar": shown.calendar,
        "files": [str(one["name"]) for one in job.facts.get("attachments", ())],
    }  # fmt: skip


def count(person_id: uuid.UUID, mails: int, now: datetime) -> int:
    """Note mails that a person set off; answers how many that makes in this hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    more = insert(Tally).values(person_id=person_id, hour=hour, mails=mails)
    more = more.on_conflict_do_update(index_elements=["person_id", "hour"], set_={"mails": Tally.mails + more.excluded.mails})
    return int(db.session.scalar(more.returning(Tally.mails)) or 0)


def forget_counts(now: datetime) -> None:
    """What no limit looks at any more."""
    db.session.execute(delete(Tally).where(Tally.hour < now - KEEP))


def of_the_day(person_id: uuid.UUID, now: datetime) -> int:
    """How many mails a person set off in the last 24 hours."""
    since = (Tally.person_id == person_id, Tally.hour > now - timedelta(hours=24))
    return sum(db.session.scalars(select(Tally.mails).where(*since)))
