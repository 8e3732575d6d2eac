"""A secret of each class and label is planted in every place that carries one, and looked for everywhere by everybody.

Notes, questions with their answers, file names and what files hold, scans of invitations, updates and evidence of a pilot,
opinions: what a reader may see is the table ``READS``, and the union of all pages, downloads, tables in each of their forms,
archives, letters, lines of the log, searches, feeds and mails must show exactly that.
"""

from __future__ import annotations

import email
import io
import re
import zipfile
from datetime import date, datetime, timedelta

import pytest
from flask import g
from sqlalchemy import or_, select

from app.accounts import visibility
from app.accounts.models import Designation, Membership, OrganisationKind, Person, Role
from app.accounts.sessions import viewer_of
from app.accounts.visibility import Label, may_see, seen_by
from app.audit.models import AuditEntry
from app.core.signing import sign
from app.exchanges import reminders as of_sessions
from app.exchanges import rules as exchanges
from app.exchanges.models import Answer, Invitation, Route
from app.extensions import db
from app.files.models import StoredFile
from app.files.rules import keep, path_of
from app.interests import reminders as of_opinions
from app.interests import rules
from app.interests.models import Expression, Note, Question, Status
from app.interests.opinion_models import View
from app.letters.models import About, Letter
from app.notifications.models import Message
from app.notifications.rendering import job_of, render
from app.pilots import reminders as of_milestones
from app.pilots import rules as pilots
from app.pilots.models import Evidence, Visibility
from app.transfers import archiving
from tests.factories.accounts import NOW, make_designation, make_ministry, make_organisation, make_person, make_state
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_expression
from tests.factories.letters import about, issue, issued, make_signatory, prepare
from tests.factories.pilots import a_link, make_milestone, make_pilot

S, U, A, T = Label
READS: dict[str, set[Label]] = {
    "visitor": set(), "participant": set(), "observer": set(), "foreign focal point": set(), "contact": set(), "unverified": set(),
    "focal point": {T}, "co-lead": {A, T}, "UN co-lead": {U, A, T}, "left out": set(),
    "auditor": {S, U, A, T}, "secretariat": {S, U, A, T}, "administrator": {S, U, A, T},
}  # fmt: skip
OPINIONS = {who: {label for label in seen if label is not T} for who, seen in READS.items()}  # never for the State
PILOTS = {**READS, "left out": {A, T}}  # left out of one expression, not of the network
OFFICE = {who: seen if S in seen else set() for who, seen in READS.items()}  # what came on paper is kept at the desk
CLASSES = ("NOTE", "QUESTION", "ANSWER", "FILENAME", "FILEWORDS", "OPINION", "UPDATE", "EVIDENCE", "SCANNAME", "SCANWORDS")


def secret(kind: str, label: Label) -> str:
    return f"X{kind}{label.value.replace('_', '').upper()}X"


def expected(who: str, kind: str) -> set[Label]:
    if kind == "OPINION":
        return OPINIONS[who]
    if kind.startswith("SCAN"):
        return OFFICE[who]
    return PILOTS[who] if kind in ("UPDATE", "EVIDENCE") else READS[who]


def shown_mails():
    """The mails whose pages are opened: each question, and one of each other kind; what all of them say is read elsewhere."""
    kinds = dict(db.session.execute(select(Message.kind, Message.id).order_by(Message.id)).all())
    return {*kinds.values(), *db.session.scalars(select(Message.id).where(Message.kind == "expression-question"))}


