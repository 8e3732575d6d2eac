"""The reminders that arrived, held against those that were due."""

from __future__ import annotations

import base64
import quopri
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.chaos.due import Ledger, Meeting, Word, on_the_clock
from bench.chaos.mailing import Row
from bench.chaos.stage import Stage
from bench.figures import Figure

LATE = timedelta(minutes=2)
_TEXT = re.compile(r"Content-Type: text/plain[^\r\n]*\r\nContent-Transfer-Encoding: ([a-z0-9-]+)\r\n\r\n(.*?)\r\n--", re.S)


def row(stage: Stage, ledger: Ledger, zones: dict[str, str], allowed: int, held: str) -> Row:
    """The line of the table: here each reminder that was due counts as one."""
    words = _words(stage)
    meetings = {meeting.session: meeting for meeting in ledger.meetings}
    arrived: Counter[Word] = Counter()
    late = after = wrong_hour = 0
    ids: dict[Word, str] = {}
    differing = 0
    for copy in stage.copies():
        word = words.get(copy["id"])
        if word is None or word[0] not in meetings:
            continue
        arrived[word] += 1
        differing += ids.setdefault(word, copy["id"]) != copy["id"]
        at = datetime.fromtimestamp(copy["clock"], UTC)
        after += _too_late(meetings[word[0]], word, at)
        late += word in ledger.said and at > ledger.said[word] + LATE
        wrong_hour += on_the_clock(meetings[word[0]].times[word[4] - 1][0], zones[word[1]]) not in _text(copy)
    due = set(ledger.said)
    counts = [arrived[word] for word in due]
    made = Row(
        "60 days of reminders, 5 hours of outage", len(due), none=counts.count(0), once=counts.count(1),
        more=sum(c > 1 for c in counts), repeats=sum(max(c - 1, 0) for c in counts), allowed=allowed, differing=differing,
        held=held,
    )  # fmt: skip
    made.figures = [
        Figure("calendar: reminders nobody was due", sum((arrived - Counter(dict.fromkeys(due, 1000))).values()), "mails", 0),
        Figure("calendar: later than two minutes", late, "mails", 0),
        Figure("calendar: after start, move, cancel", after, "mails", 0),
        Figure("calendar: another hour than theirs", wrong_hour, "mails", 0),
    ]
    for word in sorted(due - arrived.keys())[:5]:
        print(f"missing: {word} due at {ledger.said[word]:%d %b %H:%M:%S}")
    for word in sorted(arrived.keys() - due)[:5]:
        print(f"not due: {word}")
    return made


def _words(stage: Stage) -> dict[str, Word]:
    """What each reminder of the outbox speaks of, by its Message-ID: the key says it in ids."""
    found = stage.ask("SELECT id, key, kind, subject_id, address FROM messages WHERE kind IN ('session-reminder', 'session-nudge')")
    told: dict[str, Word] = {}
    for row_id, key, kind, session, address in found:
        minutes, version = key.rsplit(":", 2)[1:]
        told[f"{row_id}@pathways.example"] = (str(session), address, kind, int(minutes), int(version))
    return told


def _too_late(meeting: Meeting, word: Word, at: datetime) -> bool:
    """After the start, of a time that is no longer, or of a session that was called off. Half a second is the relay's own."""
    stands = meeting.start_at(at - timedelta(seconds=0.5))
    return stands is None or at >= stands or stands != meeting.times[word[4] - 1][0]


def _text(copy: dict[str, Any]) -> str:
    """What a reader without HTML sees."""
    found = _TEXT.search(copy.get("mail", ""))
    if found is None:
        return ""
    raw = found[2].encode()
    return (base64.b64decode(raw) if found[1] == "base64" else quopri.decodestring(raw)).decode("utf-8", "replace")
