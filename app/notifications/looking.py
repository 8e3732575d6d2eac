"""Every mail of thousands looked at before one leaves, by the questions of ``replay``, in seconds.

The first mail of each sort (kind, language, shared facts) is rendered to its bytes and read as a reader's program reads it.
The others of the sort differ from it in what is filled in: each is filled as its sender will fill it, and its words and its
entry are read by patterns. The first mail is read both ways; where the two disagree, the whole sort is read the long way.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from app.notifications.rendering import PERSONAL, Job, entry, parts
from app.notifications.replay import DOMAIN, LOCAL, Entry, addresses_named, ends_with, entries_of, problems, strangers

log = logging.getLogger(__name__)

_ENTITY = re.compile(r"&(?:#0*64|#[xX]0*40|commat)")
_FOLD = re.compile(rb"\r\n[ \t]")
_BACKWARDS = re.compile(LOCAL)  # a class of signs reads the same from behind
_BEHIND = re.compile(DOMAIN)
_LINE = re.compile(
    r"^(METHOD|UID|SEQUENCE|DTSTAMP|ORGANIZER|ATTENDEE)(?:;(?:[^\":\r\n]|\"[^\"\r\n]*\")*)?:([^\r\n]*)", re.MULTILINE
)


@dataclass
class Looker:
    """Looks at mail after mail; remembers how far each sort of them can be read by patterns."""

    now: datetime
    also: Collection[str] = ()
    _quick: dict[tuple[Any, ...], bool] = field(default_factory=dict)

    def problems(self, job: Job, before: Sequence[Job] = ()) -> list[str]:
        """The same as ``replay.problems``; a mail that cannot be made is ``poisoned``."""
        try:
            sort = _sort(job)
            if sort not in self._quick:
                return self._first(sort, job, before)
            return self._by_patterns(job, before) if self._quick[sort] else problems(job, before, also=self.also, now=self.now)
        except Exception:  # whatever a fact does to a template: this mail would fail when it is sent
            log.exception("a mail of the kind %s cannot be rendered", job.kind)
            return ["poisoned"]

    def _first(self, sort: tuple[Any, ...], job: Job, before: Sequence[Job]) -> list[str]:
        found = problems(job, before, also=self.also, now=self.now)
        raw = entry(job)
        same_entry = raw is None or list(map(_bare, entries_of(raw))) == [read_entry(raw)]
        self._quick[sort] = same_entry and self._by_patterns(job, before) == found
        if not self._quick[sort]:
            log.warning("mails of the kind %s are read the long way", job.kind)
        return found

    def _by_patterns(self, job: Job, before: Sequence[Job]) -> list[str]:
        found = []
        said = parts(job)
        named: set[str] = set()
        entry_text = _FOLD.sub(b"", said.entry).decode("utf-8") if said.entry else ""
        for words in (said.subject, said.text, said.html, entry_text, job.recipient_name):
            named |= _addresses(words)
        if strangers(named, job.address, self.also):
            found.append("foreign_address")
        if said.entry is not None and not _ends_with(job, read_entry(said.entry), before):
            found.append("other_end")
        return found


def _sort(job: Job) -> tuple[Any, ...]:
    rest = {name: value for name, value in job.facts.items() if name not in PERSONAL}
    marks = tuple(tuple(sorted(job.facts.get(name, ()))) for name in PERSONAL)
    return job.kind, job.locale, job.common_id, job.ical_method, marks, json.dumps(rest, sort_keys=True) if rest else ""


def _addresses(words: str) -> set[str]:
    """The addresses in a text. Most have few signs in them: only what stands around each is looked at."""
    if "%40" in words or _ENTITY.search(words):  # a sign that is written otherwise
        return addresses_named(words)
    found: set[str] = set()
    at = words.find("@")
    while at >= 0:
        before, behind = _BACKWARDS.match(words[max(0, at - 320) : at][::-1]), _BEHIND.match(words, at + 1)
        if before and behind:
            found.add(f"{before[0][::-1]}@{behind[0]}".casefold().strip(".'"))
        at = words.find("@", at + 1)
    return found


def read_entry(calendar: bytes) -> Entry:
    """The one object of a calendar part, as far as a replay needs it."""
    told: dict[str, list[str]] = {}
    for name, value in _LINE.findall(_FOLD.sub(b"", calendar).decode("utf-8")):
        told.setdefault(name, []).append(value)
    return Entry(
        method=told["METHOD"][0].upper(),
        uid=told["UID"][0],
        sequence=int(told.get("SEQUENCE", ["0"])[0]),
        dtstamp=datetime.strptime(told["DTSTAMP"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
        organizer=_address(told.get("ORGANIZER", [""])[0]),
        attendees=tuple(map(_address, told.get("ATTENDEE", ()))),
        start=None, end=None, summary="",
    )  # fmt: skip


def _address(uri: str) -> str:
    return unquote(uri).casefold().removeprefix("mailto:")


def _bare(one: Entry) -> Entry:
    return replace(one, start=None, end=None, summary="")


def _ends_with(job: Job, mine: Entry, before: Sequence[Job]) -> bool:
    earlier = [read_entry(raw) for other in before if (raw := entry(other)) is not None]
    return ends_with([mine], earlier, job.address)
