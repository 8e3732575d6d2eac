"""The pages of letters: choose, look, issue, print; enter, answer, cancel; wording and who signs; each refusal at its place."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import docx
import pypdf
import pytest
from sqlalchemy import func, select

from app.accounts.access import Viewer
from app.accounts.models import Role
from app.extensions import db
from app.letters import queries
from app.letters.models import Formula, Letter, LetterSet, Signatory, Status
from app.notifications.models import Message
from tests.conftest import csrf_of
from tests.factories.accounts import make_person, make_state
from tests.factories.letters import issued, office, received


def posted(browser, url, **data):
    page = browser.get(url if not url.endswith(("/issue", "/discard")) else url.rsplit("/", 1)[0])
    html = page.get_data(as_text=True)
    hidden = dict(re.findall(r'name="(submission_key|version|revision|looked_at)" [^>]*value="([^"]*)"', html))
    hidden |= {n: v for v, n in re.findall(r'value="([^"]*)" name="(submission_key|version|revision|looked_at)"', html)}
    return browser.post(url, data={"csrf_token": csrf_of(html), **hidden, **data}, content_type="multipart/form-data")


def prepared(browser, world, **data):
    url = f"/en/desk/letters/prepare?session={world['session']}"
    states = [str(world["north"]), str(world["south"])]
    return posted(browser, url, **{"states": states, "signatory_id": str(world["signer"]), **data})


def count(app, model):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model))


def test_from_the_session_to_the_letter_on_paper(app, world, desk):
    page = desk.get(f"/en/desk/sessions/{world['session']}").get_data(as_text=True)
    assert f"/en/desk/letters/prepare?session={world['session']}" in page
    answer = prepared(desk, world, answer_due="2026-12-01", annex_1_title="Programme")
    assert answer.status_code == 303
    html = desk.get(answer.location).get_data(as_text=True)
    assert "2 letters get numbers of the register." in html and "1 mail leaves." in html and "1 letter is to be printed." in html
    assert "title of the session: in English" in html  # the letter to Northland is French
    waiting = re.search(rf'<a href="{answer.location}">(.*?)</a>', desk.get("/en/desk/letters").text)
    assert waiting and "Family reunification" in waiting[1]  # the register says of which session they are
    done = posted(desk, f"{answer.location}/issue")
    assert done.status_code == 303
    html = desk.get(done.location).get_data(as_text=True)
    assert "2 letters are issued." in html and "1 letter waits to be printed." in html
    assert '<a href="/en/desk/letters/to-print">Letters to print</a>' in html  # the way on
    with app.app_context():
        rows = {letter.state_id: letter for letter in db.session.scalars(select(Letter))}
        french, paper = rows[world["north"]], rows[world["south"]]
        assert (french.number, french.language, paper.number) == ("PX/2026/L-0001", "fr", "PX/2026/L-0002")
        ids = french.id, paper.id
    page = desk.get(f"/en/desk/letters/{ids[0]}").get_data(as_text=True)
    assert 'lang="fr" dir="ltr"' in page and "présente ses compliments" in page and "Programme" in page
    with desk.get(f"/en/desk/letters/{ids[0]}/pdf") as file:
        assert (
            file.headers["Content-Disposition"].startswith("attachment")
            and "PX-2026-L-0001.pdf" in file.headers["Content-Disposition"]
        )
        assert "PX/2026/L-0001" in pypdf.PdfReader(io.BytesIO(file.data)).pages[0].extract_text()
    with desk.get(f"/en/desk/letters/{ids[0]}/docx") as file:
        assert any("Invitation à la session" in p.text for p in docx.Document(io.BytesIO(file.data)).paragraphs)
    assert "PX/2026/L-0002" in desk.get("/en/desk/letters/to-print").get_data(as_text=True)
    html = desk.get(f"/en/desk/letters/{ids[1]}").get_data(as_text=True)
    noted = desk.post(f"/en/desk/letters/{ids[1]}/sent", data={"csrf_token": csrf_of(html), "means": "post", "on": "2026-11-23"})
    assert noted.status_code == 303
    assert "PX/2026/L-0002" not in desk.get("/en/desk/letters/to-print").get_data(as_text=True)


def test_all_that_is_prepared_is_reached_from_the_register(app, world, desk):
    made = [prepared(desk, world).location for _n in range(7)]
    page = desk.get("/en/desk/letters").get_data(as_text=True)
    assert [url for url in made if f'href="{url}"' in page] == made[2:]
    assert 'href="/en/desk/letters?list=prepared"' in page
    whole = desk.get("/en/desk/letters?list=prepared").get_data(as_text=True)
    assert all(f'href="{url}"' in whole for url in made) and whole.index(made[6]) < whole.index(made[0])
    with app.test_request_context():
        reader = Viewer(roles=frozenset({Role.SECRETARIAT}))
        first = queries.open_sets(reader, size=4)
        key = (first.rows[-1].created_at, first.rows[-1].id)
        assert len(first.rows) == 4 and first.after is not None
        assert len(queries.open_sets(reader, key, size=4).rows) == 3
        assert queries.open_sets(Viewer(), size=4).rows == []


def test_the_issue_pressed_twice_and_the_form_sent_twice_do_one_thing(app, world, desk):
    url = f"/en/desk/letters/prepare?session={world['session']}"
    html = desk.get(url).get_data(as_text=True)
    key = re.search(r'name="submission_key"[^>]*value="([^"]+)"', html)[1]
    data = {
        "csrf_token": csrf_of(html),
        "submission_key": key,
        "states": [str(world["north"])],
        "signatory_id": str(world["signer"]),
    }
    first, second = (desk.post(url, data=data) for _ in range(2))
    assert first.location == second.location and count(app, LetterSet) == 1
    html = desk.get(first.location).get_data(as_text=True)
    seen = re.search(r'name="looked_at" value="([^"]+)"', html)[1]
    for _ in range(2):
        assert desk.post(f"{first.location}/issue", data={"csrf_token": csrf_of(html), "looked_at": seen}).status_code == 303
    assert count(app, Letter) == 1
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(Message.kind == "letter-sent")) == 1


def test_a_state_that_no_mail_reaches_is_invited_on_paper(app, world, desk):
    with app.app_context():
        west, east = make_state("Westland"), make_state("Eastland")
        make_person(of=east)  # has an address: invite them, then write
        db.session.commit()
        west_id, east_id = west.id, east.id
    url = f"/en/desk/letters/prepare?session={world['session']}"
    html = desk.get(url).get_data(as_text=True)
    offered = re.findall(r'name="also" value="([^"]+)"', html)
    assert str(west_id) in offered and str(east_id) not in offered and str(world["north"]) not in offered
    assert prepared(desk, world, also=[str(east_id)]).status_code == 422  # not on the list
    made = prepared(desk, world, states=[], also=[str(west_id)])
    assert made.status_code == 303
    page = desk.get(made.location).get_data(as_text=True)
    assert posted(desk, f"{made.location}/issue").status_code == 303, page
    with app.app_context():
        letter = db.session.scalars(select(Letter).where(Letter.state_id == west_id)).one()
        assert (letter.status, letter.number) == (Status.ISSUED, "PX/2026/L-0001")
        assert db.session.scalar(select(func.count()).where(Message.kind == "letter-sent")) == 0
    assert "Westland" in desk.get("/en/desk/letters/to-print").get_data(as_text=True)


def test_a_changed_session_brings_the_page_again_with_its_sentence(app, world, desk):
    answer = prepared(desk, world)
    html = desk.get(answer.location).get_data(as_text=True)
    seen = re.search(r'name="looked_at" value="([^"]+)"', html)[1]
    with app.app_context():
        from app.exchanges.models import PeerSession

        row = db.session.get(PeerSession, world["session"])
        row.starts_at += timedelta(hours=2)
        db.session.commit()
    refused = desk.post(f"{answer.location}/issue", data={"csrf_token": csrf_of(html), "looked_at": seen})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 409 and "Something changed since you looked" in page
    assert re.search(r'name="looked_at" value="([^"]+)"', page)[1] != seen
    with app.app_context():
        assert db.session.scalars(select(Letter.status)).all() == [Status.DRAFT, Status.DRAFT]


def test_without_anybody_who_signs_the_page_says_so_and_nothing_is_made(app, world, desk):
    with app.app_context():
        db.session.get(Signatory, world["signer"]).active = False
        db.session.commit()
    html = desk.get(f"/en/desk/letters/prepare?session={world['session']}").get_data(as_text=True)
    assert "Nobody signs letters yet" in html and "/en/desk/letters/signatories/new" in html
    refused = prepared(desk, world, signatory_id="")
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "A letter without a signatory cannot be issued." in page
    assert 'id="signatory_id-error"' in page and count(app, LetterSet) == 0


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"states": []}, "states", "Choose at least one State."),
        ({"answer_due": "2026-11-01"}, "answer_due", "Enter a day in the future"),
        ({"answer_due": "2026-12-08"}, "answer_due", "Enter a day before the session."),
        ({"answer_due": "soon"}, "answer_due", "Enter a date"),
        ({"annex_2_file": (io.BytesIO(b"MZ not a letter"), "run.exe")}, "annex_2_file", "This file cannot be taken."),
        ({"states": ["nobody"]}, "states", "Choose from the list only."),
    ],
)
def test_wrong_input_is_refused_at_its_field_and_nothing_is_made(app, world, desk, data, field, words):
    refused = prepared(desk, world, **data)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422 and words in page and f'id="{field}-error"' in page
    assert (count(app, LetterSet), count(app, Letter)) == (0, 0)


def test_a_letter_is_written_by_hand_and_seen_as_a_pdf(app, world, desk):
    prepared(desk, world)
    with app.app_context():
        draft = db.session.scalars(select(Letter).where(Letter.state_id == world["north"])).one().id
    url = f"/en/desk/letters/drafts/{draft}"
    html = desk.get(url).get_data(as_text=True)
    assert "Another language stands in" in html and "As it would be issued today" in html
    form = {"kind": "letter", "language": "en", "addressed": "other", "body": "By hand.\n\nA second paragraph."}
    assert posted(desk, url, **form).status_code == 303
    html = desk.get(url).get_data(as_text=True)
    assert "A second paragraph." in html and "Written by hand" in html
    with desk.get(f"{url}/pdf") as file:
        words = pypdf.PdfReader(io.BytesIO(file.data)).pages[0].extract_text()
    assert "Draft: not issued" in words and "By hand." in words
    assert posted(desk, url, **form, version="1").status_code == 303  # the same once more is no conflict
    stale = posted(desk, url, **{**form, "body": "By another hand.", "version": "1"})
    assert stale.status_code == 409 and "By another hand." in stale.get_data(as_text=True)


def test_what_came_is_entered_and_refused_at_its_field(app, world, desk):
    good = {
        "kind": "letter", "their_number": "77", "dated": "2026-11-20", "came_on": "2026-11-21", "means": "post",
        "state_id": str(world["north"]), "subject": "A question", "language": "fr", "answer_due": "2026-11-22",
    }  # fmt: skip
    url = "/en/desk/letters/incoming/new"
    refused = posted(desk, url, **{**good, "came_on": "2026-12-30"})
    assert refused.status_code == 422 and 'id="came_on-error"' in refused.get_data(as_text=True) and count(app, Letter) == 0
    wrong = posted(desk, url, **good, scan=(io.BytesIO(b"MZ"), "run.exe"))
    assert wrong.status_code == 422 and 'id="scan-error"' in wrong.get_data(as_text=True) and count(app, Letter) == 0
    answer = posted(desk, url, **good)
    assert answer.status_code == 303
    assert "PX/2026/I-0001" in desk.get(answer.location).get_data(as_text=True)
    home = desk.get("/en/desk").get_data(as_text=True)
    assert "Answer of ours overdue: PX/2026/I-0001" in home
    html = desk.get(answer.location).get_data(as_text=True)
    assert desk.post(f"{answer.location}/answered", data={"csrf_token": csrf_of(html), "on": "2026-11-23"}).status_code == 303
    assert "PX/2026/I-0001" not in desk.get("/en/desk").get_data(as_text=True)


def test_cancelling_asks_why_and_the_register_filters(app, world, desk):
    with app.app_context():
        from app.exchanges.models import PeerSession

        viewer = office()
        row, signer = db.session.get(PeerSession, world["session"]), db.session.get(Signatory, world["signer"])
        letter = issued(viewer, row, signer)[0].id
        received(viewer, None, subject="From a university")
        db.session.commit()
    url = f"/en/desk/letters/{letter}"
    token = csrf_of(desk.get(url).get_data(as_text=True))
    refused = desk.post(f"{url}/cancel", data={"csrf_token": token, "reason": " "})
    assert refused.status_code == 422 and 'id="reason-error"' in refused.get_data(as_text=True)
    assert desk.post(f"{url}/cancel", data={"csrf_token": token, "reason": "Too early"}).status_code == 303
    page = desk.get(url).get_data(as_text=True)
    assert "The number stays with this letter." in page and "Too early" in page
    out = desk.get("/en/desk/letters?direction=out").get_data(as_text=True)
    came = desk.get("/en/desk/letters?direction=in&words=university").get_data(as_text=True)
    assert "PX/2026/L-0001" in out and "PX/2026/I-0001" not in out
    assert "From a university" in came and "PX/2026/L-0001" not in came
    assert "No letter fits." in desk.get("/en/desk/letters?overdue=y").get_data(as_text=True)
    for odd in ("after=zzz", "state=1", "direction=up", "kind=x", "words=" + "a" * 500, "after=%00"):
        assert desk.get(f"/en/desk/letters?{odd}").status_code == 200


def test_a_correction_is_one_draft_that_says_what_it_replaces(app, world, desk):
    with app.app_context():
        from app.exchanges.models import PeerSession

        row, signer = db.session.get(PeerSession, world["session"]), db.session.get(Signatory, world["signer"])
        letter = issued(office(), row, signer)[0].id
        db.session.commit()
    url = f"/en/desk/letters/{letter}"
    token = csrf_of(desk.get(url).get_data(as_text=True))
    first, second = (desk.post(f"{url}/correct", data={"csrf_token": token}) for _ in range(2))
    assert first.location == second.location
    assert posted(desk, f"{first.location}/issue").status_code == 303
    page = desk.get(url).get_data(as_text=True)
    assert "Replaced by" in page and "PX/2026/L-0003" in page


def test_the_auditor_reads_and_changes_nothing(app, world, desk, sign_in):
    answer = prepared(desk, world)
    auditor = sign_in(world_person(app), Role.AUDITOR)
    page = auditor.get(answer.location)
    assert page.status_code == 200 and "Issue" not in re.sub(r"Not issued", "", page.get_data(as_text=True))
    assert auditor.get("/en/desk/letters").status_code == 200
    for url in (
        "/en/desk/letters/incoming/new",
        "/en/desk/letters/signatories/new",
        f"/en/desk/letters/prepare?session={world['session']}",
    ):
        assert auditor.get(url).status_code == 404
    co_lead = sign_in(world_person(app), Role.CO_LEAD)
    for url in ("/en/desk/letters", answer.location, "/en/desk/letters/wording", "/en/desk/letters/to-print"):
        assert co_lead.get(url).status_code == 404


def world_person(app):
    with app.app_context():
        person = make_person()
        db.session.commit()
        return person


# --- wording and signatories ------------------------------------------------------------------------------------------


def test_the_wording_is_changed_reviewed_and_kept_in_revisions(app, world, desk):
    url = "/en/desk/letters/wording/closing_personal/en"
    assert "126 texts are not yet reviewed by a named person." in desk.get("/en/desk/letters/wording").get_data(as_text=True)
    assert posted(desk, url, text="Yours, {form}, with respect.").status_code == 303
    html = desk.get(url).get_data(as_text=True)
    assert "Not yet reviewed by a named person" in html
    revision = re.search(r'name="revision" value="([^"]+)"', html)[1]
    assert desk.post(f"{url}/review", data={"csrf_token": csrf_of(html), "revision": revision}).status_code == 303
    html = desk.get(url).get_data(as_text=True)
    assert "Reviewed by Wanjiru Kamau" in html
    assert posted(desk, url, text="Yours once more, {form}.").status_code == 303
    assert "Not yet reviewed by a named person" in desk.get(url).get_data(as_text=True)  # a new text needs a new review
    with app.app_context():
        rows = db.session.scalars(select(Formula).order_by(Formula.revision)).all()
        assert [(r.revision, r.text, r.reviewed_name) for r in rows] == [
            (1, "Yours, {form}, with respect.", "Wanjiru Kamau"), (2, "Yours once more, {form}.", None),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter the text."),
        ("Yours.", "The text must contain {form}"),
        ("Yours, {form} {secret}.", "Only these can be filled in here: {form}."),
        ("Yours, {form} {.", "Only these can be filled in here: {form}."),
        ("{form}" + "x" * 1500, "Shorten this text"),
    ],
)
def test_a_wording_that_cannot_be_filled_in_is_refused(app, world, desk, text, words):
    refused = posted(desk, "/en/desk/letters/wording/closing_personal/en", text=text)
    assert refused.status_code == 422 and words in refused.get_data(as_text=True) and count(app, Formula) == 0


def test_a_colleague_who_was_faster_is_shown(app, world, desk):
    url = "/en/desk/letters/wording/closing_personal/en"
    html = desk.get(url).get_data(as_text=True)
    assert posted(desk, url, text="Mine, {form}.").status_code == 303
    late = desk.post(url, data={"csrf_token": csrf_of(html), "revision": "0", "text": "Yours, {form}."})
    assert late.status_code == 409 and "Mine, {form}." in late.get_data(as_text=True)
    review = desk.post(f"{url}/review", data={"csrf_token": csrf_of(html), "revision": "0"}, follow_redirects=True)
    assert "Somebody else changed this wording meanwhile." in review.get_data(as_text=True)
    assert desk.get("/en/desk/letters/wording/no_such/en").status_code == 404
    assert desk.get("/en/desk/letters/wording/salutation/xx").status_code == 404


def test_who_signs_needs_a_name_and_a_post(app, world, desk):
    url = "/en/desk/letters/signatories/new"
    refused = posted(desk, url, name="Somebody", active="y")
    assert refused.status_code == 422 and "Enter the post in at least one language." in refused.get_data(as_text=True)
    twin = posted(desk, url, name="amina njeri", active="y", **{"posts-en": "Head"})
    assert twin.status_code == 422 and "This person signs already." in twin.get_data(as_text=True)
    assert posted(desk, url, name="Jean Petit", active="y", **{"posts-fr": "Chef"}).status_code == 303
    assert "Jean Petit" in desk.get("/en/desk/letters/signatories").get_data(as_text=True)


def test_the_wording_of_every_language_names_what_it_must():
    from app.core.languages import LANGUAGES
    from app.letters.wording import LABELS, defaults, may_name, must_name, names_in

    assert set(defaults()) == set(LABELS)
    for key, texts in defaults().items():
        assert set(texts) == set(LANGUAGES), key
        for language, text in texts.items():
            assert set(must_name(key)) <= set(names_in(text)) <= set(may_name(key)), (key, language)


def test_pages_ask_the_same_for_one_letter_and_for_many(app, world, desk, statements):
    with app.app_context():
        from app.exchanges.models import PeerSession

        viewer, row = office(), db.session.get(PeerSession, world["session"])
        signer = db.session.get(Signatory, world["signer"])
        issued(viewer, row, signer)
        db.session.commit()
    desk.get("/en/desk/letters")
    statements.clear()
    desk.get("/en/desk/letters")
    few = len(statements)
    with app.app_context():
        for n in range(4):
            received(office(), None, subject=f"S{n}")
        db.session.commit()
    desk.get("/en/desk/letters")
    statements.clear()
    desk.get("/en/desk/letters")
    assert len(statements) == few
