"""Wrong fields, wrong files and hostile words in the form: named at their place, and the rest is kept."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from app.extensions import db
from app.files.models import StoredFile
from app.files.rules import path_of
from app.interests.models import Endorsement, Status
from tests.files import samples
from tests.interests.applying import WHAT, WHO, one, send, start
from tests.interests.pages import form_of


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("organisation_kind", "", "Say what kind of organisation you are"),
        ("organisation_kind", "pirates", "Choose one from the list."),
        ("state_id", "", "Choose the State you speak for"),
        ("state_id", "not-a-uuid", "Choose one from the list."),
        ("organisation_name", "  \u200b ", "Enter the name of your ministry or organisation"),
        ("contact_email", "adaeze", "Enter an e-mail address"),
        ("contact_email", "a@b.example\r\nBcc: c@d.example", "Enter an e-mail address"),
        ("contact_zone", "Mars/Olympus", "Choose one from the list."),
        ("language", "xx", "Choose one from the list."),
        ("contact_family_name", "x" * 101, "Shorten this text"),
    ],
)
def test_a_wrong_field_of_step_one_is_named_and_the_rest_is_kept(app, client, place, field, value, said):
    url = start(client, place)
    values = {**WHO, "state_id": place["state"], field: value}
    answer = send(client, url, **values)
    assert answer.status_code == 422 and said in answer.text
    assert "<title>Error:" in answer.text and 'aria-invalid="true"' in answer.text
    again = form_of(answer.text).fields
    for name, typed in values.items():
        if name != field and name != "state_id":
            assert again[name] == [typed], name
    kept = one(app)
    assert kept.status is Status.DRAFT and kept.contact_post == "Director"  # what was right is on the server already


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("mode", None, "Say whether you seek experience"),
        ("mode", "steal", "Choose one from the list."),
        ("grounds", None, "Choose at least one ground"),
        ("grounds", ["family", "tourism"], "Choose from the list only."),
        ("asks", None, "Choose at least one"),
        ("asks", ["share_practice"], "Choose from the list only."),  # not what this call asks for
        ("aim", "", "Say what you seek or offer"),
        ("aim", "x" * 801, "Shorten this text: it has 801 characters, 800 fit."),
        ("start_on", "31.02.2027", "Enter a date"),
        ("start_on", "0001-01-01", "Enter a year"),
        ("languages", ["en", "tlh"], "Choose from the list only."),
    ],
)
def test_a_wrong_field_of_step_two_is_named_and_the_rest_is_kept(app, client, place, field, value, said):
    url = send(client, start(client, place), **WHO, state_id=place["state"]).location
    answer = send(client, url, **{**WHAT, field: value})
    assert answer.status_code == 422 and said in answer.text
    kept = one(app)
    assert kept.languages == ([] if field == "languages" else ["en", "fr"])
    if field != "aim":
        assert form_of(answer.text).fields["aim"] == [WHAT["aim"]] and kept.aim == WHAT["aim"]


def test_a_good_file_stays_although_the_choice_was_wrong(app, client, place):
    url = send(client, start(client, place), **WHO, state_id=place["state"]).location
    url = send(client, url, **WHAT).location
    form = form_of(client.get(url).text)
    answer = client.post(
        url,
        data=form.filled(endorsement="by-pigeon", file=(io.BytesIO(samples.PDF), "مذكرة شفوية.pdf")),
        content_type="multipart/form-data",
    )
    assert answer.status_code == 422 and "مذكرة شفوية.pdf" in answer.text
    again = form_of(answer.text)
    done = client.post(url, data=again.filled(endorsement="uploaded"), content_type="multipart/form-data")
    assert done.status_code == 303
    kept = one(app)
    assert kept.endorsement is Endorsement.UPLOADED and kept.endorsement_file_id is not None
    with client.get(url + "/file") as own:
        assert own.data == samples.PDF
    assert own.headers["Content-Disposition"].startswith("attachment")
    assert own.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("letter.html", b"<script>alert(1)</script>"),
        ("letter.svg", b"<svg onload=alert(1)>"),
        ("letter.pdf", b"<html>"),
        ("letter.pdf", b""),
        ("letter.docx", samples.archive({"a": b"b"})),
        ("../../letter.exe", b"MZ"),
    ],
)
def test_a_bad_file_is_refused_at_its_field_and_the_choice_is_kept(app, client, place, name, data):
    url = send(client, start(client, place), **WHO, state_id=place["state"]).location
    url = send(client, url, **WHAT).location
    form = form_of(client.get(url).text)
    answer = client.post(
        url, data=form.filled(endorsement="uploaded", file=(io.BytesIO(data), name)), content_type="multipart/form-data"
    )
    assert answer.status_code == 422 and 'id="file-error"' in answer.text
    assert form_of(answer.text).fields["endorsement"] == ["uploaded"]
    with app.app_context():
        assert not db.session.scalars(select(StoredFile)).all()
    assert one(app).endorsement is Endorsement.NONE


def test_too_large_a_request_is_refused_before_it_is_read(client, place):
    url = send(client, start(client, place), **WHO, state_id=place["state"]).location
    url = send(client, url, **WHAT).location
    big = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + b"0" * (22 * 1024 * 1024)
    answer = client.post(url, data=big, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413


def test_a_letter_can_be_taken_out_again(app, client, place):
    url = send(client, start(client, place), **WHO, state_id=place["state"]).location
    url = send(client, url, **WHAT).location
    form = form_of(client.get(url).text)
    client.post(
        url, data=form.filled(endorsement="uploaded", file=(io.BytesIO(samples.PDF), "a.pdf")), content_type="multipart/form-data"
    )
    answer = client.post(url + "/remove", data=form_of(client.get(url).text).filled())
    assert answer.status_code == 303
    assert one(app).endorsement_file_id is None
    with app.app_context():
        assert not db.session.scalars(select(StoredFile)).all()
    assert client.get(url + "/file").status_code == 404


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "a\x00b",
    "\ud800",
    "\u202egnp.exe",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("canary", HOSTILE)
def test_hostile_words_are_shown_as_words(app, client, place, canary):
    url = start(client, place)
    typed = canary.encode("utf-8", "surrogatepass")
    fields = form_of(client.get(url).text).filled(**WHO, state_id=place["state"])
    fields["organisation_unit"] = typed if "\ud800" in canary else canary
    answer = client.post(url, data=fields)
    assert answer.status_code in (303, 422)
    page = client.get(url)
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text and "<img src=x" not in page.text and "\x00" not in page.text


def test_the_bytes_of_a_letter_lie_outside_the_site(app, client, place):
    url = send(client, start(client, place), **WHO, state_id=place["state"]).location
    url = send(client, url, **WHAT).location
    form = form_of(client.get(url).text)
    client.post(
        url, data=form.filled(endorsement="uploaded", file=(io.BytesIO(samples.PDF), "a.pdf")), content_type="multipart/form-data"
    )
    file_id = one(app).endorsement_file_id
    with app.app_context():
        assert path_of(file_id).is_file()
    stranger = app.test_client()
    for guess in (f"/static/files/{file_id}", f"/files/{file_id}", f"/en/desk/expressions/{one(app).id}/files/{file_id}"):
        assert stranger.get(guess).status_code in (401, 404)
