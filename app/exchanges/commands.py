"""``flask clocks``: hold what is to come against the zone data that are installed, and say whose data differ."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.core import clock
from app.exchanges import rules
from app.exchanges.queries import clock_sources
from app.extensions import db

clocks_cli = AppGroup("clocks", help="Clock rules: what an upgrade of the zone data did to sessions.")


@clocks_cli.command("check")
def check_command() -> None:
    """Hold every session to come against the zone data that are installed; ends with 1 when something is left to do."""
    done = rules.check_clocks(clock.now(), commit=db.session.commit)
    if done.newer:
        here = f"This process has zone data {done.version}; {done.newer} was here already."
        raise click.ClickException(f"{here} Nothing is judged by older data.")
    if done.busy:
        raise click.ClickException("Another process is checking at this moment. Ask again in a minute.")
    click.echo(f"zone data {done.version}: {done.looked_at} sessions looked at, {done.moved} moved with their clocks, ", nl=False)
    click.echo(f"{done.told} stand with people told of another hour, {done.mails} mails, {done.to_decide} to decide")
    found = clock_sources.disagreements(clock.now())
    click.echo(f"operating system: {found.system or 'no zone data'}; database: PostgreSQL {found.database}")
    for one in found.zones:
        click.echo(f"  {one.zone}: {one.who()} would tell another hour; the platform does not ask them")
    if done.failed:
        raise click.ClickException(f"Sessions that could not be handled: {done.failed}. The log says why; each minute tries again.")
    if left := clock_sources.undecided():
        raise click.ClickException(f"Sessions that wait for a decision, under Exchanges, Clock rules: {left}.")
