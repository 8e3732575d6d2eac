"""Every text that lacks, is out of date or was reviewed by nobody: one list, few statements, the way to its form."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Role
from app.circulars.rules import send
from app.exchanges.models import SessionStatus
from app.extensions import db
from app.interests.models import Call
from app.letters.rules import wordings
from app.texts import indexing, queries
from app.texts.models import TextGap
from app.texts.states import State
from tests.conftest import NOW, csrf_of
from tests.factories.accounts import make_person
from tests.factories.circulars import make_circular
from tests.factories.exchanges import make_session
from tests.factories.interests import make_call
from tests.factories.practices import make_practice

SIX = {code: f"Title {code}" for code in ("ar", "zh", "en", "fr", "ru", "es")}


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def office(written, sign_in):
    with written():
        person = make_person("Berg", given_name="Tomas")
    return sign_in(person, Role.SECRETARIAT)


def gaps(session, row):
    found = session.scalars(select(TextGap).filter_by(object_id=row.id))
    return {gap.language: gap.state for gap in found}


def test_whatever_is_saved_is_judged_at_once(session):
    call = make_call(titles=SIX, texts={"en": "Come.", "fr": "Venez."})
    assert gaps(session, call) == {"ar": "partial", "zh": "partial", "fr": "draft", "ru": "partial", "es": "partial"}
    call.texts = {**SIX}
    session.flush()
    assert gaps(session, call) == dict.fromkeys(("ar", "zh", "fr", "ru", "es"), "draft")
    session.delete(call)
    session.flush()
    assert gaps(session, call) == {}


def test_a_session_that_is_over_or_cancelled_and_a_closed_call_ask_for_nothing(office, written):
    with written():
        over = make_session(
            titles={"en": "Long over"}, local_start=(NOW - timedelta(days=9)).replace(tzinfo=None), may_be_past=True
        )
        gone = make_session(titles={"en": "Called off"})
        gone.status = SessionStatus.CANCELLED
        gone.cancelled_at = NOW
        make_call("Closed", closes_at=NOW - timedelta(days=1), opens_at=NOW - timedelta(days=30))
        make_session(titles={"en": "To come"})
        db.session.flush()
        assert gaps(db.session, gone) == {} and gaps(db.session, over)
    page = words(office.get("/en/desk/texts").text)
    assert "To come" in page
    assert not [told for told in ("Long over", "Called off", "Closed (fr)") if told in page]


def test_the_list_leads_to_the_right_form_and_is_narrowed_by_language_kind_and_state(office, written):
    with written():
        call = make_call("A call")
        session = make_session(titles={"en": "A session", "fr": "Une session"}, purposes={})
        practice = make_practice("A practice")
    page = office.get("/en/desk/texts?language=fr").text
    for address in (f"/en/desk/calls/{call.id}#languages", f"/en/desk/sessions/{session.id}/edit#languages"):
        assert f'href="{address}"' in page
    assert f"/en/desk/practices/practice/{practice.id}#languages" in office.get("/en/desk/texts?kind=practice").text
    only = words(office.get("/en/desk/texts?kind=session&language=fr&state=draft").text)
    assert "A session" in only and "A call" not in only and "A practice" not in only
    assert "No text fits these filters." in office.get("/en/desk/texts?kind=session&language=fr&state=missing").text
    assert office.get("/en/desk/texts?kind=x&language=xx&state=y&after=nonsense").status_code == 200


def test_the_list_is_paged_by_key_without_doubles_or_gaps_and_costs_the_same_however_long(office, written, statements):
    def seen():
        found, url = [], "/en/desk/texts"
        while url:
            page = office.get(url).text
            found += re.findall(
                r'href="(/en/desk/[^"]+)#languages">[^<]*(?:<bdi[^>]*>[^<]*</bdi>)?<span class="vh">, ([^<]+)<', page
            )
            after = re.search(r'rel="next" href="([^"]+)"', page)
            url = after[1].replace("&amp;", "&") if after else None
        return found

    with written():
        for number in range(3):
            make_call(f"Call {number}", titles={"en": f"Call {number}"})
    office.get("/en/desk/texts")
    statements.clear()
    office.get("/en/desk/texts")
    few = len(statements)
    with written():
        for number in range(30):
            make_call(f"More {number}", titles={"en": f"More {number}"})
    statements.clear()
    office.get("/en/desk/texts")
    assert len(statements) == few
    found = seen()
    assert len(found) == len(set(found)) == 33 * 5


def test_a_named_person_reviews_and_what_changed_meanwhile_is_not_reviewed(office, written, app):
    with written():
        call = make_call("A call", titles={"en": "A call", "fr": "Un appel"}, texts={})
    page = office.get(f"/en/desk/calls/{call.id}").text
    seen = re.search(r'action="[^"]*/desk/texts/call/[^"]*/reviewed/fr".*?name="seen" value="([0-9a-f]+)"', page, re.S)[1]
    address, form = f"/en/desk/texts/call/{call.id}/reviewed/fr", {"csrf_token": csrf_of(page)}
    late = office.post(address, data={**form, "seen": "0" * 32}, follow_redirects=True)
    assert "The texts changed while you were reading" in late.text
    with written():
        assert gaps(db.session, call)["fr"] == "draft"
    done = office.post(address, data={**form, "seen": seen}, follow_redirects=True)
    assert "Your review is noted." in done.text and "Tomas Berg" in words(done.text)
    with written():
        assert "fr" not in gaps(db.session, call)


def test_only_who_edits_a_kind_reviews_it(written, sign_in, client):
    with written():
        call, person = make_call(), make_person()
    reader = sign_in(person, Role.CO_LEAD)
    assert reader.get("/en/desk/texts").status_code == 404
    page = reader.get("/en/calls").text
    answer = reader.post(f"/en/desk/texts/call/{call.id}/reviewed/fr", data={"csrf_token": csrf_of(page), "seen": "x"})
    assert answer.status_code in (403, 404)
    assert client.get("/en/desk/texts").status_code == 401


def edit(office, address, **more):
    """Send the form of a page again with these fields changed."""
    from html import unescape

    page = office.get(address).text
    form = page.split("<form")[-1] if "formtop" not in page else page[page.index('class="formtop"') :]
    data = {}
    for tag in re.findall(r"<input [^>]+>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and (('type="checkbox"' not in tag and 'type="radio"' not in tag) or " checked" in tag):
            data.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    for name, inner in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S):
        data[name] = [unescape(inner).lstrip("\r\n")]
    for name, inner in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option[^>]*selected[^>]* value="([^"]*)"|<option value="([^"]*)"[^>]*selected', inner) or re.search(
            r'<option[^>]*value="([^"]*)"', inner
        )
        data[name] = [next(v for v in chosen.groups() if v is not None)]
    return office.post(address, data={**data, **more}, follow_redirects=True)


def test_a_change_of_the_source_puts_reviewed_and_older_translations_out_of_date(office, written):
    with written():
        call = make_call(titles={"en": "A call", "fr": "Un appel", "es": "Una convocatoria"}, texts={})
    answer = edit(office, f"/en/desk/calls/{call.id}", **{"titles-en": "Another call"})
    assert "The call is saved." in answer.text
    with written():
        assert gaps(db.session, call) == {
            "ar": "missing", "zh": "missing", "fr": "out_of_date", "ru": "missing", "es": "out_of_date",
        }  # fmt: skip
    edit(office, f"/en/desk/calls/{call.id}", **{"titles-fr": "Un autre appel"})
    with written():
        assert gaps(db.session, call)["fr"] == "draft"
        row = db.session.get_one(Call, call.id)
        states = {s.language: s.state for s in queries.shown_of(row).standings}
        assert states["en"] is State.SOURCE and states["es"] is State.OUT_OF_DATE


def test_another_language_can_be_the_source(office, written):
    with written():
        call = make_call(titles={"en": "A call", "fr": "Un appel"}, texts={})
    page = edit(office, f"/en/desk/calls/{call.id}", source="fr").text
    with written():
        assert gaps(db.session, call)["en"] == "draft" and "fr" not in gaps(db.session, call)
    assert re.search(r'<option[^>]*(?:selected[^>]* value="fr"|value="fr"[^>]*selected)', page)
    edit(office, f"/en/desk/calls/{call.id}", **{"titles-fr": "Un grand appel"})
    with written():
        assert gaps(db.session, call)["en"] == "out_of_date"


def test_the_form_of_a_session_says_how_far_each_language_may_be_relied_on(office, written):
    with written():
        session = make_session(titles={"en": "A session", "fr": "Une session"})
    page = words(office.get(f"/en/desk/sessions/{session.id}/edit").text)
    assert "Written first in" in page and "Not reviewed" in page and "I read it: it is right" in page


def test_what_came_past_the_mapper_is_judged_by_the_upgrade(session):
    call = make_call(titles={"en": "A call"})
    session.execute(TextGap.__table__.delete())
    assert gaps(session, call) == {}
    assert indexing.judge_all() >= 1
    assert set(gaps(session, call)) == {"ar", "zh", "fr", "ru", "es"}


def test_the_desk_counts_what_waits_for_a_translator(office, written):
    with written():
        make_call(titles={"en": "A call", "fr": "Un appel"}, texts={})
    page = words(office.get("/en/desk").text)
    assert "4 texts to translate" in page or "texts to translate" in page
    assert "1 translation not reviewed" in page and "0 texts out of date" in page


def test_drafts_of_circulars_are_in_the_list_and_what_was_sent_is_not(office, written):
    with written():
        make_person("Reader", roles=(Role.CO_LEAD,))
        draft, sent = make_circular(), make_circular(subjects={"en": "Sent one"}, texts={"en": "Text"})
        send(sent, by=make_person("Sender"), now=NOW)
        db.session.flush()
        assert gaps(db.session, draft) == {"fr": "draft", "ar": "draft", "zh": "missing", "ru": "missing", "es": "missing"}
        assert gaps(db.session, sent) == {}
    page = office.get("/en/desk/texts?kind=circular").text
    assert f'href="/en/desk/circulars/{draft.id}#languages"' in page and "Sent one" not in page
    form = {"csrf_token": csrf_of(page), "seen": "0" * 32}
    assert office.post(f"/en/desk/texts/circular/{sent.id}/reviewed/fr", data=form).status_code == 404


def test_the_wording_of_letters_stands_beside_the_list_and_on_the_desk(office, written):
    page = words(office.get("/en/desk/texts").text)
    assert "Wording of letters Language Out of date Not reviewed" in page
    only = words(office.get("/en/desk/texts?kind=letter&language=fr").text)
    assert "Français 0 21" in only and "العربية 0 21" not in only and "No text fits" not in only
    assert "126 wordings of letters not reviewed" in words(office.get("/en/desk").text)
    with written():
        person = make_person("Reader")
        wordings.review("salutation", "fr", revision=0, by=person, now=NOW)
        wordings.change("salutation", "en", "Dear {form},", revision=0, by=person, now=NOW + timedelta(hours=1))
    assert "Français 1 20" in words(office.get("/en/desk/texts?kind=letter&language=fr").text)
    assert "No text fits these filters." in words(office.get("/en/desk/texts?kind=letter&language=en&state=out_of_date").text)
    with written():
        wordings.review("salutation", "fr", revision=1, by=make_person("Second"), now=NOW + timedelta(hours=2))
    assert "Français 0 20" in words(office.get("/en/desk/texts?kind=letter&language=fr").text)
    assert "125 wordings of letters not reviewed" in words(office.get("/en/desk").text)
