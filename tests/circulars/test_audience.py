"""Who a circular is for, each once, and how those are reached who have no address."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.accounts.models import Capacity, MailRoute, Role
from app.circulars.models import Audience, Part, Trouble
from app.circulars.queries import distribution_of
from app.exchanges import rules as exchanges
from app.exchanges.models import Answer, Route
from app.interests.models import Source, Status
from tests.factories.accounts import make_designation, make_ministry, make_mission, make_person, make_state
from tests.factories.circulars import NOW, make_circular
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_expression


def names(found):
    return [mail.to.name for mail in found.mails]


def for_exchange(row, part):
    return distribution_of(make_circular(Audience.EXCHANGE, exchange_id=row.exchange_id, chosen=(part.value,)), NOW)


def test_an_exchange_has_those_invited_those_with_a_seat_and_those_who_have_not_answered(session):
    row = make_session()
    yes, silent, gone, elsewhere = (make_person(n) for n in ("Yes", "Silent", "Gone", "Elsewhere"))
    for person in (yes, silent, gone):
        make_invitation(row, person)
    make_invitation(make_session(), elsewhere)
    left = make_person("Left")
    make_invitation(row, left)
    left.active = False
    held = make_invitation(row, make_person("Also"))
    exchanges.respond(held, answer=Answer.YES, route=Route.PAGE, now=NOW)
    exchanges.respond(exchanges_of(row, yes), answer=Answer.YES, route=Route.PAGE, now=NOW)
    exchanges.uninvite(exchanges_of(row, gone), tell=False, by=yes, now=NOW)
    session.flush()
    assert names(for_exchange(row, Part.INVITED)) == ["Ada Also", "Ada Silent", "Ada Yes"]
    assert names(for_exchange(row, Part.SEAT)) == ["Ada Also", "Ada Yes"]
    assert names(for_exchange(row, Part.NOT_ANSWERED)) == ["Ada Silent"]


def exchanges_of(row, person):
    from tests.factories.exchanges import invitation_of

    return invitation_of(row, person)


def test_nobody_is_asked_for_an_answer_to_a_session_that_is_over(session):
    row = make_session()
    make_invitation(row, make_person("Silent"))
    circular = make_circular(Audience.EXCHANGE, exchange_id=row.exchange_id, chosen=(Part.NOT_ANSWERED.value,))
    assert names(distribution_of(circular, row.starts_at)) == ["Ada Silent"]
    assert distribution_of(circular, row.ends_at).mails == ()


def test_a_call_has_the_contacts_of_its_expressions_by_where_they_stand(session):
    call = make_call()
    known = make_person("Known", email="known@interior.example")
    for status, fields in (
        (Status.ACCEPTED, {"contact_email": "KNOWN@interior.example"}),
        (Status.ACCEPTED, {"contact_email": "new@interior.example", "email_confirmed_at": NOW, "contact_family_name": "New"}),
        (Status.ACCEPTED, {"contact_email": "New@interior.example", "email_confirmed_at": NOW, "contact_family_name": "Twice"}),
        (Status.ACCEPTED, {"contact_email": "typed@interior.example", "contact_family_name": "Typed"}),
        (
            Status.ACCEPTED,
            {"contact_email": "verbal@interior.example", "source": Source.NOTE_VERBALE, "contact_family_name": "Verbal"},
        ),
        (Status.DECLINED, {"contact_email": "declined@interior.example", "email_confirmed_at": NOW}),
    ):
        make_expression(call, make_state(), status=status, **fields)
    make_expression(call, make_state(), status=Status.DRAFT, reference=None, contact_email="draft@interior.example")
    make_expression(make_call("Another"), make_state(), status=Status.ACCEPTED, contact=known)
    found = distribution_of(make_circular(Audience.CALL, call_id=call.id, chosen=("accepted",)), NOW)
    assert sorted(names(found)) == ["Ada Known", "Adaeze New", "Adaeze Verbal"]
    assert [(m.who.name, m.who.trouble, m.through) for m in found.unreached] == [("Adaeze Typed", Trouble.UNCONFIRMED, ())]


def test_a_ground_has_contacts_and_focal_points_of_accepted_expressions_on_it(session):
    state, other = make_state("Alvania"), make_state("Borania")
    contact, focal, elsewhere = make_person("Contact"), make_person("Focal", of=state), make_person("Elsewhere", of=other)
    make_designation(state, focal)
    make_designation(other, elsewhere)
    call = make_call()
    make_expression(call, state, status=Status.ACCEPTED, grounds=["family"], contact=contact)
    make_expression(call, other, status=Status.SUBMITTED, grounds=["family"], contact=make_person("Waits"))
    make_expression(call, other, status=Status.ACCEPTED, grounds=["disaster"], contact=make_person("Another"))
    found = distribution_of(make_circular(Audience.GROUND, grounds=("family",)), NOW)
    assert names(found) == ["Ada Contact", "Ada Focal"]


def test_the_working_group_has_its_members_by_role_and_nobody_twice(session):
    state = make_state("Alvania")
    focal, alternate, lead = make_person("Focal", of=state), make_person("Alternate", of=state), make_person("Lead")
    make_designation(state, focal)
    make_designation(state, alternate, capacity=Capacity.ALTERNATE)
    make_designation(state, make_person("Unverified", of=state), verified=False)
    make_designation(state, make_person("Over", of=state), valid_to=date(2026, 11, 22))
    both = make_person("Both", of=state, roles=(Role.CO_LEAD, Role.PARTICIPANT))
    make_designation(make_state(), both)
    for person, role in (
        (lead, Role.CO_LEAD),
        (make_person("Member"), Role.PARTICIPANT),
        (make_person("Office"), Role.SECRETARIAT),
    ):
        grant(session, person, role)
    asked = {
        p: names(distribution_of(make_circular(chosen=(p.value,)), NOW)) for p in (Part.FOCAL_POINTS, Part.CO_LEADS, Part.EVERYONE)
    }
    assert asked[Part.FOCAL_POINTS] == ["Ada Both", "Ada Focal"]
    assert asked[Part.CO_LEADS] == ["Ada Both", "Ada Lead"]
    assert asked[Part.EVERYONE] == ["Ada Alternate", "Ada Both", "Ada Focal", "Ada Lead", "Ada Member"]


def grant(session, person, role):
    from app.accounts.models import RoleGrant

    session.add(RoleGrant(person_id=person.id, role=role, granted_at=NOW))
    session.flush()


@pytest.mark.parametrize(
    ("route", "through"),
    [(MailRoute.CAPITAL, ["Ada Alternate"]), (MailRoute.MISSION, ["Ada Envoy"]), (MailRoute.BOTH, ["Ada Alternate", "Ada Envoy"])],
)
def test_who_has_no_address_is_named_and_the_mail_goes_by_the_route_of_the_state(session, route, through):
    state = make_state("Alvania", mail_route=route, zone="Africa/Nairobi")
    capital = make_ministry(state)
    without = make_person("Without", of=capital, email=None)
    make_designation(state, without)
    alternate = make_person("Alternate", of=capital, zone="Asia/Tokyo", language="fr")
    make_designation(state, alternate, capacity=Capacity.ALTERNATE)
    make_person("Envoy", of=make_mission(state))
    found = distribution_of(make_circular(chosen=(Part.FOCAL_POINTS.value,)), NOW)
    assert [(m.who.name, m.who.trouble, m.route, m.fell_back) for m in found.unreached] == [
        ("Ada Without", Trouble.NO_ADDRESS, route, False)
    ]
    assert [p.full_name for p in found.unreached[0].through] == through
    assert names(found) == through and {m.to.because for m in found.mails} == {"in_place"}
    assert found.people == 1


def test_an_address_that_mail_comes_back_from_is_none_and_a_stand_in_gets_one_mail(session):
    state = make_state("Alvania")
    back = make_person("Back", of=state, email_undeliverable_at=NOW - timedelta(days=1))
    alternate = make_person("Alternate", of=state)
    make_designation(state, back)
    make_designation(state, alternate, capacity=Capacity.ALTERNATE)
    found = distribution_of(make_circular(), NOW)
    assert names(found) == ["Ada Alternate"] and found.mails[0].to.because == "alternate"
    assert [(m.who.trouble, [p.id for p in m.through]) for m in found.unreached] == [(Trouble.UNDELIVERABLE, [alternate.id])]


def test_nobody_at_all_in_a_state_is_said(session):
    state = make_state("Alvania")
    make_designation(state, make_person("Alone", of=state, email=None))
    found = distribution_of(make_circular(), NOW)
    assert found.mails == () and [(m.who.name, m.through) for m in found.unreached] == [("Ada Alone", ())]


def test_languages_and_zones_are_counted_as_people_read_and_live(session):
    for name, language, zone in (("A", "fr", "Africa/Dakar"), ("B", "ar", "Asia/Amman"), ("C", "zh", "Asia/Amman")):
        grant(session, make_person(name, language=language, zone=zone), Role.CO_LEAD)
    found = distribution_of(make_circular(), NOW)
    assert dict(found.languages) == {"fr": 1, "ar": 1, "zh": 1}
    assert found.zones == (("Asia/Amman", 2), ("Africa/Dakar", 1))
