"""The pages over HTTP: written, looked at, sent once, asked again, read by those it is for and by nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.models import Role
from app.circulars import rules
from app.circulars.models import Circular, CircularRecipient, Visibility
from app.core import clock
from app.core.signing import opened, sign
from app.notifications import choices
from app.notifications.kinds import Mode, Topic
from app.notifications.models import Message, Priority
from tests.factories.accounts import make_person
from tests.factories.circulars import NOW, make_circular
from tests.factories.exchanges import make_invitation, make_session
from tests.interests.pages import form_of, words
from tests.pilots.conftest import Browser


@pytest.fixture
def office(session, sign_in):
    person = make_person("Berg", given_name="Tomas")
    session.commit()
    return Browser(sign_in(person, Role.SECRETARIAT))


def group(count, language="en"):
    return [make_person(f"Member{n:02}", language=language, roles=(Role.CO_LEAD,)) for n in range(count)]


def mails(session):
    return session.scalar(select(func.count()).select_from(Message).where(Message.kind == "circular"))


def send_form(office, row):
    return form_of(office.get(f"/en/desk/circulars/{row.id}").text, "version", action="/send")


def test_a_circular_is_written_saved_once_looked_at_and_sent(session, office):
    row = make_session()
    make_invitation(row, make_person("Guest", language="fr"))
    session.commit()
    address = f"/en/desk/circulars/new?exchange={row.exchange_id}"
    assert f'href="{address}"' in office.get(f"/en/desk/exchanges/{row.exchange_id}").text
    form = form_of(office.get(address).text, "subjects-en")
    sent = form.filled(part="invited", source="en", **{"subjects-en": "New form", "texts-en": "Use the **new** form."})
    answers = [office.client.post(address, data=sent) for _twice in range(2)]
    assert [a.status_code for a in answers] == [303, 303] and answers[0].location == answers[1].location
    circular = session.scalars(select(Circular)).one()
    page = words(office.get(answers[0].location).text)
    assert "1 mail leaves." in page and "sent in: English" in page and mails(session) == 0
    shown = office.get(f"/en/desk/circulars/{circular.id}/in/fr").text
    assert "Its readers get the text in:" in words(shown)
    html = office.get(f"/en/desk/circulars/{circular.id}/in/fr/mail")
    assert "<strong>new</strong>" in html.text and "sandbox" in html.headers["Content-Security-Policy"]
    send = send_form(office, circular)
    done = [office.client.post(f"/en/desk/circulars/{circular.id}/send", data=send.filled()) for _twice in range(2)]
    assert [d.status_code for d in done] == [303, 303] and mails(session) == 1
    listed = words(office.get(done[0].location).text)
    assert "Ada Guest" in listed and "Invited to the exchange" in listed and "Waiting" in listed
    assert office.get(f"/en/desk/circulars/{circular.id}/edit").status_code == 302


def test_many_mails_are_seen_before_they_leave_and_again_when_others_would(session, office):
    group(21)
    row = make_circular()
    make_person("Nomail", email=None, roles=(Role.CO_LEAD,))
    session.commit()
    address = f"/en/desk/circulars/{row.id}/send"
    first = office.client.post(address, data=send_form(office, row).filled())
    assert first.status_code == 303 and "/desk/rehearsals/" in first.location and mails(session) == 0
    page = office.get(first.location).text
    assert "21 mails leave when you confirm." in words(page) and "1 : No address is known." in words(page)
    make_person("Later", roles=(Role.CO_LEAD,))
    session.commit()
    second = office.client.post(address, data=form_of(page, "rehearsed").filled())
    assert second.status_code == 303 and second.location != first.location and mails(session) == 0
    page = office.get(second.location).text
    assert "Something changed since you looked" in words(page) and "22 mails leave when you confirm." in words(page)
    third = office.client.post(address, data=form_of(page, "rehearsed").filled())
    assert third.status_code == 303 and third.location.endswith(f"/desk/circulars/{row.id}") and mails(session) == 22
    assert set(session.scalars(select(Message.priority))) == {Priority.BULK}


def test_the_look_says_how_many_wait_because_their_readers_chose_so(session, office):
    for person in group(22)[:2]:
        choices.choose(person.id, {Topic.NEWS: Mode.WEEKLY}, None, zone=person.zone, by=person, now=clock.now())
    row = make_circular()
    session.commit()
    asked = office.client.post(f"/en/desk/circulars/{row.id}/send", data=send_form(office, row).filled())
    page = words(office.get(asked.location).text)
    assert "22 mails leave when you confirm." in page and "Not all of them leave by themselves now." in page
    assert "The last of them leaves" not in page and "The hour at which the mails leave" in page  # all the others leave now


def test_what_is_missing_is_said_at_its_place_and_nothing_is_kept(session, office):
    address = "/en/desk/circulars/new?to=ground"
    form = form_of(office.get(address).text, "subjects-en")
    answer = office.client.post(address, data=form.filled(**{"subjects-en": "A", "start_date": "2026-12-01"}))
    assert answer.status_code == 422 and "Enter the hour too, or empty the day." in words(answer.text)
    answer = office.client.post(address, data=form.filled(**{"subjects-en": "A"}))
    assert answer.status_code == 409 and "Choose at least one ground." in words(answer.text)
    gap = form.filled(grounds="family", start_date="2027-03-28", start_time="02:30", zone="Europe/Paris", **{"subjects-en": "A"})
    answer = office.client.post(address, data=gap)
    assert answer.status_code == 409 and "02:30 does not happen. The next time that does is 03:00." in words(answer.text)
    fold = {**gap, "start_date": "2027-10-31"}
    answer = office.client.post(address, data=fold)
    assert answer.status_code == 409 and 'name="fold"' in answer.text and "02:30, UTC+2 (00:30 UTC)" in words(answer.text)
    assert session.scalar(select(func.count()).select_from(Circular)) == 0
    assert office.client.post(address, data={**fold, "fold": "1"}).status_code == 303
    assert session.scalars(select(Circular)).one().fold == 1
    for nonsense in ("corrects=x", "corrects=00000000-0000-7000-8000-000000000000"):
        assert office.get(f"/en/desk/circulars/new?{nonsense}").status_code == 404


def test_a_translation_is_reviewed_as_it_was_read(session, office):
    row = make_circular()
    session.commit()
    address = f"/en/desk/circulars/{row.id}"
    form = form_of(office.get(address).text, "version", action="/reviewed/fr")
    assert office.client.post(f"{address}/reviewed/fr", data={**form.filled(), "version": "99"}).status_code == 303
    assert "Tomas Berg" not in office.get(address).text.partition('id="languages"')[2].partition("</section>")[0]
    office.client.post(f"{address}/reviewed/fr", data=form.filled())
    assert "Tomas Berg" in office.get(address).text.partition('id="languages"')[2].partition("</section>")[0]
    assert office.client.post(f"{address}/reviewed/xx", data=form.filled()).status_code == 404


@pytest.fixture
def sent(session):
    reader = make_person("Reader", roles=(Role.CO_LEAD,), language="fr")
    row = make_circular()
    rules.send(row, by=make_person("Sender"), now=NOW)
    session.commit()
    return row, reader


def test_only_those_it_was_sent_to_read_its_page_and_the_public_one_is_for_everyone(session, sent, sign_in, app, office):
    row, reader = sent
    hidden = f"/en/circulars/{row.id}"
    other = make_person("Other", roles=(Role.PARTICIPANT,))
    session.commit()
    visitor, mine, theirs = Browser(app.test_client()), Browser(sign_in(reader)), Browser(sign_in(other))
    assert [b.get(hidden).status_code for b in (visitor, theirs, mine, office)] == [404, 404, 200, 200]
    assert "New form from January" in mine.get(hidden).text and "Ada Sender" not in mine.get(hidden).text
    public = make_circular(visibility=Visibility.PUBLIC)
    session.commit()
    draft = f"/en/circulars/{public.id}"
    assert [b.get(draft).status_code for b in (visitor, mine)] == [404, 404]
    rules.send(public, by=reader, now=NOW)
    session.commit()
    assert visitor.get(draft).status_code == 200
    russian = visitor.get(f"/ru/circulars/{public.id}").text
    assert (
        '<bdi lang="en" dir="ltr">New form from January</bdi>' in russian and '<div class="written" lang="en" dir="ltr">' in russian
    )


def test_the_link_of_the_mail_opens_it_without_an_account_for_a_year(session, sent, app, monkeypatch):
    row, _reader = sent
    kept = session.scalars(select(CircularRecipient)).one()
    visitor = Browser(app.test_client())
    address = f"/en/circulars/read/{sign('circular', kept.id, kept.nonce)}"
    page = visitor.get(address)
    assert page.status_code == 200 and page.headers["Referrer-Policy"] == "no-referrer"
    link = session.scalars(select(Message.facts)).one()["links"]["page"]
    assert "~circular~" in link and visitor.get(link.removeprefix("http://127.0.0.1:8000")).status_code == 404  # a mark, not a key
    assert opened(link) == "http://127.0.0.1:8000" + address.replace("/en/", "/fr/")
    for wrong in (sign("circular", kept.id, "other"), sign("answer", kept.id, kept.nonce), "nonsense"):
        assert visitor.get(f"/en/circulars/read/{wrong}").status_code == 404
    second = make_circular(corrects=row, subjects={"en": "In March"}, texts={"en": "Not January."})
    rules.send(second, by=_reader, now=NOW)
    session.commit()
    assert "There is a correction: In March" in words(visitor.get(address).text)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=366))
    assert visitor.get(address).status_code == 410


def test_before_its_hour_nobody_outside_reads_it_and_it_can_be_taken_back(session, office, sign_in):
    from datetime import datetime

    reader = make_person("Reader", roles=(Role.CO_LEAD,))
    row = make_circular(not_before=datetime(2026, 11, 24, 8, 0))
    rules.send(row, by=reader, now=NOW)
    session.commit()
    address = f"/en/desk/circulars/{row.id}"
    assert Browser(sign_in(reader)).get(f"/en/circulars/{row.id}").status_code == 404
    assert "Waits for its hour" in words(office.get(address).text)
    for _twice in range(2):
        assert office.post(f"{address}/take-back", page=address + "/in/en").status_code in (303, 200)
    assert "Taken back" in words(office.get(address).text)
    assert "Take it back" not in words(office.get(address).text)


def test_the_auditor_reads_and_does_nothing_and_others_see_no_desk(session, sent, sign_in):
    row, reader = sent
    draft = make_circular()
    session.commit()
    auditor = Browser(sign_in(make_person_committed(session), Role.AUDITOR))
    assert [
        auditor.get(p).status_code for p in ("/en/desk/circulars", f"/en/desk/circulars/{row.id}", f"/en/desk/circulars/{draft.id}")
    ] == [200] * 3
    assert "Send it" not in words(auditor.get(f"/en/desk/circulars/{draft.id}").text)
    assert auditor.get("/en/desk/circulars/new").status_code == 404
    member = Browser(sign_in(reader))
    assert [member.get(p).status_code for p in ("/en/desk/circulars", f"/en/desk/circulars/{row.id}")] == [404, 404]


def make_person_committed(session):
    person = make_person("Oduya")
    session.commit()
    return person


def test_the_list_costs_the_same_for_one_and_for_many(session, office, statements):
    make_circular()
    session.commit()
    office.get("/en/desk/circulars")
    statements.clear()
    office.get("/en/desk/circulars")
    few = len(statements)
    row = make_session()
    from app.circulars.models import Audience

    for _more in range(5):
        make_circular(Audience.EXCHANGE, exchange_id=row.exchange_id, chosen=("invited",))
    session.commit()
    statements.clear()
    office.get("/en/desk/circulars")
    assert len(statements) == few
