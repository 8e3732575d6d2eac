"""Signing in by password over HTTP."""

from datetime import timedelta

from app.accounts.models import SignIn
from app.accounts.rules import joining
from tests.accounts.conftest import PASSWORD, form_of
from tests.accounts.entering import LINK, SIGN_IN, by_password, is_in, shape
from tests.factories.accounts import NOW, make_person
from tests.factories.notifications import link_in


def test_the_right_password_signs_in_and_leaves_a_line_in_the_log(client, person, within):
    answer = by_password(client)
    assert answer.status_code == 303
    assert is_in(client)
    with within() as session:
        rows = session.query(SignIn).all()
        assert [(r.person_id, r.method, r.ended_at) for r in rows] == [(person.id, "password", None)]


def test_the_cookie_holds_the_token_and_nothing_of_before(client, person):
    client.get(SIGN_IN)
    with client.session_transaction() as cookie:
        cookie["browser"] = "before"
        before = cookie["csrf_token"]
    by_password(client)
    with client.session_transaction() as cookie:
        assert set(cookie) == {"_user_id", "_fresh"}
        assert str(person.id) not in cookie["_user_id"]
    client.get("/en/profile")
    with client.session_transaction() as cookie:
        assert cookie["csrf_token"] != before


def test_each_sign_in_has_a_new_id(client, person, app):
    by_password(client)
    with client.session_transaction() as cookie:
        first = cookie["_user_id"]
    other = app.test_client()
    by_password(other)
    with other.session_transaction() as cookie:
        assert cookie["_user_id"] != first


def test_wrong_password_unknown_address_no_password_and_closed_account_get_one_answer(app, person, within):
    with within() as session:
        make_person("Nopass", email="nopass@astoria.example")
        closed = make_person("Closed", email="closed@astoria.example")
        joining.set_password(closed, PASSWORD, now=NOW, tell=False)
        closed.active = False
        session.flush()
    answers = set()
    for email, password in (
        ("adaeze.morrow@astoria.example", "not the right password"),
        ("unknown@astoria.example", PASSWORD),
        ("nopass@astoria.example", PASSWORD),
        ("closed@astoria.example", PASSWORD),
    ):
        browser = app.test_client()
        answers.add(shape(by_password(browser, email, password)))
        assert not is_in(browser)
    assert len(answers) == 1
    assert answers.pop()[0] == 422


def test_known_and_unknown_addresses_take_the_same_work(app, person, within, monkeypatch):
    from app.accounts import passwords

    seen = []
    verify = passwords._hasher.verify.__func__

    def counted(self, stored, password):
        seen.append(stored.split("$")[3])
        return verify(self, stored, password)

    monkeypatch.setattr(type(passwords._hasher), "verify", counted)
    by_password(app.test_client(), password="not the right password")
    by_password(app.test_client(), email="unknown@astoria.example")
    assert len(seen) == 2
    assert seen[0] == seen[1] == "m=19456,t=2,p=1"


def test_the_fifth_wrong_password_waits_and_the_wait_grows(app, person, at):
    moments = [0, 0, 0, 5, 25]  # two at once, then 5 and 20 seconds of patience
    for seconds in moments:
        at(NOW + timedelta(seconds=seconds))
        assert by_password(app.test_client(), password="wrong wrong wrong").status_code == 422
    at(NOW + timedelta(seconds=26))
    late = by_password(app.test_client())
    assert late.status_code == 429, "the right password must wait too, or guessing goes on"
    assert 0 < int(late.headers["Retry-After"]) <= 900
    at(NOW + timedelta(seconds=25 + 901))
    assert by_password(app.test_client(), password="wrong wrong wrong").status_code == 422
    at(NOW + timedelta(seconds=25 + 901 + 901))
    assert by_password(app.test_client()).status_code == 429, "the second long wait is longer"
    at(NOW + timedelta(seconds=25 + 901 + 1801))
    assert by_password(app.test_client()).status_code == 303, "nobody is locked out for good"


def test_an_unknown_address_is_limited_as_a_known_one(app, at):
    for seconds in (0, 0, 0, 5, 25):
        at(NOW + timedelta(seconds=seconds))
        assert by_password(app.test_client(), email="unknown@astoria.example").status_code == 422
    at(NOW + timedelta(seconds=26))
    assert by_password(app.test_client(), email="unknown@astoria.example").status_code == 429


def test_g_forged_forwarded_addresses_do_not_get_around_the_limit(app, person):
    codes = []
    for n in range(30):
        browser = app.test_client()
        page = browser.get(SIGN_IN)
        fields = {**form_of(page, SIGN_IN), "email": f"someone{n}@astoria.example", "password": "wrong wrong wrong"}
        forged = {"X-Forwarded-For": f"203.0.113.{n}", "X-Real-Ip": f"203.0.113.{n}", "Forwarded": f"for=203.0.113.{n}"}
        codes.append(browser.post(SIGN_IN, data=fields, headers=forged).status_code)
    assert codes[:20] == [422] * 20
    assert codes[20:] == [429] * 10


def test_f_another_host_is_refused_and_no_mail_names_it(client, person, outbox):
    fields = {**form_of(client.get(SIGN_IN), LINK), "email": person.email}
    assert client.post(LINK, data=fields, headers={"Host": "evil.example"}).status_code == 400
    assert outbox("sign-in-link") == []
    sent = client.post(LINK, data=fields, headers={"X-Forwarded-Host": "evil.example"})
    assert sent.status_code == 303
    (letter,) = outbox("sign-in-link")
    assert link_in(letter, "open").startswith("http://127.0.0.1:8000/en/sign-in/")


def test_a_form_without_its_token_is_refused(client, person):
    assert client.post(SIGN_IN, data={"email": person.email, "password": PASSWORD}).status_code == 400
    assert not is_in(client)
