"""Wall time to instant: gaps refused, folds asked, everything by the pinned data."""

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
