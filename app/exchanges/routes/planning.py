"""Between a session's form and its plan: choices that depend on the session, and the way back into the form."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.access import viewer
from app.accounts.reader import best, language, viewer_zone
from app.core import zones
from app.core.db import Json
from app.core.errors import RuleBroken
from app.core.forms import joined, texts_of
from app.core.when import date_text, time_text
from app.core.zones import offset_text
from app.exchanges import queries, rules, words
from app.exchanges.forms import ExchangeForm, SessionForm, span_text
from app.exchanges.models import Audience, Exchange, ListShown, PeerSession, Visibility
from app.exchanges.rules.planning import USUAL_REMINDERS
from app.texts.queries import source_of_row


def session_form(row: PeerSession | None, exchange_id: uuid.UUID | None = None) -> SessionForm:
    """The form for a new session, or for one that is there."""
    form = SessionForm(data=_data_of(row) if row is not None else usual(exchange_id))
    form.exchange.choices = [("", _("A new one, made for this session"))] + [
        (str(e.id), str(best(e.themes))) for e in queries.exchanges(viewer())
    ]
    if row is not None:
        form.tell.choices = tell_choices(queries.counts(row).told)
    return form


def take_proposal(form: SessionForm, row: PeerSession, proposed: Json | None) -> None:
    """Fill in the time that somebody proposed by mail, on the clock of the session's zone."""
    if proposed is None or not proposed.get("starts_at"):
        return
    wall = zones.to_wall(datetime.fromisoformat(str(proposed["starts_at"])), row.zone)
    form.start_date.data, form.start_time.data = wall.date(), wall.time()
    form.fold.data = str(wall.fold)
    if proposed.get("minutes"):
        form.minutes.data = int(proposed["minutes"])
    form.tell.data = "everyone"


def tell_choices(told: int) -> list[tuple[str, str]]:
    """Everyone or nobody, with the count."""
    everyone = ngettext("Tell everyone: %(num)s person", "Tell everyone: %(num)s people", told)
    nobody = ngettext(
        "Without telling anyone: %(num)s person is not told", "Without telling anyone: %(num)s people are not told", told
    )
    return [("everyone", everyone), ("nobody", nobody)]


def usual(exchange_id: uuid.UUID | None) -> dict[str, Any]:
    """What a new session has before anybody says otherwise."""
    return {
        "zone": viewer_zone(),
        "source": language(),
        "visibility": Visibility.PUBLIC.value,
        "minutes": 90,
        "capacity": 30,
        "exchange": str(exchange_id) if exchange_id else "",
        **_reminders(USUAL_REMINDERS),
    }


def _reminders(rules_of: Any) -> dict[str, list[str]]:
    return {
        "remind": [str(m) for m, a in rules_of if a is Audience.SEAT_HOLDERS],
        "nudge": [str(m) for m, a in rules_of if a is Audience.NOT_ANSWERED],
    }


def _data_of(row: PeerSession) -> dict[str, Any]:
    return {
        "version": str(row.version), "source": source_of_row(row),
        "titles": row.titles, "purposes": row.purposes, "agendas": row.agendas,
        "start_date": row.local_start.date(), "start_time": row.local_start.time(), "zone": row.zone,
        "fold": str(row.fold), "keeps_instant": row.keeps_instant, "minutes": row.minutes, "capacity": row.capacity,
        "languages": row.languages,
        "join_url": row.join_url, "dial_in": row.dial_in, "test_url": row.test_url, "visibility": row.visibility.value,
        "grounds": row.grounds, "invite_accepted": row.invite_accepted,
        **_reminders([(r.minutes_before, r.audience) for r in row.reminder_rules]),
    }  # fmt: skip


def plan_of(form: SessionForm, on: date | None = None) -> rules.Plan:
    """What the organiser typed, as a plan; ``on`` is the first date of a series, whose form asks for no single one."""
    start = joined(on or form.start_date.data, form.start_time.data)
    assert start is not None  # both are needed fields
    return rules.Plan(
        titles=texts_of(form.titles), purposes=texts_of(form.purposes), agendas=texts_of(form.agendas),
        local_start=start, zone=form.zone.data, fold=int(form.fold.data) if on is None and form.fold.data in ("0", "1") else None,
        keeps_instant=form.keeps_instant.data, minutes=form.minutes.data or 0, capacity=form.capacity.data or 0,
        languages=tuple(form.languages.data or ()),
        join_url=form.join_url.data or "", dial_in=form.dial_in.data or "", test_url=form.test_url.data or "",
        visibility=Visibility(form.visibility.data), grounds=tuple(form.grounds.data or ()),
        invite_accepted=form.invite_accepted.data, reminders=form.reminders(), source=form.source.data,
    )  # fmt: skip


