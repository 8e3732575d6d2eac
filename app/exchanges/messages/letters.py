"""One function per thing this room says. Each answers letters; rules queue them in the transaction of the fact."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from babel import Locale
from babel.lists import format_list
from flask_babel import force_locale

from app.accounts.models import Person
from app.accounts.queries import letter_for
from app.core.db import Json
from app.core.languages import babel_locale
from app.core.signing import external_url, settings
from app.core.when import date_text
from app.exchanges.messages.facts import Speaker, instant, key, one_text
from app.exchanges.messages.recipients import Recipient, recipient
from app.exchanges.models import Capacity, Invitation, PeerSession
from app.exchanges.queries import SUBJECT, place_zones
from app.exchanges.words import FIELDS
from app.notifications.models import Priority
from app.notifications.outbox import Letter


def invitation_letters(peer_session: PeerSession, to: Iterable[Recipient], *, now: datetime, again: bool = False) -> list[Letter]:
    """Invitations, and copies for information without a question. They leave at once; ``again`` asks who did not answer."""
    speaker = _speaker(peer_session, {"again": True} if again else None)
    return [
        _calendar_letter(speaker, one, "session-copy" if one.capacity is Capacity.INFORMATION else "session-invite") for one in to
    ]


def update(
    peer_session: PeerSession, to: Iterable[Recipient], *, due_at: datetime, moved: bool, changed: list[str], former: Json
) -> list[Letter]:
    """The session moved, or its text changed. It waits a little: a later edit replaces it."""
    letters = []
    speakers: dict[str, Speaker] = {}
    for one in to:
        locale = one.person.language
        if locale not in speakers:  # the names of what changed are words of a language
            named = {"changed_names": field_names(changed, locale)}
            speakers[locale] = _speaker(peer_session, {"moved": moved, "changed": changed, **named, **former})
        letters.append(_calendar_letter(speakers[locale], one, "session-update", due_at=due_at))
    return letters


class Hour(NamedTuple):
    """What clock rules did to one person's hour: how it touches them, and what their clocks were to show, in their words."""

    to: Recipient
    touch: str
    was_date: str
    was_time: str


def clocks(peer_session: PeerSession, hours: Iterable[Hour], *, changed: Sequence[str] = ()) -> list[Letter]:
    """Clock rules changed: it is another hour for the reader, or the same hour and another moment. It leaves at once.

    ``changed`` are fields whose change an update would have told that this mail replaces.
    """
    speakers: dict[tuple[str, str], Speaker] = {}
    places = place_zones(peer_session)
    letters = []
    for one in hours:
        kind = (one.touch, one.to.person.language)
        if kind not in speakers:
            extra = {"touch": one.touch, "changed_names": field_names(list(changed), kind[1])}
            speakers[kind] = Speaker(peer_session, places, extra)
        letter = _calendar_letter(speakers[kind], one.to, "session-clocks")
        personal = {**letter.facts["personal"], "was_date": one.was_date, "was_time": one.was_time}
        letters.append(replace(letter, facts={**letter.facts, "personal": personal}))
    return letters


def hour_of(to: Recipient, touch: str, was: datetime) -> Hour:
    """The same from a wall time."""
    return Hour(to, touch, date_text(was.date(), to.person.language), f"{was:%H:%M}")


def field_names(fields: list[str], locale: str) -> str:
    """Labels of changed fields in a language, as a list."""
    with force_locale(babel_locale(locale)):
        names = [str(FIELDS[name]) for name in fields]
    return str(format_list(names, locale=Locale.parse(babel_locale(locale)))) if names else ""


def confirmation(
    peer_session: PeerSession, to: Recipient, *, on_behalf: bool = False, zones: Sequence[str] | None = None
) -> Letter:
    """After Yes: the seat is held, with dial-in and test link, and the calendar entry with them.

    ``zones`` of the invited, where they are known; else they are asked for.
    """
    speaker = _speaker(peer_session, {"on_behalf": on_behalf}, zones)
    return _calendar_letter(speaker, to, "session-confirmation", priority=Priority.URGENT)


def seat_found(peer_session: PeerSession, to: Recipient) -> Letter:
    """The first in line has a seat now."""
    return _calendar_letter(_speaker(peer_session), to, "session-seat", priority=Priority.URGENT)


def seat_offer(peer_session: PeerSession, to: Recipient, *, until: datetime) -> Letter:
    """A seat is kept for the next in line until an hour: one press takes it, and so does Yes in a calendar."""
    speaker = _speaker(peer_session, {"offer_until": instant(until)})
    return _calendar_letter(speaker, to, "session-offer", priority=Priority.URGENT, expires_at=until)


def waiting_place(
    peer_session: PeerSession, to: Recipient, *, place: int, word: str, most: int | None = None, on_behalf: bool = False
) -> Letter:
    """All seats are taken, or all that the reader's State may have (``most``); the place in line."""
    extra: Json = {"place": place, "on_behalf": on_behalf, **({"most": most} if most is not None else {})}
    speaker = _speaker(peer_session, extra)
    return _letter(speaker, to, "session-waiting", word, priority=Priority.URGENT)


def answer_recorded(peer_session: PeerSession, to: Recipient, *, word: str, source: Json | None) -> Letter:
    """Somebody recorded an answer on the person's behalf: a copy to correct."""
    speaker = _speaker(peer_session, {"source_number": str((source or {}).get("number") or "")})
    return _letter(speaker, to, "answer-recorded", word, priority=Priority.URGENT)


def cancellation(
    peer_session: PeerSession, to: Iterable[Recipient], *, later: Mapping[uuid.UUID, datetime] | None = None
) -> list[Letter]:
    """The session will not take place; it leaves at once, or at a person's moment of ``later``."""
    speaker = _speaker(peer_session, {"reason": peer_session.cancel_reason or ""})
    moments = later or {}
    return [
        _calendar_letter(speaker, one, "session-cancel", method="CANCEL", subject_revision=None, due_at=moments.get(one.person.id))
        for one in to
    ]


