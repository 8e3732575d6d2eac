"""Letters corrected, cancelled, left out and discarded: numbers stay, mails that must not leave do not."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.files.models import StoredFile
from app.letters import queries, rules
from app.letters.models import Letter, SetStatus, Status
from app.notifications.models import Message, State
from tests.conftest import NOW
from tests.factories.exchanges import make_session
from tests.factories.letters import about, issue, issued, prepare
from tests.files.samples import PDF
from tests.letters.issuing import invited, text_of


def test_a_corrected_letter_gets_a_new_number_and_says_which_it_replaces(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    first = issued(secretary, row, signer)[0]
    subject = about(secretary, row)
    of = rules.correct(first, subject, by=secretary.person, now=NOW)
    assert rules.correct(first, subject, by=secretary.person, now=NOW).id == of.id  # asked twice, one draft
    second = issue(secretary, of, subject)[0]
    assert (first.status, first.number) == (Status.REPLACED, "PX/2026/L-0001")
    assert (second.status, second.number, second.replaces_id) == (Status.ISSUED, "PX/2026/L-0002", first.id)
    assert "This letter replaces our letter PX/2026/L-0001 of 23 November 2026." in text_of(second, session)
    waiting = dict(session.execute(select(Message.subject_id, Message.state).where(Message.kind == "letter-sent")).all())
    assert waiting == {first.id: State.CANCELLED, second.id: State.QUEUED}
    with pytest.raises(RuleBroken):
        rules.correct(first, subject, by=secretary.person, now=NOW)


def test_a_cancelled_letter_keeps_its_number_and_its_mail_does_not_leave(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    letter = issued(secretary, row, signer)[0]
    with pytest.raises(RuleBroken) as refused:
        rules.cancel(letter, "  ", by=secretary.person, now=NOW)
    assert refused.value.field == "reason"
    rules.cancel(letter, "Sent too early", by=secretary.person, now=NOW)
    rules.cancel(letter, "Sent too early", by=secretary.person, now=NOW)
    assert (letter.status, letter.number, letter.cancel_reason) == (Status.CANCELLED, "PX/2026/L-0001", "Sent too early")
    assert session.scalars(select(Message.state).where(Message.kind == "letter-sent")).all() == [State.CANCELLED]
    assert session.scalar(select(func.count()).where(AuditEntry.action == "letter.cancelled")) == 1
    assert issued(secretary, row, signer)[0].number == "PX/2026/L-0002"


def test_discarded_drafts_leave_no_number_and_no_file(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    annex = rules.Annex("Programme", FileStorage(io.BytesIO(PDF), filename="p.pdf"), "annex_1_file")
    of = prepare(secretary, about(secretary, row), signer, annexes=[annex])
    rules.discard(of, by=secretary.person, now=NOW)
    rules.discard(of, by=secretary.person, now=NOW)
    assert of.status is SetStatus.DISCARDED
    assert session.scalar(select(func.count()).select_from(Letter)) == 0
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 0
    assert issued(secretary, row, signer)[0].number == "PX/2026/L-0001"


def test_one_letter_can_be_left_out_but_not_the_last(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    invited(row, "Southland")
    of = prepare(secretary, about(secretary, row), signer)
    one, other = queries.letters_of(of)
    rules.leave_out(one, by=secretary.person, now=NOW)
    with pytest.raises(RuleBroken):
        rules.leave_out(other, by=secretary.person, now=NOW)
    assert [letter.id for letter in queries.letters_of(of)] == [other.id]
