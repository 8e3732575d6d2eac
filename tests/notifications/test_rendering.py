"""The sent bytes: structure, headers, hostile words, languages, times, and the preview of the outbox page."""

import email
import email.policy
import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from app.core.languages import LANGUAGES, direction
from app.notifications import hours, outbox, rendering
from app.notifications.facts import calm
from app.notifications.mime import mailbox, words
from app.notifications.models import Message
from app.notifications.outbox import Letter
from app.notifications.rendering import Job, envelope_sender, preview, render, row_of_message_id

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
COMMON = {
    "titles": {"en": "Family reunification", "ar": "لم شمل الأسرة", "fr": "Le regroupement familial"},
    "starts_at": "2027-03-11T13:00:00Z",
    "minutes": 90,
    "places": ["Pacific/Fiji", "America/New_York", "Africa/Nairobi"],
    "invite": {
        "start": "2027-03-11T13:00:00Z", "minutes": 90, "summary": {"en": "Family reunification"},
        "description": "To join: {links.join}", "location": "{links.join}",
        "conferences": [{"uri": "{links.join}", "label": "English"}], "role": "REQ-PARTICIPANT", "asks": True,
    },
}  # fmt: skip
LINKS = {name: f"http://127.0.0.1:8000/en/answer/T?answer={name}&x=1" for name in ("yes", "maybe", "no", "join")}
JOB = Job(
    id=uuid.UUID("0190f5a2-0000-7000-8000-000000000001"), kind="test-invite", address="a.morrow@alvania.example", locale="en",
    zone="Africa/Nairobi", recipient_name="Adaeze Morrow", salutation="Ms. Morrow",
    facts={"links": LINKS, "personal": {"because": "Alvania asked"}}, common_id=uuid.UUID(int=7), common=COMMON, created_at=NOW,
    ical_method="REQUEST", ical_uid="session-1@pathways.example", ical_sequence=2, dtstamp=NOW,
)  # fmt: skip
NOTICE = {"titles": {"en": "Title"}, "note": "Words.", "agenda": {"md": "**Strong** [site](https://org.example/x)"}}


@pytest.fixture(autouse=True)
def _inside(app, test_kinds):
    rendering._compiled.clear()
    with app.app_context():
        yield


def sent(**changes):
    return email.message_from_bytes(render(replace(JOB, **changes), now=NOW).content, policy=email.policy.default)


def notice(facts=None, **changes):
    base = {"kind": "test-notice", "common_id": None, "common": {}, "ical_method": None, "ical_uid": None, "ical_sequence": None}
    return sent(**{**base, "facts": {"links": {"page": "http://127.0.0.1:8000/en/x"}, **NOTICE, **(facts or {})}, **changes})


def part(mail, kind):
    (found,) = [p for p in mail.walk() if p.get_content_type() == kind]
    return found


def text(mail):
    return part(mail, "text/plain").get_content().replace("\r\n", "\n")


def html(mail):
    return part(mail, "text/html").get_content()


