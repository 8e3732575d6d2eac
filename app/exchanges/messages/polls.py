"""What polls say to people: the question, a reminder, a copy of what was recorded, and the end without a session."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.accounts.queries import letter_for
from app.core import codes, signing, tokens
from app.core.db import Json, Texts
from app.core.signing import external_url, settings
from app.core.text import best
from app.exchanges.messages.facts import instant, one_text
from app.exchanges.models import Poll, PollAsked, PollSlot
from app.exchanges.queries.polls import POLL
from app.notifications.models import Priority
from app.notifications.outbox import Letter

QUESTION, REMINDER, RECORDED, CLOSED = "poll-asked", "poll-reminder", "poll-recorded", "poll-closed"
ASKING = (QUESTION, REMINDER)
"""Mails that are void once the poll is closed or the person is asked no more."""


@dataclass
class PollSpeaker:
    """Makes the facts of one poll; what all readers of a language share is made once."""

    poll: Poll
    slots: Iterable[PollSlot]
    why: str = ""  # why somebody is asked again: "times" were added, it is "open" again; or "taken" over
    _common: dict[tuple[str, str, bool], Json] = field(default_factory=dict)

    def common(self, to: PollAsked) -> Json:
        """What every reader of this language in the same standing is told."""
        locale = to.person.language
        standing = (locale, to.because, to.organisation_id is not None)
        if standing not in self._common:
            poll = self.poll
            self._common[standing] = {
                "titles": one_text(poll.titles, locale),
                "themes": one_text(poll.exchange.themes, locale),
                "minutes": poll.minutes,
                "deadline_at": instant(poll.deadline_at),
                "slots": [instant(slot.starts_at) for slot in self.slots],
                "because": to.because,
                "has_organisation": to.organisation_id is not None,
                "why": self.why,
            }
        return self._common[standing]

    def facts(self, to: PollAsked) -> Json:
        """What only this person is told: the link, its code, and for whom the answer counts.

        Who has no code that works gets one, since the message will name it.
        """
        to.code_digest = signing.standing_code(POLL, to.id, to.nonce, to.code_digest)
        link = tokens.mark(POLL, to.id, to.nonce)
        return {
            "links": {"poll": external_url("exchanges.poll_answer", to.person.language, token=link)},
            "codes": {"poll": codes.mark(link, to.code_digest)},
            "personal": {"organisation": _name(to, to.person.language)},
        }


def _name(to: PollAsked, locale: str) -> str:
    names: Texts = to.organisation.names if to.organisation is not None else {}
    return str(best(names, locale, settings().language_order)) if names else ""


def questions(poll: Poll, to: Iterable[PollAsked], slots: Iterable[PollSlot], *, now: datetime, why: str = "") -> list[Letter]:
    """Ask for these times; it leaves at once."""
    speaker = PollSpeaker(poll, list(slots), why)
    return [_letter(speaker, one, QUESTION, _word(poll, now), expires_at=poll.deadline_at) for one in to]


def _word(poll: Poll, now: datetime) -> str:
    return f"{poll.opening}:{instant(now)}"


def reminder(speaker: PollSpeaker, to: PollAsked, *, minutes: int) -> Letter:
    """The deadline comes, and there is no answer."""
    return _letter(speaker, to, REMINDER, reminder_word(speaker.poll, minutes), expires_at=speaker.poll.deadline_at)


def reminder_word(poll: Poll, minutes: int) -> str:
    """What a reminder is called in its key: its span, the opening and the deadline it speaks of."""
    return f"{minutes}:{poll.opening}:{instant(poll.deadline_at)}"


def recorded(poll: Poll, to: PollAsked, *, answer_id: uuid.UUID, source_number: str) -> Letter:
    """Somebody recorded an answer on the person's behalf: a copy to correct."""
    said = to.said
    letter = _letter(PollSpeaker(poll, ()), to, RECORDED, str(answer_id), priority=Priority.URGENT)
    votes = [{"at": instant(slot.starts_at), "vote": said[slot.id].value} for slot in poll.slots if slot.id in said]
    return replace(letter, facts={**letter.facts, "votes": votes, "source_number": source_number})


def closed(poll: Poll, to: Iterable[PollAsked], *, now: datetime) -> list[Letter]:
    """The poll ended without a session."""
    speaker = PollSpeaker(poll, ())
    return [_letter(speaker, one, CLOSED, _word(poll, now), subject_revision=None) for one in to]


def _letter(speaker: PollSpeaker, to: PollAsked, kind: str, word: str, **more: Any) -> Letter:
    poll = speaker.poll
    more.setdefault("subject_revision", poll.opening)
    return letter_for(
        to.person,
        kind=kind,
        key=f"{kind}:{to.id}:{word}",
        facts=speaker.facts(to),
        common=speaker.common(to),
        thread=f"poll:{to.id}",
        subject_kind=POLL,
        subject_id=poll.id,
        **more,
    )
