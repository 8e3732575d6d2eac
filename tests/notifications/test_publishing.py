"""A feed filled into the library's own lines says what the library says, line for line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.notifications.calendar import Conference, Day, Feed, Invite, Organizer, publish
from app.notifications.publishing import publish_many
from app.notifications.stencil import unfolded

START = datetime(2027, 3, 11, 14, 0, tzinfo=UTC)
ORGANIZER = Organizer('Réseau "des voies"', "sessions@pathways.example")
FULL = Invite(
    uid="session-1@pathways.example", sequence=3, dtstamp=START - timedelta(days=9, microseconds=5), start=START, minutes=90,
    summary="Le regroupement familial ; sans papiers, d’état civil", organizer=ORGANIZER,
    description="Des collègues expliquent,\net répondent ; voir C:\\Note\nhttps://pathways.example/fr/sessions/1\u00a0: programme",
    location="https://pathways.example/fr/join/abc", url="https://pathways.example/fr/sessions/1",
    conferences=(Conference("https://pathways.example/fr/join/abc", "Français"),), busy="BUSY",
)  # fmt: skip
BARE = replace(FULL, description="", location="", url="", conferences=(), busy="", status="CANCELLED", summary="لم شمل الأسرة " * 9)
ELSEWHERE = replace(FULL, start=START.astimezone(timezone(timedelta(hours=5, minutes=45))), sequence=0, busy="TENTATIVE")
FEED = Feed("Mes séances", "https://pathways.example/feeds/x.ics")
DAYS = [Day("milestone-1@pathways.example", 0, START, START.date(), "Échéance ; une, deux")]


def lines(calendar):
    """Its lines, unfolded; the two may break long ones at different places, neither after more than 75 octets."""
    assert max(map(len, calendar.split(b"\r\n"))) <= 75
    return unfolded(calendar)


@pytest.mark.parametrize("invites", [[], [FULL], [BARE, FULL, ELSEWHERE, FULL, BARE]])
@pytest.mark.parametrize("days", [[], DAYS])
def test_many_are_what_the_library_writes(invites, days):
    assert lines(publish_many(invites, FEED, days)) == lines(publish(invites, FEED, days))


@given(st.lists(st.text(max_size=120), min_size=4, max_size=4), st.integers(0, 10**6), st.integers(5, 1440))
def test_whatever_people_typed(texts, sequence, minutes):
    summary, description, location, url = texts
    typed = replace(
        FULL, summary=summary, description=description, location=location, url=url, sequence=sequence, minutes=minutes,
        conferences=(Conference(f"https://x.example/{url}", "Français"),),
    )  # fmt: skip
    assert lines(publish_many([typed, BARE, typed], FEED)) == lines(publish([typed, BARE, typed], FEED))


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        publish_many([replace(FULL, start=START.replace(tzinfo=None))], FEED)