@pytest.mark.line("A5")
def test_a5_structure_of_a_mail_with_a_calendar_part():
    mail = sent()
    assert mail.get_content_type() == "multipart/mixed"
    first, second = mail.iter_parts()
    assert [p.get_content_type() for p in first.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    assert first.get_content_type() == "multipart/alternative"
    assert (second.get_content_type(), second.get_filename()) == ("application/ics", "invite.ics")
    assert second.get_content() == part(mail, "text/calendar").get_payload(decode=True)
    assert mail.defects == [] and all(p.defects == [] for p in mail.walk())


@pytest.mark.line("A1", "A2", "O1")
@pytest.mark.parametrize(("method", "kind"), [("REQUEST", "test-invite"), ("CANCEL", "test-invite")])
def test_a1_a2_method_and_charset_outside_equal_those_inside(method, kind):
    found = part(sent(ical_method=method), "text/calendar")
    inside = Calendar.from_ical(found.get_payload(decode=True))
    assert found.get_param("method") == str(inside["METHOD"]) == method
    assert found.get_param("charset") == "UTF-8" and found["Content-Transfer-Encoding"] == "base64"


@pytest.mark.line("F1")
def test_f1_an_uninvitation_is_a_cancel_without_status():
    common = {**COMMON, "invite": {**COMMON["invite"], "uninvite": True}}
    told = part(sent(ical_method="CANCEL", common=common, common_id=uuid.uuid4()), "text/calendar").get_payload(decode=True)
    assert b"METHOD:CANCEL" in told and b"STATUS" not in told
    assert b"STATUS:CANCELLED" in part(sent(ical_method="CANCEL"), "text/calendar").get_payload(decode=True)


@pytest.mark.line("A4")
def test_a4_a_mail_without_entry_is_text_and_html():
    mail = notice()
    assert [p.get_content_type() for p in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.line("A7")
def test_a7_from_is_organizer_is_reply_to_and_other_mails_name_the_contact():
    mail = sent()
    (event,) = Calendar.from_ical(part(mail, "text/calendar").get_payload(decode=True)).walk("VEVENT")
    addresses = {
        mail["From"].addresses[0].addr_spec,
        mail["Reply-To"].addresses[0].addr_spec,
        str(event["ORGANIZER"]).removeprefix("mailto:"),
    }
    assert addresses == {"sessions@pathways.example"}
    other = notice()
    assert (other["From"].addresses[0].addr_spec, other["Reply-To"]) == (
        "sessions@pathways.example",
        "secretariat@pathways.example",
    )


@pytest.mark.line("P1", "P3", "P8", "P9")
def test_p1_p3_p8_p9_headers():
    mail = sent(thread_root="<first@pathways.example>")
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "OOF, DR, RN, NRN, AutoReply")
    assert mail["Message-ID"] == f"<{JOB.id}@pathways.example>"
    assert (mail["In-Reply-To"], mail["References"]) == ("<first@pathways.example>", "<first@pathways.example>")
    assert [a.addr_spec for a in mail["To"].addresses] == ["a.morrow@alvania.example"]
    assert (mail["Cc"], mail["Bcc"], mail["Content-Language"]) == (None, None, "en")
    assert parsedate_to_datetime(mail["Date"]) == NOW
    assert re.fullmatch(r"bounces\+[0-9a-f]{42}@pathways\.example", envelope_sender(JOB.id))
    assert row_of_message_id(mail["Message-ID"]) == JOB.id
    assert row_of_message_id("<x@pathways.example>") is None and row_of_message_id(f"<{JOB.id}@other.example>") is None


def test_the_entry_carries_uid_sequence_stamp_attendee_and_personal_link():
    (event,) = Calendar.from_ical(part(sent(), "text/calendar").get_payload(decode=True)).walk("VEVENT")
    assert (str(event["UID"]), event["SEQUENCE"], event["DTSTAMP"].dt) == ("session-1@pathways.example", 2, NOW)
    assert str(event["ATTENDEE"]) == "mailto:a.morrow@alvania.example"
    assert str(event["LOCATION"]) == LINKS["join"] == str(event["CONFERENCE"])
    assert str(event["DESCRIPTION"]) == f"To join: {LINKS['join']}"


def test_the_same_row_says_the_same_each_time():
    first, second = (render(JOB, now=NOW) for _ in range(2))
    assert first == second and len(first.sha256) == 64


def test_two_people_share_a_rendering_and_nothing_else():
    one = sent()
    other = sent(id=uuid.uuid4(), address="b@x.example", recipient_name="Bo Lind", salutation="", facts={
        "links": {k: v.replace("/T?", "/U?") for k, v in LINKS.items()}, "personal": {"because": "Elmara asked"}})  # fmt: skip
    assert len(rendering._compiled) == 2  # for the language, and for the zone that both are in
    assert "Dear Ms. Morrow," in text(one) and "Dear Bo Lind," in text(other)
    assert "Alvania" in text(one) and "Alvania" not in text(other) and "/T?" not in html(other)
    assert "morrow" not in other.as_string().lower()
    assert "Morrow" not in part(other, "text/calendar").get_payload(decode=True).decode()


def test_time_in_the_order_own_others_west_to_east_utc():
    assert (
        "Your time, Nairobi (UTC+3): 16:00 to 17:30\nThursday 11 March 2027\nNew York 08:00 · Fiji 01:00 (Fri)\n13:00 to 14:30 UTC\n"  # noqa: E501
        in text(sent())
    )
    eastern = text(sent(zone="Pacific/Fiji"))
    assert "Your time, Fiji (UTC+12): 01:00 to 02:30\nFriday 12 March 2027\n" in eastern
    assert "13:00 to 14:30 UTC, Thursday 11 March 2027" in eastern


def test_readers_in_all_zones_share_what_is_composed_and_each_gets_their_own_hour(monkeypatch):
    made = []
    compose = rendering.compile_mail
    monkeypatch.setattr(rendering, "compile_mail", lambda *given: made.append(1) or compose(*given))
    zones = ("Africa/Nairobi", "Pacific/Fiji", "America/St_Johns", "UTC", "Europe/Paris")
    told = {zone: sent(zone=zone) for zone in zones}
    assert made == [1]
    for mail, city, hour in zip(
        told.values(), ("Nairobi", "Fiji", "St. John’s", "UTC", "Paris"), ["16:00", "01:00", "09:30", "13:00", "14:00"], strict=True
    ):  # noqa: E501
        assert f"Your time, {city} (" in text(mail) and f"): {hour} to " in text(mail) and hour in mail["Subject"]
        assert f"Your time, {city}</p>" in html(mail).replace(' (<bdi dir="ltr">', "</p>") and f">{hour} <span" in html(mail)
        assert not re.search("[\ue000\ue001]", text(mail) + html(mail) + mail["Subject"])
    assert "Thursday 11 March 2027<" in html(told["Africa/Nairobi"]) and "Friday 12 March 2027<" in html(told["Pacific/Fiji"])


def test_hours_stand_in_html_as_if_they_had_been_there_when_it_was_written_out():
    asked = {("elsewhere", "2027-03-11T13:00:00Z", ("Pacific/Fiji", "Europe/Paris")): "a", ("utc_day", "2027-03-11T23:00:00Z"): "b"}
    words, marked = hours.answers(asked, "fr", "Europe/Paris")
    keep = '<span class="keep" style="white-space: nowrap;">'
    assert words == {"a": "Fidji 01:00 (ven.)\r\n", "b": ", jeudi 11 mars 2027"}
    assert marked == {"a": f"{keep}Fidji 01:00 (ven.)</span><br>", "b": ", jeudi 11 mars 2027"}
    assert hours.answers({("elsewhere", "2027-03-11T13:00:00Z", ()): "a"}, "fr", "UTC") == ({"a": ""}, {"a": ""})
    assert hours._as_html("a & b\xa0<'c'>") == "a &amp; b&nbsp;&lt;'c'&gt;"
    assert f"{keep}New York 08:00</span> · " in html(sent())


@pytest.mark.line("P10")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_p10_every_language_has_its_direction_and_its_local_date(lang):
    mail = sent(locale=lang)
    page = html(mail)
    assert f'<html lang="{lang}" dir="{direction(lang)}"' in page
    assert page.count(f'dir="{direction(lang)}"') >= 3 and mail["Content-Language"] == lang
    assert ('align="right"' in page) == (lang == "ar") and ('align="left"' in page) == (lang != "ar")
    assert "16:00" in mail["Subject"]
    assert "11 آذار/مارس" in mail["Subject"] if lang == "ar" else True


def test_the_html_needs_no_style_sheet_and_keeps_the_rules_for_dark():
    page = html(sent())
    assert page.count("<style") == 1 and "prefers-color-scheme: dark" in page
    assert 'name="color-scheme"' in page and 'name="supported-color-schemes"' in page
    assert page.count("<h1") == 1 and "<img" not in page and "<script" not in page
    assert 'role="presentation"' in page and "max-width: 600px" in page


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        if tag != "bdi":  # around a name, where there is one
            self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src", "action")]


HOSTILE = [
    '"<a href=https://evil.example>click</a>"', "[click](http://evil.example/x)", "x\r\nBcc: victim@evil.example", "x\nSubject: new",  # noqa: E501
    "www.evil.example", "HTTPS://evil.example", "=?utf-8?q?=0d=0aBcc:_victim@evil.example?=", "\u202egnp.exe", "a\ue000links.yes\ue001b",  # noqa: E501
    "<script>alert(1)</script>", "{{ config }}{% raw %}", '", evil@evil.example, "', "x" * 3000, "\0\x0b\x85", "%(name)s %s {0}",
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_e_a_hostile_name_subject_or_fact_leaves_one_recipient_no_header_no_link(hostile):
    calm_mail = notice()
    mail = notice(
        {"note": hostile, "titles": {"en": hostile}, "personal": {"x": hostile}}, recipient_name=hostile, salutation=hostile
    )
    assert mail.keys() == calm_mail.keys()
    assert [a.addr_spec for a in mail["To"].addresses] == ["a.morrow@alvania.example"]
    reader, usual = _Links(), _Links()
    reader.feed(html(mail))
    usual.feed(html(calm_mail))
    assert (reader.links, reader.tags) == (usual.links, usual.tags)
    assert "://" not in mail["Subject"]
    for told in (text(mail), html(mail)):
        assert "://evil" not in told.lower() and "evil.example" not in told
        assert "\ue000" not in told and "\u202e" not in told


@pytest.mark.line("B9")
@pytest.mark.parametrize("hostile", HOSTILE)
def test_e_the_calendar_entry_and_the_bytes_of_an_invitation_hold_the_same(hostile):
    invite = {**COMMON["invite"], "summary": {"en": hostile}, "description": hostile, "location": hostile}
    rendered = render(replace(JOB, common={**COMMON, "titles": {"en": hostile}, "invite": invite}, common_id=uuid.uuid4(),
                              recipient_name=hostile, salutation=hostile), now=NOW)  # fmt: skip
    mail = email.message_from_bytes(rendered.content, policy=email.policy.default)
    assert mail.keys() == sent().keys()
    (event,) = Calendar.from_ical(part(mail, "text/calendar").get_payload(decode=True)).walk("VEVENT")
    assert set(event) == {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "LOCATION", "CONFERENCE",
                          "ORGANIZER", "ATTENDEE", "STATUS"}  # fmt: skip
    assert str(event["ATTENDEE"]) == "mailto:a.morrow@alvania.example"
    assert all(len(line) <= 998 for line in rendered.content.split(b"\r\n"))
    assert b"\n" not in rendered.content.replace(b"\r\n", b"")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=90), subject=st.text(max_size=200))
