"""Lines that no single object shows: what the rules do over time, and what we never do."""

from __future__ import annotations

import email
import email.policy
import re
import tomllib
from dataclasses import replace
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from icalendar import Calendar, vCalAddress
from sqlalchemy import select

from app.backup import SEQUENCE_LEAP, raise_sequences
from app.core.errors import RuleBroken
from app.dashboards import rules as office
from app.exchanges import reminders, rules
from app.exchanges.models import Answer, Capacity, Route
from app.exchanges.queries import version_told
from app.notifications.calendar import Attendee, Day, Feed, mailto, publish, request
from app.notifications.letterbox import open_mail
from app.notifications.models import Message, State
from app.notifications.rendering import envelope_sender, job_of, render
from app.notifications.replay import Entry, entries_of, replayed
from app.notifications.replies import Reply, find_reply
from tests.conformance.builders import INVITE, OBJECTS, STAMP
from tests.conformance.mails import broken_lines_of
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_plan, make_session, mark_sent, minutes
from tests.notifications.replying import reply_mail

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = [p for room in ("app", "worker") for p in (ROOT / room).rglob("*.py")]
LATER = {"local_start": NOW.replace(tzinfo=None) + timedelta(days=15)}
DAY = timedelta(days=1)


def read(raw: bytes) -> Reply:
    found = find_reply(open_mail(raw))
    assert found is not None
    return found


def change(row, *, tell=True, now=NOW, **fields):
    return rules.change(row, make_plan(**fields), version=row.version, tell=tell, by=make_person(), now=now)


def mails(session, state=None, **where):
    query = select(Message).filter_by(**where).order_by(Message.created_at, Message.dtstamp, Message.id)
    if state:
        query = query.where(Message.state == state)
    return session.scalars(query.execution_options(populate_existing=True)).all()


# D, E, F: the life of a session


@pytest.mark.line("D4")
def test_who_has_not_answered_is_asked_again_by_the_same_entry_and_nobody_twice_in_a_day(session):
    row = make_session()
    silent, said, informed, gone, unreachable = (
        make_invitation(row), make_invitation(row), make_invitation(row, capacity=Capacity.INFORMATION), make_invitation(row),
        make_invitation(row, make_person(email=None)),
    )  # fmt: skip
    rules.respond(said, answer=Answer.NO, route=Route.PAGE, now=NOW)
    rules.uninvite(gone, tell=True, by=None, now=NOW)
    mark_sent()
    by = make_person()
    assert rules.ask_again(row, by=by, now=NOW + DAY - minutes(1)) == 0
    assert rules.ask_again(row, by=by, now=NOW + DAY) == 1
    (asked,) = mails(session, State.QUEUED)
    assert (asked.recipient_id, asked.kind, asked.ical_method, asked.ical_sequence) == (
        silent.person_id,
        "session-invite",
        "REQUEST",
        0,
    )
    assert asked.dtstamp == NOW + DAY
    mail = email.message_from_bytes(render(job_of(asked), now=NOW).content, policy=email.policy.default)
    assert mail["Subject"].startswith("Your answer is awaited: ")
    assert rules.ask_again(row, by=by, now=NOW + DAY + minutes(5)) == 0
    mark_sent(NOW + DAY)
    change(row, now=NOW + DAY, **LATER)  # now all three answers are for another time, and the update asks for them
    mark_sent(NOW + DAY + minutes(5))
    assert rules.ask_again(row, by=by, now=NOW + 3 * DAY) == 2
    assert {m.recipient_id for m in mails(session, State.QUEUED)} == {silent.person_id, said.person_id}
    assert {m.ical_sequence for m in mails(session, State.QUEUED)} == {1}
    assert informed.person_id and unreachable.person_id


