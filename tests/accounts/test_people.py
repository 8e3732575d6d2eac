"""People: records, two editors, memberships, roles, deactivation, contacts."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from app.accounts.models import JoinInvitation, Membership, Person, Role, RoleGrant
from app.accounts.queries.people import people_page, person_by_email, roles_of
from app.accounts.rules import contacts, joining
from app.accounts.rules import people as rules
from app.accounts.sessions import viewer_of
from app.audit.models import AuditEntry
from app.core.errors import Conflict, RuleBroken
from tests.accounts.conftest import form_of, send
from tests.factories.accounts import NOW, TODAY, make_ministry, make_person, make_state


@pytest.fixture
def by(session):
    return make_person("Office", given_name="Tomas", roles=(Role.ADMINISTRATOR,))


def test_an_address_belongs_to_one_person_whatever_its_case(session, by):
    rules.create({"family_name": "One", "email": "One@Astoria.example"}, by=by, now=NOW)
    other = make_person("Two")
    with pytest.raises(RuleBroken) as refused:
        rules.create({"family_name": "Three", "email": "ONE@astoria.EXAMPLE "}, by=by, now=NOW)
    assert refused.value.field == "email"
    with pytest.raises(RuleBroken) as refused:
        rules.change(other, {"email": "one@astoria.example"}, version=other.version, by=by, now=NOW)
    assert refused.value.field == "email"
    assert [p.family_name for p in session.scalars(select(Person).where(Person.email_folded == "one@astoria.example"))] == ["One"]


def test_a_new_address_is_unconfirmed_again_and_logged(session, by):
    person = make_person("Morrow", email="old@astoria.example", email_confirmed_at=NOW, email_undeliverable_at=NOW)
    rules.change(person, {"email": "new@astoria.example"}, version=person.version, by=by, now=NOW)
    assert (person.email_confirmed_at, person.email_undeliverable_at) == (None, None)
    (line,) = session.scalars(select(AuditEntry)).all()
    assert (line.action, line.actor_name) == ("person.changed", "Tomas Office")
    assert line.changes == {"email": ["old@astoria.example", "new@astoria.example"]}


def test_saving_without_a_change_writes_nothing(session, by):
    person = make_person("Morrow")
    before = person.version
    rules.change(person, {"family_name": "Morrow"}, version=before, by=by, now=NOW)
    assert person.version == before
    assert session.scalars(select(AuditEntry)).all() == []


@pytest.mark.parametrize("words", ["cecilie", "ČÉCILIE øst", "ost cec", "CECILIE.OST@", "ostergaard"])
def test_search_finds_without_case_and_accents(session, by, words):
    person = make_person("Østergaard", given_name="Cécilie", email="Cecilie.Ost@nord.example")
    make_person("Nobody")
    assert list(people_page(viewer_of(by, NOW), words=words).rows) == [person]


@pytest.mark.parametrize("words", ["%", "_", "\\", "'", "مُحَمَّد"])
def test_search_takes_signs_as_signs(session, by, words):
    person = make_person("محمد") if words == "مُحَمَّد" else make_person(f"Odd{words}Name")
    make_person("Nobody")
    assert list(people_page(viewer_of(by, NOW), words=words).rows) == [person]


def test_two_editors_the_second_sees_what_changed(within, browser_of):
    first, _ = browser_of(Role.SECRETARIAT)
    second, _ = browser_of(Role.SECRETARIAT)
    with within():
        person = make_person("Morrow", phone="+1 111", posts={"en": "Director"})
    url = f"/en/desk/people/{person.id}/edit"
    mine, theirs = form_of(second.get(url)), form_of(first.get(url))
    assert first.post(url, data={**theirs, "phone": "+1 222"}).status_code == 303
    conflict = second.post(url, data={**mine, "phone": "+1 333", "posts-en": "Director General"})
    assert conflict.status_code == 409
    html = conflict.get_data(as_text=True)
    assert "+1 222" in html
    assert "+1 333" in html
    assert "What differs" in html
    with within() as session:
        kept = session.get(Person, person.id)
        assert (kept.phone, kept.posts) == ("+1 222", {"en": "Director"}), "a conflict must save nothing"
    again = form_of(conflict)
    assert again["posts-en"] == "Director General", "what was typed is kept"
    assert second.post(url, data=again).status_code == 303
    with within() as session:
        kept = session.get(Person, person.id)
        assert (kept.phone, kept.posts) == ("+1 333", {"en": "Director General"})


def test_a_form_without_or_with_a_foreign_version_is_a_conflict(within, office):
    with within():
        person = make_person("Morrow")
    url = f"/en/desk/people/{person.id}/edit"
    fields = form_of(office.get(url))
    for version in ("", "x", "-1", "99999999999999", "²"):
        assert office.post(url, data={**fields, "version": version, "family_name": "Changed"}).status_code == 409
    del fields["version"]
    assert office.post(url, data={**fields, "family_name": "Changed"}).status_code == 409
    with within() as session:
        assert session.get(Person, person.id).family_name == "Morrow"


def test_the_rule_tells_what_changed(session, by):
    person = make_person("Morrow", phone="+1 111")
    before = person.version
    rules.change(person, {"phone": "+1 222"}, version=before, by=by, now=NOW)
    with pytest.raises(Conflict) as conflict:
        rules.change(person, {"phone": "+1 333", "family_name": "Morrow"}, version=before, by=by, now=NOW)
    assert [(str(label), theirs, yours) for label, theirs, yours in conflict.value.changes] == [("Phone", "+1 222", "+1 333")]
    assert person.phone == "+1 222"


HOSTILE = "<script>alert(1)</script>\u202e\r\nBcc: x@evil.example\x00"


def test_hostile_text_is_cleaned_escaped_and_kept(within, administrator):
    values = {
        "family_name": HOSTILE, "given_name": "A" * 120, "posts-ar": HOSTILE, "forms_of_address-fr": "Madame la Ministre",
        "honorifics-en": "Ms.", "phone": HOSTILE[:40], "email": "new@astoria.example",
    }  # fmt: skip
    answer = send(administrator, "/en/desk/people/new", **values)
    assert answer.status_code == 303
    page = administrator.get(answer.headers["Location"]).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    with within():
        row = person_by_email("new@astoria.example")
        assert "\u202e" not in row.family_name
        assert "\x00" not in row.family_name
        assert row.forms_of_address == {"fr": "Madame la Ministre"}
        assert row.posts["ar"] == row.family_name


@pytest.mark.parametrize(
    "wrong",
    [
        {"family_name": " "}, {"family_name": "x" * 121}, {"email": "nobody"}, {"email": "a@b@c.example"},
        {"email": "x" * 250 + "@a.example"}, {"language": "de"}, {"zone": "Mars/Olympus"}, {"channel": "pigeon"},
        {"posts-en": "x" * 201}, {"phone": "x" * 61},
    ],
)  # fmt: skip
def test_wrong_input_comes_back_with_what_was_typed_and_saves_nothing(within, office, wrong):
    with within() as session:
        before = session.query(Person).count()
    answer = send(office, "/en/desk/people/new", **{"family_name": "Kept", "given_name": "Also kept", **wrong})
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert 'value="Also kept"' in html
    assert f'href="#{next(iter(wrong))}' in html
    assert "<title>Error:" in html
    with within() as session:
        assert session.query(Person).count() == before


def test_memberships_begin_and_end_with_their_days(within, office):
    with within():
        person = make_person("Morrow")
        ministry = make_ministry(make_state())
    url = f"/en/desk/people/{person.id}"
    assert send(office, url, f"{url}/memberships", organisation_id=str(ministry.id), valid_from="2026-12-01").status_code == 303
    with within() as session:
        (row,) = session.scalars(select(Membership).where(Membership.person_id == person.id))
        assert (row.organisation_id, row.valid_from, row.valid_to) == (ministry.id, date(2026, 12, 1), None)
    end = f"{url}/memberships/{row.id}/end"
    assert send(office, url, end, last_day="2026-11-30").status_code == 409, "it would end before it begins"
    assert send(office, url, end, last_day="nonsense").status_code == 422
    assert send(office, url, end, last_day="2027-01-31").status_code == 303
    with within() as session:
        assert session.get(Membership, row.id).valid_to == date(2027, 1, 31)
    stranger = f"/en/desk/people/{office_id(within)}/memberships/{row.id}/end"
    assert office.post(stranger, data=form_of(office.get("/en/preferences"), "/en/preferences/zone")).status_code == 404


def office_id(within):
    with within() as session:
        return session.scalars(select(Person.id).where(Person.family_name == "Office")).one()


def test_adding_the_same_membership_twice_is_one(session, by):
    person, ministry = make_person("Morrow"), make_ministry(make_state())
    first = contacts.belong(person, ministry.id, from_day=TODAY, by=by, now=NOW)
    assert contacts.belong(person, ministry.id, from_day=date(2027, 1, 1), by=by, now=NOW) is first
    assert session.query(Membership).where(Membership.person_id == person.id).count() == 1


def test_deactivation_ends_everything_at_once_and_activation_gives_no_role_back(session, by):
    person = make_person("Morrow", roles=(Role.CO_LEAD,))
    invitation = joining.invite(person, None, by=by, now=NOW)
    feed = person.feed_nonce
    rules.deactivate(person, by=by, now=NOW)
    session.refresh(invitation)
    assert (person.active, roles_of(person.id), invitation.expires_at) == (False, [], NOW)
    assert person.feed_nonce != feed
    rules.reactivate(person, by=by, now=NOW)
    assert person.active
    assert roles_of(person.id) == []
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == person.id).order_by(AuditEntry.id)).all()
    assert actions == ["person.invited", "person.role_ended", "person.deactivated", "person.reactivated"]


def test_nobody_deactivates_themselves_and_the_last_administrator_stays(session, by):
    other = make_person("Other", roles=(Role.SECRETARIAT,))
    for refused in (
        lambda: rules.deactivate(by, by=by, now=NOW),
        lambda: rules.deactivate(by, by=other, now=NOW),
        lambda: rules.end_role(by, Role.ADMINISTRATOR, by=other, now=NOW),
    ):
        with pytest.raises(RuleBroken):
            refused()
    assert by.active
    assert [g.role for g in roles_of(by.id)] == [Role.ADMINISTRATOR]
    second = make_person("Second", roles=(Role.ADMINISTRATOR,))
    rules.end_role(by, Role.ADMINISTRATOR, by=second, now=NOW)
    assert roles_of(by.id) == []


def test_a_role_is_given_once_and_never_the_focal_points(session, by):
    person = make_person("Morrow")
    rules.grant(person, Role.OBSERVER, by=by, now=NOW)
    rules.grant(person, Role.OBSERVER, by=by, now=NOW)
    with pytest.raises(RuleBroken):
        rules.grant(person, Role.FOCAL_POINT, by=by, now=NOW)
    assert session.query(RoleGrant).where(RoleGrant.person_id == person.id).count() == 1


def test_a_new_role_ends_the_sessions_of_before(within, browser_of, administrator):
    browser, person = browser_of()
    assert browser.get("/en/profile").status_code == 200
    with within() as session:
        rules.grant(session.merge(person), Role.CO_LEAD, by=None, now=NOW)
    assert browser.get("/en/profile").status_code == 401


def test_a_contact_is_found_by_address_and_not_overwritten(session, by):
    known = make_person("Morrow", given_name="Adaeze", email="a.morrow@astoria.example", language="fr")
    found = contacts.find_or_make_contact(
        email="A.Morrow@ASTORIA.example", given_name="Somebody", family_name="Else", by=None, now=NOW, language="en"
    )
    assert found is known
    assert (known.full_name, known.language) == ("Adaeze Morrow", "fr")


def test_a_contact_is_made_with_a_membership_and_without_any_right(session):
    state = make_state()
    made = contacts.find_or_make_contact(
        email="new@astoria.example", given_name="Nia\r\n", family_name="New", by=None, now=NOW, language="ar",
        zone="Asia/Kathmandu", organisation_id=state.id,
    )  # fmt: skip
    again = contacts.find_or_make_contact(
        email="NEW@astoria.example", given_name="", family_name="", by=None, now=NOW, organisation_id=state.id
    )
    assert again is made
    assert (made.full_name, made.language, made.zone) == ("Nia New", "ar", "Asia/Kathmandu")
    found = viewer_of(made, NOW)
    assert (found.roles, found.state_ids, found.organisation_ids) == (frozenset(), frozenset(), {state.id})


def test_the_same_new_address_from_two_threads_is_one_person(committed_app):
    import threading

    from app.extensions import db

    ids, start = [], threading.Barrier(6)

    def make():
        with committed_app.app_context():
            start.wait()
            person = contacts.find_or_make_contact(
                email="race@astoria.example", given_name="R", family_name="Ace", by=None, now=NOW
            )
            db.session.commit()
            ids.append(person.id)
            db.session.remove()

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1


def test_the_log_of_a_record_is_on_its_page_for_those_who_may_read_it(within, office):
    with within():
        person = make_person("Morrow")
    url = f"/en/desk/people/{person.id}"
    send(office, f"{url}/edit", phone="+1 555")
    page = office.get(url).get_data(as_text=True)
    assert re.search(r"Person changed</b>(?:&#32;|\s)*<span class=\"soft\">· <bdi>Tomas Office</bdi>", page)
    assert "+1 555</ins>" in page


def test_inviting_again_makes_the_first_link_worthless(session, by):
    person = make_person("Morrow")
    first = joining.invite(person, None, by=by, now=NOW)
    second = joining.invite(person, None, by=by, now=NOW)
    session.refresh(first)
    assert first.expires_at == NOW
    assert second.expires_at > NOW
    assert session.query(JoinInvitation).count() == 2
