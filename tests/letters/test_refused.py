"""Letters that may not be issued: a sentence at its place, and nothing is done."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from app.core.errors import RuleBroken
from app.exchanges.models import SessionStatus
from app.interests.models import Status as Interest
from app.letters import queries, rules
from app.letters.models import About, Letter, LetterSet, SetStatus
from app.notifications.models import Message
from tests.conftest import NOW
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import make_session
from tests.factories.interests import make_call, make_expression
from tests.factories.letters import about, issue, prepare
from tests.files.samples import PDF
from tests.letters.issuing import invited


def nothing_done(session):
    return (
        session.scalar(select(func.count()).select_from(Letter)),
        session.scalar(select(func.count()).select_from(LetterSet)),
        session.scalar(select(func.count()).where(Message.kind == "letter-sent")),
    )


def test_letters_without_a_signatory_are_refused(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    with pytest.raises(RuleBroken) as refused:
        prepare(secretary, about(secretary, row), None)
    assert refused.value.field == "signatory_id" and "signatory" in str(refused.value.message)
    assert nothing_done(session) == (0, 0, 0)


def test_a_signatory_who_no_longer_signs_stops_the_issue(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    subject = about(secretary, row)
    of = prepare(secretary, subject, signer)
    rules.save_signatory(signer, signer.name, signer.posts, False, version=signer.version, by=secretary.person, now=NOW)
    with pytest.raises(RuleBroken, match="rule") as refused:
        issue(secretary, of, subject)
    assert "Nobody signs" in str(refused.value.message)
    assert session.scalars(select(Letter.number)).all() == [None]


def test_too_many_letters_at_once_are_refused(session, secretary, signer, monkeypatch):
    from app.letters.rules import drafting

    monkeypatch.setattr(drafting, "MOST", 1)
    row = make_session()
    invited(row, "Northland")
    invited(row, "Southland")
    with pytest.raises(RuleBroken) as refused:
        prepare(secretary, about(secretary, row), signer)
    assert refused.value.field == "states" and nothing_done(session) == (0, 0, 0)


def test_a_wrong_annex_is_refused_at_its_field(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    wrong = FileStorage(io.BytesIO(b"MZ\x90\x00 not a letter"), filename="run.exe")
    with pytest.raises(RuleBroken) as refused, session.begin_nested():
        prepare(secretary, about(secretary, row), signer, annexes=[rules.Annex("Programme", wrong, "annex_1_file")])
    assert refused.value.field == "annex_1_file" and nothing_done(session) == (0, 0, 0)


def test_annexes_that_no_mail_carries_are_refused(session, secretary, signer, monkeypatch):
    from app.letters.rules import drafting

    monkeypatch.setattr(drafting, "MOST_ANNEX_BYTES", len(PDF))
    row = make_session()
    invited(row, "Northland")
    two = [rules.Annex("", FileStorage(io.BytesIO(PDF), filename=f"{n}.pdf"), f"annex_{n}_file") for n in (1, 2)]
    with pytest.raises(RuleBroken) as refused, session.begin_nested():
        prepare(secretary, about(secretary, row), signer, annexes=two)
    assert refused.value.field == "annex_2_file" and nothing_done(session) == (0, 0, 0)


def test_letters_wait_for_what_they_are_about(session, secretary, signer):
    draft = make_session(status=SessionStatus.DRAFT)
    state = make_state("Northland")
    open_one = make_expression(make_call(), state, status=Interest.UNDER_REVIEW)
    unverified = make_designation(state, make_person(of=state), verified=False)
    for row, kind in ((draft, About.SESSION), (open_one, About.EXPRESSION), (unverified, About.DESIGNATION)):
        with pytest.raises(RuleBroken):
            prepare(secretary, about(secretary, row, kind), signer)
    assert nothing_done(session) == (0, 0, 0)


def test_a_session_that_moved_since_the_letters_were_looked_at_stops_the_issue(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    subject = about(secretary, row)
    of = prepare(secretary, subject, signer)
    seen = rules.seen(rules.proofs(of, queries.letters_of(of), subject, NOW))
    row.starts_at += timedelta(hours=1)
    session.flush()
    with pytest.raises(RuleBroken) as refused:
        rules.issue(of, subject, looked_at=seen, by=secretary.person, now=NOW)
    assert "changed since you looked" in str(refused.value.message)
    assert of.status is SetStatus.DRAFT and nothing_done(session)[2] == 0


def test_a_text_written_by_hand_is_checked_again_when_its_facts_change(session, secretary, signer):
    row = make_session()
    _north, _ = invited(row, "Northland")
    subject = about(secretary, row)
    of = prepare(secretary, subject, signer)
    (draft,) = queries.letters_of(of)
    automatic = rules.proofs(of, [draft], subject, NOW)[0].written.automatic
    own = {**automatic, "body": "We meet on 7 December."}
    save = {"kind": draft.kind, "language": "en", "addressed": draft.addressed, "own": own, "by": secretary.person, "now": NOW}
    rules.edit(draft, subject, version=draft.version, **save)
    row.starts_at += timedelta(days=1)
    session.flush()
    with pytest.raises(RuleBroken) as refused:
        issue(secretary, of, subject)
    assert "Northland" in str(refused.value.message)
    rules.edit(draft, subject, version=draft.version, **save)
    assert issue(secretary, of, subject)[0].content["passages"][0]["text"] == "We meet on 7 December."
