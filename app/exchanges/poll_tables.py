"""Polls, and what States and organisations said in one, as tables. No person is named in them."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from app.accounts.reader import best, name_of
from app.accounts.tables import STATE_CODE
from app.exchanges import words
from app.exchanges.models import Poll
from app.exchanges.poll_words import FIELDS, VOTES
from app.exchanges.queries.poll_results import Line
from app.tables.writing import Column, word

PollRow = tuple[Poll, tuple[int, int]]

POLLS: Sequence[Column[PollRow]] = (
    Column("title", FIELDS["titles"], lambda r: str(best(r[0].titles))),
    Column("theme", words.FIELDS["themes"], lambda r: str(best(r[0].exchange.themes))),
    Column("minutes", FIELDS["minutes"], lambda r: r[0].minutes),
    Column("times", _l("Times"), lambda r: len(r[0].slots)),
    Column("asked", _l("People asked"), lambda r: r[1][0]),
    Column("answered", _l("People who answered"), lambda r: r[1][1]),
    Column("deadline_at", FIELDS["deadline_at"], lambda r: r[0].deadline_at),
    Column("closed_at", _l("Closed (UTC)"), lambda r: r[0].closed_at),
    Column("chosen_at", _l("Chosen time (UTC)"), lambda r: r[0].chosen.starts_at if r[0].chosen else None),
    Column("id", _l("Number of the record"), lambda r: str(r[0].id)),
)


def _organisation(line: Line) -> str | None:
    return name_of(line[0].organisation) if line[0].organisation else None


def _state(line: Line) -> str | None:
    return line[0].organisation.code if line[0].organisation else None


ANSWERS: Sequence[Column[Line]] = (
    Column("starts_at", _l("Start (UTC)"), lambda line: line[1].starts_at),
    Column("local_start", _l("Start on the clocks there"), lambda line: f"{line[1].local_start:%Y-%m-%d %H:%M}"),
    Column("zone", words.FIELDS["zone"], lambda line: line[1].zone),
    Column("organisation", _l("Organisation"), _organisation),
    Column("state", STATE_CODE, _state),
    word("answer", _l("Answer"), lambda line: line[2], VOTES),
    Column("comment", _l("Comment"), lambda line: "; ".join(line[0].comments)),
)
