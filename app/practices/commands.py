"""The command that loads reference data of this room and of the vocabulary it stands on."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.core import clock
from app.extensions import db
from app.practices.reference import load_all

reference_cli = AppGroup("reference", help="Reference data: States, regions, grounds, objectives, tools.")


@reference_cli.command("load")
def load() -> None:
    """Load what is missing; loading again changes only what nobody has changed."""
    changed = load_all(clock.now())
    db.session.commit()
    click.echo("Reference data loaded." if changed else "Reference data is up to date.")
