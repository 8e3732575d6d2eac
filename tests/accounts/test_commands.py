"""The first account of an installation."""

import re

from sqlalchemy import select

from app.accounts.models import JoinInvitation, Person, Role, RoleGrant
from tests.accounts.conftest import PASSWORD, send


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["accounts", "create-secretariat", *arguments])


def test_the_first_account_is_an_administrator_by_a_link_that_works(app, within):
    said = run(app, "First@Secretariat.example", "--given-name", "Ines", "--family-name", "Root", "--language", "fr")
    assert said.exit_code == 0, said.output
    path = re.search(r"http://127\.0\.0\.1:8000(/fr/welcome/[\w-]{54})\n", said.output)[1]
    browser = app.test_client()
    assert send(browser, path, password=PASSWORD).status_code == 303
    assert browser.get("/en/desk/people").status_code == 200
    with within() as session:
        person = session.scalars(select(Person)).one()
        assert (person.full_name, person.email, person.language) == ("Ines Root", "First@Secretariat.example", "fr")
        assert session.scalars(select(RoleGrant.role)).all() == [Role.ADMINISTRATOR]


def test_a_wrong_address_or_a_second_account_gets_one_sentence(app, within):
    wrong = run(app, "nobody")
    assert (wrong.exit_code, wrong.output) == (1, "Error: 'nobody' is not an e-mail address.\n")
    run(app, "a@secretariat.example")
    again = run(app, "a@secretariat.example", "--role", "secretariat")
    assert again.exit_code == 0, "a link that was lost is made again"
    with within() as session:
        assert session.query(Person).count() == 1
        assert session.query(JoinInvitation).count() == 2
        from app.accounts.rules import joining
        from tests.factories.accounts import NOW

        joining.join(session.scalars(select(JoinInvitation).order_by(JoinInvitation.id.desc())).first(), PASSWORD, now=NOW)
    late = run(app, "a@secretariat.example")
    assert late.exit_code == 1
    assert "has an account already" in late.output
