"""Shape of input and its labels; nothing here knows what happens next."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, StringField, TextAreaField, URLField
from wtforms.widgets import HiddenInput

from app.accounts.access import viewer
from app.accounts.models import OrganisationKind, Person
from app.accounts.queries import organisation_choices, state_choices
from app.accounts.reader import best, language
from app.core.forms import (
    CheckboxesField,
    Form,
    KeyField,
    OurDateField,
    SeveralField,
    TextsField,
    TidySelect,
    a_web_address,
    at_most,
    needed,
    texts_of,
)
from app.pilots.models import Milestone, Pilot, Visibility
from app.pilots.queries import co_leads, owners_for, partner_choices
from app.pilots.rules import MilestonePlan, PilotPlan
from app.pilots.words import FIELDS, VISIBILITIES
from app.practices.models import Kind
from app.practices.queries import discussable, offered_tools
from app.topics.queries import grounds

OF_GOVERNMENT = (OrganisationKind.MINISTRY,)


def to_uuid(value: Any) -> Any:
    """An id of a select; what is none stays as it is, so that the list refuses it with its own sentence."""
    try:
        return uuid.UUID(str(value)) if value else None
    except ValueError:
        return str(value)


def day_of(field: OurDateField) -> date:
    """The day of a field that was found filled in."""
    assert field.data is not None
    return field.data


def ground_choices() -> Iterable[tuple[str, str]]:
    """The grounds, each by its label in the reader's language."""
    return [(code, str(best(g.labels))) for code, g in grounds().items()]


def practice_choices() -> Iterable[tuple[str, str]]:
    """Practices a pilot can be inspired by."""
    found = ((kind, row) for kind, row in discussable(viewer()) if kind is Kind.PRACTICE)
    return [(f"{kind.value}:{row.id}", f"{row.code} {best(row.titles)}") for kind, row in found]


class WholeNumber(IntegerField):
    """A whole number; anything else gets our sentence."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read digits only."""
        text = "".join(valuelist).strip()
        if not text.isdecimal() or len(text) > 6:
            self.data = None
            raise ValueError(_l("Enter a whole number."))
        self.data = int(text)


class VersionField(IntegerField):
    """The version of the record that was on the page."""

    widget = HiddenInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Digits, or none: a new record has no version, and what somebody else put there is no version of ours."""
        text = "".join(valuelist)
        self.data = int(text) if text.isdecimal() and len(text) < 10 else None

    def renew(self, version: int) -> None:
        """Send the present version with the next try: the page has just shown what changed."""
        self.data, self.raw_data = version, None


class PilotForm(Form):
    """A pilot's own facts."""

    version = VersionField()
    submission_key = KeyField()
    expression = HiddenField()
    titles = TextsField(FIELDS["titles"])
    objectives = TextsField(FIELDS["objectives"], long=True, most=4000)
    state_id = TidySelect(FIELDS["state_id"], [needed(_l("Choose the State that runs the pilot."))], coerce=to_uuid)
    lead_id = TidySelect(FIELDS["lead_id"], coerce=to_uuid)
    lead_name = StringField(FIELDS["lead_name"], [at_most(200)])
    partners = SeveralField(FIELDS["partners"], coerce=to_uuid)
    co_lead_id = TidySelect(FIELDS["co_lead_id"], coerce=to_uuid)
    tools = CheckboxesField(FIELDS["tools"])
    grounds = CheckboxesField(FIELDS["grounds"], choices=ground_choices)
    inspired_by = SeveralField(_l("Practices it is inspired by"), choices=practice_choices)
    seen = HiddenField()  # the practices that were chosen when the page was read
    starts_on = OurDateField(FIELDS["starts_on"], [needed(_l("Enter the first day of the pilot."))])
    ends_on = OurDateField(FIELDS["ends_on"], [needed(_l("Enter the last day of the pilot."))])
    with_templates = BooleanField(_l("Begin with the milestones of these tools"))

    def offer(self, pilot: Pilot | None) -> None:
        """Fill the lists; what the pilot has stays in them even where it is offered to nobody else."""
        lang = language()
        self.state_id.choices = [("", ""), *state_choices(lang)]
        self.lead_id.choices = [("", ""), *organisation_choices(lang, OF_GOVERNMENT)]
        self.partners.choices = partner_choices(lang)
        leads = [*co_leads(), *([pilot.co_lead] if pilot is not None and pilot.co_lead is not None else [])]
        self.co_lead_id.choices = [("", _l("Nobody")), *_by_name(leads)]
        kept = pilot.tools if pilot is not None else ()
        self.tools.choices = [(t.code, str(best(t.titles))) for t in offered_tools(kept)]

    def plan(self) -> PilotPlan:
        """What was typed."""
        return PilotPlan(
            titles=texts_of(self.titles),
            objectives=texts_of(self.objectives),
            state_id=self.state_id.data,
            lead_id=self.lead_id.data or None,
            lead_name=self.lead_name.data or "",
            partner_ids=tuple(self.partners.data or ()),
            co_lead_id=self.co_lead_id.data or None,
            tools=tuple(self.tools.data or ()),
            grounds=tuple(self.grounds.data or ()),
            starts_on=day_of(self.starts_on),
            ends_on=day_of(self.ends_on),
        )


