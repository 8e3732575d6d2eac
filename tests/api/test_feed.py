"""The personal calendar feed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar

from app.core import clock
from app.core.signing import sign
from app.exchanges import rules
from app.exchanges.models import Answer, Route
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import NOW, make_invitation, make_plan, make_session, minutes


@pytest.fixture
def owner(session):
    return make_person(of=make_state("Alvania"), language="fr", created_at=NOW, updated_at=NOW)


def address(person):
    return f"/feeds/{sign('feed', person.id, person.feed_nonce)}.ics"


def events(response):
    assert response.status_code == 200
    return {str(e["UID"]): e for e in Calendar.from_ical(response.data).walk("VEVENT")}


def test_the_feed_holds_my_sessions_with_my_join_address_and_nobodys_mail_address(session, client, owner):
    row = make_session()
    mine = make_invitation(row, owner)
    other = make_invitation(row)
    rules.respond(mine, answer=Answer.YES, route=Route.PAGE, now=NOW)
    session.commit()
    answer = client.get(address(owner))
    event = events(answer)[row.uid]
    assert event["STATUS"] == "CONFIRMED"
    assert "ATTENDEE" not in event
    assert sign("join", mine.id, mine.join_nonce) in str(event["LOCATION"])
    assert sign("join", other.id, other.join_nonce).encode() not in answer.data
    assert owner.email.encode() not in answer.data
    assert other.person.email.encode() not in answer.data
    assert b"METHOD:PUBLISH" in answer.data
    assert "regroupement familial" in str(event["SUMMARY"])
    assert "Set-Cookie" not in answer.headers


def test_nothing_new_is_304_and_a_change_is_seen(session, client, owner):
    row = make_session()
    make_invitation(row, owner)
    session.commit()
    first = client.get(address(owner))
    tag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    again = client.get(address(owner), headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(address(owner), headers={"If-Modified-Since": changed}).status_code == 304
    rules.change(row, make_plan(minutes=60), version=row.version, tell=False, by=owner, now=NOW + minutes(5))
    session.commit()
    later = client.get(address(owner), headers={"If-None-Match": tag})
    assert events(later)[row.uid]["SEQUENCE"] == 1
    assert later.headers["Last-Modified"] > changed


def test_declined_and_uninvited_are_left_out_and_cancelled_stays_thirty_days(session, client, owner, monkeypatch):
    declined, taken, gone, open_ = (make_session() for _ in range(4))
    rules.respond(make_invitation(declined, owner), answer=Answer.NO, route=Route.PAGE, now=NOW)
    rules.uninvite(make_invitation(taken, owner), tell=False, by=None, now=NOW)
    make_invitation(gone, owner)
    make_invitation(open_, owner)
    rules.cancel(gone, reason="", tell=True, version=gone.version, by=owner, now=NOW)
    session.commit()
    found = events(client.get(address(owner)))
    assert set(found) == {gone.uid, open_.uid}
    assert (found[gone.uid]["STATUS"], found[open_.uid]["STATUS"]) == ("CANCELLED", "TENTATIVE")
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=29))
    assert gone.uid in events(client.get(address(owner)))
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=31))
    assert gone.uid not in events(client.get(address(owner)))


def test_a_revoked_forged_or_foreign_address_is_not_found(session, client, owner):
    invitation = make_invitation(make_session(), owner)
    session.commit()
    old = address(owner)
    foreign = f"/feeds/{sign('answer', invitation.id, invitation.nonce)}.ics"
    for bad in (foreign, "/feeds/x.ics", old[:-6] + "A.ics", f"/feeds/{sign('join', owner.id, owner.feed_nonce)}.ics"):
        assert client.get(bad).status_code == 404
    session.get(type(owner), owner.id).feed_nonce = "another"
    session.commit()
    assert client.get(old).status_code == 404
