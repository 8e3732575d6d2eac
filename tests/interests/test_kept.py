"""What is said about how long data stay is what happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Role
from app.audit.queries import lines_about
from app.core.signing import sign
from app.extensions import db
from app.files.models import StoredFile
from app.interests import rules
from app.interests.models import Expression, Note, Question, Status
from app.interests.rules import tidy
from app.notifications.models import Message
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import mark_sent
from tests.factories.interests import NOW, make_call, make_draft, make_expression

OLD = datetime(2024, 11, 22, 9, 0, tzinfo=UTC)  # 24 months and a day ago


def old_one(call, state, officer, **fields):
    """Sent, asked about, noted and declined, all long ago."""
    one = make_expression(call, state, submitted_at=OLD - timedelta(days=9), source_number="NV 4", **fields)
    question = rules.ask(one, "Which ministry?", by=officer, now=OLD - timedelta(days=8))
    rules.answer(question, "The first, says Adaeze.", now=OLD - timedelta(days=7))
    rules.note(one, "Call Adaeze.", by=officer, now=OLD - timedelta(days=7))
    rules.decline(one, reason="Dear Adaeze, not this time.", by=officer, now=OLD)
    scan = StoredFile(
        sha256="0", size=1, media_type="application/pdf", original_name="adaeze.pdf", object_kind="expression", object_id=one.id,
        purpose="endorsement",
    )  # fmt: skip
    db.session.add(scan)
    db.session.flush()
    one.endorsement_file_id = scan.id
    db.session.flush()
    return one


def a_place():
    officer, state = make_person("Berg"), make_state("Alvania", code="XL")
    call = make_call(opens_at=OLD - timedelta(days=60), closes_at=OLD - timedelta(days=30))
    return call, state, officer


@pytest.fixture
def place(session):
    return a_place()


def test_after_24_months_names_texts_files_and_mails_go_and_the_statistics_stay(session, place):
    one = old_one(*place)
    link = sign("status", one.id, one.status_nonce)
    mark_sent()
    assert rules.erase_old_expressions(NOW) == 1
    session.expire_all()
    row = session.get(Expression, one.id)
    kept = " ".join(str(v) for c in Expression.__table__.columns if (v := getattr(row, c.key)) is not None)
    for gone in ("Adaeze", "Morrow", "interior.example", "Director", "papers are missing", "NV 4", "not this time"):
        assert gone.lower() not in kept.lower(), gone
    assert (row.status, row.grounds, row.reference, row.erased_at) == (Status.DECLINED, ["family", "child"], one.reference, NOW)
    assert row.state_id == place[1].id
    for model in (Note, Question, StoredFile):
        assert session.scalars(select(model)).all() == []
    assert session.scalars(select(Message).where(Message.subject_id == one.id)).all() == []
    lines = lines_about("expression", one.id)
    assert str(lines[0].said) == "Names, texts and files deleted after 24 months" and lines[0].who == ""
    from app.interests.queries import behind_status

    assert behind_status(link, NOW) is None
    assert rules.erase_old_expressions(NOW) == 0  # once


@pytest.mark.parametrize("why", ["call", "step", "sent"])
def test_what_is_younger_in_any_way_stays_as_it_is(session, place, why):
    call, state, officer = place
    if why == "call":
        call.closes_at = NOW - timedelta(days=729)
    one = old_one(call, state, officer)
    if why == "step":
        rules.reopen(one, by=officer, now=NOW - timedelta(days=1))
    elif why == "sent":
        one.submitted_at = NOW - timedelta(days=3)
    session.flush()
    assert rules.erase_old_expressions(NOW) == 0
    assert one.contact_family_name == "Morrow" and one.erased_at is None


def test_an_expired_draft_goes_with_the_mails_that_led_back_to_it(session, place):
    _call, state, _officer = place
    draft = make_draft(make_call(), state)
    rules.mail_resume_link(draft, "adaeze@interior.example", now=NOW)
    mark_sent()
    later = NOW + timedelta(days=31)
    assert rules.clear_expired_drafts(later) == 1
    assert session.scalars(select(Message)).all() == [] and session.scalars(select(Expression)).all() == []


def test_the_task_runs_both_every_hour(app):
    from worker.schedule import beat_schedule
    from worker.tasks import interests

    with app.app_context():
        one = old_one(*a_place()).id
        db.session.commit()
        interests.tidy()
        assert db.session.get(Expression, one).erased_at == NOW
    assert beat_schedule["drafts"] == {"task": "interests.tidy", "schedule": 3600.0}


def test_a_leap_day_two_years_on():
    assert tidy._years_before(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2026, 2, 28, tzinfo=UTC)


def test_the_record_says_so_and_the_pages_say_what_is_done(app, client, sign_in):
    with app.app_context():
        one = old_one(*a_place()).id
        rules.erase_old_expressions(NOW)
        officer = make_person("Desk")
        db.session.commit()
        db.session.expunge_all()
    page = sign_in(officer, Role.SECRETARIAT).get(f"/en/desk/expressions/{one}")
    assert page.status_code == 200 and "deleted after 24 months" in page.text
    privacy = client.get("/en/privacy").text
    assert "24 months after its call closed" in privacy and "30 days after its last change" in privacy
