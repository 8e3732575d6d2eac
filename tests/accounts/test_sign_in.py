"""Signing in and out over HTTP."""

import re
from datetime import timedelta

import pytest

from app.accounts import sessions
from app.accounts.models import SignIn, SignInLink
from app.accounts.rules import joining, people
from app.core import clock
from app.extensions import db
from tests.accounts.conftest import PASSWORD, form_of, forms_of, send
from tests.factories.accounts import NOW, make_person
from tests.factories.notifications import link_in

SIGN_IN = "/en/sign-in"
LINK = "/en/sign-in/link"


@pytest.fixture
def person(within):
    with within():
        made = make_person("Morrow", email="Adaeze.Morrow@astoria.example")
        joining.set_password(made, PASSWORD, now=NOW - timedelta(days=1), tell=False)
    return made


@pytest.fixture
def at(monkeypatch):
    """Let the platform's clock show another moment."""
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


def by_password(client, email="adaeze.morrow@astoria.example", password=PASSWORD, **more):
    return send(client, SIGN_IN, SIGN_IN, email=email, password=password, **more)


def is_in(client):
    return client.get("/en/profile").status_code == 200


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


def _shape(answer):
    """An answer without what differs from request to request."""
    return answer.status_code, re.sub(r'value="[^"]*"', "", answer.get_data(as_text=True))


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
        answers.add(_shape(by_password(browser, email, password)))
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


def ask(client, email="adaeze.morrow@astoria.example"):
    """Ask for a link; answers the code the page shows."""
    answer = send(client, SIGN_IN, LINK, email=email)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = client.get("/en/sign-in/code").get_data(as_text=True)
    return re.search(r'<bdi dir="ltr">(\d{3} \d{3})</bdi>', page)[1]


def path_in(letter):
    return link_in(letter, "open").removeprefix("http://127.0.0.1:8000")


def test_the_link_with_the_code_signs_in_once(client, person, outbox, app):
    code = ask(client)
    (letter,) = outbox("sign-in-link")
    assert letter.address == "Adaeze.Morrow@astoria.example"
    assert (letter.priority, letter.expires_at) == (0, NOW + timedelta(minutes=10))
    assert code.replace(" ", "") not in str(letter.facts)
    path = path_in(letter)
    page = client.get(path)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert not is_in(client), "opening the link must not sign in"
    assert send(client, path, code=code).status_code == 303
    assert is_in(client)
    assert app.test_client().get(path).status_code == 410


def test_digits_of_other_scripts_are_read(client, person, outbox):
    code = ask(client).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert send(client, path_in(outbox("sign-in-link")[0]), code=code).status_code == 303
    assert is_in(client)


def test_the_right_code_in_another_browser_does_not_sign_in(client, person, outbox, app):
    code = ask(client)
    other = app.test_client()
    assert send(other, path_in(outbox("sign-in-link")[0]), code=code).status_code == 409
    assert not is_in(other)
    ask(other, "stranger@astoria.example")
    assert send(other, path_in(outbox("sign-in-link")[0]), code=code).status_code == 409
    assert not is_in(other)


def test_five_wrong_codes_end_the_link(client, person, outbox):
    code = ask(client)
    wrong = "000000" if code != "000 000" else "111111"
    path = path_in(outbox("sign-in-link")[0])
    left = []
    for _ in range(4):
        answer = send(client, path, code=wrong)
        assert answer.status_code == 422
        left.append(re.search(r"You can try (\d) more", answer.get_data(as_text=True))[1])
    assert left == ["4", "3", "2", "1"]
    fields = form_of(client.get(path))
    assert client.post(path, data={**fields, "code": wrong}).status_code == 410
    assert client.post(path, data={**fields, "code": code}).status_code == 410
    assert not is_in(client)


def test_the_link_ends_after_ten_minutes(client, person, outbox, at):
    code = ask(client)
    path = path_in(outbox("sign-in-link")[0])
    fields = form_of(client.get(path))
    at(NOW + timedelta(minutes=10))
    assert client.get(path).status_code == 410
    assert client.post(path, data={**fields, "code": code}).status_code == 410
    assert client.get("/en/sign-in/code").status_code == 303
    assert not is_in(client)


def test_an_unknown_address_gets_the_same_page_and_no_mail(app, person, outbox, within):
    with within():
        make_person("Contact", email="contact@astoria.example")
    shapes = set()
    for email in (person.email, "unknown@astoria.example", "contact@astoria.example"):
        browser = app.test_client()
        assert send(browser, SIGN_IN, LINK, email=email).status_code == 303
        page = browser.get("/en/sign-in/code")
        shapes.add(re.sub(r"\d{3} \d{3}", "", _shape(page)[1]))
    assert len(shapes) == 1
    assert [m.address for m in outbox()] == [person.email], "who has no account gets no link"


@pytest.mark.real_clock
def test_asking_takes_as_long_for_a_known_address_as_for_an_unknown_one(app, person):
    import time

    def taken(email):
        browser = app.test_client()
        fields = {**form_of(browser.get(SIGN_IN), LINK), "email": email}
        begun = time.perf_counter()
        assert browser.post(LINK, data=fields).status_code == 303
        return time.perf_counter() - begun

    known = sorted(taken(person.email) for _ in range(5))[2]
    unknown = sorted(taken(f"unknown{n}@astoria.example") for n in range(5))[2]
    assert abs(known - unknown) < 0.05
    assert min(known, unknown) >= 0.2


