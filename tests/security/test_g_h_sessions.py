"""F, G and H. Who asks, how often, and whose page it is."""

from __future__ import annotations

import dataclasses
import re

import pytest
from sqlalchemy import select

import config
from app import create_app
from app.accounts.access import declared
from app.accounts.models import JoinInvitation, Person, Role, SignIn
from app.accounts.rules import designations, joining, people
from app.core import limits
from app.core.signing import sign
from app.extensions import db
from tests.accounts.conftest import PASSWORD, form_of, send
from tests.factories.accounts import NOW, make_designation, make_person, make_state
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.notifications import link_in
from tests.security.world import make_world, pages
from tests.test_config import GOOD


def test_f_every_address_that_mails_and_pages_name_begins_with_the_settings_base(app, within):
    from app.notifications.models import Message

    with within() as session:
        make_world("Words")
        for row in session.query(Message):
            for address in (row.facts or {}).get("links", {}).values():
                assert address.startswith("http://127.0.0.1:8000/")


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::", "2001:db8:1:2::/64"), ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"), ("192.0.2.7", "192.0.2.7"), ("nonsense", "nonsense"), (None, ""),
    ],
)  # fmt: skip
def test_g_a_client_is_its_network_where_it_has_as_many_addresses_as_it_likes(address, counted_as):
    assert limits.client(address) == counted_as


def test_g_a_hundred_addresses_of_one_network_are_one_client(app):
    codes = []
    for n in range(30):
        browser = app.test_client()
        fields = {
            **form_of(browser.get("/en/sign-in"), "/en/sign-in"),
            "email": f"nobody{n}@a.example",
            "password": "wrong wrong wrong",
        }
        around = {"REMOTE_ADDR": f"2001:db8:1:2::{n:x}"}
        codes.append(browser.post("/en/sign-in", data=fields, environ_overrides=around).status_code)
    assert codes == [422] * 20 + [429] * 10


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, True), ({"Sec-Fetch-Site": "same-site"}, True), ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"}, True), ({"Origin": "https://evil.example"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, False), ({"Origin": "null"}, False), ({}, False),
    ],
)  # fmt: skip
def test_h_a_form_that_another_site_sends_is_refused_even_with_its_token(client, told, refused):
    fields = form_of(client.get("/en/preferences"), "/en/preferences/zone") | {"zone": "Asia/Amman"}
    assert client.post("/en/preferences/zone", data=fields, headers=told).status_code == (400 if refused else 303)


def test_h_signing_somebody_in_from_another_site_needs_the_forms_token(app, within):
    """Log-in CSRF: the attacker's own token belongs to the attacker's cookie."""
    with within():
        person = make_person(email="me@astoria.example")
        joining.set_password(person, PASSWORD, now=NOW, tell=False)
    attacker, victim = app.test_client(), app.test_client()
    token = form_of(attacker.get("/en/sign-in"), "/en/sign-in")["csrf_token"]
    victim.get("/en/sign-in")
    fields = {"csrf_token": token, "email": "me@astoria.example", "password": PASSWORD}
    assert victim.post("/en/sign-in", data=fields).status_code == 400
    assert victim.get("/en/profile").status_code == 401


def test_h_a_cookie_planted_before_signing_in_is_worth_nothing_after_it(client, app, within):
    """Fixation: what another knew of the browser before is not the session."""
    with within():
        person = make_person(email="me@astoria.example")
        joining.set_password(person, PASSWORD, now=NOW, tell=False)
    client.get("/en/sign-in")
    planted = client.get_cookie("pathways").value
    send(client, "/en/sign-in", "/en/sign-in", email="me@astoria.example", password=PASSWORD)
    other = app.test_client()
    other.set_cookie("pathways", planted)
    assert client.get("/en/profile").status_code == 200
    assert other.get("/en/profile").status_code == 401


def _verify(person, by):
    designations.verify(make_designation(make_state(), person, verified=False), by=by, now=NOW)


def _move(person, by):
    people.change(person, {"email": "new@astoria.example"}, version=person.version, by=by, now=NOW)


