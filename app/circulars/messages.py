"""What a circular says to one person: the text in their language or the stated one, and why they get it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from babel import Locale

from app.accounts.queries import letter_for
from app.circulars.models import Audience, Circular, Visibility
from app.circulars.queries import PURPOSE, SUBJECT, Mail, key_of
from app.circulars.words import ground_names
from app.core.db import Json, Texts
from app.core.languages import babel_locale
from app.core.signing import external_url, mark, settings
from app.core.text import best
from app.notifications.kinds import Topic
from app.notifications.models import Message
from app.notifications.outbox import Letter
from app.texts.states import Standing, State

KIND = "circular"


@dataclass
class Speaker:
    """Makes the facts of one circular; what all readers of a language with the same reason share is made once."""

    circular: Circular
    standings: Mapping[str, Standing]  # of each language that has a text
    source: str
    _common: dict[tuple[str, str], Json] = field(default_factory=dict)

    def common(self, language: str, because: str) -> Json:
        """What every such reader is told."""
        if (language, because) not in self._common:
            row = self.circular
            used = row.language_for(language)
            stands = self.standings.get(used)
            unread = stands is not None and used != self.source and stands.state is not State.REVIEWED
            self._common[language, because] = {
                "subjects": {used: row.subjects[used]},
                "texts": {used: row.texts[used]},
                "own": used == language,
                "language_name": language_name(language, language),
                "sent_in": language_name(used, language),
                "translated_from": language_name(self.source, language) if unread else "",
                "because": because,
                "about": self._about(language),
                "corrects": self._corrected(language),
            }
        return self._common[language, because]

    def _about(self, language: str) -> Texts:
        """What the circular's readers have in common, by name."""
        row = self.circular
        if row.audience is Audience.GROUND:
            return {language: ground_names(row.grounds, language)}
        named = row.exchange.themes if row.exchange else row.call.titles if row.call else {}
        found = best(named, language, settings().language_order)
        return {found.lang: found.text} if found else {}

    def _corrected(self, language: str) -> Json | None:
        former = self.circular.corrects
        if former is None or former.sent_at is None:
            return None
        used = former.language_for(language)
        leaves = former.leaves_at or former.sent_at
        return {"subjects": {used: former.subjects[used]}, "at": leaves.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}

    def page(self, language: str, recipient_id: uuid.UUID, nonce: str) -> str:
        """The page of the circular as this reader opens it."""
        return page_of(self.circular, language, recipient_id, nonce)


def page_of(circular: Circular, language: str, recipient_id: uuid.UUID, nonce: str) -> str:
    """The page of a circular: one address for all where everyone may read it, else a personal one."""
    if circular.visibility is Visibility.PUBLIC:
        return external_url("circulars.circular", language, circular_id=circular.id)
    return external_url("circulars.read", language, token=mark(PURPOSE, recipient_id, nonce))


def letters(speaker: Speaker, mails: Iterable[tuple[Mail, uuid.UUID, str]], *, due_at: datetime) -> list[Letter]:
    """One letter a mail, with the id and nonce of its recipient's row."""
    return [_letter(speaker, mail, row_id, nonce, due_at) for mail, row_id, nonce in mails]


def _letter(speaker: Speaker, mail: Mail, row_id: uuid.UUID, nonce: str, due_at: datetime) -> Letter:
    person = mail.to.person
    assert person is not None  # sending made a record of everyone it writes to
    language = mail.to.language
    return letter_for(
        person,
        kind=KIND,
        key=key_of(person.id, speaker.circular.id),
        facts={
            "links": {"page": speaker.page(language, row_id, nonce)},
            "personal": {"instead_of": mail.instead_of.name if mail.instead_of else ""},
        },
        common=speaker.common(language, mail.to.because),
        topic=Topic.CALLS if speaker.circular.call_id else Topic.NEWS,
        thread=f"circular:{speaker.circular.id}:{person.id}",
        subject_kind=SUBJECT,
        subject_id=speaker.circular.id,
        due_at=due_at,
    )


def specimen(speaker: Speaker, language: str, because: str, zone: str, now: datetime) -> Message:
    """A mail to nobody, as somebody of this language would get it: to look at before sending. It is never stored."""
    page = external_url("circulars.circular", language, circular_id=speaker.circular.id)
    facts: Json = {**speaker.common(language, because), "links": {"page": page}, "personal": {"instead_of": ""}}
    return Message(
        id=speaker.circular.id, kind=KIND, address="", locale=language, zone=zone, recipient_name="", salutation="", facts=facts,
        template_version=1, created_at=now,
    )  # fmt: skip


def language_name(code: str, locale: str) -> str:
    """The name of a language in a language."""
    return str(Locale.parse(babel_locale(locale)).languages.get(code, code))
