"""The SMTP server away, putting off, refusing, silent, hanging up."""

from __future__ import annotations

import time

from bench.chaos.mailing import Mailing, Row, mailing
from bench.chaos.stage import Stage
from bench.figures import Figure

FEW, NEAR = 600, 0.03
AWAY, SILENT = 20.0, 20.0
GREY, GONE = 50, 40
EVERY = 25


def away(stage: Stage) -> Row:
    """Nobody listens for twenty seconds; the lines that stood break."""
    work = _begun(stage, "away")
    stage.relay_away()
    time.sleep(AWAY)
    stage.relay_here()
    return _row(stage, work, f"SMTP refuses connections for {AWAY:.0f} s", time.time())


def choosy(stage: Stage) -> Row:
    """Some are put off at the first try, some refused for good."""
    work = mailing(stage, "choosy", FEW, more={"grey": GREY, "gone": GONE})
    stage.ways(delay=NEAR)
    before = stage.ways()
    work.invite()
    refused = {address for address in work.addresses if address.startswith("gone")}
    put_off = {address for address in work.addresses if address.startswith("grey")}
    work.settle(240, but=GONE)
    counts = stage.ways(delay=0.0)
    row = work.row("SMTP greylists 50 and refuses 40", refused=refused)
    states = stage.ask(
        "SELECT count(*) FILTER (WHERE state = 'failed' AND attempts = 1 AND error_class = 'refused') FROM messages "
        "WHERE subject_id = %s AND address LIKE 'gone%%'", work.session_id,
    )  # fmt: skip
    seen = counts["put_off"].keys() & put_off
    row.figures = [
        Figure("smtp-choosy: put off and told later", len(seen & work.copies().keys()), "people", GREY, at_least=True),
        Figure("smtp-choosy: refused, failed at once", int(states[0][0]), "people", GONE, at_least=True),
        Figure("smtp-choosy: refused, tried again", counts["refusals"] - before["refusals"] - GONE, "times", 0),
    ]
    row.held = "each 4xx tried again and taken, each 5xx failed at the first try and shown as refused"
    return row


def no_greeting(stage: Stage) -> Row:
    """The server takes connections and says nothing."""
    work = _begun(stage, "mute")
    stage.relay_away()
    stage.relay_here(greets=False)
    time.sleep(SILENT)
    stage.ways(greets=True)
    return _row(stage, work, f"SMTP silent before its greeting for {SILENT:.0f} s", time.time())


def no_reply(stage: Stage) -> Row:
    """The server takes mails, says nothing, and is started again; half of what it had it keeps."""
    work = _begun(stage, "hanging")
    stage.ways(replies=False)
    time.sleep(SILENT)
    stage.relay_away()
    stage.relay_here(replies=True)
    return _row(stage, work, f"SMTP silent after the final dot for {SILENT:.0f} s, then restarted", time.time())


def cut(stage: Stage) -> Row:
    """The server hangs up after the final dot of each 25th mail, half of them taken."""
    work = mailing(stage, "cut", FEW)
    stage.ways(delay=NEAR, cut=EVERY)
    work.invite()
    until = time.monotonic() + 60
    tried = "SELECT count(*) FROM messages WHERE subject_id = %s AND state = 'queued' AND attempts = 0"
    while (stage.ask(tried, work.session_id)[0][0] or _sending(stage)) and time.monotonic() < until:
        time.sleep(0.3)
    stage.ways(cut=0)
    return _row(stage, work, f"SMTP hangs up after the final dot of each {EVERY}th mail", time.time())


def _sending(stage: Stage) -> int:
    return int(stage.ask("SELECT count(*) FROM messages WHERE state = 'sending'")[0][0])


def _begun(stage: Stage, name: str) -> Mailing:
    work = mailing(stage, name, FEW)
    stage.ways(delay=NEAR)
    work.invite()
    work.wait(int(FEW * stage.chance(name).uniform(0.2, 0.5)), 60)
    return work


def _row(stage: Stage, work: Mailing, fault: str, ended: float) -> Row:
    """What the server took without a word is repeated, once, and that is allowed."""
    work.settle(150)
    stage.ways(delay=0.0)
    unsure = sum(1 for copies in work.copies().values() for copy in copies if not copy["replied"])
    row = work.row(fault, allowed=unsure, ended=ended)
    if unsure:
        row.held = f"{unsure} mails were taken without a reply; each came again under the same Message-ID"
    return row
