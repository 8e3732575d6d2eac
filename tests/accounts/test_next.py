"""C. After signing in one never leaves the host."""

import pytest

from app.accounts.next_page import safe_next
from app.accounts.rules import joining
from tests.accounts.conftest import PASSWORD, send
from tests.factories.accounts import NOW, make_person

HOSTILE = [
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "/\\/evil.example", "https://evil.example", "http://evil.example/en/profile", "https:evil.example", "https:/evil.example",
    "http:\\\\evil.example", "ftp://evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x",
    "vbscript:x", "mailto:x@evil.example", "%2f%2fevil.example", "/%2f%2fevil.example", "/%2fevil.example",
    "/%5cevil.example", "/%5c%5cevil.example", "/%252fevil.example", "/%25252f/evil.example", "/en/profile%0d%0aLocation:x",
    "/en/profile\r\nLocation: https://evil.example", "/en/profile\nSet-Cookie: a=b", "\t//evil.example", "/\t/evil.example",
    " //evil.example", "/ /evil.example", "/\x00/evil.example", "//evil.example@127.0.0.1:8000/", "@evil.example",
    "evil.example", "evil.example/en/profile", ".evil.example", "/en//evil.example", "/en/profile/../..//evil.example",
    "//[::1]/", "//[evil", "/en/nowhere", "/..//evil.example", "?next=//evil.example", "#//evil.example", "", "/" + "a" * 3000,
    "/\u2028/evil.example", "/／evil.example/", "／／evil.example", "/en/sign-out", "//evil%E3%80%82example",
]  # fmt: skip


@pytest.mark.parametrize("target", HOSTILE)
def test_a_hostile_target_is_refused(base_app, target):
    with base_app.test_request_context("/en/sign-in", base_url="http://127.0.0.1:8000"):
        assert safe_next(target) is None


@pytest.mark.parametrize("target", ["/en/profile", "/ar/desk/people?words=%D8%A3&after=x", "/fr/preferences#zone"])
def test_our_own_pages_are_kept(base_app, target):
    with base_app.test_request_context("/en/sign-in", base_url="http://127.0.0.1:8000"):
        assert safe_next(target) == target


def test_there_are_forty_and_more():
    assert len(set(HOSTILE)) >= 40


def test_signing_in_leads_only_to_our_pages(app, within, monkeypatch):
    with within():
        person = make_person(email="me@astoria.example")
        joining.set_password(person, PASSWORD, now=NOW, tell=False)
    from app.accounts.rules import signing_in

    monkeypatch.setattr(signing_in, "PER_CLIENT", (1000, signing_in.PER_CLIENT[1]))
    for target in [*HOSTILE, "/en/profile"]:
        browser = app.test_client()
        answer = send(browser, "/en/sign-in", "/en/sign-in", email="me@astoria.example", password=PASSWORD, next=target)
        assert answer.status_code == 303, target
        assert answer.headers["Location"] in ("/en/", "/en/profile"), target
        again = browser.get("/en/sign-in", query_string={"next": target})
        assert again.headers["Location"] in ("/en/", "/en/profile"), target


def test_the_page_after_signing_in_is_the_one_that_was_wanted(client, within):
    with within():
        joining.set_password(make_person(email="me@astoria.example"), PASSWORD, now=NOW, tell=False)
    url = "/en/sign-in?next=/en/profile/sign-ins"
    answer = send(client, url, "/en/sign-in", email="me@astoria.example", password=PASSWORD)
    assert answer.headers["Location"] == "/en/profile/sign-ins"
