"""Shape of what is typed about polls; nothing here knows what happens next."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField

from app.core.forms import (
    CheckboxesField,
    Form,
    OnceForm,
    OneOf,
    OurDateField,
    OurTimeField,
    TextsField,
    ZoneField,
    at_most,
    joined,
    needed,
)
from app.exchanges.forms import DAY, HOUR, InviteForm, WholeNumber, span_text, whole_between
from app.exchanges.models import Vote
from app.exchanges.poll_words import VOTES
from app.exchanges.words import FIELDS, SOURCES

ROWS = 8
"""So many times fit on the form at once; more are added afterwards."""
SPANS = (14 * DAY, 10 * DAY, 7 * DAY, 5 * DAY, 3 * DAY, 2 * DAY, DAY, 12 * HOUR, 3 * HOUR)
DEADLINE = "deadline"


class _Walls:
    """Forms with wall times: each has a date, a time, and, on a day with two such hours, the choice between them."""

    numbers: tuple[str, ...] = ()

    def prepare(self) -> None:
        """No hour is in doubt until a rule says so."""
        for number in self.numbers:
            self.part("fold", number).choices = []

    def part(self, name: str, number: str) -> Any:
        """The field of a time: ``date``, ``time`` or ``fold``."""
        return self[f"{name}_{number}"]  # type: ignore[index]

    def wall(self, number: str) -> tuple[datetime, int | None] | None:
        """The wall time and which of two it is; ``None`` while date or time is missing."""
        local = joined(self.part("date", number).data, self.part("time", number).data)
        fold = self.part("fold", number).data
        return (local, int(fold) if fold in ("0", "1") else None) if local is not None else None

    def whole(self) -> bool:
        """Has every time that was begun both parts? Says at the field where one is missing."""
        complete = True
        for number in self.numbers:
            day, hour = self.part("date", number), self.part("time", number)
            if day.errors or hour.errors or bool(day.data) == (hour.data is not None):
                continue
            missing, sentence = (hour, _l("Enter the time of this day.")) if day.data else (day, _l("Enter the day of this time."))
            missing.errors = [sentence]
            complete = False
        return complete


def _rows(numbers: Sequence[str], date_label: Any, time_label: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number in numbers:
        found[f"date_{number}"] = OurDateField(date_label)
        found[f"time_{number}"] = OurTimeField(time_label)
        found[f"fold_{number}"] = RadioField(FIELDS["fold"], validate_choice=False)
    return found


SLOTS = tuple(str(number) for number in range(1, ROWS + 1))
_slots_part = type("_SlotsPart", (Form,), _rows(SLOTS, _l("Date"), _l("Start, 24 hours")))
_deadline_part = type("_DeadlinePart", (Form,), _rows((DEADLINE,), _l("Deadline, date"), _l("Deadline, time of 24 hours")))


class _About(Form):
    titles = TextsField(FIELDS["titles"])
    minutes = WholeNumber(FIELDS["minutes"], [whole_between(5, DAY)], default=90)
    zone = ZoneField(FIELDS["zone"], [needed(_l("Choose a time zone from the list."))])
    remind = CheckboxesField(_l("Remind those who have not answered"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = {int(m) for m in self.remind.data or () if str(m).isdecimal() and 5 <= int(m) <= 90 * DAY}
        self.remind.choices = [(str(m), span_text(m)) for m in sorted({*SPANS, *own}, reverse=True)]
        if isinstance(self, _Walls):
            self.prepare()


class PollForm(OnceForm, _Walls, _slots_part, _deadline_part, _About):  # type: ignore[misc, valid-type]
    """A new poll: title, length, times, deadline."""

    numbers = (*SLOTS, DEADLINE)


class EditPollForm(_Walls, _deadline_part, _About):  # type: ignore[misc, valid-type]
    """A poll that is there; its times have a form of their own."""

    numbers = (DEADLINE,)
    version = HiddenField()


class AddTimesForm(OnceForm, _Walls, _slots_part):  # type: ignore[misc, valid-type]
    """More times for a poll, and whether those who answered are asked about them."""

    numbers = SLOTS
    version = HiddenField()
    zone = ZoneField(FIELDS["zone"], [needed(_l("Choose a time zone from the list."))])
    asking = RadioField(_l("Who is told of the new times?"), [needed(_l("Choose who is told of the new times."))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepare()


class ReopenForm(_Walls, _deadline_part):  # type: ignore[misc, valid-type]
    """A new deadline for a poll that is opened again."""

    numbers = (DEADLINE,)
    version = HiddenField()
    zone = ZoneField(FIELDS["zone"], [needed(_l("Choose a time zone from the list."))])
    asking = RadioField(_l("Who is asked again?"), [needed(_l("Choose who is asked again."))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepare()


class AskForm(InviteForm):
    """Whom to ask."""

    capacity = None  # type: ignore[assignment]
    invited = BooleanField(_l("Those who are invited to sessions of this exchange"))


class ClosePollForm(OnceForm):
    """How a poll ends."""

    version = HiddenField()
    slot = OneOf(_l("What comes of it?"), [needed(_l("Choose a time, or that no session comes of it."))])
    seats = WholeNumber(FIELDS["capacity"], [whole_between(1, 100_000)])
    day_off = BooleanField(_l("Invite all the same: the day is meant"))
    tell = RadioField(_l("If no session comes of it: who is told?"), choices=[], validate_choice=False)


class _VoteForm(Form):
    comment = TextAreaField(_l("A word to the secretariat"), [at_most(2000)])


class _OnBehalf(OnceForm):
    source_kind = RadioField(
        _l("How it came"), [needed(_l("Say how it came."))], choices=list(SOURCES.items()), default="note_verbale"
    )
    source_number = StringField(_l("Number"), [at_most(100)])
    source_date = OurDateField(_l("Date"), [needed(_l("Enter the date on it, or of the call."))])


def vote_form(
    asked_about: Mapping[uuid.UUID, str], said: Mapping[uuid.UUID, Vote], *, comment: str, on_behalf: bool = False
) -> Any:
    """A form with a question for each time; what was said before is chosen."""
    fields = {
        field_of(slot): OneOf(label, [needed(_l("Choose Yes, If needed or No for %(time)s.", time=label))], choices=_choices)
        for slot, label in asked_about.items()
    }
    kind = type("VoteForm", (_OnBehalf, _VoteForm) if on_behalf else (_VoteForm,), fields)
    data = {field_of(slot): said[slot].value for slot in asked_about if slot in said}
    return kind(data={**data, "comment": comment})


def _choices() -> list[tuple[str, Any]]:
    return [(vote.value, label) for vote, label in VOTES.items()]


def field_of(slot_id: uuid.UUID) -> str:
    """The name of a time's question."""
    return f"vote_{slot_id.hex}"


def votes_of(form: Any, slots: Mapping[uuid.UUID, str]) -> dict[uuid.UUID, Vote]:
    """What a form says to each time."""
    return {slot: Vote(form[field_of(slot)].data) for slot in slots}
