"""F9 with real processes: one plans and tells by the zone data of 2025, those of after the upgrade find whom it moved."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.accounts.models import Person
from app.core import zones
from app.exchanges import rules
from app.exchanges.models import ClockChange, ClockMove, Invitation, PeerSession
from app.extensions import db
from app.notifications.models import Message, State
from tests import former_rules
from tests.factories.accounts import make_person
from tests.faults.conftest import wait_for
from tests.journeys.platform import ROOT, entry_of

pytestmark = [pytest.mark.real_clock, pytest.mark.slow]

THEN = datetime(2026, 11, 23, 9, tzinfo=UTC)
PLANNED = {
    "Africa/Casablanca": datetime(2027, 1, 20, 10), "Africa/Nairobi": datetime(2027, 1, 20, 16),
    "America/Vancouver": datetime(2027, 1, 21, 9, 30), "UTC": datetime(2027, 3, 28, 1, 30),
}  # fmt: skip
CHANGED = (
    "Africa/Casablanca", "Africa/El_Aaiun", "America/Vancouver", "America/Tijuana", "America/Edmonton", "America/Winnipeg",
    "America/Havana", "Europe/Chisinau", "Europe/Dublin", "Asia/Tehran",
)  # fmt: skip
UNCHANGED = ("Africa/Nairobi", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Pacific/Kiritimati", "Europe/Lisbon", "UTC")


def expected():
    """(session's zone, person's zone) of every pair that is touched, worked out here from the two releases alone."""
    found = {}
    for anchor, wall in PLANNED.items():
        old = wall.replace(tzinfo=former_rules.book().zone(anchor))
        new = wall.replace(tzinfo=ZoneInfo(anchor))
        moved = old.astimezone(UTC) != new.astimezone(UTC)
        for zone in (*CHANGED, *UNCHANGED):
            was = old.astimezone(former_rules.book().zone(zone)).replace(tzinfo=None)
            becomes = new.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            if moved:
                found[anchor, zone] = "same" if was == becomes else "moved"
            elif was != becomes:
                found[anchor, zone] = "own"
    return found


@pytest.fixture
def clock_file(tmp_path):
    file = tmp_path / "clock"
    file.write_text(str(int((THEN - datetime.now(UTC)).total_seconds())))
    return str(file)


def test_f9_after_an_upgrade_every_pair_that_moved_is_found_and_told_and_no_other(live, start, relay, clock_file, tmp_path):
    people = {zone: make_person(zone=zone).email for zone in (*CHANGED, *UNCHANGED)}
    db.session.commit()
    former = {"PYTHONPATH": str(former_rules.FORMER), "CLOCK_FILE": clock_file, "SMTP_URL": relay.url}
    pairs = [f"{zone}={wall:%Y-%m-%dT%H:%M}" for zone, wall in PLANNED.items()]
    assert start("-m", "tests.faults.planned_by_former", *pairs, **former).wait(120) == 0, (tmp_path / "0.log").read_text()
    assert (tmp_path / "0.log").read_text().split()[-1] == former_rules.VERSION
    assert Counter(relay.recipients) == dict.fromkeys(people.values(), len(PLANNED))  # everybody was told by the former rules
    relay.accepted.clear()
    db.session.rollback()
    assert set(db.session.scalars(select(Message.clock_rules))) == {former_rules.VERSION}

    due = expected()
    assert {"moved", "own", "same"} == set(due.values()) and len(due) < len(PLANNED) * len(people)
    now = {"CLOCK_FILE": clock_file, "SMTP_URL": relay.url}
    worker = start("-m", "worker", "2", **now)
    wanted = Counter(people[zone] for _anchor, zone in due)
    wait_for(lambda: Counter(relay.recipients) == wanted, 90)
    found = {
        (row[0], row[1]): row[2].value
        for row in db.session.execute(
            select(PeerSession.zone, Person.zone, ClockMove.touch)
            .select_from(ClockMove)
            .join(ClockChange, ClockChange.id == ClockMove.change_id)
            .join(PeerSession, PeerSession.id == ClockChange.peer_session_id)
            .join(Invitation, Invitation.id == ClockMove.invitation_id)
            .join(Person, Person.id == Invitation.person_id)
        )
    }
    assert found == due
    for anchor, wall in PLANNED.items():
        row = db.session.scalars(select(PeerSession).where(PeerSession.zone == anchor)).one()
        assert row.starts_at == zones.to_instant(wall, anchor) and row.local_start == wall
        assert row.sequence == (1 if (anchor, "UTC") in due else 0)
    for _sender, address, content in relay.accepted:
        method, entry = entry_of(message_from_bytes(content, policy=policy.default))
        row = db.session.scalars(select(PeerSession).where(PeerSession.uid == str(entry["UID"]))).one()
        assert (method, entry["DTSTART"].dt, entry["SEQUENCE"]) == ("REQUEST", row.starts_at, row.sequence)
        assert address in str(entry["ATTENDEE"])

    done = rules.check_clocks(THEN, commit=db.session.commit)
    assert (done.looked_at, done.moved, done.told, done.mails) == (4, 0, 0, 0)
    stale = start("-m", "flask", "--app", "app", "clocks", "check", **former)  # an older process undoes nothing
    assert stale.wait(60) == 1
    assert "Nothing is judged by older data" in (tmp_path / "2.log").read_text()
    worker.terminate()
    worker.wait(20)
    db.session.rollback()
    assert Counter(relay.recipients) == wanted
    assert set(db.session.scalars(select(Message.state))) == {State.SENT}
    assert set(db.session.scalars(select(PeerSession.tzdb_version))) == {zones.iana_version()}


def test_a_program_reads_zones_from_the_pinned_package_alone_whatever_was_asked_before():
    """The settings ask for DEFAULT_ZONE first of all: what is read then must not be the system's."""
    told = "print(zoneinfo.TZPATH, zoneinfo.ZoneInfo('Africa/Casablanca').utcoffset(datetime.datetime(2026, 12, 1)))"
    program = f"import datetime, os, zoneinfo, config; config.load(dict(os.environ)); import app; app.create_app(); {told}"
    env = {"PATH": os.defpath, "DEFAULT_ZONE": "Africa/Casablanca", "PATHWAYS_ENV": "test"}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout == "() 0:00:00\n", done.stderr
