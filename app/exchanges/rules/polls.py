"""Date polls come into being and change: times as wall times in a zone, a deadline, who is asked, who is asked no more."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Person
from app.audit.queries import saved_since
from app.audit.rules import differences, record
from app.core import zones
from app.core.db import Texts, uuid7
from app.core.errors import Conflict, RuleBroken
from app.core.tokens import fresh_nonce
from app.exchanges.messages import polls as messages
from app.exchanges.models import Exchange, PeerSession, Poll, PollAsked, PollSlot, SessionStatus
from app.exchanges.poll_words import FIELDS
from app.exchanges.queries.polls import POLL, asked_of, still_waiting
from app.exchanges.rules.inviting import Guest
from app.extensions import db
from app.notifications import leaving, outbox

DAY = 24 * 60
USUAL_REMINDERS = (3 * DAY, DAY)
MOST_SLOTS = 30
FARTHEST = timedelta(days=3653)


class HourTwice(RuleBroken):
    """A wall time that happens twice that day; ``first`` and ``second`` are the two instants to choose from."""

    def __init__(self, first: datetime, second: datetime, field_name: str) -> None:
        sentence = _l("Clocks go back that day, so this time happens twice. Choose which of the two you mean.")
        super().__init__(sentence, field=field_name)
        self.first, self.second = first, second


@dataclass(frozen=True)
class Wall:
    """A wall time in a zone as somebody typed it; ``number`` tells which of the form's times it is."""

    local: datetime
    zone: str
    fold: int | None = None
    number: str = "1"

    def moment(self) -> datetime:
        """Its instant; what never happens is refused with the next time that does, what happens twice is asked."""
        try:
            return zones.to_instant(self.local, self.zone, self.fold)
        except zones.UnknownZone:
            raise RuleBroken(_l("Choose a time zone from the list."), field="zone") from None
        except zones.Gap as gap:
            raise RuleBroken(
                _l(
                    "Clocks go forward that day, so %(asked)s does not happen. The next time that does is %(next)s.",
                    asked=f"{self.local:%H:%M}", next=f"{gap.next_valid:%H:%M}",
                ),
                field=f"time_{self.number}",
            ) from None  # fmt: skip
        except zones.Fold as fold:
            raise HourTwice(fold.first, fold.second, f"fold_{self.number}") from None

    @property
    def told_fold(self) -> int:
        """Which of two it is; the first where there is only one."""
        try:
            zones.to_instant(self.local, self.zone)
        except zones.Fold:
            return self.fold or 0
        return 0


@dataclass(frozen=True)
class PollPlan:
    """What the secretariat says about a poll."""

    titles: Texts
    minutes: int
    deadline: Wall  # its number is "deadline"
    remind: tuple[int, ...] = USUAL_REMINDERS
    slots: tuple[Wall, ...] = field(default_factory=tuple)


def lock_poll(poll_id: uuid.UUID) -> Poll:
    """Take the poll's row lock: whoever holds it decides alone about times, answers and its end."""
    query = select(Poll).where(Poll.id == poll_id).with_for_update(of=Poll).execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def refuse_closed(poll: Poll) -> None:
    """Nothing of a closed poll changes."""
    if not poll.is_open:
        raise RuleBroken(_l("This poll is closed. Open it again before you change it."))


def conflict(poll: Poll, version: int, plan: PollPlan | None = None) -> Conflict:
    """Somebody saved meanwhile: who and when, what stands there now, and what you typed."""
    changes = differences(poll, _columns(plan)) if plan is not None else {}
    shown = [(FIELDS[n], theirs, yours) for n, (theirs, yours) in changes.items() if n in FIELDS]
    sentence = _l("Somebody else changed this while you were editing. Nothing of yours was saved yet.")
    return Conflict(sentence, shown, saved_since(POLL, poll.id, poll.version - version))


def _columns(plan: PollPlan) -> dict[str, object]:
    return {
        "titles": plan.titles, "minutes": plan.minutes, "zone": plan.deadline.zone, "deadline_local": plan.deadline.local,
        "deadline_fold": plan.deadline.told_fold, "deadline_at": plan.deadline.moment(),
        "remind": sorted(set(plan.remind), reverse=True),
    }  # fmt: skip