class Planted:
    """Four expressions of one State, one for each label of their opinions; on the first of them everything else."""

    def __init__(self, *, carried: bool = True):
        """``carried``: with all that carries secrets on: letters, an archive, a month of reminders."""
        self.state = make_state("Alvania")
        ministry = make_ministry(self.state)
        un = make_organisation(OrganisationKind.UN_ENTITY)
        self.people = {
            "participant": make_person("Part", of=ministry, roles=(Role.PARTICIPANT,)),
            "observer": make_person("Obs", roles=(Role.OBSERVER,)),
            "foreign focal point": make_person("Foreign"), "focal point": make_person("Focal", of=ministry),
            "contact": make_person("Contact", of=ministry), "unverified": make_person("Unverified", of=ministry),
            "co-lead": make_person("Lead", of=ministry, roles=(Role.CO_LEAD,)),
            "UN co-lead": make_person("Unlead", of=un, roles=(Role.CO_LEAD,)),
            "left out": make_person("Out", roles=(Role.CO_LEAD,)), "auditor": make_person("Auditor", roles=(Role.AUDITOR,)),
            "secretariat": make_person("Berg", roles=(Role.SECRETARIAT,)),
            "administrator": make_person("Admin", roles=(Role.ADMINISTRATOR,)),
        }  # fmt: skip
        make_designation(self.state, self.people["focal point"])
        make_designation(self.state, self.people["unverified"], verified=False)
        make_designation(make_state("Borania"), self.people["foreign focal point"])
        self.officer = self.people["secretariat"]
        self.expressions = [self._expression(label) for label in (S, U, A)]
        self._rows(self.expressions[0])
        decided = make_expression(make_call(), self.state, contact_id=self.people["contact"].id, email_confirmed_at=NOW)
        rules.declare_conflict(decided, self.people["left out"], now=NOW)
        self._rows(decided)
        self.expressions.append(decided)
        self._pilot(ministry)
        session = make_session(hosts=(self.state,), now=NOW - timedelta(days=60), local_start=datetime(2026, 11, 10, 16))
        self.invitation = make_invitation(
            session, self.people["participant"], organisation=self.state, now=NOW - timedelta(days=50)
        )
        for label in Label:
            name, words = f"{secret('SCANNAME', label)}.pdf", f"%PDF-1.4 {secret('SCANWORDS', label)}".encode()
            kept = keep(words, name, "application/pdf", "source-scan", "invitation", self.invitation.id, None, NOW)
            kept.visibility = label.value
        db.session.flush()
        if carried:
            self._carry()

    def _carry(self):
        self.letters = self._letters()
        db.session.flush()
        self.archive = self._archive()
        self._reminders()

    def _letters(self):
        """On a decision about the record that holds the secrets, and about a session to come."""
        viewer = viewer_of(self.officer, NOW)
        signer = make_signatory(self.officer)
        rules.accept(self.expressions[3], reason="Good", by=self.officer, now=NOW)
        subject = about(viewer, self.expressions[3], About.EXPRESSION)
        made = issue(viewer, prepare(viewer, subject, signer), subject)
        coming = make_session(hosts=(self.state,))
        place = make_invitation(coming, self.people["participant"], organisation=self.state)
        exchanges.respond(place, answer=Answer.YES, route=Route.PAGE, now=NOW + timedelta(minutes=1))
        return [*made, *issued(viewer, coming, signer)]

    def _archive(self):
        """Of the exchange whose only session is over."""
        g.lang = "en"
        exchange = self.invitation.peer_session.exchange
        row = archiving.ask(exchange, language="en", by=self.officer, now=NOW)
        assert archiving.make(row.id, now=NOW)
        return row

    def _reminders(self):
        """Every reminder of the coming month."""
        for hours in range(0, 24 * 28, 12):
            for room in (of_sessions, of_opinions, of_milestones):
                room.queue_due(NOW + timedelta(hours=hours))

    def _expression(self, label):
        found = make_expression(make_call(), self.state, contact_id=self.people["contact"].id, email_confirmed_at=NOW)
        silent = make_person("Former", roles=(Role.CO_LEAD,))
        request = rules.ask_opinions(found, date(2026, 12, 3), visibility=label, by=self.officer, now=NOW)
        for opinion in request.opinions:
            if opinion.person_id == silent.id:
                rules.give_opinion(opinion, View.CONCERN, reason=secret("OPINION", label), by=silent, now=NOW)
        rules.declare_conflict(found, self.people["left out"], now=NOW)
        from app.accounts.rules.people import end_role

        end_role(silent, Role.CO_LEAD, by=self.officer, now=NOW)
        return found

    def _rows(self, expression):
        for label in Label:
            rules.note(expression, secret("NOTE", label), visibility=label, by=self.officer, now=NOW)
            question = rules.ask(expression, secret("QUESTION", label), visibility=label, by=self.officer, now=NOW)
            rules.answer(question, secret("ANSWER", label), now=NOW)
            name, words = f"{secret('FILENAME', label)}.pdf", f"%PDF-1.4 {secret('FILEWORDS', label)}".encode()
            stored = keep(words, name, "application/pdf", "endorsement", "expression", expression.id, None, NOW)
            stored.visibility = label.value
            expression.endorsement_file_id = stored.id

    def _pilot(self, ministry):
        self.pilot = make_pilot(self.state, by=self.officer, lead_id=ministry.id)
        self.milestone = make_milestone(self.pilot, date(2026, 12, 11), owner_id=make_person("Owner").id)
        for label in Label:
            pilots.write_update(self.pilot, secret("UPDATE", label), visibility=Visibility(label.value), by=self.officer, now=NOW)
            link = a_link(Visibility(label.value), title=secret("EVIDENCE", label))
            pilots.add_evidence(self.milestone, link, by=self.officer, now=NOW)

    def addresses(self, app):
        """Every address that GET opens, with each record of this world in its place."""
        many = {
            "expression_id": [str(e.id) for e in self.expressions], "pilot_id": [str(self.pilot.id)],
            "milestone_id": [str(self.milestone.id)], "session_id": [str(self.invitation.peer_session_id)],
            "exchange_id": [str(self.invitation.peer_session.exchange_id)], "invitation_id": [str(self.invitation.id)],
            "person_id": [str(self.people["contact"].id)], "organisation_id": [str(self.state.id)],
            "call_id": [str(self.expressions[0].call_id)], "letter_id": [str(row.id) for row in self.letters],
            "set_id": [str(row.set_id) for row in self.letters], "archive_id": [str(self.archive.id)],
            "evidence_id": [str(i) for i in db.session.scalars(select(Evidence.id))],
            "designation_id": [str(i) for i in db.session.scalars(select(Designation.id))],
            "question_id": [str(i) for i in db.session.scalars(select(Question.id))], "message_id": [str(i) for i in shown_mails()],
        }  # fmt: skip
        found = []
        for rule in app.url_map.iter_rules():
            if "GET" not in rule.methods or rule.rule.endswith((".pdf", ".docx")):
                continue
            made = [rule.rule.replace("<lang:lang>", "en")]
            if rule.rule.endswith("/table"):
                made = [f"{made[0]}?form={form}" for form in ("xlsx", "csv", "plain")]
            for form in ("pdf", "docx", "scan"):
                made += [a.replace("<any(pdf,docx,scan):which>", form) for a in made[:1] if "which" in a]
            if "<uuid:file_id>" in rule.rule:  # each under its own record
                kind = "invitation" if "<uuid:invitation_id>" in rule.rule else "expression"
                made = [
                    made[0].replace("<uuid:file_id>", str(file_id)).replace(f"<uuid:{kind}_id>", str(of))
                    for file_id, of in db.session.execute(
                        select(StoredFile.id, StoredFile.object_id).where(StoredFile.object_kind == kind)
                    )
                ]
            for name, ids in many.items():
                made = [a.replace(f"<uuid:{name}>", i) for a in made for i in (ids if f"<uuid:{name}>" in a else ids[:1])]
            found += [a for a in dict.fromkeys(made) if "<" not in a]
        people = [*self.people.values(), *db.session.scalars(select(Person).where(Person.family_name == "Owner"))]
        found += [f"/feeds/{sign('feed', p.id, p.feed_nonce)}.ics" for p in people]
        e = self.expressions[0]
        found += [f"/en/status/{sign('status', e.id, e.status_nonce)}"]
        return found


