"""Shape of input and its labels."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, StringField, URLField

from app.accounts.words import WEEKDAYS
from app.calendars.models import OverrideKind
from app.calendars.words import FIELDS, KINDS
from app.core.forms import (
    CheckboxesField,
    Form,
    OnceForm,
    OneOf,
    OurDateField,
    OurTimeField,
    TextsField,
    TidySelect,
    at_most,
    needed,
)

_DAYS = [(number, label) for number, label in WEEKDAYS.items()]


class CorrectionForm(OnceForm):
    """A day off, a working day, a working week or an event, and who says so."""

    code = TidySelect(_l("Whose calendar"), [needed(_l("Choose a State, the United Nations or everybody."))])
    subdivision = StringField(FIELDS["subdivision"], [at_most(40)])
    kind = OneOf(FIELDS["kind"], [needed(_l("Say what it is."))], choices=[(k.value, w) for k, w in KINDS.items()])
    first_day = OurDateField(FIELDS["first_day"], [needed(_l("Enter the first day."))])
    last_day = OurDateField(FIELDS["last_day"])
    weekend = CheckboxesField(FIELDS["weekend"], choices=_DAYS)
    names = TextsField(FIELDS["names"], most=120)
    source = StringField(FIELDS["source"], [needed(_l("Say who says so: a gazette, a note, an address.")), at_most(300)])
    source_date = OurDateField(FIELDS["source_date"], [needed(_l("Enter the date of the source."))])

    @property
    def chosen(self) -> OverrideKind:
        """What it says."""
        return OverrideKind(self.kind.data)


class EndForm(Form):
    """The button that ends a correction."""

    version = HiddenField()


class ChoiceForm(Form):
    """What a State chose for its calendar."""

    version = HiddenField()
    subdivision = TidySelect(FIELDS["subdivision"])
    ramadan = BooleanField(FIELDS["ramadan"])
    friday_prayer = BooleanField(FIELDS["friday_prayer"])


class NeverForm(OnceForm):
    """Hours of the week without sessions."""

    weekdays = CheckboxesField(_l("Days"), [needed(_l("Choose at least one day of the week."))], choices=_DAYS)
    from_time = OurTimeField(_l("From"), [needed(_l("Enter a time of 24 hours, such as 16:00."))])
    to_time = OurTimeField(_l("Until"), [needed(_l("Enter a time of 24 hours, such as 16:00."))])


class BusyForm(OnceForm):
    """A span in which one is busy."""

    start_date = OurDateField(_l("From the day"), [needed(_l("Enter a date, such as 2027-03-11."))])
    start_time = OurTimeField(_l("From the hour"), [needed(_l("Enter a time of 24 hours, such as 16:00."))])
    end_date = OurDateField(_l("Until the day"), [needed(_l("Enter a date, such as 2027-03-11."))])
    end_time = OurTimeField(_l("Until the hour"), [needed(_l("Enter a time of 24 hours, such as 16:00."))])


class AddressForm(OnceForm):
    """Where one publishes when one is busy."""

    address = URLField(
        _l("Address of your calendar"), [needed(_l("Enter an address that starts with https:// or webcal://")), at_most(2000)]
    )


OWN_FORMS: dict[str, Any] = {"never": NeverForm, "busy": BusyForm, "address": AddressForm, "choices": ChoiceForm}
