"""What people say to the times of a poll: by themselves, for their State, or entered by the secretariat with its source."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete

from app.accounts.models import Person
from app.audit.rules import record
from app.core.db import uuid7
from app.core.errors import LinkOver, RuleBroken
from app.exchanges.messages import polls as messages
from app.exchanges.models import Poll, PollAnswer, PollAsked, PollVote, Route, Vote
from app.exchanges.queries.polls import POLL
from app.exchanges.rules.answering import LONGEST_COMMENT, ON_BEHALF
from app.exchanges.rules.delegating import Source
from app.exchanges.rules.polls import lock_poll
from app.extensions import db
from app.notifications import outbox

TAKEN_BACK = _l("You are asked no more in this poll. Write to the secretariat if you did not expect this.")


def answer_poll(
    asked: PollAsked, votes: Mapping[uuid.UUID, Vote], *, route: Route, now: datetime, comment: str = "",
    by: Person | None = None, source: Source | None = None,
) -> bool:  # fmt: skip
    """Record what somebody says to every time that can still be chosen; the same again changes nothing and tells nobody.

    What was said to times that are over or withdrawn stays.
    """
    poll = lock_poll(asked.poll_id)
    db.session.refresh(asked)
    _refuse(poll, asked, route, now)
    if source is not None and source.on is not None and source.on > now.date():
        raise RuleBroken(_l("Enter a date that is not in the future."), field="source_date")
    before = asked.said
    said = {**before, **_open_votes(poll, votes, now)}
    _refuse_gaps(poll, said, now)
    words = comment.strip()[:LONGEST_COMMENT]
    if asked.answered_at is not None and said == before and words == asked.comment:
        return False
    _store(asked, before, said)
    asked.comment, asked.answered_round = words, poll.round
    asked.answered_at = asked.updated_at = now
    kept = PollAnswer(
        id=uuid7(), asked_id=asked.id, at=now, route=route, votes={str(slot): vote.value for slot, vote in said.items()},
        comment=words, entered_by=by.id if by and route in ON_BEHALF else None, source=source.facts() if source else None,
    )  # fmt: skip
    db.session.add(kept)
    _record(poll, asked, kept, by, now)
    _tell(poll, asked, kept, now)
    return True


def _refuse(poll: Poll, asked: PollAsked, route: Route, now: datetime) -> None:
    if asked.withdrawn_at is not None:
        raise LinkOver(TAKEN_BACK)
    if not poll.is_open:
        raise RuleBroken(_l("This poll is closed. No answer is needed any more."))
    if route is not Route.SECRETARIAT and poll.deadline_at <= now:
        raise RuleBroken(_l("The deadline of this poll has passed. Write to the secretariat if you still want to answer."))
    if not poll.to_answer(now):
        raise RuleBroken(_l("All times of this poll are over."))


def _open_votes(poll: Poll, votes: Mapping[uuid.UUID, Vote], now: datetime) -> dict[uuid.UUID, Vote]:
    """What was said to times that are asked about; to anything else nothing can be said."""
    open_ = {slot.id for slot in poll.to_answer(now)}
    if any(slot_id not in open_ for slot_id in votes):
        raise RuleBroken(_l("The times of this poll have changed. Look at them once more, then answer."))
    return dict(votes)


def _refuse_gaps(poll: Poll, said: Mapping[uuid.UUID, Vote], now: datetime) -> None:
    if any(slot.id not in said for slot in poll.to_answer(now)):
        raise RuleBroken(_l("Times were added meanwhile. Say Yes, If needed or No to each."))


def _store(asked: PollAsked, before: Mapping[uuid.UUID, Vote], said: Mapping[uuid.UUID, Vote]) -> None:
    changed = [slot for slot, vote in said.items() if before.get(slot) is not vote]
    db.session.execute(delete(PollVote).where(PollVote.asked_id == asked.id, PollVote.slot_id.in_(changed)))
    db.session.expire(asked, ["votes"])
    db.session.add_all(PollVote(asked_id=asked.id, slot_id=slot, vote=said[slot]) for slot in changed)
    db.session.flush()
    db.session.expire(asked, ["votes"])


def _record(poll: Poll, asked: PollAsked, kept: PollAnswer, by: Person | None, now: datetime) -> None:
    changes: dict[str, tuple[object, object]] = {"question": (None, asked.person.full_name)}
    changes["answers"] = (None, [kept.votes[str(slot.id)] for slot in poll.slots if str(slot.id) in kept.votes])
    if kept.source:
        changes["source"] = (None, kept.source)
    record(
        "poll.answered", POLL, poll.id, by=by or asked.person, now=now, changes=changes, note=kept.route.value,
        on_behalf_of=asked.person.full_name if kept.route in ON_BEHALF else None,
    )  # fmt: skip


def _tell(poll: Poll, asked: PollAsked, kept: PollAnswer, now: datetime) -> None:
    """Nobody is reminded of what is answered; a copy of what others recorded."""
    outbox.cancel_waiting(POLL, poll.id, kinds=messages.ASKING, recipient_ids=[asked.person_id], now=now)
    if kept.route not in ON_BEHALF:
        return
    number = str((kept.source or {}).get("number") or "")
    letter = messages.recorded(poll, asked, answer_id=kept.id, source_number=number)
    db.session.flush()
    outbox.queue([letter], now=now)
