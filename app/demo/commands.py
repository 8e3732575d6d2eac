"""Commands of the demonstration. They refuse to run anywhere else."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.core import clock
from app.core.signing import settings
from app.demo import sign_ins
from app.demo.advance import NotASpan, move_to, span, stops, wait_for_the_worker
from app.demo.load import load_demo
from app.extensions import db

demo_cli = AppGroup("demo", help="The demonstration network.")


def _only_in_the_demonstration() -> None:
    if not settings().demo:
        raise click.ClickException("This is not a demonstration (PATHWAYS_ENV=demo). Nothing was changed.")


@demo_cli.command("load")
def load() -> None:
    """Load the demonstration network, once."""
    _only_in_the_demonstration()
    loaded = load_demo(clock.now())
    db.session.commit()
    click.echo("The demonstration is loaded." if loaded else "The demonstration was loaded before.")


@demo_cli.command("sign-ins")
def show_sign_ins() -> None:
    """Print four sign-ins; makes a new passphrase where none is known."""
    _only_in_the_demonstration()
    if not sign_ins.passphrase():
        sign_ins.give_passphrase(clock.now())
        db.session.commit()
    click.echo(sign_ins.told())


@demo_cli.command("advance")
@click.argument("by")
def advance(by: str) -> None:
    """Move the clock of all processes: 7d, 36h, 90m, 1w2d."""
    _only_in_the_demonstration()
    try:
        wanted = span(by)
    except NotASpan:
        raise click.BadParameter("say how far, such as 7d, 36h or 90m; at most a year") from None
    start, written, served = clock.now(), 0, True
    for moment in list(stops(start, wanted)):
        fresh = move_to(moment)
        db.session.commit()
        written += fresh
        if fresh and served:
            served = wait_for_the_worker()
    click.echo(f"It is now {clock.now():%A %d %B %Y, %H:%M} UTC for the demonstration. Reminders written: {written}.")
    if not served:
        click.echo("Nobody sends mail at the moment: is the worker running?", err=True)
