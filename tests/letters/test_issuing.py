"""Letters are prepared, looked at and issued: numbers without gaps, bytes kept, mails in the same transaction."""

from __future__ import annotations

import hashlib
import io
from datetime import date

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from app.accounts.models import MailRoute
from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.files.models import StoredFile
from app.files.rules import path_of
from app.interests.models import Status as Interest
from app.letters import queries, rules
from app.letters.models import About, Addressed, Direction, Letter, LetterKind, LetterSet, Means, Status
from app.notifications.models import Message, State
from tests.conftest import NOW
from tests.factories.accounts import make_designation, make_ministry, make_mission, make_person, make_state
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_expression
from tests.factories.letters import about, issue, issued, prepare
from tests.files.samples import PDF
from tests.letters.issuing import invited, text_of


def test_each_invited_state_gets_one_letter_in_its_language_with_a_number_of_its_own(session, secretary, signer):
    row = make_session()
    north, _person = invited(row, "Northland", zone="Africa/Nairobi")
    make_invitation(row, make_person(of=north), organisation=north)  # a second person of the State: still one letter
    south, _other = invited(row, "Southland", "fr", zone="Europe/Paris")
    letters = issued(secretary, row, signer)
    assert [(one.number, one.state_id, one.language) for one in letters] == [
        ("PX/2026/L-0001", north.id, "en"), ("PX/2026/L-0002", south.id, "fr"),
    ]  # fmt: skip
    assert all(one.status is Status.ISSUED and one.dated == date(2026, 11, 23) for one in letters)
    english, french = (text_of(one, session) for one in letters)
    assert "PX/2026/L-0001" in english and "23 November 2026" in english
    assert "16:00 to 17:30 (UTC+3)" in english and "13:00 to 14:30" in english  # the State's hour beside UTC
    assert "Republic of Northland" in english and "Wanjiru Kamau" in english and "Head of the secretariat" in english
    assert "14:00" in french and "15:30 (UTC+1)" in french and "23 novembre 2026" in french and "Le regroupement familial" in french
    assert "Cheffe du secrétariat" in french and "République de Southland" in french


