"""How sign-ins end."""

import re
from datetime import timedelta

from app.accounts import sessions
from app.accounts.models import SignIn, SignInLink
from app.accounts.rules import people
from app.extensions import db
from tests.accounts.conftest import PASSWORD, form_of, forms_of, send
from tests.accounts.entering import by_password, is_in
from tests.factories.accounts import NOW, make_person


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
