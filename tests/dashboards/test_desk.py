"""The secretariat's desk: what needs a person, in their hour, in few statements."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.models import Role
from app.dashboards.routes.desk import greeting
from app.exchanges.models import Answer, Capacity, Seat, Vote
from app.interests.models import Status
from app.notifications.models import State, Verdict
from tests.dashboards.rows import NOW, make_call, make_expression, make_inbound, make_invitation, make_message, make_session
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.polls import make_asked, make_poll, say


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def office(written, sign_in):
    """A client of the secretariat."""
    with written():
        person = make_person("Berg", given_name="Tomas")
    return sign_in(person, Role.SECRETARIAT)


def test_home_of_the_secretariat_is_its_desk(office):
    page = office.get("/en/")
    assert (page.status_code, page.location) == (302, "/en/desk")


@pytest.mark.parametrize("role", [Role.CO_LEAD, Role.PARTICIPANT, Role.OBSERVER])
def test_nobody_else_has_a_desk(written, sign_in, role):
    with written():
        person = make_person()
    assert sign_in(person, role).get("/en/desk").status_code == 404


def test_signed_out_people_are_asked_to_sign_in(client):
    assert client.get("/en/desk").status_code == 401


def test_a_quiet_day_says_so(office):
    text = words(office.get("/en/desk").text)
    assert "Good morning, Tomas. Nothing needs you today." in text
    assert "Nothing waits for you." in text and "No session is planned in the next two weeks." in text


def test_everything_that_waits_is_named_with_its_next_step(office, written):
    with written():
        state = make_state("Coralia")
        call = make_call()
        fresh = make_expression(call, state)
        decided = make_expression(call, state, Status.ACCEPTED)
        unclear = make_inbound(subject="Re: the session, perhaps", sender_name="Khalid Rahmani")
        make_inbound(subject="Applied", verdict=Verdict.APPLIED)
        failed = make_message(
            state=State.FAILED, error_class="refused", last_error="550 5.1.1 no such user", recipient_name="Old Mailbox"
        )
        resent = make_message(state=State.FAILED, recipient_name="Sent again")
        make_message(resend_of=resent.id, recipient_name="Sent again")
        make_message(state=State.FAILED, recipient_name="Long ago", created_at=NOW - timedelta(days=20))
        make_message(state=State.SENT, recipient_name="Arrived")
        make_designation(state, make_person("Tavita"), verified=False)
        soon = make_session("Papers missing", after=timedelta(days=2))
        make_invitation(soon, make_person())
        make_invitation(soon, make_person(), answer=Answer.YES, seat=Seat.HELD)
        make_invitation(soon, make_person(), capacity=Capacity.INFORMATION)
        make_session("In a month", after=timedelta(days=30))
    page = office.get("/en/desk").text
    text = words(page)
    assert "Good morning, Tomas. 5 things need you today." in text
    assert "New expression of interest: Coralia" in text and fresh.reference in text and decided.reference not in text
    assert unclear.subject in text and "Khalid Rahmani" in text and "Applied" not in text
    assert f"/en/desk/outbox/{failed.id}" in page and "does not know this address" in text
    for hidden in ("Sent again", "Long ago", "Arrived", "In a month"):
        assert hidden not in text
    assert "Designation to verify: Ada Tavita" in text
    assert "1 have not answered: Papers missing" in text and "1 of 10 seats taken" in text
    assert "oldest: 2 days" in text


def test_the_desk_needs_seven_statements_for_little_and_for_much(office, written, statements):
    counts = []
    for many in (1, 8):
        with written():
            call, state = make_call(), make_state()
            for _ in range(many):
                make_expression(call, state)
                make_inbound()
                make_message(state=State.FAILED)
                make_invitation(make_session(), make_person())
        statements.clear()
        assert office.get("/en/desk").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 7


def test_counts_stop_at_a_hundred(office, written):
    with written():
        for _ in range(101):
            make_inbound()
    assert "99+" in words(office.get("/en/desk").text)


@pytest.mark.parametrize(
    ("hour", "words_"),
    [(5, "Good morning"), (11, "Good morning"), (12, "Good afternoon"), (18, "Good evening"), (3, "Good evening")],
)
def test_the_greeting_is_that_of_the_readers_hour(base_app, hour, words_):
    moment = datetime(2026, 11, 23, hour, 30, tzinfo=UTC)
    with base_app.test_request_context("/en/"):
        assert greeting(moment, "Tomas", 0).startswith(words_)
        assert greeting(moment, "Tomas", 1) == f"{words_}, Tomas. 1 thing needs you today."


def test_hostile_words_of_a_mail_stay_words(office, written):
    with written():
        make_inbound(subject="<script>alert(1)</script>", sender_name='"><img src=x onerror=alert(1)>')
    page = office.get("/en/desk").text
    assert "<script>alert" not in page and "<img" not in page


def test_a_poll_waits_at_the_desk_once_everyone_answered_or_its_deadline_passed(written, office):
    with written():
        complete, late, asking, _nobody_asked = (make_poll(titles={"en": title}) for title in ("Complete", "Late", "Asking", "Empty"))
        say(make_asked(complete), Vote.YES, Vote.NO, Vote.NO)
        make_asked(late)
        make_asked(asking)
        late.deadline_at = NOW
    shown = words(office.get("/en/desk").text)
    titles = [title for title in ("Complete", "Late", "Asking", "Empty") if f"Date poll to close: {title}" in shown]
    assert (titles, "Everyone has answered" in shown, "The deadline was" in shown) == (["Complete", "Late"], True, True)
