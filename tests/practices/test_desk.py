"""The secretariat writes, changes, reviews, publishes and hides; nobody else does; two editors lose nothing."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select

from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.extensions import db
from app.files.models import StoredFile
from app.files.rules import path_of
from app.practices.models import Document, LawStatus, Practice, Resource, Tool
from app.practices.queries import milestone_template
from tests.factories.accounts import make_person
from tests.factories.practices import make_practice, make_resource, make_tool
from tests.files import samples
from tests.interests.pages import form_of, words

NEW = "/en/desk/practices/new"


@pytest.fixture
def browser(app, sign_in):
    with app.app_context():
        officer = make_person("Berg")
        db.session.commit()
        db.session.expunge_all()
    return sign_in(officer, Role.SECRETARIAT)


def the_form(page):
    return form_of(page.text, having="titles-en")


def write(browser, kind, **typed):
    return browser.post(f"{NEW}/{kind}", data=the_form(browser.get(f"{NEW}/{kind}")).filled(**typed))


PRACTICE = {
    "titles-en": "Kinship shown by more than papers", "titles-ar": "قرابة", "summaries-en": "Officers accept letters.", "type": "policy",
    "states": ["KE", "ES"], "lead_body": "Ministry", "level": "national", "measure": "both", "year_from": "2019", "year_to": "2026",
    "law_status": "in_force", "points-en": "One?\nTwo?", "sdg_targets": ["10.7"], "objectives": ["5", "7"], "main_objectives": ["5"],
    "grounds": ["family"], "sources-0-title": "Act 5", "sources-0-year": "2019", "sources-0-url": "https://law.example/5",
}  # fmt: skip


def only(app, model):
    with app.app_context():
        query = select(model)
        found = db.session.scalars(query.where(model.code.like("tool_%")) if model is Tool else query).one()
        db.session.expunge_all()
        return found


def log_of(app, row):
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.action).filter_by(object_id=row.id).order_by(AuditEntry.id)))


def test_a_practice_is_written_as_a_draft_and_read_once_it_is_published(app, browser, client):
    answer = write(browser, "practice", **PRACTICE)
    assert answer.status_code == 303
    row = only(app, Practice)
    assert (row.code, row.published, row.titles) == ("PR-01", False, {"en": PRACTICE["titles-en"], "ar": "قرابة"})
    assert (row.states, row.law_status, row.objectives, row.main_objectives) == (["ES", "KE"], LawStatus.IN_FORCE, [5, 7], [5])
    assert row.sources == [{"title": "Act 5", "year": 2019, "url": "https://law.example/5"}]
    assert client.get("/en/practices/PR-01").status_code == 404
    assert "Kinship" not in client.get("/en/practices?q=kinship").text.split("Results")[-1]
    page = browser.get(answer.location)
    form = form_of(page.text, action="/publish")
    assert browser.post(form.action, data=form.filled()).status_code == 303
    read = words(client.get("/en/practices/PR-01").text)
    for said in ("Kinship shown", "Officers accept letters.", "Kenya", "Spain", "Ministry", "National", "In force", "2019 to 2026",
                 "One?", "Two?", "Act 5", "10.7", "Regular pathways", "Family reunification"):  # fmt: skip
        assert said in read, said
    assert "not submitted or checked" not in read
    assert log_of(app, row) == ["practice.created", "practice.published"]
    assert browser.post(form.action, data=form.filled()).status_code == 303  # pressed twice
    assert log_of(app, row) == ["practice.created", "practice.published"]


def test_the_same_form_sent_twice_makes_one(app, browser):
    data = the_form(browser.get(f"{NEW}/practice")).filled(**PRACTICE)
    first, second = browser.post(f"{NEW}/practice", data=data), browser.post(f"{NEW}/practice", data=data)
    assert first.location == second.location
    assert only(app, Practice).code == "PR-01"


def test_numbers_go_on_after_the_highest_and_are_never_given_again(app, browser):
    with app.app_context():
        make_practice(code="PR-41")
        make_practice(code="PR-x9")
        db.session.commit()
    write(browser, "practice", **PRACTICE)
    with app.app_context():
        assert set(db.session.scalars(select(Practice.code))) == {"PR-41", "PR-x9", "PR-42"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"titles-en": "", "titles-ar": " "}, "Enter a title in at least one language."),
        ({"type": "miracle"}, "Choose one from the list."),
        ({"states": ["ZZ"]}, "Choose from the list only."),
        ({"year_from": "12"}, "Enter a number from 1800 to 2200."),
        ({"year_from": "2030", "year_to": "2020"}, "Enter a last year that is not before the first one."),
        ({"sources-0-title": "", "sources-0-year": "2019"}, "Enter the title of the source."),
        ({"sources-0-url": "javascript:alert(1)"}, "Enter a web address that starts with https://"),
        ({"main_objectives": ["9"]}, "Choose the main objectives from among the objectives above."),
        ({"grounds": ["'; --"]}, "Choose from the list only."),
        ({"titles-en": "x" * 201}, "Shorten this text"),
        ({"source": "tlh"}, "Choose one from the list."),
    ],
)
def test_what_is_wrong_with_a_practice_is_named_and_nothing_is_written(app, browser, typed, said):
    answer = write(browser, "practice", **{**PRACTICE, **typed})
    assert answer.status_code == 422 and said in answer.text
    assert the_form(answer).fields["lead_body"] == ["Ministry"]  # what was typed is still there
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Practice)) == 0


TOOL = {
    "code": "tool_x", "titles-en": "A checklist", "summaries-en": "Questions.", "audiences-en": "Ministries", "descriptions-en": "- one\n- two",
    "milestones-0-titles-en": "Second", "milestones-0-after_days": "60", "milestones-0-weight": "60", "milestones-0-evidence-en": "report",
    "milestones-1-titles-en": "First", "milestones-1-titles-fr": "Premier", "milestones-1-after_days": "14", "milestones-1-weight": "40",
}  # fmt: skip


def test_a_tool_has_the_milestones_a_pilot_begins_with_in_the_order_of_their_days(app, browser, client):
    answer = write(browser, "tool", **TOOL)
    assert answer.status_code == 303
    row = only(app, Tool)
    with app.app_context():
        assert milestone_template("tool_x") == [
            {"titles": {"en": "First", "fr": "Premier"}, "after_days": 14, "weight": 40, "evidence": {}},
            {"titles": {"en": "Second"}, "after_days": 60, "weight": 60, "evidence": {"en": "report"}},
        ]
    page = browser.get(answer.location)
    again = the_form(page)
    assert again.fields["milestones-0-titles-en"] == ["First"] and "milestones-3-titles-en" in again.fields
    assert browser.post(answer.location, data=again.filled(**{"milestones-0-titles-en": "", "milestones-0-titles-fr": "",
        "milestones-0-after_days": "", "milestones-0-weight": "", "milestones-1-weight": "100"})).status_code == 303  # fmt: skip
    with app.app_context():
        assert [m["titles"] for m in milestone_template("tool_x")] == [{"en": "Second"}]
    form = form_of(browser.get(answer.location).text, action="/publish")
    browser.post(form.action, data=form.filled())
    read = words(client.get("/en/practices/tools/tool_x").text)
    assert "after 60 days" in read and "report" in read and "Ministries" in read
    assert row.code == "tool_x" and milestone_template.__doc__


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"code": "Gap Checklist"}, "Enter a code of small letters"),
        ({"code": "gap_checklist"}, "This code is taken."),
        ({"milestones-0-weight": "50"}, "The weights add up to 90."),
        ({"milestones-0-titles-en": ""}, "Enter a title in at least one language."),
        ({"milestones-0-after_days": ""}, "Enter a number from 0 to 3660."),
        ({"milestones-0-after_days": "-3"}, "Enter a number from 0 to 3660."),
    ],
)
def test_what_is_wrong_with_a_tool_is_named_and_nothing_is_written(app, browser, typed, said):
    answer = write(browser, "tool", **{**TOOL, **typed})
    assert answer.status_code == 422 and said in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(Tool.code.like("tool_%"))) == 0


def test_a_resource_has_an_address_per_language_and_says_what_it_is_about(app, browser, client):
    with app.app_context():
        practice = make_practice("Kinship")
        db.session.commit()
        about = f"practice:{practice.id}"
        code = practice.code
    typed = {"titles-en": "Report of 2026", "summaries-en": "Figures.", "type": "report", "publisher": "Network", "year": "2026",
             "links-en": "https://docs.example/en", "links-fr": "https://docs.example/fr", "about": [about]}  # fmt: skip
    answer = write(browser, "resource", **typed)
    assert answer.status_code == 303
    assert only(app, Resource).links == {"en": "https://docs.example/en", "fr": "https://docs.example/fr"}
    assert "Report of 2026" not in client.get(f"/en/practices/{code}").text  # a draft is nobody's to see at the other end
    form = form_of(browser.get(answer.location).text, action="/publish")
    browser.post(form.action, data=form.filled())
    page = client.get("/fr/practices/resources/RS-01").text
    assert 'href="https://docs.example/fr"' in page and "Kinship" in page
    assert "Report of 2026" in client.get(f"/en/practices/{code}").text
    assert write(browser, "resource", **{**typed, "links-en": "data:text/html,x"}).status_code == 422


def test_the_second_of_two_editors_sees_what_changed_and_loses_nothing(app, browser):
    url = write(browser, "practice", **PRACTICE).location
    stale = the_form(browser.get(url)).filled()
    assert browser.post(url, data={**stale, "titles-en": "Their title", "level": "local"}).status_code == 303
    second = browser.post(url, data={**stale, "titles-en": "My title"})
    assert second.status_code == 409
    seen = words(second.text)
    for said in ("Title (English)", "Their title", "My title", "Level", "Local", "National"):
        assert said in seen, said
    assert "Title (العربية)" not in seen.split("Audit log")[0]  # what is the same is not listed
    assert the_form(second).fields["titles-en"] == ["My title"] and only(app, Practice).titles["en"] == "Their title"
    assert browser.post(url, data=the_form(second).filled()).status_code == 303
    assert only(app, Practice).titles["en"] == "My title"
    assert log_of(app, only(app, Practice)) == ["practice.created", "practice.changed", "practice.changed"]


def test_an_edit_sent_twice_is_one_change(app, browser):
    url = write(browser, "practice", **PRACTICE).location
    data = the_form(browser.get(url)).filled(**{"titles-en": "Once"})
    assert [browser.post(url, data=data).status_code for _turn in range(2)] == [303, 303]
    assert log_of(app, only(app, Practice)) == ["practice.created", "practice.changed"]


def test_nothing_is_published_without_a_summary_and_none_is_taken_from_what_is_published(app, browser):
    url = write(browser, "practice", **{**PRACTICE, "summaries-en": ""}).location
    form = form_of(browser.get(url).text, action="/publish")
    page = browser.post(form.action, data=form.filled(), follow_redirects=True)
    assert "Write a summary" in page.text and not only(app, Practice).published
    browser.post(url, data=the_form(browser.get(url)).filled(**{"summaries-en": "Now."}))
    browser.post(form.action, data=form.filled())
    refused = browser.post(url, data=the_form(browser.get(url)).filled(**{"summaries-en": ""}))
    assert refused.status_code == 422 and only(app, Practice).summaries == {"en": "Now."}


def test_what_is_hidden_is_gone_from_page_list_and_links_and_comes_back(app, browser, client):
    url = write(browser, "practice", **PRACTICE).location
    for action, status in (("/publish", 200), ("/hide", 404), ("/publish", 200)):
        form = form_of(browser.get(url).text, action=action)
        browser.post(form.action, data=form.filled())
        assert client.get("/en/practices/PR-01").status_code == status
        assert ("PR-01" in client.get("/en/practices?q=kinship").text) is (status == 200)


def publish(browser, url):
    form = form_of(browser.get(url).text, action="/publish")
    browser.post(form.action, data=form.filled())


def test_translations_go_from_draft_to_reviewed_to_out_of_date_and_readers_are_told(app, browser, client):
    french = {"source": "fr", "titles-fr": "Parenté", "summaries-fr": "Des lettres.", "points-fr": "Une ?"}
    url = write(browser, "practice", **{**PRACTICE, **french, "titles-ar": ""}).location
    publish(browser, url)
    page = client.get("/en/practices/PR-01").text
    assert "Kinship" in page and "A working translation that nobody has reviewed yet" in page and ">Français<" in page
    review = form_of(browser.get(url).text, action="/reviewed/en")
    browser.post(review.action, data=review.filled())
    assert "working translation" not in client.get("/en/practices/PR-01").text
    page = words(browser.get(url).text)
    assert "Reviewed" in page and "Ada Berg" in page and "Translation reviewed" in page
    browser.post(url, data=the_form(browser.get(url)).filled(**{"summaries-fr": "Des lettres et des photos."}))
    assert "changed after this translation was made" in client.get("/en/practices/PR-01").text
    stale = form_of(browser.get(url).text, action="/reviewed/en").filled()
    browser.post(url, data=the_form(browser.get(url)).filled(**{"summaries-fr": "Autre chose."}))
    told = browser.post(review.action, data=stale, follow_redirects=True)
    assert "The texts changed while you were reading." in told.text
    assert "changed after this translation was made" in client.get("/en/practices/PR-01").text
    assert 'lang="fr"' in client.get("/ru/practices/PR-01").text  # the best there is, and said which it is


def test_a_reader_whose_language_lacks_is_told_what_they_read_instead(app, browser, client):
    arabic = {**PRACTICE, "source": "ar", "titles-en": "", "summaries-en": "", "points-en": "", "summaries-ar": "رسائل"}
    url = write(browser, "practice", **arabic).location
    publish(browser, url)
    page = client.get("/en/practices/PR-01").text
    assert "There is no text in your language yet. You read it in" in page and '<bdi lang="ar" dir="rtl">قرابة</bdi>' in page
    browser.post(url, data=the_form(browser.get(url)).filled(**{"titles-en": "Kinship"}))
    page = client.get("/en/practices/PR-01").text
    assert "Some of it is not translated yet." in page and "Kinship" in page and "رسائل" in page


def upload(browser, url, data, name="sheet.pdf", language="en", note=""):
    form = form_of(browser.get(url).text, action="/files")
    sent = form.filled(language=language, note=note)
    return browser.post(form.action, data={**sent, "file": (io.BytesIO(data), name)}, content_type="multipart/form-data")


def test_files_have_a_version_a_size_and_a_checksum_and_old_ones_stay(app, browser, client):
    with app.app_context():
        row = make_tool("Sheet", code="tool_files")
        db.session.commit()
        row_id = row.id
    url = f"/en/desk/practices/tool/{row_id}"
    assert upload(browser, url, samples.PDF).status_code == 303
    assert upload(browser, url, samples.PDF).status_code == 303  # the very same file again
    second = samples.PDF.replace(b"%PDF-1.4", b"%PDF-1.5")
    assert upload(browser, url, second, note="Clearer").status_code == 303
    assert upload(browser, url, samples.PDF, language="fr").status_code == 303
    with app.app_context():
        kept = db.session.scalars(select(Document).order_by(Document.language, Document.version)).all()
        assert [(d.language, d.version, d.note) for d in kept] == [("en", 1, ""), ("en", 2, "Clearer"), ("fr", 1, "")]
        sums = [d.file.sha256 for d in kept]
        first, newest = kept[0].id, kept[1].id
        assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 3
        assert all(path_of(d.file_id).is_file() for d in kept)
    page = client.get("/en/practices/tools/tool_files").text
    assert (
        all(s in page for s in sums) and "Version 2" in page and "Clearer" in page and "1 kB" in page and "Earlier versions" in page
    )
    with client.get(f"/en/practices/files/{newest}") as got:
        assert got.data == second and got.headers["Content-Disposition"].startswith("attachment")
    form = form_of(browser.get(url).text, action=f"{newest}/remove")
    assert [browser.post(form.action, data=form.filled()).status_code for _turn in range(2)] == [303, 303]
    assert client.get(f"/en/practices/files/{newest}").status_code == 404
    with client.get(f"/en/practices/files/{first}") as got:
        assert got.data == samples.PDF
    assert upload(browser, url, second).status_code == 303
    with app.app_context():
        assert max(db.session.scalars(select(Document.version).filter_by(language="en"))) == 3  # numbers are not given again


@pytest.mark.parametrize(
    ("data", "name", "language", "said"),
    [
        (b"<html><script>", "x.pdf", "en", "This file cannot be taken."),
        (b"", "x.pdf", "en", "This file is empty."),
        (samples.PDF, "x.exe", "en", "This file cannot be taken."),
        (samples.PDF, "", "en", "Choose a file."),
        (samples.PDF, "x.pdf", "tlh", "Choose one from the list."),
    ],
)
def test_a_wrong_file_is_named_at_its_place_and_nothing_is_kept(app, browser, data, name, language, said):
    with app.app_context():
        row_id = make_tool("Sheet").id
        db.session.commit()
    answer = upload(browser, f"/en/desk/practices/tool/{row_id}", data, name, language)
    assert answer.status_code == 422 and said in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Document)) == 0
        assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 0


def test_files_of_a_draft_are_the_offices(app, browser, client):
    with app.app_context():
        row = make_tool("Sheet", published=False)
        db.session.commit()
        url = f"/en/desk/practices/tool/{row.id}"
    upload(browser, url, samples.PDF)
    with app.app_context():
        document = db.session.scalars(select(Document.id)).one()
    assert client.get(f"/en/practices/files/{document}").status_code == 404
    with browser.get(f"/en/practices/files/{document}") as got:
        assert got.data == samples.PDF


@pytest.mark.parametrize("role", [Role.CO_LEAD, Role.PARTICIPANT, Role.OBSERVER, Role.AUDITOR])
def test_nobody_but_the_secretariat_writes(app, sign_in, role):
    with app.app_context():
        person, row, draft = make_person("Other"), make_practice("Kinship"), make_resource("Draft", published=False)
        db.session.commit()
        paths = [f"/en/desk/practices/practice/{row.id}", f"{NEW}/practice"]
        code, hidden = row.code, draft.code
        db.session.expunge_all()
    browser = sign_in(person, role)
    for path in paths:
        assert browser.get(path).status_code == 404
        assert browser.post(path, data=PRACTICE).status_code in (400, 404)
    page = browser.get(f"/en/practices/{code}")
    assert page.status_code == 200 and "Open at the desk" not in page.text
    assert ("Audit log" in page.text) is False
    in_office = role is Role.AUDITOR
    assert browser.get(f"/en/practices/resources/{hidden}").status_code == (200 if in_office else 404)
    assert browser.get("/en/desk/practices").status_code == (200 if in_office else 404)


def test_a_record_that_is_none_is_not_found(app, browser, client):
    for path in ("/en/practices/PR-999", "/en/practices/tools/none", "/en/practices/resources/'", "/en/practices/%00"):
        assert client.get(path).status_code == 404, path
    for path in ("practice/018f0000-0000-7000-8000-000000000000", "spell/018f0000-0000-7000-8000-000000000000"):
        assert browser.get(f"/en/desk/practices/{path}").status_code == 404
    with app.app_context():
        row_id = make_practice("Kinship").id
        db.session.commit()
    assert browser.get(f"/en/desk/practices/tool/{row_id}").status_code == 404


def test_the_desks_list_asks_as_much_for_twenty_as_for_one(app, browser, statements):
    def count():
        statements.clear()
        page = browser.get("/en/desk/practices")
        assert page.status_code == 200
        return len(statements)

    for total in (1, 20):
        with app.app_context():
            while db.session.scalar(select(func.count()).select_from(Practice)) < total:
                make_practice("Kinship")
            db.session.commit()
        if total == 1:
            few = count()
    assert count() == few
