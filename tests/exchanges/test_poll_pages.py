"""Pages of date polls: an answer without an account, by a focal point, by the desk; results that name nobody; closing in one step."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import date

import pytest
from sqlalchemy import func, select

from app.accounts.models import Role
from app.core.signing import sign
from app.exchanges.models import Invitation, PeerSession, Poll, PollAnswer, PollAsked, PollVote, Route, SessionStatus, Vote
from app.notifications.models import Message, Rehearsal, State
from tests.exchanges.conftest import Browser
from tests.exchanges.desk import hidden, only
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import NOW, make_session
from tests.factories.polls import asked_in, make_asked, make_poll, say
from tests.interests.pages import form_of, words

YES, IF_NEEDED, NO = Vote.YES, Vote.IF_NEEDED, Vote.NO


def voted(text, *votes):
    names = list(dict.fromkeys(re.findall(r'name="(vote_[0-9a-f]{32})"', text)))
    assert len(names) == len(votes), names
    return dict(zip(names, votes, strict=True))


def link(asked):
    return f"/en/poll/{sign('poll', asked.id, asked.nonce)}"


@pytest.fixture
def poll(session):
    return make_poll()


@pytest.fixture
def asked(session, poll, state):
    person = make_person("Okello", given_name="Sam", of=state, zone="Asia/Bangkok")
    return make_asked(poll, person, organisation=state)


def test_a_link_answers_without_an_account_in_the_readers_own_hours(session, visitor, poll, asked):
    page = link(asked)
    session.commit()
    shown = visitor.get(page)
    assert "Monday 7 December 2026, 20:00 to 21:30" in words(shown.text)  # 16:00 in Nairobi
    headers = (shown.headers["Referrer-Policy"], shown.headers["Cache-Control"], shown.headers["X-Robots-Tag"])
    assert headers == ("no-referrer", "no-store", "noindex, nofollow")
    answer = visitor.post(page, {**voted(shown.text, "yes", "if_needed", "no"), "comment": "Evenings are fine."})
    assert (answer.status_code, answer.location) == (303, page)
    again = visitor.get(page).text
    assert "Your answer is saved." in words(again) and again.count("checked") == 3
    row = only(session, PollAsked)
    assert (sorted(row.said.values()), row.comment) == (sorted(["yes", "if_needed", "no"]), "Evenings are fine.")
    assert only(session, PollAnswer).route is Route.PAGE


def test_a_scanner_that_opens_every_link_changes_nothing(session, app, poll, asked):
    page = link(asked)
    session.commit()
    client = app.test_client()
    for method in ("GET", "HEAD", "OPTIONS"):
        assert client.open(page, method=method).status_code == 200
    assert client.post(page, data={}).status_code == 400  # no token of the form
    assert session.scalar(select(func.count()).select_from(PollVote)) == 0


def test_each_wrong_vote_gets_its_sentence_and_changes_nothing(session, visitor, poll, asked):
    page = link(asked)
    session.commit()
    first = voted(visitor.get(page).text, "yes", "yes", "perhaps")
    answer = visitor.post(page, first)
    assert (answer.status_code, "Choose one from the list." in answer.text) == (422, True)
    answer = visitor.post(page, dict(list(first.items())[:2]))
    told = words(answer.text)
    assert (answer.status_code, "Choose Yes, If needed or No for Wednesday 9 December 2026, 14:00 to 15:30." in told) == (422, True)
    assert answer.text.count("checked") == 2  # what was chosen stays
    answer = visitor.post(page, {**first, "vote_" + "0" * 32: "yes"})
    assert (answer.status_code, "The times of this poll have changed." in words(answer.text)) == (409, True)
    assert session.scalar(select(func.count()).select_from(PollVote)) == 0


def test_times_added_while_the_form_was_open_are_asked_for(session, visitor, secretariat, poll, asked):
    page, desk = link(asked), f"/en/desk/polls/{poll.id}/times"
    session.commit()
    stale = voted(visitor.get(page).text, "yes", "yes", "yes")
    done = secretariat.post(
        desk,
        {**_hidden(secretariat, desk), "date_1": "2026-12-15", "time_1": "09:00", "zone": "Africa/Nairobi", "asking": "nobody"},
    )
    assert done.status_code == 303
    answer = visitor.post(page, stale)
    assert answer.status_code == 422 and "Tuesday 15 December 2026" in answer.text
    assert session.scalar(select(func.count()).select_from(PollVote)) == 0


def _hidden(browser, page):
    text = browser.get(page).text
    return {name: hidden(text, name) for name in ("version", "submission_key") if hidden(text, name)}


def test_a_link_ends_with_the_poll_and_with_the_person(session, visitor, secretariat, poll, asked):
    page = link(asked)
    session.commit()
    open_form = voted(visitor.get(page).text, "yes", "yes", "yes")
    close = f"/en/desk/polls/{poll.id}/close"
    assert (
        secretariat.post(close, {**_hidden(secretariat, close), "slot": "none", "seats": "30", "tell": "nobody"}).status_code == 303
    )
    shown = visitor.get(page)
    assert (shown.status_code, "This poll is closed. No session is planned from it." in words(shown.text)) == (200, True)
    token = visitor.get("/en/preferences").text
    answer = visitor.client.post(page, data={"csrf_token": form_of(token).fields["csrf_token"][0], **open_form})
    assert (answer.status_code, "This poll is closed. No answer is needed any more." in words(answer.text)) == (409, True)
    row = session.scalars(select(PollAsked)).one()
    row.withdrawn_at = NOW
    session.commit()
    assert visitor.get(page).status_code == 410
    assert session.scalar(select(func.count()).select_from(PollVote)) == 0


def test_nobody_is_named_to_those_who_are_asked_and_few_see_no_figures(session, visitor, poll, asked):
    others = [make_asked(poll, make_person(f"Secretname{n}", of=make_state(f"Secretland{n}")), organisation=None) for n in range(1)]
    say(asked, YES, NO, NO)
    say(others[0], NO, NO, YES, comment="Secretcomment")
    session.commit()
    few = visitor.get(link(asked)).text
    assert "How it stands so far" not in few
    for n in (2, 3):
        state = make_state(f"Secretland{n}")
        one = make_asked(poll, make_person(f"Secretname{n}", of=state), organisation=state)
        if n == 2:
            say(one, YES, IF_NEEDED, NO)
    session.commit()
    shown = visitor.get(link(asked)).text
    assert "How it stands so far" in shown and "Secret" not in shown
    assert "1 delegation cannot come. 1 delegation has not answered." in words(shown)
    silent = asked_in(poll, session.scalars(select(PollAsked).where(PollAsked.answered_at.is_(None))).one().person)
    assert "How it stands so far" not in visitor.get(link(silent)).text  # nobody's answer leans on those of others


def test_a_focal_point_answers_for_the_state_and_the_person_gets_a_copy(session, focal_point, poll, asked):
    foreign = make_asked(poll)
    session.commit()
    listed = words(focal_point.get("/en/my-polls").text)
    assert "Questions to others of your State" in listed and "Sam Okello" in listed and foreign.person.family_name not in listed
    page = f"/en/my-polls/{asked.id}"
    answer = focal_point.post(page, voted(focal_point.get(page).text, "no", "no", "yes"))
    assert (answer.status_code, answer.location) == (303, "/en/my-polls")
    kept = only(session, PollAnswer)
    assert (kept.route, kept.asked_id) == (Route.STATE, asked.id)
    copies = session.scalars(select(Message).where(Message.kind == "poll-recorded")).all()
    assert [m.recipient_id for m in copies] == [asked.person_id]
    assert focal_point.get(f"/en/my-polls/{foreign.id}").status_code == 404


def test_somebody_signed_in_answers_on_the_own_page(session, sign_in, poll, asked):
    session.commit()
    browser = Browser(sign_in(asked.person))
    assert "Date polls" in browser.get("/en/my-sessions").text
    page = f"/en/my-polls/{asked.id}"
    assert browser.post(page, voted(browser.get(page).text, "yes", "yes", "yes")).status_code == 303
    assert only(session, PollAnswer).route is Route.PAGE
    assert session.scalars(select(Message).where(Message.kind == "poll-recorded")).all() == []


def test_the_desk_records_a_note_verbale_with_its_number(session, secretariat, poll, asked):
    session.commit()
    page = f"/en/desk/poll-answers/{asked.id}"
    shown = secretariat.get(page).text
    typed = {
        **voted(shown, "yes", "no", "if_needed"),
        **_hidden(secretariat, page),
        "source_kind": "note_verbale",
        "source_number": "NV/12",
    }
    assert secretariat.post(page, {**typed, "source_date": "2026-12-24"}).status_code == 409
    assert session.scalar(select(func.count()).select_from(PollVote)) == 0
    assert secretariat.post(page, {**typed, **_hidden(secretariat, page), "source_date": "2026-11-20"}).status_code == 303
    kept = only(session, PollAnswer)
    assert (kept.route, kept.source["number"], kept.source["date"]) == (Route.SECRETARIAT, "NV/12", "2026-11-20")
    assert "NV/12" in secretariat.get(page).text


def test_the_secretariat_sees_states_and_persons_only_where_it_may_see_people(session, secretariat, sign_in, poll, asked):
    say(asked, YES, NO, NO, comment="Mornings")
    auditor = make_person("Oduya")
    session.commit()
    page = f"/en/desk/polls/{poll.id}"
    text = words(secretariat.get(page).text)
    results, _, people = text.partition("Who is asked")
    assert ("Alvania" in results, "Okello" in results, "Sam Okello" in people) == (True, False, True)
    reader = Browser(sign_in(auditor, Role.CO_LEAD))
    seen = reader.get(page)
    assert seen.status_code == 200 and "Okello" not in seen.text and "Record an answer" not in seen.text


def test_a_poll_is_made_for_an_exchange_asked_and_closed_with_its_session(session, secretariat, state):
    person = make_person("Okello", given_name="Sam", of=state)
    make_designation(state, person)
    made = make_poll()  # its exchange is the one the new poll belongs to
    session.commit()
    assert "Date polls" in secretariat.get(f"/en/desk/exchanges/{made.exchange_id}").text
    page = f"/en/desk/exchanges/{made.exchange_id}/polls/new"
    typed = {
        **_hidden(secretariat, page), "titles-en": "When", "minutes": "60", "zone": "Europe/Paris", "date_1": "2026-12-14", "time_1": "10:00",
        "date_2": "2026-12-15", "time_2": "10:00", "date_deadline": "2026-12-04", "time_deadline": "17:00", "remind": ["1440"],
    }  # fmt: skip
    done = secretariat.post(page, typed)
    row = session.scalars(select(Poll).where(Poll.id != made.id)).one()
    assert (done.status_code, done.location, [s.starts_at.hour for s in row.slots]) == (303, f"/en/desk/polls/{row.id}", [9, 9])
    assert session.scalar(select(func.count()).select_from(PollAsked)) == 0
    ask = f"/en/desk/polls/{row.id}/ask"
    check = secretariat.post(ask, {**_hidden(secretariat, ask), "states": [str(state.id)]})
    assert (check.status_code, "1 person will be asked." in words(check.text)) == (200, True)
    asking = form_of(check.text, "confirmed")
    assert secretariat.client.post(ask, data=asking.filled()).status_code == 303
    assert only(session, PollAsked).because == "state"
    close = f"/en/desk/polls/{row.id}/close?slot={row.slots[1].id}"
    shown = secretariat.get(close).text
    assert "With a time, 1 person is invited." in words(shown)
    done = secretariat.client.post(close, data=form_of(shown, "slot").filled())
    made_session = only(session)
    assert (done.status_code, done.location) == (303, f"/en/desk/sessions/{made_session.id}")
    assert (made_session.minutes, made_session.starts_at.date(), only(session, Invitation).person_id) == (
        60,
        date(2026, 12, 15),
        person.id,
    )


def test_closing_that_writes_to_more_than_twenty_is_seen_first_and_done_by_the_same_form(session, secretariat, poll):
    state = make_state("Alvania")
    for _ in range(21):
        make_asked(poll, make_person(of=state), organisation=state)
    session.commit()
    close = f"/en/desk/polls/{poll.id}/close?slot={poll.slots[0].id}"
    first = secretariat.client.post(close, data=form_of(secretariat.get(close).text, "slot").filled())
    assert first.status_code == 303 and "/rehearsals/" in first.location
    kept = only(session, Rehearsal)
    assert (kept.mails, session.scalar(select(func.count()).select_from(PeerSession)), only(session, Poll).is_open) == (21, 0, True)
    seen = secretariat.get(first.location).text
    form = form_of(seen, "rehearsed")
    done = secretariat.client.post(form.action or close, data=form.filled())
    assert (done.status_code, only(session, Poll).is_open) == (303, False)
    kinds = session.scalars(select(Message.kind).where(Message.state == State.QUEUED)).all()
    assert kinds == ["session-invite"] * 21


def test_tables_leave_with_states_and_without_persons(session, secretariat, poll, asked):
    say(asked, YES, IF_NEEDED, NO)
    session.commit()
    table = _lines(secretariat, f"/en/desk/polls/{poll.id}/table?form=plain")
    assert table[0].lstrip("\ufeff") == "starts_at,local_start,zone,organisation,state,answer,comment"
    assert [line.split(",")[-2] for line in table[1:]] == ["yes", "if_needed", "no"]
    assert "Alvania" in table[1] and "Okello" not in "".join(table)
    listed = _lines(secretariat, "/en/desk/polls/table?form=plain")
    assert len(listed) == 2 and ",3,1,1," in listed[1]


def _lines(browser, page):
    with closing(browser.get(page)) as answer:
        return answer.text.splitlines()


def test_a_fold_is_asked_on_the_form_and_what_was_typed_stays(session, secretariat, poll):
    session.commit()
    page = f"/en/desk/polls/{poll.id}/times"
    typed = {**_hidden(secretariat, page), "date_1": "2027-10-31", "time_1": "02:30", "zone": "Europe/Paris", "asking": "nobody"}
    answer = secretariat.post(page, typed)
    assert (answer.status_code, "UTC+2" in answer.text, "UTC+1" in answer.text) == (409, True, True)
    again = form_of(answer.text, "date_1").filled(fold_1="1")
    assert (again["date_1"], secretariat.client.post(page, data=again).status_code) == (["2027-10-31"], 303)
    assert only(session, Poll).slots[-1].fold == 1


def test_a_draft_says_that_people_are_asked_about_it_and_leads_to_its_poll(session, secretariat):
    draft = make_session(status=SessionStatus.DRAFT)
    session.commit()
    page = secretariat.get(f"/en/desk/sessions/{draft.id}").text
    where = f"/en/desk/exchanges/{draft.exchange_id}/polls/new?session={draft.id}"
    assert where in page and "closing it gives the draft its time" in secretariat.get(where).text
    other = make_session()
    session.commit()
    assert secretariat.get(f"/en/desk/exchanges/{other.exchange_id}/polls/new?session={draft.id}").status_code == 404
    poll = make_poll(draft=draft)
    session.commit()
    assert f"/en/desk/polls/{poll.id}" in secretariat.get(f"/en/desk/sessions/{draft.id}").text
