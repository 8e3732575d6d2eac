"""A circular is sent once, frozen, one row a person in the outbox; corrected by another, taken back only before its hour."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from app.accounts.access import Viewer
from app.accounts.models import Person, Role
from app.accounts.rules import digests
from app.audit.models import AuditEntry
from app.circulars import rules
from app.circulars.models import Audience, Circular, CircularRecipient, Visibility
from app.circulars.queries import SUBJECT, circular_in_view, recipients_page, states_of
from app.circulars.rules import ClockFold
from app.core.errors import Conflict, RuleBroken
from app.notifications import choices
from app.notifications import outbox as post
from app.notifications.kinds import Mode, Topic
from app.notifications.models import Message, MessageFacts, State
from app.notifications.rendering import job_of, render
from app.texts.queries import standings_of
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.circulars import NOW, SUBJECTS, TEXTS, make_circular, make_plan
from tests.factories.exchanges import mark_sent
from tests.factories.interests import make_call, make_expression
from tests.factories.notifications import put_in_state


@pytest.fixture
def office(session):
    return make_person("Berg", given_name="Tomas")


def members(*languages, count=1):
    return [
        make_person(f"Member{n}", language=language, zone="Asia/Amman", roles=(Role.CO_LEAD,))
        for n, language in enumerate(languages * count)
    ]


def mails(session):
    return session.scalars(select(Message).order_by(Message.recipient_name, Message.id)).all()


def test_everyone_gets_one_mail_in_their_language_or_the_stated_one_and_it_says_so(session, office):
    members("en", "fr", "ar", "ru")
    row = make_circular(by=office)
    done = rules.send(row, by=office, now=NOW)
    rows = mails(session)
    assert len(done.mails) == len(rows) == 4
    assert {m.key for m in rows} == {f"circular:{row.id}:{m.recipient_id}" for m in rows}
    assert {(m.kind, m.subject_kind, m.subject_id, m.state, m.due_at) for m in rows} == {
        ("circular", "circular", row.id, State.QUEUED, NOW)
    }
    shown = {m.locale: render(job_of(m), now=NOW).content.decode() for m in rows}
    for language in ("en", "fr", "ar"):
        assert f"Content-Language: {language}" in shown[language]
    facts = {m.locale: job_of(m).common for m in rows}
    assert facts["fr"]["subjects"] == {"fr": SUBJECTS["fr"]} and facts["fr"]["own"] is True
    assert facts["ru"]["texts"] == {"en": TEXTS["en"]} and facts["ru"]["own"] is False
    assert facts["ru"]["sent_in"] == "английский" and facts["ru"]["language_name"] == "русский"
    assert session.scalar(select(func.count()).select_from(MessageFacts)) == 4


def read(message):
    return email.message_from_bytes(render(job_of(message), now=NOW).content, policy=email.policy.default)


def subject_of(message):
    return read(message)["Subject"]


def parts(message):
    mail = read(message)
    return mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()


def test_a_text_in_another_language_carries_its_language_and_direction(session, office):
    members("en")
    row = make_circular(by=office, subjects={"ar": SUBJECTS["ar"]}, texts={"ar": TEXTS["ar"]}, source="ar", fallback="ar")
    rules.send(row, by=office, now=NOW)
    plain, html = parts(mails(session)[0])
    assert '<html lang="en" dir="ltr"' in html
    assert '<div lang="ar" dir="rtl">' in html and f'<span lang="ar" dir="rtl">{SUBJECTS["ar"]}</span>' in html
    assert "There is no text in English. This one is in: Arabic." in html
    assert "There is no text in English. This one is in: Arabic." in plain and "استخدموا الاستمارة الجديدة." in plain
    assert "because you are a co-lead of the network" in plain


def test_a_translation_that_nobody_reviewed_says_so_and_one_that_was_does_not(session, office):
    members("fr", "ar")
    row = make_circular(by=office)
    assert rules.reviewed(row, "fr", by=office, now=NOW) is True
    rules.send(row, by=office, now=NOW)
    said = {m.locale: job_of(m).common["translated_from"] for m in mails(session)}
    assert said == {"fr": "", "ar": "الإنجليزية"}


def test_the_row_as_pages_read_it_can_be_locked_and_sent(session, office):
    members("en")
    key = make_circular(by=office).id
    session.commit()
    session.expunge_all()
    by = session.get(Person, office.id)
    row = circular_in_view(Viewer(person=by, roles=frozenset({Role.SECRETARIAT})), key, NOW)
    rules.send(row, by=by, now=NOW)
    assert len(mails(session)) == 1


def test_sent_twice_does_one_thing(session, office):
    members("en", "fr")
    row = make_circular(by=office)
    rules.send(row, by=office, now=NOW)
    with pytest.raises(RuleBroken, match="rule"):
        rules.send(row, by=office, now=NOW)
    assert len(mails(session)) == 2
    assert session.scalar(select(func.count()).select_from(CircularRecipient)) == 2
    assert session.scalar(select(func.count()).where(AuditEntry.action == "circular.sent")) == 1


def test_who_gets_it_is_frozen_and_listed_with_what_became_of_each_mail(session, office):
    state = make_state("Alvania")
    focal, alone = make_person("Focal", of=state), make_person("Alone", of=make_state("Borania"), email=None)
    make_designation(state, focal)
    make_designation(session.get(type(state), alone.memberships[0].organisation_id), alone)
    row = make_circular(by=office)
    rules.send(row, by=office, now=NOW)
    make_person("Newcomer", roles=(Role.CO_LEAD,))
    mark_sent()
    message = mails(session)[0]
    session.execute(update(Message).where(Message.id == message.id).values(state=State.BOUNCED))
    listed = recipients_page(row).rows
    assert [(o.recipient.name, o.recipient.because, o.state, o.recipient.trouble) for o in listed] == [
        ("Ada Alone", "focal_point", None, "no_address"),
        ("Ada Focal", "focal_point", State.BOUNCED, None),
    ]
    session.refresh(message)
    again = post.send_again(message, now=NOW)
    assert [(o.state, o.message_id) for o in recipients_page(row).rows] == [(None, None), (State.QUEUED, again)]
    assert states_of(row) == {State.QUEUED: 1}


def test_what_a_digest_said_stands_where_the_digest_stands(session, office):
    (reader,) = members("en")
    choices.choose(reader.id, {Topic.NEWS: Mode.DAILY}, None, zone=reader.zone, by=reader, now=NOW)
    row = make_circular(by=office)
    rules.send(row, by=office, now=NOW)
    assert states_of(row) == {State.QUEUED: 1}
    (gathered,) = mails(session)
    assert digests.write(reader.id, gathered.due_at)
    assert states_of(row) == {State.QUEUED: 1}
    put_in_state(session, f"digest:{reader.id}:2026-11-24", State.SENT, NOW)
    session.refresh(gathered)
    assert gathered.state is State.SUPPRESSED and gathered.digest_id
    assert [(o.state, o.message_id) for o in recipients_page(row).rows] == [(State.SENT, gathered.id)]
    assert states_of(row) == {State.SENT: 1}


def test_the_mail_in_place_of_another_names_them_and_is_tied_to_them(session, office):
    state = make_state("Alvania")
    without = make_person("Without", of=state, email=None)
    make_designation(state, without)
    make_person("Clerk", of=state)
    row = make_circular(by=office)
    rules.send(row, by=office, now=NOW)
    kept = {r.name: r for r in session.scalars(select(CircularRecipient))}
    assert kept["Ada Clerk"].instead_of == kept["Ada Without"].id and kept["Ada Without"].route == "capital"
    plain, html = parts(mails(session)[0])
    assert "no mail reaches the person it is meant for: Ada Without" in plain and "Ada Without" in html


def test_a_contact_without_a_record_becomes_a_person_who_is_written_to_once(session, office):
    call = make_call()
    for _twice in range(2):
        make_expression(call, make_state(), contact_email="new@interior.example", email_confirmed_at=NOW, language="fr")
    row = make_circular(Audience.CALL, by=office, call_id=call.id, chosen=("submitted",))
    rules.send(row, by=office, now=NOW)
    person = session.scalars(select(Person).where(Person.email_folded == "new@interior.example")).one()
    assert [(m.recipient_id, m.locale, m.salutation) for m in mails(session)] == [(person.id, "fr", "Ms. Morrow")]


def test_a_contact_without_a_record_is_listed_by_the_reference_not_by_name(session, office):
    members("en")
    call = make_call()
    typed = make_expression(call, make_state(), contact_email="typed@interior.example")
    make_expression(call, make_state(), contact=make_person("Known"))
    row = make_circular(Audience.CALL, by=office, call_id=call.id, chosen=("submitted",))
    rules.send(row, by=office, now=NOW)
    kept = {(r.name, r.trouble) for r in session.scalars(select(CircularRecipient))}
    assert kept == {("Ada Known", None), (typed.reference, "unconfirmed")}


def test_it_waits_for_its_hour_and_can_be_taken_back_until_then(session, office):
    members("en")
    row = make_circular(by=office, not_before=datetime(2026, 11, 24, 8, 0))
    rules.send(row, by=office, now=NOW)
    hour = datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert mails(session)[0].due_at == hour == row.leaves_at
    with pytest.raises(RuleBroken):
        rules.take_back(row, by=office, now=hour)
    assert rules.take_back(row, by=office, now=hour - timedelta(minutes=1)) == 1
    session.expire_all()
    assert mails(session)[0].state is State.CANCELLED and row.is_sent is False and row.is_out(hour) is False
    with pytest.raises(RuleBroken):
        rules.take_back(row, by=office, now=NOW)


def test_one_whose_mail_was_hurried_along_is_not_taken_back(session, office):
    members("en", "fr")
    row = make_circular(by=office, not_before=datetime(2026, 11, 24, 8, 0))
    rules.send(row, by=office, now=NOW)
    session.execute(update(Message).where(Message.id == mails(session)[0].id).values(due_at=NOW))
    mark_sent()
    with pytest.raises(RuleBroken):
        rules.take_back(row, by=office, now=NOW)
    assert row.taken_back_at is None and states_of(row) == {State.SENT: 1, State.QUEUED: 1}


def test_an_hour_that_clocks_skip_is_refused_and_one_that_comes_twice_is_asked_for(session, office):
    skipped = make_plan(zone="Europe/Paris", not_before=datetime(2027, 3, 28, 2, 30))
    with pytest.raises(RuleBroken) as refused:
        rules.write(skipped, by=office, now=NOW)
    assert refused.value.field == "start_time" and "The next time that does is 03:00" in str(refused.value.message)
    twice = make_plan(zone="Europe/Paris", not_before=datetime(2027, 10, 31, 2, 30))
    with pytest.raises(ClockFold) as fold:
        rules.write(twice, by=office, now=NOW)
    assert fold.value.second - fold.value.first == timedelta(hours=1)
    row = rules.write(replace(twice, fold=1), by=office, now=NOW)
    assert row.not_before == fold.value.second and row.fold == 1


def test_a_sent_one_is_not_edited_and_the_database_holds_it_too(session, office):
    members("en")
    row = make_circular(by=office)
    rules.send(row, by=office, now=NOW)
    for verb in (
        lambda: rules.change(row, make_plan(subjects={"en": "Other"}), version=row.version, by=office, now=NOW),
        lambda: rules.discard(row, by=office, now=NOW),
        lambda: rules.reviewed(row, "fr", by=office, now=NOW),
    ):
        with pytest.raises(RuleBroken):
            verb()
    with pytest.raises(IntegrityError, match="stays as it is"), session.begin_nested():
        session.execute(text("UPDATE circulars SET subjects = '{}' WHERE id = :id"), {"id": row.id})
    session.refresh(row)
    assert row.subjects == SUBJECTS


def test_a_correction_refers_to_what_was_sent_and_to_nothing_else(session, office):
    members("en", "fr")
    first = make_circular(by=office)
    with pytest.raises(RuleBroken):
        make_circular(by=office, corrects=first)
    rules.send(first, by=office, now=NOW)
    second = make_circular(by=office, corrects=first, subjects={"en": "The form comes in March"}, texts={"en": "Not January."})
    rules.send(second, by=office, now=NOW + timedelta(days=2))
    found = [m for m in mails(session) if m.subject_id == second.id and m.locale == "en"]
    plain, _html = parts(found[0])
    assert "This corrects what we wrote on 23 November 2026: New form from January" in plain
    assert subject_of(found[0]) == "Correction: The form comes in March"
    assert first.subjects == SUBJECTS


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"texts": {"en": "Use it.", "fr": ""}, "subjects": {"en": "A", "fr": "B"}},
            "Français: subject and text are needed, or neither.",
        ),
        ({"fallback": "es"}, "Español: this language stands in for all that are missing"),
    ],
)
def test_an_unfinished_text_keeps_it_from_being_sent(session, office, fields, sentence):
    members("en")
    row = make_circular(by=office, **fields)
    with pytest.raises(RuleBroken) as refused:
        rules.send(row, by=office, now=NOW)
    assert sentence in str(refused.value.message) and mails(session) == [] and row.sent_at is None


def test_a_translation_older_than_its_source_keeps_it_from_being_sent(session, office):
    members("en")
    row = make_circular(by=office)
    newer = make_plan(texts={**TEXTS, "en": "Use the new form from March."})
    rules.change(row, newer, version=row.version, by=office, now=NOW)
    assert {s.language: s.state.value for s in standings_of(SUBJECT, row.id, {"subjects": row.subjects, "texts": row.texts})}[
        "fr"
    ] == "out_of_date"
    with pytest.raises(RuleBroken) as refused:
        rules.send(row, by=office, now=NOW)
    assert "Français: the text is older than its source." in str(refused.value.message) and mails(session) == []


def test_nobody_to_write_to_is_said_and_nothing_is_sent(session, office):
    row = make_circular(by=office)
    with pytest.raises(RuleBroken):
        rules.send(row, by=office, now=NOW)
    assert row.sent_at is None and session.scalar(select(func.count()).select_from(CircularRecipient)) == 0


@pytest.mark.parametrize(
    ("audience", "fields", "field"),
    [
        (Audience.EXCHANGE, {}, "exchange_id"), (Audience.CALL, {}, "call_id"), (Audience.GROUND, {}, "grounds"),
        (Audience.GROUND, {"grounds": ("nonsense",)}, "grounds"), (Audience.WORKING_GROUP, {"chosen": ("seat",)}, "part"),
        (Audience.WORKING_GROUP, {"subjects": {"fr": "A"}}, "subjects"),
    ],
)  # fmt: skip
def test_for_whom_must_be_said_and_make_sense(session, office, audience, fields, field):
    with pytest.raises(RuleBroken) as refused:
        rules.write(make_plan(audience, **fields), by=office, now=NOW)
    assert refused.value.field == field and session.scalar(select(func.count()).select_from(Circular)) == 0


def test_two_who_edit_one_draft_meet(session, office):
    row = make_circular(by=office)
    before = row.version
    rules.change(row, make_plan(subjects={**SUBJECTS, "en": "One"}), version=before, by=office, now=NOW)
    with pytest.raises(Conflict):
        rules.change(row, make_plan(subjects={**SUBJECTS, "en": "Two"}), version=before, by=office, now=NOW)
    assert row.subjects["en"] == "One"


def test_a_draft_thrown_away_leaves_its_line_in_the_log_and_nothing_else(session, office):
    row = make_circular(by=office)
    key = row.id
    rules.discard(row, by=office, now=NOW)
    assert session.get(Circular, key) is None
    assert session.scalar(select(func.count()).where(AuditEntry.object_id == key, AuditEntry.action == "circular.discarded")) == 1


def test_a_thousand_recipients_cost_as_many_statements_as_three(session, office, statements):
    members("en", "fr", "ar")
    first = make_circular(by=office, visibility=Visibility.PUBLIC)
    session.flush()
    statements.clear()
    rules.send(first, by=office, now=NOW)
    few = len(statements)
    members("en", "fr", "ar", count=40)
    second = make_circular(by=office, visibility=Visibility.PUBLIC)
    session.flush()
    statements.clear()
    rules.send(second, by=office, now=NOW)
    assert len(statements) <= few
