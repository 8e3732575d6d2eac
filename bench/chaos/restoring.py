"""The machine dies in the middle of a mailing, and last night's backup is restored: silence until somebody says go."""

from __future__ import annotations

import re
import time

from bench.chaos.client import Unexpected
from bench.chaos.mailing import Row, mailing
from bench.chaos.stage import WORKERS, Stage
from bench.figures import Figure

INVITED, SLOW = 800, 0.15
QUIET = 20.0
"""So long the restored platform runs before somebody says go."""


def restore(stage: Stage) -> Row:
    """Backup in mid-run, everything killed later, restored; then only what the relay never had."""
    work = mailing(stage, "restore", INVITED)
    stage.ways(delay=SLOW)
    work.invite()
    work.wait(INVITED // 8, 60)
    backup = stage.folder / "backup"
    _said(stage, "backup", str(backup))
    at_backup = work.told()
    work.wait(INVITED * 5 // 8, 60)
    for name in (*WORKERS, "web", "beat", "postgres", "redis"):
        stage.kill(name)
    stage.stop()
    time.sleep(4 * SLOW)  # what the relay had in its hands when the senders died it takes all the same, and writes down then
    lost = work.told()
    stage.start(bare=True)
    _said(stage, "restore", "--yes", str(backup))
    held = stage.ask("SELECT count(*) FROM messages WHERE restored_hold")[0][0]
    stage.stop()
    stage.start()
    health = stage.command("outbox", "health").returncode
    time.sleep(QUIET)
    early = work.told() - lost
    log = stage.folder / "relay.log"
    log.write_text("".join(f"relay: {copy['at']:.0f}: message-id=<{copy['id']}>\n" for copy in stage.copies()))
    refused = stage.command("outbox", "go").returncode
    asked = stage.command("outbox", "go", "--left", str(log))
    if asked.returncode:  # more than twenty are left: they were looked at, and their number is to be confirmed
        number = re.search(r"--confirm (\d+)", asked.stderr)
        _said(stage, "outbox", "go", "--left", str(log), "--confirm", number[1] if number else "0")
    ended = time.time()
    work.settle()
    stage.ways(delay=0.0)
    row = work.row("restore from a backup in the middle of a mailing", ended=ended)
    row.figures = [
        Figure("restore: mails before go", early, "mails", 0),
        Figure("restore: go without a choice", refused, "exit code", 1, at_least=True),
        Figure("restore: health says so", health, "exit code", 1, at_least=True),
        Figure("restore: waited in the backup", int(held), "mails", 1, at_least=True),
    ]
    row.held = (
        f"about {at_backup} had left when the backup was made and {lost} when everything was killed; {held} waited in the backup, "
        f"none left in the {QUIET:.0f} s before go, and after it only those that were not in the relay's log"
    )
    return row


def _said(stage: Stage, *words: str) -> None:
    done = stage.command(*words)
    if done.returncode:
        raise Unexpected(f"flask {words[0]} ended with {done.returncode}: {done.stderr[-400:]}")
