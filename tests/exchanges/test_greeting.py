"""The greeting is of the reader's hour, whatever their offset from UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.core import zones
from app.exchanges.routes.blueprint import greeting

HOUR = timedelta(hours=1)


def test_the_greeting_is_of_the_readers_hour_in_every_offset(app):
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    named = ("Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Marquesas", "Pacific/Niue")
    every = {zones.offset(noon, name): name for name in zones.selectable()}
    assert len(every) >= 37
    with app.test_request_context("/en/"):
        for name in (*every.values(), *named):
            for hours in range(24):
                moment = noon + HOUR * hours
                minute = (moment.hour * 60 + moment.minute + int(zones.offset(moment, name).total_seconds() // 60)) % 1440
                due = "Good morning" if 300 <= minute < 720 else "Good afternoon" if 720 <= minute < 1080 else "Good evening"
                assert greeting(moment, name) == due, (name, moment)
