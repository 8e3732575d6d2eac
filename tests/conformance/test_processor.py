"""The two processors that are not ours, and ours, agree; and they refuse what a program has to refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from app.notifications.calendar import Organizer, cancel_event, request, uninvite
from app.notifications.replay import entries_of, replayed
from tests.conformance.builders import INVITE, STAMP
from tests.conformance.processor import taken, taken_by_ical_js

READER = INVITE.attendee.address


def at(sequence, second, **changes):
    return replace(INVITE, sequence=sequence, dtstamp=STAMP + timedelta(seconds=second), **changes)


FIRST = request(at(0, 0, summary="First"))
WORDED = request(at(0, 5, summary="Other words"))
MOVED = request(at(1, 9, summary="Moved", start=INVITE.start + timedelta(days=1)))
TAKEN_BACK = uninvite(at(2, 12))
AGAIN = request(at(4, 15, summary="Invited again"))
CANCELLED = cancel_event(at(5, 20))
STORIES = {
    "one": ([FIRST], "First"),
    "an update of words": ([FIRST, WORDED], "Other words"),
    "moved": ([FIRST, WORDED, MOVED], "Moved"),
    "taken back": ([FIRST, MOVED, TAKEN_BACK], None),
    "invited again": ([FIRST, TAKEN_BACK, AGAIN], "Invited again"),
    "cancelled": ([FIRST, MOVED, AGAIN, CANCELLED], None),
    "another organizer": ([FIRST, request(at(9, 30, summary="Hijacked", organizer=Organizer("X", "x@x.example")))], "First"),
}


@pytest.mark.line("D1", "D3", "E5", "F3", "N3")
@pytest.mark.parametrize("story", STORIES)
def test_every_order_of_arrival_ends_with_what_was_said_last(story):
    objects, wanted = STORIES[story]
    orders = [order for order in permutations(objects) if story != "another organizer" or order[0] == FIRST]
    by_node = taken_by_ical_js([(READER, list(order)) for order in orders])
    for order, other in zip(orders, by_node, strict=True):
        held = taken(READER, order)
        assert held == other
        assert [entry["summary"] for entry in held.values()] == ([wanted] if wanted else [])
        ours = replayed((one for raw in order for one in entries_of(raw)), READER)
        assert [h.entry.summary for h in ours.values() if not h.gone] == ([wanted] if wanted else [])


def test_what_is_for_somebody_else_is_not_taken():
    assert taken("else@x.example", [FIRST]) == {} == taken_by_ical_js([("else@x.example", [FIRST])])[0]
    assert replayed(entries_of(FIRST), "else@x.example") == {}