def _check(plan: PollPlan, now: datetime) -> None:
    if not plan.titles:
        raise RuleBroken(_l("Enter the title in at least one language."), field="titles")
    if not 5 <= plan.minutes <= DAY:
        raise RuleBroken(_l("Enter a length between 5 and 1440 minutes."), field="minutes")
    if any(not 5 <= minutes <= 90 * DAY for minutes in plan.remind):
        raise RuleBroken(_l("Enter reminders between 5 minutes and 90 days before the deadline."), field="remind")
    if plan.deadline.moment() <= now:
        raise RuleBroken(_l("Enter a deadline that is still to come."), field="date_deadline")


def _check_slot(wall: Wall, deadline: datetime, now: datetime) -> datetime:
    """The instant of a time that can be asked about: after the deadline, so that nobody answers for what is over."""
    starts_at = wall.moment()
    if starts_at <= now:
        raise RuleBroken(_l("Enter a time that is still to come."), field=f"date_{wall.number}")
    if starts_at > now + FARTHEST:
        raise RuleBroken(_l("Enter a time within the next ten years."), field=f"date_{wall.number}")
    if starts_at <= deadline:
        raise RuleBroken(_l("Enter a time after the deadline of the poll."), field=f"date_{wall.number}")
    return starts_at


def create(
    plan: PollPlan, *, exchange: Exchange, peer_session: PeerSession | None, by: Person | None, now: datetime,
    illustrative: bool = False,
) -> Poll:  # fmt: skip
    """A new poll, about a draft session or about one that is to come in this exchange. Nobody is asked yet."""
    _check(plan, now)
    if peer_session is not None and peer_session.status is not SessionStatus.DRAFT:
        raise RuleBroken(_l("This session has its time already. A poll is for a draft."))
    if len(plan.slots) < 2:
        raise RuleBroken(_l("Enter at least two times to choose from."), field="date_1" if not plan.slots else "date_2")
    poll = Poll(
        id=uuid7(), exchange_id=exchange.id, peer_session_id=peer_session.id if peer_session else None,
        tzdb_version=zones.iana_version(), deadline_set_at=now, illustrative=illustrative, created_at=now, updated_at=now,
        exchange=exchange, peer_session=peer_session, all_slots=[], **_columns(plan),
    )  # fmt: skip
    db.session.add(poll)
    _add(poll, plan.slots, now)
    db.session.flush()
    told = {"titles": (None, poll.titles), "deadline_at": (None, poll.deadline_at), "slots": (None, len(plan.slots))}
    record("poll.created", POLL, poll.id, by=by, now=now, changes=told)
    return poll


def _add(poll: Poll, walls: Iterable[Wall], now: datetime) -> list[PollSlot]:
    """These times, each once; one that was withdrawn before comes back with what people said to it."""
    known = {slot.starts_at: slot for slot in poll.all_slots}
    added = []
    for wall in walls:
        starts_at = _check_slot(wall, poll.deadline_at, now)
        there = known.get(starts_at)
        if there is not None and there.withdrawn_at is None:
            raise RuleBroken(_l("This time is in the poll already."), field=f"date_{wall.number}")
        if there is None:
            there = PollSlot(
                id=uuid7(), poll_id=poll.id, local_start=wall.local, zone=wall.zone, fold=wall.told_fold, starts_at=starts_at,
                round=poll.round, added_at=now,
            )  # fmt: skip
            poll.all_slots.append(there)
            known[starts_at] = there
        else:
            there.withdrawn_at, there.round = None, poll.round
        added.append(there)
    if len(poll.slots) > MOST_SLOTS:
        raise RuleBroken(_l("A poll has room for %(most)s times. Withdraw some first.", most=MOST_SLOTS), field="date_1")
    return added


