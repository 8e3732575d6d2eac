"""People from a table: checked row by row, all or nothing, and the same file twice does one thing."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.accounts.models import Membership, Organisation, OrganisationKind, Person
from app.audit.models import AuditEntry
from app.extensions import db
from app.transfers.models import Import, ImportState
from tests.factories.accounts import make_ministry, make_person, make_state
from tests.transfers.conftest import confirm, text_of, upload, workbook

HEAD = "E-mail address,Given name,Family name,Organisation,Code of the State,Language,Post\r\n"


@pytest.fixture
def ministry(within):
    with within():
        state = make_state("Astoria", code="XA", zone="Africa/Nairobi", un_languages=["fr"])
        make_ministry(state, "Ministry of Interior", zone="Africa/Nairobi")


def people(app):
    with app.app_context():
        rows = db.session.scalars(select(Person).where(Person.email != "desk@office.example").order_by(Person.sort_name))
        return [(p.email, p.full_name, p.language, p.zone, p.posts) for p in rows]


def state_of_import(app):
    with app.app_context():
        return db.session.scalar(select(Import.state).order_by(Import.created_at.desc(), Import.id.desc()).limit(1))


def test_people_come_in_once_somebody_confirmed(app, office, ministry):
    table = HEAD + "ada@m.example,Ada,Lovelace,ministry of interior,xa,,Chef\r\nbo@m.example,Bo,B,,,en,\r\n"
    page, location = upload(office, "people", table)
    assert "Ada Lovelace" in text_of(page) and people(app) == [], "nothing is changed by looking"
    assert state_of_import(app) is ImportState.CHECKED
    done = confirm(office, page, location)
    assert "Everything was imported." in text_of(done)
    assert '<a href="/en/desk/people">People</a>' in done.get_data(as_text=True).partition("Everything was imported.")[2]
    assert people(app) == [
        ("bo@m.example", "Bo B", "en", "UTC", {}),
        ("ada@m.example", "Ada Lovelace", "fr", "Africa/Nairobi", {"fr": "Chef"}),
    ]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Membership)) == 1
        line = db.session.scalar(select(AuditEntry).where(AuditEntry.action == "import.done"))
        assert line.changes["new"] == [None, 2] and line.actor_name.endswith("Desk")
    again, _ = upload(office, "people", table)
    assert "There is nothing to do" in text_of(again) and len(people(app)) == 2


@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        ("nonsense,Ada,B,,,,", "E-mail address", "Enter an e-mail address"),
        ("a@m.example,Ada,,,,,", "Family name", "Enter the family name."),
        ("a@m.example,Ada,B,Nobody's office,XA,,", "Organisation", "No organisation of this name is known there."),
        ("a@m.example,Ada,B,,QQ,,", "Code of the State", "No State is known by this code or name."),
        ("a@m.example,Ada,B,,,Klingon,", "Language", "“Klingon” is not known here."),
        ("b@m.example,Ada,B,,,,", "E-mail address", "Row 2 says the same."),
    ],
)
def test_one_wrong_row_stops_them_all_and_says_where(app, office, ministry, row, column, sentence):
    page, _ = upload(office, "people", HEAD + "b@m.example,Bo,B,,,,\r\n" + row + "\r\n")
    said = text_of(page)
    assert "1 row has to be corrected. Nothing was changed." in said
    assert f"3 {column} {sentence}" in said
    assert people(app) == [] and state_of_import(app) is ImportState.REFUSED


def test_sentences_and_headings_are_the_readers(app, office, ministry):
    head = "Adresse électronique;Prénom;Nom de famille\n"
    page, _ = upload(office, "people", head + "x;Ada;L\n", lang="fr")
    assert state_of_import(app) is ImportState.REFUSED
    assert "2 Adresse électronique Saisissez une adresse électronique" in text_of(page)
    page, _ = upload(office, "people", "عنوان البريد الإلكتروني\tgiven_name\tاسم العائلة *\nada@m.example\tAda\tLovelace\n")
    assert state_of_import(app) is ImportState.CHECKED and "Ada Lovelace" in text_of(page)


def test_those_who_exist_are_left_or_updated_as_was_said(app, within, office, ministry):
    with within():
        make_person("Lovelace", given_name="Ada", email="ada@m.example", phone="+1")
    table = HEAD.replace("Post", "Phone") + "ADA@m.example,Augusta,Lovelace,,,,+254 1\r\n"
    page, location = upload(office, "people", table)
    assert "Exists: will be left" in text_of(page) and "There is nothing to do" in text_of(page)
    page, location = upload(office, "people", table, update="y")
    assert "Exists: will be updated" in text_of(page)
    assert "Everything was imported." in text_of(confirm(office, page, location))
    with app.app_context():
        (row,) = db.session.scalars(select(Person).where(Person.email_folded == "ada@m.example"))
        assert (row.given_name, row.family_name, row.phone, row.email) == ("Augusta", "Lovelace", "+254 1", "ada@m.example")


def test_figures_that_changed_meanwhile_are_shown_again(app, within, office, ministry):
    page, location = upload(office, "people", HEAD + "ada@m.example,Ada,Lovelace,,,,\r\n")
    with within():
        make_person("Lovelace", email="ada@m.example")
    again = confirm(office, page, location)
    assert "There is nothing to do" in text_of(again) and len(people(app)) == 1


def test_a_table_of_ours_comes_back_as_it_left(app, within, office, ministry):
    with within():
        place = db.session.scalar(select(Organisation).where(Organisation.kind == OrganisationKind.MINISTRY))
        make_person("'=Odd", given_name="+Ada", of=place, email="odd@m.example", phone="+254 1", posts={"en": "@Head"})
    before = people(app)
    for form, name in (("csv", "people.csv"), ("plain", "people.csv"), ("xlsx", "people.xlsx")):
        with office.get(f"/en/desk/people/table?form={form}&words=odd") as answer:
            data = answer.get_data()
        page, _ = upload(office, "people", data, name, update="y")
        assert "There is nothing to do" in text_of(page), text_of(page)[:2000]
    assert people(app) == before


def test_organisations_come_in_with_their_states(app, office, ministry):
    rows = [
        ["Kind", "Name in English", "Name in Français", "Part of", "Time zone"],
        ["# hint", "", "", "", ""],
        ["Ministry or agency", "Ministry of Labour", "Ministère du Travail", "Astoria", None],
        ["Организация Объединённых Наций", "X", "", "", "UTC"],
        ["ministry", "Ministry of Interior", "", "XA", None],
    ]
    page, _ = upload(office, "organisations", workbook([*rows[:3], ["nonsense", "Y", "", "", "UTC"]]), "o.xlsx")
    assert "4 Kind “nonsense” is not known here." in text_of(page)
    page, location = upload(office, "organisations", workbook([*rows[:3], rows[4]]), "o.xlsx")
    assert "Exists: will be left" in text_of(page)
    confirm(office, page, location)
    with app.app_context():
        (made,) = db.session.scalars(select(Organisation).where(Organisation.names["en"].astext == "Ministry of Labour"))
        assert (made.zone, made.parent.code, made.names["fr"]) == ("Africa/Nairobi", "XA", "Ministère du Travail")
    again, _ = upload(office, "organisations", workbook([*rows[:3], rows[4]]), "o.xlsx")
    assert "There is nothing to do" in text_of(again)
