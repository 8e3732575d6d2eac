"""Owners are told 14 and 3 days before and once when overdue, the co-lead two weeks later; each date once."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select, update

from app.accounts.models import Role, RoleGrant
from app.core import clock, zones
from app.notifications import rendering
from app.notifications.models import Message, State
from app.notifications.revisions import checks
from app.pilots import reminders, rules
from app.pilots.rules import MilestonePlan
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import mark_sent
from tests.factories.pilots import NOW, a_link, make_milestone, make_pilot

LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es")
FRIDAY = date(2027, 1, 22)


def at(day, hour=9, zone="Africa/Nairobi", minute=0):
    return zones.to_instant(datetime(day.year, day.month, day.day, hour, minute), zone)


@pytest.fixture
def co_lead(session):
    return make_person("Prado", given_name="Lucía", roles=(Role.CO_LEAD,), zone="America/Lima", language="es")


@pytest.fixture
def pilot(session, co_lead):
    return make_pilot(co_lead_id=co_lead.id)


@pytest.fixture
def milestone(pilot):
    return make_milestone(pilot, FRIDAY)


def said(session):
    rows = session.scalars(select(Message).where(Message.kind.like("pilot-%")).order_by(Message.created_at, Message.id))
    return [(m.kind, m.recipient_id) for m in rows]


def walk(start, days, hours=(0, 8, 9, 10, 16, 17)):
    """The scan at these hours of so many days, from midnight: what was said, and when. Nine in Lima is 17 in Nairobi."""
    told = []
    for day, hour in product(range(days), hours):
        moment = start + timedelta(days=day, hours=hour)
        if reminders.queue_due(moment):
            told.append(moment)
        mark_sent(moment)
    return told


def test_the_owner_is_told_at_nine_fourteen_and_three_days_before_and_once_when_overdue_and_then_the_co_lead(
    session, milestone, co_lead
):
    told = walk(at(date(2027, 1, 1), 0), 50)
    assert told == [
        at(date(2027, 1, 8)),  # a Friday, fourteen days before
        at(date(2027, 1, 19)),  # a Tuesday, three days before
        at(date(2027, 1, 25)),  # the first working day after
        at(date(2027, 2, 5), zone="America/Lima"),  # fourteen days overdue, at nine where the co-lead is
    ]
    owner = milestone.owner_id
    assert said(session) == [
        ("pilot-due", owner), ("pilot-due", owner), ("pilot-overdue", owner), ("pilot-overdue-lead", co_lead.id),
    ]  # fmt: skip


@pytest.mark.parametrize(("weekend", "due", "days"), [
    # Sunday 24 January: 14 days before is a Sunday, 3 days before a Thursday; overdue from Tuesday, since Monday still counts
    (["6", "7"], date(2027, 1, 24), [date(2027, 1, 8), date(2027, 1, 21), date(2027, 1, 26)]),
    # a Friday-Saturday weekend: 14 days before Friday is a Thursday; Sunday still counts, overdue on Monday
    (["5", "6"], FRIDAY, [date(2027, 1, 7), date(2027, 1, 19), date(2027, 1, 25)]),
    ([], date(2027, 1, 24), [date(2027, 1, 10), date(2027, 1, 21), date(2027, 1, 25)]),
])  # fmt: skip
def test_days_off_of_the_state_move_what_is_said(session, weekend, due, days):
    pilot = make_pilot(make_state(zone="Asia/Amman", weekend=weekend))
    make_milestone(pilot, due)
    assert walk(at(date(2027, 1, 1), 0), 40) == [at(day) for day in days]


def test_running_it_twice_or_in_two_workers_says_it_once(session, milestone):
    moment = at(date(2027, 1, 8))
    assert reminders.queue_due(moment - timedelta(minutes=1)) == 0
    assert [reminders.queue_due(moment + timedelta(minutes=n)) for n in (0, 0, 5, 60)] == [1, 0, 0, 0]


def test_after_downtime_only_what_is_true_now_is_said(session, milestone):
    assert reminders.queue_due(at(date(2027, 1, 20))) == 1  # the one of fourteen days was missed, and is said no more
    assert [kind for kind, _ in said(session)] == ["pilot-due"]
    assert reminders.queue_due(at(FRIDAY + timedelta(days=40))) == 0  # what is this old came some other way


def test_on_the_last_day_a_reminder_still_leaves_and_after_midnight_it_is_void(session, milestone):
    assert reminders.queue_due(at(FRIDAY, 23)) == 1
    message = session.scalars(select(Message).where(Message.kind == "pilot-due")).one()
    assert message.expires_at == at(FRIDAY + timedelta(days=1), 0)
    assert reminders.queue_due(at(FRIDAY + timedelta(days=1), 0)) == 0


def test_a_changed_date_is_told_again_and_the_same_date_once(session, milestone):
    by, later = make_person(), date(2027, 2, 5)
    assert reminders.queue_due(at(date(2027, 1, 8))) == 1
    mark_sent(at(date(2027, 1, 8)))
    rules.move(milestone, later, reason="x", version=None, by=by, now=at(date(2027, 1, 8), 10))
    assert reminders.queue_due(at(date(2027, 1, 8), 11)) == 0
    rules.move(milestone, FRIDAY, reason="x", version=None, by=by, now=at(date(2027, 1, 8), 12))
    assert reminders.queue_due(at(date(2027, 1, 8), 13)) == 0  # told of this date already
    rules.move(milestone, later, reason="x", version=None, by=by, now=at(date(2027, 1, 8), 14))
    assert reminders.queue_due(at(date(2027, 1, 22))) == 1  # fourteen days before the new one
    assert len(said(session)) == 2


@pytest.mark.parametrize("change", ["moved", "done", "dropped", "ended", "handed on"])
def test_what_waits_is_taken_back_when_it_is_true_no_more(session, milestone, change):
    by, moment = make_person(zone="Africa/Nairobi"), at(date(2027, 1, 8))
    reminders.queue_due(moment)
    {
        "moved": lambda: rules.move(milestone, date(2027, 3, 5), reason="x", version=None, by=by, now=moment),
        "done": lambda: rules.finish(milestone, on=date(2027, 1, 8), note="x", version=None, by=by, now=moment, shown=a_link()),
        "dropped": lambda: rules.drop(milestone, reason="x", by=by, now=moment),
        "ended": lambda: rules.end(milestone.pilot, on=date(2027, 1, 8), reason="x", by=by, now=moment),
        "handed on": lambda: rules.edit_milestone(
            milestone, MilestonePlan(milestone.titles, milestone.due_on, post="x", owner_id=by.id), version=None, by=by, now=moment
        ),
    }[change]()
    assert session.scalars(select(Message.state).where(Message.kind == "pilot-due")).all() == [State.CANCELLED]
    again = reminders.queue_due(moment + timedelta(minutes=5))
    assert again == (1 if change == "handed on" else 0)
    present = checks["milestone"]([milestone.id])[milestone.id]
    assert present == {"moved": 2, "handed on": 1}.get(change)


def test_nobody_is_written_to_who_left_or_leads_no_more(session, milestone, co_lead):
    milestone.owner.active = False
    session.flush()
    session.execute(update(RoleGrant).where(RoleGrant.person_id == co_lead.id).values(ended_at=NOW))
    assert walk(at(date(2027, 1, 1), 0), 60, hours=(0, 6, 12, 18)) == []


def test_a_milestone_nobody_owns_is_told_to_the_co_lead_only(session, pilot, co_lead):
    make_milestone(pilot, FRIDAY, owner_id=None)
    walk(at(date(2027, 1, 1), 0), 50, hours=range(0, 24, 3))
    assert said(session) == [("pilot-overdue-lead", co_lead.id)]


def test_a_clock_that_jumps_can_stop_at_each_moment(session, milestone):
    found = reminders.moments_between(at(date(2027, 1, 1)), at(date(2027, 2, 28)))
    assert found == [
        at(date(2027, 1, 8)), at(date(2027, 1, 19)), at(date(2027, 1, 25)), at(date(2027, 2, 5), zone="America/Lima"),
    ]  # fmt: skip
    assert reminders.moments_between(at(date(2027, 1, 8)), at(date(2027, 1, 18))) == []


def test_the_scan_asks_the_same_few_questions_for_one_milestone_and_for_many(session, pilot, statements):
    counts = []
    for more in (1, 3, 20):
        for _n in range(more):
            make_milestone(pilot, FRIDAY)
        session.flush()
        session.expunge_all()
        statements.clear()
        reminders.queue_due(at(date(2027, 1, 19)))
        counts.append(len(statements))
        pilot = session.get(type(pilot), pilot.id)
    assert counts[0] == counts[1] == counts[2] <= 11


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_renders_in_the_recipients_language_with_the_date_in_words(session, language):
    co_lead = make_person("Prado", roles=(Role.CO_LEAD,), language=language)
    owner = make_person("Morrow", language=language, zone="Africa/Nairobi", joined_at=NOW)
    pilot = make_pilot(co_lead_id=co_lead.id)
    milestone = make_milestone(pilot, FRIDAY, owner_id=owner.id, evidence_asked={"en": "attendance list"})
    for day in (date(2027, 1, 8), date(2027, 1, 25), date(2027, 2, 5)):
        reminders.queue_due(at(day, 20))
    messages = session.scalars(select(Message).where(Message.subject_id == milestone.id)).all()
    assert {m.kind for m in messages} == {"pilot-due", "pilot-overdue", "pilot-overdue-lead"}
    for message in messages:
        raw = rendering.render(rendering.job_of(message), now=clock.now())
        mail = email.message_from_bytes(raw.content, policy=email.policy.default)
        text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
        assert message.locale == language and f'lang="{language}"' in html
        title = "Agents formés" if language == "fr" else "Officers trained"
        for part in (text, html):
            assert title in part and pilot.code in part and "attendance list" in part and "2027" in part
            assert f"/{language}/pilots/{pilot.id}/milestones/{milestone.id}" in part
        assert title in mail["Subject"]
        other = co_lead if message.recipient_id == owner.id else owner
        assert other.email not in mail.as_string() + text + html
    months = {
        "en": "22 January",
        "fr": "22 janvier",
        "es": "22 de enero",
        "ru": "22 января",
        "zh": "1月22日",
        "ar": "كانون الثاني/يناير",
    }
    first = next(m for m in messages if m.kind == "pilot-due")
    assert months[language] in first.facts["due"]


def test_the_task_queues_and_commits(session, milestone, monkeypatch):
    from worker.tasks.pilots import queue_reminders

    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 1, 8, 7, 0, tzinfo=UTC))
    session.commit()
    assert (queue_reminders(), queue_reminders()) == (1, 0)
