"""Attacks on letters, circulars, opinions, imports and the call list: who acts, on which row, twice at once, with what in the file."""

from __future__ import annotations

import io
import uuid
import zipfile

import pypdf
import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from app.accounts.models import Person, PhoneCall, Role
from app.accounts.rules import people
from app.accounts.visibility import Label
from app.audit.models import AuditEntry
from app.circulars import rules as circulars
from app.circulars.models import Audience, CircularRecipient
from app.core.errors import RuleBroken
from app.core.signing import opened, sign
from app.extensions import db
from app.files import rules as files
from app.interests import rules as interests
from app.interests.opinion_models import Opinion, View
from app.letters import rules as letters
from app.letters.models import Letter
from app.letters.rules import Annex
from app.notifications import outbox
from app.notifications.models import Message
from app.notifications.rendering import job_of, render
from app.tables.reading import Unreadable, read
from app.texts.queries import standings_of
from app.transfers import rules as imports
from app.transfers.models import Import, ImportState, Kind
from tests.accounts.conftest import form_of
from tests.conftest import csrf_of
from tests.factories.accounts import NOW, make_person, make_state
from tests.factories.circulars import make_circular
from tests.factories.exchanges import make_invitation, make_session, mark_sent
from tests.factories.interests import make_call, make_expression
from tests.factories.letters import about, issue, make_signatory, office, prepare
from tests.interests.test_opinions import DUE
from tests.pilots.test_race import at_once
from tests.transfers.conftest import workbook


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SECRETARIAT])
def test_a_who_is_no_co_lead_any_more_gives_no_opinion_whatever_they_became(app, within, sign_in, role):
    with within():
        officer, former = make_person("Berg", roles=(Role.SECRETARIAT,)), make_person("Former", roles=(Role.CO_LEAD,))
        expression = make_expression(make_call(), make_state(), email_confirmed_at=NOW)
        interests.ask_opinions(expression, DUE, visibility=Label.ALL_CO_LEADS, by=officer, now=NOW)
        people.end_role(former, Role.CO_LEAD, by=officer, now=NOW)
        url = f"/en/desk/expressions/{expression.id}"
    browser = sign_in(former, role)
    record = browser.get(url)
    assert record.status_code == 200 and f"{url}/opinion" not in record.text
    assert browser.get(f"{url}/opinion").status_code == 404
    said = {"csrf_token": csrf_of(record.text), "view": View.SUPPORT.value, "reason": "As I said"}
    assert browser.post(f"{url}/opinion", data=said).status_code == 404
    with within() as session:
        assert session.scalars(select(Opinion.view)).all() == [None]


def _circular_to(person):
    row = make_session()
    make_invitation(row, person)
    circular = make_circular(Audience.EXCHANGE, exchange_id=row.exchange_id, chosen=("invited",), by=make_person())
    circulars.send(circular, by=make_person(), now=NOW)
    return circular


def _page_of(person):
    found = db.session.scalars(select(CircularRecipient).where(CircularRecipient.person_id == person.id)).one()
    return f"/en/circulars/read/{sign('circular', found.id, found.nonce)}"


@pytest.mark.parametrize("had_left", [True, False])
def test_h_the_link_of_a_circular_ends_with_the_address_it_went_to_and_every_copy_carries_the_new_one(app, within, had_left):
    with within() as session:
        person, officer = make_person("Ada", email="wrong@ministry.example"), make_person()
        circular = _circular_to(person)
        former = _page_of(person)
        mail = session.scalars(select(Message).where(Message.subject_id == circular.id)).one()
        if had_left:
            mark_sent()
        people.change(person, {"email": "right@ministry.example"}, version=person.version, by=officer, now=NOW)
        fresh = _page_of(person)
        if had_left:
            mail = session.get_one(Message, outbox.send_again(mail, now=NOW))
        session.refresh(mail)
        assert opened(mail.facts["links"]["page"]).endswith(fresh), "the mail that leaves from now on opens its page"
    visitor = app.test_client()
    assert [visitor.get(former).status_code, visitor.get(fresh).status_code] == [404, 200]