def test_e_no_name_and_no_subject_makes_a_header(name, subject):
    raw = f"To: {mailbox(name, 'a@x.example')}\r\nSubject: {words(' '.join(subject.split()), 9)}\r\n\r\n".encode()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail.keys() == ["To", "Subject"]
    assert [a.addr_spec for a in mail["To"].addresses] == ["a@x.example"]
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))


def test_calm_words_hold_no_link_and_stay_readable():
    assert calm("J. Smith, Ph.D.").replace("\u2060", "") == "J. Smith, Ph.D."
    assert calm("see https://evil.example now") == "see evil.\u2060example now"
    assert calm("2027-03-11T13:00:00.5Z 1.5") == "2027-03-11T13:00:00.5Z 1.5"


def test_organisers_markdown_keeps_its_links_with_a_rel():
    page = html(notice())
    assert re.search(r'<a href="https://org\.example/x" rel="nofollow noopener noreferrer"', page)
    assert "<strong" in page and "site (https://org.example/x)" in text(notice())


@pytest.mark.parametrize("bad", ["javascript:alert(1)", "http://x y", "https://x\r\nBcc: a@b", "", None, 'http://x"onclick="'])
def test_a_link_is_an_http_address_or_the_mail_is_not_sent(bad):
    with pytest.raises(ValueError, match="no http address"):
        notice({"links": {"page": bad}})


