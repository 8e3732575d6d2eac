"""What is known of a text in a language: missing, in part, draft, reviewed by whom, out of date since its source changed."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.texts import queries, rules
from app.texts.models import TextMark
from app.texts.states import State
from tests.conftest import NOW
from tests.factories.accounts import make_person

KIND, ID = "circular", uuid.uuid4()
LATER = NOW + timedelta(days=1)


@pytest.fixture
def officer(session):
    return make_person("Berg")


def fields(**more):
    return {"titles": {"en": "Peers", "fr": "Pairs", **more}, "texts": {"en": "Come.", "fr": "Venez."}}


def state(texts, language):
    found = queries.standings_of(KIND, ID, texts)
    return queries.in_language(found, language)


def save(texts, by, now=NOW, source="en"):
    rules.written(KIND, ID, texts, source=source, by=by, now=now)


def test_a_translation_is_a_draft_until_somebody_stands_by_it(session, officer):
    texts = fields()
    save(texts, officer)
    assert state(texts, "en").state is State.SOURCE
    assert state(texts, "fr").state is State.DRAFT
    assert state(texts, "ru").state is State.MISSING and state(texts, "ru").lacking == ("titles", "texts")
    assert rules.reviewed(KIND, ID, texts, "fr", by=officer, now=LATER) is True
    seen = state(texts, "fr")
    assert (seen.state, seen.reviewed_name, seen.reviewed_at) == (State.REVIEWED, officer.full_name, LATER)
    assert rules.reviewed(KIND, ID, texts, "fr", by=officer, now=LATER) is False
    lines = session.scalars(select(AuditEntry.action).filter_by(object_kind=KIND, object_id=ID)).all()
    assert lines == ["texts.reviewed"]


def test_a_translation_is_out_of_date_once_its_source_changed_and_right_again_after_a_review(session, officer):
    save(fields(), officer)
    rules.reviewed(KIND, ID, fields(), "fr", by=officer, now=NOW)
    changed = fields(en="Peers of all regions")
    save(changed, officer, LATER)
    assert state(changed, "fr").state is State.OUT_OF_DATE
    assert state(changed, "fr").reviewed_name == officer.full_name  # who reviewed it when it was right
    rules.reviewed(KIND, ID, changed, "fr", by=officer, now=LATER)
    assert state(changed, "fr").state is State.REVIEWED


def test_a_source_that_comes_back_makes_its_translation_right_again(session, officer):
    save(fields(), officer)
    rules.reviewed(KIND, ID, fields(), "fr", by=officer, now=NOW)
    save(fields(en="A slip"), officer, LATER)
    save(fields(), officer, LATER)
    assert state(fields(), "fr").state is State.REVIEWED


def test_a_translation_written_anew_is_a_draft_and_no_longer_anybodys_word(session, officer):
    save(fields(), officer)
    rules.reviewed(KIND, ID, fields(), "fr", by=officer, now=NOW)
    other = fields(fr="Homologues")
    save(other, officer, LATER)
    assert state(other, "fr").state is State.DRAFT


def test_a_text_changed_past_the_rules_is_a_draft_too(session, officer):
    save(fields(), officer)
    rules.reviewed(KIND, ID, fields(), "fr", by=officer, now=NOW)
    assert state(fields(fr="Changed by a script"), "fr").state is State.DRAFT


def test_half_a_translation_is_said_to_be_half(session, officer):
    texts = fields(ar="أقران")
    save(texts, officer)
    assert (state(texts, "ar").state, state(texts, "ar").lacking) == (State.PARTIAL, ("texts",))


def test_what_the_source_leaves_empty_asks_for_no_translation(session, officer):
    texts = {**fields(), "agendas": {}}
    save(texts, officer)
    rules.reviewed(KIND, ID, texts, "fr", by=officer, now=NOW)
    assert state(texts, "fr").state is State.REVIEWED


def test_another_language_can_become_the_source(session, officer):
    save(fields(), officer)
    save(fields(), officer, LATER, source="fr")
    assert state(fields(), "fr").state is State.SOURCE and state(fields(), "en").state is State.DRAFT
    assert queries.source_of(KIND, ID, fields()) == "fr"
    changed = fields(fr="Pairs de toutes les régions")
    save(changed, officer, LATER, source="fr")
    assert state(changed, "en").state is State.OUT_OF_DATE


def test_without_a_mark_the_first_language_in_the_installations_order_is_the_source(session):
    assert queries.source_of(KIND, ID, {"titles": {"ru": "Только", "es": "Solo"}}) in ("ru", "es")
    assert state(fields(), "fr").state is State.DRAFT


def test_a_text_that_is_taken_away_leaves_no_mark(session, officer):
    save(fields(), officer)
    save({"titles": {"en": "Peers"}, "texts": {"en": "Come.", "fr": "  "}}, officer, LATER)
    left = session.scalars(select(TextMark.language).filter_by(kind=KIND, object_id=ID)).all()
    assert left == ["en", "en"]


def test_there_is_nothing_to_review_in_the_source_or_in_a_language_that_lacks(session, officer):
    save(fields(), officer)
    assert rules.reviewed(KIND, ID, fields(), "en", by=officer, now=NOW) is False
    assert rules.reviewed(KIND, ID, fields(), "zh", by=officer, now=NOW) is False
    assert session.scalar(select(func.count()).select_from(AuditEntry).filter_by(object_id=ID)) == 0


def test_texts_from_before_marks_were_kept_can_be_reviewed(session, officer):
    assert rules.reviewed(KIND, ID, fields(), "fr", by=officer, now=NOW) is True
    assert state(fields(), "fr").state is State.REVIEWED
    assert state(fields(en="Changed"), "fr").state is State.OUT_OF_DATE


def test_many_records_are_judged_in_one_query(session, officer, statements):
    records = {}
    for _n in range(12):
        id_ = uuid.uuid4()
        records[id_] = fields()
        rules.written(KIND, id_, fields(), source="en", by=officer, now=NOW)
    statements.clear()
    found = queries.standings(KIND, records)
    assert len(statements) == 1 and len(found) == 12
    assert all(six[0].language == "en" and len(six) == 6 for six in found.values())
