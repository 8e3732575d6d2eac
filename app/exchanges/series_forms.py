"""Forms that plan, move, cancel or copy several sessions at once, and the list of those invited to an exchange."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField

from app.accounts.queries import organisation_choices, state_choices
from app.accounts.reader import language
from app.core.forms import (
    CheckboxesField,
    LanguageField,
    OnceForm,
    OneOf,
    OurDateField,
    OurTimeField,
    TextsField,
    TidySelect,
    at_most,
    needed,
)
from app.core.when import weekday_text
from app.exchanges.forms import OTHERS, SessionForm, WholeNumber, whole_between
from app.exchanges.models import Capacity
from app.exchanges.rules import Rhythm
from app.exchanges.rules.series import MOST_SESSIONS
from app.exchanges.words import CAPACITIES, FIELDS

MONDAY = date(2026, 1, 5)
RHYTHMS: dict[Rhythm, Any] = {
    Rhythm.EVEN: _l("At equal distances, from the first date to the last"),
    Rhythm.WEEKLY: _l("Every week, from the first date on"),
    Rhythm.SECOND_WEEK: _l("Every second week"),
    Rhythm.THIRD_WEEK: _l("Every third week"),
    Rhythm.FOURTH_WEEK: _l("Every fourth week"),
}
ONE, FOLLOWING = "one", "following"


def weekday_choices() -> list[tuple[str, str]]:
    """The days of the week in the reader's language, from Monday."""
    return [(str(n), weekday_text(MONDAY + timedelta(days=n), language(), long=True)) for n in range(7)]


class SeriesForm(SessionForm):
    """A series: what its sessions share, and how they lie between two dates."""

    version = confirmed = exchange = host_1 = host_2 = tell = fold = start_date = None  # type: ignore[assignment]  # no fields of a series
    titles = TextsField(FIELDS["titles"], most=190)
    numbered = BooleanField(_l("Put the number of each session after its title"), default=True)
    count = WholeNumber(_l("Number of sessions"), [whole_between(1, MOST_SESSIONS)], default=6)
    weekdays = CheckboxesField(
        _l("Days of the week"), [needed(_l("Choose at least one day of the week."))], choices=weekday_choices
    )
    first_day = OurDateField(_l("Not before"), [needed(_l("Enter the first date."))])
    last_day = OurDateField(_l("Not after"), [needed(_l("Enter the last date."))])
    rhythm = TidySelect(
        _l("How they are spread"), choices=[(r.value, word) for r, word in RHYTHMS.items()], default=Rhythm.EVEN.value
    )


class MoveForm(OnceForm):
    """Another day and hour for a session, and for those that follow it if so wished."""

    seen = HiddenField()
    start_date = OurDateField(_l("Date"), [needed(_l("Enter the date of the session."))])
    start_time = OurTimeField(_l("Start, 24 hours"), [needed(_l("Enter the time the session starts."))])
    reach = OneOf(_l("Which sessions?"), [needed(_l("Choose which sessions."))])
    tell = RadioField(_l("Who is told of the change?"), choices=[], validate_choice=False)


class CancelTogetherForm(OnceForm):
    """Cancel a session and those that follow."""

    seen = HiddenField()
    reason = StringField(_l("Reason, told to those invited"), [at_most(500)])
    tell = RadioField(_l("Who is told?"), [needed(_l("Choose whether people are told."))], choices=[])


class CopyForm(OnceForm):
    """A copy of an exchange: its theme, which sessions, from which date on, and whether the list comes along."""

    source = LanguageField(_l("Written first in"), [needed(_l("Choose one from the list."))])
    themes = TextsField(FIELDS["themes"])
    sessions = CheckboxesField(_l("Sessions to copy, as drafts"))
    first_day = OurDateField(_l("Date of the first of them"))
    guests = BooleanField(_l("Copy the list of those invited to the exchange"), default=True)


class ListForm(OnceForm):
    """Whom to put on the list of those invited to an exchange, and in what capacity."""

    states = SelectMultipleField(_l("States"), choices=lambda: state_choices(language()))
    organisations = SelectMultipleField(_l("Other organisations"), choices=lambda: organisation_choices(language(), OTHERS))
    people = SelectMultipleField(_l("People"), validate_choice=False)
    addresses = TextAreaField(_l("E-mail addresses, one a line"), [at_most(200_000)])
    capacity = RadioField(
        _l("In what capacity"),
        choices=[(key.value, label) for key, label in CAPACITIES.items()],
        default=Capacity.PARTICIPANT.value,
    )


class InviteListedForm(OnceForm):
    """To which sessions everyone on the list is invited."""

    sessions = CheckboxesField(_l("Sessions to come"), [needed(_l("Choose at least one session."))])
