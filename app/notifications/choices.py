"""What people chose of their mails: kept, applied to what waits already, and ended with one click.

This room knows whom a choice belongs to by an id alone; the zone on whose clock a digest comes is told by who knows people.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.audit.rules import Actor, record
from app.core import days, tokens, zones
from app.core.db import UtcDateTime
from app.core.signing import mark, matches, row_of
from app.extensions import db
from app.notifications import outbox
from app.notifications.kinds import GATHERED, OFFERED, ONE_CLICK, Mode, Topic
from app.notifications.models import MailChoices, Message, State, Waits
from app.notifications.signed import FIRST_NONCE, PURPOSE
from app.notifications.writing import REFUSED, UNSUBSCRIBED, decision, moment

MORNING = time(8)
"""When a digest comes, on its reader's clock."""
MONDAY = 1
LATEST = timedelta(days=366)
"""Nobody is left in peace for longer than this: a mistyped year would silence a person for good."""


def choices_of(person_id: uuid.UUID) -> MailChoices | None:
    """What somebody chose; nothing for who never did."""
    return db.session.get(MailChoices, person_id)


def mode_of(row: MailChoices | None, topic: Topic) -> Mode:
    """How mails of a topic come to this person."""
    return Mode(row.modes.get(topic, Mode.AT_ONCE)) if row is not None else Mode.AT_ONCE


def quiet_until(row: MailChoices | None, now: datetime) -> date | None:
    """The last day of the quiet that lasts now."""
    return row.quiet_until if row is not None and row.quiet_at is not None and row.quiet_at > now else None


