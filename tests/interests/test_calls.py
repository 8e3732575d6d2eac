"""Calls: wall times in a zone, texts in the best language there is, conflicts, the public page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Role
from app.extensions import db
from app.interests.models import Call
from tests.factories.accounts import make_person
from tests.factories.interests import NOW, make_call
from tests.interests.pages import form_of, words

NEW = "/en/desk/calls/new"


@pytest.fixture
def browser(app, sign_in):
    with app.app_context():
        officer = make_person("Berg")
        db.session.commit()
        db.session.expunge_all()
    return sign_in(officer, Role.SECRETARIAT)


def typed(**more):
    return {
        "titles-en": "Peers for family pathways", "titles-ar": "أقران", "texts-en": "**Join** us", "zone": "Europe/Paris",
        "opens_on": "2026-12-01", "opens_time": "09:00", "closes_on": "2027-01-31", "closes_time": "18:00",
        "asks": ["join_exchange"], "who_may_apply": ["ministry"], **more,
    }  # fmt: skip


def write(browser, **more):
    return browser.post(NEW, data=form_of(browser.get(NEW).text).filled(**typed(**more)))


def only(app) -> Call:
    with app.app_context():
        found = db.session.scalars(select(Call)).one()
        db.session.expunge_all()
        return found


def test_a_call_is_written_in_wall_time_and_hidden_until_it_is_published(app, browser, client):
    answer = write(browser)
    assert answer.status_code == 303
    call = only(app)
    assert (call.opens_at, call.closes_at) == (datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2027, 1, 31, 17, tzinfo=UTC))
    assert call.titles == {"en": "Peers for family pathways", "ar": "أقران"} and not call.published
    assert client.get(f"/en/calls/{call.id}").status_code == 404
    assert "Peers for family" not in client.get("/en/calls").text
    page = browser.get(answer.location)
    form = form_of(page.text, action="/publish")
    assert browser.post(form.action, data=form.filled()).status_code == 303
    assert "Peers for family" in client.get("/en/calls").text
    assert "Not open yet" in client.get(f"/en/calls/{call.id}").text


def test_midnight_is_an_hour_like_others(app, browser):
    assert write(browser, opens_time="00:00").status_code == 303
    assert only(app).opens_at == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_an_hour_that_never_comes_is_refused_with_the_next_one(app, browser):
    answer = write(browser, closes_on="2027-03-28", closes_time="02:30")
    assert answer.status_code == 422
    assert "skip 02:30" in answer.text and "next time there is 03:00" in answer.text
    assert form_of(answer.text).fields["titles-ar"] == ["أقران"]


def test_an_hour_that_comes_twice_is_asked(app, browser):
    answer = write(browser, closes_on="2027-10-31", closes_time="02:30")
    assert answer.status_code == 422 and "show 02:30 twice" in answer.text and "closes_fold" in answer.text
    for fold, hour in (("0", 0), ("1", 1)):
        done = browser.post(NEW, data=form_of(answer.text).filled(closes_fold=fold))
        assert done.status_code == 303
        with app.app_context():
            newest = db.session.scalars(select(Call).order_by(Call.id.desc())).first()
            assert newest.closes_at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"titles-en": "", "titles-ar": " "}, "Enter a title in at least one language."),
        ({"closes_on": "2026-11-01"}, "Enter a time to close that is after the time to open."),
        ({"zone": "Nowhere/Land"}, "Choose one from the list."),
        ({"opens_time": "25:00"}, "Enter a time of 24 hours"),
        ({"opens_time": ""}, "Enter a time of 24 hours"),
        ({"opens_on": ""}, "Enter a date"),
        ({"asks": ["world_peace"]}, "Choose from the list only."),
        ({"titles-en": "x" * 201}, "Shorten this text"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(app, browser, more, said):
    answer = write(browser, **more)
    assert answer.status_code == 422 and said in answer.text
    with app.app_context():
        assert not db.session.scalars(select(Call)).all()


def test_the_second_of_two_editors_sees_what_changed_and_loses_nothing(app, browser):
    url = write(browser).location
    stale = form_of(browser.get(url).text).filled()
    first = browser.post(url, data={**stale, "titles-en": "Their title"})
    assert first.status_code == 303
    second = browser.post(url, data={**stale, "titles-en": "My title"})
    assert second.status_code == 409
    assert "Their title" in words(second.text) and form_of(second.text).fields["titles-en"] == ["My title"]
    assert only(app).titles["en"] == "Their title"
    again = browser.post(url, data=form_of(second.text).filled())
    assert again.status_code == 303 and only(app).titles["en"] == "My title"
    assert "Call changed" in browser.get(url).text


def test_the_public_page_says_open_until_in_the_readers_hour(app, client):
    with app.app_context():
        call = make_call(closes_at=datetime(2026, 12, 1, 17, tzinfo=UTC), zone="Europe/Paris")
        db.session.commit()
        url = f"/en/calls/{call.id}"
    client.set_cookie("zone", "Asia/Kathmandu", domain="127.0.0.1")
    text = words(client.get(url, base_url="http://127.0.0.1:8000").text)
    assert "22:45" in text and "18:00" in text and "Paris" in text


def test_texts_show_the_best_language_there_is_with_its_direction(app, client):
    with app.app_context():
        call = make_call(titles={"ar": "نداء", "fr": "Appel"}, texts={"ar": "**نص**"})
        db.session.commit()
        url = f"/ru/calls/{call.id}"
    page = client.get(url).text
    assert '<bdi lang="fr" dir="ltr">Appel</bdi>' in page  # the installation's order: en fr es ar
    assert 'lang="ar" dir="rtl"' in page


def test_hostile_text_of_a_call_is_only_text(app, client):
    with app.app_context():
        hostile = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> [ok](https://a.example)"
        call = make_call("<script>alert(1)</script>", texts={"en": hostile})
        db.session.commit()
        url = f"/en/calls/{call.id}"
    page = client.get(url).text
    assert "<script>alert" not in page and "<img" not in page and 'href="javascript' not in page
    assert 'href="https://a.example"' in page


def test_a_closed_call_says_so_and_has_no_button(app, client):
    with app.app_context():
        call = make_call(closes_at=NOW - timedelta(days=1))
        db.session.commit()
        url = f"/en/calls/{call.id}"
    page = client.get(url).text
    assert "This call is closed." in page and "submission_key" not in page
    assert client.get(f"{url}/form.pdf").status_code == client.get(f"{url}/form.docx").status_code == 404


def test_the_list_is_never_empty_of_words(client):
    assert "No call is open now." in client.get("/en/calls").text


def test_every_call_is_reached_page_by_page_open_ones_first(app, client):
    with app.app_context():
        for number in range(9):
            days = timedelta(days=number)
            make_call(f"Open {number}", closes_at=NOW + timedelta(days=2) + days)
            make_call(f"Soon {number}", opens_at=NOW + timedelta(days=2) + days, closes_at=NOW + timedelta(days=60))
            make_call(f"Over {number}", closes_at=NOW - timedelta(days=1) - days / 20)
            make_call(f"Twin {number}", closes_at=NOW - timedelta(days=6))
            make_call(f"Hidden {number}", published=False)
        db.session.commit()
    url, pages = "/en/calls", []
    while url:
        pages.append(client.get(url).text)
        further = re.search(r'rel="next" href="([^"]+)"', pages[-1])
        url = further[1].replace("&amp;", "&") if further else None
    found = [re.findall(r">((?:Open|Soon|Over|Twin|Hidden) \d)<", page) for page in pages]
    assert [len(names) for names in found] == [20, 16]
    whole = found[0] + found[1]
    assert whole[:27] == [f"{part} {n}" for part in ("Open", "Soon", "Over") for n in range(9)]
    assert sorted(whole[27:]) == [f"Twin {n}" for n in range(9)]
    assert 'id="open"' not in pages[1] and 'href="/en/calls"' in pages[1]
    assert client.get("/en/calls?after=nonsense").text.count("Open 0") == pages[0].count("Open 0")


def test_a_hidden_call_takes_its_page_away(app, browser, client):
    url = write(browser).location
    browser.post(url + "/publish", data=form_of(browser.get(url).text, action="/publish").filled())
    call = only(app)
    browser.post(url + "/hide", data=form_of(browser.get(url).text, action="/hide").filled())
    assert client.get(f"/en/calls/{call.id}").status_code == 404 and browser.get(f"/en/calls/{call.id}").status_code == 200
