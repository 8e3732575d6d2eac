"""The course of an expression of interest, from draft to decision."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Designation, Membership, OrganisationKind, Person, Role, RoleGrant
from app.audit.models import AuditEntry
from app.core import events
from app.core.errors import Conflict, LinkOver, RuleBroken
from app.interests import rules
from app.interests.events import ExpressionAccepted
from app.interests.models import MOVES, Endorsement, Expression, Move, Status
from app.notifications.models import Message
from tests.factories.accounts import make_person, make_state
from tests.factories.interests import make_call, make_draft, make_expression


@pytest.fixture
def state(session):
    return make_state("Alvania", code="XL")


@pytest.fixture
def officer(session):
    return make_person("Berg", roles=(Role.SECRETARIAT,))


def mails(session, kind=None):
    query = select(Message).order_by(Message.created_at, Message.id)
    return [m for m in session.scalars(query) if kind in (None, m.kind)]


def actions(session, expression):
    query = select(AuditEntry.action).where(AuditEntry.object_id == expression.id).order_by(AuditEntry.id)
    return list(session.scalars(query))


MAKES = {
    Status.UNDER_REVIEW: lambda e, by, now: rules.begin_review(e, by=by, now=now),
    Status.CLARIFICATION_ASKED: lambda e, by, now: rules.ask(e, "Which districts?", by=by, now=now),
    Status.ACCEPTED: lambda e, by, now: rules.accept(e, by=by, now=now),
    Status.WAITLISTED: lambda e, by, now: rules.waitlist(e, reason="Full", by=by, now=now),
    Status.DECLINED: lambda e, by, now: rules.decline(e, reason="Other theme", by=by, now=now),
    Status.WITHDRAWN: lambda e, by, now: rules.withdraw(e, by=by, now=now),
}


@pytest.mark.parametrize("before", [s for s in Status if s is not Status.DRAFT])
@pytest.mark.parametrize("after", list(MAKES))
def test_only_the_moves_of_the_table_are_possible(session, state, officer, now, before, after):
    expression = make_expression(make_call(), state, status=before)
    if after in MOVES[before]:
        MAKES[after](expression, officer, now)
        assert expression.status is after
        move = session.scalars(select(Move)).one()
        assert (move.before, move.after, move.at, move.by_id) == (before, after, now, officer.id)
        [mail] = mails(session)
        assert (mail.address, mail.locale, mail.subject_id) == (expression.contact_email, "en", expression.id)
        assert mail.facts["reference"] == expression.reference
        assert f"expression.{after.value}" in actions(session, expression)
    elif before is after is Status.WITHDRAWN:
        assert rules.withdraw(expression, by=officer, now=now) is None
    else:
        with pytest.raises(RuleBroken):
            MAKES[after](expression, officer, now)
        assert expression.status is before
        assert not mails(session) and not session.scalars(select(Move)).all() and not actions(session, expression)


def test_sending_gives_a_reference_a_dated_step_a_log_line_and_an_acknowledgement(session, state, now):
    draft = make_draft(make_call(), state, language="fr", contact_honorific="Mme")
    rules.submit(draft, now=now)
    assert draft.reference == "EOI-2026-0001" and draft.status is Status.SUBMITTED
    assert (draft.submitted_at, draft.received_on, draft.draft_expires_at) == (now, now.date(), None)
    [mail] = mails(session)
    assert (mail.kind, mail.locale, mail.zone, mail.salutation) == ("expression-received", "fr", "Africa/Nairobi", "Mme Morrow")
    assert set(mail.facts["links"]) == {"status", "confirm"}
    assert all(url.startswith("http://127.0.0.1:8000/fr/") for url in mail.facts["links"].values())
    assert actions(session, draft) == ["expression.submitted"]


def test_sent_twice_it_is_sent_once(session, state, now):
    draft = make_draft(make_call(), state)
    assert rules.submit(draft, now=now) is draft
    assert rules.submit(draft, now=now + timedelta(seconds=1)) is draft
    assert draft.reference == "EOI-2026-0001"
    assert len(mails(session)) == 1 and len(session.scalars(select(Move)).all()) == 1


def test_references_count_on_and_begin_again_each_year(session, state, now):
    call = make_call(closes_at=now + timedelta(days=90))
    first, second, next_year = (make_draft(call, state) for _ in range(3))
    rules.submit(first, now=now)
    rules.submit(second, now=now)
    next_year.draft_expires_at = now + timedelta(days=80)
    session.flush()
    rules.submit(next_year, now=now + timedelta(days=60))
    assert [e.reference for e in (first, second, next_year)] == ["EOI-2026-0001", "EOI-2026-0002", "EOI-2027-0001"]


@pytest.mark.parametrize(
    ("opens", "closes", "published", "said"),
    [(-9, -1, True, "closed"), (1, 9, True, "not open yet"), (-9, 9, False, "taken off")],
)
def test_a_call_that_is_not_open_takes_nothing_and_says_why(session, state, now, opens, closes, published, said):
    call = make_call(opens_at=now + timedelta(days=opens), closes_at=now + timedelta(days=closes), published=published)
    draft = make_draft(call, state)
    with pytest.raises(RuleBroken) as refused:
        rules.submit(draft, now=now)
    assert said in str(refused.value.message)
    with pytest.raises(RuleBroken):
        rules.start(call, language="en", zone="UTC", now=now)
    assert draft.status is Status.DRAFT and draft.reference is None and not mails(session)


@pytest.mark.parametrize(
    ("field", "empty"),
    [
        ("organisation_kind", None), ("state_id", None), ("organisation_name", ""), ("contact_family_name", ""),
        ("contact_email", ""), ("mode", None), ("asks", []), ("grounds", []), ("aim", ""), ("endorsement", Endorsement.NONE),
    ],
)  # fmt: skip
def test_what_is_missing_is_refused_at_its_field(session, state, now, field, empty):
    draft = make_draft(make_call(), state, **{field: empty})
    assert [m.field for m in rules.missing(draft)] == [field]
    with pytest.raises(RuleBroken) as refused:
        rules.submit(draft, now=now)
    assert refused.value.field == field and draft.status is Status.DRAFT


def test_a_call_for_some_takes_no_others(session, state, now):
    draft = make_draft(make_call(who_may_apply=["academia"]), state)
    assert [m.field for m in rules.missing(draft)] == ["organisation_kind"]
    for_states = make_draft(make_call(who_may_apply=["state"]), state)
    assert rules.missing(for_states) == []


def test_civil_society_needs_neither_a_state_nor_a_letter(session, now):
    draft = make_draft(make_call(), None, organisation_kind=OrganisationKind.CIVIL_SOCIETY, endorsement=Endorsement.NONE)
    assert rules.missing(draft) == []


def test_a_draft_begun_twice_with_one_key_is_one(session, now):
    call = make_call()
    one = rules.start(call, language="ar", zone="UTC", now=now, key="k")
    assert rules.start(call, language="ar", zone="UTC", now=now, key="k") is one
    assert (one.status, one.language, one.draft_expires_at) == (Status.DRAFT, "ar", now + timedelta(days=30))


def test_a_draft_ends_thirty_days_after_the_last_change(session, now):
    draft = rules.start(make_call(closes_at=now + timedelta(days=99)), language="en", zone="UTC", now=now)
    rules.keep_typing(draft, {"aim": "Half a sen"}, now=now + timedelta(days=20))
    assert draft.draft_expires_at == now + timedelta(days=50)
    with pytest.raises(LinkOver):
        rules.keep_typing(draft, {"aim": "late"}, now=now + timedelta(days=50))
    assert rules.clear_expired_drafts(now + timedelta(days=49)) == 0
    assert rules.clear_expired_drafts(now + timedelta(days=50)) == 1
    assert session.scalar(select(Expression.id)) is None


def test_what_was_sent_cannot_be_changed_as_a_draft_nor_cleared_away(session, state, now):
    draft = make_draft(make_call(), state)
    rules.submit(draft, now=now)
    for change in (
        lambda: rules.keep_step(draft, {"aim": "x"}, step=2, now=now),
        lambda: rules.remove_endorsement(draft, now=now),
        lambda: rules.mail_resume_link(draft, "other@place.example", now=now),
    ):
        with pytest.raises(LinkOver):
            change()
    assert rules.clear_expired_drafts(now + timedelta(days=900)) == 0


def test_the_way_back_to_a_draft_says_nothing_of_what_was_typed(session, state, now):
    draft = make_draft(make_call(), state, contact_given_name="<a href=x>", aim="secret plans")
    rules.mail_resume_link(draft, "me@ministry.example", now=now)
    [mail] = mails(session, "expression-draft")
    assert mail.address == "me@ministry.example" == draft.contact_email
    assert mail.recipient_name == "" and mail.salutation == ""
    assert "secret" not in str(mail.facts) and "<a" not in str(mail.facts)


def test_confirming_proves_the_mailbox_and_nothing_else(session, state, now):
    expression = make_expression(make_call(), state)
    rules.confirm_address(expression, now=now)
    rules.confirm_address(expression, now=now + timedelta(hours=1))
    assert expression.email_confirmed_at == now
    assert actions(session, expression) == ["expression.confirmed"]
    assert expression.contact_id is None
    assert not session.scalars(select(Person)).all()


def test_acceptance_makes_the_contact_a_person_without_rights_and_announces_it(session, state, officer, now):
    heard = []
    expression = make_expression(make_call(), state)
    events.subscribe(ExpressionAccepted, heard.append)
    try:
        rules.accept(expression, reason="A good fit", by=officer, now=now)
    finally:
        events._listeners[ExpressionAccepted].remove(heard.append)
    assert heard == [ExpressionAccepted(expression.id)]
    contact = expression.contact
    assert (contact.email, contact.family_name, contact.zone) == (expression.contact_email, "Morrow", "Africa/Nairobi")
    assert contact.posts == {"en": "Director"} and contact.honorifics == {"en": "Ms."}
    for right in (Designation, Membership):
        assert not session.scalars(select(right).where(right.person_id == contact.id)).all()
    assert not session.scalars(select(RoleGrant).where(RoleGrant.person_id == contact.id)).all()
    assert (expression.decided_at, expression.decision_reason) == (now, "A good fit")
    [mail] = mails(session, "expression-decided")
    assert (mail.facts["after"], mail.facts["reason"], mail.recipient_id) == ("accepted", {"md": "A good fit"}, contact.id)


def test_a_known_address_is_the_known_person(session, state, officer, now):
    known = make_person("Known", email="Adaeze@Interior.example")
    expression = make_expression(make_call(), state, contact_email="adaeze@interior.example")
    rules.accept(expression, by=officer, now=now)
    assert expression.contact_id == known.id and known.family_name == "Known"


def test_when_a_listener_fails_nothing_is_decided(session, state, officer, now):
    expression = make_expression(make_call(), state)
    session.commit()

    def broken(event):
        raise RuntimeError("no")

    events.subscribe(ExpressionAccepted, broken)
    try:
        with pytest.raises(RuntimeError):
            rules.accept(expression, by=officer, now=now)
    finally:
        events._listeners[ExpressionAccepted].remove(broken)
    session.rollback()
    session.refresh(expression)
    assert expression.status is Status.SUBMITTED and not mails(session)


@pytest.mark.parametrize("verb", [rules.decline, rules.waitlist])
def test_a_refusal_needs_a_reason(session, state, officer, now, verb):
    expression = make_expression(make_call(), state)
    with pytest.raises(RuleBroken) as refused:
        verb(expression, reason="", by=officer, now=now)
    assert refused.value.field == "reason" and expression.status is Status.SUBMITTED


def test_the_second_of_two_deciders_sees_what_changed(session, state, officer, now):
    expression = make_expression(make_call(), state)
    seen = expression.version
    rules.decline(expression, reason="Other theme", by=officer, now=now, version=seen)
    with pytest.raises(Conflict) as conflict:
        rules.accept(expression, reason="Fits", by=officer, now=now, version=seen)
    assert [tuple(map(str, c)) for c in conflict.value.changes] == [
        ("Status", "Declined", "Accepted"),
        ("Reason", "Other theme", "Fits"),
    ]
    assert expression.status is Status.DECLINED


def test_a_question_is_answered_once_and_the_review_goes_on(session, state, officer, now):
    expression = make_expression(make_call(), state)
    question = rules.ask(expression, "Which districts?", by=officer, now=now)
    with pytest.raises(RuleBroken):
        rules.ask(expression, "And when?", by=officer, now=now)
    rules.answer(question, "Two of them.", now=now + timedelta(days=1))
    assert (question.answer, question.answered_via, expression.status) == ("Two of them.", "page", Status.UNDER_REVIEW)
    with pytest.raises(LinkOver):
        rules.answer(question, "Three.", now=now + timedelta(days=2))
    assert question.answer == "Two of them."
    assert [m.kind for m in mails(session)] == ["expression-question", "expression-moved"]
    rules.ask(expression, "And when?", by=officer, now=now + timedelta(days=3))


def test_a_decision_ends_an_open_question(session, state, officer, now):
    expression = make_expression(make_call(), state)
    question = rules.ask(expression, "Which districts?", by=officer, now=now)
    rules.decline(expression, reason="Other theme", by=officer, now=now)
    with pytest.raises(LinkOver) as over:
        rules.answer(question, "Late.", now=now)
    assert "decided" in str(over.value.message) and question.answer is None


def test_an_answer_by_note_verbale_is_entered_with_its_source(session, state, officer, now):
    expression = make_expression(make_call(), state)
    question = rules.ask(expression, "Which districts?", by=officer, now=now)
    came = rules.Came(rules.Source.NOTE_VERBALE, "NV/44", now.date())
    rules.answer_on_behalf(question, "Two.", came, by=officer, now=now)
    assert question.source == {"number": "NV/44", "date": "2026-11-23", "scan": ""}
    assert (question.answered_via, question.entered_by, expression.status) == ("note_verbale", officer.id, Status.UNDER_REVIEW)
    line = session.scalars(select(AuditEntry).where(AuditEntry.action == "expression.answered")).one()
    assert (line.actor_id, line.on_behalf_of) == (officer.id, "Adaeze Morrow")


def test_notes_and_assignments_tell_the_applicant_nothing(session, state, officer, now):
    expression = make_expression(make_call(), state)
    rules.note(expression, "Call them on Monday", by=officer, now=now)
    rules.assign(expression, officer, by=officer, now=now)
    rules.assign(expression, officer, by=officer, now=now)
    assert not mails(session)
    assert actions(session, expression) == ["expression.noted", "expression.assigned"]
    assert "Monday" not in str([e.changes for e in session.scalars(select(AuditEntry))])
