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


@pytest.mark.line("K1", "K3")
def test_the_feed_holds_my_sessions_with_my_join_address_and_nobodys_mail_address(session, client, owner):
    row = make_session()
    mine = make_invitation(row, owner)
    other = make_invitation(row)
    rules.respond(mine, answer=Answer.YES, route=Route.PAGE, now=NOW)
    session.commit()
    answer = client.get(address(owner))
    event = events(answer)[row.uid]
    assert (event["STATUS"], event["X-MICROSOFT-CDO-BUSYSTATUS"]) == ("CONFIRMED", "BUSY")
    assert "ATTENDEE" not in event
    assert sign("join", mine.id, mine.join_nonce) in str(event["LOCATION"])
    assert sign("join", other.id, other.join_nonce).encode() not in answer.data
    assert owner.email.encode() not in answer.data
    assert other.person.email.encode() not in answer.data
    assert b"METHOD:PUBLISH" in answer.data
    assert "regroupement familial" in str(event["SUMMARY"])
    assert "Set-Cookie" not in answer.headers


@pytest.mark.line("K3")
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


@pytest.mark.line("K2")
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
    assert (found[gone.uid]["STATUS"], found[open_.uid]["STATUS"]) == ("CANCELLED", "CONFIRMED")
    assert found[open_.uid]["X-MICROSOFT-CDO-BUSYSTATUS"] == "TENTATIVE"  # the person's standing, not the session's
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=29))
    assert gone.uid in events(client.get(address(owner)))
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=31))
    assert gone.uid not in events(client.get(address(owner)))


@pytest.mark.line("K3")
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


@pytest.mark.line("K3")
def test_what_leaves_the_feed_is_news_too(session, client, owner, monkeypatch):
    kept, declined, taken, ended = (make_session() for _ in range(4))
    make_invitation(kept, owner)
    no, gone = make_invitation(declined, owner), make_invitation(taken, owner)
    make_invitation(ended, owner)
    session.commit()
    seen = client.get(address(owner)).headers

    def changed():
        nonlocal seen
        session.commit()
        moments = {"If-Modified-Since": seen["Last-Modified"]}
        by_mark = client.get(address(owner), headers={"If-None-Match": seen["ETag"]}).status_code
        answer = client.get(address(owner), headers=moments)
        assert by_mark == answer.status_code
        seen = client.get(address(owner)).headers
        return answer.status_code

    assert changed() == 304
    rules.respond(no, answer=Answer.NO, route=Route.PAGE, now=NOW + minutes(5))
    assert changed() == 200
    rules.uninvite(gone, tell=False, by=None, now=NOW + minutes(6))
    assert changed() == 200
    rules.cancel(ended, reason="", tell=False, version=ended.version, by=owner, now=NOW + minutes(7))
    assert changed() == 200
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=31))
    assert changed() == 200  # thirty days after it was cancelled nobody writes a row
    assert set(events(client.get(address(owner)))) == {kept.uid}
    assert changed() == 304


def test_nothing_new_reads_no_session_and_the_whole_costs_the_same_for_few_and_many(session, client, owner, statements):
    counts = []
    for _ in range(2):
        for _ in range(3):
            make_invitation(make_session(), owner)
        session.commit()
        tag = client.get(address(owner)).headers["ETag"]
        session.expire_all()
        statements.clear()
        assert client.get(address(owner), headers={"If-None-Match": tag}).status_code == 304
        few = len(statements)
        session.expire_all()
        statements.clear()
        client.get(address(owner))
        counts.append((few, len(statements)))
    assert counts[0] == counts[1] == (3, 4)


@pytest.mark.line("K1", "K3")
def test_the_public_feed_is_the_same_for_everyone_and_leads_into_no_meeting(session, client, sign_in, owner):
    from app.exchanges.models import Visibility

    seen, hidden, gone = make_session(), make_session(visibility=Visibility.INVITED), make_session()
    for row in (seen, hidden):
        rules.respond(make_invitation(row, owner), answer=Answer.YES, route=Route.PAGE, now=NOW)
    rules.cancel(gone, reason="", tell=False, version=gone.version, by=owner, now=NOW)
    session.commit()
    answer = client.get("/feeds/sessions.ics?lang=fr")
    found = events(answer)
    assert set(found) == {seen.uid, gone.uid}
    assert (found[seen.uid]["STATUS"], found[gone.uid]["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert "regroupement familial" in str(found[seen.uid]["SUMMARY"])
    for secret in (b"meet.example", b"/join/", b"+254", b"ATTENDEE", owner.email.encode(), b"X-MICROSOFT"):
        assert secret not in answer.data
    assert "Set-Cookie" not in answer.headers
    assert client.get("/feeds/sessions.ics?lang=fr", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    mine = sign_in(owner).get("/feeds/sessions.ics?lang=fr")
    assert (mine.data, mine.headers["ETag"]) == (answer.data, answer.headers["ETag"])


def test_both_feeds_show_what_was_chosen_by_theme_and_language(session, client, owner):
    family = make_session(grounds=("family",), languages=("en", "fr"))
    work = make_session(grounds=("worker",), languages=("es",))
    for row in (family, work):
        make_invitation(row, owner)
    session.commit()
    for way in ("/feeds/sessions.ics", address(owner)):
        for query, wanted in {
            "": {family, work}, "?theme=family": {family}, "?theme=family&theme=worker": {family, work}, "?spoken=es": {work},
            "?theme=family&spoken=es": set(), "?theme=nonsense&spoken=xx": {family, work},
        }.items():  # fmt: skip
            answer = client.get(way + query)
            assert set(events(answer)) == {row.uid for row in wanted}, way + query
            assert answer.headers["ETag"] != client.get(way + "?spoken=ar").headers["ETag"]


def test_a_session_that_is_public_no_longer_leaves_the_public_feed(session, client, owner):
    from app.exchanges.models import Visibility

    row = make_session()
    session.commit()
    before = client.get("/feeds/sessions.ics").headers
    rules.change(row, make_plan(visibility=Visibility.INVITED), version=row.version, tell=False, by=owner, now=NOW + minutes(5))
    session.commit()
    for asked in ({"If-None-Match": before["ETag"]}, {"If-Modified-Since": before["Last-Modified"]}):
        assert events(client.get("/feeds/sessions.ics", headers=asked)) == {}


@pytest.mark.line("K3")
def test_k3_what_changes_in_the_second_of_the_first_visit_is_not_hidden_behind_304(session, client, owner, monkeypatch):
    row = make_session()
    make_invitation(row, owner)
    session.commit()
    ways = ("/feeds/sessions.ics", address(owner))
    seen = {way: client.get(way).headers["Last-Modified"] for way in ways}
    rules.cancel(row, reason="", tell=False, version=row.version, by=owner, now=NOW + timedelta(milliseconds=300))
    session.commit()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=5))
    for way in ways:
        answer = client.get(way, headers={"If-Modified-Since": seen[way]})
        assert events(answer)[row.uid]["STATUS"] == "CANCELLED"
        later = answer.headers["Last-Modified"]
        assert client.get(way, headers={"If-Modified-Since": later}).status_code == 304
