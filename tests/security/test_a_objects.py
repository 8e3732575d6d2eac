"""A. Every address with an id in it, opened by every role, over the own State's rows and over another State's.

What a role may do stands in the role table; what it sees beyond that, row by row, stands in ``SEES``. Whatever neither
of them allows is 401 or 404, tells nothing of the row, and changes nothing.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts.access import ROLES, declared
from app.accounts.models import Role
from app.core.db import Base
from app.extensions import db
from tests.accounts.conftest import form_of
from tests.factories.accounts import make_designation, make_ministry, make_person
from tests.security.world import filled, make_world

WHO = {
    "visitor": None, "participant": (Role.PARTICIPANT,), "observer": (Role.OBSERVER,), "co-lead": (Role.CO_LEAD,),
    "focal point": (), "auditor": (Role.AUDITOR,), "secretariat": (Role.SECRETARIAT,), "administrator": (Role.ADMINISTRATOR,),
}  # fmt: skip
_INVITED = {"participant", "focal point"}  # the own world's person is the participant; the focal point's State is invited
_SEE_EXCHANGES = {"co-lead", "auditor", "secretariat", "administrator"}
_SEE_PILOTS = {"co-lead", "auditor", "secretariat", "administrator"}
_OFFICE = {"secretariat", "administrator"}
_READ_ALL = {"auditor", *_OFFICE}
SEES: dict[str, tuple[set[str], set[str]]] = {
    # endpoint: who finds the own State's row, who finds another State's
    "exchanges.exchange_page": (_INVITED | _SEE_EXCHANGES, _SEE_EXCHANGES),
    "exchanges.session_page": (_INVITED | _SEE_EXCHANGES, _SEE_EXCHANGES),
    "exchanges.add_session": (_INVITED | _SEE_EXCHANGES, _SEE_EXCHANGES),
    "exchanges.session_calendar": (_INVITED | _SEE_EXCHANGES, _SEE_EXCHANGES),
    "exchanges.answer_session": ({"participant"}, set()),
    "exchanges.state_answer": ({"focal point"}, set()),
    **dict.fromkeys(("exchanges.own_poll", "exchanges.answer_own_poll"), (_INVITED, set())),
    "exchanges.state_delegate": ({"focal point"}, set()),
    "exchanges.ask_for_place": (_INVITED | _SEE_EXCHANGES, _SEE_EXCHANGES),  # who sees the session
    **dict.fromkeys(("exchanges.place_requests", "exchanges.decide_place"), (_OFFICE, _OFFICE)),  # hosts do not decide here
    "exchanges.state_delegation": ({"focal point"}, set()),
    "exchanges.desk_delegation": (set(), set()),  # nobody of the ministry itself is invited
    "exchanges.state_proposal": (set(), set()),  # nobody asked to send somebody else
    "accounts.correct_address": ({"focal point"}, set()),
    "interests.expression": (_INVITED | _SEE_EXCHANGES, _SEE_EXCHANGES),
    "interests.expression_file": (_READ_ALL, _READ_ALL),  # nobody chose a label: it is for the secretariat
    "interests.record_file": (_READ_ALL, _READ_ALL),
    "interests.opinion": (set(), set()),  # nobody was asked
    "interests.declare_conflict": ({"co-lead"}, {"co-lead"}),
    "interests.withdraw_conflict": (_OFFICE, _OFFICE),  # and who declared it, who is nobody of these
    "interests.call": (_OFFICE, _OFFICE),  # a call that is not published
    "interests.begin": (_OFFICE, _OFFICE),
    "interests.form_docx": (_OFFICE, _OFFICE),
    "interests.form_pdf": (_OFFICE, _OFFICE),
    **dict.fromkeys(
        ("pilots.pilot", "pilots.milestone", "pilots.evidence_file"), (_SEE_PILOTS | {"focal point"}, _SEE_PILOTS)
    ),  # a pilot that is not public
    **dict.fromkeys(
        tuple(f"pilots.{name}" for name in ("write_update", "finish", "drop", "add_evidence", "remove_evidence", "move", "reopen")),
        (_OFFICE | {"focal point"}, _OFFICE),
    ),
    "practices.document": (_OFFICE | {"auditor"}, _OFFICE | {"auditor"}),  # of a practice that is a draft
    "circulars.circular": (_OFFICE | {"auditor", "participant"}, _OFFICE | {"auditor"}),  # one for those it was sent to
    **dict.fromkeys(("letters.draft", "letters.draft_pdf", "letters.leave_out"), (set(), set())),  # the letter is issued
    "accounts.end_sign_in": (set(), set()),
    "calendars.times_page": ({"focal point"}, set()),
    "calendars.add_time": ({"focal point"}, set()),
    "calendars.remove_time": (set(), set()),
    "calendars.read_address": (set(), set()),
}
SECRET = "Zanzibarquestion"


def may(app, endpoint: str, who: str, own: bool) -> bool:
    """Is this open to this role? By the rows' table where there is one, else by what the role table gives."""
    if endpoint in SEES:
        return who in SEES[endpoint][0 if own else 1]
    access = declared(app, endpoint)
    assert access.kind == "requires", f"{endpoint} takes an id and has no line in SEES"
    held = {Role.FOCAL_POINT} if who == "focal point" else set(WHO[who] or ())
    allowed = set().union(*(ROLES[r] for r in held)) if held else set()
    return allowed.issuperset(access.permissions)


