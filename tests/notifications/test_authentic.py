"""Whom our mail server vouches for, and that nobody else's word counts."""

from dataclasses import replace

import pytest
from flask import current_app

from app.notifications.authentic import is_authentic
from app.notifications.inbound import receive
from tests.notifications.replying import reply_mail

OURS = "mx.pathways.example"
SENDER = "a.morrow@interior.alvania.example"


@pytest.mark.line("H7")
@pytest.mark.parametrize(
    "told",
    [
        f"{OURS}; dmarc=pass (p=none dis=none) header.from=interior.alvania.example",
        f"{OURS}; dkim=pass header.d=interior.alvania.example header.s=k",
        f"{OURS} 1; dkim=pass (good; header.d=evil.example) header.i=@alvania.example",
        f"{OURS};\r\n spf=pass smtp.mailfrom=bounces@alvania.example;\r\n dkim=fail header.d=x.example",
        "MX.Pathways.Example; spf=fail smtp.mailfrom=x@y.example; dkim = pass header.d=ALVANIA.example",
    ],
)
def test_h7_our_server_vouches_for_the_senders_domain(told):
    assert is_authentic([told], OURS, SENDER) is True


@pytest.mark.line("H7")
@pytest.mark.parametrize(
    "told",
    [
        "",
        f"{OURS}; none",
        f"{OURS}; dkim=pass header.d=evil.example",
        f"{OURS}; dkim=pass header.d=example",
        f"{OURS}; dkim=pass header.d=mail.interior.alvania.example",
        f"{OURS}; dkim=pass header.d=evilalvania.example",
        f"{OURS}; dkim=fail header.d=alvania.example",
        f"{OURS}; dmarc=pass header.from=alvania.example",
        f"{OURS}; spf=pass smtp.helo=alvania.example",
        f"{OURS}; arc=pass header.d=alvania.example",
        "mx.evil.example; dkim=pass header.d=alvania.example",
        f"mx.evil.example; {OURS}; dkim=pass header.d=alvania.example",
        f"({OURS}) mx.evil.example; dkim=pass header.d=alvania.example",
        "((((((((((" * 500,
    ],
)
def test_h7_what_our_server_did_not_say_is_no_proof(told):
    assert is_authentic([told], OURS, SENDER) is False
    assert is_authentic([told], OURS, "") is False


def test_where_no_server_is_named_nothing_is_judged():
    assert is_authentic([f"{OURS}; dkim=fail"], "", SENDER) is None


def test_h7_the_verdict_of_the_server_is_kept_with_the_answer(session, monkeypatch, now):
    known = current_app.config["SETTINGS"]
    assert "authentic" not in receive(reply_mail(), "command", now).reply
    monkeypatch.setitem(current_app.config, "SETTINGS", replace(known, mail_authserv_id=OURS))
    good = [("Authentication-Results", f"{OURS}; dkim=pass header.d=alvania.example")]
    assert receive(reply_mail(headers=good, text="one"), "command", now).reply["authentic"] is True
    assert receive(reply_mail(text="two"), "command", now).reply["authentic"] is False
