"""``flask mail``: hand an inbound mail to the platform, poll the mailbox, send what is due."""

from __future__ import annotations

import sys
import time
import uuid

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from app.core import clock
from app.core.languages import LANGUAGES
from app.core.signing import settings
from app.extensions import db
from app.notifications import courier, freezing, imap, outbox
from app.notifications.inbound import receive
from app.notifications.letterbox import MOST_BYTES
from app.notifications.models import Message, Priority, State
from app.notifications.outbox import Letter
from app.notifications.transport import for_url

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


@mail_cli.command("test")
@click.argument("address")
@click.option("--language", type=click.Choice(LANGUAGES), default=None, help="Language of the mail.")
@click.option("--here", is_flag=True, help="Send from this process, with all that is due, and not from the worker.")
@click.option("--wait", default=30, help="Seconds to wait for the worker.")
def test_command(address: str, language: str | None, here: bool, wait: int) -> None:
    """Write a test mail to ADDRESS into the outbox, and say what became of it."""
    letter = test_letter(address, language or settings().default_language)
    outbox.queue(letter, now=clock.now())
    db.session.commit()
    if here:
        courier.dispatch_here(current_app._get_current_object())  # type: ignore[attr-defined]
    state, told = _became(letter.key, wait=0 if here else wait)
    if state is State.SENT:
        click.echo(f"sent: the mail server took it ({told}). Look whether it arrived, and where.")
        return
    if freezing.frozen() is not None:
        raise click.ClickException("The outbox is frozen; the mail waits for flask outbox go.")
    raise click.ClickException(f"{state.value}: {told or _why_not()}")


def _why_not() -> str:
    """Nobody has tried to send it: without a relay nobody does."""
    transport = for_url(settings().smtp_url, settings().mail_domain)
    reached = transport.open()
    transport.close()
    if not reached:
        return "the relay does not answer; the mail waits for it."
    return "nobody has sent it yet. Is the worker running?"


def test_letter(address: str, language: str) -> Letter:
    """A mail that asks for nothing."""
    return Letter(
        key=f"test-mail:{uuid.uuid4()}",
        kind="test-mail",
        address=address.strip(),
        locale=language,
        zone=settings().default_zone,
        priority=Priority.URGENT,
    )


def _became(key: str, wait: float) -> tuple[State, str]:
    """Where the mail stands, once it has left or ended, or the time is up."""
    until = time.monotonic() + wait
    while True:
        row = db.session.execute(
            select(Message.state, Message.smtp_reply, Message.last_error, Message.suppressed_reason).where(Message.key == key)
        ).one()
        db.session.rollback()  # each look sees the present
        tried = row.state is State.QUEUED and row.last_error
        if row.state not in (State.QUEUED, State.SENDING) or tried or time.monotonic() >= until:
            return row.state, row.smtp_reply or row.last_error or row.suppressed_reason or ""
        time.sleep(0.25)


@mail_cli.command("send")
def send_command() -> None:
    """Send what is due in this process, and end."""
    click.echo(f"{courier.dispatch_here(current_app._get_current_object())} messages dealt with")  # type: ignore[attr-defined]