def test_a_fact_that_is_missing_is_an_error_not_a_gap():
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        sent(common={}, common_id=None)


def test_greetings_by_form_name_or_neither():
    assert text(sent(salutation="Excellency")).startswith("Dear Excellency,\n")
    assert text(sent(salutation="")).startswith("Dear Adaeze Morrow,\n")
    assert text(sent(salutation="", recipient_name="")).startswith("Hello,\n")
    assert "<bdi>Ms. &lt;b&gt;</bdi>" in html(sent(salutation="Ms. <b>"))


def test_the_preview_shows_the_mail_with_every_link_blanked(session, now):
    letter = Letter(
        key="k", kind="test-invite", address="a@x.example", locale="en", zone="UTC", facts={"links": LINKS, "personal": {"because": "b"}},  # noqa: E501
        common=COMMON, recipient_name="Adaeze Morrow", ical_method="REQUEST", ical_uid="u@x.example", ical_sequence=0, dtstamp=now,
    )  # fmt: skip
    outbox.queue(letter, now=now)
    shown = preview(session.query(Message).one())
    whole = shown.subject + shown.text + shown.html + shown.calendar
    assert "http" not in whole and "/T?" not in whole and "href" not in shown.html
    assert "Dear Adaeze Morrow," in shown.text and "UID:u@x.example" in shown.calendar and "Will you take part?" in shown.html


def test_a_sign_in_mail_has_no_preview(session, now):
    outbox.queue(Letter(key="k", kind="sign-in-link", address="a@x.example", locale="en", zone="UTC"), now=now)
    assert preview(session.query(Message).one()) is None
