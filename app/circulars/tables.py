"""Circulars, those one is for, and the call list as tables. No link to a page is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.models import CallOutcome
from app.accounts.reader import best, language, name_of
from app.accounts.tables import EMAIL, STATE_CODE
from app.accounts.words import CALL_OUTCOMES
from app.circulars import words
from app.circulars.models import Circular
from app.circulars.queries import Outcome
from app.circulars.queries.phone import ToCall
from app.core.languages import LANGUAGES
from app.core.zones import to_wall
from app.tables.writing import Cell, Column, word

CircularRow = tuple[Circular, int]
"""A circular, and to how many people it was sent."""


def _about(row: Circular) -> str | None:
    """The exchange, the call or the grounds it is about."""
    if row.exchange is not None:
        return str(best(row.exchange.themes))
    if row.call is not None:
        return str(best(row.call.titles))
    return words.ground_names(row.grounds, language()) or None


def circulars(now: datetime) -> Sequence[Column[CircularRow]]:
    """Circulars, and where each stands at this moment."""
    return (
        Column("subject", words.FIELDS["subjects"], lambda r: str(best(r[0].subjects))),
        word("standing", _l("Where it stands"), lambda r: words.Standing.of(r[0], now), words.STANDINGS),
        word("audience", _l("To whom"), lambda r: r[0].audience, words.AUDIENCES),
        Column("about", _l("What it is about"), lambda r: _about(r[0])),
        Column("chosen", words.FIELDS["chosen"], lambda r: words.chosen(r[0]), lambda r: "; ".join(r[0].chosen)),
        Column("languages", _l("Text in"), lambda r: "; ".join(code for code in LANGUAGES if r[0].has(code))),
        Column("fallback", words.FIELDS["fallback"], lambda r: r[0].fallback),
        word("visibility", words.FIELDS["visibility"], lambda r: r[0].visibility, words.VISIBILITIES),
        Column("created_at", _l("Written (UTC)"), lambda r: r[0].created_at),
        Column("sent_at", _l("Sent (UTC)"), lambda r: r[0].sent_at),
        Column("leaves_at", _l("Leaves (UTC)"), lambda r: r[0].leaves_at),
        Column("taken_back_at", _l("Taken back (UTC)"), lambda r: r[0].taken_back_at),
        Column("mails", _l("Mails"), lambda r: r[1] if r[0].sent_at else None),
        Column("corrects", _l("Corrects"), lambda r: str(r[0].corrects_id) if r[0].corrects_id else None),
        Column("id", _l("Number of the record"), lambda r: str(r[0].id)),
    )


def _because(row: Outcome) -> str:
    return str(words.BECAUSE.get(row.recipient.because, row.recipient.because))


def _called(call: Any) -> CallOutcome | None:
    return call.outcome if call is not None else None


RECIPIENTS: Sequence[Column[Outcome]] = (
    Column("name", _l("Name"), lambda o: o.recipient.name),
    Column("organisation", _l("Organisation"), lambda o: name_of(o.recipient.organisation) if o.recipient.organisation else None),
    Column("state", STATE_CODE, lambda o: o.recipient.organisation.code if o.recipient.organisation else None),
    Column("because", _l("Reason"), _because, lambda o: o.recipient.because),
    Column("language", _l("Language"), lambda o: o.recipient.language),
    Column("sent_in", _l("Text in"), lambda o: o.recipient.sent_in),
    Column("zone", _l("Time zone"), lambda o: o.recipient.zone),
    word("mail", _l("What became of the mail"), lambda o: o.state, words.OUTCOMES),
    word("trouble", _l("Why no mail reaches them"), lambda o: o.recipient.trouble, words.TROUBLES),
    word("route", _l("Where the mail goes"), lambda o: o.recipient.route, words.ROUTES),
    Column("in_place_of", _l("In place of"), lambda o: o.recipient.stood_for.name if o.recipient.stood_for else None),
    word("call", _l("By phone"), lambda o: _called(o.call), CALL_OUTCOMES),
    Column("called_at", _l("Called (UTC)"), lambda o: o.call.called_at if o.call else None),
)


def _matter(line: ToCall) -> str | None:
    """The session or the circular the call is about."""
    if line.matter.invitation is not None:
        return str(best(line.matter.invitation.peer_session.titles))
    return str(best(line.matter.circular.subjects)) if line.matter.circular is not None else None


def phone(now: datetime) -> Sequence[Column[ToCall]]:
    """Whom to phone, in the order of the list, with the hour there at this moment."""

    def there(line: ToCall) -> Cell:
        return to_wall(now, line.person.zone).strftime("%Y-%m-%d %H:%M")

    return (
        Column("name", _l("Name"), lambda x: x.person.full_name),
        Column("state", STATE_CODE, lambda x: x.state.code if x.state else None),
        Column("state_name", _l("State"), lambda x: name_of(x.state) if x.state else None),
        Column("phone", _l("Phone"), lambda x: x.person.phone),
        Column("email", EMAIL, lambda x: x.person.email),
        Column("language", _l("Language"), lambda x: x.person.language),
        Column("zone", _l("Time zone"), lambda x: x.person.zone),
        Column("there", _l("Hour there"), there),
        Column("in_office", _l("In office hours"), lambda x: x.office.is_open),
        Column("opens_at", _l("Office hours begin (UTC)"), lambda x: x.office.opens_at),
        word("why", _l("Reason"), lambda x: x.matter.why, words.WHY),
        Column("about", _l("What it is about"), _matter),
        word("call", _l("What came of the last call"), lambda x: _called(x.call), CALL_OUTCOMES),
        Column("called_at", _l("Called (UTC)"), lambda x: x.call.called_at if x.call else None),
    )
