"""Wall time to instant: gaps refused, folds asked, everything by the pinned data."""

import importlib.resources
import re
import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import zones

ZONES = st.sampled_from(zones.selectable())
WALLS = st.datetimes(datetime(2026, 1, 1), datetime(2036, 12, 31)).map(lambda d: d.replace(second=0, microsecond=0))


def _instants_showing(wall, zone):
    """All instants whose clocks show this wall time, by looking at every quarter of an hour around it."""
    tz = zones.zone(zone)
    around = wall.replace(tzinfo=UTC)
    seen = {
        around + timedelta(minutes=m)
        for m in range(-15 * 60, 15 * 60 + 1, 5)
        if (around + timedelta(minutes=m)).astimezone(tz).replace(tzinfo=None) == wall
    }
    return sorted(seen)


@given(wall=WALLS, zone=ZONES)
def test_every_wall_time_is_an_instant_a_gap_or_a_fold(wall, zone):
    shown = _instants_showing(wall, zone)
    try:
        found = zones.to_instant(wall, zone)
    except zones.Gap as gap:
        assert shown == []
        assert gap.next_valid > wall
        assert zones.to_wall(zones.to_instant(gap.next_valid, zone, 1), zone).replace(tzinfo=None) == gap.next_valid
    except zones.Fold as fold:
        assert shown == [fold.first, fold.second]
        assert zones.to_instant(wall, zone, 0) == fold.first
        assert zones.to_instant(wall, zone, 1) == fold.second
    else:
        assert shown == [found]


def test_a_gap_names_the_next_valid_time():
    with pytest.raises(zones.Gap) as refused:
        zones.to_instant(datetime(2027, 3, 28, 1, 30), "Europe/Lisbon")
    assert refused.value.next_valid == datetime(2027, 3, 28, 2, 0)


def test_a_fold_names_both_instants():
    with pytest.raises(zones.Fold) as asked:
        zones.to_instant(datetime(2027, 10, 31, 1, 30), "Europe/Lisbon")
    assert (asked.value.first, asked.value.second) == (
        datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
        datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
    )


@pytest.mark.line("Q4")
def test_the_pinned_data_is_used_and_not_the_systems():
    # Casablanca left its Ramadan rule in 2026: the pinned release knows, older system files do not
    assert zones.offset(datetime(2026, 12, 1, 10, tzinfo=UTC), "Africa/Casablanca") == timedelta()
    assert zones.iana_version() >= "2026f"


def test_an_unknown_zone_is_refused():
    with pytest.raises(zones.UnknownZone):
        zones.zone("../../etc/passwd")


@pytest.mark.parametrize(
    ("zone", "language", "city"),
    [
        ("Africa/Nairobi", "en", "Nairobi"),
        ("Africa/Nairobi", "ar", "نيروبي"),
        ("Asia/Kolkata", "zh", "加尔各答"),
        ("UTC", "fr", "UTC"),
    ],
)
def test_a_zone_is_named_by_its_city_in_the_readers_language(zone, language, city):
    assert zones.city(zone, language) == city


@pytest.mark.parametrize(
    ("zone", "text"),
    [("Pacific/Kiritimati", "UTC+14"), ("Asia/Kathmandu", "UTC+5:45"), ("America/St_Johns", "UTC−3:30"), ("UTC", "UTC")],
)
def test_offsets_are_written_as_people_write_them(zone, text):
    assert zones.offset_text(datetime(2026, 11, 23, tzinfo=UTC), zone) == text


def test_a_list_shows_each_place_once_by_its_present_name():
    shown = zones.listed()
    assert "Asia/Kolkata" in shown and "Asia/Calcutta" not in shown and "Asia/Calcutta" in zones.selectable()
    assert len(set(shown)) == len(shown) < len(zones.selectable())


def test_what_is_likely_comes_first_with_the_other_zones_of_the_country():
    found = zones.likely(("America/Manaus", None, "Nowhere/At-all", "Asia/Calcutta"))
    assert found[:2] == ["America/Manaus", "Asia/Calcutta"] and found[-1] == "UTC"
    assert "America/Sao_Paulo" in found and "Europe/Paris" not in found
    assert zones.likely(()) == ["UTC"]


def test_regions_are_named_in_the_readers_language(app):
    with app.test_request_context("/fr/"):
        assert zones.region("Africa/Nairobi", "fr") == "Afrique"
        assert zones.region("America/Lima", "ar") == "الأمريكتان"
        assert zones.region("Indian/Maldives", "fr") == "Océan Indien"
        assert {zones.region(z, "zh") for z in zones.listed()} >= {"非洲", "UTC"}


FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)