SEARCHES = (
    "desk/expressions?status=all&words={}", "desk/people?words={}", "desk/organisations?words={}", "desk/letters?words={}",
    "desk/outbox?q={}", "practices?words={}", "pilots?words={}", "exchanges?words={}", "desk/expressions/table?form=plain&status=all&words={}",
)  # fmt: skip


def opened(browser, address):
    with browser.get(address) as answer:
        return unpacked(answer.data)


def unpacked(data):
    """What a workbook, a Word file or an archive holds, one in another too; anything else as it is."""
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as folder:
        return b"\n".join(name.encode() + b"\n" + unpacked(folder.read(name)) for name in folder.namelist())


@pytest.fixture
def planted(app):
    """The world on the disk, as the tests below read it: who, which addresses, which mails."""
    with app.test_request_context("/en/"):
        world = Planted()
        db.session.commit()
        people = {name: db.session.get(Person, person.id) for name, person in world.people.items()}
        found = world.addresses(app), people, [m.id for m in db.session.scalars(select(Message))]
        db.session.expunge_all()
    return found


def test_each_secret_is_found_by_those_who_may_see_it_and_by_nobody_else(app, sign_in, planted):
    addresses, people, _mails = planted
    wrong = []
    for who in READS:
        browser = app.test_client() if who == "visitor" else sign_in(people[who])
        twice = who in ("auditor", "administrator")  # they read what the secretariat reads: no workbook of the same rows again
        seen = b"".join(opened(browser, address) for address in addresses if not (twice and address.endswith("form=xlsx")))
        for kind in CLASSES:
            found = {label for label in Label if secret(kind, label).encode() in seen}
            if found != expected(who, kind):
                wrong.append((who, kind, sorted(found), sorted(expected(who, kind))))
    assert wrong == []