@pytest.mark.line("D4")
def test_nobody_is_asked_again_for_what_is_cancelled_or_over(session):
    row, by = make_session(), make_person()
    make_invitation(row)
    mark_sent()
    with pytest.raises(RuleBroken):
        rules.ask_again(row, by=by, now=row.ends_at)
    rules.cancel(row, reason="", tell=False, version=row.version, by=by, now=NOW)
    with pytest.raises(RuleBroken):
        rules.ask_again(row, by=by, now=NOW + 2 * DAY)
    assert mails(session, State.QUEUED) == []


@pytest.mark.line("D5")
def test_after_a_restore_the_next_mail_is_above_all_that_was_sent_and_answers_are_still_understood(session):
    row = make_session()
    invitation = make_invitation(row)
    mark_sent()
    session.flush()
    raise_sequences(session.connection(), NOW)
    session.expire_all()
    assert version_told(invitation, 0) == 1  # an answer to what was sent before is for the time that holds
    change(row, now=NOW, titles={"en": "Another title"})
    (update,) = mails(session, State.QUEUED)
    assert update.ical_sequence == SEQUENCE_LEAP
    assert version_told(invitation, SEQUENCE_LEAP + 7) is None


@pytest.mark.line("D5", "N3")
def test_a_mail_sent_once_more_is_the_latest_entry_or_is_not_sent(session):
    row, by = make_session(), make_person()
    invitation = make_invitation(row)
    mark_sent()
    (first,) = mails(session)
    office.send_again(first, by=by, now=NOW)  # in the same second: the stamp still rises
    copy = mails(session, State.QUEUED)[0]
    assert (copy.ical_sequence, copy.dtstamp) == (0, first.dtstamp + timedelta(seconds=1))
    assert invitation_of(row, invitation.person).dtstamp == copy.dtstamp
    mark_sent()
    office.send_again(first, by=by, now=NOW + minutes(1))  # the copy said the same
    mark_sent(NOW + minutes(1))
    change(row, now=NOW + minutes(2), titles={"en": "Another title"})
    mark_sent(NOW + minutes(9))
    for stale in (first, copy):  # a later stamp on former words would win over the update
        assert not office.may_send_again(stale, NOW + minutes(9))
        with pytest.raises(RuleBroken):
            office.send_again(stale, by=by, now=NOW + minutes(9))
    update = mails(session, kind="session-update")[0]
    assert office.may_send_again(update, NOW + minutes(9))
    change(row, tell=False, now=NOW + minutes(10), titles={"en": "Another title"}, **LATER)
    assert not office.may_send_again(update, NOW + minutes(11))  # nobody was told, but the hour is another
    rules.uninvite(invitation_of(row, invitation.person), tell=False, by=by, now=NOW + minutes(12))
    assert not any(office.may_send_again(m, NOW + minutes(13)) for m in mails(session))


@pytest.mark.line("E4")
def test_a_cancellation_reaches_whoever_has_an_entry_although_another_mail_waits(session):
    row, by = make_session(), make_person()
    copied, asked, fresh = make_invitation(row, capacity=Capacity.INFORMATION), make_invitation(row), None
    mark_sent()
    rules.invite(row, [rules.Guest(copied.person)], by=None, now=NOW + DAY)
    rules.ask_again(row, by=by, now=NOW + DAY)
    fresh = make_invitation(row, now=NOW + DAY)  # this one has nothing yet
    assert {m.kind for m in mails(session, State.QUEUED)} == {"session-invite"}
    assert rules.told_of_cancelling(row) == 2
    assert rules.cancel(row, reason="", tell=True, version=row.version, by=by, now=NOW + DAY) == 2
    assert {m.recipient_id for m in mails(session, State.QUEUED)} == {copied.person_id, asked.person_id}
    assert fresh.person_id not in {m.recipient_id for m in mails(session, kind="session-cancel")}


