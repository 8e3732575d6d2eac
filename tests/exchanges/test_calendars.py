"""Sessions in one's own calendar: the pages that explain each program, and where their links lead."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from icalendar import Calendar
from sqlalchemy import select

from app.core.languages import LANGUAGES
from app.core.signing import sign
from app.exchanges import rules
from app.exchanges.models import Visibility
from app.notifications.models import Message, State
from tests.exchanges.conftest import Browser
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, make_invitation, make_session, mark_sent, minutes

BASE = "http://127.0.0.1:8000"


def links(page):
    return [html.unescape(u) for u in re.findall(r'href="([^"]+)"', page.text)]


def outside(page, host):
    (found,) = [u for u in links(page) if urlsplit(u).hostname == host]
    return urlsplit(found).path, {k: v[0] for k, v in parse_qs(urlsplit(found).query).items()}


@pytest.mark.line("K1", "M1")
def test_one_session_can_be_added_in_every_program_without_a_script(session, visitor):
    row = make_session()
    session.commit()
    page = visitor.get(f"/fr/sessions/{row.id}/add")
    assert page.status_code == 200
    path, google = outside(page, "calendar.google.com")
    assert (path, google["action"], google["dates"]) == ("/calendar/render", "TEMPLATE", "20261207T130000Z/20261207T143000Z")
    assert google["text"] == "Le regroupement familial" and f"/fr/sessions/{row.id}" in google["details"]
    for host in ("outlook.live.com", "outlook.office.com"):
        _, told = outside(page, host)
        assert (told["startdt"], told["enddt"], told["subject"]) == ("2026-12-07T13:00:00Z", "2026-12-07T14:30:00Z", google["text"])
    assert "meet.example" not in page.text and "+254" not in page.text  # nothing that leads into the meeting
    file = visitor.get(f"/fr/sessions/{row.id}/calendar.ics")
    (event,) = Calendar.from_ical(file.data).walk("VEVENT")
    assert f"/fr/sessions/{row.id}/calendar.ics" in links(page) and str(event["UID"]) == row.uid


def test_a_session_for_the_invited_can_be_added_by_those_who_see_it_alone(session, visitor, sign_in):
    row, person = make_session(visibility=Visibility.INVITED), make_person()
    make_invitation(row, person)
    session.commit()
    assert visitor.get(f"/en/sessions/{row.id}/add").status_code == 404
    assert Browser(sign_in(person)).get(f"/en/sessions/{row.id}/add").status_code == 200


@pytest.mark.line("K2", "K3")
def test_the_address_to_subscribe_to_is_given_for_what_was_chosen(session, client, visitor):
    row = make_session(grounds=("family",), languages=("en", "fr"))
    make_session(grounds=("worker",))
    session.commit()
    page = visitor.get("/es/calendar?theme=family&spoken=fr&theme=nonsense")
    address = f"{BASE}/feeds/sessions.ics?theme=family&spoken=fr&lang=es"
    assert f'<bdi dir="ltr">{html.escape(address)}</bdi>' in page.text
    assert outside(page, "calendar.google.com") == ("/calendar/r", {"cid": address.replace("http://", "webcal://")})
    for host in ("outlook.live.com", "outlook.office.com"):
        path, told = outside(page, host)
        assert (path, told["url"]) == ("/calendar/0/addfromweb", address)
    assert address.replace("http://", "webcal://") in links(page)
    assert re.search(r'value="family" checked', page.text) and not re.search(r'value="worker" checked', page.text)
    feed = client.get(address.removeprefix(BASE))
    assert [str(e["UID"]) for e in Calendar.from_ical(feed.data).walk("VEVENT")] == [row.uid]
    assert f"SOURCE;VALUE=URI:{address}" in feed.data.decode().replace("\r\n ", "")


@pytest.mark.line("K3")
def test_ones_own_calendar_is_offered_to_oneself_alone(session, visitor, sign_in):
    person = make_person()
    session.commit()
    own = f"{BASE}/feeds/{sign('feed', person.id, person.feed_nonce)}.ics"
    assert own not in visitor.get("/en/calendar").text
    mine = Browser(sign_in(person))
    page = mine.get("/en/calendar?theme=family")
    assert f"{own}?theme=family" in page.text and page.headers["Cache-Control"] == "no-store"
    assert own not in mine.get("/en/calendar?whose=all").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_explains_the_four_kinds_of_program(session, visitor, language):
    row = make_session()
    session.commit()
    for path in (f"/{language}/calendar", f"/{language}/sessions/{row.id}/add"):
        page = visitor.get(path)
        assert [i for i in ("google", "outlook", "apple", "other") if f'id="{i}"' not in page.text] == []


@pytest.mark.line("D4")
def test_the_desk_asks_once_more_and_says_when_there_is_nobody_to_ask(session, secretariat):
    row = make_session()
    make_invitation(row, now=NOW - minutes(60 * 25))
    mark_sent()
    session.commit()
    desk = f"/en/desk/sessions/{row.id}"
    first = secretariat.post(f"{desk}/ask-again", page=desk, follow_redirects=True)
    assert "1 person is asked once more." in first.text
    second = secretariat.post(f"{desk}/ask-again", page=desk, follow_redirects=True)
    assert "Nobody is asked" in second.text
    session.expire_all()
    waiting = session.scalars(select(Message.kind).where(Message.state == State.QUEUED)).all()
    assert waiting == ["session-invite"]
    rules.cancel(row, reason="", tell=False, version=row.version, by=make_person(), now=NOW)
    session.commit()
    assert "ask-again" not in secretariat.get(desk).text