def uninvitation(
    peer_session: PeerSession, to: Recipient, *, delegate: str = "", other: PeerSession | None = None,
    due_at: datetime | None = None,
) -> Letter:  # fmt: skip
    """One person is no longer invited; the session takes place, perhaps with ``delegate`` in their place.

    ``other`` is the sitting they changed to.
    """
    extra: Json = {"delegate": delegate} if delegate else {}
    if other is not None:
        extra = {"other_starts_at": instant(other.starts_at), "other_minutes": other.minutes}
    speaker = _speaker(peer_session, extra)
    return _calendar_letter(speaker, to, "session-uninvite", method="CANCEL", subject_revision=None, due_at=due_at)


def proposal_declined(peer_session: PeerSession, to: Recipient, *, sequence: int, starts_at: datetime) -> Letter:
    """Another time that somebody proposed is not taken: the entry's own SEQUENCE comes back as they sent it."""
    speaker = _speaker(peer_session, {"proposed_at": instant(starts_at)})
    letter = _calendar_letter(speaker, to, "session-proposal-declined", method="DECLINECOUNTER", priority=Priority.URGENT)
    return replace(letter, ical_sequence=sequence)


def delegate_refused(peer_session: PeerSession, to: Recipient, *, delegate: str, word: str) -> Letter:
    """Whom somebody wanted to send is not invited; their own invitation stands."""
    return _letter(_speaker(peer_session, {"delegate": delegate}), to, "delegate-refused", word, priority=Priority.URGENT)


def delegate_proposed(invitation: Invitation, focal: Person, *, delegate: str, word: str) -> Letter:
    """Somebody of a State wants to send another person: those who speak for the State decide."""
    row = invitation.peer_session
    locale = focal.language
    return letter_for(
        focal,
        kind="delegate-proposed",
        key=f"delegate-proposed:{word}",
        facts={
            **told_of(row, locale),
            "person": invitation.person.full_name,
            "delegate": delegate,
            "links": {"decide": external_url("exchanges.state_invitations", locale)},
        },
        thread=f"delegate:{invitation.id}:{focal.id}",
        subject_kind=SUBJECT,
        subject_id=row.id,
        subject_revision=row.schedule_version,
        expires_at=row.starts_at,
    )


def not_invited(peer_session: PeerSession, address: str, name: str, *, person: Person | None, word: str, now: datetime) -> Letter:
    """Somebody answered who was not invited, and cannot be: the entry is taken out of their calendar."""
    row = peer_session
    locale = person.language if person is not None else settings().default_language
    told = told_of(row, locale)
    entry = {"start": instant(row.starts_at), "minutes": row.minutes, "summary": told["titles"], "uninvite": True}
    return Letter(
        kind="session-not-invited",
        key=f"session-not-invited:{word}",
        address=address,
        locale=locale,
        zone=person.zone if person is not None else settings().default_zone,
        facts={**told, "invite": entry},
        recipient_id=person.id if person is not None else None,
        recipient_name=person.full_name if person is not None else name,
        salutation=person.salutation(locale) if person is not None else "",
        subject_kind=SUBJECT,
        subject_id=row.id,
        expires_at=row.ends_at,
        ical_method="CANCEL",
        ical_uid=row.uid,
        ical_sequence=row.sequence + 1,
        dtstamp=now.replace(microsecond=0),
    )


def told_of(row: PeerSession, locale: str) -> Json:
    """Title and hour of a session, as those are told who hold no invitation to it."""
    return {
        "titles": one_text(row.titles, locale),
        "starts_at": instant(row.starts_at),
        "minutes": row.minutes,
        "places": place_zones(row),
    }


def reminder(speaker: Speaker, to: Recipient, *, kind: str, word: str) -> Letter:
    """A reminder or a nudge. It carries no calendar part: the entry is there, and a second one could ask again."""
    return _letter(speaker, to, kind, word, expires_at=speaker.peer_session.starts_at)


def in_present_words(former: Json, invitation: Invitation) -> Json:
    """Facts of an earlier mail in today's words: what was corrected since without a mail is not told wrongly again."""
    present = _speaker(invitation.peer_session).common(recipient(invitation))
    return former | {name: present[name] for name in _WORDS if name in former}


_WORDS = ("titles", "purposes", "themes", "hosts", "places", "language_names", "dial_in", "test_url", "invite")


def _speaker(peer_session: PeerSession, extra: Json | None = None, zones: Sequence[str] | None = None) -> Speaker:
    return Speaker(peer_session, place_zones(peer_session, zones), extra or {})


def _calendar_letter(speaker: Speaker, to: Recipient, kind: str, *, method: str = "REQUEST", **more: Any) -> Letter:
    """A letter with a calendar part: its key is the entry's own identity."""
    return _letter(
        speaker,
        to,
        kind,
        instant(to.dtstamp),
        ical_method=method,
        ical_uid=speaker.peer_session.uid,
        ical_sequence=to.sequence,
        dtstamp=to.dtstamp,
        **more,
    )


def _letter(speaker: Speaker, to: Recipient, kind: str, word: str, **more: Any) -> Letter:
    row = speaker.peer_session
    more.setdefault("expires_at", row.ends_at)
    more.setdefault("subject_revision", row.schedule_version)
    return letter_for(
        to.person,
        kind=kind,
        key=key(kind, to.invitation_id, word),
        facts=speaker.facts(to),
        common=speaker.common(to),
        thread=f"invitation:{to.invitation_id}",
        subject_kind=SUBJECT,
        subject_id=row.id,
        **more,
    )