def addresses(app, ids):
    for rule in app.url_map.iter_rules():
        if "<uuid:" not in rule.rule:
            continue
        address = filled(rule.rule, ids)
        assert "<" not in address, f"{rule.rule} has an id that no world holds"
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield method, rule.endpoint, address


def everything():
    """Every row of every table, but for what a visit counts, and the lines that say who took a list or an archive away."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name in ("rate_counts", "sign_ins", "tools", "grounds", "objectives", "organisations"):
            continue
        query = select(table)
        if table.name == "audit_entries":
            query = query.where(table.c.action.not_in(("list.exported", "archive.downloaded")))
        found[table.name] = sorted(map(repr, db.session.execute(query).all()))
    return found


@pytest.mark.parametrize("who", WHO)
def test_a_every_object_of_ones_own_and_of_another_state_under_every_role(app, within, sign_in, who):
    with within():
        own_state, participant, own, _ = make_world("Own words")
        _, stranger, other, _ = make_world(SECRET)
        person = participant if who == "participant" else make_person("Me", of=make_ministry(own_state))
        if who == "focal point":
            make_designation(own_state, person)
    sign_in(stranger)
    browser = app.test_client() if WHO[who] is None else sign_in(person, *WHO[who])
    token = form_of(browser.get("/en/preferences"), "/en/preferences/zone")["csrf_token"]
    with within():
        before = everything()
    wrong = []
    for is_own, ids in ((False, other), (True, own)):
        for method, endpoint, address in addresses(app, ids):
            allowed = may(app, endpoint, who, is_own)
            if allowed and method == "POST":
                continue  # what it does is told by the tests of its room
            answer = browser.open(address, method=method, data={"csrf_token": token} if method == "POST" else None)
            told = answer.get_data(as_text=True) if not allowed else ""
            answer.close()
            signed_out = who == "visitor" and declared(app, endpoint).kind != "public"
            expected = (200, 302) if allowed else (401,) if signed_out else (404,)
            if answer.status_code not in expected:
                wrong.append((method, address, is_own, answer.status_code))
            elif not allowed and SECRET in told:
                wrong.append((method, address, is_own, "tells the words of the row"))
    assert wrong == []
    with within():
        assert everything() == before, "a refused or reading request changed something"


def test_a_an_id_below_another_record_is_not_found_even_by_an_administrator(app, within, administrator):
    with within():
        _, _, first, _ = make_world("First")
        _, _, second, _ = make_world("Second")
    token = form_of(administrator.get("/en/preferences"), "/en/preferences/zone")["csrf_token"]
    record = f"/en/desk/expressions/{first['expression_id']}"
    with administrator.get(f"{record}/files/{first['file_id']}") as download:
        assert download.status_code == 200
    assert administrator.get(f"{record}/files/{second['file_id']}").status_code == 404
    scans = f"/en/desk/invitations/{first['invitation_id']}/scans"
    with administrator.get(f"{scans}/{first['scan_id']}") as download:
        assert download.status_code == 200
    assert [administrator.get(f"{scans}/{other}").status_code for other in (second["scan_id"], first["file_id"])] == [404, 404]
    answer = {"csrf_token": token, "a-text": "x", "a-source": "phone", "last_day": "2026-12-01"}
    assert administrator.post(f"{record}/answers/{second['question_id']}", data=answer).status_code == 404
    membership = f"/en/desk/people/{first['person_id']}/memberships/{second['membership_id']}/end"
    assert administrator.post(membership, data=answer).status_code == 404


def test_a_a_form_takes_no_field_it_does_not_show(app, within, sign_in):
    """Mass assignment: what a page does not offer is not read, whatever is sent along."""
    with within():
        me = make_person("Me", email="me@ministry.example")
    browser = sign_in(me, Role.PARTICIPANT)
    page = browser.get("/en/profile")
    fields = form_of(page) | {
        "email": "evil@evil.example", "active": "", "roles": "administrator", "password_hash": "x", "joined_at": "2020-01-01",
        "feed_nonce": "x", "id": "x", "memberships-0-organisation_id": "x", "email_confirmed_at": "2020-01-01", "phone": "+1 22",
    }  # fmt: skip
    assert browser.post("/en/profile", data=fields).status_code == 303
    with within() as session:
        found = session.get(type(me), me.id)
        assert (found.phone, found.email, found.active, found.password_hash) == ("+1 22", "me@ministry.example", True, None)
        assert found.feed_nonce == me.feed_nonce and found.memberships == [] and found.email_confirmed_at is None