def test_h_the_link_of_a_circular_ends_with_the_account(app, within):
    with within():
        person = make_person("Ada")
        _circular_to(person)
        link = _page_of(person)
        people.deactivate(person, by=make_person(), now=NOW)
    assert app.test_client().get(link).status_code == 410


def test_a_a_circular_that_changed_since_it_was_read_is_not_sent_unread(app, within, sign_in):
    with within():
        make_person("Reader", roles=(Role.CO_LEAD,))
        officer = make_person("Berg")
        circular = make_circular(by=officer)
        url = f"/en/desk/circulars/{circular.id}"
    browser = sign_in(officer, Role.SECRETARIAT)
    sent = form_of(browser.get(url), f"{url}/send")
    form = form_of(browser.get(f"{url}/edit"))
    unread = {f"texts-{code}": "Something nobody has read." for code in ("en", "fr", "ar")}
    assert browser.post(f"{url}/edit", data={**form, **unread}).status_code == 303
    refused = browser.post(f"{url}/send", data=sent)
    assert refused.status_code == 409 and "Somebody changed this circular" in refused.text
    with within() as session:
        assert session.scalar(select(func.count()).select_from(Message).where(Message.kind == "circular")) == 0
    again = form_of(refused, f"{url}/send")
    assert browser.post(f"{url}/send", data=again).status_code == 303


def test_a_a_review_speaks_of_the_text_that_was_read(session):
    officer = make_person("Berg")
    row = make_circular(by=officer)
    read_at = row.version
    row.texts = {**row.texts, "fr": "Un autre texte"}
    session.flush()
    with pytest.raises(circulars.Unread):
        circulars.reviewed(row, "fr", version=read_at, by=officer, now=NOW)
    found = {s.language: s for s in standings_of("circular", row.id, {"subjects": row.subjects, "texts": row.texts})}
    assert found["fr"].reviewed_name is None


def test_a_a_call_is_recorded_about_a_circular_of_that_person_alone(app, within, sign_in):
    with within():
        other = make_person("Other")
        circular = _circular_to(other)
        person, officer = make_person("Ada"), make_person("Berg")
    browser = sign_in(officer, Role.SECRETARIAT)
    asked = "/en/desk/phone/people/{}?circular={}"
    assert browser.get(asked.format(other.id, circular.id)).status_code == 200
    assert browser.get(asked.format(person.id, circular.id)).status_code == 404
    token = csrf_of(browser.get(asked.format(other.id, circular.id)).text)
    assert browser.post(asked.format(person.id, circular.id), data={"csrf_token": token, "outcome": "told"}).status_code == 404
    with within() as session:
        assert session.scalar(select(func.count()).select_from(PhoneCall)) == 0


@pytest.mark.slow
def test_a_table_that_is_confirmed_twice_at_once_is_imported_once(committed_app):
    table = b"email,family_name\n,Nobody\n,Nobody too\n"
    with committed_app.app_context():
        by = make_person("Berg")
        row = imports.begin(table, "t.csv", Kind.PEOPLE, options={}, language="en", by=by, now=NOW)
        db.session.commit()
        imports.work(row.id, now=NOW)
        db.session.commit()
        key, by_id, before = row.id, by.id, db.session.scalar(select(func.count()).select_from(Person))
        db.session.remove()

    def press():
        found = db.session.get_one(Import, key)
        counts = imports.figures(found)
        later = db.session.get_one(Person, by_id)
        with committed_app.app_context():  # the other press comes between this one's look and its word
            first = db.session.get_one(Import, key)
            imports.confirm(first, counts, by=db.session.get_one(Person, by_id), now=NOW)
            db.session.commit()
            imports.work(key, now=NOW)
            db.session.commit()
            db.session.remove()
        imports.confirm(found, counts, by=later, now=NOW)

    [said] = at_once(committed_app, [press])
    assert isinstance(said, RuleBroken), said
    with committed_app.app_context():
        assert db.session.get_one(Import, key).state is ImportState.DONE
        assert db.session.scalar(select(func.count()).select_from(Person)) == before + 2
        db.session.remove()