def test_no_mail_letter_or_line_of_the_log_carries_a_secret_but_a_question_to_the_contact_who_is_asked(app, planted):
    _addresses, people, mails = planted
    with app.app_context():
        kinds = set(db.session.scalars(select(Message.kind)))
        assert {"opinion-asked", "opinion-reminder", "pilot-due", "letter-sent", "session-reminder", "expression-decided"} <= kinds
        for mail in db.session.scalars(select(Message).where(Message.id.in_(mails))):
            sent = email.message_from_bytes(render(job_of(mail), now=NOW).content)
            words = str((mail.facts, mail.recipient_name)) + b"".join(
                unpacked(p.get_payload(decode=True) or b"") for p in sent.walk()
            ).decode(errors="replace")
            for kind in set(CLASSES) - {"QUESTION"}:
                assert not any(secret(kind, label) in words for label in Label), (mail.kind, kind)
            asked = any(secret("QUESTION", label) in words for label in Label)
            assert not asked or (mail.kind, mail.recipient_id) == ("expression-question", people["contact"].id)

        letters = db.session.scalars(select(Letter)).all()
        said = str([(row.content, row.recipients, row.subject, row.own) for row in letters])
        files = [path_of(i).read_bytes() for row in letters for i in (row.pdf_id, row.docx_id)]
        assert len(files) == 4
        said += b"".join(unpacked(data) for data in files).decode(errors="replace")
        log = str([(line.changes, line.note) for line in db.session.scalars(select(AuditEntry))])
    for kind in CLASSES:
        assert not any(secret(kind, label) in said for label in Label), kind
    for kind in ("NOTE", "ANSWER", "OPINION", "FILEWORDS", "SCANWORDS", "UPDATE"):
        assert not any(secret(kind, label) in log for label in Label), kind


def test_looking_for_a_secret_finds_what_looking_for_nonsense_finds(app, sign_in, planted):
    """So nobody learns by searching whether words stand in what they may not read."""
    _addresses, people, _mails = planted
    fresh = re.compile(r'(name="csrf_token"[^>]*value="[^"]*"|value="[^"]*"[^>]*name="csrf_token")')

    def shown(browser, search, words):
        page = opened(browser, f"/en/{search.format(words)}").decode(errors="replace")
        return fresh.sub("", page).replace(words, "WORDS")

    for who in ("visitor", "focal point", "co-lead", "UN co-lead", "left out"):
        browser = app.test_client() if who == "visitor" else sign_in(people[who])
        for search in SEARCHES:
            nothing = shown(browser, search, "Qqzzqqzz")
            for kind in CLASSES:
                assert shown(browser, search, secret(kind, S)) == nothing, (who, search, kind)


