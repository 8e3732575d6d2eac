"""The facts a message about a session speaks of: the same for all readers of one language, and what is personal."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from babel import Locale
from babel.lists import format_list
from flask_babel import force_locale
from flask_babel import gettext as _

from app.core import clock, codes, tokens
from app.core.db import Json, Texts
from app.core.languages import NAMES, babel_locale
from app.core.signing import external_url, settings
from app.core.text import best, from_left, plain
from app.exchanges.messages.recipients import Recipient
from app.exchanges.models import Capacity, PeerSession
from app.exchanges.queries.places import other_sittings
from app.texts.words import said_in
from config import Settings

JOIN = "{links.join}"
"""Stands where the personal join address goes in a calendar entry."""
_TOKEN = "T0K3N"  # noqa: S105 - stands where a person's token goes in an address
_GAP, _SOME = "\0", uuid.UUID(int=0xFACE << 112)
"""Stand where a value goes in a sentence, and an id in an address."""


@lru_cache(maxsize=256)
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
    _common: dict[tuple[object, ...], Json] = field(default_factory=dict)
    _ways: dict[tuple[str, str], str] = field(default_factory=dict)
    _names: dict[tuple[int, str], tuple[Texts, str]] = field(default_factory=dict)
    _settings: Settings = field(default_factory=settings)
    _others: list[Json] | None = None

    def common(self, to: Recipient) -> Json:
        """What every reader of this language in the same standing is told: one mapping, stored and rendered once."""
        standing = (
            to.person.language, to.capacity, to.because, bool(to.organisation), to.answer, to.holds_seat, to.may_join,
            to.former_time,
        )  # fmt: skip
        if standing not in self._common:
            locale = to.person.language
            row = self.peer_session
            self._common[standing] = {
                "titles": one_text(row.titles, locale),
                "purposes": one_text(row.purposes, locale),
                "themes": one_text(row.exchange.themes, locale),
                "hosts": [one_text(host.names, locale) for host in row.exchange.hosts],
                "starts_at": instant(row.starts_at),
                "ends_at": instant(row.ends_at),
                "minutes": row.minutes,
                "host_zone": row.zone,
                "places": self.places,
                "language_names": language_names(row.languages, locale),
                "page_url": external_url("exchanges.session_page", locale, session_id=row.id),
                "asks": to.capacity is not Capacity.INFORMATION,
                "dial_in": row.dial_in if to.may_join else "",
                "test_url": row.test_url if to.may_join else "",
                "because": to.because,
                "has_organisation": bool(to.organisation),
                "answer": to.answer.value if to.answer else None,
                "holds_seat": to.holds_seat,
                "former_time": to.former_time,
                "invite": self._invite(to, locale),
                **self._sittings(),
                **self.extra,
            }
        return self._common[standing]

    def _sittings(self) -> Json:
        """The other hour at which the same session is held; nothing where there is one."""
        row = self.peer_session
        if not row.twice:
            return {}
        if self._others is None:
            self._others = [
                {"starts_at": instant(one.starts_at), "minutes": one.minutes} for one in other_sittings(row, clock.now())
            ]
        return {"other_sittings": self._others} if self._others else {}

    def facts(self, to: Recipient) -> Json:
        """What only this person is told: links, and the State or body the invitation went to."""
        locale = to.person.language
        answer = tokens.mark("answer", to.invitation_id, to.nonce)
        join = tokens.mark("join", to.invitation_id, to.join_nonce)
        return {
            "links": {
                "answer": self._way("exchanges.answer", locale) + answer,
                "join": self._way("exchanges.join", locale) + join,
            },
            "codes": {"answer": codes.mark(answer, to.code_digest)},
            "personal": {"organisation": self._organisation(to, locale)},
        }

    def _organisation(self, to: Recipient, locale: str) -> str:
        """The State's or body's name in a language, worked out once."""
        if not to.organisation:
            return ""
        known = (id(to.organisation), locale)
        if known not in self._names:  # the names are kept beside, so that their identity stays theirs
            name = str(best(to.organisation, locale, self._settings.language_order))
            self._names[known] = (to.organisation, name)
        return self._names[known][1]

    def _way(self, endpoint: str, locale: str) -> str:
        """A personal address up to its token, worked out once per language."""
        way = self._ways.get((endpoint, locale))
        if way is None:
            way = self._ways[endpoint, locale] = external_url(endpoint, locale, token=_TOKEN).removesuffix(_TOKEN)
        return way

    def _invite(self, to: Recipient, locale: str) -> Json:
        """The calendar entry: the personal join address is in it from the first, dial-in and test link after Yes."""
        row = self.peer_session
        asks = to.capacity is not Capacity.INFORMATION  # a copy for information leads nowhere: nobody holds a seat by it
        return {
            "start": instant(row.starts_at),
            "minutes": row.minutes,
            "summary": one_text(row.titles, locale),
            "description": describe(row, locale, joining=to.may_join, join_url=JOIN if asks else ""),
            "location": JOIN if asks else "",
            "url": external_url("exchanges.session_page", locale, session_id=row.id),
            "conferences": [{"uri": JOIN, "label": NAMES[locale]}] if asks else [],
            "role": ROLES[to.capacity],
            "asks": asks,
        }


ROLES: dict[Capacity, str] = {
    Capacity.PARTICIPANT: "REQ-PARTICIPANT",
    Capacity.OBSERVER: "OPT-PARTICIPANT",
    Capacity.INFORMATION: "NON-PARTICIPANT",
}
"""What a capacity is called in a calendar entry (RFC 5545, 3.2.16)."""


def language_names(codes: list[str], locale: str) -> str:
    """Names of languages in a language, as a list."""
    known = Locale.parse(babel_locale(locale))
    return str(format_list([known.languages.get(c, c) for c in codes], locale=known)) if codes else ""


class Described(Protocol):
    """What a calendar entry says of a session: a row, or the columns of one."""

    @property
    def id(self) -> uuid.UUID: ...  # noqa: D102
    @property
    def purposes(self) -> Any: ...  # noqa: D102
    @property
    def dial_in(self) -> str: ...  # noqa: D102
    @property
    def test_url(self) -> str: ...  # noqa: D102


class Describer:
    """Describes sessions in one language; its sentences and the address of a page are looked up once for all of them."""

    def __init__(self, locale: str) -> None:
        self.locale, self._order = locale, settings().language_order
        self._page = external_url("exchanges.session_page", locale, session_id=_SOME).split(str(_SOME))
        with force_locale(babel_locale(locale)):
            self._join = _("To join: %(url)s", url=_GAP).split(_GAP)
            self._phone = _("By phone: %(number)s", number=_GAP).split(_GAP)
            self._test = _("Test your connection: %(url)s", url=_GAP).split(_GAP)
            self._details = _("Programme and details: %(url)s", url=_GAP).split(_GAP)

    def page(self, session_id: uuid.UUID) -> str:
        """The address of a session's page."""
        return str(session_id).join(self._page)

    def describe(self, row: Described, *, joining: bool, join_url: str = "") -> str:
        """The description of a calendar entry: purpose, how to join, and the session's page."""
        found = best(row.purposes, self.locale, self._order)
        parts = [plain(found.text)] if found else []
        if found and found.lang != self.locale:
            with force_locale(babel_locale(self.locale)):
                parts[:0] = [str(sentence) for sentence in said_in(self.locale, found)]
        if join_url:
            parts.append(join_url.join(self._join))
        if joining and row.dial_in:
            parts.append(from_left(row.dial_in, self.locale).join(self._phone))
        if joining and row.test_url:
            parts.append(row.test_url.join(self._test))
        parts.append(self.page(row.id).join(self._details))
        return "\n\n".join(parts)


def describe(row: Described, locale: str, *, joining: bool, join_url: str = "") -> str:
    """The description of one calendar entry."""
    return Describer(locale).describe(row, joining=joining, join_url=join_url)


def key(kind: str, invitation_id: uuid.UUID, word: str) -> str:
    """The unique key of a message to one person about one session."""
    return f"{kind}:{invitation_id}:{word}"