def edit(poll: Poll, plan: PollPlan, *, version: int, by: Person, now: datetime) -> bool:
    """Change title, length, deadline or reminders; answers whether anything did."""
    row = lock_poll(poll.id)
    refuse_closed(row)
    columns = _columns(plan)
    changes = differences(row, columns)
    if not changes:
        return False
    if version != row.version:
        raise conflict(row, version, plan)
    if not plan.titles:
        raise RuleBroken(_l("Enter the title in at least one language."), field="titles")
    _check_edit(row, plan, changes, now)
    for name, value in columns.items():
        setattr(row, name, value)
    row.updated_at = now
    if "deadline_at" in changes:
        row.deadline_set_at = now
        outbox.cancel_waiting(POLL, row.id, kinds=[messages.REMINDER], now=now)
    record("poll.changed", POLL, row.id, by=by, now=now, changes={n: c for n, c in changes.items() if n in FIELDS})
    _ask_anew(row, now)
    return True


def _check_edit(row: Poll, plan: PollPlan, changes: Iterable[str], now: datetime) -> None:
    if "deadline_at" in changes:
        _check(plan, now)
        if any(slot.starts_at <= plan.deadline.moment() for slot in row.to_answer(now)):
            raise RuleBroken(_l("Enter a deadline before the first of the times."), field="date_deadline")
    if not 5 <= plan.minutes <= DAY:
        raise RuleBroken(_l("Enter a length between 5 and 1440 minutes."), field="minutes")
    if "minutes" in changes and any(one.answered_at is not None for one in asked_of(row)):
        sentence = _l("People have answered for this length. Close the poll and make another one for a new length.")
        raise RuleBroken(sentence, field="minutes")


def _ask_anew(row: Poll, now: datetime, also: Iterable[PollAsked] = ()) -> None:
    """A question that has not left says what holds now; ``also`` these people are asked, by one mail each."""
    db.session.flush()
    waiting = still_waiting(row, messages.QUESTION) | {one.person_id for one in also}
    to = [one for one in asked_of(row) if one.person_id in waiting] if waiting else []
    coming = row.to_answer(now)
    groups: dict[tuple[str, tuple[uuid.UUID, ...]], list[PollAsked]] = {}
    for one in to:  # who answered is asked about what is new alone; who took over is shown all
        said = one.said if one.because != "hand_over" else {}
        why = "taken" if one.because == "hand_over" else "times" if one.answered_at is not None else ""
        groups.setdefault((why, tuple(slot.id for slot in coming if slot.id not in said)), []).append(one)
    letters = [
        letter
        for (why, new), people in groups.items()
        for letter in messages.questions(row, people, [s for s in coming if s.id in new], now=now, why=why)
        if new
    ]
    db.session.flush()
    gone = [one.person_id for (_why, new), people in groups.items() if not new for one in people]
    outbox.cancel_waiting(POLL, row.id, kinds=[messages.QUESTION], recipient_ids=gone, now=now)
    outbox.replace_waiting(letters, now=now)


def add_slots(poll: Poll, walls: Sequence[Wall], *, asking: bool, version: int, by: Person, now: datetime) -> int:
    """More times to choose from. Every answer stays; ``asking`` writes once more to those who have answered, about the new ones."""
    row = lock_poll(poll.id)
    refuse_closed(row)
    if version != row.version:
        raise conflict(row, version)
    if not walls:
        raise RuleBroken(_l("Enter at least one time."), field="date_1")
    if row.deadline_at <= now:
        raise RuleBroken(_l("The deadline of the poll has passed. Enter a new deadline first."), field="date_1")
    row.round += 1
    added = _add(row, walls, now)
    row.updated_at = now
    record("poll.slots_added", POLL, row.id, by=by, now=now, changes={"slots": (len(row.slots) - len(added), len(row.slots))})
    to = [one for one in asked_of(row) if one.answered_at is not None and one.person.active] if asking else []
    for one in to:
        one.asked_round = row.round
    _ask_anew(row, now, to)
    return sum(1 for one in to if one.person.email)


def withdraw_slot(poll: Poll, slot_id: uuid.UUID, *, by: Person, now: datetime) -> None:
    """A time is no longer asked about. What people said to it is kept, should it come back."""
    row = lock_poll(poll.id)
    refuse_closed(row)
    slot = next((one for one in row.slots if one.id == slot_id), None)
    if slot is None:
        return
    if len(row.slots) == 1:
        raise RuleBroken(_l("A poll needs one time at least. Close the poll instead."))
    slot.withdrawn_at = row.updated_at = now
    record("poll.slot_withdrawn", POLL, row.id, by=by, now=now, changes={"slot": (slot.starts_at, None)})
    _ask_anew(row, now)


