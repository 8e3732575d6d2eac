"""A filled stencil says what the library would have said for that person, whatever the texts are."""

import re
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.notifications.calendar import Attendee, Conference, Invite, Organizer, cancel_event, request, uninvite
from app.notifications.slots import slot
from app.notifications.stencil import compile_invite, fold

BUILDERS = {"request": request, "cancel": cancel_event, "uninvite": uninvite}
ANY = st.text(max_size=120) | st.text(alphabet="aé家لم ;:,\\\"'^\r\n\t\x00\u2028\ue000\ue001nN", max_size=80)
LINK = st.text(alphabet=string.ascii_letters + string.digits + "-_,;", min_size=1, max_size=90).map(
    lambda s: f"https://x.example/{s}"
)
BASE = Invite(
    uid="session-1@x.example",
    sequence=0,
    dtstamp=datetime(2027, 2, 1, tzinfo=UTC),
    start=datetime(2027, 3, 11, 13, tzinfo=UTC),
    minutes=90,
    summary="",
    organizer=Organizer("Network", "sessions@x.example"),
)


def unfold(raw):
    return re.sub(rb"\r\n[ \t]", b"", raw)


@pytest.mark.line("Q2")
@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(sorted(BUILDERS)),
    summary=ANY.filter(lambda s: "\ue000" not in s and "\ue001" not in s),
    before=ANY.filter(lambda s: "\ue000" not in s and "\ue001" not in s),
    name=ANY,
    note=ANY,
    link=LINK,
    local=st.from_regex(r"\A[a-z0-9'.+%&-]{1,40}\Z"),
    language=st.sampled_from(["ar", "zh", "en", "fr", "ru", "es"]),
    role=st.sampled_from(["REQ-PARTICIPANT", "OPT-PARTICIPANT", "NON-PARTICIPANT"]),
    asked=st.booleans(),
    sequence=st.integers(0, 10_000),
    seconds=st.integers(0, 10**8),
)
def test_a_filled_stencil_equals_the_librarys_own_output(
    method, summary, before, name, note, link, local, language, role, asked, sequence, seconds
):
    attendee = Attendee(name, f"{local}@x.example", language, role, asked)
    stamp = BASE.dtstamp + timedelta(seconds=seconds)
    shape = replace(
        BASE,
        summary=summary,
        description=f"{before}{slot('join')} and {slot('note')} end",
        location=slot("join"),
        url=slot("join"),
        conferences=(Conference(slot("join"), "Join; now"),),
    )
    filled = compile_invite(method, shape).fill(
        sequence=sequence, dtstamp=stamp, attendee=attendee, values={"join": link, "note": note}
    )
    whole = replace(
        shape,
        sequence=sequence,
        dtstamp=stamp,
        attendee=attendee,
        description=f"{before}{link} and {note} end",
        location=link,
        url=link,
        conferences=(Conference(link, "Join; now"),),
    )
    # The library turns a typed \N into a line break; at the seam of two texts it may see one that neither has.
    expected = unfold(BUILDERS[method](whole))
    if not (before.endswith("\\") or note.endswith("\\")):
        assert unfold(filled) == expected
    for line in filled.split(b"\r\n"):
        assert len(line) <= 75
        line.decode("utf-8")


@pytest.mark.line("B2", "Q2")
@given(st.text(alphabet=st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=400))
def test_folding_loses_nothing_and_keeps_to_75_octets(text):
    raw = fold(text)
    assert raw.endswith(b"\r\n")
    assert unfold(raw)[:-2].decode() == text
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))


def test_a_slot_typed_by_a_person_is_text_without_meaning():
    typed = "\ue000join\ue001"
    shape = replace(BASE, description=slot("join"), summary="s")
    raw = compile_invite("request", shape).fill(
        sequence=0,
        dtstamp=BASE.dtstamp,
        attendee=Attendee(typed, "a@x.example"),
        values={"join": typed},
    )
    assert b"CN=join:" not in raw and b"DESCRIPTION:join\r\n" in raw
    assert "\ue000".encode() not in raw and b"invalid" not in raw
