"""The secretariat's pages for several sessions at once: seen first, then saved; and an exchange's page for everybody."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from app.exchanges import rules
from app.exchanges.models import Exchange, ExchangeGuest, Invitation, ListShown, PeerSession, SessionStatus
from app.notifications.models import Message
from tests.exchanges.desk import hidden
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import NOW, make_invitation, make_series, mark_sent

FORM = {
    "titles-en": "Papers", "purposes-en": "Kept words", "count": "3", "weekdays": ["6"], "first_day": "2027-03-21",
    "last_day": "2027-04-04", "rhythm": "1", "start_time": "02:30", "zone": "Europe/Berlin", "minutes": "90", "capacity": "20",
    "visibility": "public", "remind": ["1440"], "nudge": [], "numbered": "y",
}  # fmt: skip


def sessions_of(session, exchange):
    session.expire_all()
    query = select(PeerSession).where(PeerSession.exchange_id == exchange.id).order_by(PeerSession.starts_at)
    return session.scalars(query).all()


def planned(session, exchange, **fields):
    rows, _ = rules.plan_series(exchange, make_series(**fields), {}, status=SessionStatus.SCHEDULED, by=make_person(), now=NOW)
    session.commit()
    return rows


def test_a_series_is_seen_date_by_date_asked_about_and_then_saved_once(session, secretariat, exchange):
    path = f"/en/desk/exchanges/{exchange.id}/series"
    key = hidden(secretariat.get(path).text, "submission_key")
    shown = secretariat.post(path, {**FORM, "look": "1"})
    assert shown.status_code == 200
    assert "3 sessions. Nothing is saved yet." in shown.text
    assert "Clocks in Berlin go forward that day, so 02:30 does not happen." in shown.text
    assert 'name="titles-en" value="Papers"' in shown.text
    assert sessions_of(session, exchange) == []
    undecided = secretariat.post(path, {**FORM, "draft": "1"})
    assert (undecided.status_code, "Choose what holds on each day on which clocks change." in undecided.text) == (409, True)
    assert sessions_of(session, exchange) == []
    back = secretariat.post(path, {**FORM, "back": "1"})
    assert 'value="2027-03-21"' in back.text and "Kept words" in back.text
    final = {**FORM, "submission_key": key, "draft": "1", "clock-2027-03-28": "next"}
    saved = secretariat.post(path, final)
    assert "3 sessions are planned." in secretariat.get(saved.location).text
    again = secretariat.post(path, final)
    assert again.location == saved.location
    rows = sessions_of(session, exchange)
    assert [(r.titles["en"], r.local_start.isoformat(), r.status) for r in rows] == [
        ("Papers (1)", "2027-03-21T02:30:00", SessionStatus.DRAFT), ("Papers (2)", "2027-03-28T03:00:00", SessionStatus.DRAFT),
        ("Papers (3)", "2027-04-04T02:30:00", SessionStatus.DRAFT),
    ]  # fmt: skip
    assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_wrong_input_brings_the_series_form_back_with_a_sentence(session, secretariat, exchange):
    path = f"/en/desk/exchanges/{exchange.id}/series"
    for wrong, sentence in (
        ({"count": "0"}, "Enter a number from 1 to 52."),
        ({"count": "60"}, "Enter a number from 1 to 52."),
        ({"count": "many"}, "Enter a whole number, such as 90."),
        ({"weekdays": []}, "Choose at least one day of the week."),
        ({"weekdays": ["9"]}, "Choose from the list only."),
        ({"last_day": "2027-03-01"}, "The last date comes before the first."),
        ({"last_day": "2027-03-28"}, "3 sessions are too many: 2 such days lie between these dates."),
        ({"first_day": "", "last_day": ""}, "Enter the first date."),
        ({"first_day": "2027-02-30"}, "Enter a date, such as 2027-03-11."),
        ({"start_time": "25:00"}, "Enter a time of 24 hours, such as 16:00."),
        ({"rhythm": "0"}, "Choose one from the list."),
        ({"titles-en": ""}, "Enter the title in at least one language."),
        ({"titles-en": "x" * 191}, "Shorten this text"),
    ):
        answer = secretariat.post(path, {**FORM, "draft": "1", "clock-2027-03-28": "next", **wrong})
        assert answer.status_code in (409, 422), wrong
        assert sentence in answer.text, wrong
        assert "Kept words" in answer.text
    assert sessions_of(session, exchange) == []


def test_moving_all_that_follow_is_seen_first_and_then_told(session, secretariat, exchange):
    rows = planned(session, exchange)
    person = make_person("Guest")
    for row in rows[1:3]:
        make_invitation(row, person)
    mark_sent()
    session.commit()
    path = f"/en/desk/sessions/{rows[1].id}/move"
    page = secretariat.get(f"{path}?reach=following").text
    assert "This session and the 2 that follow it" in page
    to = {"start_date": "2027-03-24", "start_time": "15:00", "reach": "following"}
    look = secretariat.post(path, {**to, "look": "1"})
    assert "Wed 24 March, 15:00" in look.text and "Move 3 sessions" in look.text and "Tell everyone: 2 people" in look.text
    assert [r.sequence for r in sessions_of(session, exchange)] == [0, 0, 0, 0]
    seen = hidden(look.text, "seen")
    unsaid = secretariat.post(path, {**to, "seen": seen, "save": "1"})
    assert (unsaid.status_code, "Choose whether people are told of the change." in unsaid.text) == (409, True)
    stale = secretariat.post(path, {**to, "seen": "0" * 32, "save": "1", "tell": "everyone"})
    assert (stale.status_code, "Somebody else changed these sessions" in stale.text) == (409, True)
    assert [r.sequence for r in sessions_of(session, exchange)] == [0, 0, 0, 0]
    done = secretariat.post(path, {**to, "seen": seen, "save": "1", "tell": "everyone"})
    text = secretariat.get(done.location).text
    assert "3 sessions are moved." in text and "2 mails say so." in text
    assert [r.sequence for r in sessions_of(session, exchange)] == [0, 1, 1, 1]
    assert [r.local_start.strftime("%m-%d %H:%M") for r in sessions_of(session, exchange)][1:] == [
        "03-24 15:00",
        "04-07 15:00",
        "04-28 15:00",
    ]
    assert session.scalar(select(func.count()).select_from(Message).where(Message.kind == "session-update")) == 2


def test_more_than_twenty_mails_of_a_move_are_rehearsed_first(session, secretariat, exchange):
    rows = planned(session, exchange)
    for person in [make_person() for _ in range(6)]:
        for row in rows:
            make_invitation(row, person)
    mark_sent()
    session.commit()
    path = f"/en/desk/sessions/{rows[0].id}/move"
    to = {"start_date": "2027-03-02", "start_time": "15:00", "reach": "following"}
    look = secretariat.post(path, {**to, "look": "1"})
    assert "These are many mails: you see each of them before they leave." in look.text
    asked = secretariat.post(path, {**to, "seen": hidden(look.text, "seen"), "save": "1", "tell": "everyone"})
    assert "rehearsals" in (asked.location or asked.text)
    assert [r.sequence for r in sessions_of(session, exchange)] == [0, 0, 0, 0]
    assert session.scalars(select(Message).where(Message.kind == "session-update")).all() == []


def test_cancelling_all_that_follow_says_which_and_needs_a_word_on_telling(session, secretariat, exchange):
    rows = planned(session, exchange)
    make_invitation(rows[3])
    mark_sent()
    session.commit()
    path = f"/en/desk/sessions/{rows[2].id}/cancel-following"
    page = secretariat.get(path).text
    assert "Cancel 2 sessions" in page and "Tell everyone: 1 person" in page
    assert secretariat.post(path, {"seen": hidden(page, "seen")}).status_code == 422
    done = secretariat.post(path, {"seen": hidden(page, "seen"), "tell": "everyone", "reason": "Strike"})
    assert "2 sessions are cancelled." in secretariat.get(done.location).text
    assert [r.status.value for r in sessions_of(session, exchange)] == ["scheduled", "scheduled", "cancelled", "cancelled"]
    assert session.scalars(select(Message.ical_method).where(Message.kind == "session-cancel")).all() in (["CANCEL"], [])
    assert session.scalar(select(func.count()).select_from(Message).where(Message.ical_method == "CANCEL")) == 1


def test_a_copy_is_seen_first_and_saved_as_drafts(session, secretariat, exchange):
    rows = planned(session, exchange, count=2)
    path = f"/en/desk/exchanges/{exchange.id}/copy"
    chosen = {"themes-en": "Families again", "sessions": [str(r.id) for r in rows], "first_day": "2028-03-07", "guests": "y"}
    look = secretariat.post(path, {**chosen, "look": "1"})
    assert "2 sessions as drafts. Nothing is saved yet." in look.text
    assert session.scalar(select(func.count()).select_from(Exchange)) == 1
    saved = secretariat.post(path, {**chosen, "save": "1"})
    assert "The copy is saved. Its sessions are drafts, and nobody was written to." in secretariat.get(saved.location).text
    copy = session.scalars(select(Exchange).where(Exchange.id != exchange.id)).one()
    assert [(r.status, r.local_start.date()) for r in sessions_of(session, copy)] == [
        (SessionStatus.DRAFT, date(2028, 3, 7)), (SessionStatus.DRAFT, date(2028, 5, 2)),
    ]  # fmt: skip


def test_the_list_is_kept_and_offered_with_each_session(session, secretariat, exchange):
    rows = planned(session, exchange, count=2)
    state, focal = make_state("Alvania"), make_person("Focal")
    make_designation(state, focal)
    session.commit()
    path = f"/en/desk/exchanges/{exchange.id}"
    put = secretariat.post(f"{path}/list", {"states": [str(state.id)], "capacity": "participant"})
    assert "1 line is new on the list. Nobody was written to." in secretariat.get(put.location).text
    assert "1 State, organisation or person is on the list" in secretariat.get(f"/en/desk/sessions/{rows[0].id}/invite").text
    one = secretariat.get(f"{path}/invite?session={rows[1].id}").text
    assert one.count("checked") == 1 and "1 person is new" in one
    counts = {f"count-{r.id}": "1" for r in rows}
    changed = secretariat.post(f"{path}/invite", {"sessions": [str(r.id) for r in rows], **counts, f"count-{rows[1].id}": "7"})
    assert (changed.status_code, "The number of people who are invited has changed." in changed.text) == (409, True)
    assert session.scalars(select(Invitation)).all() == []
    done = secretariat.post(f"{path}/invite", {"sessions": [str(r.id) for r in rows], **counts})
    assert "2 invitations were made." in secretariat.get(done.location).text
    assert {(i.peer_session_id, i.person_id) for i in session.scalars(select(Invitation))} == {(r.id, focal.id) for r in rows}
    guest = session.scalars(select(ExchangeGuest)).one()
    off = secretariat.post(f"{path}/list/{guest.id}/remove", page=f"{path}/list")
    assert "It is off the list." in secretariat.get(off.location).text
    assert session.scalars(select(ExchangeGuest)).all() == []
    assert session.scalar(select(func.count()).select_from(Invitation)) == 2


def test_the_page_shows_the_plan_in_the_readers_time_and_the_list_to_those_who_may_see_it(session, visitor, secretariat, exchange):
    rows = planned(session, exchange)
    state, person = make_state("Alvania", zone="Asia/Bangkok"), make_person("Zuniga")
    rules.put_on_list(exchange, organisations=[state], people=[person], by=None, now=NOW)
    rules.cancel(rows[3], reason="", tell=False, version=rows[3].version, by=make_person(), now=NOW)
    session.commit()
    path = f"/en/exchanges/{exchange.id}"
    page = visitor.get(path).text
    assert page.count('class="planned') == 4 and "3 sessions to come" in page
    assert "13:00 to 14:30" in page and "12:00 to 13:30" in page  # by UTC: 14:00 in Berlin, before and after its clocks change
    assert "Alvania" not in page and "Zuniga" not in page and "Bangkok" not in page
    assert page.count("<details") >= 3 and page.count('<details class="disc" open') == 1
    desk = secretariat.get(path).text
    assert "Alvania" in desk and "Zuniga" in desk and "14:00 to 15:30" in desk
    exchange.list_shown = ListShown.PUBLIC
    session.commit()
    open_page = visitor.get(path).text
    assert "Alvania" in open_page and "Bangkok" in open_page and "Zuniga" not in open_page


def test_only_those_who_manage_exchanges_change_anything(session, focal_point, visitor, exchange):
    rows = planned(session, exchange, count=2)
    desk = f"/en/desk/exchanges/{exchange.id}"
    for address in (f"{desk}/series", f"{desk}/copy", f"{desk}/list", f"{desk}/invite",
                    f"/en/desk/sessions/{rows[0].id}/move", f"/en/desk/sessions/{rows[0].id}/cancel-following"):  # fmt: skip
        assert focal_point.get(address).status_code == 404
        assert visitor.get(address).status_code in (302, 401, 404)
