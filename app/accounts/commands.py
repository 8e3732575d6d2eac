"""Commands of this room: the first account of an installation."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from app.accounts import messages
from app.accounts.models import Person, Role, fold_address
from app.accounts.queries.people import person_by_email
from app.accounts.rules import joining, people
from app.core import clock
from app.core.errors import RuleBroken
from app.core.languages import LANGUAGES
from app.core.signing import settings
from app.extensions import db

accounts_cli = AppGroup("accounts", help="People and accounts.")


@accounts_cli.command("create-secretariat")
@click.argument("email")
@click.option("--given-name", default="", help="Given name.")
@click.option("--family-name", default="", help="Family name; the part of the address before the @ by default.")
@click.option("--language", type=click.Choice(LANGUAGES), default=None, help="Language of the person's pages and mails.")
@click.option(
    "--role",
    type=click.Choice([Role.ADMINISTRATOR.value, Role.SECRETARIAT.value]),
    default=Role.ADMINISTRATOR.value,
    help="Only administrators can give roles, so the first account should be one.",
)
def create_secretariat(email: str, given_name: str, family_name: str, language: str | None, role: str) -> None:
    """Make the first account: prints a link that works once, for 14 days, to choose a password."""
    with force_locale("en"):
        try:
            person = person_by_email(email) or _person(email, given_name, family_name, language)
            invitation = joining.invite(person, Role(role), by=None, now=clock.now(), mail=False)
        except RuleBroken as error:
            raise click.ClickException(str(error.message)) from None
        db.session.commit()
        click.echo(f"Open this link within {joining.LIFE.days} days; it works once:")
        click.echo(messages.join_url(invitation, person.language))


def _person(email: str, given_name: str, family_name: str, language: str | None) -> Person:
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise click.ClickException(f"{email!r} is not an e-mail address.") from None
    name = family_name or (fold_address(email) or "").split("@")[0]
    return people.create(
        {
            "email": email.strip(), "given_name": given_name, "family_name": name,
            "language": language or settings().default_language, "zone": settings().default_zone,
        },
        by=None,
        now=clock.now(),
    )  # fmt: skip