CHANGES = {
    "a new role": lambda person, by: people.grant(person, Role.CO_LEAD, by=by, now=NOW),
    "a role that ends": lambda person, by: people.end_role(person, Role.OBSERVER, by=by, now=NOW),
    "a verified designation": _verify,
    "another address": _move,
    "a new password": lambda person, by: joining.set_password(person, PASSWORD, now=NOW),
    "closed": lambda person, by: people.deactivate(person, by=by, now=NOW),
}


@pytest.mark.parametrize("change", CHANGES)
def test_h_after_what_changes_rights_or_proof_every_former_cookie_is_worth_nothing(app, within, sign_in, change):
    with within():
        person, by = make_person("Me"), make_person("Root", roles=(Role.ADMINISTRATOR,))
    browser = sign_in(person, Role.OBSERVER)
    assert browser.get("/en/profile").status_code == 200
    with within() as session:
        CHANGES[change](session.get(Person, person.id), session.get(Person, by.id))
    assert browser.get("/en/profile").status_code == 401
    with within() as session:
        assert session.scalars(select(SignIn.ended_at).where(SignIn.person_id == person.id)).all() == [NOW]


def test_h_a_changed_address_ends_the_invitation_and_the_links_that_went_to_the_former_one(app, within, outbox):
    with within():
        root = make_person("Root", roles=(Role.ADMINISTRATOR,))
        invited, member = make_person("Typo", email="typo@evil.example"), make_person("Member", email="old@evil.example")
        joining.set_password(member, PASSWORD, now=NOW, tell=False)
        joining.invite(invited, Role.SECRETARIAT, by=root, now=NOW)
    client = app.test_client()
    assert send(client, "/en/sign-in", "/en/sign-in/link", email="old@evil.example").status_code == 303
    paths = [link_in(outbox("join-invitation")[0], "join"), link_in(outbox("sign-in-link")[0], "open")]
    paths = [p.removeprefix("http://127.0.0.1:8000") for p in paths]
    assert [client.get(p).status_code for p in paths] == [200, 200]
    with within() as session:
        for person, address in ((invited, "right@a.example"), (member, "new@a.example")):
            row = session.get(Person, person.id)
            people.change(row, {"email": address}, version=row.version, by=session.get(Person, root.id), now=NOW)
    assert [client.get(p).status_code for p in paths] == [410, 410]
    with within() as session:
        assert session.query(JoinInvitation).one().used_at is None


def test_h_who_may_not_give_a_role_cannot_take_over_who_has_it(app, within, browser_of):
    """The secretariat keeps people's addresses, and an address signs in: not those of administrators and colleagues."""
    office, _ = browser_of(Role.SECRETARIAT)
    with within():
        people_of_rank = [make_person("Rank", roles=(role,)) for role in (Role.ADMINISTRATOR, Role.SECRETARIAT, Role.AUDITOR)]
        make_person("Second", roles=(Role.ADMINISTRATOR,))
        plain = make_person("Plain", roles=(Role.PARTICIPANT,))
    for person in people_of_rank:
        url = f"/en/desk/people/{person.id}"
        changed = office.post(f"{url}/edit", data={**form_of(office.get(f"{url}/edit")), "email": "mine@evil.example"})
        assert changed.status_code == 422
        assert "only an administrator" in changed.get_data(as_text=True)
        token = form_of(office.get("/en/preferences"), "/en/preferences/zone")["csrf_token"]
        assert office.post(f"{url}/deactivate", data={"csrf_token": token}).status_code == 409
    url = f"/en/desk/people/{plain.id}/edit"
    assert office.post(url, data={**form_of(office.get(url)), "email": "plain@new.example"}).status_code == 303
    with within() as session:
        for person in people_of_rank:
            found = session.get(Person, person.id)
            assert (found.email, found.active) == (person.email, True)
        assert session.get(Person, plain.id).email == "plain@new.example"


def test_h_a_person_who_joined_another_way_is_not_overwritten_by_an_old_invitation(app, within):
    with within():
        person = make_person("Me")
        invitation = joining.invite(person, None, by=None, now=NOW)
        path = f"/en/welcome/{sign('join-network', invitation.id, invitation.nonce)}"
        joining.set_password(person, PASSWORD, now=NOW, tell=False)
        kept = person.password_hash
    client = app.test_client()
    answer = send(client, path, "", path, password="kettle ninety violin marsh")
    assert answer.status_code == 410
    with within() as session:
        assert session.get(Person, person.id).password_hash == kept
    assert client.get("/en/profile").status_code == 401