@dataclass(frozen=True)
class Asked:
    """What came of asking."""

    new: int = 0
    already: int = 0
    without_address: int = 0


def ask(poll: Poll, guests: Sequence[Guest], *, by: Person | None, now: datetime) -> Asked:
    """Ask these people, each once. Who was asked no more is asked again; who is asked already stays as they are."""
    row = lock_poll(poll.id)
    refuse_closed(row)
    if not row.takes_answers(now):
        raise RuleBroken(_l("The deadline of the poll has passed. Enter a new deadline first."))
    wanted = list({guest.person.id: guest for guest in reversed(guests)}.values())[::-1]
    known = {one.person_id: one for one in _ever_asked(row, [g.person.id for g in wanted])}
    fresh = [g for g in wanted if g.person.id not in known or known[g.person.id].withdrawn_at is not None]
    people = {p.id: p for p in db.session.scalars(select(Person).where(Person.id.in_([g.person.id for g in fresh])))}
    to = [_ask_one(row, guest, people[guest.person.id], known.get(guest.person.id), by, now) for guest in fresh]
    letters = messages.questions(row, to, row.to_answer(now), now=now)
    db.session.flush()
    outbox.queue(letters, now=now)
    asked_now = {guest.person.id for guest in fresh}
    leaving.without(leaving.Missed(g.person.full_name, "already") for g in wanted if g.person.id not in asked_now)
    if fresh:
        why = ", ".join(sorted({g.because for g in fresh}))
        record("poll.asked", POLL, row.id, by=by, now=now, changes={"asked": (None, len(fresh))}, note=why)
    return Asked(len(fresh), len(wanted) - len(fresh), sum(1 for g in fresh if not g.person.email))


def not_asked_yet(poll: Poll, guests: Sequence[Guest]) -> list[Guest]:
    """Those of these people whom asking would write to, each once."""
    wanted = list({guest.person.id: guest for guest in reversed(guests)}.values())[::-1]
    known = {one.person_id for one in _ever_asked(poll, [g.person.id for g in wanted]) if one.withdrawn_at is None}
    return [guest for guest in wanted if guest.person.id not in known]


def _ever_asked(row: Poll, person_ids: list[uuid.UUID]) -> list[PollAsked]:
    query = select(PollAsked).where(PollAsked.poll_id == row.id, PollAsked.person_id.in_(person_ids))
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _ask_one(row: Poll, guest: Guest, person: Person, one: PollAsked | None, by: Person | None, now: datetime) -> PollAsked:
    if one is None:
        one = PollAsked(id=uuid7(), poll_id=row.id, person_id=person.id, created_at=now, nonce=fresh_nonce(), votes=[])
        db.session.add(one)
    one.person, one.organisation, one.because = person, guest.organisation, guest.because
    one.organisation_id = guest.organisation.id if guest.organisation else None
    one.withdrawn_at, one.asked_at, one.asked_by, one.updated_at = None, now, by.id if by else None, now
    one.asked_round = row.round
    return one


def withdraw_asked(asked: PollAsked, *, by: Person | None, now: datetime) -> None:
    """One person is asked no more: the link ends, the answer counts no longer; nobody is told."""
    row = lock_poll(asked.poll_id)
    refuse_closed(row)
    db.session.refresh(asked)
    if asked.withdrawn_at is None:
        end_asking(row, asked, now)
        record("poll.withdrawn", POLL, row.id, by=by, now=now, changes={"person_id": (asked.person_id, None)})


def end_asking(row: Poll, asked: PollAsked, now: datetime) -> None:
    """The link opens nothing any more, and what waits for the person is not sent."""
    asked.withdrawn_at = asked.updated_at = now
    asked.nonce, asked.code_digest = fresh_nonce(), None
    db.session.flush()
    outbox.cancel_waiting(POLL, row.id, recipient_ids=[asked.person_id], now=now)
