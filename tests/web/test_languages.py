"""The language is in the address; a bare address leads to the reader's: profile, cookie, then browser."""

import pytest

from app.accounts.models import Person
from app.extensions import db


@pytest.mark.parametrize(
    ("header", "language"),
    [("ar", "ar"), ("fr-CA,fr;q=0.9", "fr"), ("de,ru;q=0.5", "ru"), ("de", "en"), ("", "en"), ("zh-Hans-CN", "zh")],
)
def test_a_bare_address_leads_to_the_browsers_language(client, header, language):
    answer = client.get("/about?x=1", headers={"Accept-Language": header})
    assert answer.status_code == 302
    assert answer.location == f"/{language}/about?x=1"
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_cookie_comes_before_the_browser_and_the_profile_before_both(app, client, sign_in):
    client.set_cookie("lang", "es")
    assert client.get("/about", headers={"Accept-Language": "ru"}).location == "/es/about"
    with app.app_context():
        person = Person(family_name="Sabri", email="n@elmara.example", email_folded="n@elmara.example", language="ar")
        db.session.add(person)
        db.session.commit()
    browser = sign_in(person)
    browser.set_cookie("lang", "es")
    assert browser.get("/about", headers={"Accept-Language": "ru"}).location == "/ar/about"


def test_a_page_says_its_language_and_direction(client):
    arabic = client.get("/ar/about").get_data(as_text=True)
    assert '<html lang="ar" dir="rtl"' in arabic
    english = client.get("/en/about").get_data(as_text=True)
    assert '<html lang="en" dir="ltr"' in english
    assert 'hreflang="ar"' in english
    assert 'href="/ar/about"' in english


def test_an_unknown_language_is_not_a_language(client):
    assert client.get("/de/about").status_code == 404
    assert client.get("/en/nowhere").status_code == 404
    assert client.get("/nowhere").status_code == 404
    assert client.post("/about").status_code == 404