def _by_name(people: Iterable[Person]) -> list[tuple[str, str]]:
    return list({p.id: (str(p.id), p.full_name) for p in people}.values())


class MilestoneForm(Form):
    """A milestone's words, weight and owner; its date is asked once, here, and then moved with a reason."""

    version = VersionField()
    submission_key = KeyField()
    titles = TextsField(FIELDS["titles"])
    due_on = OurDateField(FIELDS["baseline_on"], [needed(_l("Enter the day by which it is to be reached."))])
    weight = WholeNumber(FIELDS["weight"], default=10)
    post = StringField(FIELDS["post"], [at_most(200)])
    owner_id = TidySelect(FIELDS["owner_id"], coerce=to_uuid)
    evidence_asked = TextsField(FIELDS["evidence_asked"], most=300)

    def offer(self, pilot: Pilot, milestone: Milestone | None) -> None:
        """Fill the list of people; who has the milestone now stays in it."""
        people = [*owners_for(pilot), *([milestone.owner] if milestone is not None and milestone.owner is not None else [])]
        self.owner_id.choices = [("", _l("Nobody yet")), *_by_name(people)]
        if milestone is not None:
            del self.due_on

    def plan(self, milestone: Milestone | None = None) -> MilestonePlan:
        """What was typed."""
        return MilestonePlan(
            titles=texts_of(self.titles),
            due_on=milestone.due_on if milestone is not None else day_of(self.due_on),
            weight=self.weight.data if self.weight.data is not None else -1,
            post=self.post.data or "",
            owner_id=self.owner_id.data or None,
            evidence_asked=texts_of(self.evidence_asked),
        )


class MoveForm(Form):
    """Another present date."""

    version = VersionField()
    due_on = OurDateField(FIELDS["due_on"], [needed(_l("Enter the new date."))])
    reason = TextAreaField(_l("Why it moves"), [needed(_l("Write why the date moves. The reason stays with it.")), at_most(1000)])


class _WithVisibility(Form):
    """Who may see it: offered are the classes the writer may read."""

    visibility = TidySelect(FIELDS["visibility"])

    def offer(self, classes: Iterable[Visibility]) -> None:
        """Fill the list; unless somebody chooses, it is for as few as possible."""
        allowed = set(classes)
        self.visibility.choices = [(v.value, label) for v, label in VISIBILITIES.items() if v in allowed]
        if not self.visibility.raw_data:
            self.visibility.data = self.visibility.choices[0][0]

    @property
    def chosen(self) -> Visibility:
        """The class."""
        return Visibility(self.visibility.data)


class EvidenceForm(_WithVisibility):
    """A link or a file."""

    submission_key = KeyField()
    url = URLField(_l("Link"), [a_web_address(), at_most(1000)])
    file = FileField(_l("File"))
    title = StringField(_l("What it is"), [at_most(200)])


class DoneForm(EvidenceForm):
    """It is done: a day, a note, and what shows it."""

    version = VersionField()
    done_on = OurDateField(FIELDS["done_on"], [needed(_l("Enter the day it was done."))])
    done_note = TextAreaField(FIELDS["done_note"], [needed(_l("Write in a sentence what was reached.")), at_most(2000)])


class ReasonForm(Form):
    """Something is undone, with a reason."""

    reason = StringField(FIELDS["reason"], [needed(_l("Write the reason.")), at_most(500)])


class UpdateForm(_WithVisibility):
    """How it goes."""

    submission_key = KeyField()
    text = TextAreaField(_l("How it goes"), [needed(_l("Write the update first.")), at_most(4000)])


class EndForm(Form):
    """The pilot is over."""

    ended_on = OurDateField(FIELDS["ended_on"], [needed(_l("Enter the day it ended."))])
    end_reason = TextAreaField(_l("How it ended"), [needed(_l("Write in a sentence how it ended.")), at_most(1000)])
