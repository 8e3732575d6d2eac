"""Mails made to be misread: quoted results, dates that look like codes, charsets that write what no database holds."""

import pytest

from app.notifications.authentic import is_authentic
from app.notifications.bounces import is_certain
from app.notifications.inbound import receive
from app.notifications.letterbox import open_mail
from app.notifications.models import InboundMail, Message, Verdict
from app.notifications.reports import Fate, _by_words, read_reports
from app.notifications.spoken import suggestion
from tests.notifications.replying import ics, reply_mail

OURS = "mx.pathways.example"


@pytest.mark.line("H7")
@pytest.mark.parametrize(
    "told",
    [
        'spf=pass smtp.mailfrom="alvania.example"@evil.example',
        'spf=pass smtp.mailfrom="a b@alvania.example c"@evil.example',
        'spf=pass smtp.mailfrom="x; dmarc=pass header.from=alvania.example; "@evil.example',
        'spf=pass smtp.mailfrom="x\\"; dmarc=pass header.from=alvania.example; "@evil.example',
        'dkim=fail reason="; dkim=pass header.d=alvania.example"',
    ],
)
def test_h7_what_stands_in_quotes_vouches_for_nobody(told):
    assert is_authentic([f"{OURS}; {told}"], OURS, "a.morrow@alvania.example") is False


@pytest.mark.line("H7")
@pytest.mark.parametrize("told", ['spf=pass smtp.mailfrom="a morrow"@alvania.example', 'dkim=pass header.d="alvania.example"'])
def test_h7_quotes_around_what_is_true_do_no_harm(told):
    assert is_authentic([f"{OURS}; {told}"], OURS, "a.morrow@alvania.example") is True


@pytest.mark.line("P7")
@pytest.mark.parametrize(
    "words", ["I am away until 5.12.26, please write to my colleague.", "Tel. 5.12.33", "Version 5.1.1 of the form"]
)
def test_p7_a_date_or_a_number_is_no_status_code(words):
    assert _by_words(words).fate is Fate.UNKNOWN


@pytest.mark.line("P7")
@pytest.mark.parametrize(
    "words",
    [
        "550 5.1.1 user unknown",
        "550-5.1.1 no such user",
        "Sorry, no mailbox here. (#5.1.1)",
        "Status: 5.1.1",
        "smtp; 550 #5.1.10 x",
    ],
)
def test_p7_a_code_that_a_server_wrote_is_one(words):
    assert _by_words(words).fate is Fate.HARD


@pytest.mark.line("P7")
def test_p7_a_forwarding_that_failed_says_nothing_of_the_address_we_wrote_to():
    fields = "Original-Recipient: rfc822;a@gov.example\r\nFinal-Recipient: rfc822;%s\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    head = "From: m@gov.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
    certain = []
    for final in ("old@private.example", "a@gov.example"):
        raw = f"{head}Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n{fields % final}\r\n--b--\r\n"
        (report,) = read_reports(open_mail(raw.encode()))
        certain.append(is_certain(Message(address="A@gov.example"), report))
    assert certain == [False, True]


@pytest.mark.line("H11")
@pytest.mark.parametrize(
    "charset", ["unicode_escape", "raw_unicode_escape", "utf-7", "utf-16-le", "idna", "punycode", "bz2", "rot13"]
)
@pytest.mark.parametrize("inside", [b"\\ud800", b"+2AA-", b"\x00\xd8"])
def test_h11_no_charset_keeps_a_mail_from_being_stored(session, now, charset, inside):
    raw = reply_mail(ics(uid="UIDHERE"), headers=[("Subject-2", "x")]).replace(b"charset=utf-8", b"charset=" + charset.encode())
    raw = raw.replace(b"I accept.", b"I accept \xff" + inside)
    mail = receive(raw, "command", now)
    body = ics(uid="u").encode().replace(b"UID:u", b"UID:u\xff" + inside)
    plain = b"From: a@x.example\r\nSubject: \xff" + inside + b"\r\nContent-Type: text/calendar; method=REPLY; charset="
    other = receive(plain + charset.encode() + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body, "command", now)
    session.flush()
    for one in (mail, other):
        assert session.get(InboundMail, one.id).verdict is not Verdict.RECEIVED


def test_a_message_id_that_only_looks_like_ours_is_no_obstacle(session, now):
    from app.core.signing import settings

    raw = reply_mail(headers=[("In-Reply-To", f"<{'-' * 36}@{settings().mail_domain}>")])
    assert receive(raw, "command", now).reason != "not_judged"


@pytest.mark.parametrize(
    "words",
    [
        "I do not think I will attend.", "I doubt I can attend.", "Nobody from my office can attend.", "Neither of us can come.",
        "I would be glad to attend, but I am travelling that day.", "Ms Sabri will attend instead of me.",
        "I will attend only if my minister agrees.", "It is unlikely that I will come.", "We are not happy to join.",
        "Je n'y assisterai malheureusement pas.", "Je ne participerai malheureusement pas.", "Je ne pense pas que je viendrai.",
        "Je viendrai si mon ministre est d'accord.", "Mme Sabri participera ; je viendrai une autre fois, hélas.",
        "No acepto.", "No creo que asistiré.", "No confirmo todavía.", "Nadie asistirá; yo asistiré si puedo, pero no creo.",
        "Не подтверждаю.", "Я не согласен.", "Вряд ли приду.", "Не думаю, что приду.",
        "أنا غير موافق.", "لا أؤكد حضوري.", "للأسف لن أكون موافق", "我不可以参加。", "我不愿意参加。", "没有人会参加。", "不同意参加",
    ],
)  # fmt: skip
def test_words_that_doubt_or_deny_are_never_taken_for_yes(words):
    assert suggestion(words) != "yes"


@pytest.mark.parametrize(
    "words",
    [
        "No problem at all. I will attend.", "I will attend. My colleague does not know yet whether she travels.",
        "Yes, we confirm.\nWe do not need interpretation.", "Oui, je participerai. Je n'ai pas de question.", "Sí, asistiré. No hay problema.",
    ],
)  # fmt: skip
def test_a_denial_in_another_sentence_leaves_the_yes(words):
    assert suggestion(words) == "yes"
