"""``flask mail``: hand an inbound mail to the platform, poll the mailbox, send what is due."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from app.core import clock
from app.core.signing import settings
from app.extensions import db
from app.notifications import courier, imap
from app.notifications.inbound import receive
from app.notifications.letterbox import MOST_BYTES

mail_cli = AppGroup("mail", help="Mail in and out.")


@mail_cli.command("receive")
def receive_command() -> None:
    """Read one mail from standard input and judge it: ``flask mail receive < message.eml``."""
    raw = sys.stdin.buffer.read(MOST_BYTES + 1)
    if not raw.strip():
        raise click.ClickException("There is no mail on standard input.")
    mail = receive(raw, "command", clock.now())
    db.session.commit()
    click.echo(f"{mail.verdict.value}{f': {mail.reason}' if mail.reason else ''}")


@mail_cli.command("poll")
def poll_command() -> None:
    """Fetch new mail from the organizer mailbox once."""
    if not settings().imap_url:
        raise click.ClickException("IMAP_URL is not set.")
    done = imap.poll(settings().imap_url)
    if not done.reached:
        raise click.ClickException("The mailbox cannot be reached.")
    click.echo(f"{done.stored} stored, {done.failed} failed")


@mail_cli.command("send")
def send_command() -> None:
    """Send what is due in this process, and end."""
    click.echo(f"{courier.dispatch_here(current_app._get_current_object())} messages dealt with")  # type: ignore[attr-defined]