@pytest.mark.slow
def test_a_table_that_was_imported_meanwhile_is_not_called_stopped(committed_app):
    with committed_app.app_context():
        by = make_person("Berg")
        row = imports.begin(b"email,family_name\n,Nobody\n", "t.csv", Kind.PEOPLE, options={}, language="en", by=by, now=NOW)
        db.session.commit()
        imports.work(row.id, now=NOW)
        db.session.commit()
        key, by_id = row.id, by.id
        db.session.remove()

    def press():
        found, person = db.session.get_one(Import, key), db.session.get_one(Person, by_id)
        assert found.state is ImportState.CHECKED
        with committed_app.app_context():
            first = db.session.get_one(Import, key)
            imports.confirm(first, imports.figures(first), by=db.session.get_one(Person, by_id), now=NOW)
            db.session.commit()
            imports.work(key, now=NOW)
            db.session.commit()
            db.session.remove()
        imports.stop(found, by=person, now=NOW)

    [said] = at_once(committed_app, [press])
    assert isinstance(said, RuleBroken), said
    with committed_app.app_context():
        assert db.session.get_one(Import, key).state is ImportState.DONE
        db.session.remove()


def _repeated(text: str, rows: int, columns: int = 200) -> bytes:
    """A small workbook in which one text, kept once, stands in very many cells: it unpacks to little, and says gigabytes."""
    good, target, main = workbook([["email"]]), io.BytesIO(), "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    one_row = "<row>" + '<c t="s"><v>0</v></c>' * columns + "</row>"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    more = {
        "xl/worksheets/sheet1.xml": lambda _: f'<worksheet xmlns="{main}"><sheetData>{one_row * rows}</sheetData></worksheet>',
        "[Content_Types].xml": lambda was: was.replace(
            "</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
        ),
        "xl/_rels/workbook.xml.rels": lambda was: was.replace(
            "</Relationships>", f'<Relationship Id="rId99" Type="{related}" Target="sharedStrings.xml"/></Relationships>'
        ),
    }
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for item in source.infolist():
            content = source.read(item)
            out.writestr(item.filename, more[item.filename](content.decode()) if item.filename in more else content)
        out.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}"><si><t>{text}</t></si></sst>')
    return target.getvalue()


def test_j_one_text_in_very_many_cells_does_not_fill_the_memory_of_who_reads_it(monkeypatch):
    from app.tables import reading

    told: list[int] = []
    run = reading.subprocess.run

    def measured(*asked, **more):
        done = run(*asked, **more)
        told.append(len(done.stdout))
        return done

    monkeypatch.setattr(reading.subprocess, "run", measured)
    data = _repeated("x" * 30_000, rows=60)
    assert len(data) < 100_000
    with pytest.raises(Unreadable) as refused:
        read(data, 5000)
    assert refused.value.word == "bomb"
    assert told[0] < 80_000_000


PLANTED = (
    '#read("/etc/passwd") #import "@preview/x:1.0.0" $x^2$ *b* `c` @ref <w:p> </w:t><w:t>x ]]> &amp; {{7*7}} %(name)s \\input{a}'
)


def test_k_whatever_stands_in_a_letter_is_text_in_its_pdf_its_word_file_and_its_mail(session):
    viewer = office()
    state = make_state(PLANTED, names={"en": PLANTED}, formal_names={"en": PLANTED})
    person = make_person(PLANTED[:90], given_name=PLANTED[:90], of=state, posts={"en": PLANTED}, honorifics={"en": PLANTED[:40]})
    row = make_session(titles={"en": PLANTED}, purposes={"en": PLANTED})
    make_invitation(row, person, organisation=state)
    subject = about(viewer, row)
    upload = FileStorage(io.BytesIO(_pdf()), 'a"; x=\r\nBcc: e@evil.example\r\n\u202e.pdf')
    of = prepare(
        viewer, subject, make_signatory(viewer.person, PLANTED, en=PLANTED), annexes=[Annex(PLANTED, upload, "annex_1_file")]
    )  # fmt: skip
    [letter] = session.scalars(select(Letter).where(Letter.set_id == of.id)).all()
    own = dict.fromkeys(("addressee", "office", "form", "body"), PLANTED + "\n\n" + PLANTED) | {
        "subject": f"{PLANTED}\r\nBcc: e@evil.example"
    }
    letters.edit(
        letter, subject, kind=letter.kind, language="en", addressed=letter.addressed, own=own, version=letter.version,
        by=viewer.person, now=NOW,
    )  # fmt: skip
    [done] = issue(viewer, of, subject)
    pdf = pypdf.PdfReader(str(files.path_of(done.pdf_id)))
    said = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    assert "root:" not in said and said.count("/etc/passwd") >= 6 and "{{7*7}}" in said and "%(name)s" in said
    with zipfile.ZipFile(files.path_of(done.docx_id)) as archive:
        body, names = archive.read("word/document.xml").decode(), archive.namelist()
    assert body.count("&lt;/w:t&gt;&lt;w:t&gt;x ]]&gt;") >= 6 and "root:" not in body and "</w:t><w:t>x" not in body
    assert all(".." not in name and not name.startswith("/") for name in names)
    for mail in session.scalars(select(Message).where(Message.subject_id == done.id)):
        head = render(job_of(mail), now=NOW).content.partition(b"\r\n\r\n")[0].lower()
        assert b"\r\nbcc:" not in head and head.count(b"\r\nto:") == 1
        names = [a["name"] for a in mail.facts["attachments"]]
        assert all(not set(name) & set('/\\"\r\n;\u202e') for name in names), names


