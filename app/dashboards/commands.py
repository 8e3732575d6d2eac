"""``flask health``: is everything well? ``flask outbox``: how sending is doing, and whether it may."""

from __future__ import annotations

import html
import sys
import uuid
from collections.abc import Collection
from typing import TextIO

import click
from flask.cli import AppGroup, with_appcontext
from flask_babel import force_locale

from app.core import clock
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.dashboards import wellbeing, wording
from app.dashboards.queries import outbox
from app.dashboards.queries import wellbeing as queries
from app.dashboards.words import FOUND
from app.extensions import db
from app.notifications import freezing, rehearsing
from app.notifications.leaving import MANY
from app.notifications.transport import for_url

outbox_cli = AppGroup("outbox", help="How sending is doing, and whether it may.")


@outbox_cli.command("health")
def health() -> None:
    """Mails by state, the oldest that is due, the relay; ends with 1 when something is wrong."""
    now = clock.now()
    pulse = outbox.pulse(now, most=1_000_000)
    for state, count in pulse.states.items():
        click.echo(f"{state.value}: {count}")
    late = pulse.oldest_due is not None and pulse.oldest_due < now - outbox.PATIENCE
    click.echo(f"oldest due: {pulse.oldest_due.isoformat() if pulse.oldest_due else 'none'}{' (late)' if late else ''}")
    click.echo(f"waiting for the relay: {outbox.waiting_for_relay()}")
    transport = for_url(settings().smtp_url, settings().mail_domain)
    reached = transport.open()
    transport.close()
    click.echo(f"relay: {'answers' if reached else 'does not answer'}")
    if pulse.frozen_since:
        click.echo(f"frozen since {pulse.frozen_since.isoformat()}: {pulse.frozen_why}; {pulse.held} held")
    sys.exit(1 if late or not reached or pulse.frozen_since else 0)


@click.command("health")
@click.option("--strict", is_flag=True, help="End with 1 also when something is only to be looked at.")
@with_appcontext
def wellbeing_cli(strict: bool) -> None:
    """Is everything well? The desk's line and all else that was found; ends with 1 when something is in trouble."""
    facts = queries.facts(clock.now())
    found = wellbeing.findings(facts)
    with force_locale("en"):
        for one in found:
            when = f"{one.since:%Y-%m-%d %H:%M} UTC" if one.since else ""
            click.echo(f"{one.severity.value}: {html.unescape(str(wording.sentence(one, when)))} {wording.advice(one)}")
        if not found:
            click.echo(wording.all_well(facts))
    bad = wellbeing.verdict(found)
    sys.exit(1 if bad == wellbeing.Severity.TROUBLE or (strict and found) else 0)


@outbox_cli.command("freeze")
@click.option("--reason", default="by an operator", help="Shown on the desk.")
def freeze(reason: str) -> None:
    """Let no mail leave until flask outbox go."""
    fresh = freezing.freeze(reason, now=clock.now())
    db.session.commit()
    click.echo("The outbox is frozen." if fresh else "The outbox was frozen before.")


@outbox_cli.command("go")
@click.option("--send-held", "choice", flag_value="send", help="Also send what was waiting in a restored backup.")
@click.option("--cancel-held", "choice", flag_value="cancel", help="Cancel what was waiting in a restored backup.")
@click.option("--confirm", "confirmed", type=int, help="How many held mails leave, as the rehearsal said.")
@click.option(
    "--left", "log", type=click.File(encoding="utf-8", errors="replace"),
    help="The relay's log: what it names by its Message-ID left before the restore. The rest is sent.",
)  # fmt: skip
def go(choice: str | None, confirmed: int | None, log: TextIO | None) -> None:
    """Let mail leave again. More than twenty held mails are looked at first, and their number is confirmed."""
    left = freezing.named_in(log) if log is not None else set()
    choice = choice or ("send" if log is not None else None)
    with force_locale("en"):
        if choice == "send" and freezing.frozen() is not None and freezing.held() - len(left) > MANY:
            _rehearse(confirmed, left)
        try:
            held = freezing.go(cancel_held=None if choice is None else choice == "cancel", now=clock.now(), left=left)
        except RuleBroken as error:
            raise click.ClickException(str(error.message)) from None
    db.session.commit()
    became = "cancelled" if choice == "cancel" else "released"
    told = [f"{len(left)} held mails had left and are marked as sent."] if left else []
    told += [f"{held} held mails were {became}."] if held else []
    click.echo(" ".join(["Mail leaves again.", *told]))


def _rehearse(confirmed: int | None, left: Collection[uuid.UUID]) -> None:
    """What held mails would say, to how many, in which languages and zones; refused unless that number was confirmed."""
    now = clock.now()
    planned = rehearsing.read_held(left, now)
    found = rehearsing.look(planned, now=now)
    told = rehearsing.told(planned, found)
    for name in ("languages", "kinds", "waits"):
        if not told[name]:
            continue
        click.echo(f"{name}: " + ", ".join(f"{word} {count}" for word, count in told[name]))
    click.echo("zones: " + ", ".join(f"{line['zones'][0]} {line['count']}" for line in told["zones"]))
    for sample in told["samples"][: rehearsing.SHOWN]:
        click.echo(f"sample: {sample['name']} ({sample['locale']}, {sample['zone']}): {sample['subject']}")
    if not found.passed:
        for word, names in found.problems.items():
            click.echo(f"{FOUND[word]} {', '.join(names[:20])}")
        raise click.ClickException("These mails cannot leave. Cancel them with --cancel-held, or put right what was found.")
    click.echo(f"All {len(planned.jobs)} mails were looked at: nothing was found.")
    if confirmed != len(planned.jobs):
        raise click.ClickException(f"{len(planned.jobs)} mails would leave. Say the same with --confirm {len(planned.jobs)}.")
