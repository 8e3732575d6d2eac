"""A wording is in force on pages and in mails, in every process, within seconds, and pages send no statement for it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from flask_babel import force_locale, gettext, ngettext

from app.core.languages import LANGUAGES, babel_locale
from app.extensions import db
from app.notifications import samples
from app.wordings import catalogue, rules
from tests.conftest import NOW
from tests.factories.accounts import make_person

CLOSED = "This call is closed. It takes no more expressions of interest."
TOLD = "Take part"


def say(app, sentence, language, *forms):
    with app.app_context():
        officer = make_person("Berg")
        rules.say(sentence, language, list(forms), seen=list(sentence.said.get(language, ())), by=officer, now=NOW)
        db.session.commit()
        db.session.remove()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_it_at_once_where_it_was_typed_and_other_languages_stay(app, client, sentence, language):
    calls = sentence("Calls")
    before = {code: client.get(f"/{code}/calls").text for code in LANGUAGES}
    say(app, calls, language, "Zzyx")
    for code in LANGUAGES:
        page = client.get(f"/{code}/calls").text
        assert ("Zzyx" in page) is (code == language)
        assert "Zzyx" not in before[code]
        assert (calls.said[code][0] in before[code]) and (code == language or calls.said[code][0] in page)


def test_what_is_typed_is_escaped_nowhere_less_than_the_sentence_it_replaces(app, client, sentence):
    say(app, sentence("Calls"), "en", "Calls & “more”")
    assert "<h1>Calls & “more”</h1>" in client.get("/en/calls").text


def test_plural_forms_and_lazy_words_follow(app, sentence):
    say(app, sentence("%(num)s place left"), "ru", "одно место", "%(num)s места!", "%(num)s мест!")
    with app.test_request_context("/ru/"), force_locale("ru"):
        told = [ngettext("%(num)s place left", "%(num)s places left", number) for number in (1, 3, 5)]
        assert told == ["одно место", "3 места!", "5 мест!"]


def test_the_way_back_is_in_force_too(app, client, sentence):
    calls = sentence("Calls")
    say(app, calls, "fr", "Zzyx")
    assert "Zzyx" in client.get("/fr/calls").text
    with app.app_context():
        rules.take_back(calls, "fr", by=make_person("Other"), now=NOW)
        db.session.commit()
    assert "Zzyx" not in client.get("/fr/calls").text


def test_mails_say_it_also_those_that_were_rendered_before(app, sentence):
    dear = sentence("Dear %(form)s,")
    with app.app_context():
        assert "Zzyx" not in samples.samples("session-invite", "es")[0].text
    say(app, dear, "es", "Zzyx %(form)s:")
    with app.app_context():
        shown = samples.samples("session-invite", "es")[0]
        assert "Zzyx Señora Ministra:" in shown.text and "Zzyx" in shown.html
        assert "Zzyx" not in samples.samples("session-invite", "fr")[0].text


def test_a_page_sends_no_statement_to_ask_for_wordings_between_two_looks(app, client, sentence, statements):
    say(app, sentence("Calls"), "fr", "Zzyx")
    client.get("/fr/calls")
    statements.clear()
    client.get("/fr/calls")
    assert not [s for s in statements if "wording" in s]


def test_a_database_that_is_away_leaves_the_words_of_before_in_force(app, client, sentence, monkeypatch):
    say(app, sentence("Calls"), "fr", "Zzyx")
    assert "Zzyx" in client.get("/fr/calls").text
    from sqlalchemy.exc import OperationalError

    def away():
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(catalogue, "_read", away)
    catalogue.forget()
    assert "Zzyx" in client.get("/fr/calls").text


def test_another_process_says_it_within_seconds(committed_app, settings, sentence):
    """A second process is running before the wording is typed; nobody tells it but the database."""
    program = textwrap.dedent(
        """
        import sys, time
        from app import create_app
        from app.wordings import catalogue
        from flask_babel import force_locale, gettext
        app = create_app()
        def said():
            with app.test_request_context("/fr/"), force_locale("fr"):
                return gettext("Calls")
        print("before", said(), flush=True)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if said() == "Zzyx":
                print("after", flush=True)
                break
            time.sleep(0.2)
        """
    )
    env = {
        "PATH": "/usr/bin:/bin", "PATHWAYS_ENV": "test", "DATABASE_URL": settings.database_url,
        "MIGRATION_DATABASE_URL": settings.migration_database_url, "REDIS_URL": settings.redis_url,
        "SMTP_URL": "smtp://127.0.0.1:9", "VAR_DIR": str(settings.var_dir), "CLOCK_FILE": str(settings.clock_file),
        "SECRET_KEY": "a-secret-of-the-tests-with-more-than-32-characters", "BASE_URL": "http://127.0.0.1:8000",
        "MAIL_DOMAIN": "pathways.example",
    }  # fmt: skip
    other = subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert other.stdout.readline().strip() == f"before {sentence('Calls').said['fr'][0]}"
        say(committed_app, sentence("Calls"), "fr", "Zzyx")
        assert other.stdout.readline().strip() == "after"
        assert other.wait(10) == 0
    finally:
        other.kill()
        other.stdout.close()
        other.wait()


def test_every_language_has_a_catalogue_to_lay_wordings_over(app, sentence):
    for language in LANGUAGES:
        say(app, sentence("Search"), language, f"Zz {language}")
        with app.test_request_context(f"/{language}/"), force_locale(babel_locale(language)):
            assert gettext("Search") == f"Zz {language}"
