"""The calendar object, held to the lines of the invitations checklist; each test carries the line's id."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from icalendar import Calendar

from app.notifications.calendar import (
    Attendee,
    Conference,
    Feed,
    Invite,
    Organizer,
    cancel_event,
    decline_counter,
    publish,
    request,
    uninvite,
)

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
ADDRESS = re.compile(rb"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")


def invite(**changes):
    base = Invite(
        uid="session-0190f5a2-0000-7000-8000-000000000001@pathways.example",
        sequence=0,
        dtstamp=datetime(2027, 2, 1, 9, 30, 15, tzinfo=UTC),
        start=START,
        minutes=90,
        summary="Family reunification when papers are missing",
        organizer=Organizer("Regular Pathways Network", "sessions@pathways.example"),
        attendee=Attendee("Adaeze Morrow", "a.morrow@alvania.example", "fr"),
        description="Bring one obstacle from your own work.\nJoin: https://pathways.example/j/abc",
        location="https://pathways.example/j/abc",
        url="https://pathways.example/en/sessions/1",
        conferences=(Conference("https://pathways.example/j/abc", "Join (EN)"),),
    )
    return replace(base, **changes)


def unfolded(raw):
    return re.sub(rb"\r\n[ \t]", b"", raw).decode().split("\r\n")


def lines(raw, name):
    return [line for line in unfolded(raw) if re.match(rf"{name}[;:]", line)]


def event(raw):
    (found,) = Calendar.from_ical(raw).walk("VEVENT")
    return found


ALL = {
    "request": lambda i: request(i),
    "cancel": lambda i: cancel_event(i),
    "uninvite": lambda i: uninvite(i),
    "decline_counter": lambda i: decline_counter(i),
    "publish": lambda i: publish([i]),
}


@pytest.mark.line("B1")
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_b1_version_prodid_and_method_once(build):
    raw = build(invite())
    assert lines(raw, "VERSION") == ["VERSION:2.0"]
    assert lines(raw, "PRODID") == ["PRODID:-//Pathways Exchange//Sessions//EN"]
    assert len(lines(raw, "METHOD")) == 1


@pytest.mark.line("B2", "Q2")
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_b2_crlf_and_lines_of_at_most_75_octets_cut_between_characters(build):
    raw = build(invite(summary="لم شمل الأسرة عند غياب الوثائق " * 9, description="家庭团聚" * 60))
    assert raw.endswith(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75
        line.decode("utf-8")  # raises when a character was cut


@pytest.mark.line("B3", "Q2")
def test_b3_text_is_escaped_and_names_are_quoted():
    raw = request(invite(summary="a; b, c \\ d", attendee=Attendee('Ann "A"\n^Bee; C', "a@x.example")))
    assert lines(raw, "SUMMARY") == ["SUMMARY:a\\; b\\, c \\\\ d"]
    assert "CN=\"Ann ^'A^' ^^Bee; C\"" in lines(raw, "ATTENDEE")[0]
    assert str(event(raw)["SUMMARY"]) == "a; b, c \\ d"
    assert event(raw)["ATTENDEE"].params["CN"] == 'Ann "A" ^Bee; C'


@pytest.mark.line("B4")
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_b4_uid_is_ours_unchanged(build):
    assert lines(build(invite()), "UID") == ["UID:session-0190f5a2-0000-7000-8000-000000000001@pathways.example"]


@pytest.mark.line("B5")
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_b5_dtstamp_is_the_moment_of_the_message_in_utc(build):
    here = datetime(2027, 2, 1, 12, 30, 15, 999_999, tzinfo=timezone(timedelta(hours=3)))
    assert lines(build(invite(dtstamp=here)), "DTSTAMP") == ["DTSTAMP:20270201T093015Z"]


@pytest.mark.line("B6")
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_b6_sequence_is_always_written(build):
    assert lines(build(invite()), "SEQUENCE") == ["SEQUENCE:0"]
    assert lines(build(invite(sequence=7)), "SEQUENCE") == ["SEQUENCE:7"]


@pytest.mark.line("B7")
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_b7_dtend_without_duration(build):
    raw = build(invite())
    assert lines(raw, "DTEND") == ["DTEND:20270311T143000Z"]
    assert lines(raw, "DURATION") == []


@pytest.mark.line("B8")
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_b8_summary_present_even_when_empty(build):
    assert lines(build(invite(summary="")), "SUMMARY") == ["SUMMARY:"]


HOSTILE = [
    "x\r\nATTENDEE:mailto:evil@x.example",
    "x\rATTENDEE:mailto:evil@x.example",
    "x\nBEGIN:VALARM",
    "\x00\x0b\x85X-EVIL:1\u2028Y:2",
]


@pytest.mark.line("B9", "Q3")
@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_b9_no_text_makes_a_new_content_line(build, hostile):
    calm = {line.split(":")[0].split(";")[0] for line in unfolded(build(invite()))}
    raw = build(
        invite(
            uid=hostile,
            summary=hostile,
            description=hostile,
            location=hostile,
            url="https://x.example/" + hostile,
            organizer=Organizer(hostile, "sessions@pathways.example" + hostile),
            attendee=Attendee(hostile, "a@x.example" + hostile, hostile),
            conferences=(Conference("https://x.example/" + hostile, hostile),),
        )
    )
    assert {line.split(":")[0].split(";")[0] for line in unfolded(raw)} == calm
    assert len(lines(raw, "ATTENDEE")) <= 1
    assert b"\r" not in raw.replace(b"\r\n", b"")


@pytest.mark.line("C1")
def test_c1_first_invitation_has_each_property_once():
    raw = request(invite())
    assert lines(raw, "METHOD") == ["METHOD:REQUEST"]
    for name in ("ORGANIZER", "ATTENDEE", "DTSTAMP", "DTSTART", "UID", "SUMMARY"):
        assert len(lines(raw, name)) == 1


@pytest.mark.line("C2", "O3")
def test_c2_attendee_is_asked():
    (line,) = lines(request(invite()), "ATTENDEE")
    params = event(request(invite()))["ATTENDEE"].params
    assert dict(params) == {
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
        "CN": "Adaeze Morrow",
        "LANGUAGE": "fr",
    }
    assert line.endswith(":mailto:a.morrow@alvania.example")
    watcher = Attendee("Obs", "o@x.example", role="OPT-PARTICIPANT")
    assert event(request(invite(attendee=watcher)))["ATTENDEE"].params["ROLE"] == "OPT-PARTICIPANT"
    informed = event(request(invite(attendee=Attendee("I", "i@x.example", role="NON-PARTICIPANT", asked=False))))
    assert informed["ATTENDEE"].params["ROLE"] == "NON-PARTICIPANT" and informed["ATTENDEE"].params["RSVP"] == "FALSE"
    with pytest.raises(ValueError, match="CHAIR"):
        request(invite(attendee=Attendee("I", "i@x.example", role="CHAIR")))


@pytest.mark.line("C3")
def test_c3_one_attendee_and_never_none():
    assert len(lines(request(invite()), "ATTENDEE")) == 1
    for build in (request, cancel_event, uninvite):
        with pytest.raises(ValueError, match="exactly one person"):
            build(invite(attendee=None))


@pytest.mark.line("C4")
def test_c4_status_of_a_request_is_confirmed_or_tentative():
    assert lines(request(invite()), "STATUS") == ["STATUS:CONFIRMED"]
    assert lines(request(invite(status="TENTATIVE")), "STATUS") == ["STATUS:TENTATIVE"]
    with pytest.raises(ValueError, match="CANCELLED"):
        request(invite(status="CANCELLED"))


@pytest.mark.line("C5", "C6")
def test_c5_no_request_status_and_c6_one_uid():
    raw = request(invite())
    assert lines(raw, "REQUEST-STATUS") == []
    assert len(Calendar.from_ical(raw).walk("VEVENT")) == 1


@pytest.mark.line("E1", "E2", "E3")
def test_e1_e2_e3_a_cancelled_session():
    raw = cancel_event(invite(sequence=4))
    assert lines(raw, "METHOD") == ["METHOD:CANCEL"]
    assert lines(raw, "STATUS") == ["STATUS:CANCELLED"]
    assert lines(raw, "SEQUENCE") == ["SEQUENCE:4"]
    assert len(lines(raw, "ORGANIZER")) == len(lines(raw, "DTSTAMP")) == 1
    (person,) = lines(raw, "ATTENDEE")
    assert person.endswith("mailto:a.morrow@alvania.example")
    assert b"VALARM" not in raw and lines(raw, "REQUEST-STATUS") == []
    assert lines(raw, "DTSTART") == ["DTSTART:20270311T130000Z"]
    assert b"https://" not in raw  # nothing to join any more


@pytest.mark.line("F1")
def test_f1_uninviting_one_person_has_no_status():
    raw = uninvite(invite(sequence=4))
    assert lines(raw, "METHOD") == ["METHOD:CANCEL"]
    assert lines(raw, "STATUS") == []
    assert lines(raw, "SEQUENCE") == ["SEQUENCE:4"]
    assert len(lines(raw, "ATTENDEE")) == 1


@pytest.mark.line("I3")
def test_i3_a_proposal_is_declined_with_its_own_uid_and_sequence_and_says_nothing_of_a_status():
    raw = decline_counter(invite(sequence=4))
    told = unfolded(raw)
    assert "METHOD:DECLINECOUNTER" in told and "SEQUENCE:4" in told
    assert lines(raw, "UID") == [f"UID:{invite().uid}"]
    assert len(lines(raw, "ATTENDEE")) == len(lines(raw, "ORGANIZER")) == 1
    assert lines(raw, "STATUS") == lines(raw, "REQUEST-STATUS") == lines(raw, "VALARM") == []
    assert "PARTSTAT" not in lines(raw, "ATTENDEE")[0] and "RSVP" not in lines(raw, "ATTENDEE")[0]


@pytest.mark.line("K1")
def test_k1_a_download_names_the_organizer_and_no_attendee():
    raw = publish([invite(), invite(uid="session-2@pathways.example", status="CANCELLED", sequence=3)])
    assert lines(raw, "METHOD") == ["METHOD:PUBLISH"]
    assert lines(raw, "ATTENDEE") == []
    assert len(lines(raw, "ORGANIZER")) == 2
    assert lines(raw, "STATUS") == ["STATUS:CONFIRMED", "STATUS:CANCELLED"]
    assert set(ADDRESS.findall(b"\r\n".join(x.encode() for x in unfolded(raw) if not x.startswith("UID")))) == {
        b"sessions@pathways.example"
    }


@pytest.mark.line("K2")
def test_k2_a_feed_says_its_name_source_and_rhythm():
    raw = publish([], Feed("My sessions, all", "https://pathways.example/feeds/abc.ics"))
    assert lines(raw, "NAME") == ["NAME:My sessions\\, all"]
    assert lines(raw, "X-WR-CALNAME") == ["X-WR-CALNAME:My sessions\\, all"]
    assert lines(raw, "REFRESH-INTERVAL") == ["REFRESH-INTERVAL;VALUE=DURATION:PT1H"]
    assert lines(raw, "X-PUBLISHED-TTL") == ["X-PUBLISHED-TTL:PT1H"]
    assert lines(raw, "SOURCE") == ["SOURCE;VALUE=URI:https://pathways.example/feeds/abc.ics"]
    assert lines(raw, "COLOR") == ["COLOR:teal"]


@pytest.mark.line("L1")
def test_l1_the_link_is_a_conference_and_in_location_and_description():
    raw = request(invite())
    assert lines(raw, "CONFERENCE") == ["CONFERENCE;FEATURE=AUDIO,VIDEO;LABEL=Join (EN);VALUE=URI:https://pathways.example/j/abc"]
    assert "https://pathways.example/j/abc" in lines(raw, "LOCATION")[0]
    assert "https://pathways.example/j/abc" in lines(raw, "DESCRIPTION")[0]


@pytest.mark.line("G1", "L5", "M1", "M2", "M4")
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_l5_m1_m4_utc_only_no_zone_no_alarm_no_recurrence(build):
    raw = build(invite(start=datetime(2027, 3, 11, 16, 0, tzinfo=timezone(timedelta(hours=3)))))
    assert lines(raw, "DTSTART") == ["DTSTART:20270311T130000Z"]
    for word in (b"TZID", b"VTIMEZONE", b"VALARM", b"RRULE", b"APPT-SEQUENCE", b"SENT-BY"):
        assert word not in raw
    with pytest.raises(ValueError, match="without a zone"):
        build(invite(start=datetime(2027, 3, 11, 16, 0)))


@pytest.mark.line("N2")
@pytest.mark.parametrize("build", [request, cancel_event, uninvite, decline_counter])
def test_n2_the_only_addresses_are_recipient_and_organizer(build):
    raw = b"\r\n".join(line.encode() for line in unfolded(build(invite())) if not line.startswith("UID"))
    assert set(ADDRESS.findall(raw)) == {b"a.morrow@alvania.example", b"sessions@pathways.example"}


def test_an_address_with_unusual_characters_stays_one_uri():
    odd = Attendee("A", '"a b,c"@x.example')
    (line,) = lines(request(invite(attendee=odd)), "ATTENDEE")
    assert line.endswith(":mailto:%22a%20b%2Cc%22@x.example")
