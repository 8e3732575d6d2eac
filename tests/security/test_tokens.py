"""A and H, for whoever holds a link: one right over one row, for its time, and in no log."""

from __future__ import annotations

import inspect
import logging
import uuid

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

import logs
from app.accounts.models import Person
from app.accounts.rules import joining, signing_in
from app.core import tokens
from app.core.signing import sign
from app.core.tokens import fresh_nonce
from app.extensions import db
from app.notifications.signed import FIRST_NONCE
from tests.factories.accounts import NOW, make_person
from tests.security.world import make_world

OPENS = {
    # purpose: the address that takes it
    "answer": "/en/answer/{}", "join": "/en/join/{}", "draft": "/en/drafts/{}/who", "confirm": "/en/confirmations/{}",
    "status": "/en/status/{}", "correct": "/en/corrections/{}", "question": "/en/questions/{}", "feed": "/feeds/{}.ics",
    "place": "/en/places/{}", "sign-in": "/en/sign-in/{}", "join-network": "/en/welcome/{}", "sign-in-code": None,
    "choices": "/en/mails/{}", **{f"stop-{topic}": f"/en/stop/{topic}/{{}}" for topic in ("news", "calls", "digest")},
}  # fmt: skip


def test_a_a_token_of_one_purpose_opens_no_other_page(app, within):
    """Signed with the very nonces the rows hold, so that only the purpose differs."""
    with within() as session:
        _, person, _, links = make_world("Words")
        joining.set_password(person, "kettle ninety violin marsh", now=NOW, tell=False)
        signing_in.ask_for_link(person.email, "browser", now=NOW)
        from app.accounts.models import SignInLink

        made = session.query(SignInLink).one()
        rows = {
            (made.id, made.nonce): "sign-in", (person.id, person.feed_nonce): "feed",
        }  # fmt: skip
    client = app.test_client()
    good = {
        name: links[name].split("/")[3].removesuffix(".ics")
        for name in ("answer", "join", "confirm", "status", "correct", "question", "place")
    }
    good["draft"] = links["who"].split("/")[3]
    with app.app_context():
        good |= {purpose: sign(purpose, row, nonce) for (row, nonce), purpose in rows.items()}
        mails = ("choices", "stop-news", "stop-calls", "stop-digest")
        good |= {purpose: sign(purpose, person.id, FIRST_NONCE) for purpose in mails}
    for purpose, token in good.items():
        for other, address in OPENS.items():
            if address is None:
                continue
            code = client.get(address.format(token)).status_code
            expected = (200, 302) if other == purpose else (404,)
            assert code in expected, (purpose, other, code)


@pytest.mark.parametrize("purpose", [p for p, address in OPENS.items() if address])
def test_a_a_token_of_no_row_of_another_key_or_changed_opens_nothing(app, purpose):
    client, address = app.test_client(), OPENS[purpose]
    forged = [
        tokens.sign(["another key of more than thirty-two characters"], purpose, uuid.uuid4(), fresh_nonce()),
        "A" * 54, "_" * 54, "..%2f" * 10, "a" * 5000, "é" * 54, "\u202e" * 54,
    ]  # fmt: skip
    assert [client.get(address.format(token)).status_code for token in forged] == [404] * len(forged)


def test_a_tokens_and_codes_are_compared_in_constant_time():
    assert "compare_digest" in inspect.getsource(tokens.matches)
    assert "compare_digest" in inspect.getsource(signing_in.by_link) and "==" not in inspect.getsource(tokens.matches)


def test_a_no_link_is_written_to_a_log(app, within, caplog):
    with within():
        _, _, _, links = make_world("Words")
    client = app.test_client()
    with caplog.at_level(logging.DEBUG):
        for address in links.values():
            client.get(address)
            client.post(address, data={})
    for address in links.values():
        tokens_in = [part.removesuffix(".ics") for part in address.split("/") if len(part.removesuffix(".ics")) == 54]
        assert tokens_in or "/calls/" in address
        assert not [token for token in tokens_in if token in caplog.text], address


def test_a_an_error_of_the_database_is_logged_without_what_was_typed(app):
    """Neither the statement's parameters nor the row that PostgreSQL quotes."""
    with app.app_context():
        make_person(email="secret.person@astoria.example")
        values = {"id": uuid.uuid4(), "email_folded": "secret.person@astoria.example", "family_name": "Typedname"}
        with pytest.raises(IntegrityError) as failed, db.session.begin_nested():
            more = {"given_name": "", "honorifics": {}, "posts": {}, "forms_of_address": {}, "language": "en", "zone": "UTC"}
            db.session.execute(insert(Person).values(**values, **more))
        db.session.rollback()
    assert "secret.person" in str(failed.value), "PostgreSQL quotes the row"
    record = logging.LogRecord("app", logging.ERROR, __file__, 1, "unexpected", (), (failed.type, failed.value, failed.tb))
    told = logs.Plain().format(record)
    assert "IntegrityError" in told and "email_folded" in told
    assert "secret.person" not in told and "Typedname" not in told


def test_a_an_unexpected_error_is_a_page_without_its_trace(settings, schema, monkeypatch, caplog):
    from app import create_app
    from app.dashboards.routes import home

    app = create_app(settings)

    def fails():
        raise RuntimeError("inner words " + home.__name__)

    fails.access = app.view_functions["dashboards.about"].access
    app.view_functions["dashboards.about"] = fails
    answer = app.test_client().get("/en/about")
    told = answer.get_data(as_text=True)
    assert answer.status_code == 500 and answer.headers["Cache-Control"] == "no-store"
    assert "inner words" not in told and "Traceback" not in told and "inner words" in caplog.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    with app.app_context():
        db.engine.dispose()
