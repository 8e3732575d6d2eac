"""Wrong and hostile input, on every page that takes any: a clear answer, never a 500, and what was typed stays."""

from __future__ import annotations

import io
import re
from contextlib import closing
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from app.accounts import sessions
from app.accounts.access import declared
from app.accounts.models import Person
from app.core.languages import LANGUAGES
from app.core.limits import RateCount
from app.extensions import db
from tests.conftest import NOW
from tests.interests.pages import form_of, read
from tests.web.everything import address_of, everything

ROLES = ("", "guest", "focal", "officer")
CALM = {200, 204, 302, 303, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429}
HOSTILE: dict[str, str] = {
    "nul": "a\0b", "lone surrogate": "a\ud800b", "override": "\u202eevil\u202c\u2066", "header": "x\r\nBcc: all@states.example\r\n\r\nhi",
    "markup": "<script>alert(1)</script>{{7*7}}{% raw %}", "quote": "'); DROP TABLE people; --", "percent": "%(name)s %s {} {0.__class__}",
    "huge number": "9" * 31, "negative": "-1", "float": "1e309", "arabic digits": "\u0661\u0662", "date": "0000-00-00", "far date": "99999-12-31",
    "wrong id": "not-a-uuid", "braces": "{" * 400, "like": "%" * 50 + "_" * 50, "emoji": "\U0001f469\u200d\U0001f4bb" * 30,
    "combining": "e" + "\u0301" * 500, "empty": "", "blank": "\u00a0\u3000 ", "list": "[]", "true": "true",
}  # fmt: skip
SKIPPED = {"accounts.sign_out", "accounts.sign_out_everywhere"}  # they would end the walk


@pytest.fixture
def world(app, monkeypatch):
    monkeypatch.setattr("app.accounts.routes.sign_in.ANSWER_AFTER", 0.0)
    with app.app_context():
        return everything()


def browser_of(app, made, who):
    browser = app.test_client()
    if who:
        with app.app_context():
            token = sessions.begin(db.session.get(Person, made[who]), "password", NOW)
            db.session.commit()
            db.session.remove()
        with browser.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
    return browser


def unlimited(app):
    """Rate limits are another test's business."""
    with app.app_context():
        db.session.query(RateCount).delete()
        db.session.commit()
        db.session.remove()


def calm(answer: Any, about: Any) -> None:
    """An answer that was meant: no 5xx, no trace of our insides."""
    text = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
    answer.close()
    assert answer.status_code in CALM, (about, answer.status_code)
    for inside in ("Traceback", "sqlalchemy", "psycopg", "werkzeug.", "jinja2", "File &#34;"):
        assert inside not in text, (about, inside)


def places(app, who=None, method="POST"):
    """Every address that takes this; for one reader those that are theirs, so that each is walked once."""
    theirs = {"": "public", "guest": "signed_in"}.get(who, "requires")
    return [
        r
        for r in app.url_map.iter_rules()
        if method in (r.methods or ()) and r.endpoint not in SKIPPED and (who is None or declared(app, r.endpoint).kind == theirs)
    ]


def fields_of(browser, made, rule) -> dict[str, list[str]]:
    """The form of a page as a browser would send it; for addresses without a page of their own, every name we know."""
    path = address_of(rule, made)
    if "GET" in rule.methods:
        shown = browser.get(path)
        if shown.status_code == 200:
            forms = [f for f in read(shown.text).forms if f.method == "post" and f.action in ("", path)]
            if forms:
                return dict(forms[-1].fields)
    return {}


NAMES = (
    "answer", "email", "password", "next", "code", "role", "join-role", "organisation_id", "valid_from", "last_day", "reason",
    "decision", "text", "n-text", "q-text", "a-text", "a-source", "a-source_date", "w-assignee_id", "zone", "language", "lighter",
    "invitation", "comment", "notes", "submission_key", "version", "states", "people", "addresses", "confirmed", "capacity",
    "organisation_kind", "state_id", "contact_email", "start_on", "grounds", "tools", "asks", "mode", "endorsement", "tell",
    "replace", "source_kind", "source_date", "host_1", "start_date", "start_time", "minutes", "remind", "nudge", "fold", "q",
    "titles-en", "names-en", "opens_on", "closes_time", "kind", "parent_id", "weekend", "mail_route", "replaces_id",
)  # fmt: skip


