"""Shape of input and its labels; nothing here knows what happens next."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, TextAreaField

from app.accounts.models import CallOutcome
from app.accounts.reader import best
from app.circulars.models import PARTS, Audience, Visibility
from app.circulars.queries import STATUSES
from app.circulars.words import CALL_OUTCOMES, FIELDS, VISIBILITIES
from app.circulars.words import PARTS as PART_WORDS
from app.core.forms import (
    CheckboxesField,
    LanguageField,
    OnceForm,
    OneOf,
    OurDateField,
    OurTimeField,
    TextsField,
    TidySelect,
    ZoneField,
    at_most,
    needed,
)
from app.interests.words import STATUSES as STATUS_WORDS
from app.topics.queries import grounds

_CHOOSE = _l("Choose one from the list.")


def ground_choices() -> list[tuple[str, str]]:
    """The grounds in the reader's language."""
    return [(g.code, str(best(g.labels))) for g in grounds().values()]


class CircularForm(OnceForm):
    """A circular: for whom, in which words, from when. Of the fields that say for whom only those of its audience are shown."""

    version = HiddenField()
    exchange_id = TidySelect(FIELDS["exchange_id"])
    part = OneOf(FIELDS["chosen"], choices=[])
    call_id = TidySelect(FIELDS["call_id"])
    statuses = CheckboxesField(
        _l("Contacts of expressions of interest that are"), choices=[(s.value, STATUS_WORDS[s][0]) for s in STATUSES]
    )
    grounds = CheckboxesField(FIELDS["grounds"], choices=ground_choices)
    source = LanguageField(_l("Written first in"), [needed(_CHOOSE)])
    subjects = TextsField(FIELDS["subjects"], most=150)
    texts = TextsField(FIELDS["texts"], long=True, most=20_000)
    fallback = LanguageField(FIELDS["fallback"], [needed(_CHOOSE)])
    visibility = OneOf(
        FIELDS["visibility"], [needed(_CHOOSE)], choices=[(v.value, w) for v, w in VISIBILITIES.items()],
        default=Visibility.RECIPIENTS.value,
    )  # fmt: skip
    start_date = OurDateField(_l("Not before this day"))
    start_time = OurTimeField(_l("Hour, 24 hours"))
    zone = ZoneField(FIELDS["zone"], [needed(_l("Choose a time zone from the list."))])
    fold = RadioField(FIELDS["fold"], validate_choice=False)

    def __init__(self, *args: Any, audience: Audience, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.audience = audience
        self.part.choices = [(part.value, PART_WORDS[part]) for part in PARTS.get(audience, ())]
        for field in (self.exchange_id, self.call_id, self.fold):
            if field.choices is None:
                field.choices = []

    def validate(self, extra_validators: Any = None) -> bool:
        """A day needs its hour and an hour its day."""
        fits = bool(super().validate(extra_validators))
        for field, other, sentence in (
            (self.start_time, self.start_date, _l("Enter the hour too, or empty the day.")),
            (self.start_date, self.start_time, _l("Enter the day too, or empty the hour.")),
        ):
            if field.data is None and other.data is not None and not field.errors:
                field.errors = [sentence]
                fits = False
        return fits


class SendForm(OnceForm):
    """The button that sends, with the version of the text that was read."""

    version = HiddenField()


class CallForm(OnceForm):
    """What came of a call."""

    outcome = OneOf(
        _l("What came of it"), [needed(_l("Say what came of the call."))],
        choices=[(o.value, w[0]) for o, w in CALL_OUTCOMES.items()],
    )  # fmt: skip
    called_day = OurDateField(_l("Day of the call"), [needed(_l("Enter the day of the call."))])
    called_time = OurTimeField(_l("Hour of the call, 24 hours"), [needed(_l("Enter the hour of the call."))])
    note = TextAreaField(_l("Note"), [at_most(1000)])

    @property
    def chosen(self) -> CallOutcome:
        """The outcome."""
        return CallOutcome(self.outcome.data)
