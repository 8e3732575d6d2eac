"""Signing in by a mailed link with a code."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from app.accounts.routes.sign_in import ANSWER_AFTER
from app.extensions import db
from tests.accounts.conftest import form_of, send
from tests.accounts.entering import LINK, SIGN_IN, is_in, shape
from tests.factories.accounts import NOW, make_person
from tests.factories.notifications import link_in


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
        shapes.add(re.sub(r"\d{3} \d{3}", "", shape(page)[1]))
    assert len(shapes) == 1
    assert [m.address for m in outbox()] == [person.email], "who has no account gets no link"


class Watch:
    """A clock of its own: time passes with the statements a request sends, and while it sleeps."""

    def __init__(self, each):
        self.seconds, self.each, self.statements = 0.0, each, 0

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        assert seconds >= 0
        self.seconds += seconds

    def work(self, *_statement):
        self.seconds, self.statements = self.seconds + self.each, self.statements + 1


@pytest.mark.parametrize("each", [0.0, 0.002], ids=["at once", "slow"])
def test_asking_takes_as_long_for_a_known_address_as_for_an_unknown_one(app, person, monkeypatch, each):
    with app.app_context():
        connection = db._app_engines[app][None]

    def taken(email):
        browser, watch = app.test_client(), Watch(each)
        fields = {**form_of(browser.get(SIGN_IN), LINK), "email": email}
        monkeypatch.setattr("app.accounts.routes.sign_in.time", watch)
        event.listen(connection, "before_cursor_execute", watch.work)
        assert browser.post(LINK, data=fields).status_code == 303
        event.remove(connection, "before_cursor_execute", watch.work)
        return watch.seconds, watch.statements

    (known, more), (unknown, fewer) = taken(person.email), taken("unknown@astoria.example")
    assert more > fewer > 0, "without the wait, the time would tell"
    assert more * 0.002 < ANSWER_AFTER, "and the wait is longer than all the work"
    assert known == pytest.approx(ANSWER_AFTER) == unknown


def test_the_sixth_link_within_a_quarter_of_an_hour_is_refused_for_known_and_unknown_alike(app, person, outbox):
    for email in (person.email, "unknown@astoria.example"):
        codes = [send(app.test_client(), SIGN_IN, LINK, email=email).status_code for _ in range(6)]
        assert codes == [303] * 5 + [429]
    assert len(outbox("sign-in-link")) == 5