def _pdf() -> bytes:
    out = io.BytesIO()
    writer = pypdf.PdfWriter()
    writer.add_blank_page(72, 72)
    writer.write(out)
    return out.getvalue()


def test_a_a_letter_that_stands_no_more_is_not_sent_again(app, within, sign_in):
    with within() as session:
        viewer = office()
        row = make_session()
        make_invitation(row, make_person("Ada", of=(state := make_state())), organisation=state)
        subject = about(viewer, row)
        [letter] = issue(viewer, prepare(viewer, subject, make_signatory(viewer.person)), subject)
        mail = session.scalars(select(Message).where(Message.subject_id == letter.id)).one()
        mark_sent()
        letters.cancel(letter, "It named the wrong day", by=viewer.person, now=NOW)
        url, officer = f"/en/desk/outbox/{mail.id}", make_person("Berg")
    browser = sign_in(officer, Role.SECRETARIAT)
    page = browser.get(url)
    assert page.status_code == 200 and f"{url}/again" not in page.text
    refused = browser.post(f"{url}/again", data={"csrf_token": csrf_of(page.text)})
    assert refused.status_code == 409
    with within() as session:
        assert session.scalar(select(func.count()).select_from(Message).where(Message.kind == "letter-sent")) == 1


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.CO_LEAD, Role.FOCAL_POINT, Role.PARTICIPANT, Role.OBSERVER])
def test_a_nobody_but_the_office_writes_in_the_new_rooms(app, within, sign_in, role):
    """Every POST below the desk's new rooms, at rows that are there, by everybody who may only read or not even that."""
    from tests.security.world import make_world

    with within():
        _, _, ids, _ = make_world("Words")
        reader = make_person("Reader")
    browser = sign_in(reader, *(() if role is Role.FOCAL_POINT else (role,)))
    token = csrf_of(browser.get("/en/profile").text)
    rooms = ("letters.", "circulars.", "transfers.", "dashboards.", "practices.desk", "accounts.hand")
    with within() as session:
        lines = session.scalar(select(func.count()).select_from(AuditEntry))
    tried = 0
    for rule in app.url_map.iter_rules():
        if "POST" not in rule.methods or not rule.endpoint.startswith(rooms) or "/desk/" not in rule.rule:
            continue
        values = {name: ids.get(name, uuid.uuid4()) for name in rule.arguments} | {"lang": "en"}
        words = {"kind": "practice", "key": "salutation", "spoken": "fr", "lang_code": "fr", "sort": "mail", "name": "circular"}
        values |= {name: word for name, word in words.items() if name in rule.arguments}
        if "sentence" in rule.arguments:
            values["sentence"] = "0" * 20
        if rule.endpoint.startswith("transfers.") and "kind" in rule.arguments:
            values["kind"] = "people"
        with app.test_request_context():
            address = rule.build(values)[1]
        tried += 1
        assert browser.post(address, data={"csrf_token": token}).status_code == 404, address
    assert tried >= 30
    with within() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == lines
