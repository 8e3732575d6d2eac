"""A short text for one person, to read out or to send another way: in their language, with their hour."""

from __future__ import annotations

from flask_babel import force_locale
from flask_babel import gettext as _

from app.circulars.models import Circular, Visibility
from app.circulars.queries.phone import ToCall, Why
from app.core.languages import babel_locale, direction
from app.core.signing import external_url, settings
from app.core.text import LocalText, best
from app.core.when import date_text, time_text
from app.core.zones import city
from app.exchanges.models import Invitation


def text_for(line: ToCall) -> LocalText:
    """What to say to this person."""
    language = line.person.language
    with force_locale(babel_locale(language)):
        parts = [_greeting(line), *_said(line), _asked(line), settings().network_names[language]]
    return LocalText("\n\n".join(part for part in parts if part), language, direction(language))


def _greeting(line: ToCall) -> str:
    form = line.person.salutation(line.person.language)
    greeting: str = _("Dear %(form)s,", form=form) if form else _("Dear %(name)s,", name=line.person.full_name)
    return greeting


def _said(line: ToCall) -> list[str]:
    """What it is about."""
    matter, language = line.matter, line.person.language
    if matter.invitation is not None:
        return _invited(matter.invitation, language, line.person.zone)
    if matter.circular is not None:
        return _written(matter.circular, language)
    return [_("We wrote to you by e-mail, and the mail did not arrive.")]


def _invited(invitation: Invitation, language: str, zone: str) -> list[str]:
    row = invitation.peer_session
    title = str(best(row.titles, language, settings().language_order))
    when = _(
        "It begins on %(date)s at %(time)s, %(place)s time.",
        date=date_text(row.starts_at, language, zone), time=time_text(row.starts_at, zone),
        place=city(zone, babel_locale(language)),
    )  # fmt: skip
    return [_("You are invited to a session: %(title)s", title=title), when]


def _written(circular: Circular, language: str) -> list[str]:
    subject = circular.subjects.get(circular.language_for(language), "")
    said = [_("We wrote to you about this: %(subject)s", subject=subject)]
    if circular.visibility is Visibility.PUBLIC:
        said.append(external_url("circulars.circular", language, circular_id=circular.id))
    return said


def _asked(line: ToCall) -> str:
    """The question the call is for."""
    asks = line.matter.invitation is not None and line.matter.invitation.asks and line.matter.invitation.answer is None
    answer = _("Will you take part: yes, maybe or no?") if asks else ""
    if line.matter.why is Why.NOT_ANSWERED:
        return answer
    address = _("Which e-mail address may we write to?")
    return f"{answer}\n\n{address}" if answer else address