@pytest.mark.line("E5")
def test_what_is_taken_back_a_moment_after_it_left_leaves_a_minute_later(session):
    row, by = make_session(), make_person()
    early, late = make_invitation(row), None
    mark_sent(NOW)
    late = make_invitation(row, now=NOW + minutes(5))
    mark_sent(NOW + minutes(5))
    rules.cancel(row, reason="", tell=True, version=row.version, by=by, now=NOW + minutes(5.5))
    due = {m.recipient_id: m.due_at for m in mails(session, kind="session-cancel")}
    assert due == {early.person_id: NOW + minutes(5.5), late.person_id: NOW + minutes(6.5)}
    other = make_session()
    taken = make_invitation(other)
    mark_sent(NOW)
    rules.uninvite(taken, tell=True, by=by, now=NOW)
    assert mails(session, kind="session-uninvite")[0].due_at == NOW + minutes(1)


@pytest.mark.line("D6", "F3")
def test_invited_again_before_the_uninvitation_left_is_one_mail(session):
    row = make_session()
    invitation = make_invitation(row)
    mark_sent()
    rules.uninvite(invitation, tell=True, by=None, now=NOW + minutes(5))
    rules.invite(row, [rules.Guest(invitation.person)], by=None, now=NOW + minutes(6))
    assert [(m.kind, m.ical_sequence) for m in mails(session, State.QUEUED)] == [("session-invite", 2)]


# A, G, M, O: what we never send, and what is read all the same


@pytest.mark.line("A6")
def test_people_are_mailto_addresses_whatever_is_in_them():
    for address in ("a@x.example", "o'neil+b@x.example", '"a b"@x.example'):
        told = request(replace(INVITE, attendee=Attendee("A", address)))
        (event,) = Calendar.from_ical(told).walk("VEVENT")
        assert str(event["ATTENDEE"]) == mailto(address) and str(event["ORGANIZER"]).startswith("mailto:")


@pytest.mark.line("G1", "G2", "M2", "M3", "Q1")
def test_no_builder_writes_a_recurrence_or_a_zone_and_no_program_makes_one():
    for raw, _ in OBJECTS.values():
        assert not re.search(rb"RRULE|RDATE|EXDATE|EXRULE|RECURRENCE-ID|UNTIL|VTIMEZONE|TZID|TZOFFSET", raw)
    for path in PROGRAMS:
        assert not re.search(r"from_tzid|add_missing_timezones|vRecur|Timezone\(", path.read_text(encoding="utf-8")), path


@pytest.mark.line("G3")
def test_an_exception_without_its_master_is_read():
    reply = read(reply_mail(extra="RECURRENCE-ID:20270311T130000Z"))
    assert (reply.problem, reply.partstat) == ("", "ACCEPTED")
    exception = request(INVITE).replace(b"DTSTART:", b"RECURRENCE-ID:20270311T130000Z\r\nDTSTART:")
    assert [e.uid for e in entries_of(exception)] == [INVITE.uid]


@pytest.mark.line("M6", "L4")
@pytest.mark.parametrize("day", [date(2027, 2, 28), date(2028, 2, 28), date(2027, 12, 31)])
def test_a_whole_day_ends_the_day_after_and_blocks_nobody(day):
    (event,) = Calendar.from_ical(publish([], Feed("N"), [Day("milestone-1@x.example", 0, STAMP, day, "Due")])).walk("VEVENT")
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (day, day + DAY)
    assert (str(event["TRANSP"]), str(event["X-MICROSOFT-CDO-BUSYSTATUS"])) == ("TRANSPARENT", "FREE")


@pytest.mark.line("O2", "O3")
def test_what_programs_add_or_leave_out_is_no_obstacle_and_the_later_stamp_counts():
    google = "ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;CN=A;X-NUM-GUESTS=0:mailto:a.morrow@alvania.example"
    assert read(reply_mail(attendee_line=google)) == read(reply_mail())  # and neither has RSVP
    reader = INVITE.attendee.address
    late, early = (Entry("REQUEST", "u", 3, STAMP + timedelta(seconds=s), "o", (reader,), None, None, str(s)) for s in (9, 5))
    old = replace(early, method="CANCEL")
    for order in ((late, old), (old, late)):
        assert replayed(order, reader)["u"].entry is late


# P, Q: the mails and the house