def test_what_is_issued_is_kept_with_its_checksum_and_never_moves(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    letter = issued(secretary, row, signer)[0]
    kept = {f.id: f for f in session.scalars(select(StoredFile).where(StoredFile.object_id == letter.id))}
    assert set(kept) == {letter.pdf_id, letter.docx_id}
    for stored in kept.values():
        assert hashlib.sha256(path_of(stored.id).read_bytes()).hexdigest() == stored.sha256
    before, said = path_of(letter.pdf_id).read_bytes(), dict(letter.content)
    row.titles = {"en": "Another title"}
    session.flush()
    assert path_of(letter.pdf_id).read_bytes() == before and letter.content == said
    told = session.scalars(select(AuditEntry).where(AuditEntry.action == "letter.issued")).one()
    assert told.changes["sha256"][1] == kept[letter.pdf_id].sha256


def test_issuing_twice_does_one_thing(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    subject = about(secretary, row)
    of = prepare(secretary, subject, signer)
    seen = rules.seen(rules.proofs(of, queries.letters_of(of), subject, NOW))
    first = rules.issue(of, subject, looked_at=seen, by=secretary.person, now=NOW)
    again = rules.issue(of, subject, looked_at=seen, by=secretary.person, now=NOW)
    assert (len(first), again) == (1, [])
    assert session.scalar(select(func.count()).select_from(Letter)) == 1
    assert session.scalar(select(func.count()).where(Message.kind == "letter-sent")) == 1


def test_numbers_go_on_without_a_gap_after_a_refusal(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    assert issued(secretary, row, signer)[0].number == "PX/2026/L-0001"
    subject = about(secretary, row)
    of = prepare(secretary, subject, signer)
    with pytest.raises(RuleBroken), session.begin_nested():
        rules.issue(of, subject, looked_at="what nobody saw", by=secretary.person, now=NOW)
    assert issue(secretary, of, subject)[0].number == "PX/2026/L-0002"
    assert rules.next_number(Direction.OUT, date(2027, 1, 1)) == "PX/2027/L-0001"


def test_a_letter_goes_to_each_mailbox_of_its_state_with_the_pdf_attached(session, secretary, signer):
    row = make_session()
    north, one = invited(row, "Northland")
    two = make_person(of=north, language="fr")
    make_invitation(row, two, organisation=north)
    invited(row, "Southland")
    letter = issued(secretary, row, signer)[0]
    mails = session.scalars(select(Message).where(Message.kind == "letter-sent", Message.subject_id == letter.id)).all()
    assert {(m.address, m.locale, m.state) for m in mails} == {
        (one.email, "en", State.QUEUED), (two.email, "fr", State.QUEUED),
    }  # fmt: skip
    (attached,) = mails[0].facts["attachments"]
    assert attached["file"] == str(letter.pdf_id) and attached["name"] == "PX-2026-L-0001.pdf"
    assert (letter.means, letter.sent_on) == (Means.MAIL, date(2026, 11, 23))
    assert {p["address"] for p in letter.recipients["people"]} == {one.email, two.email}


def test_a_state_without_an_address_waits_to_be_printed_and_gets_no_mail(session, secretary, signer):
    row = make_session()
    invited(row, "Northland", reachable=False)
    letter = issued(secretary, row, signer)[0]
    assert (letter.means, letter.sent_on, letter.recipients["people"]) == (None, None, [])
    assert not session.scalar(select(func.count()).where(Message.kind == "letter-sent"))
    assert [one.id for one in queries.to_print(secretary).rows] == [letter.id]
    rules.sent(letter, means=Means.POUCH, on=date(2026, 11, 23), by=secretary.person, now=NOW)
    assert (letter.means, letter.sent_on) == (Means.POUCH, date(2026, 11, 23))
    assert queries.to_print(secretary).rows == []


def test_the_mission_or_the_ministry_is_addressed_as_the_states_mail_goes(session, secretary, signer):
    row = make_session()
    capital, _ = invited(row, "Northland")
    make_ministry(capital, "Ministry of the Interior")
    make_mission(capital, "Permanent Mission of Northland")
    by_mission, _ = invited(row, "Southland", mail_route=MailRoute.MISSION)
    make_mission(by_mission, "Permanent Mission of Southland")
    nobody, _ = invited(row, "Westland")
    letters = {one.state_id: one for one in issued(secretary, row, signer)}
    assert letters[capital.id].addressed is Addressed.MINISTRY
    assert (
        "compliments to the Ministry of the Interior and has the honour to invite"
        in letters[capital.id].content["passages"][0]["text"]
    )
    assert letters[by_mission.id].addressed is Addressed.MISSION
    assert "Permanent Mission of Southland" in letters[by_mission.id].content["addressee"]
    assert letters[nobody.id].addressed is Addressed.OTHER
    assert "(Republic of Westland)" in letters[nobody.id].content["passages"][0]["text"]


@pytest.mark.parametrize(
    ("status", "words"),
    [(Interest.ACCEPTED, "has been accepted"), (Interest.WAITLISTED, "waiting list"), (Interest.DECLINED, "this time")],
)
def test_a_decision_becomes_one_letter_to_who_applied(session, secretary, signer, status, words):
    state = make_state("Northland")
    expression = make_expression(make_call(), state, status=status, reference="EOI-2026-0007", decided_at=NOW)
    subject = about(secretary, expression, About.EXPRESSION)
    (letter,) = issue(secretary, prepare(secretary, subject, signer), subject)
    assert letter.kind is LetterKind.NOTE_VERBALE and letter.addressed is Addressed.MINISTRY
    said = letter.content["passages"][0]["text"]
    assert words in said and "EOI-2026-0007" in said and "Ministry of the Interior" in said
    (mail,) = session.scalars(select(Message).where(Message.kind == "letter-sent")).all()
    assert mail.address == expression.contact_email and mail.salutation == "Ms. Morrow"


def test_a_personal_letter_has_a_salutation_a_post_and_another_courtesy_formula(session, secretary, signer):
    row = make_session()
    state = make_state("Northland", formal_names={"en": "Republic of Northland"})
    minister = make_person(
        "Odhiambo", of=state, given_name="Grace", honorifics={"en": "Ms."}, posts={"en": "Minister of the Interior"},
        forms_of_address={"en": "Madam Minister"},
    )  # fmt: skip
    make_invitation(row, minister, organisation=state)
    subject = about(secretary, row)
    of = prepare(secretary, subject, signer)
    (draft,) = queries.letters_of(of)
    proof = rules.proofs(of, [draft], subject, NOW)[0]
    assert draft.kind is LetterKind.NOTE_VERBALE and proof.written.tree.salutation == ""
    rules.edit(
        draft, subject, kind=LetterKind.LETTER, language="en", addressed=draft.addressed, own=proof.written.automatic,
        version=draft.version, by=secretary.person, now=NOW,
    )  # fmt: skip
    letter = issue(secretary, of, subject)[0]
    assert letter.content["addressee"][:2] == ["Ms. Grace Odhiambo", "Minister of the Interior"]
    assert letter.content["addressee"][-1] == "Republic of Northland"
    assert letter.content["salutation"] == "Madam Minister,"
    assert letter.content["passages"][0]["text"].startswith("I have the honour to invite you")
    assert "Please accept, Madam Minister, the assurances" in letter.content["closing"]


def test_what_is_left_as_the_wording_has_it_follows_another_language(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    subject = about(secretary, row)
    of = prepare(secretary, subject, signer)
    (draft,) = queries.letters_of(of)
    before = rules.proofs(of, [draft], subject, NOW)[0].written
    own = {**before.automatic, "subject": "Written by hand"}
    rules.edit(
        draft, subject, kind=draft.kind, language="fr", addressed=draft.addressed, own=own, version=draft.version,
        by=secretary.person, now=NOW,
    )  # fmt: skip
    after = rules.proofs(of, [draft], subject, NOW)[0].written
    assert draft.own == {"subject": "Written by hand"}
    assert after.tree.subject[1] == "Written by hand"
    assert after.tree.passages[0].text.startswith("Le Secrétariat du réseau")


def test_a_text_that_is_missing_is_named_with_the_language_that_stands_in(session, secretary, signer):
    row = make_session(titles={"en": "Family reunification"}, purposes={"es": "Los colegas explican."})
    invited(row, "Northland", "fr")
    subject = about(secretary, row)
    of = prepare(secretary, subject, signer)
    (proof,) = rules.proofs(of, queries.letters_of(of), subject, NOW)
    assert set(proof.written.stand_ins) >= {("title", "en"), ("purpose", "es")}
    soft = [p.text for p in proof.written.tree.passages if getattr(p, "soft", False)]
    assert len(soft) == 2 and "anglais" in soft[0] and "espagnol" in soft[1]


def test_the_letter_asks_for_an_answer_by_its_day(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    letter = issued(secretary, row, signer, answer_due=date(2026, 12, 1))[0]
    assert letter.answer_due == date(2026, 12, 1)
    assert "An answer is kindly requested by 1 December 2026." in text_of(letter, session)
    assert not letter.overdue(date(2026, 12, 1)) and letter.overdue(date(2026, 12, 2))


def test_an_annex_is_named_and_its_file_is_attached(session, secretary, signer):
    row = make_session()
    invited(row, "Northland")
    upload = FileStorage(io.BytesIO(PDF), filename="Programme.pdf")
    annexes = [rules.Annex("Programme of the session", upload, "annex_1_file"), rules.Annex("List of hosts", None, "annex_2_file")]
    letter = issued(secretary, row, signer, annexes=annexes)[0]
    assert letter.content["annexes"] == ["Programme of the session", "List of hosts"]
    (mail,) = session.scalars(select(Message).where(Message.kind == "letter-sent")).all()
    assert [one["name"] for one in mail.facts["attachments"]] == ["PX-2026-L-0001.pdf", "Programme.pdf"]


def test_a_designation_is_acknowledged_to_the_state(session, secretary, signer):
    state = make_state("Northland")
    person = make_person("Musa", of=state)
    make_designation(state, make_person(of=state))
    designation = make_designation(state, person, letter_number="NV/77", letter_date=date(2026, 11, 2))
    subject = about(secretary, designation, About.DESIGNATION)
    (letter,) = issue(secretary, prepare(secretary, subject, signer), subject)
    assert letter.subject == "Designation of Ada Musa"
    assert (
        "the letter NV/77 of 2 November 2026 by which Ada Musa is designated (Focal point)" in letter.content["passages"][0]["text"]
    )


def test_preparing_many_asks_a_fixed_number_of_statements(session, secretary, signer, statements):
    def counted(n):
        row = make_session()
        for at in range(n):
            invited(row, f"State{n}{at}")
        subject = about(secretary, row)
        of = prepare(secretary, subject, signer)
        session.flush()
        session.expire_all()
        statements.clear()
        letters = queries.letters_of(session.get(LetterSet, of.id))
        rules.proofs(of, letters, subject, NOW)
        return len(statements)

    counted(1)
    assert counted(4) <= counted(2)