def one_by_one(name: str) -> bool:
    """One field of its own, or the English and Arabic one of those that ask the same in six languages."""
    return not name.endswith(("-zh", "-fr", "-ru", "-es"))


def closed(browser, path, token) -> bool:
    """Is the page not there for this reader? Then it reads nothing of what is sent."""
    answer = posted(browser, path, {"csrf_token": [token]})
    calm(answer, path)
    return answer.status_code in (401, 404)


def token_of(browser) -> str:
    return form_of(browser.get("/en/preferences").text).fields["csrf_token"][0]


def posted(browser, path, data, **more):
    """Post raw bytes: test clients refuse to encode a lone surrogate, attackers do not."""
    body = "&".join(f"{_quoted(k)}={_quoted(v)}" for k, values in data.items() for v in values)
    return browser.post(path, data=body, content_type="application/x-www-form-urlencoded", **more)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("who", ROLES)
def test_hostile_values_in_every_field_of_every_form_get_a_calm_answer(app, world, who):
    browser = browser_of(app, world, who)
    token, seen = token_of(browser), 0
    for rule in places(app, who):
        path = address_of(rule, world)
        if closed(browser, path, token):
            continue
        own = fields_of(browser, world, rule)
        names = [n for n in (own or NAMES) if n != "csrf_token"]
        kinds = list(HOSTILE)
        for turn in range(0, len(kinds), 8):  # every value comes to every field, or to one beside it
            mixed = {n: [HOSTILE[kinds[(turn + at) % len(kinds)]]] for at, n in enumerate(names)}
            calm(posted(browser, path, {"csrf_token": [token], **mixed}), (who, path, mixed))
            seen += len(names)
        for at, name in enumerate(filter(one_by_one, names) if own else ()):  # one bad value among good ones reaches the rules
            kind = ("lone surrogate", "huge number", "far date", "nul")[at % 4]
            calm(posted(browser, path, {**own, "csrf_token": [token], name: [HOSTILE[kind]]}), (who, path, name, kind))
            seen += 1
        unlimited(app)
    assert seen > 25, seen


@pytest.mark.parametrize("who", ROLES)
def test_fields_that_are_missing_or_come_many_times_get_a_calm_answer(app, world, who):
    browser = browser_of(app, world, who)
    token = token_of(browser)
    for rule in places(app, who):
        path, own = address_of(rule, world), fields_of(browser, world, rule)
        if closed(browser, path, token):
            continue
        calm(posted(browser, path, {}), (path, "no token"))
        calm(posted(browser, path, {"csrf_token": [token]}), (path, "nothing"))
        calm(
            posted(browser, path, {"csrf_token": [token], **{n: ["1", "", "x"] * 7 for n in own or NAMES if n != "csrf_token"}}),
            path,
        )
        calm(posted(browser, path, {"csrf_token": [token], **{f"{n}-0-x": ["y"] for n in NAMES}}), (path, "other names"))
        unlimited(app)


BODIES: dict[str, tuple[bytes, str]] = {
    "json": (b'{"answer": {"$ne": 1}}', "application/json"),
    "xml": (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "text/xml"),
    "no type": (b"answer=yes", ""),
    "strange type": (b"\xff\xfe\x00", "multipart/\xff"),
    "broken multipart": (b'--x\r\nContent-Disposition: form-data; name="answer"\r\n\r\nyes', "multipart/form-data; boundary=x"),
    "multipart without boundary": (b"--x\r\n\r\n", "multipart/form-data"),
    "multipart of noise": (b"\0\r\n--" * 500, "multipart/form-data; boundary=--"),
    "strange charset": (b"answer=%ff%fe", "application/x-www-form-urlencoded; charset=utf-7"),
    "many fields": (b"&".join(b"f%d=1" % n for n in range(3000)), "application/x-www-form-urlencoded"),
    "a megabyte in one field": (b"comment=" + b"a" * 1_000_000, "application/x-www-form-urlencoded"),
    "three megabytes in one field": (b"comment=" + b"a" * 3_000_000, "application/x-www-form-urlencoded"),
}