def hosts_of(form: SessionForm | ExchangeForm) -> list[uuid.UUID]:
    """The hosts chosen, each once."""
    chosen = (form[name].data for name in ("host_1", "host_2", "host_3") if name in form)
    return list(dict.fromkeys(uuid.UUID(value) for value in chosen if value))


def refuse(form: SessionForm, refused: RuleBroken) -> None:
    """Put a refusal on the form; a time that happens twice brings its two radio buttons."""
    if isinstance(refused, rules.ClockFold):
        ask_fold(form, refused)
    form.refuse(refused)


def ask_fold(form: SessionForm, fold: rules.ClockFold) -> None:
    """Offer the two instants: the hour is the same, the offset from UTC tells them apart."""
    form.fold.choices = [
        (str(number), _fold_label(instant, form.zone.data)) for number, instant in enumerate((fold.first, fold.second))
    ]


def _fold_label(instant: Any, zone: str) -> str:
    label: str = _(
        "%(time)s, %(offset)s (%(utc)s UTC)",
        time=time_text(instant, zone), offset=offset_text(instant, zone), utc=time_text(instant, "UTC"),
    )  # fmt: skip
    return label


def show_fold_again(form: SessionForm) -> None:
    """Keep the two radio buttons in view when the form comes back for another reason."""
    start = joined(form.start_date.data, form.start_time.data)
    if start is None or not form.zone.data:
        return
    try:
        rules.planning.instant_of(rules.Plan(titles={}, local_start=start, zone=form.zone.data, minutes=5, capacity=1))
    except rules.ClockFold as fold:
        ask_fold(form, fold)
    except RuleBroken:
        return


def exchange_data(exchange: Exchange) -> dict[str, Any]:
    """An exchange as its form holds it."""
    hosts = [str(h.id) for h in exchange.hosts] + ["", "", ""]
    return {
        "version": str(exchange.version), "source": source_of_row(exchange), "themes": exchange.themes,
        "purposes": exchange.purposes,
        "grounds": exchange.grounds, "visibility": exchange.visibility.value, "languages": exchange.languages,
        "list_shown": exchange.list_shown.value,
        "host_1": hosts[0], "host_2": hosts[1], "host_3": hosts[2],
    }  # fmt: skip


def exchange_plan(form: ExchangeForm) -> rules.ExchangePlan:
    """What the organiser typed about an exchange."""
    return rules.ExchangePlan(
        themes=texts_of(form.themes), purposes=texts_of(form.purposes), grounds=tuple(form.grounds.data or ()),
        host_ids=tuple(hosts_of(form)), visibility=Visibility(form.visibility.data), source=form.source.data,
        languages=tuple(form.languages.data or ()), list_shown=ListShown(form.list_shown.data),
    )  # fmt: skip


def changes_in_words(changes: list[tuple[Any, Any, Any]], zone: str) -> list[tuple[str, str, str]]:
    """What differs, in the reader's words: field, what stands there now, what was typed."""
    return [(str(label), _in_words(theirs, zone), _in_words(yours, zone)) for label, theirs, yours in changes]


def _in_words(value: Any, zone: str) -> str:
    if isinstance(value, dict):
        return str(best(value)) or "–"
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], Audience):
        return span_text(value[0])
    if isinstance(value, Visibility):
        return str(words.VISIBILITIES[value])
    if isinstance(value, ListShown):
        return str(words.LISTS_SHOWN[value])
    if isinstance(value, list | tuple):
        return ", ".join(_in_words(v, zone) for v in value) or "–"
    if hasattr(value, "strftime"):
        if value.tzinfo is None:
            return f"{date_text(value.date(), language())}, {value:%H:%M}"
        return f"{date_text(value, language(), zone)}, {time_text(value, zone)}"
    return str((getattr(value, "names", None) and best(value.names)) or value) or "–"


def id_of(text: str | None) -> uuid.UUID:
    """The id an address names; one that is nobody's where it names none."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return uuid.UUID(int=0)


def number_of(text: str | None) -> int:
    """A version as a form carries it; ``-1`` for what is none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else -1
