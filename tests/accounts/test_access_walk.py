"""A. Every page of the room, walked by everybody: what is not on the list here is 401 or 404, and nothing changes."""

import re
import uuid

import pytest
from sqlalchemy import select

from app.accounts.models import Designation, Membership, Organisation, Person, Role, RoleGrant, SignIn
from app.audit.models import AuditEntry
from app.extensions import db
from tests.accounts.conftest import form_of
from tests.factories.accounts import make_designation, make_ministry, make_person, make_state

ANYONE = {
    "sign_in", "sign_in_by_password", "ask_for_link", "code", "sign_in_link", "join", "zone", "lighter", "set_zone",
    "set_language", "set_lighter",
    "mails_by_link", "renew_mail_links_by_link", "stop",
}  # fmt: skip
SIGNED_IN = {
    "profile", "password", "sign_ins", "end_sign_in", "sign_out_everywhere", "sign_out", "replace_feed", "mails",
    "renew_mail_links",
}  # fmt: skip
READERS = {
    "people", "person", "organisations", "organisation", "designations", "designation", "designation_scan", "audit_log",
    "people_table", "organisations_table", "designations_table", "audit_table",
}  # fmt: skip
WRITERS = {
    "new_person", "edit_person", "deactivate_person", "reactivate_person", "new_organisation", "edit_designation", "edit_organisation",
    "add_membership", "end_membership", "grant_role", "end_role", "invite_to_join", "end_sign_ins", "new_designation",
    "verify_designation", "refuse_designation", "end_designation", "hand_over",
    "address_works", "person_mails",
}  # fmt: skip
OWN_STATE = {"correct_address"}
"""Open to a focal point for people of the own State alone."""
ROLES = {
    "visitor": None, "participant": (Role.PARTICIPANT,), "observer": (Role.OBSERVER,), "co-lead": (Role.CO_LEAD,),
    "focal point": (), "auditor": (Role.AUDITOR,), "secretariat": (Role.SECRETARIAT,), "administrator": (Role.ADMINISTRATOR,),
}  # fmt: skip


def allowed(role: str) -> set[str]:
    """Which endpoints this role may open."""
    found = set(ANYONE)
    if role != "visitor":
        found |= SIGNED_IN
    if role in ("auditor", "secretariat", "administrator"):
        found |= READERS
    if role in ("secretariat", "administrator"):
        found |= WRITERS
    return found


def test_the_list_names_every_page(base_app):
    known = {r.endpoint.removeprefix("accounts.") for r in base_app.url_map.iter_rules() if r.endpoint.startswith("accounts.")}
    assert known == ANYONE | SIGNED_IN | READERS | WRITERS | OWN_STATE


def _addresses(app, ids):
    """Method, endpoint and address of every page, filled with the ids of another State's records."""
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("accounts."):
            continue
        address = rule.rule.replace("<lang:lang>", "en").replace("<role>", "participant").replace("<token>", "a" * 54)
        address = address.replace("<topic>", "news")
        for name, value in ids.items():
            address = address.replace(f"<uuid:{name}>", str(value))
        assert "<" not in address
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield method, rule.endpoint.removeprefix("accounts."), address


def _everything():
    """The rows a forbidden request must not touch."""
    rows = {}
    for model in (Person, Organisation, Designation, Membership, RoleGrant, SignIn, AuditEntry):
        for row in db.session.scalars(select(model)):
            values = {c.key: getattr(row, c.key) for c in model.__table__.columns if c.key not in ("last_seen_at", "weekend")}
            rows[(model.__name__, row.id)] = tuple(map(str, values.values()))
    return rows


@pytest.mark.parametrize("role", ROLES)
def test_nobody_opens_more_than_the_list_says(app, within, sign_in, role):
    with within():
        own, other = make_state("Own"), make_state("Other")
        me = make_person("Me", of=make_ministry(own))
        them = make_person("Them", of=make_ministry(other))
        if role == "focal point":
            make_designation(own, me)
        designation = make_designation(other, them)
        ids = {
            "person_id": them.id, "organisation_id": other.id, "designation_id": designation.id,
            "membership_id": them.memberships[0].id, "sign_in_id": uuid.uuid4(),
        }  # fmt: skip
    sign_in(them)
    browser = app.test_client() if ROLES[role] is None else sign_in(me, *ROLES[role])
    token = form_of(browser.get("/en/preferences"), "/en/preferences/zone")["csrf_token"]
    with within():
        before = _everything()
    for method, endpoint, address in _addresses(app, ids):
        if endpoint in allowed(role):
            if method == "GET" and not endpoint.endswith("_table"):  # a list taken away leaves a line in the log
                assert browser.get(address).status_code in (200, 303, 404), (role, address)
            continue
        answer = browser.open(address, method=method, data={"csrf_token": token, "reason": "x", "last_day": "2026-12-01"})
        assert answer.status_code == (401 if role == "visitor" else 404), (role, method, address)
        assert "Them" not in re.sub(r"<title>.*?</title>", "", answer.get_data(as_text=True))
    with within():
        assert _everything() == before, "a forbidden request changed something"


def test_only_an_administrator_gives_roles_that_allow_something(within, browser_of):
    office, _ = browser_of(Role.SECRETARIAT)
    with within():
        person = make_person()
    url = f"/en/desk/people/{person.id}/roles"
    token = form_of(office.get("/en/preferences"), "/en/preferences/zone")["csrf_token"]
    for role in (Role.ADMINISTRATOR, Role.SECRETARIAT, Role.CO_LEAD, Role.AUDITOR, Role.FOCAL_POINT):
        assert office.post(url, data={"csrf_token": token, "role": role}).status_code == 422
        invite = office.post(f"/en/desk/people/{person.id}/invite", data={"csrf_token": token, "join-role": role})
        assert invite.status_code == 422
        assert office.post(f"{url}/{role}/end", data={"csrf_token": token}).status_code == 404
    assert office.post(url, data={"csrf_token": token, "role": Role.PARTICIPANT}).status_code == 303
    with within() as session:
        held = session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == person.id)).all()
        assert held == [Role.PARTICIPANT]


def test_an_administrator_gives_and_ends_them(within, administrator):
    with within():
        person = make_person()
    url = f"/en/desk/people/{person.id}/roles"
    token = form_of(administrator.get("/en/preferences"), "/en/preferences/zone")["csrf_token"]
    assert administrator.post(url, data={"csrf_token": token, "role": Role.CO_LEAD}).status_code == 303
    assert administrator.post(f"{url}/{Role.CO_LEAD}/end", data={"csrf_token": token}).status_code == 303
    with within() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == person.id)).all()
        assert actions == ["person.role_granted", "person.role_ended"]
