"""Load the demonstration once: everything that happened before this day, then what happens today."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from app.demo import correspondence, interest, library, mails, meetings, network, pilots, polling, sign_ins
from app.demo.calendar import calendar_for
from app.extensions import db
from app.topics.reference import already_loaded, remember_load

_LOCK = 0x70617468  # two first starts at once load one demonstration
_MARK = "1"


def load_demo(now: datetime) -> bool:
    """Write the demonstration; ``False`` when this database has it already. The caller commits."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if already_loaded("demo", _MARK):
        return False
    calendar = calendar_for(now)
    people = network.build(calendar)
    expressions = interest.build(people, calendar)
    made = meetings.history(people, calendar)
    polling.build(people, made, calendar)
    library.build(people, made, calendar)
    pilots.build(people, expressions, calendar)
    interest.ask_co_leads(expressions, people, calendar)
    correspondence.letters(people, expressions, calendar)
    correspondence.circular(people, made, calendar)
    correspondence.call(people, made, calendar)
    mails.one_failure(people, calendar)
    mails.hush()
    meetings.present(made, people, now)
    correspondence.to_issue(people, made, now)
    mails.receive(mails.unclear_answer(made, people), now)
    sign_ins.give_passphrase(now)
    remember_load("demo", _MARK, now)
    return True
