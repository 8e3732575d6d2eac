"""Every mail of this room renders in six languages, with its calendar part and no foreign address."""

from __future__ import annotations

import email
import email.policy

import pytest
from icalendar import Calendar
from sqlalchemy import select

from app.exchanges import reminders, rules
from app.exchanges.models import Answer, Capacity, Route
from app.notifications import rendering
from app.notifications.models import Message
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import NOW, make_invitation, make_plan, make_session, mark_sent, minutes
from tests.factories.notifications import link_in

LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es")


def rendered(message):
    raw = rendering.render(rendering.job_of(message), now=NOW)
    return email.message_from_bytes(raw.content, policy=email.policy.default)


def calendar_of(mail):
    parts = [p for p in mail.walk() if p.get_content_type() == "text/calendar"]
    return Calendar.from_ical(parts[0].get_content()) if parts else None


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


@pytest.fixture
def everything(session):
    """All kinds of mail, to one person of a State in one language after another."""

    def say(language):
        state = make_state("Alvania", names={"en": "Alvania", "fr": "Alvanie", "ar": "ألفانيا"}, zone="Africa/Dakar")
        host = make_state("Elmara", zone="Asia/Amman")
        row = make_session(capacity=1, hosts=(host,), agendas={"en": "- Welcome"}, languages=("en", "fr", "ar"))

        def guest(**more):
            person = make_person(of=state, language=language, zone="Asia/Bangkok", family_name="Morrow")
            return make_invitation(row, person, organisation=state, **more)

        holder, waiting, silent, gone = guest(), guest(because="state"), guest(), guest()
        guest(capacity=Capacity.INFORMATION)
        by = make_person()
        mark_sent()
        rules.respond(holder, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(1))
        rules.respond(waiting, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(2))
        rules.answer_on_behalf(silent, answer=Answer.NO, by=by, now=NOW + minutes(3))
        rules.uninvite(gone, tell=True, by=by, now=NOW + minutes(4))
        rules.respond(holder, answer=Answer.NO, route=Route.PAGE, now=NOW + minutes(5))
        other = guest()
        mark_sent(NOW + minutes(5))
        reminders.queue_due(row.starts_at - minutes(5 * 24 * 60 - 1))
        reminders.queue_due(row.starts_at - minutes(59))
        plan = make_plan(capacity=1, titles={**row.titles, "en": "Another title"}, agendas=row.agendas)
        rules.change(row, plan, version=row.version, tell=True, by=by, now=NOW + minutes(6))
        rules.cancel(row, reason="The host is ill", tell=True, version=row.version, by=by, now=NOW + minutes(7))
        return other

    return say


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_renders_with_one_recipient_and_its_calendar_part(session, everything, language):
    everything(language)
    messages = session.scalars(select(Message).where(Message.locale == language)).all()
    kinds = {m.kind for m in messages}
    assert kinds >= {
        "session-invite", "session-copy", "session-update", "session-confirmation", "session-seat", "session-waiting",
        "answer-recorded", "session-cancel", "session-uninvite", "session-reminder", "session-nudge",
    }  # fmt: skip
    addresses = {m.address for m in messages}
    for message in messages:
        mail = rendered(message)
        raw = mail.as_string() + text_of(mail) + mail.get_body(("html",)).get_content()
        assert mail["Subject"].strip()
        assert mail["To"].addresses[0].addr_spec == message.address
        assert not [a for a in addresses - {message.address} if a in raw]
        entry = calendar_of(mail)
        assert (entry is not None) == (message.ical_method is not None)
        if entry is not None:
            event = entry.walk("VEVENT")[0]
            assert entry["METHOD"] == message.ical_method
            assert event["UID"] == message.ical_uid
            assert event["SEQUENCE"] == message.ical_sequence
            assert str(event["ATTENDEE"]) == f"mailto:{message.address}"


def test_an_invitation_says_time_here_elsewhere_and_in_utc_and_leads_to_three_answers(session, everything):
    everything("en")
    message = session.scalars(select(Message).where(Message.kind == "session-invite", Message.locale == "en")).first()
    mail = rendered(message)
    text = text_of(mail)
    assert mail["Subject"] == "Invitation: Family reunification when papers are missing, 7 December"
    assert "Your time, Bangkok (UTC+7): 20:00 to 21:30" in text
    assert "Nairobi 16:00" in text
    assert "Dakar 13:00" in text
    assert "13:00 to 14:30 UTC" in text
    for word in ("yes", "maybe", "no"):
        assert f"?answer={word}" in text
    assert "You receive this because of an invitation to this session, sent to: Alvania." in text


@pytest.mark.line("L1", "L2")
def test_an_invitation_says_its_personal_join_address_in_text_html_and_entry_before_there_is_a_seat(session, everything):
    everything("en")
    message = session.scalars(select(Message).where(Message.kind == "session-invite", Message.locale == "en")).first()
    mail, join = rendered(message), link_in(message, "join")
    event = calendar_of(mail).walk("VEVENT")[0]
    assert f"My address to join: {join}" in text_of(mail)
    assert "Until you answer Yes it leads to your answer, then to the meeting." in text_of(mail)
    assert f'href="{join}"' in mail.get_body(("html",)).get_content()
    assert (str(event["LOCATION"]), str(event["CONFERENCE"])) == (join, join)
    assert "meet.example" not in mail.as_string() + text_of(mail)


def test_a_copy_for_information_asks_nothing_and_its_entry_neither(session, everything):
    everything("en")
    message = session.scalars(select(Message).where(Message.kind == "session-copy", Message.locale == "en")).one()
    mail = rendered(message)
    assert "?answer=" not in text_of(mail) + mail.get_body(("html",)).get_content()
    attendee = calendar_of(mail).walk("VEVENT")[0]["ATTENDEE"]
    assert (attendee.params["ROLE"], attendee.params["RSVP"]) == ("NON-PARTICIPANT", "FALSE")
    event = calendar_of(mail).walk("VEVENT")[0]
    assert "/join/" not in text_of(mail) + str(event["DESCRIPTION"]) and "LOCATION" not in event and "CONFERENCE" not in event


def test_dial_in_and_test_link_are_in_the_confirmation_and_its_entry(session, everything):
    everything("en")
    message = session.scalars(select(Message).where(Message.kind == "session-confirmation", Message.locale == "en")).one()
    mail = rendered(message)
    event = calendar_of(mail).walk("VEVENT")[0]
    for place in (text_of(mail), mail.get_body(("html",)).get_content(), str(event["DESCRIPTION"])):
        assert "1234#" in place
        assert "https://meet.example/test" in place
    assert "/join/" in str(event["LOCATION"])
    assert "meet.example/abc" not in mail.as_string() + str(event["DESCRIPTION"])


def test_a_hostile_title_and_comment_leave_one_recipient_and_no_header(session):
    evil = "Session\r\nBcc: all@evil.example\r\n\r\nBEGIN:VEVENT <a href='http://evil.example'>x</a>"
    row = make_session(titles={"en": evil})
    make_invitation(row, make_person(family_name="Name\r\nBcc: b@evil.example", language="en"))
    mail = rendered(session.scalars(select(Message)).one())
    assert mail["Bcc"] is None
    assert len(mail["To"].addresses) == 1
    assert len(calendar_of(mail).walk("VEVENT")) == 1
    assert "<a href='http://evil" not in mail.get_body(("html",)).get_content()
    assert 'href="http://evil' not in mail.get_body(("html",)).get_content()