@pytest.mark.parametrize("body", BODIES)
def test_bodies_of_every_wrong_kind_get_a_calm_answer(app, world, body):
    data, kind = BODIES[body]
    for who in ("", "guest", "officer"):
        browser = browser_of(app, world, who)
        for rule in places(app, who):
            path = address_of(rule, world)
            calm(browser.post(path, data=data, content_type=kind), (who, path, body))
        unlimited(app)


def test_what_is_too_large_says_so_in_the_readers_language(app, world):
    browser = browser_of(app, world, "")
    for lang in LANGUAGES:
        answer = browser.post(f"/{lang}/sign-in", data=b"x" * (22 * 1024 * 1024), content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 413
        assert f'lang="{lang}"' in answer.text[:200]


QUERIES = ("after", "before", "status", "call", "state", "ground", "assignee", "source", "words", "q", "kind", "actor", "day", "when",
           "answer", "exchange", "parent", "inactive", "waiting", "next", "page", "lang", "code", "organisation")  # fmt: skip
KEYS = ("W10", "e30", "WyJhIl0", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0", "////", "=" * 9,
        "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
        "WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTE0OjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
        "WyJhXHUwMDAwYiIsIjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMCJd",
        "WyJcdWQ4MDAiLCIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiXQ")  # fmt: skip


LISTS = {
    "accounts.audit_log", "accounts.people", "accounts.organisations", "accounts.designations", "dashboards.outbox",
    "exchanges.desk_sessions", "exchanges.desk_session", "exchanges.replies", "exchanges.exchange_list", "interests.queue",
    "interests.desk_calls", "interests.calls", "exchanges.desk_invite", "exchanges.desk_new_session", "exchanges.desk_list",
    "exchanges.desk_move", "exchanges.desk_invite_listed", "accounts.sign_in",
    "exchanges.desk_polls", "exchanges.desk_poll_ask", "exchanges.desk_close_poll",
}  # fmt: skip
"""Pages that read more of their address than its path."""


@pytest.mark.parametrize("who", ROLES)
def test_hostile_addresses_get_a_calm_answer(app, world, who):
    browser = browser_of(app, world, who)
    for rule in places(app, who, "GET"):
        path = address_of(rule, world)
        path += "?form=csv&" if path.endswith("/table") else "?"  # the rows are the same; a workbook is made by another process
        plain = browser.get(path)
        calm(plain, path)
        if plain.status_code in (401, 404):
            continue
        if rule.endpoint in ("interests.form_pdf", "interests.form_docx"):
            continue  # they read nothing of the address but the call
        values = (*HOSTILE.values(), *KEYS, "a" * 5000, "9999-12-31", "0001-01-01")
        for value in values if rule.endpoint in LISTS else values[:3]:
            query = "&".join(f"{name}={_quoted(value)}" for name in QUERIES)
            calm(browser.get(path + query), (who, path, value[:40]))


def test_hostile_tokens_and_ids_are_not_found(app, world):
    browser = browser_of(app, world, "officer")
    for rule in app.url_map.iter_rules():
        for value in ("a" * 54, "%00", "%ff%fe", "..%2f..%2fetc%2fpasswd", "a" * 3000, "\u0661" * 54, "%F0%9F%92%A9", "%ED%A0%80"):
            path = re.sub(r"<[^>]*>", value, rule.rule.replace("<lang:lang>", "en"))
            if path == rule.rule.replace("<lang:lang>", "en"):
                continue
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                answer = browser.open(path, method=method)
                calm(answer, (method, path))
                assert answer.status_code in (400, 404, 405, 302, 308), (method, path, answer.status_code)


LYING = {
    "a page that says it is a PDF": (b"<html><script>alert(1)</script>", "letter.pdf"),
    "a program": (b"MZ\x90\x00" + b"\0" * 400, "letter.pdf"),
    "a PDF that says it is a picture": (b"%PDF-1.7\n%%EOF", "photo.png"),
    "an empty file": (b"", "letter.pdf"),
    "no ending": (b"%PDF-1.7", "letter"),
    "a path": (b"%PDF-1.7", "../../etc/passwd"),
    "a hostile name": (b"%PDF-1.7", "a\u202efdp.exe"),
    "too large": (b"%PDF-1.7" + b"0" * (20 * 1024 * 1024), "letter.pdf"),
    "a zip that says it is Word": (b"PK\x03\x04" + b"\0" * 90, "letter.docx"),
}
UPLOADS = {
    "drafts/{draft}/endorsement": ("", "file", {"endorsement": "uploaded"}),
    "desk/people/{focal}/designations/new": ("officer", "scan", {"signatory": "Minister", "letter_date": "2026-11-01",
                                             "state_id": "{state}", "capacity": "alternate"}),
    "desk/invitations/{invitation_id}/answer": ("officer", "scan", {"answer": "yes", "source_date": "2026-11-20", "comment": "Kept?"}),
    "desk/expressions/new": ("officer", "scan", {"call_id": "{call_id}", "source": "email", "source_date": "2026-11-20",
                             "organisation_kind": "academia", "organisation_name": "Kept", "grounds": ["family"]}),
}  # fmt: skip


@pytest.mark.parametrize("where", UPLOADS)
def test_a_file_that_lies_is_refused_at_its_field_and_what_was_typed_stays(app, world, where):
    who, field, typed = UPLOADS[where]
    browser, page = browser_of(app, world, who), "/en/" + where.format(**world)
    filled = {k: v.format(**world) if isinstance(v, str) else v for k, v in typed.items()}
    for kind, (data, name) in LYING.items():
        sent = form_of(browser.get(page).text, "csrf_token").filled(**filled)
        request = EnvironBuilder(page, method="POST", data={**sent, field: (io.BytesIO(data), name)})
        environ = request.get_environ()
        with closing(request), closing(environ["wsgi.input"]):
            answer = browser.open(environ)
        calm(answer, (page, kind))
        if answer.status_code == 303:
            assert data == b"", (page, kind)  # no file is a choice, where a file may be left out
            continue
        assert answer.status_code in (409, 413, 422), (page, kind, answer.status_code)
        if answer.status_code != 413:
            assert f'id="{field}-error"' in answer.text, (page, kind)
            kept = form_of(answer.text, "csrf_token").fields
            for key, value in filled.items():
                assert kept[key] == (value if isinstance(value, list) else [value]), (page, kind, key)


KEPT: list[tuple[str, str, str, dict[str, str], str]] = [
    ("officer", "desk/people/new", "family_name", {"family_name": "Kept", "email": "not an address"}, "email"),
    ("officer", "desk/organisations/new", "names-en", {"names-en": "Kept", "zone": "Mars/Base"}, "zone"),
    ("officer", "desk/calls/new", "titles-en", {"titles-en": "Kept", "opens_on": "tomorrow"}, "opens_on"),
    ("officer", "desk/exchanges/new", "themes-en", {"themes-en": "x" * 300, "purposes-en": "Kept"}, "themes-en"),
    ("officer", "desk/sessions/new", "titles-en", {"titles-en": "Kept", "minutes": "9" * 31}, "minutes"),
    ("officer", "desk/exchanges/{exchange_id}/series", "count", {"titles-en": "Kept", "count": "60"}, "count"),
    ("officer", "desk/exchanges/{exchange_id}/series", "count", {"titles-en": "Kept"}, "weekdays"),
    ("officer", "desk/exchanges/{exchange_id}/copy", "first_day", {"themes-en": "Kept", "first_day": "2020-01-01"}, "first_day"),
    ("officer", "desk/exchanges/{exchange_id}/list", "addresses", {"addresses": "stranger@nowhere.example"}, "addresses"),
    ("officer", "desk/sessions/{session_id}/move", "reach", {"start_date": "2026-02-30"}, "start_date"),
    ("officer", "desk/sessions/{session_id}/cancel-following", "reason", {"reason": "Kept"}, "tell"),
    ("officer", "desk/sessions/{session_id}/edit", "titles-en", {"titles-en": "Kept", "capacity": "-1", "tell": "nobody"}, "capacity"),
    ("officer", "desk/people/{focal}/designations/new", "signatory", {"signatory": "Kept", "letter_date": "0000-00-00"}, "letter_date"),
    ("officer", "desk/expressions/{expression_id}", "reason", {"decision": "declined", "reason": ""}, "reason"),
    ("officer", "desk/expressions/{expression_id}", "n-text", {"n-text": "y" * 5000}, "n-text"),
    ("officer", "desk/invitations/{invitation_id}/answer", "comment", {"comment": "Kept", "source_date": "1"}, "source_date"),
    ("officer", "desk/invitations/{invitation_id}/delegate", "family_name", {"family_name": "Kept", "email": "x"}, "email"),
    ("officer", "desk/exchanges/{exchange_id}/polls/new", "titles-en", {"titles-en": "Kept", "date_1": "2026-02-30"}, "date_1"),
    ("officer", "desk/exchanges/{exchange_id}/polls/new", "titles-en", {"titles-en": "Kept", "date_1": "2026-12-09"}, "time_1"),
    ("officer", "desk/exchanges/{exchange_id}/polls/new", "titles-en", {"titles-en": "Kept", "zone": "Mars/Base"}, "zone"),
    ("officer", "desk/polls/{poll_id}/edit", "titles-en", {"titles-en": "Kept", "time_deadline": "25:00"}, "time_deadline"),
    ("officer", "desk/polls/{poll_id}/times", "date_1", {"date_1": "2026-01-01", "time_1": "10:00", "asking": "nobody"}, "date_1"),
    ("officer", "desk/polls/{poll_id}/ask", "addresses", {"addresses": "stranger@nowhere.example"}, "addresses"),
    ("officer", "desk/polls/{poll_id}/close", "seats", {"seats": "-1"}, "seats"),
    ("officer", "desk/poll-answers/{asked_id}", "comment", {"comment": "Kept", "source_date": "1"}, "source_date"),
    ("officer", "desk/sessions/{session_id}/invite", "addresses", {"addresses": "stranger@nowhere.example"}, "addresses"),
    ("officer", "desk/expressions/new", "call_id", {"organisation_name": "Kept", "source_date": "2026-13-45"}, "source_date"),
    ("focal", "my-state/invitations/{invitation_id}/delegate", "family_name", {"family_name": "Kept", "email": "x"}, "email"),
    ("guest", "profile", "family_name", {"family_name": "", "given_name": "Kept"}, "family_name"),
    ("", "drafts/{draft}/who", "contact_email", {"contact_email": "x", "contact_post": "Kept"}, "contact_email"),
    ("", "drafts/{draft}/what", "aim", {"aim": "z" * 5000, "constraints": "Kept"}, "aim"),
    ("", "drafts/{draft}/later", "contact_email", {"contact_email": "two words"}, "contact_email"),
    ("", "questions/{question}", "answer", {"answer": "w" * 5000}, "answer"),
    ("", "corrections/{correct}", "contact_family_name", {"contact_family_name": "", "contact_post": "Kept"}, "contact_family_name"),
    ("", "status/{status}", "reason", {"reason": "v" * 1500}, "reason"),
    ("", "sign-in", "password", {"email": "no address", "password": "x"}, "email"),
]  # fmt: skip


@pytest.mark.parametrize("case", KEPT, ids=lambda c: f"{c[1]} {c[4]}")
@pytest.mark.parametrize("lang", ["en", "ar"])
def test_the_form_comes_back_with_what_was_typed_and_a_sentence_at_the_field(app, world, case, lang):
    who, where, having, typed, wrong = case
    browser, page = browser_of(app, world, who), f"/{lang}/" + where.format(**world)
    form = form_of(browser.get(page).text, having)
    answer = browser.post(form.action or page, data=form.filled(**typed))
    assert answer.status_code in (409, 422), answer.status_code
    kept = form_of(answer.text, having).fields
    for name, value in typed.items():
        if name not in ("password", "zone"):
            assert kept.get(name) == [value], name
    said = re.search(rf'id="{re.escape(wrong)}-error">(.*?)</p>', answer.text, re.S)
    assert said, "no sentence at the field"
    sentence = re.sub(r"<[^>]+>", "", said[1])
    assert bool(re.search("[\u0600-\u06ff]", sentence)) is (lang == "ar"), sentence
    assert f'lang="{lang}"' in answer.text[:200]
