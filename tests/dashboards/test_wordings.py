"""The pages where any sentence is said in other words, and the register of mails that somebody has read."""

from __future__ import annotations

import json
import re
import time

import pytest
from babel.messages.pofile import read_po

from app.accounts.models import Role
from app.wordings import catalogue, reviews
from app.wordings.sentences import sentences
from tests.conftest import csrf_of
from tests.factories.accounts import make_person

CLOSED = "This call is closed. It takes no more expressions of interest."


@pytest.fixture(autouse=True)
def _fresh(base_app):
    yield
    catalogue._kept.over, catalogue._kept.version, catalogue._kept.looked = {}, 0, time.monotonic()
    catalogue._kept.laid.clear()


def named(words):
    return next(s for s in sentences().values() if s.words == words)


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def office(written, sign_in):
    with written():
        person = make_person("Berg", given_name="Tomas")
        reviews.judge()
    return sign_in(person, Role.SECRETARIAT)


def form_of(office, sentence, language):
    address = f"/en/desk/wordings/{sentence.name}/{language}"
    page = office.get(address).text
    seen = [s.replace("&#39;", "'") for s in re.findall(r'name="seen" value="([^"]*)"', page)]
    return address, {"csrf_token": csrf_of(page), "seen": seen}


def test_a_sentence_is_found_looked_at_typed_and_taken_back(office):
    closed = named(CLOSED)
    found = office.get("/fr/desk/wordings", query_string={"q": "takes no more"}).text
    assert f"/fr/desk/wordings/{closed.name}" in found and closed.said["fr"][0].replace("'", "&#39;") in found
    one = words(office.get(f"/en/desk/wordings/{closed.name}").text)
    assert all(" ".join(closed.said[code][0].split())[:20] in one for code in ("ar", "zh", "fr", "ru", "es"))
    address, form = form_of(office, closed, "fr")
    looked = office.post(address, data={**form, "form_0": "Cet appel est clos.", "look": "1"})
    assert looked.status_code == 200 and "This is how it reads:" in looked.text
    assert not list(json.loads(office.get("/en/desk/wordings.json").text))
    saved = office.post(address, data={**form, "form_0": "Cet appel est clos."}, follow_redirects=True)
    assert "The wording is saved." in saved.text and "Cet appel est clos." in saved.text and "Wording changed" in saved.text
    mine = words(office.get("/en/desk/wordings").text)
    assert "Cet appel est clos." in mine and "Tomas Berg" in mine
    back = office.post(f"{address}/back", data={"csrf_token": form["csrf_token"]}, follow_redirects=True)
    assert "The platform's own wording is back." in back.text.replace("&#39;", "'") and "Wording taken back" in back.text


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(office):
    dear = named("Dear %(form)s,")
    address, form = form_of(office, dear, "es")
    answer = office.post(address, data={**form, "form_0": "Hola <b>ya</b>"})
    assert answer.status_code == 422 and "Hola &lt;b&gt;ya&lt;/b&gt;" in answer.text
    assert '<a href="#form_0">' in answer.text and 'aria-describedby="form_0-error"' in answer.text
    assert "%(form)s is missing" in answer.text
    assert json.loads(office.get("/en/desk/wordings.json").text) == []


def test_the_second_of_two_editors_is_told(office):
    closed = named(CLOSED)
    address, form = form_of(office, closed, "fr")
    office.post(address, data={**form, "form_0": "Clos."})
    answer = office.post(address, data={**form, "form_0": "Fini."})
    assert answer.status_code == 409 and "Clos." in answer.text and "Fini." in answer.text
    assert "Somebody else changed this wording" in answer.text


def test_the_exports_hold_what_was_typed(office):
    places = named("%(num)s place left")
    address, form = form_of(office, places, "fr")
    office.post(address, data={**form, "form_0": "une place", "form_1": "%(num)s places !"})
    (row,) = json.loads(office.get("/en/desk/wordings.json").text)
    assert (row["sentence"], row["language"], row["forms"]) == ("%(num)s place left", "fr", ["une place", "%(num)s places !"])
    po = office.get("/en/desk/wordings-fr.po")
    assert po.headers["Content-Disposition"] == 'attachment; filename="wordings-fr.po"'
    (message,) = [m for m in read_po(po.text.splitlines()) if m.id]
    assert message.id == ("%(num)s place left", "%(num)s places left") and tuple(message.string) == (
        "une place",
        "%(num)s places !",
    )
    assert office.get("/en/desk/wordings-xx.po").status_code == 404


def test_unknown_sentences_and_languages_have_no_page(office):
    assert office.get("/en/desk/wordings/nothing").status_code == 404
    assert office.get(f"/en/desk/wordings/{named(CLOSED).name}/xx").status_code == 404
    assert "No sentence holds these words." in office.get("/en/desk/wordings?q=qqqqq").text


def test_a_search_is_paged(office):
    seen, url = [], "/en/desk/wordings?q=session"
    while url:
        page = office.get(url).text
        seen += re.findall(r'href="/en/desk/wordings/([0-9a-f]{20})"', page)
        after = re.search(r'rel="next" href="([^"]+)"', page)
        url = after[1].replace("&amp;", "&") if after else None
    assert len(seen) == len(set(seen)) > 20


@pytest.mark.parametrize("role", [Role.CO_LEAD, Role.PARTICIPANT, Role.AUDITOR])
def test_only_the_secretariat_changes_words(written, sign_in, role):
    with written():
        person = make_person()
    reader = sign_in(person, role)
    for address in ("/en/desk/wordings", f"/en/desk/wordings/{named(CLOSED).name}", "/en/desk/wordings.json", "/en/desk/texts"):
        assert reader.get(address).status_code == 404


def test_a_named_person_reads_a_mail_and_the_desk_counts_one_less(office):
    def unread():
        return int(re.search(r"(\d+) mail texts? not read", words(office.get("/en/desk").text))[1])

    before = unread()
    address = "/en/desk/templates/mail/session-invite/fr"
    page = office.get(address).text
    assert "Not read" in page and "Le regroupement familial" in page and "Adaeze" not in words(page).split("Plain")[0][:50]
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    late = office.post(address, data={"csrf_token": csrf_of(page), "seen": "0"})
    assert late.status_code == 409 and unread() == before
    done = office.post(address, data={"csrf_token": csrf_of(page), "seen": seen}, follow_redirects=True)
    assert "Your review is noted." in done.text and unread() == before - 1
    assert "Tomas Berg" in words(office.get(address).text)
    html = office.get(f"{address}/0")
    assert html.status_code == 200 and "sandbox" in html.headers["Content-Security-Policy"]
    assert office.get(f"{address}/99").status_code == 404
    for wrong in ("mail/nothing/fr", "letter/session-invite/fr", "mail/session-invite/xx"):
        assert office.get(f"/en/desk/templates/{wrong}").status_code == 404


def test_an_auditor_reads_the_register_and_says_nothing(written, sign_in):
    with written():
        person = make_person()
        reviews.judge()
    auditor = sign_in(person, Role.AUDITOR)
    page = auditor.get("/en/desk/templates/mail/session-invite/fr").text
    assert "I have read this and it is right" not in page
    assert auditor.get("/en/desk/templates").status_code == 200
