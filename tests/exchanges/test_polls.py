"""Date polls: times and deadlines, who is asked, what is kept, and what a poll comes to."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import func, select

from app.core.errors import Conflict, LinkOver, RuleBroken
from app.exchanges import poll_reminders
from app.exchanges.models import (
    Answer,
    Exchange,
    Invitation,
    PeerSession,
    Poll,
    PollAnswer,
    PollAsked,
    PollVote,
    Route,
    SessionStatus,
    Vote,
)
from app.exchanges.queries.poll_results import results
from app.exchanges.queries.polls import asked_by_link, asked_of, poll_by_code, present_openings, still_asks
from app.exchanges.rules import delegating, poll_closing, poll_handing
from app.exchanges.rules import polls as rules
from app.exchanges.rules.inviting import Guest
from app.exchanges.rules.polls import HourTwice, Wall
from app.notifications.models import Message, State
from tests.factories.accounts import make_person, make_state
from tests.factories.calendars import make_day
from tests.factories.exchanges import NOW, make_session, mark_sent, minutes
from tests.factories.polls import DEADLINE, TIMES, ZONE, asked_in, make_asked, make_poll, make_poll_plan, say, walls

DAY = 24 * 60
YES, IF_NEEDED, NO = Vote.YES, Vote.IF_NEEDED, Vote.NO


@pytest.fixture
def officer(session):
    return make_person("Berg", given_name="Tomas")


def mails(session, kind=None):
    query = select(Message).where(Message.subject_kind == "poll")
    return session.scalars(query.where(Message.kind == kind) if kind else query).all()


def refusal(verb, *args, **more):
    with pytest.raises(RuleBroken) as refused:
        verb(*args, **more)
    return str(refused.value.message), refused.value.field


def votes_of(session):
    return sorted((str(v.asked_id), str(v.slot_id), v.vote) for v in session.scalars(select(PollVote)))


# making and editing


def test_a_poll_keeps_wall_times_and_their_moments(session):
    poll = make_poll()
    assert [(s.local_start, s.zone, s.starts_at.isoformat()) for s in poll.slots] == [
        (TIMES[0], ZONE, "2026-12-07T13:00:00+00:00"),
        (TIMES[1], ZONE, "2026-12-08T07:00:00+00:00"),
        (TIMES[2], ZONE, "2026-12-09T07:00:00+00:00"),
    ]
    assert (poll.deadline_at.isoformat(), poll.is_open, poll.remind) == ("2026-12-01T15:00:00+00:00", True, [3 * DAY, DAY])


@pytest.mark.parametrize(
    ("fields", "sentence", "where"),
    [
        ({"titles": {}}, "Enter the title in at least one language.", "titles"),
        ({"minutes": 4}, "Enter a length between 5 and 1440 minutes.", "minutes"),
        ({"remind": (1,)}, "Enter reminders between 5 minutes and 90 days before the deadline.", "remind"),
        ({"slots": walls(TIMES[0])}, "Enter at least two times to choose from.", "date_2"),
        ({"slots": walls(TIMES[0], TIMES[0])}, "This time is in the poll already.", "date_2"),
        ({"slots": walls(TIMES[0], datetime(2026, 11, 30, 9))}, "Enter a time after the deadline of the poll.", "date_2"),
        ({"slots": walls(TIMES[0], datetime(2026, 1, 1, 9))}, "Enter a time that is still to come.", "date_2"),
        ({"slots": walls(TIMES[0], datetime(2040, 1, 1, 9))}, "Enter a time within the next ten years.", "date_2"),
        ({"slots": walls(*TIMES[:2], zone="Mars/Base")}, "Choose a time zone from the list.", "zone"),
        ({"deadline": Wall(datetime(2026, 11, 1, 9), ZONE, None, "deadline")}, "Enter a deadline that is still to come.", "date_deadline"),
        ({"slots": tuple(Wall(TIMES[0] + timedelta(hours=n), ZONE, None, "1") for n in range(31))},
         "A poll has room for 30 times. Withdraw some first.", "date_1"),
    ],
)  # fmt: skip
def test_each_wrong_time_gets_its_sentence_and_makes_no_poll(session, fields, sentence, where):
    told = refusal(make_poll, **fields)
    session.rollback()
    assert told == (sentence, where)
    assert session.scalar(select(func.count()).select_from(Poll)) == 0


def test_a_gap_is_refused_with_the_next_time_and_a_fold_is_asked(session):
    gap = walls(datetime(2027, 3, 28, 2, 30), datetime(2027, 3, 29, 9), zone="Europe/Paris")
    sentence, where = refusal(make_poll, slots=gap)
    assert ("02:30" in sentence, "03:00" in sentence, where) == (True, True, "time_1")
    twice = datetime(2027, 10, 31, 2, 30)
    with pytest.raises(HourTwice) as asked:
        make_poll(slots=walls(datetime(2027, 3, 29, 9), twice, zone="Europe/Paris"))
    assert (asked.value.field, asked.value.second - asked.value.first) == ("fold_2", timedelta(hours=1))
    poll = make_poll(slots=(Wall(twice, "Europe/Paris", 1, "1"), Wall(twice, "Europe/Paris", 0, "2")))
    assert [(s.fold, s.starts_at.hour) for s in poll.slots] == [(0, 0), (1, 1)]


def test_a_poll_is_about_a_draft_only(session):
    assert refusal(make_poll, draft=make_session())[0] == "This session has its time already. A poll is for a draft."


def test_of_two_editors_the_second_is_shown_what_the_first_saved(session, officer):
    poll = make_poll()
    version = poll.version
    later = make_poll_plan(deadline=Wall(DEADLINE + timedelta(days=1), ZONE, None, "deadline"))
    assert rules.edit(poll, later, version=version, by=officer, now=NOW)
    session.flush()
    other = make_poll_plan(titles={"en": "Other"}, deadline=Wall(DEADLINE, ZONE, None, "deadline"))
    with pytest.raises(Conflict) as refused:
        rules.edit(poll, other, version=version, by=officer, now=NOW)
    assert ({str(c[0]) for c in refused.value.changes}, len(refused.value.saved)) == ({"Title", "Deadline", "Deadline (UTC)"}, 1)
    session.refresh(poll)
    assert (poll.titles["en"], poll.deadline_local) == (TITLES_EN, DEADLINE + timedelta(days=1))
    with pytest.raises(Conflict):
        rules.add_slots(poll, walls(datetime(2026, 12, 10, 9)), asking=False, version=version, by=officer, now=NOW)
    with pytest.raises(Conflict):
        poll_closing.close_without(poll, tell=False, version=version, by=officer, now=NOW)
    assert (len(poll.slots), poll.is_open) == (3, True)


TITLES_EN = "Family reunification when papers are missing"


def test_a_new_length_is_refused_once_somebody_answered_for_the_former(session, officer):
    poll = make_poll()
    say(make_asked(poll), YES, YES, NO)
    told = refusal(rules.edit, poll, make_poll_plan(minutes=60), version=poll.version, by=officer, now=NOW)
    assert told == ("People have answered for this length. Close the poll and make another one for a new length.", "minutes")


def test_a_question_that_has_not_left_says_the_new_deadline(session, officer):
    poll = make_poll()
    make_asked(poll)
    mark_sent()
    waits = make_asked(poll)
    plan = make_poll_plan(deadline=Wall(DEADLINE + timedelta(days=1), ZONE, None, "deadline"))
    rules.edit(poll, plan, version=poll.version, by=officer, now=NOW + minutes(1))
    states = sorted((m.recipient_id == waits.person_id, m.state) for m in mails(session))
    assert states == [(False, State.SENT), (True, State.CANCELLED), (True, State.QUEUED)]


# asking


def test_each_person_is_asked_once_by_a_mail_in_their_language_with_the_link_and_its_code(session, officer):
    poll, state = make_poll(), make_state("Alvania")
    person = make_person("Morrow", of=state, language="fr", zone="Africa/Dakar")
    nobody = make_person("Quiet", of=state, email=None)
    guests = [Guest(person, state, because="state"), Guest(person, None), Guest(nobody, state)]
    done = rules.ask(poll, guests, by=officer, now=NOW)
    assert done == rules.Asked(new=2, already=0, without_address=1)
    assert rules.ask(poll, guests, by=officer, now=NOW + minutes(1)) == rules.Asked(0, 2, 0)
    letter = next(m for m in mails(session) if m.recipient_id == person.id)
    assert (letter.kind, letter.locale, letter.zone, letter.subject_revision, letter.topic) == (
        "poll-asked",
        "fr",
        "Africa/Dakar",
        1,
        None,
    )
    assert letter.expires_at == poll.deadline_at
    assert [m.state for m in mails(session) if m.recipient_id == nobody.id] in ([State.SUPPRESSED], [])


def test_whoever_is_asked_no_more_has_no_link_and_counts_no_longer(session, officer):
    poll = make_poll()
    asked, other = make_asked(poll), make_asked(poll)
    say(asked, YES, YES, YES)
    nonce = asked.nonce
    rules.withdraw_asked(asked, by=officer, now=NOW)
    assert (asked.nonce != nonce, asked.code_digest, len(results(poll, NOW).places)) == (True, None, 1)
    with pytest.raises(LinkOver):
        say(asked, NO, NO, NO)
    assert [m.state for m in mails(session) if m.recipient_id == asked.person_id] == [State.CANCELLED]
    rules.ask(poll, [Guest(asked.person, asked.organisation)], by=officer, now=NOW + minutes(1))
    assert asked_in(poll, asked.person).said == dict.fromkeys((s.id for s in poll.slots), YES)  # the former answer stays
    assert asked_in(poll, other.person).answered_at is None


def test_nobody_is_asked_after_the_deadline(session, officer):
    poll = make_poll()
    told = refusal(rules.ask, poll, [Guest(make_person(), None)], by=officer, now=poll.deadline_at)
    assert told[0] == "The deadline of the poll has passed. Enter a new deadline first."
    assert session.scalar(select(func.count()).select_from(PollAsked)) == 0


# answering


def test_an_answer_says_something_to_every_time_and_the_same_again_changes_nothing(session):
    poll = make_poll()
    asked = make_asked(poll)
    assert say(asked, YES, IF_NEEDED, NO, comment="Mornings are better.")
    before = votes_of(session)
    assert say(asked, YES, IF_NEEDED, NO, comment="Mornings are better.", now=NOW + minutes(1)) is False
    assert (votes_of(session), asked.comment, asked.answered_at) == (before, "Mornings are better.", NOW)
    assert session.scalar(select(func.count()).select_from(PollAnswer)) == 1
    assert [m.state for m in mails(session)] == [State.CANCELLED]  # the question that had not left is not sent any more


def test_bad_votes_get_their_sentence_and_change_nothing(session):
    from app.exchanges.rules.poll_answers import answer_poll

    poll, other = make_poll(), make_poll()
    asked = make_asked(poll)
    first = poll.slots[0].id
    foreign = {**{s.id: YES for s in poll.slots}, other.slots[0].id: YES}
    told = refusal(answer_poll, asked, foreign, route=Route.PAGE, now=NOW)
    assert told[0] == "The times of this poll have changed. Look at them once more, then answer."
    told = refusal(answer_poll, asked, {first: YES}, route=Route.PAGE, now=NOW)
    assert told[0] == "Times were added meanwhile. Say Yes, If needed or No to each."
    assert (votes_of(session), asked.answered_at) == ([], None)


def test_after_the_deadline_only_the_secretariat_records_and_after_the_close_nobody(session, officer):
    poll = make_poll()
    asked, silent = make_asked(poll), make_asked(poll)
    late = poll.deadline_at
    sentence = "The deadline of this poll has passed. Write to the secretariat if you still want to answer."
    for route in (Route.PAGE, Route.STATE):
        assert refusal(say, asked, YES, YES, YES, now=late, route=route)[0] == sentence
    source = delegating.Source("note_verbale", "NV/7", NOW.date())
    assert say(asked, YES, YES, YES, now=late, route=Route.SECRETARIAT, by=officer, source=source)
    kept = session.scalars(select(PollAnswer)).one()
    assert (kept.route, kept.entered_by, kept.source["number"]) == (Route.SECRETARIAT, officer.id, "NV/7")
    assert [m.recipient_id for m in mails(session, "poll-recorded")] == [asked.person_id]
    poll_closing.close_without(poll, tell=False, version=poll.version, by=officer, now=late)
    for route in Route:
        told = refusal(say, silent, NO, NO, NO, now=late, route=route)
        assert told[0] == "This poll is closed. No answer is needed any more."
    assert len(votes_of(session)) == 3


def test_a_source_of_tomorrow_is_refused(session, officer):
    asked = make_asked(make_poll())
    tomorrow = delegating.Source("phone", "", NOW.date() + timedelta(days=1))
    told = refusal(say, asked, YES, YES, YES, route=Route.SECRETARIAT, by=officer, source=tomorrow)
    assert told == ("Enter a date that is not in the future.", "source_date")


# times that are added


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=some.lists(some.sampled_from(list(Vote)), min_size=3, max_size=3),
    added=some.lists(some.integers(10, 25), unique=True, min_size=1, max_size=6),
    asking=some.booleans(), taken=some.integers(0, 2),
)  # fmt: skip
def test_adding_times_keeps_all_former_answers(session, first, added, asking, taken):
    officer, poll = make_person(), make_poll()
    answered, silent = make_asked(poll), make_asked(poll)
    say(answered, *first, comment="As before")
    mark_sent()
    before = votes_of(session)
    said, at = dict(answered.said), answered.answered_at
    written = len(mails(session, "poll-asked"))
    for n, day in enumerate(added):
        wall = walls(datetime(2026, 12, day, 9 + n))
        rules.add_slots(poll, wall, asking=asking, version=poll.version, by=officer, now=NOW + minutes(n + 1))
        session.flush()
        mark_sent(NOW + minutes(n + 1))
    rules.withdraw_slot(poll, poll.slots[taken].id, by=officer, now=NOW + minutes(9))
    session.expire_all()
    assert votes_of(session) == before
    row = asked_in(poll, answered.person)
    assert (row.said, row.answered_at, row.comment, row.has_said_all(poll, NOW)) == (said, at, "As before", False)
    more = list(mails(session, "poll-asked"))[written:]
    assert len(more) == (len(added) if asking else 0)
    assert {m.recipient_id for m in more} <= {answered.person_id}
    assert asked_in(poll, silent.person).answered_at is None
    session.rollback()


def test_who_answered_is_asked_for_the_new_times_only_and_who_did_not_is_left_in_peace(session, officer):
    poll = make_poll()
    answered, silent = make_asked(poll), make_asked(poll)
    say(answered, YES, NO, IF_NEEDED)
    mark_sent()
    told = rules.add_slots(
        poll, walls(datetime(2026, 12, 11, 9)), asking=True, version=poll.version, by=officer, now=NOW + minutes(1)
    )
    (letter,) = [m for m in mails(session) if m.state is State.QUEUED]
    from app.notifications.rendering import job_of

    common = job_of(letter).common
    assert (told, letter.recipient_id, common["why"], common["slots"]) == (1, answered.person_id, "times", ["2026-12-11T06:00:00Z"])
    assert silent.answered_at is None


def test_a_time_that_was_withdrawn_comes_back_with_its_answers(session, officer):
    poll = make_poll()
    asked = make_asked(poll)
    say(asked, YES, NO, IF_NEEDED)
    gone = poll.slots[1]
    rules.withdraw_slot(poll, gone.id, by=officer, now=NOW)
    assert [one.yes for one in results(poll, NOW).slots] == [1, 0]
    session.flush()
    rules.add_slots(poll, walls(TIMES[1]), asking=False, version=poll.version, by=officer, now=NOW)
    assert ([s.id for s in poll.slots][1], asked.said[gone.id], asked.has_said_all(poll, NOW)) == (gone.id, NO, True)


def test_the_last_time_stays(session, officer):
    poll = make_poll()
    for slot in poll.slots[1:]:
        rules.withdraw_slot(poll, slot.id, by=officer, now=NOW)
    told = refusal(rules.withdraw_slot, poll, poll.slots[0].id, by=officer, now=NOW)
    assert told[0] == "A poll needs one time at least. Close the poll instead."


# results


def test_two_people_of_a_state_count_once_and_the_better_of_them_counts(session):
    poll, state = make_poll(), make_state("Alvania")
    first, second = (make_asked(poll, make_person(of=state), organisation=state) for _ in range(2))
    say(first, NO, IF_NEEDED, NO)
    say(second, YES, NO, NO)
    say(make_asked(poll), YES, IF_NEEDED, YES)
    make_asked(poll)
    found = results(poll, NOW)
    assert [(one.yes, one.if_needed, one.no, one.silent) for one in found.slots] == [(2, 0, 0, 1), (0, 2, 0, 1), (1, 0, 1, 1)]
    assert (len(found.places), found.answered, found.states_only, found.best) == (3, 2, True, frozenset({poll.slots[0].id}))
    assert (found.slots[0].step(3), found.slots[1].step(3)) == (3, 0)


def test_results_take_the_same_statements_for_one_and_for_many(session, statements):
    poll = make_poll()
    poll_id = poll.id
    say(make_asked(poll), YES, YES, YES)
    session.flush()
    session.expire_all()
    statements.clear()
    results(session.get(Poll, poll_id), NOW)
    one = len(statements)
    for _ in range(4):
        say(make_asked(poll), YES, NO, NO)
    session.flush()
    session.expire_all()
    statements.clear()
    results(session.get(Poll, poll_id), NOW)
    assert len(statements) == one


# reminders


def said(session):
    return sorted(m.key for m in mails(session, "poll-reminder"))


def test_who_has_not_answered_is_reminded_once_at_each_moment(session, officer):
    poll = make_poll()
    silent, answered, late = make_asked(poll), make_asked(poll), poll.deadline_at - minutes(DAY)
    say(answered, YES, YES, YES)
    deadline = "2026-12-01T15:00:00Z"
    assert poll_reminders.queue_due(poll.deadline_at - minutes(3 * DAY + 1)) == 0
    assert [poll_reminders.queue_due(poll.deadline_at - minutes(3 * DAY)) for _ in range(3)] == [1, 0, 0]
    assert poll_reminders.queue_due(poll.deadline_at - minutes(3 * DAY) + timedelta(hours=13)) == 0
    newcomer = make_asked(poll, now=late + minutes(1))  # asked after the moment
    assert poll_reminders.queue_due(late + minutes(2)) == 1
    assert said(session) == sorted(f"poll-reminder:{silent.id}:{span}:1:{deadline}" for span in (DAY, 3 * DAY))
    letter = mails(session, "poll-reminder")[0]
    assert (letter.topic, letter.expires_at) == ("reminders", poll.deadline_at)
    assert newcomer.answered_at is None


def test_no_reminder_after_an_answer_a_close_or_the_deadline(session, officer):
    poll = make_poll()
    asked, closed = make_asked(poll), make_poll()
    make_asked(closed)
    moment = poll.deadline_at - minutes(DAY)
    poll_closing.close_without(closed, tell=False, version=closed.version, by=officer, now=NOW)
    assert poll_reminders.queue_due(moment) == 1
    say(asked, YES, YES, YES, now=moment + minutes(1))
    assert [m.state for m in mails(session, "poll-reminder")] == [State.CANCELLED]
    assert poll_reminders.queue_due(poll.deadline_at) == 0
    assert set(poll_reminders.moments_between(NOW, poll.deadline_at)) == {poll.deadline_at - minutes(m) for m in (DAY, 3 * DAY)}


def test_a_new_deadline_has_its_own_reminders(session, officer):
    poll = make_poll()
    make_asked(poll)
    moment = poll.deadline_at - minutes(DAY)
    assert poll_reminders.queue_due(moment) == 1
    plan = make_poll_plan(deadline=Wall(DEADLINE + timedelta(days=3), ZONE, None, "deadline"))
    rules.edit(poll, plan, version=poll.version, by=officer, now=moment + minutes(1))
    assert [m.state for m in mails(session, "poll-reminder")] == [State.CANCELLED]
    assert poll_reminders.queue_due(moment + minutes(2)) == 0
    assert poll_reminders.queue_due(poll.deadline_at - minutes(DAY)) == 1


# closing


def close(poll, slot, officer, **more):
    now = more.pop("now", NOW)
    return poll_closing.close_with_session(poll, slot.id, seats=30, version=poll.version, by=officer, now=now, **more)


def test_closing_gives_the_draft_its_time_and_invites_those_asked_in_one_step(session, officer):
    draft = make_session(status=SessionStatus.DRAFT, local_start=datetime(2026, 12, 20, 9), minutes=60, capacity=7)
    poll = make_poll(draft=draft)
    state = make_state("Alvania")
    yes = make_asked(poll, make_person(of=state), organisation=state)
    no, silent = make_asked(poll), make_asked(poll)
    closed_record = make_asked(poll)
    say(yes, YES, YES, YES)
    say(no, NO, NO, NO)
    closed_record.person.active = False
    done = close(poll, poll.slots[1], officer)
    assert (done.session_id, done.invited.total, poll.peer_session_id) == (draft.id, 3, draft.id)
    assert (draft.status, draft.local_start, draft.zone, draft.minutes, draft.capacity) == (
        SessionStatus.SCHEDULED, TIMES[1], ZONE, 90, 7,
    )  # fmt: skip
    invited = session.scalars(select(Invitation)).all()
    assert {i.person_id for i in invited} == {yes.person_id, no.person_id, silent.person_id}
    assert {i.answer for i in invited} == {None}  # a vote is not an answer to an invitation
    assert next(i for i in invited if i.person_id == yes.person_id).organisation_id == state.id
    assert (poll.is_open, poll.chosen.id, present_openings([poll.id])) == (False, poll.slots[1].id, {poll.id: None})
    kinds = session.scalars(select(Message.kind).where(Message.state == State.QUEUED)).all()
    assert sorted(kinds) == ["session-invite"] * 3  # the invitation tells of the time; no other mail does
    assert session.scalar(select(func.count()).select_from(PeerSession)) == 1


def test_closing_a_poll_of_an_exchange_makes_its_session(session, officer):
    poll = make_poll()
    make_asked(poll)
    done = close(poll, poll.slots[0], officer)
    row = session.get(PeerSession, done.session_id)
    assert (row.exchange_id, row.titles, row.status, row.starts_at, row.minutes, row.capacity) == (
        poll.exchange_id, poll.titles, SessionStatus.SCHEDULED, poll.slots[0].starts_at, 90, 30,
    )  # fmt: skip
    assert session.scalar(select(func.count()).select_from(Exchange)) == 1


def test_closing_on_a_day_off_of_many_asks_once_more_and_keeps_who_meant_it(session, officer):
    poll = make_poll()
    state = make_state("Alvania", code="XL", weekend=["6", "7"])
    make_asked(poll, make_person(of=state), organisation=state)
    make_day("XL", poll.slots[0].starts_at.astimezone(ZoneInfo(state.zone)).date())
    version = poll.version
    with session.begin_nested() as alone:
        with pytest.raises(RuleBroken) as said:
            close(poll, poll.slots[0], officer)
        alone.rollback()
    assert said.value.field == "day_off"
    session.refresh(poll)
    assert (poll.is_open, poll.version) == (True, version)
    assert session.scalar(select(func.count()).select_from(Invitation)) == 0
    done = close(poll, poll.slots[0], officer, day_meant=True)
    row = session.get(PeerSession, done.session_id)
    assert (done.invited.total, row.day_off_seen["by"], row.day_off_seen["of"]) == (1, str(officer.id), 1)


def test_what_cannot_be_closed_says_why_and_nothing_is_scheduled(session, officer):
    draft = make_session(status=SessionStatus.DRAFT, local_start=datetime(2026, 12, 20, 9))
    poll = make_poll(draft=draft)
    make_asked(poll)
    over = poll.slots[0].starts_at
    assert refusal(close, poll, poll.slots[0], officer, now=over) == ("This time is over. Choose a later one.", "slot")
    other = make_poll()
    assert refusal(close, poll, other.slots[0], officer) == ("Choose one of the times.", "slot")
    draft.status = SessionStatus.SCHEDULED
    session.flush()
    sentence = "The session was scheduled meanwhile. Close the poll without a session, or move that session."
    assert refusal(close, poll, poll.slots[0], officer)[0] == sentence
    assert (poll.is_open, poll.chosen, session.scalars(select(Invitation)).all()) == (True, None, [])
    poll_closing.close_without(poll, tell=False, version=poll.version, by=officer, now=NOW)
    assert refusal(close, poll, poll.slots[0], officer)[0] == "This poll is closed already."


def test_a_failing_invitation_leaves_the_poll_open(session, officer, monkeypatch):
    poll = make_poll()
    make_asked(poll)
    session.commit()

    def broken(*_args, **_more):
        raise RuntimeError("for the test")

    monkeypatch.setattr(poll_closing, "invite", broken)
    with pytest.raises(RuntimeError):
        close(poll, poll.slots[0], officer)
    session.rollback()
    session.refresh(poll)
    assert (poll.is_open, poll.chosen, session.scalar(select(func.count()).select_from(PeerSession))) == (True, None, 0)


@pytest.mark.parametrize("tell", [True, False])
def test_closed_without_a_session_everyone_is_told_or_nobody(session, officer, tell):
    poll = make_poll()
    first, second = make_asked(poll), make_asked(poll)
    mark_sent()
    done = poll_closing.close_without(poll, tell=tell, version=poll.version, by=officer, now=NOW)
    told = {m.recipient_id for m in mails(session, "poll-closed")}
    assert (done.told, told) == ((2, {first.person_id, second.person_id}) if tell else (0, set()))
    assert session.scalar(select(func.count()).select_from(PeerSession)) == 0


def test_opened_again_answers_stay_and_the_silent_are_asked_if_wished(session, officer):
    poll = make_poll()
    answered, silent = make_asked(poll), make_asked(poll)
    say(answered, YES, NO, NO)
    mark_sent()
    link = silent.nonce
    poll_closing.close_without(poll, tell=True, version=poll.version, by=officer, now=NOW)
    later = Wall(datetime(2026, 12, 3, 9), ZONE, None, "deadline")
    assert refusal(poll_closing.reopen, poll, Wall(TIMES[0], ZONE), asking=True, version=poll.version, by=officer, now=NOW) == (
        "Enter a deadline before the first of the times.", "date_deadline",
    )  # fmt: skip
    told = poll_closing.reopen(poll, later, asking=True, version=poll.version, by=officer, now=NOW + minutes(1))
    waiting = [(m.kind, m.recipient_id, m.subject_revision) for m in mails(session) if m.state is State.QUEUED]
    assert (told, waiting) == (1, [("poll-asked", silent.person_id, 2)])  # word of the end that had not left is not sent
    assert (silent.nonce, answered.said[poll.slots[0].id], present_openings([poll.id])) == (link, YES, {poll.id: 2})


def test_a_poll_whose_session_stands_is_not_opened_again_but_one_whose_session_was_cancelled_is(session, officer):
    from app.exchanges.rules import cancel

    poll = make_poll()
    make_asked(poll)
    done = close(poll, poll.slots[0], officer)
    later = Wall(datetime(2026, 12, 3, 9), ZONE, None, "deadline")
    more = {"asking": False, "version": poll.version, "by": officer, "now": NOW}
    assert (
        refusal(poll_closing.reopen, poll, later, **more)[0]
        == "A session was scheduled from this poll. Move or cancel that session instead."
    )
    row = session.get(PeerSession, done.session_id)
    cancel(row, reason="", tell=False, version=row.version, by=officer, now=NOW)
    poll_closing.reopen(poll, later, **more)
    session.flush()
    again = close(poll, poll.slots[1], officer)
    assert (again.session_id != done.session_id, poll.chosen.id) == (True, poll.slots[1].id)


# people and clocks that change


def test_whoever_takes_over_gets_the_open_poll_with_what_was_said(session, officer):
    poll, state = make_poll(), make_state("Alvania")
    former, successor = make_person("Former", of=state), make_person("Next", of=state)
    asked = make_asked(poll, former, organisation=state)
    say(asked, YES, NO, IF_NEEDED, comment="Mornings")
    mark_sent()
    nonce, counted = asked.nonce, poll_handing.count_polls(former, NOW)
    poll_handing.take_over_polls(former, successor, by=officer, now=NOW + minutes(1))
    own = asked_in(poll, successor)
    assert (own.organisation_id, own.said, own.comment, own.because) == (state.id, asked.said, "Mornings", "hand_over")
    assert (asked.withdrawn_at, asked.nonce != nonce, counted, poll_handing.count_polls(former, NOW)) == (
        NOW + minutes(1),
        True,
        1,
        0,
    )
    assert [m.recipient_id for m in mails(session) if m.state is State.QUEUED] == [successor.id]
    assert len(results(poll, NOW).places) == 1


def test_a_corrected_address_gets_a_new_link_and_a_closed_record_is_asked_no_more(session, officer):
    poll = make_poll()
    asked = make_asked(poll)
    mark_sent()
    nonce = asked.nonce
    asked.person.email = "new@alvania.example"
    poll_handing.renew_polls(asked.person, now=NOW + minutes(1))
    (letter,) = [m for m in mails(session) if m.state is State.QUEUED]
    assert (letter.address, asked.nonce != nonce, asked.withdrawn_at) == ("new@alvania.example", True, None)
    poll_handing.let_go_polls(asked.person, now=NOW + minutes(2))
    assert (asked.withdrawn_at, asked_of(poll)) == (NOW + minutes(2), [])


def test_a_link_and_its_code_open_one_persons_poll_until_they_end(session, officer):
    from app.core import codes
    from app.core.signing import settings as installed
    from app.core.signing import sign

    poll = make_poll()
    asked = make_asked(poll)
    link = sign("poll", asked.id, asked.nonce)
    letter = mails(session)[0]
    code = codes.opened(installed().secret_keys, letter.facts["codes"]["poll"])
    assert (asked_by_link(link).id, poll_by_code(code)) == (asked.id, (asked.id, asked.nonce))
    assert (asked_by_link(sign("answer", asked.id, asked.nonce)), asked_by_link(link[:-1] + "x")) == (None, None)
    rules.withdraw_asked(asked, by=officer, now=NOW)
    assert (asked_by_link(link), poll_by_code(code), still_asks(letter)) == (None, None, False)


def test_clock_rules_that_change_move_times_and_keep_what_was_said(session):
    poll = make_poll()
    asked = make_asked(poll)
    say(asked, YES, NO, NO)
    slot, right = poll.slots[0], poll.slots[0].starts_at
    slot.starts_at, poll.tzdb_version = right - timedelta(hours=1), "2000a"
    session.flush()
    assert poll_handing.hold_clocks(NOW) == 1
    assert (slot.starts_at, asked.said[slot.id]) == (right, YES)
    assert poll_handing.hold_clocks(NOW) == 0


def test_answers_to_invitations_are_as_they_were(session, officer):
    poll = make_poll()
    asked = make_asked(poll)
    say(asked, YES, YES, YES)
    done = close(poll, poll.slots[0], officer)
    from app.exchanges.rules import respond

    invitation = session.scalars(select(Invitation).where(Invitation.peer_session_id == done.session_id)).one()
    assert respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(1)).answer is Answer.YES