def _read_by_hand(name):
    """A zone's clock changes from 2026 to 2036, by reading its file's bytes (RFC 9636) and its last rule, without zoneinfo.

    The offset in seconds that holds at the beginning, then (instant in seconds, offset) for each change.
    """
    data = importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
    counts = struct.unpack_from(">6L", data, 20)
    isutc, isstd, leaps, times, types, chars = counts
    second = 44 + times * 5 + types * 6 + chars + leaps * 8 + isstd + isutc  # the block of 64-bit times follows
    isutc, isstd, leaps, times, types, chars = struct.unpack_from(">6L", data, second + 20)
    at = second + 44
    moments = struct.unpack_from(f">{times}q", data, at)
    kinds = data[at + 8 * times : at + 9 * times]
    offsets = [struct.unpack_from(">l", data, at + 9 * times + 6 * n)[0] for n in range(types)]
    changes = [(moment, offsets[kind]) for moment, kind in zip(moments, kinds, strict=True)]
    rest = at + 9 * times + 6 * types + chars + leaps * 12 + isstd + isutc
    rule = data[rest:].decode("ascii").strip()
    last = changes[-1][0] if changes else -(2**62)
    changes += [one for one in _by_rule(rule) if one[0] > last]
    offset, begin, end = offsets[0], int(FIRST.timestamp()), int(LAST.timestamp())
    for moment, then in changes:
        if moment <= begin:
            offset = then
    if not changes and rule:
        offset = -_seconds(re.match(r"(?:<[^>]+>|[A-Za-z]+)([-+\d:]+)", rule)[1])
    return offset, [(moment, then) for moment, then in changes if begin < moment < end]


def _seconds(text):
    sign = -1 if text.startswith("-") else 1
    parts = [int(part) for part in text.lstrip("+-").split(":")] + [0, 0]
    return sign * (parts[0] * 3600 + parts[1] * 60 + parts[2])


def _by_rule(rule):
    """The changes of the years 2025 to 2036 by a rule such as ``EST5EDT,M3.2.0,M11.1.0``."""
    if "," not in rule:
        return []
    names, start, end = rule.split(",")
    name = r"(?:<[^>]+>|[A-Za-z]+)"
    standard, summer = re.fullmatch(rf"{name}([-+\d:]+){name}([-+\d:]*)", names).groups()
    winter = -_seconds(standard)
    ahead = -_seconds(summer) if summer else winter + 3600
    found = []
    for year in range(2025, 2037):
        found.append((_day(start, year) - winter, ahead))
        found.append((_day(end, year) - ahead, winter))
    return sorted(found)


def _day(text, year):
    """The wall time a part of a rule names, in seconds as if it were UTC: ``M3.2.0/2``, ``J59``, ``0/0``."""
    day, _, hour = text.partition("/")
    seconds = _seconds(hour or "2")
    if day.startswith("M"):
        month, week, weekday = (int(part) for part in day[1:].split("."))
        first = datetime(year, month, 1, tzinfo=UTC)
        found = first + timedelta(days=(weekday - (first.weekday() + 1)) % 7 + 7 * (week - 1))
        while found.month != month:
            found -= timedelta(days=7)
    elif day.startswith("J"):
        number = int(day[1:]) - 1
        leap = year % 4 == 0 and number >= 59
        found = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=number + leap)
    else:
        found = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=int(day))
    return int(found.timestamp()) + seconds


@pytest.mark.parametrize("letter", sorted({name[:2] for name in zones.names()}))
def test_every_clock_change_of_every_zone_refuses_its_gap_and_asks_for_its_fold(letter):
    for name in (one for one in zones.names() if one.startswith(letter)):
        before, changes = _read_by_hand(name)
        seen = [int(FIRST.timestamp()), *(moment for moment, _ in changes), int(LAST.timestamp())]
        for begin, end, offset in zip(seen, seen[1:], [before, *(then for _, then in changes)], strict=False):
            for moment in {begin, (begin + end) // 2, end - 1}:  # between two changes nothing changes
                shown = zones.to_wall(datetime.fromtimestamp(moment, UTC), name)
                assert shown.replace(tzinfo=UTC) == datetime.fromtimestamp(moment + offset, UTC), (name, moment)
        for moment, after in changes:
            low, high = sorted((moment + before, moment + after))
            for wall in {low, (low + high) // 2, high - 1} if low < high else ():
                asked = datetime.fromtimestamp(wall, UTC).replace(tzinfo=None)
                if after > before:
                    with pytest.raises(zones.Gap) as gap:
                        zones.to_instant(asked, name)
                    assert gap.value.next_valid == datetime.fromtimestamp(high, UTC).replace(tzinfo=None), (name, asked)
                else:
                    with pytest.raises(zones.Fold) as fold:
                        zones.to_instant(asked, name)
                    instants = [datetime.fromtimestamp(wall - offset, UTC) for offset in (before, after)]
                    assert [fold.value.first, fold.value.second] == instants, (name, asked)
                    assert [zones.to_instant(asked, name, n) for n in (0, 1)] == instants
            for wall in (low - 1, high):  # the moments beside are what they always are
                instant = zones.to_instant(datetime.fromtimestamp(wall, UTC).replace(tzinfo=None), name)
                assert instant == datetime.fromtimestamp(wall - (before if wall < low else after), UTC), (name, wall)
            before = after
