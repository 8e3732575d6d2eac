"""What a REPLY says, line by line of the checklist, from programs that write it in their own way."""

import time
from datetime import UTC, datetime

import pytest

from app.notifications import letterbox
from app.notifications.letterbox import Unreadable, open_mail
from app.notifications.replies import Reply, address_of, find_reply, zone_of
from tests.notifications.replying import ics, reply_mail

STAMP = datetime(2027, 2, 1, 9, 30, 15, tzinfo=UTC)
GOOD = Reply(
    "REPLY", "session-1@pathways.example", "a.morrow@alvania.example", "ACCEPTED", 0, STAMP,
    organizer="sessions@pathways.example",
)  # fmt: skip


def read(raw):
    return find_reply(open_mail(raw))


def test_a_plain_accept_is_read_whole():
    assert read(reply_mail()) == GOOD


@pytest.mark.line("H1")
@pytest.mark.parametrize("cte", ["base64", "quoted-printable", "8bit"])
def test_h1_every_transfer_encoding(cte):
    assert read(reply_mail(cte=cte)) == GOOD


@pytest.mark.line("A8", "H1")
def test_h1_the_calendar_part_anywhere_in_the_tree():
    inner = ics().replace("\r\n", "\n")
    raw = (
        'From: a.morrow@alvania.example\nContent-Type: multipart/mixed; boundary="a"\n\n--a\nContent-Type: multipart/related; boundary="b"\n\n'  # noqa: E501
        '--b\nContent-Type: multipart/alternative; boundary="c"\n\n--c\nContent-Type: text/plain\n\nyes\n--c\n'
        f"Content-Type: TEXT/Calendar; Method=reply; name=x\n\n{inner}\n--c--\n--b--\n--a--\n"
    )
    assert read(raw.encode()) == GOOD


@pytest.mark.line("A8", "H1")
def test_h1_a_mail_that_is_nothing_but_the_answer_and_an_attachment_by_name():
    assert read(b"From: a.morrow@alvania.example\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n" + ics().encode()) == GOOD
    named = b'From: a.morrow@alvania.example\r\nContent-Type: application/octet-stream; name="Invite.ICS"\r\n\r\n'
    assert read(named + ics().encode()) == GOOD


@pytest.mark.line("O1")
def test_the_method_in_the_body_holds_and_the_one_outside_fills_in():
    assert read(reply_mail(method="REQUEST")).method == "REPLY"
    assert read(reply_mail(calendar=ics(method=None), method="REPLY")) == GOOD
    assert read(reply_mail(calendar=ics(method=None), method="")) is None


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH", "DECLINECOUNTER"])
def test_what_is_no_answer_is_none(method):
    assert read(reply_mail(calendar=ics(method=method), method=method)) is None


@pytest.mark.line("J1")
def test_j1_who_asks_for_the_entry_again_is_told_as_such():
    reply = read(reply_mail(calendar=ics(method="REFRESH"), method="REFRESH"))
    assert (reply.method, reply.attendee, reply.problem) == ("REFRESH", "a.morrow@alvania.example", "")


def counter(times, **more):
    return read(reply_mail(calendar=ics(method="COUNTER", **more).replace("DTSTART:20300101T000000Z", times), method="COUNTER"))


@pytest.mark.line("I1")
@pytest.mark.parametrize(
    ("times", "start", "minutes"),
    [
        ("DTSTART:20270301T090000Z\r\nDTEND:20270301T103000Z", datetime(2027, 3, 1, 9, tzinfo=UTC), 90),
        ("DTSTART;TZID=Africa/Nairobi:20270301T120000\r\nDURATION:PT1H", datetime(2027, 3, 1, 9, tzinfo=UTC), 60),
        ('DTSTART;TZID="W. Europe Standard Time":20270301T100000', datetime(2027, 3, 1, 9, tzinfo=UTC), None),
        ("DTSTART:20270301T090000Z\r\nDTEND:20270310T103000Z", datetime(2027, 3, 1, 9, tzinfo=UTC), None),
    ],
)
def test_i1_a_counter_tells_the_time_it_proposes(times, start, minutes):
    reply = counter(times)
    assert (reply.method, reply.starts_at, reply.minutes, reply.problem) == ("COUNTER", start, minutes, "")
    assert reply.facts(STAMP)["starts_at"] == start.isoformat()


@pytest.mark.line("I1")
@pytest.mark.parametrize("times", ["DTSTART:20270301T090000", "DTSTART;VALUE=DATE:20270301", "DTSTART:nonsense", "X-NONE:1"])
def test_i1_a_counter_without_a_certain_time_is_unreadable(times):
    assert counter(times).problem == "unreadable"


@pytest.mark.line("I1")
def test_i1_a_counter_that_names_nobody_or_everybody_is_of_the_sender():
    everybody = "ATTENDEE:mailto:x@y.example\r\nATTENDEE:mailto:z@y.example"
    for line in ("X-NOBODY:1", everybody):
        reply = counter("DTSTART:20270301T090000Z", attendee_line=line)
        assert (reply.attendee, reply.problem) == ("a.morrow@alvania.example", "")


