"""A secret of each class and label is planted in every place that carries one, and looked for everywhere by everybody.

Notes, questions with their answers, file names and what files hold, updates and evidence of a pilot, opinions: what a
reader may see is the table ``READS``, and the union of all pages, downloads, feeds and mails must show exactly that.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import or_, select

from app.accounts import visibility
from app.accounts.models import Membership, OrganisationKind, Person, Role
from app.accounts.sessions import viewer_of
from app.accounts.visibility import Label, may_see, seen_by
from app.core.signing import sign
from app.exchanges.models import Invitation
from app.extensions import db
from app.files.models import StoredFile
from app.files.rules import keep
from app.interests import rules
from app.interests.models import Expression, Note, Question, Status
from app.interests.opinion_models import View
from app.notifications.models import Message
from app.notifications.rendering import job_of, render
from app.pilots import rules as pilots
from app.pilots.models import Visibility
from tests.factories.accounts import NOW, make_designation, make_ministry, make_organisation, make_person, make_state
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_expression
from tests.factories.pilots import a_link, make_milestone, make_pilot

S, U, A, T = Label
READS: dict[str, set[Label]] = {
    "visitor": set(), "participant": set(), "observer": set(), "foreign focal point": set(), "contact": set(), "unverified": set(),
    "focal point": {T}, "co-lead": {A, T}, "UN co-lead": {U, A, T}, "left out": set(),
    "auditor": {S, U, A, T}, "secretariat": {S, U, A, T}, "administrator": {S, U, A, T},
}  # fmt: skip
OPINIONS = {who: {label for label in seen if label is not T} for who, seen in READS.items()}  # never for the State
PILOTS = {**READS, "left out": {A, T}}  # left out of one expression, not of the network
CLASSES = ("NOTE", "QUESTION", "ANSWER", "FILENAME", "FILEWORDS", "OPINION", "UPDATE", "EVIDENCE")


def secret(kind: str, label: Label) -> str:
    return f"X{kind}{label.value.replace('_', '').upper()}X"


def expected(who: str, kind: str) -> set[Label]:
    if kind == "OPINION":
        return OPINIONS[who]
    return PILOTS[who] if kind in ("UPDATE", "EVIDENCE") else READS[who]


class Planted:
    """Four expressions of one State, one for each label of their opinions; on the first of them everything else."""

    def __init__(self):
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
        self._pilot(ministry)
        session = make_session(hosts=(self.state,))
        self.invitation = make_invitation(session, self.people["participant"], organisation=self.state)
        db.session.flush()

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
        files = [str(i) for i in db.session.scalars(select(StoredFile.id))]
        many = {
            "expression_id": [str(e.id) for e in self.expressions], "file_id": files, "pilot_id": [str(self.pilot.id)],
            "milestone_id": [str(self.milestone.id)], "session_id": [str(self.invitation.peer_session_id)],
            "exchange_id": [str(self.invitation.peer_session.exchange_id)], "invitation_id": [str(self.invitation.id)],
            "person_id": [str(self.people["contact"].id)], "organisation_id": [str(self.state.id)],
            "call_id": [str(self.expressions[0].call_id)], "message_id": [str(i) for i in db.session.scalars(select(Message.id))],
        }  # fmt: skip
        found = []
        for rule in app.url_map.iter_rules():
            if "GET" not in rule.methods or rule.rule.endswith((".pdf", ".docx")):
                continue
            made = [rule.rule.replace("<lang:lang>", "en")]
            for name, ids in many.items():
                made = [a.replace(f"<uuid:{name}>", i) for a in made for i in (ids if f"<uuid:{name}>" in a else ids[:1])]
            found += [a for a in dict.fromkeys(made) if "<" not in a]
        words = secret("NOTE", S)[:6]
        found += [
            f"/en/desk/expressions?status=all&words={words}",
            f"/en/desk/people?words={words}",
            f"/en/practices?words={words}",
        ]
        people = [*self.people.values(), *db.session.scalars(select(Person).where(Person.family_name == "Owner"))]
        found += [f"/feeds/{sign('feed', p.id, p.feed_nonce)}.ics" for p in people]
        e = self.expressions[0]
        found += [f"/en/status/{sign('status', e.id, e.status_nonce)}"]
        return found


def opened(browser, address):
    with browser.get(address) as answer:
        return answer.data


def test_each_secret_is_found_by_those_who_may_see_it_and_by_nobody_else(app, sign_in):
    with app.app_context():
        world = Planted()
        db.session.commit()
        addresses = world.addresses(app)
        people = {name: db.session.get(Person, person.id) for name, person in world.people.items()}
        mails = [m.id for m in db.session.scalars(select(Message))]
        db.session.expunge_all()
    wrong = []
    for who in READS:
        browser = app.test_client() if who == "visitor" else sign_in(people[who])
        seen = b"".join(opened(browser, address) for address in addresses)
        for kind in CLASSES:
            found = {label for label in Label if secret(kind, label).encode() in seen}
            if found != expected(who, kind):
                wrong.append((who, kind, sorted(found), sorted(expected(who, kind))))
    assert wrong == []
    with app.app_context():
        for mail in db.session.scalars(select(Message).where(Message.id.in_(mails))):
            words = str((mail.facts, mail.recipient_name)) + render(job_of(mail), now=NOW).content.decode()
            for kind in set(CLASSES) - {"QUESTION"}:
                assert not any(secret(kind, label) in words for label in Label), (mail.kind, kind)
            asked = any(secret("QUESTION", label) in words for label in Label)
            assert not asked or (mail.kind, mail.recipient_id) == ("expression-question", people["contact"].id)


def test_nobody_chose_so_it_is_for_the_secretariat_alone(session):
    expression, officer = make_expression(make_call(), make_state()), make_person()
    note = rules.note(expression, "Words", by=officer, now=NOW)
    question = rules.ask(expression, "Words?", by=officer, now=NOW)
    stored = keep(b"%PDF-1.4", "letter.pdf", "application/pdf", "endorsement", "expression", expression.id, None, NOW)
    session.flush()
    assert {note.visibility, question.visibility, stored.visibility} == {"secretariat"}
    assert [value for value, _words in visibility.choices()] == ["secretariat", "un_co_leads", "all_co_leads", "state"]


def test_the_function_and_its_sql_say_the_same_for_everybody(session):
    world = Planted()
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
        world = Planted()
        expression = world.expressions[0]
        table = {"note": Note, "question": Question, "file": StoredFile}[kind]
        row = db.session.scalar(select(table).where(table.visibility == "secretariat").limit(1))
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
        from app.audit.models import AuditEntry

        [line] = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "expression.relabelled"))
        assert (line.changes, line.note) == ({"visibility": ["secretariat", "state"]}, kind)
        assert db.session.scalar(select(Invitation.id).limit(1)) is not None
        assert db.session.get(Expression, ids[0]).status is Status.UNDER_REVIEW
