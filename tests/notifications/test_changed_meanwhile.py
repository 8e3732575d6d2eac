"""What changed while a mail waited: the former never leaves, and nothing younger is held back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.db import uuid7
from app.extensions import db
from app.notifications import outbox, revisions
from app.notifications.models import State
from app.notifications.outbox import register_revision_check
from tests.factories.notifications import notice
from tests.notifications.conftest import post, rows, sending


def in_order(*letters, now):
    """The same letters, due a second apart, so that they leave in this order."""
    return [replace(letter, due_at=now - timedelta(seconds=100 - at)) for at, letter in enumerate(letters)]


def states():
    return {key: row.state for key, row in rows().items()}


def test_f10_a_change_before_data_keeps_the_old_mail_from_leaving(live, relay, now):
    subject = uuid7()
    post(*in_order(*(notice(n, subject_kind="session", subject_id=subject) for n in (1, 2, 3)), now=now), now=now)

    def organiser_cancels(address):
        if address == "r2@alvania.example":  # the second mail is between RCPT and DATA
            with live.app_context():
                outbox.cancel_waiting("session", subject, now=now)
                db.session.commit()

    relay.before_rcpt = organiser_cancels
    with sending(relay) as sender:
        sender.drain()
    assert states() == {"notice:1": State.SENT, "notice:2": State.CANCELLED, "notice:3": State.CANCELLED}
    assert relay.attempts == ["r1@alvania.example"]


SIGN_IN = {"links": {"open": "http://127.0.0.1:8000/en/p/5"}, "minutes": 20}


def test_an_address_that_changes_while_a_sender_has_the_mails_gets_them_and_the_former_gets_none(live, relay, now):
    one, two = uuid7(), uuid7()
    post(
        *in_order(
            notice(1), notice(2, recipient_id=one), notice(3, recipient_id=two), notice(4, recipient_id=two, at_most_once=True),
            notice(5, recipient_id=two, kind="sign-in-link", facts=SIGN_IN, common=None),
            now=now,
        ),
        now=now,
    )  # fmt: skip

    def corrected(address):
        if address == "r2@alvania.example":  # the second mail is between RCPT and DATA, the others were claimed with it
            with live.app_context():
                for person in (one, two):
                    outbox.readdress(person, f"{person.hex}@new.example", but=("sign-in-link",), now=now)
                db.session.commit()

    relay.before_rcpt = corrected
    with sending(relay) as sender:
        sender.drain()
        sender.drain()
    assert states() == {f"notice:{n}": State.CANCELLED if n == 5 else State.SENT for n in range(1, 6)}
    theirs = [f"{person.hex}@new.example" for person in (one, two, two)]
    assert relay.attempts == relay.recipients == ["r1@alvania.example", *theirs]
    found = rows()
    assert [found[f"notice:{n}"].address for n in (2, 3, 4)] == theirs
    assert {(row.attempts, row.error_class) for key, row in found.items() if key != "notice:5"} == {(1, None)}


def test_f10_a_mail_that_had_left_stays_sent_although_it_was_taken_back(live, relay, now):
    subject = uuid7()
    post(notice(1, subject_kind="session", subject_id=subject), now=now)
    with sending(relay) as sender:
        wanted = sender._still_wanted

        def just_after(row):
            answer = wanted(row)
            outbox.cancel_waiting("session", subject, now=now)
            db.session.commit()
            return answer

        sender._still_wanted = just_after
        sender.drain()
    assert states() == {"notice:1": State.SENT}
    assert relay.recipients == ["r1@alvania.example"]


@pytest.mark.line("N4")
def test_f10_another_revision_is_not_sent_even_if_a_rule_forgot_to_take_it_back(live, relay, now, no_checks):
    old, gone, same = uuid7(), uuid7(), uuid7()
    register_revision_check("session", lambda ids: {i: {old: 4, gone: None, same: 3}[i] for i in ids})
    post(*(notice(n, subject_kind="session", subject_id=s, subject_revision=3) for n, s in enumerate((old, gone, same))), now=now)
    with sending(relay) as sender:
        sender.drain()
    assert states() == {"notice:0": State.CANCELLED, "notice:1": State.CANCELLED, "notice:2": State.SENT}
    assert relay.recipients == ["r2@alvania.example"]


def test_f10_a_mail_without_a_revision_leaves_beside_those_that_have_one(live, relay, now, no_checks):
    subject = uuid7()
    register_revision_check("session", lambda ids: dict.fromkeys(ids, 3))
    about = {"subject_kind": "session", "subject_id": subject}
    post(notice(1, subject_revision=3, **about), notice(2, subject_revision=None, **about), now=now)
    with sending(relay) as sender:
        assert sender.drain() == 2
    assert states() == {"notice:1": State.SENT, "notice:2": State.SENT}


def test_f10_a_look_that_is_kept_never_holds_back_what_is_younger(live, relay, now, no_checks, monkeypatch):
    monkeypatch.setattr(revisions, "FRESH_SECONDS", 60)
    subject, present, asked = uuid7(), [3], []
    register_revision_check("session", lambda ids: asked.append(1) or dict.fromkeys(ids, present[0]))
    about = {"subject_kind": "session", "subject_id": subject}
    with sending(relay) as sender:
        for number in (1, 2):
            post(notice(number, subject_revision=3, **about), now=now)
            assert sender.drain() == 1
        assert asked == [1]
        present[0] = 4  # the session moved: its new mails are not taken for old ones
        post(notice(3, subject_revision=4, **about), now=now)
        assert sender.drain() == 1
        post(notice(4, subject_revision=3, **about), now=now)
        assert sender.drain() == 1
    assert states() == {"notice:1": State.SENT, "notice:2": State.SENT, "notice:3": State.SENT, "notice:4": State.CANCELLED}