@pytest.mark.line("H9")
def test_h9_a_delegation_names_who_is_sent_and_who_sends():
    line = 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:Nora@Alvania.example":mailto:a.morrow@alvania.example'
    named = 'ATTENDEE;CN="Nora Sabri";DELEGATED-FROM="mailto:a.morrow@alvania.example":mailto:nora@alvania.example'
    reply = read(reply_mail(attendee_line=line, extra=named))
    assert (reply.partstat, reply.delegated_to, reply.delegate_name) == ("DELEGATED", "nora@alvania.example", "Nora Sabri")
    other = read(reply_mail(attendee_line=named, sender="nora@alvania.example"))
    assert (other.attendee, other.delegated_from) == ("nora@alvania.example", "a.morrow@alvania.example")


@pytest.mark.line("H2")
def test_h2_a_missing_organizer_and_addresses_in_other_case():
    reply = read(reply_mail(organizer=None, attendee="A.MORROW@ALVANIA.EXAMPLE"))
    assert (reply.attendee, reply.organizer, reply.problem) == ("a.morrow@alvania.example", "", "")


@pytest.mark.line("H2")
def test_h2_two_attendee_lines_the_senders_own_counts():
    other = "ATTENDEE;PARTSTAT=DECLINED:mailto:other@alvania.example"
    reply = read(reply_mail(extra=other))
    assert (reply.attendee, reply.partstat, reply.problem) == ("a.morrow@alvania.example", "ACCEPTED", "")
    assert read(reply_mail(extra=other, sender="third@alvania.example")).problem == "several_attendees"


def test_h2_the_same_attendee_twice_is_one_unless_they_differ():
    same = "ATTENDEE;PARTSTAT=ACCEPTED;CN=A:MAILTO:a.morrow@alvania.example"
    assert read(reply_mail(extra=same)).problem == ""
    assert read(reply_mail(extra=same.replace("ACCEPTED", "DECLINED"))).problem == "several_attendees"


@pytest.mark.line("H4")
def test_h4_an_absent_sequence_is_zero_and_nonsense_is_not_certain():
    assert read(reply_mail(sequence=None)) == GOOD
    assert read(reply_mail(sequence="7")).sequence == 7
    for nonsense in ("seven", "-1", "9" * 30):
        assert read(reply_mail(sequence=nonsense)).problem == "unreadable"


@pytest.mark.line("H5")
@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED", "NEEDS-ACTION"])
def test_h5_the_five_answers(partstat):
    assert read(reply_mail(partstat=partstat)).partstat == partstat
    assert read(reply_mail(partstat=partstat.lower())).partstat == partstat


@pytest.mark.line("H5")
def test_h5_another_word_is_not_certain_and_a_comment_is_kept():
    assert read(reply_mail(partstat="X-PERHAPS")).problem == "unreadable"
    assert read(reply_mail(extra="COMMENT:Running late\\, 10 minutes\\nSorry")).comment == "Running late, 10 minutes\nSorry"


@pytest.mark.line("H6")
def test_h6_changes_of_the_session_inside_an_answer_are_not_even_read():
    assert "Changed title" not in repr(read(reply_mail())) and "2030" not in repr(read(reply_mail()))


@pytest.mark.line("H9")
def test_h9_a_delegate_is_named():
    line = 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:B.Deputy@alvania.example":mailto:a.morrow@alvania.example'
    reply = read(reply_mail(attendee_line=line))
    assert (reply.partstat, reply.delegated_to) == ("DELEGATED", "b.deputy@alvania.example")


def test_names_in_other_scripts_folded_lines_and_bare_line_feeds():
    line = 'ATTENDEE;CN="أدايزي; مورو: (x)";PARTSTAT=TENTA\r\n TIVE:mailto:a.mor\r\n\trow@alvania.example'
    reply = read(reply_mail(attendee_line=line))
    assert (reply.attendee, reply.partstat) == ("a.morrow@alvania.example", "TENTATIVE")
    assert read(reply_mail(calendar=ics().replace("\r\n", "\n"))) == GOOD


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "utf-16", "windows-1252"])
def test_a_comment_in_any_charset(charset):
    reply = read(reply_mail(charset=charset, extra="COMMENT:à bientôt"))
    assert (reply.comment, reply.partstat) == ("à bientôt", "ACCEPTED")


def test_a_wrong_or_unknown_charset_does_not_lose_the_answer():
    raw = reply_mail(extra="COMMENT:à bientôt").replace(b"charset=utf-8; method", b"charset=us-ascii; method")
    assert read(raw).comment == "à bientôt"
    assert read(reply_mail().replace(b"charset=utf-8; method", b"charset=x-nobody; method")) == GOOD


