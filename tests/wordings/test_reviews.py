"""Which mails a named person has read: unread again when a template or the wording of one of its sentences changes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.core.languages import LANGUAGES
from app.notifications import samples
from app.wordings import queries, reviews, rules
from app.wordings.models import TemplateReview
from tests.conftest import NOW
from tests.factories.accounts import make_person


@pytest.fixture
def officer(session):
    reviews.judge()
    return make_person("Berg", given_name="Tomas")


def read(officer, kind, language):
    row = queries.review_of("mail", kind, language)
    return reviews.reviewed("mail", kind, language, seen=row.digest, by=officer, now=NOW)


def test_every_mail_in_every_language_is_unread_at_first(session, officer):
    rows = queries.reviews()
    assert {(r.name, r.language) for r in rows} == {(k, lang) for k in samples.kinds() for lang in LANGUAGES}
    assert queries.unread() == len(rows) and not any(r.is_reviewed or r.was_reviewed for r in rows)


def test_a_named_person_reads_one_and_twice_is_once(session, officer):
    before = queries.unread()
    assert read(officer, "session-invite", "fr") is True
    row = queries.review_of("mail", "session-invite", "fr")
    assert row.is_reviewed and (row.reviewed_name, row.reviewed_at) == ("Tomas Berg", NOW)
    assert queries.unread() == before - 1
    assert read(officer, "session-invite", "fr") is False
    lines = session.scalars(select(AuditEntry).filter_by(action="template.reviewed")).all()
    assert [line.changes for line in lines] == [{"language": [None, "fr"], "template": [None, "mail/session-invite"]}]


def test_what_changed_while_somebody_read_is_not_read(session, officer):
    with pytest.raises(RuleBroken):
        reviews.reviewed("mail", "session-invite", "fr", seen="another", by=officer, now=NOW)
    assert not queries.review_of("mail", "session-invite", "fr").is_reviewed


def test_another_wording_makes_the_mails_that_say_it_unread_in_that_language_alone(session, officer, sentence):
    for kind, language in (("session-invite", "fr"), ("session-invite", "es"), ("password-changed", "fr")):
        read(officer, kind, language)
    answer = sentence("You are invited to a session: %(title)s")
    assert rules.say(answer, "fr", ["Venez : %(title)s"], seen=list(answer.said["fr"]), by=officer, now=NOW)
    assert queries.review_of("mail", "session-invite", "fr").was_reviewed
    assert queries.review_of("mail", "session-invite", "es").is_reviewed
    assert queries.review_of("mail", "password-changed", "fr").is_reviewed
    rules.take_back(answer, "fr", by=officer, now=NOW)
    assert queries.review_of("mail", "session-invite", "fr").is_reviewed  # it says again what was read


def test_another_template_text_makes_it_unread_in_every_language(session, officer, monkeypatch):
    for language in LANGUAGES:
        read(officer, "session-cancel", language)
    read(officer, "session-invite", "fr")
    real = samples.MAILS.made_of

    def other(name, language):
        made = real(name, language)
        return reviews.Made(made.text + "!", made.says) if name == "session-cancel" else made

    monkeypatch.setitem(reviews._sorts, "mail", reviews.Sort(**{**vars(samples.MAILS), "made_of": other}))
    reviews.judge()
    assert all(queries.review_of("mail", "session-cancel", language).was_reviewed for language in LANGUAGES)
    assert queries.review_of("mail", "session-invite", "fr").is_reviewed


def test_a_template_that_is_gone_is_not_counted_and_judging_again_changes_nothing(session, officer, monkeypatch):
    before = {(r.name, r.language): r.digest for r in queries.reviews()}
    reviews.judge()
    assert {(r.name, r.language): r.digest for r in queries.reviews()} == before
    fewer = [name for name in samples.kinds() if name != "session-nudge"]
    monkeypatch.setitem(reviews._sorts, "mail", reviews.Sort(**{**vars(samples.MAILS), "names": lambda: fewer}))
    reviews.judge()
    assert session.scalars(select(TemplateReview).filter_by(name="session-nudge")).all() == []


def test_what_a_mail_is_made_of_are_its_files_and_their_sentences(app):
    with app.app_context():
        made = samples.made_of("session-invite", "fr")
    assert ("", "You are invited to a session: %(title)s") in made.says and ("", "Dear %(form)s,") in made.says
    assert all(part in made.text for part in ("emails/session-invite/body.txt", "emails/_layout.html", "emails/_session.html"))
