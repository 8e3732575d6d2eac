"""Zone, language and lighter pages: cookies for visitors, the profile for the signed in."""

import pytest

from app.accounts.models import Person
from tests.accounts.conftest import form_of, send

ZONE = "/en/preferences/zone"


def test_a_visitor_s_zone_is_a_cookie_and_no_more(client):
    answer = send(client, "/en/preferences", ZONE, zone="Africa/Nairobi")
    assert answer.status_code == 303
    cookie = client.get_cookie("zone")
    assert (cookie.value, cookie.path, cookie.http_only, cookie.same_site) == ("Africa/Nairobi", "/", True, "Lax")
    assert '<option selected value="Africa/Nairobi">' in client.get("/en/preferences").get_data(as_text=True)


def test_the_signed_in_keep_it_in_their_profile(within, browser_of):
    browser, person = browser_of()
    assert send(browser, "/en/preferences", ZONE, zone="Asia/Kathmandu").status_code == 303
    assert send(browser, "/en/preferences", "/en/preferences/lighter", lighter="y").status_code == 303
    answer = send(browser, "/en/preferences", "/en/preferences/language", language="ar")
    assert answer.headers["Location"] == "/ar/preferences"
    with within() as session:
        kept = session.get(Person, person.id)
        assert (kept.zone, kept.lighter_pages, kept.language) == ("Asia/Kathmandu", True, "ar")
    assert browser.get_cookie("zone") is None


def test_bare_addresses_follow_the_language_cookie(client):
    send(client, "/en/preferences", "/en/preferences/language", language="fr")
    assert client.get("/preferences").headers["Location"] == "/fr/preferences"


@pytest.mark.parametrize("wrong", ["", "Mars/Olympus", "../../etc/passwd", "UTC\x00", "UTC\r\nSet-Cookie: a=b", "x" * 5000])
def test_a_wrong_zone_is_refused_and_not_kept(client, wrong):
    answer = send(client, "/en/preferences", ZONE, zone=wrong)
    assert answer.status_code == 422
    assert client.get_cookie("zone") is None


def test_the_reader_goes_back_to_where_they_were_and_never_away(client):
    fields = form_of(client.get("/en/preferences"), ZONE)
    data = {**fields, "zone": "UTC", "next": ""}
    ours = client.post(ZONE, data=data, headers={"Referer": "http://127.0.0.1:8000/en/sign-in?x=1"})
    assert ours.headers["Location"] == "/en/sign-in?x=1"
    for referrer in ("https://evil.example//evil", "http://127.0.0.1:8000//evil.example/"):
        assert client.post(ZONE, data=data, headers={"Referer": referrer}).headers["Location"] == "/en/preferences"
    assert client.post(ZONE, data={**data, "next": "//evil.example"}).headers["Location"] == "/en/preferences"


def test_a_cookie_somebody_made_up_does_no_harm(client):
    client.set_cookie("zone", "Mars/Olympus")
    client.set_cookie("lang", "xx")
    client.set_cookie("lighter", "<script>")
    assert client.get("/en/preferences").status_code == 200
    assert client.get("/preferences").status_code == 302


def test_the_profile_is_saved_and_two_windows_meet(within, browser_of):
    browser, person = browser_of(family_name="Morrow")
    first = form_of(browser.get("/en/profile"))
    second = form_of(browser.get("/en/profile"))
    saved = {**first, "family_name": "Morrow-Berg", "zone": "Africa/Nairobi", "theme": "dark", "forms_of_address-fr": "Madame"}
    assert browser.post("/en/profile", data=saved).status_code == 303
    conflict = browser.post("/en/profile", data={**second, "family_name": "Other"})
    assert conflict.status_code == 409
    assert "Morrow-Berg" in conflict.get_data(as_text=True)
    with within() as session:
        kept = session.get(Person, person.id)
        assert (kept.family_name, kept.zone, kept.theme) == ("Morrow-Berg", "Africa/Nairobi", "dark")
        assert kept.forms_of_address == {"fr": "Madame"}
        assert kept.email == person.email


def test_nobody_changes_their_address_or_standing_by_the_profile_form(within, browser_of):
    browser, person = browser_of()
    fields = form_of(browser.get("/en/profile"))
    extra = {"email": "else@evil.example", "active": "", "role": "administrator", "joined_at": "2020-01-01", "id": "x"}
    assert browser.post("/en/profile", data={**fields, **extra}).status_code == 303
    with within() as session:
        kept = session.get(Person, person.id)
        assert (kept.email, kept.active, kept.joined_at) == (person.email, True, None)


def test_a_new_calendar_address_ends_the_former(within, browser_of):
    browser, person = browser_of()
    token = form_of(browser.get("/en/preferences"), ZONE)["csrf_token"]
    assert browser.post("/en/profile/calendar", data={"csrf_token": token}).status_code == 303
    with within() as session:
        assert session.get(Person, person.id).feed_nonce != person.feed_nonce
