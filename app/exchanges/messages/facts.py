"""The facts a message about a session speaks of: the same for all readers of one language, and what is personal."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from app.core.db import Json, Texts
from app.core.languages import babel_locale
from app.core.signing import external_url, settings, sign
from app.core.text import best, plain
from app.exchanges.messages.recipients import Recipient
from app.exchanges.models import Capacity, PeerSession

_TOKEN = "T0K3N"  # noqa: S105 - stands where a person's token goes in an address


def instant(moment: datetime) -> str:
    """An instant as facts hold it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def one_text(texts: Texts, locale: str) -> Texts:
    """The best there is of a text for this language, still with the language it is in."""
    found = best(texts, locale, settings().language_order)
    return {found.lang: found.text} if found else {}


@dataclass
class Speaker:
    """Makes the facts of one session; what all readers of a language share is made once."""

    peer_session: PeerSession
    places: list[str]
    extra: Json = field(default_factory=dict)
    _shared: dict[str, Json] = field(default_factory=dict)
    _urls: dict[tuple[str, str], str] = field(default_factory=dict)
    _description: dict[tuple[str, bool], str] = field(default_factory=dict)

    def facts(self, to: Recipient, **more: Any) -> Json:
        """All facts of a message to this person, calendar entry included."""
        locale = to.person.language
        answer_url = self._link("exchanges.answer", locale, sign("answer", to.invitation_id, to.nonce))
        join_url = self._link("exchanges.join", locale, sign("join", to.invitation_id, to.join_nonce))
        return {
            **self.shared(locale),
            **self.extra,
            "personal": {
                "answer_url": answer_url,
                "yes_url": answer_url + "?answer=yes",
                "maybe_url": answer_url + "?answer=maybe",
                "no_url": answer_url + "?answer=no",
                "join_url": join_url,
            },
            "asks": to.capacity is not Capacity.INFORMATION,
            "why": {"because": to.because, "organisation": one_text(to.organisation, locale)},
            "answer": to.answer.value if to.answer else None,
            "holds_seat": to.holds_seat,
            "former_time": to.former_time,
            **(self._joining() if to.may_join else {"dial_in": "", "test_url": ""}),
            "invite": self._invite(to, locale, join_url),
            **more,
        }

    def shared(self, locale: str) -> Json:
        """What every reader of this language is told about the session."""
        if locale not in self._shared:
            row = self.peer_session
            self._shared[locale] = {
                "titles": one_text(row.titles, locale),
                "purposes": one_text(row.purposes, locale),
                "themes": one_text(row.exchange.themes, locale),
                "hosts": [one_text(host.names, locale) for host in row.exchange.hosts],
                "starts_at": instant(row.starts_at),
                "ends_at": instant(row.ends_at),
                "minutes": row.minutes,
                "host_zone": row.zone,
                "places": self.places,
                "languages": list(row.languages),
                "page_url": external_url("exchanges.session_page", locale, session_id=row.id),
            }
        return self._shared[locale]

    def _link(self, endpoint: str, locale: str, token: str) -> str:
        """A personal address; the way there is worked out once per language."""
        pattern = self._urls.get((endpoint, locale))
        if pattern is None:
            pattern = self._urls[endpoint, locale] = external_url(endpoint, locale, token=_TOKEN)
        return pattern.replace(_TOKEN, token)

    def _joining(self) -> Json:
        return {"dial_in": self.peer_session.dial_in, "test_url": self.peer_session.test_url}

    def _invite(self, to: Recipient, locale: str, join_url: str) -> Json:
        """The calendar entry: the personal join address is in it from the first, dial-in and test link after Yes."""
        row = self.peer_session
        described = (locale, to.may_join)
        if described not in self._description:
            self._description[described] = describe(row, locale, joining=to.may_join)
        return {
            "uid": row.uid,
            "start": instant(row.starts_at),
            "minutes": row.minutes,
            "summary": one_text(row.titles, locale),
            "description": self._description[described].replace(_TOKEN, join_url),
            "location": join_url,
            "url": self.shared(locale)["page_url"],
            "conferences": [{"uri": join_url, "label": locale}],
            "role": ROLES[to.capacity],
            "asks": to.capacity is not Capacity.INFORMATION,
        }


ROLES: dict[Capacity, str] = {
    Capacity.PARTICIPANT: "REQ-PARTICIPANT",
    Capacity.OBSERVER: "OPT-PARTICIPANT",
    Capacity.INFORMATION: "NON-PARTICIPANT",
}
"""What a capacity is called in a calendar entry (RFC 5545, 3.2.16)."""


def describe(row: PeerSession, locale: str, *, joining: bool, join_url: str = _TOKEN) -> str:
    """The description of a calendar entry: purpose, how to join, and the session's page."""
    with force_locale(babel_locale(locale)):
        purpose = plain(str(best(row.purposes, locale, settings().language_order)))
        parts = [purpose] if purpose else []
        if join_url:
            parts.append(_("To join: %(url)s", url=join_url))
        if joining and row.dial_in:
            parts.append(_("By phone: %(number)s", number=row.dial_in))
        if joining and row.test_url:
            parts.append(_("Test your connection: %(url)s", url=row.test_url))
        page = external_url("exchanges.session_page", locale, session_id=row.id)
        parts.append(_("Programme and details: %(url)s", url=page))
        return "\n\n".join(parts)


def calendar_method(kinds: Iterable[str]) -> dict[str, str]:
    """Kind of mail to the METHOD of its calendar part."""
    return {k: "CANCEL" if k in ("session-cancel", "session-uninvite") else "REQUEST" for k in kinds}


def key(kind: str, invitation_id: uuid.UUID, word: str) -> str:
    """The unique key of a message to one person about one session."""
    return f"{kind}:{invitation_id}:{word}"