@pytest.mark.line("A3", "A5", "A7", "A8", "O4", "P6", "P9")
def test_the_mail_of_an_invitation_as_a_whole(session):
    make_invitation(make_session())
    (row,) = mails(session)
    sent = render(job_of(row), now=NOW)
    mail = email.message_from_bytes(sent.content)
    kinds = [p.get_content_type() for p in mail.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics"]
    calendar, file = list(mail.walk())[-2:]
    assert calendar.get_param("component") is None and calendar["Content-Disposition"] is None
    assert file.get_payload(decode=True) == calendar.get_payload(decode=True)
    assert not re.search(rb"(?i)multipart/signed|pkcs7|smime", sent.content)
    domain = "pathways.example"
    assert envelope_sender(row.id).endswith(f"@{domain}") and sent.envelope_sender == envelope_sender(row.id)
    assert all(f"@{domain}" in mail[name] for name in ("From", "Reply-To", "Message-ID"))
    assert (mail["To"].count("@"), mail["Cc"], mail["Bcc"]) == (1, None, None)


@pytest.mark.line("A1", "A2", "A4", "A5", "A7", "E3", "F1", "P1", "P9")
def test_every_kind_of_mail_about_a_session_holds_its_lines_as_it_arrives(session):
    row, by = make_session(), make_person()
    holder, gone, copied = make_invitation(row), make_invitation(row), make_invitation(row, capacity=Capacity.INFORMATION)
    mark_sent()
    rules.respond(holder, answer=Answer.YES, route=Route.PAGE, now=NOW)
    rules.uninvite(gone, tell=True, by=by, now=NOW + minutes(2))
    mark_sent(NOW + minutes(2))
    reminders.queue_due(row.starts_at - minutes(59))
    change(row, now=NOW + minutes(3), **LATER)
    mark_sent(NOW + minutes(9))
    rules.cancel(row, reason="", tell=True, version=row.version, by=by, now=NOW + minutes(20))
    written = mails(session)
    assert {m.kind for m in written} >= {
        "session-invite", "session-copy", "session-confirmation", "session-uninvite", "session-update", "session-cancel",
        "session-reminder",
    }  # fmt: skip
    for one in written:
        arrived = email.message_from_bytes(render(job_of(one), now=NOW).content, policy=email.policy.default)
        assert broken_lines_of(one.address, arrived) == [], one.kind
    assert copied.asks is False


@pytest.mark.line("P6")
def test_the_guide_for_operators_says_what_the_relay_signs():
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for word in ("DKIM", "SPF", "DMARC", "5,000"):
        assert word in told


@pytest.mark.line("Q3")
def test_the_library_is_new_enough_here_and_in_the_lock():
    assert tuple(int(n) for n in version("icalendar").split(".")[:2]) >= (7, 3)
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert any(re.fullmatch(r"icalendar>=(7\.[3-9].*|[89].*)", one) for one in told)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        found = re.search(r"^icalendar==(\d+)\.(\d+)", (ROOT / lock).read_text(encoding="utf-8"), re.M)
        assert (int(found[1]), int(found[2])) >= (7, 3)
    with pytest.raises(ValueError, match="CR or LF"):  # a lone CR, that versions before let through
        vCalAddress("mailto:a@x.example\rATTENDEE:mailto:evil@x.example")


@pytest.mark.line("Q4")
def test_every_process_is_told_to_use_the_pinned_zones():
    import os
    import zoneinfo

    assert os.environ["PYTHONTZPATH"] == "" and zoneinfo.TZPATH == ()
    assert 'PYTHONTZPATH=""' in (ROOT / "Containerfile").read_text(encoding="utf-8")
    assert '"PYTHONTZPATH": ""' in (ROOT / "embedded" / "__main__.py").read_text(encoding="utf-8")


@pytest.mark.line("Q5")
def test_no_task_waits_in_the_broker_for_its_hour():
    for path in PROGRAMS:
        assert not re.search(r"countdown=|\beta=|apply_async\([^)]*expires", path.read_text(encoding="utf-8")), path