def locked(person_id: uuid.UUID) -> MailChoices:
    """The row of this person, locked; two who change it are two in a row."""
    new = insert(MailChoices).values(person_id=person_id, modes={}, nonce=FIRST_NONCE, version=1)
    db.session.execute(new.on_conflict_do_nothing(index_elements=["person_id"]))
    query = select(MailChoices).where(MailChoices.person_id == person_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def choose(
    person_id: uuid.UUID, modes: Mapping[Topic, Mode], until: date | None, *, zone: str, by: Actor | None, now: datetime
) -> None:
    """Keep what somebody chose, and do with what waits what they would have it done with now."""
    row = locked(person_id)
    wanted = {topic.value: mode.value for topic, mode in modes.items() if mode is not Mode.AT_ONCE}
    before = {topic: mode_of(row, topic).value for topic in OFFERED}
    after = {topic: wanted.get(topic, Mode.AT_ONCE.value) for topic in OFFERED}
    changes: dict[str, tuple[object, object]] = {f"mails_{t}": (before[t], after[t]) for t in OFFERED if before[t] != after[t]}
    if (quiet := quiet_until(row, now)) != until:
        changes["quiet_until"] = (quiet, until)
    if not changes:
        return
    row.modes, row.quiet_until = wanted, until
    row.version += 1
    settle(row, zone, now)
    record("person.mails_chosen", "person", person_id, by=by, now=now, changes=changes)


def settle(row: MailChoices, zone: str, now: datetime, also: Collection[uuid.UUID] = ()) -> None:
    """Work out the next moments on the person's clock, and place what waits anew, and ``also`` these mails."""
    former = [one for one in (row.daily_at, row.weekly_at, row.quiet_at) if one is not None]
    plan(row, zone, now)
    db.session.flush()
    _place(row.person_id, zone, former, now, also)


def moved(person_id: uuid.UUID, zone: str, now: datetime) -> None:
    """Somebody lives by another clock: what is gathered comes at eight there, and no second digest on the same day."""
    apply_to((), person_id, zone, now)


def apply_to(mails: Collection[uuid.UUID], person_id: uuid.UUID, zone: str, now: datetime) -> None:
    """These mails were held for another reason: what their recipient chose is done with them now, as with all that waits."""
    if choices_of(person_id) is not None:
        settle(locked(person_id), zone, now, mails)


def plan(row: MailChoices, zone: str, now: datetime) -> None:
    """The moments that writing a mail asks for. Without anything gathered there are none."""
    gathers = any(row.modes.get(topic) in (Mode.DAILY, Mode.WEEKLY) for topic in GATHERED)
    row.daily_at = next_morning(zone, now, row.digested_on) if gathers else None
    row.weekly_at = next_morning(zone, now, row.digested_on, MONDAY) if gathers else None
    row.quiet_at = morning(row.quiet_until + days.DAY, zone) if row.quiet_until else None
    if row.quiet_at is not None and row.quiet_at <= now:
        row.quiet_until = row.quiet_at = None


def morning(day: date, zone: str) -> datetime:
    """Eight o'clock of a day there; where a clock change skips or repeats it, the first that comes."""
    return days.instant(day, MORNING, zone)


def next_morning(zone: str, now: datetime, digested_on: date | None, weekday: int | None = None) -> datetime:
    """The next eight o'clock there, after the last day that had a digest; on that day of the week where one is named."""
    day = zones.to_wall(now, zone).date()
    if digested_on is not None and day <= digested_on:
        day = digested_on + days.DAY
    while morning(day, zone) <= now or (weekday is not None and day.isoweekday() != weekday):
        day += days.DAY
    return morning(day, zone)


_WORD = decision("m.topic", "m.expires_at", "CAST(:daily AS timestamptz)", ":weekly", "CAST(:quiet AS timestamptz)").replace(
    "%(now)s", ":now"
)
_GATHERED = ", ".join(f"'{topic}'" for topic in sorted(GATHERED))
_PLACE = f"""
WITH placed AS (
    SELECT m.id, coalesce({_WORD}, CASE WHEN m.waits IS NOT NULL AND m.topic IN ({_GATHERED})
        AND coalesce(m.expires_at > CAST(:daily AS timestamptz), true) THEN '{Waits.DAILY}' END) AS word
    FROM messages m JOIN mail_choices choice ON choice.person_id = m.recipient_id
    WHERE m.recipient_id = :person AND m.state = 'queued' AND m.topic IS NOT NULL
), ready AS (
    SELECT placed.id, placed.word, CAST({moment(":daily", ":weekly", ":quiet")} AS timestamptz) AS at FROM placed
)
UPDATE messages m SET
    state = CASE WHEN ready.word IN {REFUSED} THEN 'suppressed' ELSE 'queued' END,
    suppressed_reason = CASE WHEN ready.word IN {REFUSED} THEN ready.word END,
    waits = CASE WHEN ready.word IN {REFUSED} THEN NULL ELSE ready.word END,
    due_at = CASE WHEN m.due_at = ANY(:former) THEN coalesce(ready.at, :now) ELSE greatest(m.due_at, ready.at) END
FROM ready
WHERE m.id = ready.id AND m.state = 'queued'
    AND (ready.word IN ('chosen', 'unsubscribed') OR m.waits IS NOT NULL OR m.id = ANY(CAST(:also AS uuid[])))
"""  # noqa: S608 - words of our own tables
"""What waits is placed anew: gathered mails of a topic that comes at once again stay for one more digest, the next."""


def _place(person_id: uuid.UUID, zone: str, former: list[datetime], now: datetime, also: Collection[uuid.UUID]) -> None:
    row = db.session.get_one(MailChoices, person_id)
    daily, weekly = (next_morning(zone, now, row.digested_on, day) for day in (None, MONDAY))
    told = {"person": person_id, "now": now, "daily": daily, "weekly": weekly, "quiet": row.quiet_at, "former": former}
    told["also"] = list(also)
    db.session.execute(text(_PLACE), told)
    _withdraw(person_id, [t for t, mode in row.modes.items() if mode in (Mode.NONE, Mode.LEFT)], now)
    outbox.wake()


def _withdraw(person_id: uuid.UUID, topics: list[str], now: datetime) -> None:
    """What a sender has in its hands: it reads the mark just before the mail leaves."""
    if topics:
        claimed = (Message.state == State.SENDING, Message.withdrawn_at.is_(None))
        theirs = update(Message).where(Message.recipient_id == person_id, Message.topic.in_(topics), *claimed)
        db.session.execute(theirs.values(withdrawn_at=now).execution_options(synchronize_session=False))


def stop(person_id: uuid.UUID, topic: Topic, *, now: datetime) -> None:
    """End one subscription, with everything of it that waits. Pressed twice it is ended once.

    Who ends the digests ends announcements and calls; tasks that were gathered come one by one again, for nobody else
    would tell of them.
    """
    if topic not in ONE_CLICK:
        raise ValueError(f"nobody ends {topic} by one click")
    row = locked(person_id)
    ends = [Topic.NEWS, Topic.CALLS] if topic is Topic.DIGEST else [topic]
    modes = dict(row.modes)
    for one in ends:
        if modes.get(one) != Mode.NONE:
            modes[one.value] = Mode.LEFT.value
    if topic is Topic.DIGEST:
        modes = {t: m for t, m in modes.items() if m not in (Mode.DAILY, Mode.WEEKLY)}
    changes = {f"mails_{t}": (row.modes.get(t), modes.get(t)) for t in {*row.modes, *modes} if row.modes.get(t) != modes.get(t)}
    if changes:
        row.modes, row.left_at = modes, now
        row.version += 1
        record("person.mails_left", "person", person_id, by=None, now=now, changes=changes)
    db.session.flush()
    _end_waiting(person_id, topic, [one.value for one in ends], now)


def _end_waiting(person_id: uuid.UUID, topic: Topic, ends: list[str], now: datetime) -> None:
    """Take back what waits of the ended topics, let go what only waited for a digest, and what a digest would have said."""
    quietly = {"synchronize_session": False}
    waiting = update(Message).where(Message.recipient_id == person_id, Message.state == State.QUEUED)
    refused = {"state": State.SUPPRESSED, "suppressed_reason": UNSUBSCRIBED, "waits": None}
    db.session.execute(waiting.where(Message.topic.in_(ends)).values(**refused), execution_options=quietly)
    _withdraw(person_id, ends, now)
    if topic is not Topic.DIGEST:
        return
    gone = waiting.where(Message.topic == Topic.DIGEST).values(**refused).returning(Message.id, Message.address)
    unsaid = {row.id: row.address for row in db.session.execute(gone, execution_options=quietly)}
    said = select(Message, Message.digest_id).where(Message.digest_id.in_(unsaid), Message.topic.not_in(ends))
    for message, digest_id in db.session.execute(said.order_by(Message.id)).all():
        if message.expires_at is None or message.expires_at > now:
            # A digest that waits follows its reader to another address; what it says was written to the former one.
            outbox.send_again(message, now=now, to=unsaid[digest_id])
    freed = waiting.where(Message.waits.in_((Waits.DAILY, Waits.WEEKLY))).values(waits=None, due_at=now)
    db.session.execute(freed, execution_options=quietly)
    outbox.wake()


def link_mark(person_id: uuid.UUID) -> str:
    """What stands in the place of the token that opens somebody's choices, where an address is kept."""
    return mark(PURPOSE, person_id, nonce_of(person_id))


def nonce_of(person_id: uuid.UUID) -> str:
    """The nonce of somebody's links."""
    return db.session.scalar(select(MailChoices.nonce).where(MailChoices.person_id == person_id)) or FIRST_NONCE


def person_of(token: str, purpose: str = PURPOSE) -> uuid.UUID | None:
    """Whose choices a token opens, by the present nonce."""
    person_id = row_of(token)
    if person_id is None or not matches(purpose, person_id, nonce_of(person_id), token):
        return None
    return person_id


def end_links(person_id: uuid.UUID) -> None:
    """Another nonce: no link that was ever mailed opens these choices."""
    locked(person_id).nonce = tokens.fresh_nonce()
    db.session.flush()


def renew(person_id: uuid.UUID, *, by: Actor | None, now: datetime) -> None:
    """End every link to these choices on somebody's wish; the next mail carries another."""
    end_links(person_id)
    record("person.mail_links_ended", "person", person_id, by=by, now=now)


def waiting_for(person_id: uuid.UUID) -> tuple[int, datetime | None]:
    """How many mails are gathered for somebody, and when the next of them come."""
    gathered = select(func.count(), func.min(Message.due_at, type_=UtcDateTime())).where(
        Message.recipient_id == person_id, Message.state == State.QUEUED, Message.waits.is_not(None)
    )
    count, first = db.session.execute(gathered).one()
    return count, first
