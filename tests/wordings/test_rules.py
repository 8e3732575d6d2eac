"""Another wording of a sentence: what it must hold, who typed it, and the way back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.errors import Conflict, RuleBroken
from app.wordings import checks, queries, rules
from app.wordings.models import Wording, WordingVersion
from app.wordings.sentences import examples, forms_of, search, sentences
from tests.conftest import NOW
from tests.factories.accounts import make_person

DEAR = "Dear %(form)s,"
CLOSED = "This call is closed. It takes no more expressions of interest."
DAYS = "%(num)s place left"


@pytest.fixture
def officer(session):
    return make_person("Berg", given_name="Tomas")


def said(sentence, language):
    return list(sentence.said.get(language, ()))


def test_a_sentence_is_found_by_its_words_in_any_language(app, sentence):
    closed = sentence(CLOSED)
    for language in ("ar", "zh", "en", "fr", "ru", "es"):
        assert closed in search(closed.said[language][0][:25])
    assert search("   ") == [] and search("no sentence says this at all") == []
    assert closed in search("takes NO more expréssions")  # without case and accents


def test_a_wording_is_kept_with_who_typed_it_and_what_the_platform_said(session, officer, sentence):
    closed = sentence(CLOSED)
    assert rules.say(closed, "fr", ["Cet appel est clos."], seen=said(closed, "fr"), by=officer, now=NOW) is True
    row = session.get(Wording, (closed.name, "fr"))
    assert (row.forms, row.instead_of, row.by_name, row.words) == (
        ["Cet appel est clos."],
        said(closed, "fr"),
        "Tomas Berg",
        CLOSED,
    )
    assert queries.now_said(closed, "fr", queries.wordings_of([closed.name])) == ("Cet appel est clos.",)
    line = session.scalars(select(AuditEntry).filter_by(object_id=rules.id_of(closed.name, "fr"))).one()
    assert line.action == "wording.changed" and line.changes["wording"] == [said(closed, "fr")[0], "Cet appel est clos."]
    assert session.scalar(select(WordingVersion.version)) == 1
    assert closed.name in queries.holding("appel est CLOS")


def test_the_way_back_leaves_no_row_and_a_line_in_the_log(session, officer, sentence):
    closed = sentence(CLOSED)
    rules.say(closed, "fr", ["Cet appel est clos."], seen=said(closed, "fr"), by=officer, now=NOW)
    assert rules.take_back(closed, "fr", by=officer, now=NOW) is True
    assert session.get(Wording, (closed.name, "fr")) is None
    assert rules.take_back(closed, "fr", by=officer, now=NOW) is False
    actions = session.scalars(select(AuditEntry.action).filter_by(object_kind="wording").order_by(AuditEntry.id)).all()
    assert actions == ["wording.changed", "wording.taken_back"]


def test_typing_the_platforms_own_words_again_is_the_way_back(session, officer, sentence):
    closed = sentence(CLOSED)
    rules.say(closed, "es", ["Cerrada."], seen=said(closed, "es"), by=officer, now=NOW)
    assert rules.say(closed, "es", said(closed, "es"), seen=["Cerrada."], by=officer, now=NOW) is True
    assert session.get(Wording, (closed.name, "es")) is None


def test_the_second_of_two_editors_reads_what_the_first_one_typed(session, officer, sentence):
    closed = sentence(CLOSED)
    before = said(closed, "fr")
    rules.say(closed, "fr", ["Clos."], seen=before, by=officer, now=NOW)
    with pytest.raises(Conflict) as refused:
        rules.say(closed, "fr", ["Fermé."], seen=before, by=officer, now=NOW)
    assert refused.value.changes[0][1:] == ("Clos.", "Fermé.")
    assert session.get(Wording, (closed.name, "fr")).forms == ["Clos."]


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        (DEAR, ["Bonjour,"], "%(form)s is missing"),
        (DEAR, ["%(form)s %(name)s,"], "%(name)s is not filled in here"),
        (DEAR, ["%(form)s <b>now</b>"], "angle brackets"),
        (DEAR, ["%(form)s <script>"], "angle brackets"),
        (DEAR, ["%(form)s\" onload=\"x"], "quotation marks"),
        (DEAR, ["%(form)s 100 %"], "per cent"),
        (DEAR, ["%(form)s 100 %%"], "per cent"),
        (DEAR, ["  "], "every form"),
        (DEAR, ["%(form)s", "%(form)s"], "every form"),
        (DEAR, ["%(form)s" + "x" * 2001], "at most 2000"),
    ],
)  # fmt: skip
def test_a_wording_that_would_break_a_page_is_refused(session, officer, sentence, words, typed, why):
    found = sentence(words)
    with pytest.raises(RuleBroken) as refused:
        rules.say(found, "fr", typed, seen=said(found, "fr"), by=officer, now=NOW)
    assert why in str(refused.value.message)
    assert session.scalars(select(Wording)).all() == []


def test_every_plural_form_is_asked_for_and_a_form_for_one_may_say_the_number_as_a_word(app, sentence):
    places = sentence(DAYS)
    assert (forms_of("ar"), forms_of("ru"), forms_of("zh")) == (6, 3, 1)
    for language in ("ar", "zh", "en", "fr", "ru", "es"):
        assert len(said(places, language)) == forms_of(language) == len(examples(language)) and all(examples(language))
    with pytest.raises(RuleBroken):
        checks.checked(places, "ru", ["%(num)s место"])
    assert checks.checked(places, "fr", ["une place", "%(num)s places"]) == ["une place", "%(num)s places"]
    with pytest.raises(RuleBroken):
        checks.checked(places, "fr", ["une place", "des places"])
    with pytest.raises(RuleBroken):
        checks.checked(places, "zh", ["还有名额"])


def test_every_sentence_of_the_platform_would_pass_its_own_check(app):
    """The check refuses nothing that the catalogues say: whoever changes one word is not told of another."""
    for found in sentences().values():
        for language, forms in found.said.items():
            assert checks.checked(found, language, list(forms)) == list(forms), (language, found.words)


def test_marks_of_direction_stay_where_each_of_them_ends(app, sentence):
    search_ = sentence("Search")
    whole = "\u2066AB-1\u2069 بحث"
    assert checks.checked(search_, "ar", [whole]) == [whole]
    for open_ended in ("\u2066AB-1 بحث", "\u2069AB-1 بحث\u2066", "\u202eAB-1 بحث"):
        assert checks.checked(search_, "ar", [open_ended]) == ["AB-1 بحث"]


def test_a_preview_fills_every_place(app):
    assert checks.previewed("Dear %(form)s, 5 %% at %(time)s") == "Dear [form], 5 % at 16:00"
    assert checks.previewed("%(num)s places", "11") == "11 places"
