"""``flask import`` and ``flask archive``: the same checks, the same sentences, from a shell; and what the worker calls."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import click
from flask import current_app, g
from flask.cli import AppGroup
from flask_babel import force_locale

from app.accounts.access import ROLES, Permission
from app.accounts.models import Person
from app.accounts.queries.people import person_by_email, roles_of
from app.core import clock
from app.core.errors import RuleBroken
from app.core.languages import LANGUAGES, babel_locale
from app.core.signing import settings
from app.exchanges.models import PeerSession
from app.extensions import db
from app.interests.models import Call
from app.transfers import archiving, rules
from app.transfers.models import Archive, Import, ImportState, Kind
from app.transfers.queries import OFFICE

import_cli = AppGroup("import", help="Tables of people, organisations, participants and expressions of interest.")
archive_cli = AppGroup("archive", help="Archives of exchanges that are over.")
_COMMON = (
    click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    click.option("--by", "by", required=True, metavar="ADDRESS", help="Whose import it is: somebody of the secretariat."),
    click.option("--language", type=click.Choice(LANGUAGES), default="en", help="Of the sentences about rows."),
    click.option("--dry-run", is_flag=True, help="Only say what it would do."),
)


def _common(command: Any) -> Any:
    for option in reversed(_COMMON):
        command = option(command)
    return command


@import_cli.command("people")
@_common
@click.option("--update", is_flag=True, help="Update those that exist already.")
def people_command(**asked: Any) -> None:
    """People from FILE (XLSX or CSV)."""
    _import(Kind.PEOPLE, {"update": asked.pop("update")}, **asked)


@import_cli.command("organisations")
@_common
@click.option("--update", is_flag=True, help="Update those that exist already.")
def organisations_command(**asked: Any) -> None:
    """Organisations from FILE (XLSX or CSV)."""
    _import(Kind.ORGANISATIONS, {"update": asked.pop("update")}, **asked)


@import_cli.command("participants")
@_common
@click.option("--session", "session_id", type=click.UUID, required=True, help="The number in the address of its page.")
def participants_command(session_id: uuid.UUID, **asked: Any) -> None:
    """Participants of a session from FILE (XLSX or CSV); they are invited."""
    if db.session.get(PeerSession, session_id) is None:
        raise click.ClickException("There is no such session.")
    _import(Kind.PARTICIPANTS, {"session_id": str(session_id)}, **asked)


@import_cli.command("expressions")
@_common
@click.option("--call", "call_id", type=click.UUID, required=True, help="The number in the address of its page.")
def expressions_command(call_id: uuid.UUID, **asked: Any) -> None:
    """Expressions of interest that came on paper from FILE (XLSX or CSV)."""
    if db.session.get(Call, call_id) is None:
        raise click.ClickException("There is no such call.")
    _import(Kind.EXPRESSIONS, {"call_id": str(call_id)}, **asked)


def _import(kind: Kind, options: dict[str, Any], *, file: Path, by: str, language: str, dry_run: bool) -> None:
    person = _office(by)
    with force_locale(babel_locale(language)):
        try:
            row = rules.begin(
                file.read_bytes(), file.name, kind, options=options, language=language, by=person, now=clock.now()
            )  # fmt: skip
        except RuleBroken as refused:
            raise click.ClickException(str(refused.message)) from None
        made = row.id
        db.session.commit()
        row = _worked(made)
        _say(row)
        if row.state is ImportState.CHECKED and not dry_run:
            rules.confirm(row, rules.figures(row), by=person, now=clock.now())
            db.session.commit()
            row = _worked(made)
            if row.state is not ImportState.DONE:
                _say(row)
        elif row.state is ImportState.CHECKED:
            rules.stop(row, by=person, now=clock.now())
            db.session.commit()
            click.echo("dry run: nothing was changed")
            return
    if row.state is not ImportState.DONE:
        raise click.ClickException("Nothing was changed.")
    click.echo("done")


def _worked(import_id: uuid.UUID) -> Import:
    rules.work(import_id, now=clock.now())
    db.session.commit()
    return db.session.get_one(Import, import_id, populate_existing=True)


def _say(row: Import) -> None:
    for problem in row.report.get("problems", ()):
        where = " ".join(part for part in (f"row {problem['row']}" if problem["row"] else "", problem["column"]) if part)
        click.echo(f"{where or 'file'}: {problem['sentence']}", err=True)
    click.echo(", ".join(f"{name} {row.counts.get(name, 0)}" for name in rules.NAMES))


def _office(address: str) -> Person:
    """Somebody whose role lets them import."""
    person = person_by_email(address)
    allowed: set[Permission] = set()
    if person is not None and person.active:
        allowed = {p for held in roles_of(person.id) for p in ROLES[held.role]}
    if person is None or not allowed.issuperset(OFFICE):
        raise click.ClickException("Nobody with this address may import. Name somebody of the secretariat.")
    return person


@import_cli.command("work", hidden=True)
@click.argument("import_id", type=click.UUID)
def work_command(import_id: uuid.UUID) -> None:
    """Check an upload, or carry it out; the worker starts this as a process of its own."""
    rules.work(import_id, now=clock.now())
    db.session.commit()


@archive_cli.command("make", hidden=True)
@click.argument("archive_id", type=click.UUID)
def make_command(archive_id: uuid.UUID) -> None:
    """Make an archive that was asked for; the worker starts this as a process of its own."""
    language = db.session.scalar(db.select(Archive.language).where(Archive.id == archive_id)) or settings().default_language
    db.session.rollback()
    with current_app.test_request_context(f"/{language}/", base_url=settings().base_url):
        g.lang = language
        try:
            archiving.make(archive_id, now=clock.now())
            db.session.commit()
        except Exception:
            db.session.rollback()
            archiving.failed(archive_id)
            db.session.commit()
            raise