def test_h_the_links_of_a_closed_account_open_nothing(app, within):
    with within():
        person = make_person("Me")
        invitation = make_invitation(make_session(), person)
        paths = [
            f"/en/answer/{sign('answer', invitation.id, invitation.nonce)}",
            f"/en/join/{sign('join', invitation.id, invitation.join_nonce)}",
            f"/feeds/{sign('feed', person.id, person.feed_nonce)}.ics",
        ]
        people.deactivate(person, by=make_person(), now=NOW)
    client = app.test_client()
    assert [client.get(p).status_code for p in paths] == [410, 410, 404]


def test_h_no_page_of_a_signed_in_reader_is_kept_by_any_cache_and_public_ones_vary(app, within, sign_in):
    with within():
        _, person, ids, links = make_world("Words")
    member, visitor = sign_in(person, Role.ADMINISTRATOR), app.test_client()
    for address in pages(app, ids, links):
        with member.get(address) as answer:
            kept = answer.headers.get("Cache-Control", "")
            if answer.mimetype == "text/html":
                assert kept == "no-store", address
                assert "Cookie" in answer.headers.get("Vary", ""), address
            elif not address.startswith(("/live", "/ready")):
                assert "private" in kept or "no-store" in kept, (address, kept)
        with visitor.get(address) as answer:
            assert "public" not in answer.headers.get("Cache-Control", ""), address


def test_h_every_answer_carries_every_header_that_closes_it(app, within, sign_in):
    with within():
        _, person, ids, links = make_world("Words")
    browser = sign_in(person, Role.ADMINISTRATOR)
    for address in [*pages(app, ids, links), "/en/nowhere", "/en/desk/people/new"]:
        with browser.get(address) as answer:
            told = answer.headers
            assert "default-src 'none'" in told["Content-Security-Policy"], address
            assert "unsafe" not in told["Content-Security-Policy"] or re.search(r"/mails?(/\d+)?$", address), address
            wanted = {
                "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
            }  # fmt: skip
            assert {name: told.get(name) for name in wanted} == wanted, address
            assert told["Referrer-Policy"] == (
                "no-referrer" if address in links.values() and "/calls/" not in address else "same-origin"
            )
            assert "camera=()" in told["Permissions-Policy"] and "=*" not in told["Permissions-Policy"]


def test_h_in_production_cookies_and_headers_are_those_of_a_closed_house(settings):
    closed = dataclasses.replace(
        config.load({**GOOD, "REDIS_URL": settings.redis_url}), database_url=settings.database_url, var_dir=settings.var_dir
    )
    app = create_app(closed)
    try:
        client = app.test_client()
        answer = client.get("/en/sign-in", base_url="https://exchange.example.org")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-pathways=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        for host in ("localhost", "127.0.0.1", "evil.example"):
            assert client.get("/en/sign-in", base_url=f"https://{host}").status_code == 400
        # a page behind a signed link sends no Referer over TLS, and its form is taken all the same
        fields = form_of(client.get("/en/preferences", base_url="https://exchange.example.org"), "/en/preferences/zone")
        sent = client.post(
            "/en/preferences/zone", data={**fields, "zone": "Asia/Amman"}, base_url="https://exchange.example.org",
            headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        )  # fmt: skip
        assert sent.status_code == 303
        assert "Secure" in sent.headers["Set-Cookie"]
        assert app.debug is False and app.testing is False
    finally:
        with app.app_context():
            db.engine.dispose()


def test_h_what_static_files_tell(client, base_app):
    from app import assets

    address = next(a for a in assets.HERE.glob("static/build/site-*.css"))
    with client.get(f"/static/{address.name}") as answer:
        assert answer.status_code == 200
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_h_behind_a_token_the_token_decides_and_names_its_row_itself(base_app):
    for rule in base_app.url_map.iter_rules():
        if "<token>" in rule.rule:
            assert declared(base_app, rule.endpoint).kind == "public", rule.rule
            assert "<uuid:" not in rule.rule, "a token names its row itself"
