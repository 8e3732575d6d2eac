"""A frozen outbox: nothing leaves from any process, the desk says so, and only an operator's word ends it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.models import Role
from app.extensions import db
from app.notifications import claims, freezing
from app.notifications import outbox as letters
from app.notifications.models import Message
from tests.conftest import NOW
from tests.factories.accounts import make_person
from tests.factories.notifications import make_letter


@pytest.fixture
def waiting(committed_app):
    with committed_app.app_context():
        for n in range(3):
            letters.queue(make_letter(key=f"k{n}", due_at=NOW, expires_at=NOW + timedelta(days=1)), now=NOW)
        db.session.commit()
    return committed_app


def claimed(app):
    with app.app_context():
        claimant = claims.Claimant(claims.connect(db.engine))
        try:
            rows = claimant.claim(NOW)
            claimant.give_back(rows)
            return len(rows)
        finally:
            claimant.close()


def states(app):
    with app.app_context():
        return sorted(s.value for s in db.session.scalars(select(Message.state)))


def test_nothing_is_claimed_counted_or_ended_while_it_is_frozen(waiting):
    run = waiting.test_cli_runner().invoke
    assert claimed(waiting) == 3
    assert run(args=["outbox", "freeze", "--reason", "new relay"]).output == "The outbox is frozen.\n"
    assert run(args=["outbox", "freeze"]).output == "The outbox was frozen before.\n"
    assert claimed(waiting) == 0
    with waiting.app_context():
        connection = claims.connect(db.engine)
        assert claims.backlog(connection, NOW) == 0
        claims.sweep(connection, NOW + timedelta(days=2))
        connection.close()
    assert states(waiting) == ["queued"] * 3, "what waits does not run out of time"
    assert run(args=["outbox", "go"]).output == "Mail leaves again.\n"
    assert claimed(waiting) == 3
    assert run(args=["outbox", "go"]).exit_code == 1


@pytest.mark.parametrize(("choice", "after"), [("--send-held", 3), ("--cancel-held", 1)])
def test_what_waited_in_a_backup_is_sent_or_cancelled_as_the_operator_says(waiting, choice, after):
    run = waiting.test_cli_runner().invoke
    with waiting.app_context():
        freezing.freeze(freezing.RESTORED, now=NOW)
        db.session.execute(update(Message).where(Message.key != "k2").values(restored_hold=True))
        db.session.commit()
    refused = run(args=["outbox", "go"])
    assert refused.exit_code == 1 and "2 mails were waiting in the backup" in refused.output
    assert claimed(waiting) == 0
    assert run(args=["outbox", "go", choice]).exit_code == 0
    assert claimed(waiting) == after
    if choice == "--cancel-held":
        assert states(waiting) == ["cancelled", "cancelled", "queued"]


def test_many_held_mails_are_looked_at_and_their_number_confirmed(waiting):
    run = waiting.test_cli_runner().invoke
    with waiting.app_context():
        facts = {"links": {"sign_in": "http://127.0.0.1:8000/en/sign-in"}, "at": NOW.isoformat(), "contact": "s@pathways.example"}
        zones = ("Africa/Nairobi", "America/Lima")
        letters.queue(
            [
                make_letter(
                    key=f"h{n}", kind="password-changed", address=f"h{n}@alvania.example", locale=("en", "ar")[n % 2],
                    zone=zones[n % 2], facts=facts, recipient_name=f"Held {n}",
                )
                for n in range(25)
            ],
            now=NOW,
        )  # fmt: skip
        letters.queue(make_letter(key="h-late", kind="password-changed", facts=facts, expires_at=NOW - timedelta(hours=1)), now=NOW)
        freezing.freeze(freezing.RESTORED, now=NOW)
        db.session.execute(update(Message).where(Message.key.like("h%")).values(restored_hold=True))
        db.session.commit()
    asked = run(args=["outbox", "go", "--send-held"])
    assert asked.exit_code == 1 and "25 mails would leave. Say the same with --confirm 25." in asked.output
    assert "languages: en 13, ar 12" in asked.output and "Africa/Nairobi 13" in asked.output and asked.output.count("sample: ") == 3
    assert run(args=["outbox", "go", "--send-held", "--confirm", "24"]).exit_code == 1 and claimed(waiting) == 0
    assert run(args=["outbox", "go", "--send-held", "--confirm", "25"]).output.endswith("26 held mails were released.\n")  # one is too late, and ends
    assert claimed(waiting) == 28


def test_what_the_relays_log_names_left_and_only_the_rest_is_sent(waiting, tmp_path):
    run = waiting.test_cli_runner().invoke
    with waiting.app_context():
        freezing.freeze(freezing.RESTORED, now=NOW)
        db.session.execute(update(Message).values(restored_hold=True))
        ids = dict(db.session.execute(select(Message.key, Message.id)).all())
        domain = waiting.config["SETTINGS"].mail_domain
        db.session.commit()
    log = tmp_path / "mail.log"
    log.write_bytes(
        f"Mar 11 cleanup[7]: 4F: message-id=<{ids['k0']}@{domain}>\n\xff half a line\n".encode("latin-1")
        + f"Mar 11 cleanup[7]: 50: message-id=<{str(ids['k2']).upper()}@{domain}>; message-id=<{uuid.uuid4()}@{domain}>\n".encode()
        + f"Mar 11 cleanup[7]: 51: message-id=<{ids['k1']}@{domain}.other.example>\n".encode()
    )  # fmt: skip
    done = run(args=["outbox", "go", "--left", str(log)])
    assert done.output == "Mail leaves again. 2 held mails had left and are marked as sent. 1 held mails were released.\n"
    with waiting.app_context():
        told = select(Message.key, Message.state, Message.restored_hold, Message.lease_token, Message.smtp_reply)
        assert db.session.execute(told.order_by(Message.key)).all() == [
            ("k0", "sent", False, None, "in the relay's log"), ("k1", "queued", False, None, None),
            ("k2", "sent", False, None, "in the relay's log"),
        ]  # fmt: skip
    assert claimed(waiting) == 1


def test_a_log_that_names_nothing_of_ours_and_the_rest_to_be_cancelled(waiting, tmp_path):
    run = waiting.test_cli_runner().invoke
    with waiting.app_context():
        freezing.freeze(freezing.RESTORED, now=NOW)
        db.session.execute(update(Message).values(restored_hold=True))
        db.session.commit()
    log = tmp_path / "mail.log"
    log.write_text("nothing\n")
    done = run(args=["outbox", "go", "--left", str(log), "--cancel-held"])
    assert done.output == "Mail leaves again. 3 held mails were cancelled.\n"
    assert states(waiting) == ["cancelled"] * 3


def test_the_desk_and_the_page_of_sending_say_it(app, sign_in):
    with app.app_context():
        person = make_person("Desk", roles=(Role.SECRETARIAT,))
        db.session.commit()
        db.session.remove()
    browser = sign_in(person)
    assert "frozen" not in browser.get("/en/desk").get_data(as_text=True)
    with app.app_context():
        freezing.freeze(freezing.RESTORED, now=NOW)
        letters.queue(make_letter(), now=NOW)
        db.session.execute(update(Message).values(restored_hold=True))
        db.session.commit()
        db.session.remove()
    assert "the outbox is frozen" in browser.get("/en/desk").get_data(as_text=True)
    page = browser.get("/en/desk/health").get_data(as_text=True)
    assert "flask outbox go" in page and "A backup was restored." in page and "1 mail waited in the backup" in page


def test_health_ends_with_one_when_something_is_wrong(waiting, monkeypatch):
    run = waiting.test_cli_runner().invoke
    done = run(args=["outbox", "health"])
    assert done.exit_code == 1 and "queued: 3\n" in done.output and "relay: does not answer\n" in done.output
    import dataclasses

    good = dataclasses.replace(waiting.config["SETTINGS"], smtp_url="memory:")
    monkeypatch.setitem(waiting.config, "SETTINGS", good)
    done = run(args=["outbox", "health"])
    assert done.exit_code == 0 and "relay: answers\n" in done.output
    with waiting.app_context():
        db.session.execute(update(Message).values(due_at=NOW - timedelta(hours=1)))
        db.session.commit()
    done = run(args=["outbox", "health"])
    assert done.exit_code == 1 and "(late)" in done.output


def test_a_test_mail_goes_through_the_outbox_and_says_what_became_of_it(committed_app, monkeypatch):
    import dataclasses

    run = committed_app.test_cli_runner().invoke
    refused = run(args=["mail", "test", "me@m.example", "--here"])
    assert refused.exit_code == 1 and "queued: the relay does not answer; the mail waits for it." in refused.output
    good = dataclasses.replace(committed_app.config["SETTINGS"], smtp_url="memory:")
    monkeypatch.setitem(committed_app.config, "SETTINGS", good)
    done = run(args=["mail", "test", "me@m.example", "--here"])
    assert done.exit_code == 0 and done.output.startswith("sent: the mail server took it")
    run(args=["outbox", "freeze"])
    frozen = run(args=["mail", "test", "me@m.example", "--here"])
    assert frozen.exit_code == 1 and "The outbox is frozen" in frozen.output