@pytest.mark.line("M5")
def test_m5_a_dtstamp_in_a_windows_zone_or_a_makers_name():
    for tzid in ("W. Europe Standard Time", '"/maker.example/Europe/Berlin"', "Europe/Berlin"):
        calendar = ics().replace("DTSTAMP:20270201T093015Z", f"DTSTAMP;TZID={tzid}:20270201T103015")
        assert read(reply_mail(calendar=calendar)).dtstamp == STAMP
    assert read(reply_mail(dtstamp="20270231T000000Z")).dtstamp is None
    assert read(reply_mail(dtstamp=None)).dtstamp is None
    assert zone_of("Nowhere/At/All") is None


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("mailto:A@X.example", "a@x.example"), ("MAILTO:a@x.example", "a@x.example"), ("a@x.example", "a@x.example"),
        ("mailto:o%27neil@x.example", "o'neil@x.example"), ("<a@x.example>", "a@x.example"), ("invalid:nomail", "invalid:nomail"),
    ],
)  # fmt: skip
def test_addresses_in_the_ways_programs_write_them(told, address):
    assert address_of(told) == address


def test_the_sender_is_one_address_or_nobody():
    assert open_mail(reply_mail()).sender == "a.morrow@alvania.example"
    assert open_mail(reply_mail(sender="a@x.example, b@x.example")).sender == ""
    assert open_mail(reply_mail().replace(b"From:", b"X-From:")).sender == ""
    encoded = open_mail(reply_mail(sender="=?utf-8?b?2KPYr9in2YrYstmK?= <a@x.example>"))
    assert (encoded.sender, encoded.sender_name) == ("a@x.example", "أدايزي")


@pytest.mark.line("P2")
@pytest.mark.parametrize(
    "header",
    [
        ("Auto-Submitted", "auto-replied"),
        ("Precedence", "bulk"),
        ("X-Autoreply", "yes"),
        ("List-Id", "<x.example>"),
        ("Return-Path", "<>"),
    ],
)
def test_p2_machines_are_recognised(header):
    assert open_mail(reply_mail(headers=[header])).automatic
    assert not open_mail(reply_mail(headers=[("Auto-Submitted", "no")])).automatic


def test_the_words_of_a_person_from_text_or_html():
    assert open_mail(reply_mail(text="Yes, I will come.\n\nA. Morrow")).body == "Yes, I will come.\n\nA. Morrow"
    page = b"From: a@x.example\r\nContent-Type: text/html\r\n\r\n<style>p{}</style><p>Yes,<br>gladly<script>x()</script></p>"
    assert open_mail(page).body == "Yes,\ngladly"


@pytest.mark.line("H11")
def test_h11_size_parts_depth_and_time_are_bounded():
    with pytest.raises(Unreadable, match="too_large"):
        open_mail(b"x" * (letterbox.MOST_BYTES + 1))
    many = b'From: a@x.example\nContent-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 200 + b"--b--\n"
    with pytest.raises(Unreadable, match="too_many_parts"):
        open_mail(many)
    with pytest.raises(Unreadable, match="too_many_parts"):
        open_mail(b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n" * 10_000)
    deep = (
        b"From: a@x.example\n"
        + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(40))
        + b"\nx"
    )
    with pytest.raises(Unreadable, match="too_deep"):
        open_mail(deep)
    wrapped = b"Content-Type: message/rfc822\n\n" * 3000 + b"From: a@x.example\n\nx"
    with pytest.raises(Unreadable, match="too_deep"):
        open_mail(wrapped)


@pytest.mark.parametrize(
    "calendar",
    [
        ics(extra="X:" + "a" * 600_000),
        ics(extra="\r\n".join(f"X-{n}:1" for n in range(6_000))),
    ],
    ids=["long", "many lines"],
)
def test_h11_an_answer_beyond_the_bounds_is_not_certain(calendar):
    assert read(reply_mail(calendar=calendar)).problem == "unreadable"


@pytest.mark.line("H11", "Q3")
@pytest.mark.parametrize(
    "calendar",
    [
        "BEGIN:VCALENDAR\r\n" * 4_000,
        ics(extra="BEGIN:VALARM\r\nTRIGGER:-PT1M\r\nREPEAT:2147483647\r\nDURATION:PT1S\r\nEND:VALARM"),
        ics(extra="ATTENDEE" + ";X=1" * 20_000 + ":mailto:a.morrow@alvania.example"),
        ics(extra=" " * 300_000),
        ics(extra="ATTENDEE;CN=" + '"' * 100_001),
        "BEGIN:VTIMEZONE\r\nTZID:x\r\n" * 500 + ics(),
    ],
    ids=["nested", "alarm", "parameters", "blank", "quotes", "zones"],
)
def test_h11_hostile_objects_take_bounded_time(calendar):
    start = time.process_time()
    read(reply_mail(calendar=calendar))
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0", b"\r\n\r\n", b"From: \xff\xfe\r\nSubject: =?utf-8?q?=ff?=\r\n\r\n\xff", b"Content-Type: text/calendar; charset=\xff; method=REPLY\n\n\xff",  # noqa: E501
     b"From: =?x?y?z?= <a@\r\n b>\nContent-Type: multipart/mixed\n\nx", b"Content-Transfer-Encoding: uuencode\nContent-Type: text/calendar; method=REPLY\n\nbegin 666\n!!"],  # noqa: E501
)  # fmt: skip
def test_bytes_that_are_hardly_a_mail_are_read_without_an_error(raw):
    opened = open_mail(raw)
    find_reply(opened)
    assert "\0" not in opened.subject + opened.body + opened.sender
