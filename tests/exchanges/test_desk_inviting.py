"""The secretariat's desks: inviting, taking back and cancelling."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.exchanges.models import Capacity, Invitation, SessionStatus
from app.notifications.models import Message
from tests.exchanges.desk import hidden, only
from tests.factories.accounts import make_designation, make_ministry, make_mission, make_person, make_state
from tests.factories.exchanges import invitation_of, make_invitation, make_session, mark_sent


def test_inviting_states_by_route_organisations_and_addresses_shows_the_count_first(session, secretariat):
    row = make_session()
    alvania, borania = make_state("Alvania"), make_state("Borania", mail_route="mission")
    focal, delegate, known = make_person(of=alvania), make_person(of=make_mission(borania)), make_person(email="Known@x.example")
    make_designation(alvania, focal)
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    chosen = {"states": [str(alvania.id), str(borania.id)], "addresses": "known@X.example\n", "capacity": "participant"}
    check = secretariat.post(path, chosen)
    assert check.status_code == 200
    assert "3 people will be invited. 3 mails leave at once." in check.text
    assert all(p.full_name in check.text for p in (focal, delegate, known))
    assert session.scalars(select(Invitation)).all() == []
    done = secretariat.post(path, {**chosen, "confirmed": "3"})
    assert "3 people were invited." in secretariat.get(done.location).text
    found = {i.person_id: i.organisation_id for i in session.scalars(select(Invitation))}
    assert found == {focal.id: alvania.id, delegate.id: borania.id, known.id: None}


def test_unknown_addresses_and_an_empty_choice_are_refused(session, secretariat):
    row = make_session()
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    unknown = secretariat.post(path, {"addresses": "nobody@x.example", "capacity": "participant"})
    assert "1 address belongs to nobody we know: nobody@x.example." in unknown.text
    empty = secretariat.post(path, {"capacity": "participant"})
    assert "Choose at least one State, organisation or person." in empty.text
    alone = make_state("Astoria")
    session.commit()
    unreached = secretariat.post(path, {"states": [str(alone.id)], "capacity": "participant"})
    assert (
        unreached.status_code,
        "Nobody of Astoria can be reached by mail. Add a person, or make a letter to print." in unreached.text,
    ) == (409, True)
    assert secretariat.post(path, {"capacity": "king"}).status_code == 422
    assert session.scalars(select(Invitation)).all() == []


def test_people_are_found_by_name_and_copies_take_no_seat(session, secretariat):
    row, person = make_session(), make_person("Zuñiga")
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    found = secretariat.post(path, {"q": "zuniga", "find": "1", "capacity": "information"}).text
    assert f'value="{person.id}"' in found
    chosen = {"people": [str(person.id)], "capacity": "information", "confirmed": "1"}
    assert secretariat.post(path, chosen).status_code == 303
    assert invitation_of(row, person).capacity is Capacity.INFORMATION


def ticks(text):
    """What is offered to be ticked: (field, value) to whether it is ticked."""
    found = re.findall(r'<input type="checkbox" id="[^"]+" name="(states|organisations|people)" value="([^"]+)"( checked)?>', text)
    return {(name, value): bool(on) for name, value, on in found}


def test_the_lists_are_searched_without_scripts_and_what_is_ticked_stays_ticked(session, secretariat):
    row = make_session()
    alvania, borania = make_state("Alvania", region_m49="002"), make_state("Côte Borania", region_m49="150")
    ministry, person = make_ministry(alvania, "Ministry of Health"), make_person("Zuñiga")
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    opened = secretariat.get(path).text
    offered = ticks(opened)
    assert {("states", str(alvania.id)), ("states", str(borania.id)), ("organisations", str(ministry.id))} <= set(offered)
    assert not any(offered.values())
    assert "Africa" in opened and "Europe" in opened and "<select" not in opened
    found = secretariat.post(path, {"q": "cote boran", "find": "1", "states": [str(alvania.id)], "capacity": "observer"}).text
    assert ticks(found) == {("states", str(alvania.id)): True, ("states", str(borania.id)): False}
    assert "Ticked so far: 1" in found
    kept = {"states": [str(alvania.id)], "organisations": [str(ministry.id)], "people": [str(person.id)], "capacity": "observer"}
    again = secretariat.post(path, {"q": "nobody at all", "find": "1", **kept}).text
    assert "Nothing found. Try another name, or add the person first." in again
    assert ticks(again) == {(k, v[0]): True for k, v in kept.items() if k != "capacity"}
    assert re.search(r'value="observer" checked', again)
    assert session.scalars(select(Invitation)).all() == []


def test_the_check_says_how_many_are_new_invited_already_and_without_an_address(session, secretariat):
    row, known = make_session(), make_person("Known")
    make_invitation(row, known)
    informed = make_person("Informed")
    make_invitation(row, informed, capacity=Capacity.INFORMATION)
    silent = make_person("Silent", email=None)
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    data = {"people": [str(p.id) for p in (known, informed, silent)], "capacity": "participant"}
    check = secretariat.post(path, data).text
    assert "2 people will be invited. 1 mail leaves at once." in check
    assert "1 person you chose is invited already and stays as they are." in check
    assert "1 person has no e-mail address and has to be told another way." in check
    assert secretariat.post(path, {**data, "confirmed": "3"}).status_code == 303
    assert invitation_of(row, informed).capacity is Capacity.PARTICIPANT
    nobody = secretariat.post(path, {"people": [str(known.id)], "capacity": "participant"}).text
    assert "0 people will be invited." in nobody and "Invite 0" not in nobody


def test_cancelling_and_uninviting_ask_who_is_told(session, secretariat):
    row = make_session()
    first, second = make_invitation(row), make_invitation(row)
    make_invitation(row, make_person(email=None))
    mark_sent()
    make_invitation(row)  # its mail has not left: there is nothing to cancel
    session.commit()
    path = f"/en/desk/invitations/{first.id}/uninvite"
    asked = secretariat.get(path).text
    assert f"Tell {first.person.full_name}: 1 person" in asked and "Without telling anyone: 1 person is not told" in asked
    assert secretariat.post(path, {}).status_code == 422
    assert secretariat.post(path, {"tell": "everyone"}).status_code == 303
    cancel = f"/en/desk/sessions/{row.id}/cancel"
    assert "Tell everyone: 1 person" in secretariat.get(cancel).text
    version = hidden(secretariat.get(cancel).text, "version")
    stale = secretariat.post(cancel, {"tell": "everyone", "version": "0"})
    assert stale.status_code == 409
    assert only(session).status is SessionStatus.SCHEDULED
    assert secretariat.post(cancel, {"tell": "everyone", "version": version, "reason": "Ill"}).status_code == 303
    told = {
        m.kind: m.recipient_id
        for m in session.scalars(select(Message).where(Message.ical_method == "CANCEL", Message.address != ""))
    }
    assert told == {"session-uninvite": first.person_id, "session-cancel": second.person_id}
    assert "1 person will be told." in secretariat.get(f"/en/desk/sessions/{row.id}").text
