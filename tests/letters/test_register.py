"""The register: letters in and out and those other rooms hold, answers that are due, and the mail a letter travels with."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from werkzeug.datastructures import FileStorage

from app.accounts.access import Viewer
from app.accounts.models import Role
from app.core.errors import RuleBroken
from app.exchanges.models import Answer
from app.exchanges.rules import answer_on_behalf
from app.exchanges.rules.delegating import Source as AnswerSource
from app.files.models import StoredFile
from app.files.rules import path_of
from app.interests.models import Source
from app.interests.models import Status as Interest
from app.letters import queries, rules
from app.letters.models import About, Direction, LetterKind, Status
from app.letters.queries import Filters
from app.notifications.models import Message, State
from app.notifications.rendering import job_of, preview, render
from tests.conftest import NOW
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_expression
from tests.factories.letters import about, issue, issued, prepare, received
from tests.files.samples import PDF


@pytest.fixture
def sent(session, secretary, signer):
    """A letter of ours to Northland that asks for an answer."""
    row = make_session()
    state = make_state("Northland")
    make_invitation(row, make_person(of=state), organisation=state)
    return issued(secretary, row, signer, answer_due=date(2026, 12, 1))[0]


def numbers(secretary, **filters):
    rows = queries.page(secretary, Filters(**filters)).rows
    return [entry.number or entry.their_number for entry in rows]


def test_what_other_rooms_hold_stands_in_the_register_once_and_with_its_link(session, secretary, sent):
    state = make_state("Southland")
    expression = make_expression(
        make_call(),
        state,
        source=Source.NOTE_VERBALE,
        source_number="NV/1",
        source_date=date(2026, 11, 10),
        reference="EOI-2026-0001",
    )
    make_expression(make_call(), state, source=Source.WEB_FORM, reference="EOI-2026-0002")
    designation = make_designation(state, make_person(of=state), letter_number="NV/2", letter_date=date(2026, 11, 12))
    row = make_session()
    invitation = make_invitation(row, make_person(of=state), organisation=state)
    by_note = AnswerSource(kind="note_verbale", number="NV/3", on=date(2026, 11, 14))
    answer_on_behalf(invitation, answer=Answer.YES, source=by_note, by=secretary.person, now=NOW)
    came = received(secretary, state)
    entries = queries.page(secretary, Filters()).rows
    assert [(e.held, e.number or e.their_number) for e in entries] == [
        ("letter", sent.number), ("letter", came.number), ("invitation", "NV/3"), ("designation", "NV/2"), ("expression", "NV/1"),
    ]  # fmt: skip
    assert {e.id for e in entries if e.held in ("expression", "designation")} == {expression.id, designation.id}
    assert numbers(secretary, direction=Direction.OUT) == [sent.number]
    assert numbers(secretary, state_id=state.id) == [came.number, "NV/3", "NV/2", "NV/1"]
    assert numbers(secretary, kind=LetterKind.NOTE_VERBALE, direction=Direction.IN) == [came.number, "NV/3", "NV/1"]
    assert numbers(secretary, words="nv/2") == ["NV/2"]


def test_the_register_is_paged_by_key_and_loses_nothing(session, secretary):
    state = make_state("Southland")
    for n in range(5):
        received(secretary, state, their_number=f"N{n}", dated=date(2026, 11, 10 + n // 2))
        make_designation(state, make_person(of=state), letter_number=f"D{n}", letter_date=date(2026, 11, 10 + n // 2))
    seen, after = [], None
    for _turn in range(10):
        page = queries.page(secretary, Filters(), after=after, size=3)
        seen += [entry.id for entry in page.rows]
        if page.after is None:
            break
        after = (page.rows[-1].dated, page.rows[-1].id)
    assert len(seen) == len(set(seen)) == 10


def test_nobody_but_the_secretariat_and_the_auditor_reads_it(session, secretary, sent):
    for role in (Role.CO_LEAD, Role.PARTICIPANT, Role.OBSERVER):
        other = Viewer(person=make_person(), roles=frozenset({role}))
        assert queries.page(other, Filters()).rows == []
        assert queries.letter_in_view(other, sent.id) is None and queries.to_print(other).rows == []
    auditor = Viewer(person=make_person(), roles=frozenset({Role.AUDITOR}))
    assert queries.letter_in_view(auditor, sent.id) is not None


def test_what_comes_gets_a_number_of_its_own_series_and_its_scan_is_kept(session, secretary):
    state = make_state("Northland")
    first = received(secretary, state)
    upload = FileStorage(io.BytesIO(PDF), filename="note.pdf")
    fields = {
        "kind": LetterKind.LETTER, "their_number": "", "dated": date(2026, 11, 20), "came_on": date(2026, 11, 23), "means": first.means,
        "state_id": None, "correspondent": "A university", "subject": "Thanks", "language": "fr", "answer_due": None, "answers_id": None,
    }  # fmt: skip
    second = rules.receive(fields, upload, by=secretary.person, now=NOW)
    assert (first.number, second.number, second.status) == ("PX/2026/I-0001", "PX/2026/I-0002", Status.RECEIVED)
    assert session.get(StoredFile, second.scan_id).original_name == "note.pdf"


def test_a_letter_that_comes_answers_ours(session, secretary, sent):
    came = received(secretary, sent.state, answers_id=sent.id, dated=date(2026, 11, 23), came_on=date(2026, 11, 23))
    assert (sent.answered_by_id, sent.answered_on) == (came.id, date(2026, 11, 23))
    assert numbers(secretary, overdue=True, today=date(2027, 1, 1)) == []
    rules.cancel(came, "Entered by mistake", by=secretary.person, now=NOW)
    session.refresh(sent)
    assert sent.answered_on is None  # what it answered waits again
    assert numbers(secretary, overdue=True, today=date(2027, 1, 1)) == [sent.number]


def test_an_answer_that_is_not_in_the_register_can_be_noted_once(session, secretary, sent):
    rules.answered(sent, by_letter=None, on=date(2026, 11, 23), by=secretary.person, now=NOW)
    rules.answered(sent, by_letter=None, on=date(2026, 11, 23), by=secretary.person, now=NOW)
    with pytest.raises(RuleBroken):
        rules.answered(sent, by_letter=received(secretary, sent.state), on=date(2026, 11, 23), by=secretary.person, now=NOW)
    assert (sent.answered_on, sent.answered_by_id) == (date(2026, 11, 23), None)


def test_letters_forget_the_applicant_with_the_expression_of_interest(session, secretary, signer):
    from app.interests.rules import erase_old_expressions

    long_ago = NOW - timedelta(days=3 * 365)
    call = make_call(opens_at=long_ago - timedelta(days=30), closes_at=long_ago)
    expression = make_expression(
        call,
        make_state("Northland"),
        status=Interest.ACCEPTED,
        reference="EOI-2023-0007",
        decided_at=long_ago,
        submitted_at=long_ago,
    )
    subject = about(secretary, expression, About.EXPRESSION)
    (letter,) = issue(secretary, prepare(secretary, subject, signer), subject)
    number, pdf = letter.number, letter.pdf_id
    assert letter.recipients["people"] and letter.content
    put = {"state": State.SENDING, "lease_token": letter.id, "lease_until": NOW}
    session.execute(update(Message).values(**put))
    session.execute(update(Message).values(state=State.SENT, sent_at=NOW))
    assert erase_old_expressions(NOW) == 1
    session.expire_all()
    assert (letter.number, letter.recipients, letter.content, letter.correspondent, letter.pdf_id) == (number, {}, None, "", None)
    assert session.get(StoredFile, pdf) is None
    assert not session.scalars(select(Message).where(Message.kind == "letter-sent")).all()
    assert "EOI-2023-0007" in next(entry.facts.get("subject", "") for entry in queries.page(secretary, Filters()).rows)


def test_overdue_is_the_day_after_and_never_what_was_cancelled(session, secretary, sent):
    assert numbers(secretary, overdue=True, today=date(2026, 12, 1)) == []
    assert numbers(secretary, overdue=True, today=date(2026, 12, 2)) == [sent.number]
    rules.cancel(sent, "No longer needed", by=secretary.person, now=NOW)
    assert numbers(secretary, overdue=True, today=date(2026, 12, 2)) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"dated": date(2026, 12, 24)}, "dated"),
        ({"came_on": date(2026, 12, 24)}, "came_on"),
        ({"dated": date(2026, 11, 22), "came_on": date(2026, 11, 21)}, "came_on"),
        ({"answer_due": date(2026, 1, 1)}, "answer_due"),
        ({"state_id": None, "correspondent": ""}, "state_id"),
        ({"answers_id": make_person}, "answers_id"),
    ],
)
def test_impossible_entries_are_refused_at_their_field(session, secretary, fields, field):
    from app.core.db import uuid7

    fields = {name: uuid7() if callable(value) else value for name, value in fields.items()}
    state = make_state("Northland")
    with pytest.raises(RuleBroken) as refused, session.begin_nested():
        received(secretary, state, **fields)
    assert refused.value.field == field
    assert queries.page(secretary, Filters()).rows == []


def test_the_mail_carries_the_very_bytes_of_the_register(session, secretary, sent):
    message = session.scalars(select(Message).where(Message.kind == "letter-sent")).one()
    mail = email.message_from_bytes(render(job_of(message), now=NOW).content, policy=email.policy.default)
    assert mail.get_content_type() == "multipart/mixed" and "PX/2026/L-0001" in mail["Subject"]
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("PX-2026-L-0001.pdf", "application/pdf")
    kept = session.get(StoredFile, sent.pdf_id)
    assert hashlib.sha256(attached.get_content()).hexdigest() == kept.sha256
    body = mail.get_body(("plain",)).get_content()
    assert "1 December 2026" in body and "attached as a PDF" in body
    assert "PX/2026/L-0001" in preview(message).text


def test_a_mail_without_its_true_file_does_not_leave(session, secretary, sent):
    message = session.scalars(select(Message).where(Message.kind == "letter-sent")).one()
    place = path_of(sent.pdf_id)
    place.chmod(0o600)
    place.write_bytes(b"%PDF-1.7 something else")
    with pytest.raises(ValueError, match="not the one"):
        render(job_of(message), now=NOW)
    place.unlink()
    with pytest.raises(FileNotFoundError):
        render(job_of(message), now=NOW)


def test_a_file_keeps_its_name_in_any_script():
    from app.notifications.mime import Attachment, Mail, assemble

    mail = Mail(
        "<1@x.example>", "Net", "a@x.example", "a@x.example", "", "b@x.example", "S", "en", NOW, "text", "<p>text</p>",
        files=(Attachment("برنامج الجلسة.pdf", "application/pdf", b"1"), Attachment('a"; b\r\nX: y.pdf', "application/pdf", b"2")),
    )  # fmt: skip
    read = email.message_from_bytes(assemble(mail), policy=email.policy.default)
    first, second = read.iter_attachments()
    assert (first.get_filename(), first.get_content()) == ("برنامج الجلسة.pdf", b"1")
    assert second["X"] is None and second.get_content() == b"2"
