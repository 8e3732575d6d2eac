"""Clock rules change: who is found, what moves, who is written to, and who is left in peace. Two real releases of the data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.audit.models import AuditEntry
from app.core import rulebook, zones
from app.core.errors import RuleBroken
from app.exchanges import reminders, rules
from app.exchanges.models import (
    Answer,
    Cause,
    ClockChange,
    ClockMove,
    Decision,
    Invitation,
    PeerSession,
    Route,
    SessionStatus,
    Touch,
)
from app.exchanges.queries import SUBJECT
from app.exchanges.rules.clock_check import handle
from app.notifications import choices, holding
from app.notifications.models import Message, MessageFacts, State
from app.notifications.rendering import preview
from tests import former_rules
from tests.factories.accounts import make_person
from tests.factories.clocks import make_clock_change
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_plan, make_session, mark_sent, minutes

MOROCCO = "Africa/Casablanca"  # +01:00 in December 2026 by the data of 2025, +00:00 by the pinned ones
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _former(session):
    former_rules.keep(NOW - timedelta(days=1))
    rulebook.keep(NOW)
    session.flush()


def planned(zone=MOROCCO, *, people=(), status=SessionStatus.SCHEDULED, wall=None, **fields):
    """A session that was planned by the former rules, whose invitations have left, and the invitations by zone."""
    row = make_session(zone=zone, status=status, **fields)
    row.local_start = wall or row.local_start  # one that the present rules would not take
    former_rules.by_former_rules(row)
    invited = {name: make_invitation(row, make_person(zone=name)) for name in people}
    mark_sent()
    return row, invited


def check(now=NOW):
    return rules.check_clocks(now, commit=lambda: None)


def waiting(session, **where):
    query = select(Message).filter_by(state=State.QUEUED, **where).order_by(Message.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def facts(session, mail):
    return {**session.get(MessageFacts, mail.common_id).facts, **mail.facts}


def touches(session, row):
    query = select(ClockMove, Invitation.person_id).join(Invitation).join(ClockChange, ClockChange.id == ClockMove.change_id)
    found = session.execute(query.where(ClockChange.peer_session_id == row.id)).all()
    return {move.zone: (move.touch, f"{move.was:%H:%M}", f"{move.becomes:%H:%M}") for move, _person in found}


def test_f9_a_session_keeps_what_its_clocks_show_and_each_is_told_what_it_means(session):
    row, invited = planned(people=(MOROCCO, "Africa/El_Aaiun", "Africa/Nairobi", "UTC"))
    rules.respond(invited[MOROCCO], answer=Answer.YES, route=Route.PAGE, now=NOW)
    rules.respond(invited["Africa/Nairobi"], answer=Answer.YES, route=Route.PAGE, now=NOW)
    mark_sent()
    assert row.starts_at == datetime(2026, 12, 7, 15, tzinfo=UTC)
    done = check()
    assert (done.moved, done.told, done.to_decide, done.mails) == (1, 0, 0, 4)
    assert (row.local_start, row.starts_at) == (datetime(2026, 12, 7, 16), datetime(2026, 12, 7, 16, tzinfo=UTC))
    assert (row.sequence, row.schedule_version, row.tzdb_version) == (1, 2, zones.iana_version())
    assert touches(session, row) == {
        MOROCCO: (Touch.SAME, "16:00", "16:00"), "Africa/El_Aaiun": (Touch.SAME, "16:00", "16:00"),
        "Africa/Nairobi": (Touch.MOVED, "18:00", "19:00"), "UTC": (Touch.MOVED, "15:00", "16:00"),
    }  # fmt: skip
    mails = waiting(session)
    assert {m.kind for m in mails} == {"session-clocks"}
    assert {(m.ical_method, m.ical_sequence, m.due_at) for m in mails} == {("REQUEST", 1, NOW)}
    told = {m.zone: facts(session, m) for m in mails}
    assert {z: t["touch"] for z, t in told.items()} == {
        MOROCCO: "same", "Africa/El_Aaiun": "same", "Africa/Nairobi": "moved", "UTC": "moved",
    }  # fmt: skip
    assert {t["starts_at"] for t in told.values()} == {"2026-12-07T16:00:00Z"}
    assert told["Africa/Nairobi"]["personal"]["was_time"] == "18:00"
    # whoever goes by the same hour has answered for it; the others are asked again, and keep their seats
    standing = {zone: invitation_of(row, one.person) for zone, one in invited.items()}
    assert (standing[MOROCCO].answered_version, standing["Africa/Nairobi"].answered_version) == (2, 1)
    assert standing["Africa/Nairobi"].has_seat
    line = session.scalars(select(AuditEntry).where(AuditEntry.action == "session.clocks_changed")).one()
    assert line.changes["tzdb_version"] == ["2025b", zones.iana_version()]
    assert line.changes["zone"] == [None, MOROCCO]
    assert (line.note, line.actor_id) == ("wall", None)


def test_only_whose_own_clocks_changed_are_told_when_the_session_stands(session):
    row, invited = planned("Africa/Nairobi", people=(MOROCCO, "Africa/Nairobi", "Europe/Paris", "Asia/Kathmandu"))
    before = {zone: one.dtstamp for zone, one in invited.items()}
    done = check()
    assert (done.moved, done.told, done.mails) == (0, 1, 1)
    assert (row.starts_at, row.sequence, row.schedule_version) == (datetime(2026, 12, 7, 13, tzinfo=UTC), 0, 1)
    (mail,) = waiting(session)
    assert (mail.kind, mail.zone, mail.ical_sequence) == ("session-clocks", MOROCCO, 0)
    assert mail.dtstamp > before[MOROCCO]
    assert touches(session, row) == {MOROCCO: (Touch.OWN, "14:00", "13:00")}
    shown = preview(mail)
    assert "Clock rules changed where you are (Casablanca)." in shown.text
    assert "Monday 7 December 2026 at 14:00" in shown.text and "13:00 to 14:30" in shown.text.replace("\n", " ")
    assert "now 7 December at 13:00" in shown.subject
    assert {z: invitation_of(row, one.person).dtstamp == before[z] for z, one in invited.items()} == {
        MOROCCO: False, "Africa/Nairobi": True, "Europe/Paris": True, "Asia/Kathmandu": True,
    }  # fmt: skip


def test_a_second_check_writes_nothing_and_one_that_told_is_known_by_its_rules(session):
    planned(people=(MOROCCO, "Africa/Nairobi"))
    planned("Africa/Nairobi", people=(MOROCCO, "Europe/Paris"))
    check()
    assert len(waiting(session)) == 3
    mark_sent()
    session.execute(update(Message).where(Message.kind == "session-clocks").values(clock_rules=zones.iana_version()))
    for hour in range(3):
        done = check(NOW + HOUR * hour)
        assert (done.moved, done.told, done.mails, done.to_decide) == (0, 0, 0, 0)
    assert waiting(session) == []
    assert len(session.scalars(select(ClockChange)).all()) == 2
    # a process of the former release was still there and told its hour: whoever got that is told the true one
    session.execute(update(Message).where(Message.kind == "session-clocks").values(clock_rules="2025b"))
    session.execute(update(rulebook.ClockRules).where(rulebook.ClockRules.version == "2025b").values(seen_at=NOW + HOUR * 4))
    assert check(NOW + HOUR * 4).mails == 2
    again = waiting(session)
    assert {(m.zone, facts(session, m)["personal"]["was_time"], facts(session, m)["touch"]) for m in again} == {
        (MOROCCO, "17:00", "own"), (MOROCCO, "14:00", "own"),
    }  # fmt: skip
    assert check(NOW + HOUR * 5).mails == 0  # it waits, and will be told by the true rules


def test_an_older_process_judges_nothing(session):
    planned(people=(MOROCCO, "UTC"))
    newer = rulebook.ClockRules(version="2031a", files=b"", kept_at=NOW, seen_at=NOW)
    session.add(newer)
    session.flush()
    done = check()
    assert (done.newer, done.looked_at, done.mails) == ("2031a", 0, 0)
    assert waiting(session) == [] and session.scalars(select(ClockChange)).all() == []


def test_releases_are_told_apart_in_the_order_they_came():
    assert sorted(["2026za", "2026f", "2025b", "2026z", "2026a"], key=rulebook.rank) == [
        "2025b",
        "2026a",
        "2026f",
        "2026z",
        "2026za",
    ]


def test_a_first_mail_that_has_not_left_says_the_true_hour_and_no_second_one_is_written(session):
    row = former_rules.by_former_rules(make_session(zone="Africa/Nairobi"))
    make_invitation(row, make_person(zone=MOROCCO))
    assert check().mails == 0
    assert [m.kind for m in waiting(session)] == ["session-invite"]
    assert "13:00" in preview(waiting(session)[0]).text
    moved = former_rules.by_former_rules(make_session(zone=MOROCCO))
    make_invitation(moved, make_person(zone="UTC"))
    check()
    (mail,) = waiting(session, subject_id=moved.id)
    assert (mail.kind, mail.ical_sequence, facts(session, mail)["starts_at"]) == ("session-invite", 1, "2026-12-07T16:00:00Z")


def test_who_chose_keeps_the_moment_and_other_clocks_show_it(session):
    row, _invited = planned(people=(MOROCCO, "Africa/Nairobi"))
    row.keeps_instant = True
    done = check()
    assert (done.moved, done.told, done.mails) == (0, 1, 1)
    assert (row.starts_at, row.local_start) == (datetime(2026, 12, 7, 15, tzinfo=UTC), datetime(2026, 12, 7, 15))
    assert (row.sequence, row.schedule_version) == (0, 1)
    assert touches(session, row) == {MOROCCO: (Touch.OWN, "16:00", "15:00")}


def test_drafts_keep_their_hour_in_silence_and_what_is_over_or_called_off_stays_as_it_is(session):
    draft, _nobody = planned(status=SessionStatus.DRAFT)
    gone, _people = planned(people=(MOROCCO,))
    rules.cancel(gone, reason="", tell=False, version=gone.version, by=make_person(), now=NOW)
    begun, _more = planned(people=(MOROCCO,), local_start=datetime(2026, 11, 23, 9, 30), may_be_past=True)
    assert begun.starts_at < NOW
    before = [(one.starts_at, one.tzdb_version, one.sequence) for one in (gone, begun)]
    done = check()
    assert (done.looked_at, done.moved, done.mails) == (1, 1, 0)
    assert draft.starts_at == datetime(2026, 12, 7, 16, tzinfo=UTC)
    assert [(one.starts_at, one.tzdb_version, one.sequence) for one in (gone, begun)] == before
    assert waiting(session) == []


NEAR = {"local_start": datetime(2026, 11, 24, 10, 0)}


def test_within_48_hours_nothing_moves_and_nobody_is_told_before_somebody_decides(session):
    row, invited = planned(people=(MOROCCO, "Africa/Nairobi"), **NEAR)
    rules.respond(invited[MOROCCO], answer=Answer.YES, route=Route.PAGE, now=NOW - HOUR * 26)
    mark_sent()
    assert reminders.queue_due(NOW) == 1
    done = check()
    assert (done.moved, done.to_decide, done.mails) == (0, 1, 0)
    assert (row.starts_at, row.sequence, row.hour_in_doubt) == (datetime(2026, 11, 24, 9, tzinfo=UTC), 0, True)
    (held,) = waiting(session)
    assert (held.kind, held.due_at) == ("session-reminder", row.starts_at)  # it would say an hour that is open
    assert reminders.queue_due(row.starts_at - minutes(60)) == 0
    change = session.scalars(select(ClockChange)).one()
    assert (change.cause, change.was_at, change.wall_at) == (Cause.ANCHOR, row.starts_at, row.starts_at + HOUR)
    assert rules.choices(row, change, NOW) == [Decision.WALL, Decision.INSTANT]
    foreseen = {d: {t.zone: t.touch for t in rules.foresee_clocks(row, change, d)} for d in rules.choices(row, change, NOW)}
    assert foreseen == {
        Decision.WALL: {MOROCCO: Touch.SAME, "Africa/Nairobi": Touch.MOVED}, Decision.INSTANT: {MOROCCO: Touch.OWN},
    }  # fmt: skip
    with pytest.raises(RuleBroken) as refused:
        rules.change(row, make_plan(zone=MOROCCO, capacity=50, **NEAR), version=row.version, tell=False, by=make_person(), now=NOW)
    assert "Decide that first" in str(refused.value.message)
    assert check().to_decide == 0  # asked once


def test_the_moment_decided_lets_the_reminders_go(session):
    row, invited = planned(people=(MOROCCO, "Africa/Nairobi"), **NEAR)
    rules.respond(invited["Africa/Nairobi"], answer=Answer.YES, route=Route.PAGE, now=NOW - HOUR * 26)
    mark_sent()
    reminders.queue_due(NOW)
    check()
    change, by = session.scalars(select(ClockChange)).one(), make_person()
    assert rules.decide_clocks(change, Decision.INSTANT, by=by, now=NOW + minutes(5)) == 1
    assert (row.starts_at, row.local_start, row.hour_in_doubt) == (
        datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 9), False,
    )  # fmt: skip
    assert {(m.kind, m.zone, m.due_at) for m in waiting(session)} == {
        ("session-reminder", "Africa/Nairobi", NOW + minutes(5)), ("session-clocks", MOROCCO, NOW + minutes(5)),
    }  # fmt: skip
    assert (change.decision, change.decided_by, change.decided_at) == (Decision.INSTANT, by.id, NOW + minutes(5))
    with pytest.raises(RuleBroken) as refused:
        rules.decide_clocks(change, Decision.WALL, by=by, now=NOW + minutes(6))
    assert "decided this already" in str(refused.value.message)


def test_the_wall_time_decided_moves_it_like_any_move(session):
    row, invited = planned(people=(MOROCCO, "Africa/Nairobi"), **NEAR)
    rules.respond(invited["Africa/Nairobi"], answer=Answer.YES, route=Route.PAGE, now=NOW - HOUR * 26)
    mark_sent()
    reminders.queue_due(NOW)
    check()
    change = session.scalars(select(ClockChange)).one()
    assert rules.decide_clocks(change, Decision.WALL, by=make_person(), now=NOW) == 2
    assert (row.starts_at, row.sequence, row.schedule_version, row.hour_in_doubt) == (
        datetime(2026, 11, 24, 10, tzinfo=UTC), 1, 2, False,
    )  # fmt: skip
    states = session.scalars(select(Message.state).where(Message.kind == "session-reminder")).all()
    assert states == [State.CANCELLED]
    assert reminders.queue_due(row.starts_at - minutes(60)) == 1


def test_an_edit_of_words_moves_no_session_that_was_not_looked_at_yet(session):
    row, _invited = planned(people=("UTC",))
    before, version = row.starts_at, row.version
    with pytest.raises(RuleBroken):
        rules.change(row, make_plan(zone=MOROCCO, capacity=50), version=version, tell=False, by=make_person(), now=NOW)
    assert (row.starts_at, row.capacity, waiting(session)) == (before, 30, [])
    assert check().mails == 1
    rules.change(row, make_plan(zone=MOROCCO, capacity=50), version=row.version, tell=False, by=make_person(), now=NOW)
    assert row.capacity == 50


def test_another_time_decides_it_too_and_a_session_that_begins_leaves_it_open_to_nobody(session):
    row, _invited = planned(people=(MOROCCO,), **NEAR)
    other, _more = planned(people=(MOROCCO,), **NEAR)
    check()
    later = make_plan(zone=MOROCCO, local_start=datetime(2026, 11, 24, 18, 0))
    rules.change(row, later, version=row.version, tell=True, by=make_person(), now=NOW)
    assert not row.hour_in_doubt
    check(other.starts_at + minutes(1))
    found = session.scalars(select(ClockChange).order_by(ClockChange.id)).all()
    assert {c.peer_session_id: c.decision for c in found} == {row.id: Decision.EDITED, other.id: Decision.LAPSED}
    assert [m.kind for m in waiting(session)] == ["session-update"]


def reminded(invitation):
    """A seat, and its reminder."""
    rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW - HOUR * 26)
    mark_sent()
    assert reminders.queue_due(NOW) == 1


def test_the_same_moment_typed_as_another_hour_leaves_only_the_telling(session):
    row, invited = planned(people=(MOROCCO,), **NEAR)
    reminded(invited[MOROCCO])
    check()
    plan = make_plan(zone=MOROCCO, local_start=datetime(2026, 11, 24, 9, 0))
    rules.change(row, plan, version=row.version, tell=False, by=make_person(), now=NOW + minutes(5))
    assert [(m.kind, m.due_at) for m in waiting(session)] == [("session-reminder", NOW + minutes(5))]
    change = session.scalars(select(ClockChange)).one()
    assert (row.hour_in_doubt, change.cause, change.decision) == (False, Cause.PEOPLE, None)
    assert rules.choices(row, change, NOW) == [Decision.INSTANT]
    assert rules.decide_clocks(change, Decision.INSTANT, by=make_person(), now=NOW) == 1


def test_rules_that_are_as_before_once_more_let_the_reminders_go(session):
    row, invited = planned("Africa/Nairobi", people=("Africa/Nairobi",), local_start=datetime(2026, 11, 24, 12, 0))
    reminded(invited["Africa/Nairobi"])
    change = make_clock_change(row)
    change.to_version = "2026a"
    holding.hold(SUBJECT, row.id, ["session-reminder"], until=row.starts_at, now=NOW)
    handle(row.id, now=NOW + minutes(5))
    assert (row.hour_in_doubt, change.decision) == (False, Decision.UNDONE)
    assert [(m.kind, m.due_at) for m in waiting(session)] == [("session-reminder", NOW + minutes(5))]


def test_what_was_decided_about_an_hour_ends_nobodys_quiet(session):
    _row, invited = planned(people=("Africa/Nairobi",), **NEAR)
    invitation = invited["Africa/Nairobi"]
    reminded(invitation)
    check()
    evening = datetime(2026, 11, 23, tzinfo=UTC).date()
    choices.choose(invitation.person_id, {}, evening, zone="Africa/Nairobi", by=None, now=NOW)
    change = session.scalars(select(ClockChange)).one()
    rules.decide_clocks(change, Decision.INSTANT, by=make_person(), now=NOW + minutes(5))
    assert [(m.kind, m.waits, m.due_at) for m in waiting(session, kind="session-reminder")] == [
        ("session-reminder", "later", datetime(2026, 11, 24, 5, tzinfo=UTC)),
    ]  # fmt: skip


def test_own_clocks_within_48_hours_are_told_when_somebody_says_so_and_reminders_say_the_true_hour(session):
    row, invited = planned("Africa/Nairobi", people=(MOROCCO,), **NEAR)
    rules.respond(invited[MOROCCO], answer=Answer.YES, route=Route.PAGE, now=NOW - HOUR * 30)
    mark_sent()
    assert check().to_decide == 1
    assert (row.hour_in_doubt, waiting(session)) == (False, [])
    change = session.scalars(select(ClockChange)).one()
    assert (change.cause, rules.choices(row, change, NOW)) == (Cause.PEOPLE, [Decision.INSTANT])
    assert reminders.queue_due(row.starts_at - minutes(60)) == 1
    assert "07:00" in preview(waiting(session)[0]).subject


@pytest.mark.parametrize(
    ("wall", "cause", "first", "second"),
    [
        # Moldova changes clocks an hour later by the pinned data than by those of 2025
        (datetime(2027, 3, 28, 3, 30), Cause.GAP, datetime(2027, 3, 28, 1, 0), None),
        (datetime(2027, 10, 31, 3, 30), Cause.FOLD, datetime(2027, 10, 31, 0, 30), datetime(2027, 10, 31, 1, 30)),
    ],
)
def test_a_time_that_no_longer_happens_or_happens_twice_is_asked_about_however_far_it_is(session, wall, cause, first, second):
    row, _invited = planned("Europe/Chisinau", people=("Europe/Chisinau", "UTC"), wall=wall)
    before = row.starts_at
    done = check()
    assert (done.moved, done.to_decide, done.mails, row.starts_at) == (0, 1, 0, before)
    change = session.scalars(select(ClockChange)).one()
    assert (change.cause, change.wall_at) == (cause, first.replace(tzinfo=UTC))
    assert change.second_at == (second and second.replace(tzinfo=UTC))
    rules.decide_clocks(change, Decision.WALL, by=make_person(), now=NOW)
    assert zones.to_instant(row.local_start, row.zone, row.fold) == row.starts_at == first.replace(tzinfo=UTC)
    assert check().to_decide == 0


def test_a_waiting_update_is_said_together_with_the_other_hour(session):
    row, _invited = planned("Africa/Nairobi", people=(MOROCCO, "UTC"))
    rules.change(row, make_plan(titles={"en": "Another title"}), version=row.version, tell=True, by=make_person(), now=NOW)
    check(NOW + minutes(1))
    mails = waiting(session)
    assert {(m.kind, m.zone) for m in mails} == {("session-update", "UTC"), ("session-clocks", MOROCCO)}
    clocks = next(m for m in mails if m.kind == "session-clocks")
    assert "What else changed: Title." in preview(clocks).text
    # an edit while that waits says both once more, in one mail
    rules.change(
        row, make_plan(titles={"en": "A third title"}), version=row.version, tell=True, by=make_person(), now=NOW + minutes(2)
    )
    (again,) = waiting(session, zone=MOROCCO)
    assert (again.kind, facts(session, again)["touch"]) == ("session-clocks", "own")
    assert facts(session, again)["titles"] == {"en": "A third title"}
    assert "at 14:00" in preview(again).text


def test_one_session_that_cannot_be_handled_holds_up_no_other(session, monkeypatch):
    first, _a = planned(people=("UTC",))
    second, _b = planned(people=("UTC",))
    session.commit()
    from app.exchanges.rules import clock_check

    kept = clock_check.settle

    def breaks(row, *more, **named):
        if row.id == first.id:
            raise ValueError("broken")
        return kept(row, *more, **named)

    monkeypatch.setattr(clock_check, "settle", breaks)
    done = rules.check_clocks(NOW, commit=session.commit)
    assert (done.failed, done.moved) == (1, 1)
    monkeypatch.setattr(clock_check, "settle", kept)
    done = rules.check_clocks(NOW, commit=session.commit)
    assert (done.failed, done.moved) == (0, 1)
    assert {session.get(PeerSession, i).schedule_version for i in (first.id, second.id)} == {2}