def test_the_sixth_link_within_a_quarter_of_an_hour_is_refused_for_known_and_unknown_alike(app, person, outbox):
    for email in (person.email, "unknown@astoria.example"):
        codes = [send(app.test_client(), SIGN_IN, LINK, email=email).status_code for _ in range(6)]
        assert codes == [303] * 5 + [429]
    assert len(outbox("sign-in-link")) == 5


def old_cookie(browser, app):
    """A copy of the browser's cookie in another browser."""
    copy = app.test_client()
    kept = browser.get_cookie("pathways")
    copy.set_cookie("pathways", kept.value)
    assert is_in(copy)
    return copy


def test_h_the_old_cookie_is_worth_nothing_after_signing_out(client, person, app):
    by_password(client)
    copy = old_cookie(client, app)
    assert send(client, "/en/profile", "/en/sign-out").status_code == 303
    assert client.get("/en/profile").status_code == 401
    assert copy.get("/en/profile").status_code == 401


def test_h_the_old_cookie_is_worth_nothing_after_a_new_password(client, person, app, outbox):
    by_password(client)
    copy = old_cookie(client, app)
    answer = send(client, "/en/profile/password", current=PASSWORD, password="kettle ninety violin marsh")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert is_in(client), "the browser that changed it goes on with a new session"
    assert copy.get("/en/profile").status_code == 401
    assert [m.recipient_id for m in outbox("password-changed")] == [person.id]
    assert by_password(app.test_client()).status_code == 422
    assert by_password(app.test_client(), password="kettle ninety violin marsh").status_code == 303


def test_h_the_old_cookie_is_worth_nothing_after_deactivation(client, person, app, within):
    by_password(client)
    copy = old_cookie(client, app)
    with within() as session:
        people.deactivate(session.merge(person), by=make_person(), now=NOW)
    assert client.get("/en/profile").status_code == 401
    assert copy.get("/en/profile").status_code == 401
    assert by_password(app.test_client()).status_code == 422


def test_h_signing_out_everywhere_ends_all_and_this_one(client, person, app):
    by_password(client)
    other = app.test_client()
    by_password(other)
    assert send(client, "/en/profile/sign-ins", "/en/profile/sign-ins/end").status_code == 303
    assert client.get("/en/profile").status_code == 401
    assert other.get("/en/profile").status_code == 401


def test_one_sign_in_can_be_ended_and_nobody_elses(client, person, app, within, browser_of):
    by_password(client)
    other = app.test_client()
    by_password(other)
    stranger, _ = browser_of()
    with within() as session:
        ids = {s.person_id: [] for s in session.query(SignIn)}
        for s in session.query(SignIn).order_by(SignIn.id):
            ids[s.person_id].append(s.id)
    page = client.get("/en/profile/sign-ins")
    urls = [f["action"] for f in forms_of(page) if re.search(r"sign-ins/[0-9a-f-]{36}/end", f["action"])]
    assert len(urls) == 1
    refused = stranger.post(urls[0], data=form_of(stranger.get("/en/profile"), ""))
    assert refused.status_code == 404
    assert is_in(other)
    assert client.post(urls[0], data=form_of(page, urls[0])).status_code == 303
    assert other.get("/en/profile").status_code == 401
    assert is_in(client)


def test_sessions_end_after_idle_hours_and_after_a_week(within, person, at):
    with within() as session:
        token = sessions.begin(session.merge(person), "password", NOW)
        session.commit()
        at(NOW + timedelta(hours=7, minutes=59))
        assert sessions.load(token) is not None
        at(NOW + timedelta(hours=16))
        assert sessions.load(token) is None


def test_an_administrators_session_ends_after_an_idle_hour_and_after_half_a_day(browser_of, at):
    from app.accounts.models import Role

    admin, _ = browser_of(Role.ADMINISTRATOR)
    office, _ = browser_of(Role.SECRETARIAT)
    at(NOW + timedelta(minutes=61))
    assert admin.get("/en/profile").status_code == 401
    assert office.get("/en/profile").status_code == 200


def test_housekeeping_deletes_what_is_over_and_nothing_else(within, person):
    from app.accounts.rules import tidy

    with within() as session:
        for age in (1, 300):
            session.add(
                SignInLink(
                    person_id=person.id, browser_hash="b", code_hash="c",
                    created_at=NOW - timedelta(days=age), expires_at=NOW - timedelta(hours=24 * age - 23),
                )
            )  # fmt: skip
            session.add(
                SignIn(
                    person_id=person.id, token_hash=str(age), created_at=NOW - timedelta(days=age), method="link",
                    last_seen_at=NOW - timedelta(days=age), expires_at=NOW - timedelta(days=age),
                )
            )  # fmt: skip
        session.flush()
        tidy.clear_what_is_over(NOW)
        assert session.query(SignInLink).count() == 1
        assert [s.token_hash for s in session.query(SignIn)] == ["1"]


def test_only_two_hashes_are_made_at_once():
    import threading

    from app.accounts import passwords

    running, most, lock = 0, 0, threading.Lock()
    real = passwords._hasher.hash

    class Counting:
        def hash(self, password):
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            try:
                return real(password)
            finally:
                with lock:
                    running -= 1

    kept, passwords._hasher = passwords._hasher, Counting()
    try:
        threads = [threading.Thread(target=passwords.hashed, args=("some password",)) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        passwords._hasher = kept
    assert most == 2


def test_signing_in_replaces_a_hash_of_older_costs(client, person, within):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with within() as session:
        session.merge(person).password_hash = weak
    assert by_password(client).status_code == 303
    with within():
        stored = db.session.get(type(person), person.id).password_hash
        assert stored != weak
        assert "m=19456,t=2,p=1" in stored
