"""The secretariat's forms: calls, decisions, notes, questions, what is entered on behalf."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, IntegerField, StringField, TextAreaField, ValidationError
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from app.accounts import visibility
from app.accounts.models import OrganisationKind
from app.accounts.reader import best
from app.accounts.visibility import AMONG_US, Label
from app.core.forms import (
    CheckboxesField,
    LanguageField,
    OnceForm,
    OurDateField,
    OurTimeField,
    TextsField,
    TidySelect,
    ZoneField,
    an_address,
    at_most,
    joined,
    needed,
    texts_of,
)
from app.interests.forms.fields import (
    TEXT_MOST,
    OneOf,
    a_name,
    a_text,
    grounds_field,
    kind_field,
    languages_field,
    letters_language_field,
    mode_field,
    start_field,
    state_field,
    to_enum,
    to_uuid,
    tool_choices,
    zone_field,
)
from app.interests.forms.steps import Step
from app.interests.models import APPLICANT_KINDS, Ask, Source, Status
from app.interests.opinion_models import View
from app.interests.queries.queue import call_choices
from app.interests.rules.complete import SENTENCES
from app.interests.words import ASKS, KINDS, SOURCES, VIEWS

_A_DATE = _l("Enter a date, such as 2027-03-11.")
_A_TIME = _l("Enter a time of 24 hours, such as 16:00.")


class VersionField(IntegerField):
    """The version of the record that was on the page."""

    widget = HiddenInput()

    def renew(self, version: int) -> None:
        """Show the present version: pressed again, it is a choice made with open eyes."""
        self.data, self.raw_data = version, None


class CallForm(OnceForm):
    """A call in six languages, with wall times in a zone."""

    version = VersionField(validators=[Optional()])
    source = LanguageField(_l("Written first in"), validators=[needed(_l("Choose one from the list."))])
    titles = TextsField(_l("Title"), most=200)
    texts = TextsField(_l("Text"), long=True, most=20_000)
    zone = ZoneField(_l("Time zone of the hours below"), validators=[needed(_l("Choose one from the list."))])
    opens_on = OurDateField(_l("Opens on"), validators=[needed(_A_DATE)])
    opens_time = OurTimeField(_l("Opens at"), validators=[])
    closes_on = OurDateField(_l("Closes on"), validators=[needed(_A_DATE)])
    closes_time = OurTimeField(_l("Closes at"), validators=[])
    opens_fold = OneOf(_l("Which of the two hours to open?"), choices=[("0", _l("The first")), ("1", _l("The second"))])
    closes_fold = OneOf(_l("Which of the two hours to close?"), choices=[("0", _l("The first")), ("1", _l("The second"))])
    asks = CheckboxesField(_l("What the call asks for"), choices=[(a.value, ASKS[a]) for a in Ask])
    who_may_apply = CheckboxesField(
        _l("Who may apply"), choices=[(k.value, KINDS[k]) for k in (OrganisationKind.STATE, *APPLICANT_KINDS)]
    )

    def validate_opens_time(self, field: Any) -> None:
        """Midnight is an hour too, so emptiness is asked by ``None``."""
        if field.data is None:
            raise ValidationError(_A_TIME)

    validate_closes_time = validate_opens_time

    def fields(self) -> dict[str, Any]:
        """What the rule wants."""
        return {
            "titles": texts_of(self.titles),
            "texts": texts_of(self.texts),
            "zone": self.zone.data,
            "opens_local": joined(self.opens_on.data, self.opens_time.data),
            "closes_local": joined(self.closes_on.data, self.closes_time.data),
            "opens_fold": int(self.opens_fold.data) if self.opens_fold.data in ("0", "1") else None,
            "closes_fold": int(self.closes_fold.data) if self.closes_fold.data in ("0", "1") else None,
            "asks": self.asks.data or [],
            "who_may_apply": self.who_may_apply.data or [],
        }


DECISIONS: dict[Status, Any] = {
    Status.UNDER_REVIEW: _l("Take it up: it is under review"),
    Status.ACCEPTED: _l("Accept"),
    Status.WAITLISTED: _l("Put on the waiting list"),
    Status.DECLINED: _l("Decline"),
    Status.WITHDRAWN: _l("Withdraw on the applicant's word"),
}


class DecisionForm(OnceForm):
    """What becomes of an expression, with the reason the applicant reads."""

    version = VersionField(validators=[Optional()])
    decision = OneOf(_l("Decision"), validators=[needed(_l("Choose a decision."))], coerce=to_enum(Status))
    reason = TextAreaField(_l("Reason"), validators=[at_most(TEXT_MOST)])
    despite_opinions = BooleanField(_l("Decide now, although the co-leads still have time"))

    def __init__(self, *args: Any, possible: frozenset[Status], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(possible)

    def offer(self, possible: frozenset[Status]) -> None:
        """Offer these decisions only."""
        self.decision.choices = [(s.value, words) for s, words in DECISIONS.items() if s in possible]

    def validate_reason(self, field: Any) -> None:
        """A decision has its reason; taking it up needs none."""
        if self.decision.data in (Status.ACCEPTED, Status.WAITLISTED, Status.DECLINED) and not field.data:
            raise ValidationError(_l("Write the reason. The applicant reads it."))


class AssigneeForm(OnceForm):
    """Who takes care of it."""

    assignee_id = TidySelect(_l("Assigned to"), coerce=to_uuid)


def label_field(offered: Iterable[Label] = Label) -> OneOf:
    """Who may see it: the narrowest is chosen unless somebody chooses another."""
    return OneOf(_l("Who may see it"), choices=visibility.choices(offered), default=Label.SECRETARIAT.value, coerce=to_enum(Label))


class NoteForm(OnceForm):
    """A note, and who may see it."""

    text = TextAreaField(_l("Note"), validators=[needed(_l("Write the note first.")), at_most(TEXT_MOST)])
    visibility = label_field()


class QuestionForm(OnceForm):
    """A question to the applicant."""

    version = VersionField(validators=[Optional()])
    text = TextAreaField(_l("Question"), validators=[needed(_l("Write the question first.")), at_most(TEXT_MOST)])
    visibility = label_field()


class CameForm(OnceForm):
    """How something reached the secretariat."""

    source = TidySelect(
        _l("How it came"),
        validators=[needed(_l("Say how it came."))],
        choices=[("", ""), *((s.value, SOURCES[s]) for s in Source if s is not Source.WEB_FORM)],
        coerce=to_enum(Source),
    )
    source_number = StringField(_l("Number of the letter"), validators=[at_most(100)])
    source_date = OurDateField(_l("Date of the letter or call"), validators=[needed(_A_DATE)])
    scan = FileField(_l("Scan"))


class BehalfAnswerForm(CameForm):
    """An answer that came another way."""

    text = TextAreaField(_l("Answer"), validators=[needed(_l("Write the answer first.")), at_most(TEXT_MOST)])


class EndorsementForm(OnceForm):
    """The letter that was to come later."""

    file = FileField(_l("Scan of the letter"))
    visibility = label_field()


class LabelForm(OnceForm):
    """Another label for something of the record."""

    visibility = label_field()


class AskOpinionsForm(OnceForm):
    """The co-leads are asked what they think, until the end of a day."""

    due_on = OurDateField(_l("Deadline"), validators=[needed(_A_DATE)])
    text = TextAreaField(_l("What you would like to know"), validators=[at_most(TEXT_MOST)])
    visibility = label_field(AMONG_US)


class OpinionForm(OnceForm):
    """What a co-lead thinks."""

    view = OneOf(
        _l("Your opinion"), validators=[needed(_l("Choose one of the three."))], coerce=to_enum(View),
        choices=[(v.value, word) for v, (word, _tone) in VIEWS.items()],
    )  # fmt: skip
    reason = TextAreaField(_l("Reason"), validators=[at_most(TEXT_MOST)])

    def validate_reason(self, field: Any) -> None:
        """A concern says what it is."""
        if self.view.data is View.CONCERN and not field.data:
            raise ValidationError(_l("Write what your concern is."))


class ConflictForm(OnceForm):
    """A co-lead had better not judge this one."""

    reason = TextAreaField(_l("Reason"), validators=[at_most(TEXT_MOST)])


class WithdrawConflictForm(OnceForm):
    """A declaration was made in error. Each has a form of its own on the page."""

    reason = TextAreaField(_l("Why it is taken back"), validators=[needed(_l("Write why it is taken back.")), at_most(TEXT_MOST)])

    @classmethod
    def of(cls, declaration_id: uuid.UUID, **more: Any) -> WithdrawConflictForm:
        """The form of one declaration."""
        form = cls(prefix=f"t-{declaration_id}", **more)
        form.declaration_id = declaration_id
        return form

    declaration_id: uuid.UUID


class BehalfForm(CameForm, Step):
    """A whole expression of interest as it came on paper: little has to be there, all of it can be."""

    call_id = TidySelect(_l("Call"), validators=[needed(_l("Choose the call."))], coerce=to_uuid)
    organisation_kind = kind_field(needed(_l("Say what kind of organisation it is")))
    state_id = state_field()
    organisation_name = a_name("organisation_name")
    organisation_unit = a_name("organisation_unit")
    contact_honorific = a_name("contact_honorific", most=60)
    contact_given_name = a_name("contact_given_name", most=100)
    contact_family_name = a_name("contact_family_name", most=100)
    contact_post = a_name("contact_post")
    contact_email = a_name("contact_email", an_address(), most=254)
    contact_phone = a_name("contact_phone", most=40)
    language = letters_language_field(needed(_l("Choose one from the list.")))
    contact_zone = zone_field(needed(_l("Choose one from the list.")))
    mode = mode_field()
    asks = CheckboxesField(_l("What they would like to do"), choices=[(a.value, ASKS[a]) for a in Ask])
    grounds = grounds_field(needed(SENTENCES["grounds"]))
    tools = CheckboxesField(_l("Tools they would like to pilot"), choices=tool_choices)
    aim = a_text("aim", most=TEXT_MOST)
    languages = languages_field()
    start_on = start_field()
    constraints = a_text("constraints", most=TEXT_MOST)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.call_id.choices = [("", ""), *((str(i), str(best(titles))) for i, titles in call_choices().items())]
