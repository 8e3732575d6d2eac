"""The builders' objects hold every line that is about one object, and nothing in them could be missing unnoticed."""

from __future__ import annotations

import re

import pytest

from tests.conformance.builders import OBJECTS
from tests.conformance.checks import CHECKS, KINDS, failed
from tests.conformance.objects import line_of, unfolded

LINES = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "C1", "C2", "C3", "C4", "C5", "C6", "D1", "E1", "E2", "E3", "F1", "G1", "I3",
         "K1", "K2", "L1", "L2", "L3", "L4", "L5", "M1", "M2", "M4", "M6", "N2")  # fmt: skip


@pytest.mark.line("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "C1", "C2", "C3", "C4", "C5", "C6", "D1", "E1", "E2", "E3")
@pytest.mark.line("F1", "G1", "I3", "K1", "K2", "L1", "L2", "L3", "L4", "L5", "M1", "M2", "M4", "M6", "N2")
@pytest.mark.parametrize("name", OBJECTS)
def test_every_object_holds_its_lines(name):
    raw, expected = OBJECTS[name]
    assert failed(raw, expected) == []


def test_every_kind_is_built_and_every_line_asked():
    assert {expected.kind for _, expected in OBJECTS.values()} == set(KINDS)
    assert {check.line for check in CHECKS} == set(LINES)


def folded(rows: list[str]) -> bytes:
    """Content lines as bytes; cut between characters, as the rules ask, so that only what was taken away is missing."""
    out = []
    for row in rows:
        raw, first = row.encode(), True
        while len(raw) > (75 if first else 74):
            end = 75 if first else 74
            while raw[end] & 0xC0 == 0x80:
                end -= 1
            out.append((b"" if first else b" ") + raw[:end])
            raw, first = raw[end:], False
        out.append((b"" if first else b" ") + raw)
    return b"\r\n".join(out) + b"\r\n"


def mutants(raw: bytes):
    """The object without each of its lines in turn, and without each parameter of each line."""
    rows = unfolded(raw)
    for number, row in enumerate(rows):
        before, after = rows[:number], rows[number + 1 :]
        yield row, folded(before + after)
        line = line_of(row)
        for name in line.params:
            bare = re.sub(rf';{name}=("[^"]*"|[^;:]*)', "", row, count=1)
            assert bare != row
            yield f"{name} of {row}", folded([*before, bare, *after])


@pytest.mark.parametrize("name", OBJECTS)
def test_whatever_is_taken_away_is_noticed(name):
    raw, expected = OBJECTS[name]
    assert failed(folded(unfolded(raw)), expected) == []  # folding anew takes nothing away
    tried = list(mutants(raw))
    assert len(tried) > 12
    assert [what for what, mutant in tried if not failed(mutant, expected)] == []


def changed(raw: bytes):
    """The object with one value made wrong at a time."""
    rows = unfolded(raw)
    for number, row in enumerate(rows):
        line = line_of(row)
        wrong = {
            "METHOD": "REPLY", "VERSION": "1.0", "STATUS": "NEEDS-ACTION", "SEQUENCE": "-1", "DTSTAMP": "20270201T093015",
            "DTSTART": "20270311T130000", "DTEND": "20270311T133000Z", "UID": "a.morrow@alvania.example", "URL": "https://x.example/",
            "ORGANIZER": "mailto:else@x.example", "ATTENDEE": "mailto:else@x.example", "LOCATION": "Room 1", "CONFERENCE": "https://x.example/",
            "REFRESH-INTERVAL": "PT9H", "X-PUBLISHED-TTL": "PT9H", "X-WR-CALNAME": "Other", "SOURCE": "else", "TRANSP": "OPAQUE",
            "X-MICROSOFT-CDO-BUSYSTATUS": "AWAY", "DESCRIPTION": "Nothing",
        }.get(line.name)  # fmt: skip
        if wrong is not None:
            yield row, folded([*rows[:number], row[: len(row) - len(line.value)] + wrong, *rows[number + 1 :]])
        yield f"twice: {row}", folded([*rows[: number + 1], row, *rows[number + 1 :]])
        for name in ("PARTSTAT", "RSVP", "ROLE", "CUTYPE", "LANGUAGE", "CN", "VALUE", "FEATURE"):
            if name in line.params:
                yield (
                    f"{name} of {row}",
                    folded([*rows[:number], re.sub(rf';{name}=("[^"]*"|[^;:]*)', f";{name}=X", row, count=1), *rows[number + 1 :]]),
                )


@pytest.mark.parametrize("name", OBJECTS)
def test_whatever_is_made_wrong_or_doubled_is_noticed(name):
    raw, expected = OBJECTS[name]
    assert [what for what, mutant in changed(raw) if not failed(mutant, expected)] == []