def test_nobody_chose_so_it_is_for_the_secretariat_alone(session):
    expression, officer = make_expression(make_call(), make_state()), make_person()
    note = rules.note(expression, "Words", by=officer, now=NOW)
    question = rules.ask(expression, "Words?", by=officer, now=NOW)
    stored = keep(b"%PDF-1.4", "letter.pdf", "application/pdf", "endorsement", "expression", expression.id, None, NOW)
    session.flush()
    assert {note.visibility, question.visibility, stored.visibility} == {"secretariat"}
    assert [value for value, _words in visibility.choices()] == ["secretariat", "un_co_leads", "all_co_leads", "state"]


def test_the_function_and_its_sql_say_the_same_for_everybody(session):
    world = Planted(carried=False)
    other = make_expression(make_call(), make_state("Elsewhere"))
    for label in (*Label, "unheard of"):
        db.session.add(Note(expression_id=other.id, author_id=world.officer.id, text="x", visibility=str(label)))
    db.session.add(Note(expression_id=world.expressions[1].id, author_id=world.officer.id, text="x", visibility="unheard of"))
    db.session.flush()
    rows = db.session.execute(
        select(Note.id, Note.visibility, Expression.state_id).join(Expression, Expression.id == Note.expression_id)
    ).all()
    for who, person in world.people.items():
        viewer = viewer_of(person, NOW)
        query = select(Note.id).join(Expression, Expression.id == Note.expression_id)
        by_sql = set(db.session.scalars(query.where(seen_by(viewer, Note.visibility, Expression.state_id))))
        assert by_sql == {row.id for row in rows if may_see(viewer, row.visibility, row.state_id)}, who


def test_the_un_co_leads_are_those_who_belong_to_a_un_entity_today(session):
    person = make_person(of=make_organisation(OrganisationKind.UN_ENTITY), roles=(Role.CO_LEAD,))
    assert viewer_of(person, NOW).of_un_entity and may_see(viewer_of(person, NOW), "un_co_leads", None)
    [membership] = person.memberships
    membership.valid_to = NOW.date() - timedelta(days=1)
    session.flush()
    assert not may_see(viewer_of(person, NOW), "un_co_leads", None) and may_see(viewer_of(person, NOW), "all_co_leads", None)
    assert db.session.scalar(select(Membership.id).where(or_(Membership.id == membership.id))) is not None


@pytest.mark.parametrize("kind", ["note", "question", "file"])
def test_the_label_of_each_can_be_changed_at_the_desk_and_the_log_keeps_it(app, sign_in, kind):
    with app.app_context():
        world = Planted(carried=False)
        expression = world.expressions[0]
        table = {"note": Note, "question": Question, "file": StoredFile}[kind]
        of = StoredFile.object_id if kind == "file" else table.expression_id
        row = db.session.scalar(select(table).where(table.visibility == "secretariat", of == expression.id).limit(1))
        ids = (expression.id, row.id, table)
        db.session.commit()
        officer, outsider = (db.session.get(Person, world.people[who].id) for who in ("secretariat", "UN co-lead"))
        other = world.expressions[1].id
        db.session.expunge_all()
    browser = sign_in(officer)
    from tests.conftest import csrf_of

    url = f"/en/desk/expressions/{ids[0]}"
    data = {"csrf_token": csrf_of(browser.get(url).text), "visibility": "state"}
    assert browser.post(f"/en/desk/expressions/{other}/labels/{ids[1]}", data=data).status_code == 404
    assert browser.post(f"{url}/labels/{ids[1]}", data={**data, "visibility": "everyone"}).status_code == 422
    assert browser.post(f"{url}/labels/{ids[1]}", data=data).status_code == 303
    assert sign_in(outsider).post(f"{url}/labels/{ids[1]}", data=data).status_code in (400, 404)
    with app.app_context():
        assert db.session.get(ids[2], ids[1]).visibility == "state"
        [line] = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "expression.relabelled"))
        assert (line.changes, line.note) == ({"visibility": ["secretariat", "state"]}, kind)
        assert db.session.scalar(select(Invitation.id).limit(1)) is not None
        assert db.session.get(Expression, ids[0]).status is Status.UNDER_REVIEW
