"""Joining: the invitation works once, until it expires, for the one it was sent to."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import JoinInvitation, Person, Role, RoleGrant
from app.accounts.rules import joining
from app.accounts.rules import people as people_rules
from app.audit.models import AuditEntry
from app.core import clock
from app.core.errors import RuleBroken
from tests.accounts.conftest import PASSWORD, form_of, send
from tests.factories.accounts import NOW, make_person
from tests.factories.notifications import link_in


@pytest.fixture
def invited(within, administrator, outbox):
    """A person invited as co-lead, and the path in the mail."""
    with within():
        person = make_person("Morrow", email="new@astoria.example", language="ar")
    url = f"/en/desk/people/{person.id}"
    assert send(administrator, url, f"{url}/invite", **{"join-role": "co_lead"}).status_code == 303
    (letter,) = outbox("join-invitation")
    assert (letter.address, letter.locale, letter.recipient_id) == ("new@astoria.example", "ar", person.id)
    assert letter.expires_at == NOW + timedelta(days=14)
    return person, link_in(letter, "join").removeprefix("http://127.0.0.1:8000")


def test_opening_the_link_changes_nothing(invited, app, within):
    person, path = invited
    assert path.startswith("/ar/welcome/")
    for method in ("get", "head", "get"):
        page = getattr(app.test_client(), method)(path)
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
    with within() as session:
        assert session.get(Person, person.id).joined_at is None


def test_a_password_makes_the_account_with_its_role_and_the_link_is_used_up(invited, app, within):
    person, path = invited
    browser = app.test_client()
    answer = send(browser, path, password=PASSWORD)
    assert answer.status_code == 303
    assert browser.get("/en/profile").status_code == 200
    with within() as session:
        kept = session.get(Person, person.id)
        assert kept.joined_at == kept.email_confirmed_at == NOW
        assert session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == person.id)).all() == [Role.CO_LEAD]
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == person.id).order_by(AuditEntry.id))
        assert actions.all() == ["person.invited", "person.role_granted", "person.joined", "person.signed_in"]
    again = app.test_client().get(path)
    assert again.status_code == 410
    assert "/ar/sign-in" in again.get_data(as_text=True), "the way on is to sign in"


def test_the_same_form_sent_twice_makes_one_account(invited, app, within):
    person, path = invited
    browser = app.test_client()
    fields = form_of(browser.get(path))
    assert browser.post(path, data={**fields, "password": PASSWORD}).status_code == 303
    other = app.test_client()
    token = form_of(other.get("/en/sign-in"), "/en/sign-in")["csrf_token"]
    assert other.post(path, data={"csrf_token": token, "password": "kettle ninety violin marsh"}).status_code == 410
    with within() as session:
        assert session.query(RoleGrant).where(RoleGrant.person_id == person.id).count() == 1


def test_without_a_password_the_account_signs_in_by_mail(invited, app, within, outbox):
    person, path = invited
    browser = app.test_client()
    answer = browser.post(path, data={**form_of(browser.get(path)), "password": "", "by-mail": "1"})
    assert answer.status_code == 303
    assert browser.get("/en/profile").status_code == 401
    send(browser, "/en/sign-in", "/en/sign-in/link", email="new@astoria.example")
    code = re.search(r"(\d{3} \d{3})</bdi>", browser.get("/en/sign-in/code").get_data(as_text=True))[1]
    link = link_in(outbox("sign-in-link")[0], "open").removeprefix("http://127.0.0.1:8000")
    assert send(browser, link, code=code).status_code == 303
    assert browser.get("/en/profile").status_code == 200
    with within() as session:
        assert session.get(Person, person.id).password_hash is None


@pytest.mark.parametrize(
    "weak", ["", "short", "fourteen chars", "aaaaaaaaaaaaaaaaaaaa", "Morrow Morrow 2026!", "Regular Pathways Network", "x" * 257]
)
def test_a_weak_password_is_refused_at_its_field_and_the_link_stays(invited, app, within, weak):
    person, path = invited
    browser = app.test_client()
    answer = send(browser, path, password=weak)
    assert answer.status_code == 422
    assert 'href="#password"' in answer.get_data(as_text=True)
    if weak:
        assert weak not in answer.get_data(as_text=True), "a password is never sent back"
    with within() as session:
        kept = session.get(Person, person.id)
        assert (kept.joined_at, kept.password_hash) == (None, None)
    assert browser.get(path).status_code == 200


def test_the_link_ends_after_fourteen_days(invited, app, monkeypatch):
    _, path = invited
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=14))
    assert app.test_client().get(path).status_code == 410


def test_the_link_ends_with_the_person(invited, app, within):
    person, path = invited
    with within() as session:
        people_rules.deactivate(session.merge(person), by=make_person(), now=NOW)
    assert app.test_client().get(path).status_code == 410


def test_a_link_signed_for_another_row_or_changed_is_not_found(invited, app):
    _, path = invited
    head, token = path.rsplit("/", 1)
    for changed in (token[:-1] + ("A" if token[-1] != "A" else "B"), "B" + token[1:], token[:30], token * 2):
        assert app.test_client().get(f"{head}/{changed}").status_code == 404


@pytest.mark.parametrize("wrong", [{"email": None}, {"active": False}, {"joined_at": NOW}])
def test_who_cannot_join_is_not_invited(session, outbox, wrong):
    person = make_person("Morrow", **wrong)
    with pytest.raises(RuleBroken):
        joining.invite(person, None, by=None, now=NOW)
    assert session.query(JoinInvitation).count() == 0


def test_a_forgotten_password_is_replaced_after_a_mailed_link_only(within, sign_in, app):
    from app.accounts import sessions

    with within() as session:
        person = make_person("Morrow")
        joining.set_password(person, PASSWORD, now=NOW, tell=False)
        tokens = {m: sessions.begin(person, m, NOW) for m in ("password", "link")}
    for method, status in (("password", 422), ("link", 303)):
        browser = app.test_client()
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = tokens[method]
        answer = send(browser, "/en/profile/password", password="kettle ninety violin marsh", current="wrong")
        assert answer.status_code == status, method
    with within() as session:
        from app.accounts import passwords

        kept = session.get(Person, person.id)
        assert passwords.fits(kept.password_hash, "kettle ninety violin marsh")
        assert not passwords.fits(kept.password_hash, PASSWORD)
